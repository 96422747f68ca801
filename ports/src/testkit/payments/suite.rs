//! What every payment vendor must keep. Cases select themselves by what the plugin declares.

#![expect(clippy::panic, reason = "a suite fails by panicking, as a test does")]

use std::sync::Arc;

use futures_util::future::join_all;

use super::counterparty::{Behaviour, Counterparty, Deed};
use crate::clock::{Clock as _, Timestamp};
use crate::error::Retry;
use crate::id::PaymentId;
use crate::money::{Amount, Currency, Money};
use crate::outcome::{Outcome, Reason, Reference, Resolution};
use crate::payments::{
    AttemptId, CallKey, Capture, Charge, ConnectedPayments, CustomerOrder, DeclineClass, Handed, KnownOrder,
    KnownRefund, PaymentCapability, PaymentStatus, Payments, Presence, Return, Snapshot, Sought, Source,
    Statement, Tag, VendorRef,
};
use crate::plugin::Plugin;
use crate::testkit::FakeRuntime;
use crate::testkit::suite::{SetUp, Suite};

/// What the suite is told of a vendor.
pub struct PaymentExpectations {
    /// Whoever plays the payer and the bank.
    pub counterparty: Arc<dyn Counterparty>,
}

impl Suite for Payments {
    type Expectations = PaymentExpectations;

    async fn conforms(plugin: &'static Plugin<Self>, connected: &ConnectedPayments, set_up: &SetUp<Self>) {
        let counterparty = &*set_up.expectations.counterparty;
        conforms(connected, plugin.capabilities, counterparty, &set_up.runtime).await;
    }
}

/// The promises of [`PaymentProvider`](crate::payments::PaymentProvider) and of the traits beside it. `runtime` is what the
/// plugin was connected with.
///
/// # Panics
/// On the first broken promise.
pub async fn conforms(
    connected: &ConnectedPayments,
    declared: &[PaymentCapability],
    counterparty: &dyn Counterparty,
    runtime: &FakeRuntime,
) {
    let case = Case {
        connected,
        declared,
        counterparty,
        runtime,
    };
    case.amounts_that_are_not_taken_are_refused_before_they_are_sent()
        .await;
    if case.has(PaymentCapability::ChargeStored) {
        case.a_charge_is_taken_and_found().await;
        case.a_refusal_has_class_and_reference().await;
        case.a_lost_answer_is_unknown_and_found_by_ours().await;
        case.a_repeat_inside_the_window_moves_money_once().await;
        case.a_repeat_that_the_vendor_would_not_recognise_is_not_sent()
            .await;
        case.refunds_are_given_once_each_and_not_beyond().await;
        case.what_is_given_back_whole_is_given_back_once().await;
        case.a_refund_of_the_vendors_desk_is_seen().await;
        case.a_bank_debit_is_decided_later().await;
    }
    case.what_is_held_is_captured_once_and_not_beyond().await;
    case.what_is_held_is_released_and_ends_by_itself().await;
    case.a_method_is_stored_for_its_customer_charged_and_forgotten()
        .await;
    case.a_bank_account_is_proven_by_its_deposits().await;
    case.an_order_of_a_removed_customer_is_told_so().await;
    case.disputes_take_money_and_give_it_back().await;
    case.subscriptions_are_agreed_to_charged_and_ended().await;
    case.reports_hold_every_payment_of_a_span().await;
    case.only_what_the_vendor_posted_is_believed_and_repeats_are_the_same()
        .await;
    case.outside_of_a_vendor_the_payer_is_told_how_and_what_came_is_shown()
        .await;
    if case.has(PaymentCapability::ChargePresent) {
        case.a_payer_who_is_present_acts_and_the_payment_completes_once()
            .await;
    }
}

/// A plugin with what it declares and who stands on the other side.
pub(super) struct Case<'a> {
    pub(super) connected: &'a ConnectedPayments,
    pub(super) declared: &'a [PaymentCapability],
    pub(super) counterparty: &'a dyn Counterparty,
    pub(super) runtime: &'a FakeRuntime,
}

impl Case<'_> {
    pub(super) fn has(&self, capability: PaymentCapability) -> bool {
        self.declared.contains(&capability)
    }

    /// Text that no other call of this run has.
    pub(super) fn unique(&self) -> String {
        match crate::id::random("k", &*self.runtime.entropy) {
            Ok(text) => text,
            Err(error) => panic!("no randomness: {error:?}"),
        }
    }

    pub(super) fn key(&self) -> CallKey {
        parsed(CallKey::parse(&self.unique()))
    }

    pub(super) fn attempt(&self) -> AttemptId {
        match PaymentId::random(&*self.runtime.entropy) {
            Ok(payment) => AttemptId { payment, attempt: 1 },
            Err(error) => panic!("no randomness: {error:?}"),
        }
    }

    /// An amount of the first currency that the vendor takes.
    pub(super) fn amount(&self, times: i64) -> Amount {
        let terms = self.connected.payments.terms();
        let usd = parsed(Currency::parse("USD"));
        let listed = terms
            .amounts
            .get_key_value(&usd)
            .or_else(|| terms.amounts.iter().next());
        let Some((currency, rule)) = listed else {
            panic!("the terms admit no amount of any currency");
        };
        let step = rule.step.max(1);
        let least = (rule.min.max(1) + step - 1) / step * step;
        match Amount::new(Money::new(least * times, *currency)) {
            Ok(amount) => amount,
            Err(error) => panic!("the least amount is none: {error:?}"),
        }
    }

    pub(super) async fn customer(&self) -> Option<VendorRef> {
        let customers = self.connected.customers.as_ref()?;
        let order = CustomerOrder {
            key: self.key(),
            ours: self.unique(),
            email: None,
        };
        match customers.create(&order).await {
            Outcome::Done(customer) => Some(customer),
            other => panic!("a customer is not made: {other:?}"),
        }
    }

    pub(super) fn order(&self, source: Source, presence: Presence, customer: Option<VendorRef>) -> Charge {
        Charge {
            id: self.attempt(),
            key: self.key(),
            resend: false,
            amount: self.amount(4),
            source,
            presence,
            capture: Capture::Now,
            customer,
            mandate: None,
            statement: Statement {
                description: "The suite of the port".to_owned(),
                suffix: None,
            },
            tag: parsed(Tag::parse("a-tag")),
        }
    }

    /// A charge of a stored method in its payer's absence; `None` if there is no method that behaves so.
    pub(super) async fn stored(&self, behaviour: Behaviour) -> Option<Charge> {
        let customer = self.customer().await;
        let method = self.counterparty.stored(behaviour, customer.as_ref())?;
        Some(self.order(Source::Stored(method), Presence::Absent, customer))
    }

    pub(super) fn now(&self) -> Timestamp {
        self.runtime.clock.now()
    }

    pub(super) async fn find(
        &self,
        reference: Reference,
        order: &Charge,
        sent_at: Timestamp,
    ) -> Option<Snapshot> {
        self.find_with(reference, order, sent_at, Vec::new()).await
    }

    /// The same where refunds are known of it. What the vendor shows late has been shown by then.
    pub(super) async fn find_with(
        &self,
        reference: Reference,
        order: &Charge,
        sent_at: Timestamp,
        refunds: Vec<KnownRefund>,
    ) -> Option<Snapshot> {
        self.runtime
            .clock
            .advance(self.connected.payments.terms().find_lag);
        let sought = Sought {
            reference,
            customer: order.customer.clone(),
            key: order.key.clone(),
            sent_at,
            known: Some(KnownOrder {
                amount: order.amount,
                method: match &order.source {
                    Source::Stored(method) => Some(method.clone()),
                    Source::Fresh { .. } | Source::HostedPage | Source::Offline => None,
                },
                // It shows what was taken by itself.
                booked: Money::zero(order.amount.get().currency),
                refunds,
                called_off: false,
                latest: true,
            }),
        };
        let mut waits = 0;
        loop {
            match (self.connected.payments.find(&sought).await, waits) {
                (Resolution::Found(outcome), _) => return outcome.snapshot().cloned(),
                (Resolution::Absent, _) => return None,
                // Some vendors show only later what was ordered under our name.
                (
                    Resolution::CannotTell(Reason {
                        retry: Retry::Later(wait),
                        ..
                    }),
                    0..3,
                ) => self.runtime.clock.advance(wait),
                (Resolution::CannotTell(reason), _) => {
                    panic!("{:?} cannot be found: {reason:?}", sought.reference)
                }
            }
            waits += 1;
        }
    }

    async fn amounts_that_are_not_taken_are_refused_before_they_are_sent(&self) {
        let terms = self.connected.payments.terms();
        for (currency, rule) in &terms.amounts {
            assert!(
                rule.min > 0 && rule.max >= rule.min && rule.step > 0,
                "{currency}: {rule:?} admits nothing"
            );
        }
        let Some(order) = self.stored(Behaviour::Succeeds).await else {
            return;
        };
        let taken = order.amount.get();
        let mut wrong: Vec<Money> = ["XOF", "VUV"]
            .iter()
            .filter_map(|code| Currency::parse(code).ok())
            .filter(|currency| !terms.amounts.contains_key(currency))
            .map(|currency| Money::new(100_000, currency))
            .collect();
        for (currency, rule) in &terms.amounts {
            wrong.extend((rule.min > 1).then(|| Money::new(rule.min - 1, *currency)));
            wrong.extend((rule.step > 1).then(|| Money::new(rule.min * rule.step + 1, *currency)));
            wrong.extend(
                rule.max
                    .checked_add(rule.step)
                    .map(|more| Money::new(more, *currency)),
            );
        }
        for money in wrong {
            let Ok(amount) = Amount::new(money) else { continue };
            let order = Charge {
                amount,
                key: self.key(),
                ..order.clone()
            };
            match self.connected.payments.charge(&order).await {
                Outcome::NotSent(_) => {}
                other => panic!("{money} is not taken by the terms, and a charge gives {other:?}"),
            }
        }
        assert_eq!(
            self.counterparty.captured(&order.id.payment),
            [0_i64; 0],
            "{taken}"
        );
    }

    async fn a_charge_is_taken_and_found(&self) {
        let Some(order) = self.stored(Behaviour::Succeeds).await else {
            return;
        };
        let sent_at = self.now();
        let made = match self.connected.payments.charge(&order).await {
            Outcome::Done(made) => made,
            other => panic!("a method that succeeds gives {other:?}"),
        };
        self.is_that_of(&made, &order);
        assert_eq!(
            (made.status, made.captured),
            (PaymentStatus::Succeeded, order.amount.get())
        );
        assert_eq!(
            self.counterparty.captured(&order.id.payment),
            [order.amount.get().minor]
        );
        let Some(theirs) = made.theirs.clone() else { return };
        let found = self
            .find(Reference::Theirs(theirs.to_string()), &order, sent_at)
            .await;
        let Some(found) = found else {
            panic!("what was charged is not found as {theirs}");
        };
        self.is_seen_of(&found, &order);
        assert!(found.complete, "what is found shows all refunds and disputes");
        assert_eq!((found.theirs, found.captured), (made.theirs, made.captured));
    }

    fn is_that_of(&self, picture: &Snapshot, order: &Charge) {
        assert_eq!(picture.ours.as_ref(), Some(&order.id), "our id comes back");
        assert_eq!(picture.tag.as_ref(), Some(&order.tag), "the tag comes back");
        self.is_of(picture, order);
    }

    /// The same for what a look-up shows.
    fn is_seen_of(&self, picture: &Snapshot, order: &Charge) {
        if self.connected.payments.terms().keeps_ours {
            self.is_that_of(picture, order);
        } else {
            self.is_of(picture, order);
        }
    }

    fn is_of(&self, picture: &Snapshot, order: &Charge) {
        let terms = self.connected.payments.terms();
        assert_eq!(picture.amount, order.amount.get(), "the amount comes back");
        assert_eq!(picture.live, terms.live, "the mode comes back");
        if terms.account.is_some() {
            assert_eq!(picture.account, terms.account, "the account comes back");
        }
    }

    async fn a_refusal_has_class_and_reference(&self) {
        for (behaviour, class) in [
            (Behaviour::InsufficientFunds, DeclineClass::RetryLater),
            (Behaviour::Stolen, DeclineClass::Never),
            (Behaviour::Authenticates, DeclineClass::Authenticate),
        ] {
            let Some(order) = self.stored(behaviour).await else {
                continue;
            };
            match self.connected.payments.charge(&order).await {
                Outcome::Declined(decline) => {
                    assert_eq!(decline.class, class, "{behaviour:?}: {decline:?}");
                    assert!(!decline.code.is_empty(), "{behaviour:?}: no code");
                    assert!(decline.reference.is_some(), "{behaviour:?}: no reference");
                }
                other => panic!("{behaviour:?} gives {other:?}"),
            }
            assert_eq!(self.counterparty.captured(&order.id.payment), [0_i64; 0]);
        }
    }

    async fn a_lost_answer_is_unknown_and_found_by_ours(&self) {
        let Some(order) = self.stored(Behaviour::Succeeds).await else {
            return;
        };
        let sent_at = self.now();
        self.runtime.lose_next_answer();
        match self.connected.payments.charge(&order).await {
            Outcome::Unknown(_) => {}
            // Its answers do not come through the house's HTTP client.
            Outcome::Done(_) => return,
            other => panic!("a lost answer is told as {other:?}"),
        }
        if !self.has(PaymentCapability::FindByOurs) {
            return;
        }
        let ours = Reference::Ours(order.id.to_string());
        let Some(found) = self.find(ours, &order, sent_at).await else {
            panic!("it was taken, and is not found by our name for it");
        };
        self.is_seen_of(&found, &order);
        let other = Charge {
            id: self.attempt(),
            ..order
        };
        let ours = Reference::Ours(other.id.to_string());
        assert_eq!(
            self.find(ours, &other, sent_at).await,
            None,
            "what was not ordered is found"
        );
    }

    async fn a_repeat_that_the_vendor_would_not_recognise_is_not_sent(&self) {
        if self.connected.payments.terms().replay.charge.is_some() {
            return;
        }
        let Some(order) = self.stored(Behaviour::Succeeds).await else {
            return;
        };
        self.runtime.lose_next_answer();
        let lost = self.connected.payments.charge(&order).await;
        assert!(matches!(lost, Outcome::Unknown(_)), "{lost:?}");
        let again = Charge {
            resend: true,
            ..order.clone()
        };
        let refused = self.connected.payments.charge(&again).await;
        assert!(matches!(refused, Outcome::NotSent(_)), "{refused:?}");
        assert_eq!(
            self.counterparty.captured(&order.id.payment),
            [order.amount.get().minor]
        );
    }

    async fn a_repeat_inside_the_window_moves_money_once(&self) {
        let Some(window) = self.connected.payments.terms().replay.charge else {
            return;
        };
        let Some(order) = self.stored(Behaviour::Succeeds).await else {
            return;
        };
        let again = Charge {
            resend: true,
            ..order.clone()
        };
        self.runtime.lose_next_answer();
        let mut outcomes = vec![self.connected.payments.charge(&order).await];
        self.runtime.clock.advance(window / 2);
        for _ in 0..3 {
            outcomes.push(self.connected.payments.charge(&again).await);
        }
        let last = outcomes.last().and_then(|last| last.snapshot());
        assert_eq!(
            last.map(|made| made.captured),
            Some(order.amount.get()),
            "{outcomes:?}"
        );
        assert_eq!(
            self.counterparty.captured(&order.id.payment),
            [order.amount.get().minor]
        );
    }

    async fn a_payer_who_is_present_acts_and_the_payment_completes_once(&self) {
        let customer = self.customer().await;
        let presence = Presence::Present {
            return_url: "https://gate.example.com/billing/return".to_owned(),
            cancel_url: None,
            ip: None,
        };
        let order = self.order(Source::Fresh { save: false }, presence, customer);
        let sent_at = self.now();
        let made = match self.connected.payments.charge(&order).await {
            Outcome::Pending(made) => made,
            other => panic!("a payer has to enter a method, and a charge gives {other:?}"),
        };
        self.is_that_of(&made, &order);
        assert_eq!(made.status, PaymentStatus::RequiresAction);
        assert!(made.action.is_some(), "nothing is said of what has to be done");
        let Some(theirs) = made.theirs.clone() else { return };
        assert!(self.counterparty.does(Deed::Pays(&theirs)), "nobody can pay it");
        assert!(!self.counterparty.does(Deed::Pays(&theirs)), "it is paid twice");
        if let Some(approval) = &self.connected.approval {
            let back = Return {
                id: order.id.clone(),
                key: self.key(),
                resend: false,
                payment: Some(theirs.clone()),
                amount: order.amount,
                capture: order.capture,
                method: None,
                tag: order.tag.clone(),
                handed: Handed::default(),
            };
            for outcome in join_all((0..3).map(|_| approval.complete(&back))).await {
                let captured = outcome.snapshot().map(|made| made.captured);
                assert_eq!(captured, Some(order.amount.get()), "{outcome:?}");
            }
        }
        let found = self
            .find(Reference::Theirs(theirs.to_string()), &order, sent_at)
            .await;
        assert_eq!(found.map(|found| found.captured), Some(order.amount.get()));
        assert_eq!(
            self.counterparty.captured(&order.id.payment),
            [order.amount.get().minor]
        );
    }
}

pub(super) fn parsed<T>(parsed: Result<T, &'static str>) -> T {
    match parsed {
        Ok(parsed) => parsed,
        Err(advice) => panic!("{advice}"),
    }
}
