//! Vendors that were charged and told nothing: their webhooks do not arrive, and somebody has to look why.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::connections::{Connection, Connections};
use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Range;
use portcullis_ports::{Result, Timestamp};

use super::list::{Filter, PAGE};
use super::timeline::TimelineEntry;
use super::{Payments, Status, meters};
use crate::foundation::day::Day;
use crate::services::tasks::{Leased, Next, Runners, TaskKind, TaskRunner};

/// Looks for such vendors.
pub(crate) const SILENCE: TaskKind = TaskKind::recurring(
    "payments-silence",
    "Every ten minutes looks for payment vendors that were charged and told nothing.",
    Duration::from_mins(10),
)
.interruptible();

/// Within which time a vendor tells of a charge.
const TELLS_WITHIN: Duration = Duration::from_mins(30);
/// How many pages of charges of one day are looked at for one that is old enough.
const PAGES: usize = 10;
/// How far back charges are looked at.
const LOOKS_BACK: Duration = Duration::from_hours(6);

/// Runs the task.
struct Silence {
    payments: Payments,
    /// The vendors that post.
    instances: Vec<String>,
}

#[async_trait]
impl TaskRunner for Silence {
    async fn run(&self, _: &Leased) -> Result<Next> {
        for instance in &self.instances {
            if let Some(since) = self.payments.silent_since(instance).await? {
                metrics::counter!(meters::SILENT.name, "instance" => instance.clone()).increment(1);
                tracing::warn!(
                    instance,
                    since = since.seconds(),
                    "a payment vendor was charged and told nothing: see whether its webhook is set up and arrives"
                );
            }
        }
        Ok(Next::Done)
    }
}

impl Payments {
    /// Has vendors that post looked at.
    pub(crate) fn watch_silence(&self, runners: &mut Runners, connections: &Connections) {
        let vendors: Vec<&Connection<portcullis_ports::payments::Payments>> = connections.many();
        let posting = vendors.iter().filter(|vendor| vendor.inbound.is_some());
        let silence = Silence {
            payments: self.clone(),
            instances: posting.map(|vendor| vendor.instance.clone()).collect(),
        };
        runners.repeating(&SILENCE, silence);
    }

    /// Since when a vendor is silent: the newest charge that is older than it takes to tell of, if neither that one nor any
    /// newer one was told of.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub(crate) async fn silent_since(&self, instance: &str) -> Result<Option<Timestamp>> {
        let now = self.context.now();
        let (oldest, due) = (now - LOOKS_BACK, now - TELLS_WITHIN);
        let filter = Filter {
            vendor: Some(instance.to_owned()),
            ..Filter::default()
        };
        let mut days = vec![now];
        if Day::of(oldest) != Day::of(now) {
            days.push(oldest);
        }
        for day in days {
            let mut from = None;
            for _ in 0..PAGES {
                let page = self.of_day(day, &filter, PAGE, from.as_ref()).await?;
                for payment in page.items {
                    // What never arrived at a vendor is nothing that it could tell of.
                    let charged = payment.reference.is_some() && payment.status != Status::Sending;
                    if !charged || payment.created_at < oldest {
                        continue;
                    }
                    if self.was_told_of(&payment.subject, &payment.id).await? {
                        return Ok(None);
                    }
                    if payment.created_at <= due {
                        return Ok(Some(payment.created_at));
                    }
                }
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok(None)
    }

    async fn was_told_of(&self, subject: &Subject, id: &PaymentId) -> Result<bool> {
        let table = self.context.table::<TimelineEntry>();
        let events = Range::Prefix(TimelineEntry::events(id));
        let (page, _) = table.page(subject.as_str(), events, 1, None).await?;
        Ok(!page.is_empty())
    }
}
