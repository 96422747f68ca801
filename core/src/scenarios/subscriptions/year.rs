//! A year of many people who subscribe, change and pay while vendors, banks, stores and nodes fail at random.
//!
//! In the end every cent is explained. `PROPTEST_CASES` says how many people there are, and `PROPTEST_RNG_SEED` what is drawn.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::Clock as _;
use portcullis_ports::identity::Subject;
use portcullis_ports::payments::{Handed, PaymentStatus, RefundReason, VendorRef};
use portcullis_ports::testkit::FakeClock;
use portcullis_ports::testkit::payments::{FakePayments, PaymentFault, methods};
use proptest::prelude::Rng as _;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestRng};

use super::invariants::{
    invoices_of, no_day_is_billed_twice, no_invoice_is_paid_twice, no_more_is_given_back_than_came,
    nothing_is_open, owed_by, payments_of, the_present_period_is_billed, what_is_owed_adds_up,
};
use super::{Club, DAY, club_with, keep_a_card_of, settings};
use crate::areas::invoices::{InvoiceState, TaxCode};
use crate::areas::payments::RefundPayment;
use crate::areas::plans::CreatePlan;
use crate::areas::sessions::SignedIn;
use crate::areas::subscriptions::*;
use crate::foundation::calendar::Unit;
use crate::foundation::input::Label;
use crate::foundation::limit::Limit;
use crate::foundation::taxes::{Percent, TaxRate};
use crate::foundation::testing::{Node, home};
use crate::scenarios::payments::{key, reference, usd};
use crate::scenarios::plans::{monthly, plan_id};
use crate::settings::Settings;
use crate::testing::{World, world_paying_on};

const KINDS: [&str; 4] = ["renewals", "dunning", "payments-watch", "invoices-from-balance"];
/// The kinds of plans, each with a small and a large one: by the month, by calendar month, with a trial, by the week, taxed, and
/// one of which money is given back.
const FAMILIES: usize = 6;
/// That of which money is given back.
const GIVEN_BACK: usize = 5;
/// How many people there are where nobody says.
const PEOPLE: u64 = 18;

/// What is drawn.
struct Chance(TestRng);

impl Chance {
    fn seeded(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0.next_u64() % limit.max(1)
    }

    fn index(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(u64::try_from(limit).unwrap())).unwrap()
    }

    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.index(all.len())]
    }
}

/// Somebody with one subscription at a time, to the plans of one family.
struct Member {
    who: SignedIn,
    card: VendorRef,
    family: usize,
    /// The day on which the first one begins.
    joins: u64,
    begun: Vec<SubscriptionId>,
}

impl Member {
    fn subject(&self) -> &Subject {
        self.who.subject()
    }

    fn plan(&self, large: bool) -> String {
        let size = if large { "large" } else { "small" };
        format!("{size}-{}", self.family)
    }
}

/// A new account with a card.
async fn member(club: &Club, number: u64, joins: u64) -> Member {
    let world = club.world();
    let who = world.sign_up(&format!("member{number}@example.com")).await;
    let who = world.session(&who).await;
    let card = keep_a_card_of(world, &club.shop.vendor, &who, &format!("card-{number}")).await;
    Member {
        who,
        card,
        family: usize::try_from(number).unwrap() % FAMILIES,
        joins,
        begun: Vec::new(),
    }
}

struct Year {
    club: Club,
    second: World,
    members: Vec<Member>,
    chance: Chance,
    /// How many keys were used.
    keys: u64,
}

/// What is not refused is done; what is refused is not.
fn unless_refused<T>(answer: portcullis_ports::Result<T>) -> Option<T> {
    answer.ok()
}

fn roomy() -> Settings {
    let mut settings = settings();
    let standard = TaxRate {
        name: "VAT".to_owned(),
        percent: Percent::parse("7.7").unwrap(),
        inclusive: false,
    };
    settings
        .billing
        .taxes
        .insert(TaxCode::parse("standard").unwrap(), standard);
    settings.budgets.sign_up_per_source = Limit::new(1_000_000, portcullis_ports::Span::seconds(1));
    settings
}

impl Year {
    async fn new(people: u64, seed: u64) -> Self {
        let Node { clock, memory, .. } = Node::default();
        let vendor = FakePayments::new(clock.clone());
        let first = Node {
            shared: true,
            ..Node::over(memory.clone(), clock.clone())
        };
        let club = Box::pin(club_with(&first, vendor.clone(), roomy())).await;
        for family in 0..FAMILIES {
            for (size, cents) in [("small", 3_000), ("large", 9_000)] {
                // What is given back passes between plans with other periods and taxes.
                let other = family == GIVEN_BACK && size == "large";
                let plan = CreatePlan {
                    name: Label::parse(&format!("F{family}")).unwrap(),
                    anchor_day: (family == 1).then_some(1),
                    trial_days: (family == 2).then_some(10),
                    interval: if family == 3 || other {
                        Unit::Week
                    } else {
                        Unit::Month
                    },
                    tax_code: (family == 4 || other).then(|| TaxCode::parse("standard").unwrap()),
                    ..monthly(&format!("{size}-{family}"), cents)
                };
                club.offer(&plan).await;
            }
        }
        let (mut chance, mut members) = (Chance::seeded(seed), Vec::new());
        for number in 0..people {
            members.push(member(&club, number, chance.below(30)).await);
        }
        let other = Arc::new(FakeClock::at(clock.now() + Duration::from_secs(3)));
        let node = Node {
            shared: true,
            seed: 2,
            ..Node::over(memory, other)
        };
        let second = Box::pin(world_paying_on(&node, roomy(), &vendor)).await;
        Self {
            club,
            second,
            members,
            chance,
            keys: 0,
        }
    }

    fn key(&mut self) -> crate::services::idempotency::IdempotencyKey {
        self.keys += 1;
        key(&format!("key-{}", self.keys))
    }

    fn wait(&self, seconds: u64) {
        self.club.world().wait(seconds);
        self.second.wait(seconds);
    }

    fn node(&self, at: u64) -> &World {
        if at == 0 { self.club.world() } else { &self.second }
    }

    async fn work(&self, node: u64) {
        for kind in KINDS {
            unless_refused(self.node(node).app.tasks.drain(kind).await);
        }
    }

    async fn subscribe(&mut self, at: usize) {
        let (name, large) = (self.key(), self.chance.once_in(3));
        let member = &self.members[at];
        let plan = plan_id(&member.plan(large));
        let command = Subscribe {
            plan_id: plan.clone(),
            currency: None,
            payment_method_id: None,
            collector: None,
            trial: (member.family == 2 && !member.begun.is_empty()).then_some(false),
        };
        let app = self.club.app();
        unless_refused(app.subscribe(&member.who, &name, &command).await);
        let list = app.list(member.subject(), &ListSubscriptions::default()).await;
        // What was asked for may stand though the answer was lost.
        let newest = list.unwrap().items.into_iter().map(|one| one.subscription_id);
        let fresh: Vec<_> = newest.filter(|id| !member.begun.contains(id)).collect();
        self.members[at].begun.extend(fresh);
    }

    /// Somebody does something with what they have.
    async fn act(&mut self, at: usize) {
        let Some(id) = self.members[at].begun.last().cloned() else {
            return;
        };
        let (name, one, other) = (self.key(), self.chance.once_in(2), self.chance.once_in(2));
        let what = self.chance.below(10);
        let member = &self.members[at];
        let app = self.club.app();
        match what {
            0 | 1 => {
                let command = ChangeSubscription {
                    plan_id: plan_id(&member.plan(one)),
                    at: Some(if other {
                        ChangeWhen::Now
                    } else {
                        ChangeWhen::PeriodEnd
                    }),
                    preview: None,
                };
                unless_refused(app.change(&member.who, &name, &id, &command).await);
            }
            2 => {
                let command = CancelSubscription {
                    at: Some(if one {
                        CancelWhen::Now
                    } else {
                        CancelWhen::PeriodEnd
                    }),
                    credit: Some(true),
                };
                unless_refused(app.cancel(&member.who, &id, command).await);
            }
            3 => drop(unless_refused(app.resume(&member.who, &id).await)),
            4 => drop(unless_refused(app.pause(&member.who, &id).await)),
            5 | 6 => self.pay_by_hand(at, name.as_str(), one).await,
            7 => self.refund(at).await,
            8 if member.family == GIVEN_BACK => self.refund(at).await,
            _ => {
                let like = self.chance.one_of(&[
                    None,
                    None,
                    Some(methods::INSUFFICIENT_FUNDS),
                    Some(methods::STOLEN),
                    Some(methods::AUTHENTICATES),
                    Some(methods::BANK_DEBIT),
                ]);
                self.club.shop.vendor.charge_like(&self.members[at].card, like);
            }
        }
    }

    async fn pay_by_hand(&self, at: usize, name: &str, pays: bool) {
        let (member, shop) = (&self.members[at], &self.club.shop);
        let invoices = invoices_of(&shop.world, member.subject()).await;
        let Some(open) = invoices.iter().find(|one| one.state == InvoiceState::Open) else {
            return;
        };
        let begun = shop.begin_paying_by(&member.who, name, open).await;
        if let Some(begun) = unless_refused(begun)
            && begun.reference.is_some()
            && pays
        {
            shop.vendor.pay(&reference(&begun));
            let handed = Handed::default();
            let payments = shop.payments();
            unless_refused(payments.complete(&member.who, &begun.id, &handed, &home()).await);
        }
    }

    async fn refund(&mut self, at: usize) {
        if self.members[at].family != GIVEN_BACK {
            return;
        }
        let (name, minor) = (self.key(), 1 + i64::try_from(self.chance.below(4_000)).unwrap());
        let (member, shop) = (&self.members[at], &self.club.shop);
        let payments = payments_of(&shop.world, member.subject()).await;
        let paid = payments
            .iter()
            .filter(|one| one.captured.minor > one.refunded.minor);
        let paid: Vec<_> = paid.map(|one| &one.id).collect();
        if paid.is_empty() {
            return;
        }
        let id = paid[self.chance.index(paid.len())];
        let command = RefundPayment {
            amount: Some(usd(minor)),
            reason: RefundReason::Requested,
        };
        let source = home();
        let refunded = shop
            .payments()
            .refund(&shop.operator, &name, id, &command, &source);
        unless_refused(refunded.await);
    }

    /// Some of what the vendor is asked today goes wrong.
    fn vendor_fails(&mut self) {
        let most = u64::try_from(self.members.len()).unwrap() / 10 + 2;
        for _ in 0..self.chance.below(most) {
            let fault = self.chance.one_of(&[
                PaymentFault::Refused,
                PaymentFault::Busy(Duration::from_secs(20)),
                PaymentFault::RequestLost,
                PaymentFault::AnswerLost,
                PaymentFault::ActsThenFails,
                PaymentFault::ActsLate(Duration::from_secs(40)),
            ]);
            self.club.shop.vendor.will(fault);
        }
    }

    /// A node works while its store fails.
    async fn node_crashes(&mut self) {
        let store = Arc::clone(&self.club.world().store);
        if self.chance.once_in(2) {
            store.commit_then_fail_next();
        } else {
            store.fail_next(self.chance.index(60));
        }
        let (node, kind) = (self.chance.below(2), self.chance.one_of(&KINDS));
        unless_refused(self.node(node).app.tasks.drain(kind).await);
        store.fail_next(0);
    }

    /// Banks decide on all debits that wait.
    fn banks_decide(&mut self, refuse: bool) {
        let vendor = &self.club.shop.vendor;
        for payment in vendor.payments() {
            if payment.status == PaymentStatus::Processing
                && let Some(theirs) = &payment.theirs
            {
                if refuse && self.chance.once_in(4) {
                    vendor.bounce(theirs);
                } else {
                    vendor.settle(theirs);
                }
            }
        }
    }

    /// What the vendor posts arrives.
    async fn hear(&self) {
        for event in self.club.shop.vendor.take_events() {
            let payments = &self.club.world().app.payments;
            // A store may still have to lose the answer of one commit: then it is posted again.
            if payments.apply_event("main", &event).await.is_err() {
                payments.apply_event("main", &event).await.unwrap();
            }
        }
    }

    async fn day(&mut self, day: u64) {
        if self.chance.once_in(3) {
            self.vendor_fails();
        }
        for at in 0..self.members.len() {
            let member = &self.members[at];
            if member.joins == day {
                self.subscribe(at).await;
            } else if self.chance.once_in(40) {
                self.act(at).await;
            } else if self.chance.once_in(100) {
                self.subscribe(at).await;
            }
        }
        self.wait(DAY);
        if self.chance.once_in(3) {
            self.node_crashes().await;
        }
        // Now and then nobody works.
        if !self.chance.once_in(20) {
            let node = self.chance.below(2);
            self.work(node).await;
        }
        if self.chance.once_in(4) {
            self.hear().await;
        }
        if day % 7 == 6 {
            self.banks_decide(true);
        }
    }

    /// Nothing goes wrong any more.
    async fn rests(&mut self) {
        self.club.shop.vendor.heal();
        for member in &self.members {
            self.club.shop.vendor.charge_like(&member.card, None);
        }
        for _ in 0..20 {
            self.banks_decide(false);
            self.hear().await;
            self.wait(DAY);
            self.work(0).await;
            self.work(1).await;
        }
    }

    async fn every_cent_is_explained(&self) -> String {
        let (world, vendor) = (self.club.world(), &self.club.shop.vendor);
        assert!(vendor.acted_twice().is_empty());
        let (mut taken, mut issued, mut paid, mut refunded, mut over) = (0, 0, 0, 0, 0);
        for member in &self.members {
            let subject = member.subject();
            let (invoices, payments) = (
                invoices_of(world, subject).await,
                payments_of(world, subject).await,
            );
            nothing_is_open(&payments);
            no_invoice_is_paid_twice(&invoices, &payments);
            taken += what_is_owed_adds_up(&invoices, &payments, owed_by(world, subject).await);
            no_more_is_given_back_than_came(invoices.iter());
            // Of another one after it, days may be billed once more.
            let alone = member.family != GIVEN_BACK && member.begun.len() == 1;
            for id in &member.begun {
                let view = self.club.app().get(subject, id).await.unwrap();
                if alone {
                    the_present_period_is_billed(&view, self.club.now(), &invoices, member.family);
                }
                let is_over = matches!(
                    view.status,
                    SubscriptionStatus::Ended | SubscriptionStatus::Canceled
                );
                over += usize::from(is_over);
            }
            if alone {
                no_day_is_billed_twice(&invoices, FAMILIES);
            }
            issued += invoices.len();
            paid += payments.iter().filter(|one| one.captured.minor > 0).count();
            refunded += payments.iter().filter(|one| one.refunded.minor > 0).count();
        }
        let theirs: i64 = vendor.payments().iter().map(|one| one.captured.minor).sum();
        assert_eq!(taken, theirs, "all that the vendor took is booked");
        let told = format!("{paid} paid, {refunded} given back, {over} over");
        assert!(
            paid > 3 * self.members.len() && refunded > 0 && over > 0,
            "{told}"
        );
        self.club.shop.ledger_holds().await;
        format!(
            "{} people, {issued} invoices, {paid} payments that brought {taken} cents, {refunded} of them given back in \
             part or whole, {over} subscriptions that are over",
            self.members.len()
        )
    }
}

#[test]
fn every_cent_of_a_year_of_subscriptions_is_explained_whatever_fails() {
    let config = Config::default();
    let asked = u64::from(config.cases);
    let people = if asked == 256 { PEOPLE } else { asked };
    let seed = match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => TestRng::deterministic_rng(RngAlgorithm::ChaCha).next_u64(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut year = Box::pin(Year::new(people, seed)).await;
        for day in 0..365 {
            Box::pin(year.day(day)).await;
        }
        Box::pin(year.rests()).await;
        let told = Box::pin(year.every_cent_is_explained()).await;
        // Shown with `--nocapture`.
        eprintln!("seed {seed}: {told}");
    });
}
