//! Looking at payments until nothing is left to be learned about them.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::payments::DisputeStatus;
use portcullis_ports::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::Payments;
use super::apply::Rows;
use super::records::{ChargedSource, Step};
use super::settle::{CALL_TIME, Follow};
use super::status::{RefundState, Status};
use crate::foundation::source::Source;
use crate::foundation::task_kind::wait_of;
use crate::services::tasks::{Leased, Next, TaskKind, TaskRunner};

/// Looks at payments. What a vendor is asked for again follows from the rows and never from this task, so that it may be
/// run any number of times.
pub(crate) const WATCH: TaskKind =
    TaskKind::new("payments-watch", "Asks a payment vendor how a payment stands.")
        .sharded(8)
        .concurrent(8)
        .leased(Duration::from_mins(2))
        // Money waits for it.
        .patrolled(Duration::from_mins(2));

/// What a task is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Watched {
    pub(super) subject: Subject,
}

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The waits between looks at what nobody knows; the last goes on.
const UNKNOWN: [Duration; 7] = [
    Duration::from_secs(10),
    MINUTE,
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(6),
    DAY,
];
/// Looks at what nobody knows until an operator has to decide: about two weeks of them.
const UNKNOWN_LOOKS: u32 = 20;
/// The waits between looks at what webhooks usually tell: in case they do not.
const SLOW: [Duration; 4] = [Duration::from_mins(10), HOUR, Duration::from_hours(6), DAY];
/// Looks at a payment that succeeded and whose fee is not known.
const FEE_LOOKS: u32 = 4;

fn wait(waits: &[Duration], looks: u32) -> Duration {
    wait_of(waits, looks).unwrap_or(DAY)
}

impl Payments {
    /// When a payment is to be looked at next; `None` if nothing is left to be learned.
    pub(super) fn next_look(&self, rows: &Rows) -> Option<Timestamp> {
        let (payment, now) = (&rows.payment, self.context.now());
        let looks = payment.looks;
        let mut due: Vec<Timestamp> = Vec::new();
        let calls = rows.refunds.iter().filter_map(|refund| refund.call.as_ref());
        for call in payment.call.iter().chain(calls) {
            due.push((call.last_sent_at + CALL_TIME).max(now + wait(&UNKNOWN, looks)));
        }
        let slow = now + wait(&SLOW, looks);
        match payment.status {
            Status::Sending | Status::Capturing | Status::Failed | Status::Canceled => {}
            Status::Unknown => due.push(now + wait(&UNKNOWN, looks)),
            Status::RequiresAction => {
                let until = self.action_until(rows);
                due.push(if now < until {
                    slow.min(until).max(now + MINUTE)
                } else {
                    // What could not be called off is tried less and less often.
                    now + (now.since(until) / 2).clamp(MINUTE, DAY)
                });
            }
            Status::Processing => due.push(slow),
            Status::Authorized => {
                let until = payment.attempt().and_then(|attempt| attempt.capture_before);
                due.push(until.map_or(slow, |until| until + MINUTE).max(now + MINUTE));
            }
            Status::Succeeded => {
                let fee = payment.attempts.iter().any(|attempt| attempt.fee.is_some());
                if !fee && looks < FEE_LOOKS {
                    due.push(slow);
                }
            }
        }
        if rows
            .refunds
            .iter()
            .any(|refund| refund.state == RefundState::Pending)
        {
            due.push(slow);
        }
        let open = |status| matches!(status, DisputeStatus::NeedsResponse | DisputeStatus::UnderReview);
        if rows.disputes.iter().any(|dispute| open(dispute.status)) {
            due.push(slow);
        }
        due.into_iter().min()
    }

    /// Until when the payer may do what is asked for: as long as the setting says, and no longer than the vendor waits.
    fn action_until(&self, rows: &Rows) -> Timestamp {
        let set = self.settings.action_within.get();
        let vendor = self.vendors.named(&rows.payment.instance).ok();
        let waits = vendor.and_then(|vendor| vendor.terms().action_within);
        let offline = rows.payment.source == ChargedSource::Offline;
        rows.payment.created_at
            + match waits {
                // Transfers take days: who is told how to pay has as long as is said there.
                Some(waits) if offline => waits,
                Some(waits) => waits.min(set),
                None => set,
            }
    }

    /// Whether it waits for its payer a day after it was to be called off.
    pub(super) fn is_long_overdue(&self, rows: &Rows) -> bool {
        let waits = rows.payment.status == Status::RequiresAction;
        waits && self.context.now().since(self.action_until(rows)) >= DAY
    }
}

/// Whether so many looks were in vain that an operator has to decide.
pub(super) fn gave_up(rows: &Rows) -> bool {
    let refunds = rows.refunds.iter().any(|refund| refund.call.is_some());
    let open = refunds || rows.payment.call.is_some() || rows.payment.status == Status::Unknown;
    open && rows.payment.looks >= UNKNOWN_LOOKS
}

/// Runs the tasks.
pub(super) struct Watch(pub(super) Payments);

#[async_trait]
impl TaskRunner for Watch {
    async fn run(&self, task: &Leased) -> Result<Next> {
        let Self(payments) = self;
        let source = Source::internal("payments");
        let Watched { subject } = task.body()?;
        let id = PaymentId::parse(task.id()).map_err(Error::internal)?;
        let looked = payments.look(&subject, &id, &source, Follow::Runner).await?;
        let looked = payments.take_last_step(looked, &source, Follow::Runner).await?;
        let mut rows = looked.rows;
        let waits = rows.payment.status == Status::RequiresAction && rows.payment.call.is_none();
        let over = payments.context.now() >= payments.action_until(&rows);
        if waits && over && payments.takes(&rows.payment, Step::Withdraw)? {
            rows = payments
                .step(&rows, Step::Withdraw, None, &source, Follow::Runner)
                .await?;
        }
        Ok(match payments.next_look(&rows) {
            Some(due) => Next::Again(due),
            None => Next::Done,
        })
    }
}
