//! A year of subscriptions that the vendor collects beside one that we collect, under everything that may go wrong.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::payments::{PaymentEvent, SubscriptionState, SubscriptionStep, VendorRef};
use portcullis_ports::testkit::FakeClock;
use portcullis_ports::testkit::payments::{FakePayments, PaymentFault};
use portcullis_ports::{Clock as _, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use super::collected::collected;
use super::invariants::{
    invoices_of, no_day_is_billed_twice, nothing_is_open, owed_by, payments_of, what_is_owed_adds_up,
};
use super::{Club, DAY, club_on, settings};
use crate::areas::invoices::{InvoiceState, InvoiceView};
use crate::areas::payments::{AgreementEvents as _, Finding, PaymentView, Purpose};
use crate::areas::plans::CreatePlan;
use crate::areas::subscriptions::*;
use crate::foundation::input::Label;
use crate::foundation::testing::Node;
use crate::scenarios::payments::key;
use crate::scenarios::plans::plan_id;
use crate::testing::{World, world_paying_on};

/// The vendor collects all but the last.
const FAMILIES: usize = 4;
const OURS: usize = FAMILIES - 1;
/// How many days a period has.
const DAYS: [u16; FAMILIES] = [30, 14, 10, 30];
/// What is run, in whatever order.
const KINDS: [&str; 5] = [
    "vendor-subscriptions",
    "renewals",
    "dunning",
    "payments-watch",
    "invoices-from-balance",
];

#[derive(Debug, Clone, Copy)]
enum News {
    Arrive,
    AreLost,
    ComeTwice,
    ComeBackwards,
}

#[derive(Debug, Clone)]
enum Act {
    Subscribe(usize),
    Agree(usize),
    /// The page is used once more.
    AgreeAgain(usize),
    Cancel(usize, bool),
    Pause(usize),
    Resume(usize),
    /// Somebody does this at the vendor.
    There(usize, SubscriptionStep),
    /// The payer's bank refuses what the vendor charges, or takes it again.
    Bank(usize, bool),
    Vendor(PaymentFault, usize),
    /// The vendor does not tell what became of its newest charge, or tells of all again.
    Lookups(usize, bool),
    News(News),
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
    let steps = select(vec![
        SubscriptionStep::Cancel,
        SubscriptionStep::Pause,
        SubscriptionStep::Resume,
    ]);
    let news = select(vec![
        News::Arrive,
        News::AreLost,
        News::ComeTwice,
        News::ComeBackwards,
    ]);
    prop_oneof![
        4 => at.clone().prop_map(Act::Subscribe),
        5 => at.clone().prop_map(Act::Agree),
        1 => at.clone().prop_map(Act::AgreeAgain),
        2 => (at.clone(), any::<bool>()).prop_map(|(at, silent)| Act::Lookups(at, silent)),
        1 => (at.clone(), any::<bool>()).prop_map(|(at, now)| Act::Cancel(at, now)),
        1 => at.clone().prop_map(Act::Pause),
        2 => at.clone().prop_map(Act::Resume),
        1 => (at.clone(), steps).prop_map(|(at, step)| Act::There(at, step)),
        2 => (at, any::<bool>()).prop_map(|(at, refuses)| Act::Bank(at, refuses)),
        3 => (faults, 1_usize..4).prop_map(|(fault, times)| Act::Vendor(fault, times)),
        4 => news.prop_map(Act::News),
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
    subscriptions: BTreeMap<usize, SubscriptionId>,
    /// All that were begun, those that are over included.
    begun: Vec<SubscriptionId>,
    /// When something was cancelled here, by the vendor's name for it.
    canceled: BTreeMap<VendorRef, Timestamp>,
    steps: usize,
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
        for (family, days) in DAYS.into_iter().enumerate() {
            let plan = CreatePlan {
                name: Label::parse(&format!("F{family}")).unwrap(),
                interval_count: Some(days),
                collector: (family != OURS).then(|| "main".to_owned()),
                ..collected(&format!("plan-{family}"), 3_000)
            };
            club.offer(&plan).await;
        }
        club.keep_a_card("card").await;
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
            subscriptions: BTreeMap::new(),
            begun: Vec::new(),
            canceled: BTreeMap::new(),
            steps: 0,
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

    async fn view(&self, id: &SubscriptionId) -> SubscriptionView {
        let ada = self.club.shop.ada.subject();
        self.club.app().get(ada, id).await.unwrap()
    }

    async fn theirs(&self, at: usize) -> Option<VendorRef> {
        let view = self.view(self.subscriptions.get(&at)?).await;
        VendorRef::parse(&view.collector?.reference?).ok()
    }

    async fn tell(&self, event: &PaymentEvent) {
        for node in self.nodes() {
            // A store may still have to lose the answer of one commit: then it is posted again.
            if node.app.subscriptions.told("main", event).await.is_err() {
                node.app.subscriptions.told("main", event).await.unwrap();
            }
            unless_refused(node.app.payments.apply_event("main", event).await);
        }
    }

    async fn news(&self, how: News) {
        let mut events = self.club.shop.vendor.take_events();
        match how {
            News::AreLost => return,
            News::Arrive => {}
            News::ComeTwice => events.extend(events.clone()),
            News::ComeBackwards => events.reverse(),
        }
        for event in &events {
            self.tell(event).await;
        }
    }

    async fn act(&mut self, act: &Act) {
        self.steps += 1;
        let name = key(&format!("step-{}", self.steps));
        let (club, ada) = (&self.club, &self.club.shop.ada);
        let known = |at: &usize| self.subscriptions.get(at);
        match act {
            Act::Subscribe(at) => {
                let command = Subscribe {
                    plan_id: plan_id(&format!("plan-{at}")),
                    currency: None,
                    payment_method_id: None,
                    collector: None,
                    trial: None,
                };
                if let Ok(begun) = club.app().subscribe(ada, &name, &command).await {
                    let id = begun.subscription.subscription_id;
                    self.begun.push(id.clone());
                    self.subscriptions.insert(*at, id);
                }
            }
            Act::Agree(at) => {
                if let Some(theirs) = self.theirs(*at).await {
                    self.club.shop.vendor.agree(&theirs);
                    if let Some(id) = self.subscriptions.get(at) {
                        unless_refused(self.club.app().complete(ada, id).await);
                    }
                }
            }
            Act::AgreeAgain(at) => {
                if let Some(theirs) = self.theirs(*at).await {
                    self.club.shop.vendor.agree_again(&theirs);
                }
            }
            Act::Lookups(at, silent) => {
                let theirs = self.theirs(*at).await;
                let there = self.club.shop.vendor.subscriptions();
                let of_it = there.iter().filter(|one| one.theirs == theirs);
                for charge in of_it.filter_map(|one| one.charges.last()) {
                    self.club.shop.vendor.refuse_lookups_of(&charge.theirs, *silent);
                }
            }
            Act::Cancel(at, now) => {
                let at_once = if *now {
                    CancelWhen::Now
                } else {
                    CancelWhen::PeriodEnd
                };
                let command = CancelSubscription {
                    at: Some(at_once),
                    credit: Some(true),
                };
                if let Some(id) = known(at) {
                    let id = id.clone();
                    if club.app().cancel(ada, &id, command).await.is_ok() {
                        let theirs = self.theirs(*at).await;
                        self.canceled
                            .extend(theirs.map(|theirs| (theirs, self.club.now())));
                    }
                }
            }
            Act::Pause(at) => {
                if let Some(id) = known(at) {
                    unless_refused(club.app().pause(ada, id).await);
                }
            }
            Act::Resume(at) => {
                if let Some(id) = known(at) {
                    unless_refused(club.app().resume(ada, id).await);
                }
            }
            Act::There(at, step) => {
                if let Some(theirs) = self.theirs(*at).await {
                    self.club.shop.vendor.steer_there(&theirs, *step);
                }
            }
            Act::Bank(at, refuses) => {
                if let Some(theirs) = self.theirs(*at).await {
                    self.club.shop.vendor.refuse_charges(&theirs, *refuses);
                }
            }
            Act::Vendor(fault, times) => {
                for _ in 0..*times {
                    club.shop.vendor.will(*fault);
                }
            }
            Act::News(how) => self.news(*how).await,
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

    /// Nothing goes wrong any more, and everybody is asked.
    async fn rest(&self) {
        self.club.shop.vendor.heal();
        for _ in 0..12 {
            self.news(News::Arrive).await;
            self.days(1, 2).await;
        }
        // What is charged at the last moment is heard of, or asked about, a little later.
        self.wait(1_000);
        self.news(News::Arrive).await;
        self.work(2).await;
    }

    async fn check(&self) {
        let (world, subject) = (self.club.world(), self.club.shop.ada.subject());
        let (invoices, payments) = (
            invoices_of(world, subject).await,
            payments_of(world, subject).await,
        );
        assert!(self.club.shop.vendor.acted_twice().is_empty());
        nothing_is_open(&payments);
        self.each_charge_is_one_payment(&payments);
        self.each_period_is_paid_once_and_by_one(&invoices, &payments);
        no_day_is_billed_twice(&invoices, FAMILIES);
        let taken = what_is_owed_adds_up(&invoices, &payments, owed_by(world, subject).await);
        assert_eq!(taken, self.club.taken(), "all that the vendor took is booked");
        self.both_sides_agree().await;
        self.club.shop.ledger_holds().await;
    }

    fn each_charge_is_one_payment(&self, payments: &[PaymentView]) {
        for subscription in self.club.shop.vendor.subscriptions() {
            for charge in &subscription.charges {
                let name = charge.theirs.to_string();
                let of_it: Vec<_> = payments
                    .iter()
                    .filter(|one| one.reference.as_ref() == Some(&name))
                    .collect();
                assert_eq!(of_it.len(), 1, "{charge:?} of {subscription:#?}");
                let payment = of_it[0];
                assert_eq!(payment.captured, charge.amount);
                let theirs = subscription.theirs.as_ref();
                let canceled = theirs.and_then(|theirs| self.canceled.get(theirs));
                let unwanted = canceled.is_some_and(|since| *since < charge.at);
                let explained = match &payment.purpose {
                    Purpose::Invoice { .. } => payment.findings.is_empty() && !unwanted,
                    // It came when nobody agreed to it any more.
                    Purpose::Balance => payment.findings == [Finding::AfterEnd],
                    _ => false,
                };
                assert!(explained, "{payment:#?}");
            }
        }
    }

    fn each_period_is_paid_once_and_by_one(&self, invoices: &[InvoiceView], payments: &[PaymentView]) {
        let charges: Vec<String> = self
            .club
            .shop
            .vendor
            .subscriptions()
            .iter()
            .flat_map(|one| one.charges.iter().map(|charge| charge.theirs.to_string()))
            .collect();
        for invoice in invoices.iter().filter(|one| one.total > 0) {
            let ours = invoice.lines[0].text.as_str().starts_with(&format!("F{OURS}:"));
            let of_it: Vec<_> = payments
                .iter()
                .filter(|one| {
                    matches!(&one.purpose, Purpose::Invoice { invoice: id } if *id == invoice.invoice_id)
                })
                .filter(|one| one.captured.is_positive())
                .collect();
            assert!(of_it.len() <= 1, "{invoice:#?} {of_it:#?}");
            let by_itself =
                |one: &PaymentView| one.reference.as_ref().is_some_and(|name| charges.contains(name));
            assert!(
                of_it.iter().all(|one| by_itself(one) != ours),
                "{invoice:#?} {of_it:#?}"
            );
            if !ours {
                assert_eq!(
                    (of_it.len(), invoice.state),
                    (1, InvoiceState::Paid),
                    "{invoice:#?}"
                );
            }
        }
    }

    /// What is over here charges nothing there, and what is over there is not renewed here.
    async fn both_sides_agree(&self) {
        let there = self.club.shop.vendor.subscriptions();
        let mut ours = Vec::new();
        for id in &self.begun {
            let view = self.view(id).await;
            let Some(collector) = &view.collector else {
                continue;
            };
            ours.extend(collector.reference.clone());
            let state = there
                .iter()
                .find(|one| one.theirs.as_ref().map(ToString::to_string) == collector.reference)
                .map(|one| one.state);
            let over = matches!(
                view.status,
                SubscriptionStatus::Canceled | SubscriptionStatus::Ended | SubscriptionStatus::Canceling
            );
            let charges = matches!(
                state,
                Some(SubscriptionState::Active | SubscriptionState::PastDue)
            );
            assert!(!(over && charges), "{view:#?} {state:?}");
            let ended = state == Some(SubscriptionState::Ended);
            assert!(!ended || over, "{view:#?} {state:?}");
            if view.status == SubscriptionStatus::Active && !view.restricted {
                let late = self.club.now().seconds() - view.current_period_end;
                assert!(late < 2 * 86_400, "a period is behind: {view:#?}");
            }
        }
        for one in &there {
            let known = one.theirs.as_ref().map(ToString::to_string);
            let wanted = known.is_some_and(|name| ours.contains(&name));
            assert!(wanted || one.state == SubscriptionState::Ended, "{one:#?}");
        }
    }
}

#[test]
fn each_charge_of_the_vendor_is_one_invoice_and_one_payment_whatever_happens() {
    let mut config = Config::default();
    // Of `PROPTEST_CASES`, where it is set.
    if config.cases == 256 {
        config.cases = 24;
    }
    config.failure_persistence = None;
    let acts = proptest::collection::vec(act(), 20..50);
    let ahead = select(vec![0_u64, 5]);
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
