//! A subscription goes on with another plan: what is left is given back by days, and billed by days at the new price.

use portcullis_ports::money::Money;
use portcullis_ports::{Error, Result, Timestamp};

use super::allowed::require_no_other;
use super::billing::{line, line_text};
use super::books::Running;
use super::commands::{ChangeSubscription, ChangeWhen};
use super::end::refusal;
use super::lifecycle::{Begun, GivenBack};
use super::records::{SubscriptionRecord, Terms};
use super::status::SubscriptionStatus as Status;
use super::subscribe::price_of;
use super::views::{ChangePreview, Changed, SubscriptionView};
use super::{Subscriptions, events};
use crate::areas::entitlements::SubscriptionId;
use crate::areas::sessions::SignedIn;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::idempotency::{IdempotencyKey, KeyState};

/// What keys are taken for.
const OPERATION: &str = "change-subscription";

/// A line of a change: of which terms, what it says, and how much.
type Part = (Terms, String, Money);

impl SubscriptionRecord {
    /// Goes over to other terms now, and tells what that gives back and costs: of the present period, `given_back` was given
    /// back before. A trial goes on, and nothing is billed.
    ///
    /// # Errors
    /// `internal` for moments beyond the calendar.
    pub(super) fn change_now(
        &mut self,
        terms: Terms,
        now: Timestamp,
        given_back: GivenBack,
    ) -> Result<Vec<Part>> {
        self.change = None;
        let zone = self.anchor.zone().clone();
        if self.period.trial {
            let from = self.period.end;
            self.agree(terms, from)?;
            return Ok(Vec::new());
        }
        let (former, left, end) = (self.terms.clone(), self.days_left(now)?, self.period.end);
        let back = self.credit(now, given_back)?.negated()?;
        let text = line_text(&former, &zone, now, end)?;
        let mut parts = vec![(former, text, back)];
        let Begun { start, end, price } = if self.same_periods(&terms) {
            let price = left.share(terms.amount)?;
            self.terms = terms;
            Begun {
                start: now,
                end,
                price,
            }
        } else {
            self.terms = terms;
            // What paid the former period pays this one.
            let (billed, set_off) = (self.billed.clone(), self.set_off);
            let begun = self.begin_anew(now)?;
            (self.billed, self.set_off) = (billed, set_off);
            begun
        };
        let text = line_text(&self.terms, &zone, start, end)?;
        parts.push((self.terms.clone(), text, price));
        Ok(parts)
    }
}

impl Subscriptions {
    /// Has one's subscription go on with another plan, or shows what that would cost. The same key changes it once.
    ///
    /// # Errors
    /// Those of [`ChangeSubscription`].
    pub async fn change(
        &self,
        who: &SignedIn,
        key: &IdempotencyKey,
        id: &SubscriptionId,
        command: &ChangeSubscription,
    ) -> Result<Changed> {
        self.context
            .retried(|| self.change_once(who, key, id, command))
            .await
    }

    async fn change_once(
        &self,
        who: &SignedIn,
        key: &IdempotencyKey,
        id: &SubscriptionId,
        command: &ChangeSubscription,
    ) -> Result<Changed> {
        let subject = who.subject();
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, subject).await;
        let asked = (id, command);
        let known = self.idempotency.look_up(subject, OPERATION, key, &asked).await?;
        let mut slot = self.books.read_in(&batch, subject, id).await?;
        let before = slot.value.clone();
        let KeyState::Fresh(fresh) = known else {
            return Ok(Changed {
                subscription: SubscriptionView::of(&before),
                preview: None,
            });
        };
        before.require_ours("it keeps the plan that was agreed to, so cancel it and subscribe to the other plan once it has ended")?;
        self.freezes.require_thawed(&mut batch, subject).await?;
        let now = self.context.now();
        let can = matches!(before.status, Status::Active | Status::Trialing);
        if !can || !before.owed.is_empty() || now >= before.period.end {
            return Err(refusal(
                before.status,
                "only one that is paid, or on trial, can be changed",
            ));
        }
        let plan = self.plans.offered(&command.plan_id).await?;
        let terms = Terms::of(&plan, price_of(&plan, Some(before.terms.amount.currency))?);
        let others = self.others(&mut batch, subject, Some(id)).await?;
        require_no_other(&others, &plan.id)?;
        let preview_only = command.preview.unwrap_or_default();
        if before.costs_more(&terms) && !preview_only {
            self.require_standing(subject, &others).await?;
            self.require_proof(who, before.method.as_ref(), &terms).await?;
        }
        let given_back = self.given_back(&before).await?;
        if before.period.trial && !preview_only {
            self.note_trial(&mut batch, subject, &plan.id).await?;
        }
        let record = &mut slot.value;
        let at = command.at.unwrap_or(ChangeWhen::Now);
        let (parts, from) = match at {
            ChangeWhen::PeriodEnd => {
                record.change = (terms != record.terms).then_some(terms);
                (Vec::new(), record.period.end)
            }
            ChangeWhen::Now if terms == record.terms => {
                record.change = None;
                (Vec::new(), now)
            }
            ChangeWhen::Now => (record.change_now(terms, now, given_back)?, now),
        };
        let currency = before.terms.amount.currency;
        let shown = parts.iter().map(|(_, text, amount)| (text.clone(), *amount));
        let preview = ChangePreview::of(shown.collect(), currency, from, record.period.end)?;
        if preview_only {
            return Ok(Changed {
                subscription: SubscriptionView::of(&before),
                preview: Some(preview),
            });
        }
        let lines = parts
            .iter()
            .map(|(terms, text, amount)| line(terms, text, *amount));
        let lines = lines.collect::<Result<Vec<_>, Error>>()?;
        let event = Event::success(events::CHANGED, &who.source)
            .with("subscription", id)
            .with("from", &before.terms.plan)
            .with("to", &plan.id);
        self.books.audit.append(&mut batch, subject, &[event]).await?;
        self.idempotency.take(&mut batch, fresh, id.as_str())?;
        self.bill(&mut batch, &before, slot, lines, &who.source).await?;
        let written = self.books.read_in(&batch, subject, id).await?.value;
        self.books
            .plan(&mut batch, &written, Running::Neither, false)
            .await?;
        self.context.commit(batch).await?;
        Ok(Changed {
            subscription: SubscriptionView::of(&written),
            preview: Some(preview),
        })
    }
}
