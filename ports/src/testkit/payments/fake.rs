//! A payment vendor in memory: it recognises keys for a while, can be scripted to fail, and counts what it took under each key.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Timestamp};
use crate::money::Currency;
use crate::outcome::{Outcome, Reason, Reference};
use crate::payments::{
    Activity, AmountRule, BrowserConfig, CallKey, ConnectedPayments, Decline, MethodKind, PaymentCapability,
    PaymentEvent, RefundRule, Replay, Setup, Snapshot, SourceKind, StoredMethod, SubscriptionTerms, Terms,
    VendorRef,
};
use crate::testkit::AlwaysWell;

use super::PaymentFault;
use super::fake_subscriptions::{self, FakeSubscription};

/// How long it recognises a key.
const WINDOW: Duration = Duration::from_hours(24);
/// The account that everything belongs to.
pub(super) const ACCOUNT: &str = "acct_fake";

/// What the vendor did under one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FakePaymentsTotals {
    /// Calls that reached the vendor.
    pub calls: u32,
    /// How often it acted. More than once is money moved twice.
    pub acted: u32,
}

/// A payment vendor in memory that offers all there is but webhooks: what it would post is handed out by
/// [`FakePayments::take_events`].
pub struct FakePayments {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) terms: Terms,
    pub(super) browser: BrowserConfig,
    pub(super) subscription_terms: SubscriptionTerms,
    state: Mutex<State>,
}

/// Everything the vendor keeps.
#[derive(Default)]
pub(super) struct State {
    pub(super) payments: Vec<Snapshot>,
    pub(super) setups: Vec<Setup>,
    pub(super) subscriptions: Vec<FakeSubscription>,
    pub(super) methods: Vec<StoredMethod>,
    /// What is charged like one of [`super::methods`], by the vendor's name for it.
    pub(super) alike: BTreeMap<VendorRef, &'static str>,
    pub(super) customers: BTreeMap<String, VendorRef>,
    /// Those that were removed.
    pub(super) removed: Vec<VendorRef>,
    pub(super) lines: Vec<Activity>,
    pub(super) events: Vec<PaymentEvent>,
    made: u32,
    faults: VecDeque<PaymentFault>,
    vault_faults: VecDeque<PaymentFault>,
    /// After so many pages of reports no more are given.
    pub(super) pages_left: Option<u32>,
    /// How many pages of reports were given.
    pub(super) pages: u32,
    /// Whether look-ups find out nothing.
    pub(super) speechless: bool,
    /// Of which payments look-ups find out nothing.
    pub(super) silent_about: BTreeSet<VendorRef>,
    /// The names of the files that were handed in as evidence.
    pub(super) files: Vec<String>,
    answers: BTreeMap<CallKey, Kept>,
    totals: BTreeMap<CallKey, FakePaymentsTotals>,
    late: Vec<(Timestamp, Late)>,
}

/// What a key answers.
struct Kept {
    order: String,
    until: Timestamp,
    answer: Box<dyn std::any::Any + Send>,
}

type Late = Box<dyn FnOnce(&mut State, Timestamp) + Send>;

/// What a call gives.
pub(super) type Answer<T, P> = Outcome<T, Decline, P>;

/// One money call, as the vendor sees it.
pub(super) struct Call<'a> {
    pub(super) key: &'a CallKey,
    /// The whole order, for comparing repeats with the first.
    pub(super) order: String,
    /// How the caller names the matter while the vendor's name is not known.
    pub(super) ours: String,
    /// Whether it is about customers and stored methods, and moves no money.
    pub(super) in_vault: bool,
}

impl FakePayments {
    /// A vendor that has seen nothing.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Self::with_terms(clock, |_| ())
    }

    /// The same with other figures.
    pub fn with_terms(clock: Arc<dyn Clock>, change: impl FnOnce(&mut Terms)) -> Arc<Self> {
        let rule = |step, min| AmountRule {
            min,
            max: 99_999_999,
            step,
        };
        let listed = [
            ("EUR", rule(1, 50)),
            ("JPY", rule(1, 50)),
            ("KWD", rule(10, 100)),
            ("USD", rule(1, 50)),
        ];
        let amounts = listed
            .into_iter()
            .filter_map(|(code, rule)| Some((Currency::parse(code).ok()?, rule)));
        let replay = Some(WINDOW);
        let mut terms = Terms {
            live: false,
            account: VendorRef::parse(ACCOUNT).ok(),
            methods: vec![MethodKind::Card, MethodKind::UsBankDebit],
            sources: vec![SourceKind::Stored, SourceKind::Fresh, SourceKind::HostedPage],
            amounts: amounts.collect(),
            replay: Replay {
                charge: replay,
                complete: replay,
                capture: replay,
                refund: replay,
                setup: replay,
                subscribe: replay,
            },
            find_by_ours: true,
            keeps_ours: true,
            find_lag: Duration::ZERO,
            absence_after: Some(Duration::from_mins(2)),
            refunds: RefundRule::PerPayment {
                partial: true,
                many: true,
            },
            refund_within: Some(Duration::from_hours(24 * 180)),
            partial_capture: true,
            authorization_valid: Some(Duration::from_hours(24 * 7)),
            action_within: Some(Duration::from_hours(24)),
            report_lag: Duration::ZERO,
            report_span: None,
        };
        change(&mut terms);
        Arc::new(Self {
            clock,
            terms,
            subscription_terms: fake_subscriptions::terms(),
            browser: BrowserConfig {
                script: "https://vendor.example/script.js".to_owned(),
                public_key: "pk_fake".to_owned(),
                origins: vec!["https://vendor.example".to_owned()],
                live: false,
            },
            state: Mutex::default(),
        })
    }

    /// What it declares when it is connected with [`FakePayments::connected`].
    pub const CAPABILITIES: &'static [PaymentCapability] = &[
        PaymentCapability::ChargePresent,
        PaymentCapability::ChargeStored,
        PaymentCapability::HostedPage,
        PaymentCapability::Approval,
        PaymentCapability::Authorize,
        PaymentCapability::PartialCapture,
        PaymentCapability::PartialRefund,
        PaymentCapability::Customers,
        PaymentCapability::Vault,
        PaymentCapability::SetupInBrowser,
        PaymentCapability::Microdeposits,
        PaymentCapability::Browser,
        PaymentCapability::Subscriptions,
        PaymentCapability::PauseSubscriptions,
        PaymentCapability::Disputes,
        PaymentCapability::Evidence,
        PaymentCapability::EvidenceFiles,
        PaymentCapability::Reports,
        PaymentCapability::FindByOurs,
    ];

    /// Connected, with everything but webhooks.
    pub fn connected(self: &Arc<Self>) -> ConnectedPayments {
        ConnectedPayments {
            payments: Arc::clone(self) as Arc<_>,
            customers: Some(Arc::clone(self) as Arc<_>),
            holds: Some(Arc::clone(self) as Arc<_>),
            approval: Some(Arc::clone(self) as Arc<_>),
            vault: Some(Arc::clone(self) as Arc<_>),
            subscriptions: Some(Arc::clone(self) as Arc<_>),
            disputes: Some(Arc::clone(self) as Arc<_>),
            reports: Some(Arc::clone(self) as Arc<_>),
            browser: Some(Arc::clone(self) as Arc<_>),
            inbound: None,
            probe: Arc::new(AlwaysWell),
        }
    }

    /// The next money call meets this fault, behind those already scripted.
    pub fn will(&self, fault: PaymentFault) {
        self.state().faults.push_back(fault);
    }

    /// Nothing that was scripted goes wrong any more.
    pub fn heal(&self) {
        let mut state = self.state();
        state.faults.clear();
        state.vault_faults.clear();
        state.silent_about.clear();
    }

    /// The next call about customers and stored methods meets this fault, behind those already scripted.
    pub fn will_in_vault(&self, fault: PaymentFault) {
        self.state().vault_faults.push_back(fault);
    }

    /// What it did under a key.
    pub fn totals(&self, key: &CallKey) -> FakePaymentsTotals {
        self.state().totals.get(key).copied().unwrap_or_default()
    }

    /// Keys under which it acted more than once: empty unless somebody was charged, or paid back, twice.
    pub fn acted_twice(&self) -> Vec<CallKey> {
        let state = self.state();
        let twice = state.totals.iter().filter(|(_, totals)| totals.acted > 1);
        twice.map(|(key, _)| key.clone()).collect()
    }

    /// Every payment it keeps, in order.
    pub fn payments(&self) -> Vec<Snapshot> {
        self.state().payments.clone()
    }

    /// What it took for one payment of ours, over all attempts.
    pub fn captured_for(&self, payment: &crate::id::PaymentId) -> i64 {
        let state = self.state();
        let ours = |one: &&Snapshot| one.ours.as_ref().is_some_and(|ours| ours.payment == *payment);
        state
            .payments
            .iter()
            .filter(ours)
            .map(|one| one.captured.minor)
            .sum()
    }

    /// The names of the files that were handed in as evidence, in order.
    pub fn files(&self) -> Vec<String> {
        self.state().files.clone()
    }

    /// What it would have posted so far, oldest first; handed out once.
    pub fn take_events(&self) -> Vec<PaymentEvent> {
        std::mem::take(&mut self.state().events)
    }

    /// One money call: faults first, then what the key answers, then `act`.
    pub(super) fn call<T, P>(
        &self,
        call: Call<'_>,
        act: impl Fn(&mut State, Timestamp) -> Answer<T, P> + Send + Sync + 'static,
    ) -> Answer<T, P>
    where
        T: Clone + Send + 'static,
        P: Clone + Send + 'static,
    {
        let now = self.clock.now();
        let mut state = self.state();
        let fault = if call.in_vault {
            state.vault_fault()
        } else {
            state.faults.pop_front()
        };
        let unknown = Outcome::Unknown(Reference::Ours(call.ours.clone()));
        let wait = Duration::from_secs(5);
        match fault {
            Some(PaymentFault::Refused) => {
                return Outcome::NotSent(Reason::outage(
                    "no-connection",
                    "the connection was refused",
                    wait,
                ));
            }
            Some(PaymentFault::Busy(wait)) => {
                return Outcome::NotSent(Reason::passing("busy", "the vendor is busy", wait));
            }
            Some(PaymentFault::RequestLost) => return unknown,
            Some(PaymentFault::ActsLate(after)) => {
                let (key, order) = (call.key.clone(), call.order);
                let late: Late = Box::new(move |state, now| {
                    drop(state.answer(&key, &order, now, &act));
                });
                state.late.push((now + after, late));
                return unknown;
            }
            _ => {}
        }
        let answer = state.answer(call.key, &call.order, now, &act);
        match fault {
            Some(PaymentFault::AnswerLost) => unknown,
            Some(PaymentFault::ActsThenFails) => {
                state.keep(call.key, &call.order, now, unknown.clone());
                unknown
            }
            Some(PaymentFault::ActsTwice) => {
                state.answers.remove(call.key);
                state.answer(call.key, &call.order, now, &act)
            }
            _ => answer,
        }
    }

    /// The state, after what came late until now has been acted upon.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut state.late)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        state.late = later;
        due.sort_by_key(|(at, _)| *at);
        // Each at its own moment, however late somebody looks: a key may be forgotten by now that was known then.
        for (at, late) in due {
            late(&mut state, at);
        }
        state.collect_due(now);
        state
    }
}

impl State {
    /// What goes wrong with the next call about customers and stored methods.
    pub(super) fn vault_fault(&mut self) -> Option<PaymentFault> {
        self.vault_faults.pop_front()
    }

    /// A name that was not given before.
    pub(super) fn name(&mut self, prefix: &str) -> VendorRef {
        self.made += 1;
        let text = format!("{prefix}_{:06}", self.made);
        VendorRef::parse(&text).unwrap_or_else(|_| unreachable!("{text} is a name"))
    }

    fn answer<T, P>(
        &mut self,
        key: &CallKey,
        order: &str,
        now: Timestamp,
        act: &impl Fn(&mut Self, Timestamp) -> Answer<T, P>,
    ) -> Answer<T, P>
    where
        T: Clone + Send + 'static,
        P: Clone + Send + 'static,
    {
        self.totals.entry(key.clone()).or_default().calls += 1;
        if let Some(kept) = self.answers.get(key).filter(|kept| now < kept.until) {
            if kept.order != order {
                return Outcome::NotSent(Reason::permanent(
                    "key-reused",
                    "the key was used for another order",
                ));
            }
            if let Some(answer) = kept.answer.downcast_ref::<Answer<T, P>>() {
                return answer.clone();
            }
        }
        let answer = act(self, now);
        if !matches!(answer, Outcome::Declined(_) | Outcome::NotSent(_)) {
            self.totals.entry(key.clone()).or_default().acted += 1;
        }
        self.keep(key, order, now, answer.clone());
        answer
    }

    fn keep<T: Send + 'static>(&mut self, key: &CallKey, order: &str, now: Timestamp, answer: T) {
        let kept = Kept {
            order: order.to_owned(),
            until: now + WINDOW,
            answer: Box::new(answer),
        };
        self.answers.insert(key.clone(), kept);
    }

    pub(super) fn position(&self, payment: &VendorRef) -> Option<usize> {
        let is_it = |one: &Snapshot| one.theirs.as_ref() == Some(payment);
        self.payments.iter().rposition(is_it)
    }
}
