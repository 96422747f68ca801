//! A year of a handful of subscriptions on two nodes whose clocks differ, under everything that may go wrong.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::Clock as _;
use portcullis_ports::payments::{RefundReason, VendorRef};
use portcullis_ports::testkit::FakeClock;
use portcullis_ports::testkit::payments::{FakePayments, PaymentFault, methods};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use super::invariants::{
    invoices_of, no_day_is_billed_twice, no_invoice_is_paid_twice, no_more_is_given_back_than_came,
    nothing_is_open, owed_by, payments_of, the_present_period_is_billed, what_is_owed_adds_up,
};
use super::{Club, DAY, club_on, settings};
use crate::areas::invoices::{InvoiceState, InvoiceView};
use crate::areas::payments::RefundPayment;
use crate::areas::plans::CreatePlan;
use crate::areas::subscriptions::*;
use crate::foundation::calendar::Unit;
use crate::foundation::input::Label;
use crate::foundation::testing::{Node, home};
use crate::scenarios::figures::agree_with_the_lists;
use crate::scenarios::payments::{key, reference, usd};
use crate::scenarios::plans::{monthly, plan_id};
use crate::services::idempotency::IdempotencyKey;
use crate::testing::{World, world_paying_on};

/// Each has a small and a large plan, between which its one subscription goes over. Money is given back of the last alone.
const FAMILIES: usize = 4;
/// What is run, in whatever order.
const KINDS: [&str; 6] = [
    "renewals",
    "dunning",
    "payments-watch",
    "invoices-from-balance",
    "ledger-folding",
    "tallying",
];

/// So many seconds the clocks of nodes may differ where a vendor acts late.
const AGREED: u64 = 5;

#[derive(Debug, Clone)]
enum Act {
    Subscribe(usize),
    Change(usize, bool, bool),
    Cancel(usize, bool),
    Resume(usize),
    Pause(usize),
    PayByHand(usize, bool),
    Refund(usize, i64),
    /// What the card of everybody is charged like.
    Card(Option<&'static str>),
    /// A bank takes the oldest debit, or refuses it.
    Bank(bool),
    Vendor(PaymentFault, usize),
    /// A node works while its store fails at this call, or after it has written.
    Crash(usize, usize, Option<usize>),
    /// So many days go by; one node works every day.
    Days(u64, usize),
    /// So many days go by, and nobody works.
    Standstill(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let at = 0..FAMILIES;
    let faults = select(vec![
        PaymentFault::Refused,
        PaymentFault::Busy(Duration::from_secs(20)),
        PaymentFault::RequestLost,
        PaymentFault::AnswerLost,
        PaymentFault::ActsThenFails,
        PaymentFault::ActsLate(Duration::from_secs(40)),
    ]);
    let cards = select(vec![
        None,
        None,
        Some(methods::INSUFFICIENT_FUNDS),
        Some(methods::STOLEN),
        Some(methods::AUTHENTICATES),
        Some(methods::BANK_DEBIT),
    ]);
    prop_oneof![
        4 => at.clone().prop_map(Act::Subscribe),
        3 => (at.clone(), any::<bool>(), any::<bool>()).prop_map(|(at, large, now)| Act::Change(at, large, now)),
        1 => (at.clone(), any::<bool>()).prop_map(|(at, now)| Act::Cancel(at, now)),
        1 => at.clone().prop_map(Act::Resume),
        1 => at.clone().prop_map(Act::Pause),
        2 => (at, any::<bool>()).prop_map(|(at, pays)| Act::PayByHand(at, pays)),
        2 => (0_usize..4, 1_i64..9_001).prop_map(|(at, minor)| Act::Refund(at, minor)),
        3 => cards.prop_map(Act::Card),
        2 => any::<bool>().prop_map(Act::Bank),
        3 => (faults, 1_usize..6).prop_map(|(fault, times)| Act::Vendor(fault, times)),
        3 => (0_usize..2, 0..KINDS.len(), proptest::option::of(1_usize..40)).prop_map(|(node, kind, at)| Act::Crash(node, kind, at)),
        8 => (1_u64..20, 0_usize..3).prop_map(|(days, node)| Act::Days(days, node)),
        1 => (1_u64..40).prop_map(Act::Standstill),
    ]
}

/// What is not refused is done; what is refused is not.
fn unless_refused<T>(answer: portcullis_ports::Result<T>) {
    drop(answer);
}

struct Machine {
    club: Club,
    /// Its clock goes otherwise.
    second: World,
    cards: Vec<VendorRef>,
    subscriptions: BTreeMap<usize, SubscriptionId>,
    steps: usize,
    /// How many seconds the second clock is ahead.
    ahead: u64,
}

impl Machine {
    async fn new(ahead: u64) -> Self {
        let Node { clock, memory, .. } = Node::default();
        let vendor = FakePayments::new(clock.clone());
        let first = Node {
            shared: true,
            ..Node::over(memory.clone(), clock.clone())
        };
        let club = Box::pin(club_on(&first, vendor.clone())).await;
        for family in 0..FAMILIES {
            for (size, cents) in [("small", 3_000), ("large", 9_000)] {
                let plan = CreatePlan {
                    name: Label::parse(&format!("F{family}")).unwrap(),
                    // Of the last one the large plan has other periods.
                    interval: if family == FAMILIES - 1 && size == "large" {
                        Unit::Week
                    } else {
                        Unit::Month
                    },
                    anchor_day: (family == 1).then_some(1),
                    trial_days: (family == 2).then_some(10),
                    ..monthly(&format!("{size}-{family}"), cents)
                };
                club.offer(&plan).await;
            }
        }
        let card = club.keep_a_card("card").await;
        let other = Arc::new(FakeClock::at(clock.now() + Duration::from_secs(ahead)));
        let node = Node {
            shared: true,
            seed: 2,
            ..Node::over(memory, other)
        };
        let second = Box::pin(world_paying_on(&node, settings(), &vendor)).await;
        Self {
            club,
            second,
            cards: vec![card],
            subscriptions: BTreeMap::new(),
            steps: 0,
            ahead,
        }
    }

    fn nodes(&self) -> [&World; 2] {
        [self.club.world(), &self.second]
    }

    fn wait(&self, seconds: u64) {
        for node in self.nodes() {
            node.wait(seconds);
        }
    }

    /// Everything that is due is done by a node, or by the one after the other.
    async fn work(&self, node: usize) {
        for (at, world) in self.nodes().into_iter().enumerate() {
            if node != at && node < 2 {
                continue;
            }
            for kind in KINDS {
                unless_refused(world.app.tasks.drain(kind).await);
            }
        }
    }

    async fn days(&self, days: u64, node: usize) {
        for _ in 0..days {
            self.wait(DAY);
            self.work(node).await;
        }
    }

    async fn invoices(&self) -> Vec<InvoiceView> {
        invoices_of(self.club.world(), self.club.shop.ada.subject()).await
    }

    async fn act(&mut self, act: &Act) {
        self.steps += 1;
        let name = key(&format!("step-{}", self.steps));
        let (club, ada) = (&self.club, &self.club.shop.ada);
        let known = |at: &usize| self.subscriptions.get(at);
        match act {
            Act::Subscribe(at) if known(at).is_none() => {
                let command = Subscribe {
                    plan_id: plan_id(&format!("small-{at}")),
                    currency: None,
                    payment_method_id: None,
                    collector: None,
                    trial: None,
                };
                unless_refused(club.app().subscribe(ada, &name, &command).await);
                let all = ListSubscriptions::default();
                let list = club.app().list(ada.subject(), &all).await.unwrap();
                let made = list.items.into_iter();
                let mut made = made.filter(|one| one.plan_id == command.plan_id);
                if let Some(made) = made.next() {
                    self.subscriptions.insert(*at, made.subscription_id);
                }
            }
            Act::Subscribe(_) => {}
            Act::Change(at, large, now) => {
                if let Some(id) = known(at) {
                    let size = if *large { "large" } else { "small" };
                    let command = ChangeSubscription {
                        plan_id: plan_id(&format!("{size}-{at}")),
                        at: Some(if *now {
                            ChangeWhen::Now
                        } else {
                            ChangeWhen::PeriodEnd
                        }),
                        preview: None,
                    };
                    unless_refused(club.app().change(ada, &name, id, &command).await);
                }
            }
            Act::Cancel(at, now) => {
                if let Some(id) = known(at) {
                    let command = CancelSubscription {
                        at: Some(if *now {
                            CancelWhen::Now
                        } else {
                            CancelWhen::PeriodEnd
                        }),
                        credit: Some(true),
                    };
                    unless_refused(club.app().cancel(ada, id, command).await);
                }
            }
            Act::Resume(at) => {
                if let Some(id) = known(at) {
                    unless_refused(club.app().resume(ada, id).await);
                }
            }
            Act::Pause(at) => {
                if let Some(id) = known(at) {
                    unless_refused(club.app().pause(ada, id).await);
                }
            }
            Act::PayByHand(at, pays) => self.pay_by_hand(name.as_str(), *at, *pays).await,
            Act::Refund(at, minor) => self.refund(&name, *at, *minor).await,
            Act::Card(like) => {
                for card in &self.cards {
                    club.shop.vendor.charge_like(card, *like);
                }
            }
            Act::Bank(takes) => {
                self.decide(*takes);
            }
            // Who asks too early, by a clock that is ahead of those of all others, is told that nothing came.
            Act::Vendor(PaymentFault::ActsLate(_), _) if self.ahead > AGREED => {}
            Act::Vendor(fault, times) => {
                for _ in 0..*times {
                    club.shop.vendor.will(*fault);
                }
            }
            Act::Crash(node, kind, at) => {
                match at {
                    Some(at) => club.world().store.fail_next(*at),
                    None => club.world().store.commit_then_fail_next(),
                }
                unless_refused(self.nodes()[*node].app.tasks.drain(KINDS[*kind]).await);
                club.world().store.fail_next(0);
            }
            Act::Days(days, node) => self.days(*days, *node).await,
            Act::Standstill(days) => self.wait(days * DAY),
        }
    }

    async fn pay_by_hand(&self, name: &str, at: usize, pays: bool) {
        let shop = &self.club.shop;
        let open = self.invoices().await.into_iter();
        let open: Vec<_> = open.filter(|one| one.state == InvoiceState::Open).collect();
        if let Some(invoice) = open.get(at % open.len().max(1))
            && let Ok(begun) = shop.begin_paying(name, invoice).await
            && begun.reference.is_some()
            && pays
        {
            shop.vendor.pay(&reference(&begun));
        }
    }

    /// The newest ones first, and those of the last family alone.
    async fn refund(&self, name: &IdempotencyKey, at: usize, minor: i64) {
        let last = format!("F{}:", FAMILIES - 1);
        let theirs: Vec<_> = self
            .invoices()
            .await
            .into_iter()
            .filter(|one| one.lines[0].text.as_str().starts_with(&last))
            .flat_map(|one| one.payments)
            .collect();
        if let Some(id) = theirs.get(at % theirs.len().max(1)) {
            let command = RefundPayment {
                amount: Some(usd(minor)),
                reason: RefundReason::Requested,
            };
            let shop = &self.club.shop;
            unless_refused(
                shop.payments()
                    .refund(&shop.operator, name, id, &command, &home())
                    .await,
            );
        }
    }

    /// Banks decide the oldest debit.
    fn decide(&self, takes: bool) -> bool {
        let vendor = &self.club.shop.vendor;
        let names = vendor.payments().into_iter().filter_map(|one| one.theirs);
        names.into_iter().any(|theirs| {
            if takes {
                vendor.settle(&theirs)
            } else {
                vendor.bounce(&theirs)
            }
        })
    }

    /// Nothing goes wrong any more, and everybody decides.
    async fn rest(&self) {
        let vendor = &self.club.shop.vendor;
        vendor.heal();
        for card in &self.cards {
            vendor.charge_like(card, None);
        }
        for _ in 0..12 {
            while self.decide(true) {}
            self.hear().await;
            self.days(1, 2).await;
        }
    }

    /// What the vendor posts arrives: of money that it took after it was asked in vain, nothing else tells.
    async fn hear(&self) {
        for event in self.club.shop.vendor.take_events() {
            let payments = &self.club.world().app.payments;
            // A store may still have to lose the answer of one commit: then it is posted again.
            if payments.apply_event("main", &event).await.is_err() {
                payments.apply_event("main", &event).await.unwrap();
            }
        }
    }

    async fn check(&self) {
        let (world, subject) = (self.club.world(), self.club.shop.ada.subject());
        let (invoices, payments) = (self.invoices().await, payments_of(world, subject).await);
        let vendor = &self.club.shop.vendor;
        assert!(vendor.acted_twice().is_empty());
        nothing_is_open(&payments);
        no_invoice_is_paid_twice(&invoices, &payments);
        no_day_is_billed_twice(&invoices, FAMILIES - 1);
        self.all_days_are_billed(&invoices).await;
        let taken = what_is_owed_adds_up(&invoices, &payments, owed_by(world, subject).await);
        assert_eq!(taken, self.club.taken(), "all that the vendor took is booked");
        let last = format!("F{}", FAMILIES - 1);
        let of_last = |one: &&InvoiceView| one.lines[0].text.as_str().starts_with(&last);
        no_more_is_given_back_than_came(invoices.iter().filter(of_last));
        self.club.shop.ledger_holds().await;
        agree_with_the_lists(&self.club, &payments).await;
    }

    async fn all_days_are_billed(&self, invoices: &[InvoiceView]) {
        for (family, id) in self.subscriptions.iter().filter(|(at, _)| **at < FAMILIES - 1) {
            let view = self
                .club
                .app()
                .get(self.club.shop.ada.subject(), id)
                .await
                .unwrap();
            the_present_period_is_billed(&view, self.club.now(), invoices, *family);
        }
    }
}

#[test]
fn every_period_is_billed_once_and_every_invoice_charged_once_whatever_happens() {
    let mut config = Config::default();
    // Of `PROPTEST_CASES`, where it is set.
    if config.cases == 256 {
        config.cases = 24;
    }
    config.failure_persistence = None;
    let acts = proptest::collection::vec(act(), 20..50);
    let ahead = select(vec![0_u64, AGREED, 45, 3 * 3_600]);
    let ran = TestRunner::new(config).run(&(ahead, acts), |(ahead, acts)| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut machine = Box::pin(Machine::new(ahead)).await;
            for act in &acts {
                Box::pin(machine.act(act)).await;
            }
            machine.rest().await;
            machine.check().await;
        });
        Ok(())
    });
    ran.unwrap();
}
