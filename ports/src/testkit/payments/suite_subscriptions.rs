//! What every vendor that collects subscriptions must keep.

#![expect(clippy::panic, reason = "a suite fails by panicking, as a test does")]

use std::num::NonZeroU16;
use std::time::Duration;

use super::counterparty::Deed;
use super::posted::verified;
use super::suite::Case;
use crate::clock::{Clock as _, Timestamp};
use crate::id::SubscriptionId;
use crate::inbound::Inbound;
use crate::outcome::{Outcome, Reference, Resolution};
use crate::payments::{
    CallKey, ChargeOutcome, EventTopic, KnownOrder, Offer, PaymentCapability, PaymentEvent, PaymentStatus,
    PeriodLength, PeriodUnit, Presence, Snapshot, Sought, SoughtSubscription, SourceKind, SubscriptionChange,
    SubscriptionCharge, SubscriptionOrder, SubscriptionSnapshot, SubscriptionState, SubscriptionStep, Tag,
    VendorRef, VendorSubscriptions,
};

/// How many days a period has here.
const DAYS: u16 = 30;
/// How often a vendor is looked at that shows late what it took.
const LOOKS: usize = 4;

impl Case<'_> {
    pub(super) async fn subscriptions_are_agreed_to_charged_and_ended(&self) {
        let Some(vendor) = self.connected.subscriptions.clone() else {
            return;
        };
        let vendor = &*vendor;
        self.what_is_not_collected_is_refused(vendor).await;
        if vendor.terms().sources.contains(&SourceKind::HostedPage) {
            self.a_subscription_is_charged_once_a_period(vendor).await;
            self.what_is_cancelled_charges_nothing_more(vendor).await;
            self.a_charge_that_is_refused_is_past_due(vendor).await;
        }
    }

    async fn ordered(&self, vendor: &dyn VendorSubscriptions) -> SubscriptionOrder {
        let Ok(id) = SubscriptionId::random(&*self.runtime.entropy) else {
            panic!("no randomness");
        };
        let period = PeriodLength {
            unit: PeriodUnit::Day,
            count: NonZeroU16::MIN.saturating_add(DAYS - 1),
        };
        assert!(vendor.terms().admits(period), "periods of 30 days are expected");
        let offer = Offer {
            name: self.unique().replace('_', "-"),
            key: self.key(),
            title: "Pro".to_owned(),
            amount: self.amount(400),
            period,
            trial_days: 0,
        };
        let told = vendor.offer(&offer).await;
        // Told again under its key it is the same.
        assert_eq!(vendor.offer(&offer).await, told);
        let Outcome::Done(theirs) = told else {
            panic!("an offer is not taken: {told:?}");
        };
        SubscriptionOrder {
            id,
            key: self.key(),
            resend: false,
            offer: theirs,
            amount: offer.amount,
            period,
            trial_days: 0,
            method: None,
            presence: Presence::Present {
                return_url: "https://gate.example.com/billing/return/1".to_owned(),
                cancel_url: None,
                ip: None,
            },
            tag: match Tag::parse("tag-1") {
                Ok(tag) => tag,
                Err(error) => panic!("{error}"),
            },
        }
    }

    async fn what_is_not_collected_is_refused(&self, vendor: &dyn VendorSubscriptions) {
        let good = self.ordered(vendor).await;
        let absent = SubscriptionOrder {
            presence: Presence::Absent,
            ..good.clone()
        };
        let began = vendor.start(&absent).await;
        assert!(matches!(began, Outcome::NotSent(_)), "nobody agreed: {began:?}");
    }

    /// An order whose payer has agreed, as the vendor shows it.
    async fn agreed(
        &self,
        vendor: &dyn VendorSubscriptions,
    ) -> (SubscriptionOrder, VendorRef, SubscriptionSnapshot) {
        let order = self.ordered(vendor).await;
        let began = vendor.start(&order).await;
        let Outcome::Pending(shown) = began else {
            panic!("a payer has to agree first: {began:?}");
        };
        assert_eq!(shown.state, SubscriptionState::RequiresAction);
        assert_eq!(shown.ours.as_ref(), Some(&order.id));
        assert!(shown.action.is_some() && shown.charges.is_empty());
        let again = vendor
            .start(&SubscriptionOrder {
                resend: true,
                ..order.clone()
            })
            .await;
        let again = again.snapshot().cloned();
        assert_eq!(
            again.and_then(|again| again.action),
            shown.action,
            "one page for one order"
        );
        drop(self.counterparty.posted());
        assert!(self.counterparty.does(Deed::Agrees(&shown)), "nobody can agree");
        let events = self.posted_events().await;
        let named = events
            .iter()
            .find(|event| event.our_subscription.as_ref() == Some(&order.id));
        let named = named.and_then(|event| event.subscription.clone());
        let theirs = shown.theirs.clone().or(named);
        let Some(theirs) = theirs else {
            panic!("nothing tells the vendor's name: {events:#?}");
        };
        let shown = self.shown(vendor, &order, &theirs, &[]).await;
        (order, theirs, shown)
    }

    async fn posted_events(&self) -> Vec<PaymentEvent> {
        let Some(inbound) = &self.connected.inbound else {
            return Vec::new();
        };
        let inbound: &dyn Inbound<Event = PaymentEvent> = &**inbound;
        let (peer, now) = (self.counterparty.posts_from(), self.runtime.clock.now());
        let mut all = Vec::new();
        for posted in self.counterparty.posted() {
            let delivery = match verified(inbound, &posted, (peer, now), |token| token).await {
                Ok(delivery) => delivery,
                Err(error) => panic!("what the vendor posts is refused: {error:?}"),
            };
            match inbound.split(&delivery) {
                Ok(events) => all.extend(events),
                Err(error) => panic!("what the vendor posts is not read: {error:?}"),
            }
        }
        all
    }

    /// How it stands, once what was taken is shown: some vendors show it an hour late.
    async fn shown(
        &self,
        vendor: &dyn VendorSubscriptions,
        order: &SubscriptionOrder,
        theirs: &VendorRef,
        booked: &[SubscriptionCharge],
    ) -> SubscriptionSnapshot {
        let now = self.runtime.clock.now();
        let last = booked.last().map(|charge| charge.at);
        let sought = SoughtSubscription {
            reference: Reference::Theirs(theirs.to_string()),
            sent_at: now - Duration::from_hours(24),
            amount: order.amount,
            since: last.unwrap_or(now - Duration::from_hours(24)),
            due: last.map(|last| last + Duration::from_hours(24 * u64::from(DAYS))),
            booked: u32::try_from(booked.len()).unwrap_or(u32::MAX),
        };
        match vendor.read(&sought).await {
            Resolution::Found(outcome) => match outcome.snapshot() {
                Some(shown) => shown.clone(),
                None => panic!("a picture is expected: {outcome:?}"),
            },
            other => panic!("a subscription is not found: {other:?}"),
        }
    }

    /// The payment that a charge is, once the vendor's records have it.
    async fn payment(&self, order: &SubscriptionOrder, charge: &SubscriptionCharge) -> Snapshot {
        for _ in 0..LOOKS {
            let sought = Sought {
                reference: Reference::Theirs(charge.theirs.to_string()),
                customer: None,
                key: self.key(),
                sent_at: charge.at,
                known: Some(KnownOrder {
                    amount: order.amount,
                    method: None,
                    booked: crate::money::Money::zero(charge.amount.currency),
                    refunds: Vec::new(),
                    called_off: false,
                    latest: true,
                }),
            };
            if let Resolution::Found(outcome) = self.connected.payments.find(&sought).await
                && let Some(found) = ChargeOutcome::snapshot(&outcome)
                && found.status == PaymentStatus::Succeeded
            {
                return found.clone();
            }
            self.runtime.clock.advance(Duration::from_hours(1));
        }
        panic!("no payment is found for {charge:?}");
    }

    /// A charge that is not booked yet, however late the vendor shows it.
    async fn charged(
        &self,
        vendor: &dyn VendorSubscriptions,
        order: &SubscriptionOrder,
        theirs: &VendorRef,
        booked: &[SubscriptionCharge],
    ) -> SubscriptionCharge {
        for _ in 0..LOOKS {
            let shown = self.shown(vendor, order, theirs, booked).await;
            let fresh: Vec<_> = shown
                .charges
                .into_iter()
                .filter(|charge| booked.iter().all(|known| known.theirs != charge.theirs))
                .collect();
            match fresh.as_slice() {
                [] => self.runtime.clock.advance(Duration::from_hours(1)),
                [one] => return one.clone(),
                several => panic!("a period was charged more than once: {several:#?}"),
            }
        }
        panic!("no charge is shown");
    }

    async fn a_subscription_is_charged_once_a_period(&self, vendor: &dyn VendorSubscriptions) {
        let (order, theirs, shown) = self.agreed(vendor).await;
        assert_eq!(shown.state, SubscriptionState::Active, "{shown:?}");
        let mut booked: Vec<SubscriptionCharge> = Vec::new();
        for _ in 0..3 {
            let charge = self.charged(vendor, &order, &theirs, &booked).await;
            assert_eq!(charge.amount, order.amount.get());
            let payment = self.payment(&order, &charge).await;
            assert_eq!(
                payment.theirs.as_ref(),
                Some(&charge.theirs),
                "it has a name of its own"
            );
            assert_eq!(payment.captured, charge.amount);
            booked.push(charge);
            let due = booked.last().map_or(self.runtime.clock.now(), |last| last.at)
                + Duration::from_hours(24 * u64::from(DAYS));
            self.until(due + Duration::from_mins(5));
        }
        let events = self.posted_events().await;
        let of_it = |event: &&PaymentEvent| {
            event.topic == EventTopic::Subscription && event.subscription.as_ref() == Some(&theirs)
        };
        let told = events.iter().filter(of_it).count();
        assert!(
            self.connected.inbound.is_none() || told >= 2,
            "each payment is told of: {events:#?}"
        );
        let mut ids: Vec<_> = events.iter().map(|event| &event.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), events.len(), "each event has a name of its own");
    }

    fn until(&self, moment: Timestamp) {
        let now = self.runtime.clock.now();
        if now < moment {
            self.runtime.clock.advance(moment.since(now));
        }
    }

    async fn cancel(&self, vendor: &dyn VendorSubscriptions, theirs: &VendorRef, key: CallKey) {
        let change = SubscriptionChange {
            subscription: theirs.clone(),
            step: SubscriptionStep::Cancel,
            key,
        };
        match vendor.change(&change).await {
            Outcome::Done(()) => {}
            other => panic!("it is not cancelled: {other:?}"),
        }
    }

    async fn what_is_cancelled_charges_nothing_more(&self, vendor: &dyn VendorSubscriptions) {
        for there in [false, true] {
            let (order, theirs, _) = self.agreed(vendor).await;
            let first = self.charged(vendor, &order, &theirs, &[]).await;
            if there {
                assert!(self.counterparty.does(Deed::EndsThere(&theirs)));
            } else {
                self.cancel(vendor, &theirs, self.key()).await;
            }
            // Asked again, under whatever key, it is done.
            self.cancel(vendor, &theirs, self.key()).await;
            self.runtime
                .clock
                .advance(Duration::from_hours(24 * u64::from(DAYS) * 2));
            let booked = [first];
            let shown = self.shown(vendor, &order, &theirs, &booked).await;
            assert_eq!(shown.state, SubscriptionState::Ended, "{shown:?}");
            let more = shown
                .charges
                .iter()
                .any(|charge| charge.theirs != booked[0].theirs);
            assert!(!more, "{shown:?}");
        }
    }

    async fn a_charge_that_is_refused_is_past_due(&self, vendor: &dyn VendorSubscriptions) {
        let (order, theirs, _) = self.agreed(vendor).await;
        let first = self.charged(vendor, &order, &theirs, &[]).await;
        assert!(self.counterparty.does(Deed::RefusesCharges(&theirs)));
        self.until(first.at + Duration::from_hours(24 * u64::from(DAYS) + 24));
        let shown = self.shown(vendor, &order, &theirs, &[first]).await;
        assert_eq!(shown.state, SubscriptionState::PastDue, "{shown:?}");
        assert!(self.has(PaymentCapability::Subscriptions));
        self.cancel(vendor, &theirs, self.key()).await;
    }
}
