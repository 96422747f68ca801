//! Subscriptions that the vendor in memory collects: it charges as its clock goes on, in periods of days.

use std::time::Duration;

use async_trait::async_trait;

use super::fake::{ACCOUNT, Call, FakePayments, State};
use super::fake_money::{declined, written};
use crate::clock::Timestamp;
use crate::money::Money;
use crate::outcome::{Outcome, Reason, Reference, Resolution};
use crate::payments::{
    Decline, EventTopic, NextAction, Offer, PaymentEvent, PaymentStatus, PeriodUnit, Presence, Snapshot,
    SoughtSubscription, SourceKind, SubscriptionChange, SubscriptionCharge, SubscriptionOrder,
    SubscriptionOutcome, SubscriptionResolution, SubscriptionSnapshot, SubscriptionState, SubscriptionStep,
    SubscriptionTerms, VendorRef, VendorSubscriptions,
};

const DAY: Duration = Duration::from_hours(24);
/// How long what nobody agrees to is kept.
const DROPPED: Duration = Duration::from_hours(72);

/// A subscription, as the vendor keeps it.
pub(super) struct FakeSubscription {
    shown: SubscriptionSnapshot,
    price: Money,
    period: Duration,
    trial: Duration,
    made_at: Timestamp,
    /// How many periods were begun, paid or not.
    begun: u32,
    refuses: bool,
}

/// What the vendor in memory collects.
pub(super) fn terms() -> SubscriptionTerms {
    SubscriptionTerms {
        periods: vec![(PeriodUnit::Day, 365), (PeriodUnit::Week, 52)],
        sources: vec![SourceKind::HostedPage, SourceKind::Stored],
        trial_days: 365,
        pauses: true,
    }
}

impl FakeSubscription {
    fn due(&self) -> Option<Timestamp> {
        let charges = matches!(
            self.shown.state,
            SubscriptionState::Active | SubscriptionState::PastDue
        );
        let started = self.shown.started_at.filter(|_| charges)?;
        Some(started + self.trial + self.period * self.begun)
    }
}

#[async_trait]
impl VendorSubscriptions for FakePayments {
    fn terms(&self) -> &SubscriptionTerms {
        &self.subscription_terms
    }

    async fn offer(&self, offer: &Offer) -> Outcome<Option<VendorRef>, Decline> {
        Outcome::Done(VendorRef::parse(&format!("offer_{}", offer.name)).ok())
    }

    async fn start(&self, order: &SubscriptionOrder) -> SubscriptionOutcome {
        if let Err(problem) = self.terms.admits(order.amount.get()) {
            return Outcome::NotSent(Reason::permanent("amount-not-taken", problem.to_string()));
        }
        if !self.subscription_terms.admits(order.period) {
            return Outcome::NotSent(Reason::permanent("period-not-taken", "it counts days"));
        }
        if order.method.is_none() && order.presence == Presence::Absent {
            return Outcome::NotSent(Reason::permanent("payer-absent", "a payer has to agree"));
        }
        let call = Call {
            key: &order.key,
            order: written(order, order.resend),
            ours: order.id.to_string(),
            in_vault: false,
        };
        let order = order.clone();
        self.call(call, move |state, now| state.subscribe(&order, now))
    }

    async fn read(&self, sought: &SoughtSubscription) -> SubscriptionResolution {
        let now = self.clock.now();
        let state = self.state();
        if state.speechless {
            let why = "the vendor in memory does not say";
            return Resolution::CannotTell(Reason::passing("no-answer", why, Duration::from_secs(15)));
        }
        let found = state.subscriptions.iter().find(|one| match &sought.reference {
            Reference::Theirs(theirs) => one
                .shown
                .theirs
                .as_ref()
                .is_some_and(|own| own.as_str() == theirs),
            Reference::Ours(ours) => one.shown.ours.as_ref().is_some_and(|own| own.as_str() == ours),
        });
        match found {
            Some(one) => {
                let mut shown = one.shown.clone();
                shown.charges.retain(|charge| charge.at >= sought.since);
                shown.next_charge_at = one.due();
                shown.at = now;
                Resolution::Found(SubscriptionOutcome::of(shown))
            }
            None => Resolution::Absent,
        }
    }

    async fn change(&self, change: &SubscriptionChange) -> Outcome<(), Decline> {
        let call = Call {
            key: &change.key,
            order: format!("{change:?}"),
            ours: change.subscription.to_string(),
            in_vault: false,
        };
        let change = change.clone();
        let outcome: Outcome<(), Decline, ()> = self.call(call, move |state, now| {
            if state.steer(&change.subscription, change.step, now) {
                Outcome::Done(())
            } else {
                Outcome::Declined(Decline::new(declined("not_active")))
            }
        });
        match outcome {
            Outcome::Done(()) | Outcome::Pending(()) => Outcome::Done(()),
            Outcome::Declined(decline) => Outcome::Declined(decline),
            Outcome::NotSent(reason) => Outcome::NotSent(reason),
            Outcome::Unknown(reference) => Outcome::Unknown(reference),
        }
    }
}

impl FakePayments {
    /// The payer agrees to a subscription on the vendor's page. `false` if it waits for nobody.
    pub fn agree(&self, subscription: &VendorRef) -> bool {
        let now = self.clock.now();
        let mut state = self.state();
        let Some(at) = state.subscription(subscription) else {
            return false;
        };
        if state.subscriptions[at].shown.state != SubscriptionState::RequiresAction {
            return false;
        }
        state.begin(at, now);
        true
    }

    /// The payer agrees once more on the page of a subscription, and the vendor begins another one by it. Gives its name.
    pub fn agree_again(&self, subscription: &VendorRef) -> Option<VendorRef> {
        let now = self.clock.now();
        let mut state = self.state();
        let at = state.subscription(subscription)?;
        let theirs = state.name("sub");
        let first = &state.subscriptions[at];
        let second = FakeSubscription {
            shown: SubscriptionSnapshot {
                theirs: Some(theirs.clone()),
                charges: Vec::new(),
                ..first.shown.clone()
            },
            made_at: now,
            begun: 0,
            refuses: false,
            ..*first
        };
        state.subscriptions.push(second);
        let at = state.subscriptions.len() - 1;
        state.begin(at, now);
        Some(theirs)
    }

    /// The payer's bank refuses what is charged for a subscription from now on, or takes it again.
    pub fn refuse_charges(&self, subscription: &VendorRef, refuses: bool) -> bool {
        let mut state = self.state();
        let at = state.subscription(subscription);
        at.map(|at| state.subscriptions[at].refuses = refuses).is_some()
    }

    /// Somebody cancels, pauses or resumes a subscription at the vendor.
    pub fn steer_there(&self, subscription: &VendorRef, step: SubscriptionStep) -> bool {
        let now = self.clock.now();
        self.state().steer(subscription, step, now)
    }

    /// Every subscription that it keeps, with all that it took.
    pub fn subscriptions(&self) -> Vec<SubscriptionSnapshot> {
        let state = self.state();
        state.subscriptions.iter().map(|one| one.shown.clone()).collect()
    }
}

impl State {
    fn subscription(&self, theirs: &VendorRef) -> Option<usize> {
        let is_it = |one: &FakeSubscription| one.shown.theirs.as_ref() == Some(theirs);
        self.subscriptions.iter().position(is_it)
    }

    fn subscribe(&mut self, order: &SubscriptionOrder, now: Timestamp) -> SubscriptionOutcome {
        let theirs = self.name("sub");
        let count = u32::from(order.period.count.get());
        let days = match order.period.unit {
            PeriodUnit::Week => 7 * count,
            _ => count,
        };
        let url = format!("https://vendor.example/agree/{theirs}");
        self.subscriptions.push(FakeSubscription {
            shown: SubscriptionSnapshot {
                theirs: Some(theirs),
                ours: Some(order.id.clone()),
                state: SubscriptionState::RequiresAction,
                action: Some(NextAction::Redirect { url }),
                charges: Vec::new(),
                counts_more: false,
                next_charge_at: None,
                started_at: None,
                at: now,
                live: false,
                account: VendorRef::parse(ACCOUNT).ok(),
            },
            price: order.amount.get(),
            period: DAY * days,
            trial: DAY * u32::from(order.trial_days),
            made_at: now,
            begun: 0,
            refuses: false,
        });
        let at = self.subscriptions.len() - 1;
        if order.method.is_some() {
            self.begin(at, now);
        }
        SubscriptionOutcome::of(self.subscriptions[at].shown.clone())
    }

    fn begin(&mut self, at: usize, now: Timestamp) {
        let shown = &mut self.subscriptions[at].shown;
        (shown.state, shown.action, shown.started_at) = (SubscriptionState::Active, None, Some(now));
        self.announce_subscription(at, now);
        self.collect_due(now);
    }

    /// Takes what is due until a moment, each at its own.
    pub(super) fn collect_due(&mut self, until: Timestamp) {
        self.subscriptions.retain(|one| {
            let waits = one.shown.state == SubscriptionState::RequiresAction;
            !waits || until.since(one.made_at) < DROPPED
        });
        loop {
            let due = self.subscriptions.iter().enumerate();
            let due = due.filter_map(|(at, one)| Some((one.due()?, at))).min();
            let Some((moment, at)) = due.filter(|(moment, _)| *moment <= until) else {
                return;
            };
            self.collect_period(at, moment);
        }
    }

    fn collect_period(&mut self, at: usize, moment: Timestamp) {
        let one = &mut self.subscriptions[at];
        one.begun += 1;
        if one.refuses {
            one.shown.state = SubscriptionState::PastDue;
            self.announce_subscription(at, moment);
            return;
        }
        one.shown.state = SubscriptionState::Active;
        let price = one.price;
        let payment = self.name("pi");
        let nothing = Money::zero(price.currency);
        self.payments.push(Snapshot {
            theirs: Some(payment.clone()),
            ours: None,
            tag: None,
            customer: None,
            status: PaymentStatus::Processing,
            amount: price,
            capturable: nothing,
            captured: nothing,
            capture_before: None,
            action: None,
            refunds: Vec::new(),
            disputes: Vec::new(),
            complete: true,
            fee: None,
            method: None,
            failure: None,
            created_at: moment,
            at: moment,
            live: false,
            account: VendorRef::parse(ACCOUNT).ok(),
        });
        let place = self.payments.len() - 1;
        self.take(place, price, moment);
        self.subscriptions[at].shown.charges.push(SubscriptionCharge {
            theirs: payment,
            amount: price,
            at: moment,
            picture: None,
        });
        self.announce_subscription(at, moment);
    }

    fn steer(&mut self, theirs: &VendorRef, step: SubscriptionStep, now: Timestamp) -> bool {
        use SubscriptionState as S;
        let Some(at) = self.subscription(theirs) else {
            return step == SubscriptionStep::Cancel;
        };
        let next = match (step, self.subscriptions[at].shown.state) {
            (SubscriptionStep::Cancel, S::RequiresAction) => return false,
            (SubscriptionStep::Cancel, _) => S::Ended,
            (SubscriptionStep::Pause, S::Active | S::Paused) => S::Paused,
            (SubscriptionStep::Resume, S::Paused | S::Active) => S::Active,
            _ => return false,
        };
        let one = &mut self.subscriptions[at];
        if one.shown.state == next {
            return true;
        }
        one.shown.state = next;
        // What was due while it rested is not taken afterwards.
        while next == S::Active && one.due().is_some_and(|due| due < now) {
            one.begun += 1;
        }
        self.announce_subscription(at, now);
        true
    }

    fn announce_subscription(&mut self, at: usize, now: Timestamp) {
        let shown = &self.subscriptions[at].shown;
        let (theirs, ours) = (shown.theirs.clone(), shown.ours.clone());
        let event = self.event(EventTopic::Subscription, theirs.clone(), None, now);
        self.events.push(PaymentEvent {
            subscription: theirs,
            our_subscription: ours,
            ..event
        });
    }
}
