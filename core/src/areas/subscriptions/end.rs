//! Subscriptions are cancelled, rest, and go on.

use async_trait::async_trait;
use portcullis_ports::identity::Subject;
use portcullis_ports::payments::SubscriptionStep;
use portcullis_ports::{Result, Timestamp};

use super::billing::{line, line_text, period_line};
use super::books::Running;
use super::commands::{CancelSubscription, CancelWhen, OperatorCancel};
use super::lifecycle::GivenBack;
use super::notices::Notice;
use super::records::{EndReason, SubscriptionRecord};
use super::status::SubscriptionStatus as Status;
use super::views::SubscriptionView;
use super::{COLLECTED_BY_VENDOR, SUBSCRIPTION_STATE, Subscriptions, actions, events};
use crate::areas::entitlements::SubscriptionId;
use crate::areas::invoices::OrderLine;
use crate::areas::operators::Operator;
use crate::areas::sessions::SignedIn;
use crate::foundation::account_erasure::AccountErasure;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

/// What a change comes to: whether there is one, and the lines that are billed for it.
type Billed = Option<Vec<OrderLine>>;

/// That a subscription stands where something cannot be done.
pub(super) fn refusal(status: Status, rule: &str) -> portcullis_ports::Error {
    let status = status.as_str();
    SUBSCRIPTION_STATE.with_detail(format!("The subscription is `{status}`: {rule}."))
}

#[async_trait]
impl AccountErasure for Subscriptions {
    /// Ends all of them at once, without giving days back; those that vendors collect once these have confirmed it.
    async fn wind_down(&self, subject: &Subject, source: &Source) -> Result<bool> {
        let because = EndReason::Customer;
        let table = self.context.table::<SubscriptionRecord>();
        for record in table.all(subject.as_str()).await? {
            if !record.status.is_over() {
                self.moved((subject, &record.id), source, None, |record, now, _| {
                    cancelled(record, CancelWhen::Now, None, because, now)
                })
                .await?;
            }
        }
        // A vendor that was asked to take nothing more has to say so.
        let asked = table.all(subject.as_str()).await?;
        Ok(!asked.iter().any(|record| record.is_asked_of_vendor()))
    }
}

impl SubscriptionRecord {
    /// Refuses what nobody but we could do, if a vendor collects it. `remedy` says what to do instead.
    pub(super) fn require_ours(&self, remedy: &str) -> Result<()> {
        match &self.collector {
            None => Ok(()),
            Some(vendor) => Err(COLLECTED_BY_VENDOR.with_detail(format!(
                "`{}` collects this subscription: {remedy}.",
                vendor.instance
            ))),
        }
    }
}

impl Subscriptions {
    /// Cancels one's own subscription. Asked twice it changes nothing more.
    ///
    /// # Errors
    /// `subscription-not-found`, `subscription-state`.
    pub async fn cancel(
        &self,
        who: &SignedIn,
        id: &SubscriptionId,
        command: CancelSubscription,
    ) -> Result<SubscriptionView> {
        let at = command.at.unwrap_or(CancelWhen::PeriodEnd);
        let credit = command.credit.unwrap_or_default();
        let because = EndReason::Customer;
        self.moved(
            (who.subject(), id),
            &who.source,
            None,
            |record, now, given_back| cancelled(record, at, credit.then_some(given_back), because, now),
        )
        .await
    }

    /// Cancels the subscription of a customer. Asked twice it changes nothing more.
    ///
    /// # Errors
    /// `step-up-required`, `customer-not-found`, `subscription-not-found`, `subscription-state`.
    pub async fn cancel_for(
        &self,
        operator: &Operator,
        subject: &Subject,
        id: &SubscriptionId,
        command: &OperatorCancel,
    ) -> Result<SubscriptionView> {
        self.step_up
            .require(actions::CANCEL_FOR_CUSTOMER, &operator.who)
            .await?;
        self.operators.known_customer(subject).await?;
        let at = command.at.unwrap_or(CancelWhen::PeriodEnd);
        let credit = command.credit.unwrap_or_default();
        let event = Event::success(events::CANCELED_BY_OPERATOR, &operator.who.source)
            .with("subscription", id)
            .with("reason", &command.reason);
        let told = Some((operator, event));
        let because = EndReason::Operator;
        self.moved(
            (subject, id),
            &operator.who.source,
            told,
            |record, now, given_back| cancelled(record, at, credit.then_some(given_back), because, now),
        )
        .await
    }

    /// Lets a subscription rest: it is not billed and entitles to nothing. Asked twice it changes nothing more.
    ///
    /// # Errors
    /// `subscription-not-found`; `subscription-state` unless it is active and paid.
    pub async fn pause(&self, who: &SignedIn, id: &SubscriptionId) -> Result<SubscriptionView> {
        self.moved((who.subject(), id), &who.source, None, |record, now, _| {
            if record.status == Status::Paused {
                return Ok(None);
            }
            self.require_pausable(record)?;
            if record.status != Status::Active || !record.owed.is_empty() {
                return Err(refusal(record.status, "only one that is paid can be paused"));
            }
            record.move_to(Status::Paused, now)?;
            if let Some(vendor) = &mut record.collector {
                vendor.request(SubscriptionStep::Pause, now);
            }
            Ok(Some(Vec::new()))
        })
        .await
    }

    /// Has a subscription go on that rests, or that was cancelled and has not ended. What was paid before it rested is used
    /// up first; after that it begins anew on the day of today, and is billed.
    ///
    /// # Errors
    /// `subscription-not-found`; `subscription-state` for all others; `billing-frozen`.
    pub async fn resume(&self, who: &SignedIn, id: &SubscriptionId) -> Result<SubscriptionView> {
        self.require_thawed(who.subject()).await?;
        self.require_resumable(who, id).await?;
        self.moved(
            (who.subject(), id),
            &who.source,
            None,
            |record, now, _| match record.status {
                Status::Canceling if now < record.period.end => {
                    record.require_ours(
                        "what was cancelled there is over for good, so subscribe again once it has ended",
                    )?;
                    record.because = None;
                    record.canceled_at = None;
                    let standing = record.standing();
                    record.move_to(standing, now)?;
                    Ok(Some(Vec::new()))
                }
                Status::Canceling => Err(refusal(record.status, "its period is over: subscribe again")),
                Status::Paused if record.collector.is_some() => {
                    record.go_on_there(now)?;
                    if let Some(vendor) = &mut record.collector {
                        vendor.request(SubscriptionStep::Resume, now);
                    }
                    Ok(Some(Vec::new()))
                }
                Status::Paused => {
                    record.move_to(Status::Active, now)?;
                    if now < record.period.end {
                        return Ok(Some(Vec::new()));
                    }
                    let begun = record.begin_anew(now)?;
                    Ok(Some(vec![period_line(record, &begun)?]))
                }
                Status::Active | Status::Trialing => Ok(None),
                other => Err(refusal(other, "only one that rests or was cancelled can go on")),
            },
        )
        .await
    }

    /// Refuses to let a subscription rest whose vendor cannot do that.
    fn require_pausable(&self, record: &SubscriptionRecord) -> Result<()> {
        let Some(vendor) = &record.collector else {
            return Ok(());
        };
        let (_, terms) = self.vendors.collecting(&vendor.instance)?;
        if terms.pauses {
            return Ok(());
        }
        record.require_ours("it cannot rest there, so cancel it and subscribe again later")
    }

    /// Refuses to let something go on that is charged by itself later, unless its owner may have more billed.
    async fn require_resumable(&self, who: &SignedIn, id: &SubscriptionId) -> Result<()> {
        let record = self.record(who.subject(), id).await?;
        if !matches!(record.status, Status::Canceling | Status::Paused) {
            return Ok(());
        }
        let others = self
            .others(&mut Batch::default(), who.subject(), Some(id))
            .await?;
        self.require_standing(who.subject(), &others).await?;
        self.require_proof(who, record.method.as_ref(), &record.terms)
            .await
    }

    /// Refuses somebody whose billing is frozen. What is billed all the same by a freeze that comes at this moment waits until
    /// it is thawed.
    async fn require_thawed(&self, subject: &Subject) -> Result<()> {
        let mut batch = Batch::default();
        self.freezes.require_thawed(&mut batch, subject).await
    }

    /// Changes a subscription, bills what `change` says, and has it looked at. Nothing is written where it says nothing.
    async fn moved(
        &self,
        (subject, id): (&Subject, &SubscriptionId),
        source: &Source,
        told: Option<(&Operator, Event<'_>)>,
        change: impl Fn(&mut SubscriptionRecord, Timestamp, GivenBack) -> Result<Billed>,
    ) -> Result<SubscriptionView> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, subject).await;
                let mut slot = self.books.read_in(&batch, subject, id).await?;
                let before = slot.value.clone();
                let given_back = self.given_back(&before).await?;
                let Some(lines) = change(&mut slot.value, self.context.now(), given_back)? else {
                    return Ok(SubscriptionView::of(&before));
                };
                if let Some((operator, event)) = &told {
                    self.operators
                        .append(&mut batch, operator, Some(subject), event)
                        .await?;
                }
                let over = slot.value.status == Status::Canceled;
                if let Some(because) = slot.value.because.filter(|_| over) {
                    let ended = Notice::Ended(because);
                    self.books.notify(&mut batch, &slot.value, &ended).await?;
                }
                self.bill(&mut batch, &before, slot, lines, source).await?;
                if over {
                    self.take_back_first(&mut batch, &before).await?;
                }
                let written = self.books.read_in(&batch, subject, id).await?.value;
                self.books
                    .plan(&mut batch, &written, Running::Neither, false)
                    .await?;
                self.context.commit(batch).await?;
                Ok(SubscriptionView::of(&written))
            })
            .await
    }
}

/// Cancels a subscription, and gives what is billed for that: less than nothing, if days are given back. `credit` says that
/// they are, and how much of the period was given back before.
pub(super) fn cancelled(
    record: &mut SubscriptionRecord,
    at: CancelWhen,
    credit: Option<GivenBack>,
    because: EndReason,
    now: Timestamp,
) -> Result<Billed> {
    if record.status.is_over() {
        return Ok(None);
    }
    let runs = matches!(
        record.status,
        Status::Trialing | Status::Active | Status::PastDue | Status::Canceling
    );
    // What has not begun or rests has no period to wait for.
    if at == CancelWhen::PeriodEnd && runs && now < record.period.end {
        if record.status == Status::Canceling {
            return Ok(None);
        }
        record.because = Some(because);
        record.canceled_at = Some(now);
        record.change = None;
        record.move_to(Status::Canceling, now)?;
        record.cancel_there(now);
        return Ok(Some(Vec::new()));
    }
    let paid = runs && !record.period.trial && record.owed.is_empty() && now < record.period.end;
    let mut lines = Vec::new();
    if let Some(given_back) = credit.filter(|_| paid) {
        let back = record.credit(now, given_back)?.negated()?;
        let terms = &record.terms;
        let text = line_text(terms, record.anchor.zone(), now, record.period.end)?;
        lines.push(line(terms, &text, back)?);
    }
    record.cancel(because, now)?;
    record.cancel_there(now);
    Ok(Some(lines))
}
