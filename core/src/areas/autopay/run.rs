//! Looks at what is due: the last look before a payment, and the payment.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::money::{Amount, Money};
use portcullis_ports::{Error, Result};

use super::decide::{Owed, PATIENCE, Step, decide};
use super::model::{AutopayResult, LastAutopay, StoppedBy};
use super::notices::Notice;
use super::records::Rule;
use super::store::Looked;
use super::{Autopay, events};
use crate::areas::ledger::{COLLECTING, HOLD_EXCEEDS_PAYABLE};
use crate::areas::payment_methods::{METHOD_NOT_FOUND, METHOD_UNUSABLE, NO_DEFAULT_METHOD};
use crate::areas::payments::{
    AMOUNT_NOT_TAKEN, CaptureMode, CreatePayment, NOTHING_DUE, PayWith, Payer, Purpose,
};
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, Versioned};
use crate::services::audit::Event;
use crate::services::billing_freezes::BILLING_FROZEN;
use crate::services::idempotency::{IdempotencyKey, KEY_REUSED};
use crate::services::tasks::{Leased, Next, TaskKind, TaskRunner};

/// Looks at rules. What is paid follows from the rule and the balance and never from this task, so that it may be run any
/// number of times.
pub(super) const AUTOPAY: TaskKind = TaskKind::new(
    "autopay",
    "Collects what is due from customers who asked for that.",
)
.sharded(8)
.concurrent(8)
.leased(Duration::from_mins(2))
.retried(
    64,
    &[
        Duration::from_secs(10),
        Duration::from_mins(1),
        Duration::from_mins(10),
        Duration::from_hours(1),
        Duration::from_hours(6),
        Duration::from_hours(24),
    ],
);

/// After how long a customer is looked at again whose billing is frozen.
const FROZEN: Duration = Duration::from_hours(24);
/// After how long something is looked at again that changed under the look.
const SOON: Duration = Duration::from_mins(1);

/// Runs the tasks.
pub(super) struct Collector(pub(super) Autopay);

#[async_trait]
impl TaskRunner for Collector {
    async fn run(&self, task: &Leased) -> Result<Next> {
        let Looked { subject, currency } = task.body()?;
        let Some(rule) = self.0.rules.find(&subject, currency).await? else {
            return Ok(Next::Done);
        };
        self.0.look(&rule).await
    }
}

impl Autopay {
    /// The same as a task does, for whoever does not wait for one.
    #[cfg(test)]
    pub(crate) async fn look_now(
        &self,
        subject: &portcullis_ports::identity::Subject,
        currency: portcullis_ports::money::Currency,
    ) -> Result<()> {
        match self.rules.find(subject, currency).await? {
            Some(rule) => self.look(&rule).await.map(drop),
            None => Ok(()),
        }
    }

    async fn look(&self, rule: &Versioned<Rule>) -> Result<Next> {
        let now = self.context.now();
        let frozen = self.freezes.find(&rule.subject).await?.is_some();
        if frozen && rule.enabled && rule.open.is_none() {
            return Ok(Next::Again(now + FROZEN));
        }
        let balance = self.ledger.balance(&rule.subject, rule.currency).await?;
        let owed = Owed {
            payable: balance.payable,
            collecting: balance.collecting.is_some(),
        };
        let payable = Money::new(owed.payable, rule.currency);
        match decide(rule, owed, now, self.rules.notice())? {
            Step::Rest => Ok(Next::Done),
            Step::Wait(until) => Ok(Next::Again(until)),
            Step::Pass => self.change(rule, None, |rule| rule.pass(now)).await,
            Step::Announce { turn } => {
                let method = self.method_of(rule).await?;
                let notice = Notice::Ahead {
                    amount: payable,
                    date: rule.zone.date_text(turn)?,
                    method,
                };
                self.change(rule, Some(notice), |rule| {
                    rule.turn = Some(turn);
                    rule.noticed = Some(turn);
                    Ok(())
                })
                .await
            }
            Step::HoldBack(result) => self.hold_back(rule, result, payable).await,
            Step::Collect => self.collect(rule, payable).await,
        }
    }

    /// Changes a rule, tells its customer, and says when it is looked at next.
    async fn change(
        &self,
        rule: &Versioned<Rule>,
        notice: Option<Notice>,
        change: impl FnOnce(&mut Rule) -> Result<()>,
    ) -> Result<Next> {
        let mut changed = rule.value.clone();
        change(&mut changed)?;
        if changed != rule.value {
            let mut batch = Batch::default();
            self.context.lock_subject(&mut batch, &rule.subject).await;
            batch.replace(rule, &changed)?;
            if let Some(notice) = notice {
                self.rules.tell(&mut batch, &changed, &notice).await?;
            }
            if let (Some(by), None) = (changed.stopped, rule.stopped) {
                let source = Source::internal("autopay");
                let event = Event::info(events::STOPPED, &source)
                    .with("currency", rule.currency)
                    .with("because", by.as_str());
                self.rules
                    .audit
                    .append(&mut batch, &rule.subject, &[event])
                    .await?;
            }
            self.context.commit(batch).await?;
        }
        Ok(self.next(&changed))
    }

    fn next(&self, rule: &Rule) -> Next {
        let due = rule.next_look(self.rules.notice());
        due.map_or(Next::Done, Next::Again)
    }

    async fn hold_back(&self, rule: &Versioned<Rule>, result: AutopayResult, payable: Money) -> Result<Next> {
        let now = self.context.now();
        // Once is enough for as long as nothing else happens.
        let told = rule.last.as_ref().is_some_and(|last| last.result == result);
        let by_month = result == AutopayResult::AboveMonthCeiling;
        let notice = if by_month {
            Notice::AboveMonthCeiling(payable)
        } else {
            Notice::AbovePaymentCeiling(payable)
        };
        self.change(rule, Some(notice).filter(|_| !told), |rule| {
            rule.pass(now)?;
            if by_month && rule.turn.is_none() {
                rule.retry_at = Some(rule.next_month(now)?);
            }
            rule.last = Some(LastAutopay::new(now, result, payable.minor));
            Ok(())
        })
        .await
    }

    /// Makes the payment. The commit that accepts it names it in the rule; whatever is refused before is no payment.
    async fn collect(&self, rule: &Versioned<Rule>, payable: Money) -> Result<Next> {
        let now = self.context.now();
        let command = CreatePayment {
            purpose: Purpose::Balance,
            amount: Some(Amount::new(payable)?),
            at_most: None,
            currency: Some(rule.currency),
            vendor: None,
            with: PayWith::Stored(rule.method.clone()),
            capture: CaptureMode::Now,
            description: String::new(),
        };
        let key = IdempotencyKey::parse(&format!("{}-{}", rule.id, rule.payments.saturating_add(1)));
        let (key, source) = (key.map_err(Error::internal)?, Source::internal("autopay"));
        let payer = Payer::Absent(&rule.subject);
        let created = self.payments.create_for(payer, &key, &command, &source).await;
        let Err(refused) = created else {
            return self.next_of(rule).await;
        };
        match refused.code() {
            BILLING_FROZEN => Ok(Next::Again(now + FROZEN)),
            // It is below what the vendor takes, and goes with what becomes due later.
            AMOUNT_NOT_TAKEN => self.change(rule, None, |rule| rule.pass(now)).await,
            METHOD_NOT_FOUND | METHOD_UNUSABLE | NO_DEFAULT_METHOD => {
                let notice = Notice::MethodGone(payable);
                self.change(rule, Some(notice), |rule| {
                    rule.stop(StoppedBy::MethodGone);
                    let last = LastAutopay::new(now, AutopayResult::Stopped, payable.minor);
                    rule.last = Some(last);
                    Ok(())
                })
                .await
            }
            // Somebody paid, began to pay, or changed the rule at this moment.
            COLLECTING | HOLD_EXCEEDS_PAYABLE | NOTHING_DUE | KEY_REUSED => Ok(Next::Again(now + SOON)),
            _ => Err(refused),
        }
    }

    /// When a rule is looked at next whose payment was made, however that ended.
    async fn next_of(&self, rule: &Versioned<Rule>) -> Result<Next> {
        let Some(rule) = self.rules.find(&rule.subject, rule.currency).await? else {
            return Ok(Next::Done);
        };
        Ok(match &rule.open {
            // The commit that ends it has it looked at.
            Some(_) => Next::Again(self.context.now() + PATIENCE),
            None => self.next(&rule),
        })
    }

    /// What the method of a rule is called, where there is one.
    async fn method_of(&self, rule: &Rule) -> Result<Option<String>> {
        let methods = self.methods.list(&rule.subject).await?;
        let mut methods = methods.iter();
        let found = methods.find(|method| match &rule.method {
            Some(named) => method.payment_method_id == *named,
            None => method.is_default,
        });
        Ok(found.map(|method| match &method.last4 {
            Some(last4) => format!("{} ···· {last4}", method.label),
            None => method.label.clone(),
        }))
    }
}

impl StoppedBy {
    const fn as_str(self) -> &'static str {
        match self {
            Self::HardDecline => "hard_decline",
            Self::MethodGone => "method_gone",
        }
    }
}
