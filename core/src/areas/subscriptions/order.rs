//! A subscription is ordered from the vendor that collects it: written down first, then asked for, then settled.

use portcullis_ports::Result;
use portcullis_ports::money::{Amount, Money};
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::payments::{
    CallKey, Failure, MethodRef, NextAction, Offer, SourceKind, SubscriptionOrder, SubscriptionOutcome,
    SubscriptionSnapshot, SubscriptionState, VendorRef,
};
use portcullis_ports::secret::same_secret;

use super::agreement::{OpenCall, VendorAgreement};
use super::billing::line;
use super::books::{Running, source};
use super::commands::Subscribe;
use super::records::{EndReason, OfferRecord, SubscriptionName, SubscriptionRecord, Terms};
use super::status::SubscriptionStatus as Status;
use super::subscribe::{price_of, trial_of};
use super::{SUBSCRIPTION_DECLINED, SUBSCRIPTION_NOT_FOUND, Subscriptions};
use crate::areas::entitlements::SubscriptionId;
use crate::areas::payment_methods::{PaymentMethodId, VENDOR_UNAVAILABLE};
use crate::areas::plans::Plan;
use crate::areas::sessions::SignedIn;
use crate::foundation::guard::GuardedPayments;
use crate::foundation::input::refused;
use crate::foundation::table::Batch;
use crate::services::payment_vendors::{
    CollectionTerms, Pointers, call_key, order_tag, period, present, return_state,
};

/// The longest name of an offer.
const OFFER_NAME: usize = 40;
/// The longest title of an offer, in characters.
const OFFER_TITLE: usize = 120;

/// What became of an order, as far as it is definite.
pub(super) enum Answer {
    Shown(Box<SubscriptionSnapshot>),
    Refused(Failure),
    NotSent(Reason),
    /// Nobody knows; the vendor's name may be known.
    Unknown(Option<VendorRef>),
}

impl Answer {
    /// `resend` if it was ordered before: that it was not ordered again says nothing of the first time.
    fn of(outcome: SubscriptionOutcome, resend: bool) -> Self {
        match outcome {
            Outcome::Done(picture) | Outcome::Pending(picture) => Self::Shown(Box::new(picture)),
            Outcome::Declined(decline) if !resend => Self::Refused(decline.failure()),
            Outcome::NotSent(reason) if !resend => Self::NotSent(reason),
            Outcome::Unknown(Reference::Theirs(name)) => Self::Unknown(VendorRef::parse(&name).ok()),
            Outcome::Declined(_) | Outcome::NotSent(_) | Outcome::Unknown(_) => Self::Unknown(None),
        }
    }
}

impl Subscriptions {
    /// The vendor that is to collect a subscription to a plan, if one is: that of the plan, or the one that was asked for.
    pub(super) fn collector_of(plan: &Plan, asked: Option<&str>) -> Result<Option<String>> {
        match (plan.collector.as_deref(), asked) {
            (Some(ours), Some(other)) if ours != other => Err(refused(
                "/collector",
                &format!("the plan is collected by `{ours}`: leave it out"),
            )),
            (Some(name), _) | (None, Some(name)) => Ok(Some(name.to_owned())),
            (None, None) => Ok(None),
        }
    }

    /// What is ordered from a vendor for these terms, if it collects them. It was told of the offer before.
    ///
    /// # Errors
    /// `not-offered-here`; `payment-vendor-unavailable`; those of stored methods.
    pub(super) async fn drafted_order(
        &self,
        who: &SignedIn,
        instance: &str,
        terms: &Terms,
        (trial_days, method): (u16, Option<&PaymentMethodId>),
    ) -> Result<VendorAgreement> {
        let total = self.collected_total(instance, terms, trial_days)?;
        let method = self.ordered_method(who, instance, method).await?;
        let total = Amount::new(total)?;
        let now = self.context.now();
        Ok(VendorAgreement {
            instance: instance.to_owned(),
            offer: self.offered(instance, terms, total, trial_days).await?,
            theirs: None,
            ordered_as: None,
            total,
            trial_days,
            method,
            ip: who.source.ip,
            order: Some(OpenCall {
                sent_at: now,
                last_sent_at: now,
            }),
            state: SubscriptionState::RequiresAction,
            requested: None,
            booked: 0,
            last_charge: None,
            last_charge_at: None,
            next_charge_at: None,
            awaited: false,
            unpaid_since: None,
            seen: 0,
            looks: 0,
            looked_at: now,
        })
    }

    /// The stored method that the vendor charges; none where its payer agrees on its page.
    async fn ordered_method(
        &self,
        who: &SignedIn,
        instance: &str,
        method: Option<&PaymentMethodId>,
    ) -> Result<Option<MethodRef>> {
        let (_, terms) = self.vendors.collecting(instance)?;
        let (stored, page) = (
            terms.sources.contains(&SourceKind::Stored),
            terms.sources.contains(&SourceKind::HostedPage),
        );
        match (method, stored, page) {
            (Some(_), false, _) => Err(refused(
                "/payment_method_id",
                &format!("`{instance}` asks for its own agreement on its page: leave it out"),
            )),
            (None, _, false) => Err(refused(
                "/payment_method_id",
                &format!("a method that `{instance}` keeps is expected"),
            )),
            (None, _, true) => Ok(None),
            (Some(method), true, _) => {
                let named = self.methods.named(who.subject(), Some(method)).await?;
                let method = self.methods.require_usable(&named, instance)?;
                Ok(Some(MethodRef {
                    theirs: method.theirs,
                    customer: None,
                    kind: method.kind,
                }))
            }
        }
    }

    /// Our name for an offer: the same for the same offer, and for no other.
    fn offer_name(&self, instance: &str, terms: &Terms, amount: Amount, trial_days: u16) -> Result<String> {
        let (price, days) = (amount.get().to_string(), trial_days.to_string());
        let length = format!("{} {}", terms.interval.count, terms.interval.unit.as_str());
        let parts = [instance, terms.plan.as_str(), &terms.name, &price, &length, &days];
        let mut name = self.context.keyring.pseudonym("vendor-offer", &parts)?;
        name.truncate(OFFER_NAME);
        Ok(name)
    }

    /// The vendor's name for an offer that it was told of.
    async fn offered(
        &self,
        instance: &str,
        terms: &Terms,
        amount: Amount,
        trial_days: u16,
    ) -> Result<Option<VendorRef>> {
        let name = self.offer_name(instance, terms, amount, trial_days)?;
        let offers = self.context.table::<OfferRecord>();
        match offers.find(&name, OfferRecord::SORT).await? {
            Some(known) => Ok(known.value.theirs),
            None => Err(VENDOR_UNAVAILABLE.error()),
        }
    }

    /// Tells the vendor that is to collect a subscription of what is offered, if it was not told before. Nobody holds anything
    /// meanwhile, and told again it is the same.
    ///
    /// # Errors
    /// `not-offered-here`; `subscription-declined`; `payment-vendor-unavailable`.
    pub(super) async fn tell_of_offer(&self, command: &Subscribe) -> Result<()> {
        let plan = self.plans.offered(&command.plan_id).await?;
        let Some(instance) = Self::collector_of(&plan, command.collector.as_deref())? else {
            return Ok(());
        };
        let terms = Terms::of(&plan, price_of(&plan, command.currency)?);
        let trial_days = trial_of(&plan, command.trial);
        let total = self.collected_total(&instance, &terms, trial_days)?;
        let amount = Amount::new(total)?;
        let name = self.offer_name(&instance, &terms, amount, trial_days)?;
        let offers = self.context.table::<OfferRecord>();
        if offers.find(&name, OfferRecord::SORT).await?.is_some() {
            return Ok(());
        }
        let (vendor, _) = self.vendors.collecting(&instance)?;
        let offer = Offer {
            name: name.clone(),
            key: self.subscription_key(&instance, "offer", &name, 1)?,
            title: terms.name.chars().take(OFFER_TITLE).collect(),
            amount,
            period: period(terms.interval),
            trial_days,
        };
        let theirs = match vendor.offer(&offer).await {
            Outcome::Done(theirs) => theirs,
            Outcome::Declined(decline) => {
                return Err(SUBSCRIPTION_DECLINED
                    .with_detail(format!("`{instance}` does not take the offer: {}", decline.code)));
            }
            Outcome::NotSent(reason) => return Err(VENDOR_UNAVAILABLE.with_detail(reason.detail)),
            Outcome::Pending(_) | Outcome::Unknown(_) => return Err(VENDOR_UNAVAILABLE.error()),
        };
        let mut batch = Batch::default();
        batch.overwrite(&OfferRecord { name, theirs })?;
        self.context.commit(batch).await
    }

    /// What a vendor takes for a period of these terms, with taxes, if it collects them.
    fn collected_total(&self, instance: &str, terms: &Terms, trial_days: u16) -> Result<Money> {
        let period = [line(terms, &terms.name, terms.amount)?];
        let total = self.invoice_books.total_of(terms.amount.currency, &period)?;
        let wanted = CollectionTerms {
            interval: terms.interval,
            anchored: terms.anchor_day.is_some(),
            trial_days,
            amount: total,
            pointers: Pointers::SUBSCRIPTION,
        };
        self.vendors.require_collected(instance, &wanted)?;
        Ok(total)
    }

    pub(super) fn subscription_key(
        &self,
        instance: &str,
        step: &str,
        row: &str,
        number: u32,
    ) -> Result<CallKey> {
        call_key(&self.context, "subscription-call", (instance, step, row, number))
    }

    /// Adds our name of a subscription that a vendor collects.
    pub(super) fn add_our_name(&self, batch: &mut Batch, record: &SubscriptionRecord) -> Result<()> {
        batch.insert(&SubscriptionName {
            name: self.name_of_ours(&record.id)?,
            subject: record.subject.clone(),
            subscription: record.id.clone(),
        })
    }

    pub(super) fn name_of_ours(&self, id: &SubscriptionId) -> Result<String> {
        self.context
            .keyring
            .pseudonym("subscription-name", &[id.as_str()])
    }

    pub(super) fn name_of_theirs(&self, instance: &str, theirs: &VendorRef) -> Result<String> {
        let parts = [instance, theirs.as_str()];
        self.context.keyring.pseudonym("subscription-name", &parts)
    }

    fn return_state(&self, id: &SubscriptionId) -> Result<String> {
        return_state(&self.context, "subscription-return", id.as_str())
    }

    /// Whose subscription an address names that we sent along.
    pub(super) async fn returned(&self, state: &str) -> Result<SubscriptionName> {
        let not_found = || SUBSCRIPTION_NOT_FOUND.error();
        let (id, _) = state.split_once('.').ok_or_else(not_found)?;
        let id = SubscriptionId::parse(id).map_err(|_| not_found())?;
        if !same_secret(self.return_state(&id)?.as_bytes(), state.as_bytes()) {
            return Err(not_found());
        }
        self.named(&self.name_of_ours(&id)?).await?.ok_or_else(not_found)
    }

    /// Orders what is written down already, and settles it. Gives what the payer has to do.
    pub(super) async fn order(
        &self,
        record: &SubscriptionRecord,
        resend: bool,
        running: Running,
    ) -> Result<Option<NextAction>> {
        let Some(vendor) = &record.collector else {
            return Ok(None);
        };
        let (instance, _) = self.vendors.collecting(&vendor.instance)?;
        let outcome = self.sent(instance, record, vendor, resend).await?;
        let answer = Answer::of(outcome, resend);
        let action = match &answer {
            Answer::Shown(picture) => picture.action.clone(),
            _ => None,
        };
        let settles = || self.settle_order(record, &answer, running);
        self.context.retried(settles).await?;
        if let Answer::Shown(picture) = &answer {
            self.book_certain(record, vendor, &picture.charges, running)
                .await?;
        }
        match answer {
            Answer::Refused(failure) => {
                tracing::warn!(subscription = %record.id, code = failure.code, "a payment vendor collects it not");
                Err(SUBSCRIPTION_DECLINED
                    .error()
                    .member("decline", failure.class.as_str()))
            }
            Answer::NotSent(reason) => Err(VENDOR_UNAVAILABLE.with_detail(reason.detail)),
            Answer::Shown(_) | Answer::Unknown(_) => Ok(action),
        }
    }

    async fn sent(
        &self,
        instance: &GuardedPayments,
        record: &SubscriptionRecord,
        vendor: &VendorAgreement,
        resend: bool,
    ) -> Result<SubscriptionOutcome> {
        let id = record.id.as_str();
        let state = self.return_state(&record.id)?;
        let order = SubscriptionOrder {
            id: record.id.clone(),
            key: self.subscription_key(&vendor.instance, "start", id, 1)?,
            resend,
            offer: vendor.offer.clone(),
            amount: vendor.total,
            period: period(record.terms.interval),
            trial_days: vendor.trial_days,
            method: vendor.method.clone(),
            presence: present(&self.context, &state, vendor.ip)?,
            tag: order_tag(
                &self.context,
                "subscription-tag",
                (&vendor.instance, id, vendor.total),
            )?,
        };
        Ok(instance.start_subscription(&order).await)
    }

    /// Writes down what became of an order, unless somebody has gone on with it meanwhile.
    async fn settle_order(&self, sent: &SubscriptionRecord, answer: &Answer, running: Running) -> Result<()> {
        let now = self.context.now();
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, &sent.subject).await;
        let mut slot = self.books.read_in(&batch, &sent.subject, &sent.id).await?;
        let before = slot.value.clone();
        let record = &mut slot.value;
        let Some(vendor) = record.collector.as_mut().filter(|one| one.order.is_some()) else {
            return Ok(());
        };
        let mut notice = None;
        match answer {
            Answer::Shown(picture) => {
                vendor.order = None;
                self.add_their_name(&mut batch, sent, picture.theirs.as_ref())?;
                notice = record.shown(picture, !picture.charges.is_empty(), now, &self.books.rules)?;
            }
            Answer::Unknown(theirs) => {
                if vendor.theirs.is_none() {
                    vendor.theirs.clone_from(theirs);
                    self.add_their_name(&mut batch, sent, theirs.as_ref())?;
                }
            }
            Answer::Refused(_) | Answer::NotSent(_) => {
                vendor.order = None;
                vendor.state = SubscriptionState::Ended;
                if record.status == Status::Incomplete {
                    record.cancel(EndReason::NeverPaid, now)?;
                }
            }
        }
        if let Some(notice) = notice {
            self.books.notify(&mut batch, record, &notice).await?;
        }
        self.books.save(&mut batch, &before, slot, &source()).await?;
        let written = self.books.read_in(&batch, &sent.subject, &sent.id).await?.value;
        self.books.plan(&mut batch, &written, running, false).await?;
        self.context.commit(batch).await
    }

    /// Adds the vendor's name for a subscription to a commit.
    pub(super) fn add_their_name(
        &self,
        batch: &mut Batch,
        record: &SubscriptionRecord,
        theirs: Option<&VendorRef>,
    ) -> Result<()> {
        let (Some(vendor), Some(theirs)) = (&record.collector, theirs) else {
            return Ok(());
        };
        if vendor.theirs.as_ref() == Some(theirs) {
            return Ok(());
        }
        batch.overwrite(&SubscriptionName {
            name: self.name_of_theirs(&vendor.instance, theirs)?,
            subject: record.subject.clone(),
            subscription: record.id.clone(),
        })
    }
}
