//! Subscriptions beside invoices, payments and the ledger: every period is billed once, and what is not paid is followed.

mod changes;
mod collected;
mod collected_machine;
mod hindrances;
mod invariants;
mod lapses;
mod machine;
mod safeguards;
mod taxes;
mod unexpected;
mod year;

use std::sync::Arc;

use portcullis_ports::payments::VendorRef;
use portcullis_ports::testkit::payments::FakePayments;
use portcullis_ports::{Span, Timestamp};

use super::payments::{Shop, key, shop_in};
use super::plans::{monthly, plan_id, price};
use crate::areas::invoices::{InvoiceState, InvoiceView, ListInvoices};
use crate::areas::operators::{Operator, Role};
use crate::areas::payment_methods::{BeginSetup, CompleteSetup};
use crate::areas::payments::Settings as Billing;
use crate::areas::plans::{CreatePlan, NewPrice};
use crate::areas::sessions::{self, SignedIn};
use crate::areas::subscriptions::*;
use crate::foundation::limit::Limit;
use crate::foundation::testing::Node;
use crate::scenarios::operators::operator;
use crate::settings::Settings;
use crate::testing::{World, world_paying_on};

pub(super) const DAY: u64 = 86_400;

/// A shop with a plan `pro` for 30 dollars a month, and one `team` for 90.
pub(super) struct Club {
    pub(super) shop: Shop,
    pub(super) admin: Operator,
}

pub(super) fn settings() -> Settings {
    let often = Limit::new(1_000_000, Span::seconds(1));
    Settings {
        // What is done months later needs no other sign-in here.
        sessions: sessions::Settings {
            lifetime: Span::days(3_650),
            idle: Span::days(3_650),
            step_up: Span::days(3_650),
            ..sessions::Settings::default()
        },
        billing: Billing {
            payments_per_account: often,
            looks_per_account: often,
            young_method: Span::seconds(1),
            ..Billing::default()
        },
        ..Settings::default()
    }
}

pub(super) async fn club() -> Club {
    let node = Node::default();
    let vendor = FakePayments::new(node.clock.clone());
    club_on(&node, vendor).await
}

pub(super) async fn club_on(node: &Node, vendor: Arc<FakePayments>) -> Club {
    club_with(node, vendor, settings()).await
}

async fn club_with(node: &Node, vendor: Arc<FakePayments>, settings: Settings) -> Club {
    let world = Box::pin(world_paying_on(node, settings, &vendor)).await;
    let admin = operator(&world, "root@example.com", Role::Admin).await;
    for (id, cents) in [("pro", 3_000), ("team", 9_000)] {
        let plan = monthly(id, cents);
        world.app.plans.create(&admin, &plan).await.unwrap();
    }
    let shop = shop_in(world, vendor).await;
    Club { shop, admin }
}

/// Somebody stores a card. Gives the vendor's name for it.
async fn keep_a_card_of(world: &World, vendor: &FakePayments, who: &SignedIn, name: &str) -> VendorRef {
    let methods = &world.app.payment_methods;
    let begun = methods
        .begin_setup(who, &key(name), &BeginSetup::default())
        .await
        .unwrap();
    let secret = begun.next_action.and_then(|action| action.client_secret).unwrap();
    let theirs = VendorRef::parse(secret.strip_suffix("_secret").unwrap()).unwrap();
    let stored = vendor.enter_marked_card(&theirs, name).unwrap();
    methods
        .complete_setup(who, &begun.setup_id, &CompleteSetup::default())
        .await
        .unwrap();
    world.wait(2);
    stored.reference.theirs
}

impl Club {
    pub(super) fn world(&self) -> &World {
        &self.shop.world
    }

    pub(super) fn app(&self) -> &Subscriptions {
        &self.shop.world.app.subscriptions
    }

    pub(super) fn now(&self) -> Timestamp {
        use portcullis_ports::Clock as _;
        self.shop.world.clock.now()
    }

    /// Ada stores a card, and gives the vendor's name for it.
    pub(super) async fn keep_a_card(&self, name: &str) -> VendorRef {
        keep_a_card_of(self.world(), &self.shop.vendor, &self.shop.ada, name).await
    }

    /// Another plan is offered.
    async fn offer(&self, plan: &CreatePlan) {
        self.world().app.plans.create(&self.admin, plan).await.unwrap();
    }

    /// Every stored method is charged like one of the vendor's test methods.
    fn all_charged_like(&self, like: Option<&'static str>) {
        for method in self.shop.vendor.methods() {
            self.shop.vendor.charge_like(&method.reference.theirs, like);
        }
    }

    async fn change(
        &self,
        name: &str,
        of: &SubscriptionView,
        plan: &str,
        at: ChangeWhen,
    ) -> portcullis_ports::Result<Changed> {
        let command = ChangeSubscription {
            plan_id: plan_id(plan),
            at: Some(at),
            preview: None,
        };
        self.app()
            .change(&self.shop.ada, &key(name), &of.subscription_id, &command)
            .await
    }

    async fn try_to_subscribe(&self, name: &str, plan: &str) -> portcullis_ports::Result<Subscribed> {
        let command = Subscribe {
            plan_id: plan_id(plan),
            currency: None,
            payment_method_id: None,
            collector: None,
            trial: None,
        };
        self.app().subscribe(&self.shop.ada, &key(name), &command).await
    }

    pub(super) async fn subscribe(&self, plan: &str) -> SubscriptionView {
        self.try_to_subscribe(plan, plan).await.unwrap().subscription
    }

    pub(super) async fn read(&self, of: &SubscriptionView) -> SubscriptionView {
        let subject = self.shop.ada.subject();
        self.app().get(subject, &of.subscription_id).await.unwrap()
    }

    pub(super) async fn cancel(
        &self,
        of: &SubscriptionView,
        at: CancelWhen,
        credit: bool,
    ) -> SubscriptionView {
        let command = CancelSubscription {
            at: Some(at),
            credit: Some(credit),
        };
        self.app()
            .cancel(&self.shop.ada, &of.subscription_id, command)
            .await
            .unwrap()
    }

    /// Everything that is due is done.
    pub(super) async fn work(&self) {
        for kind in ["renewals", "dunning", "payments-watch", "renewals", "dunning"] {
            self.world().app.tasks.drain(kind).await.unwrap();
        }
    }

    /// So many days go by, and every day what is due is done.
    pub(super) async fn days(&self, days: u64) {
        for _ in 0..days {
            self.world().wait(DAY);
            self.work().await;
        }
    }

    /// All invoices, oldest first.
    pub(super) async fn invoices(&self) -> Vec<InvoiceView> {
        let subject = self.shop.ada.subject();
        let list = self
            .world()
            .app
            .invoices
            .list(subject, &ListInvoices::default(), false)
            .await
            .unwrap();
        let mut invoices = list.invoices;
        invoices.reverse();
        invoices
    }

    pub(super) async fn totals(&self) -> Vec<i64> {
        self.invoices().await.iter().map(|one| one.total).collect()
    }

    pub(super) async fn entitled(&self) -> Vec<String> {
        let list = self.world().app.entitlements.of(self.shop.ada.subject()).await;
        let list = list.unwrap().entitlements.into_iter();
        list.map(|one| one.name.to_string()).collect()
    }

    /// What Ada owes; less than nothing is to her credit.
    pub(super) async fn owed(&self) -> i64 {
        let balances = self.world().app.ledger.balances(self.shop.ada.subject()).await;
        let balances = balances.unwrap();
        balances.first().map_or(0, |balance| balance.owed)
    }

    pub(super) fn taken(&self) -> i64 {
        let payments = self.shop.vendor.payments();
        payments.iter().map(|payment| payment.captured.minor).sum()
    }
}

#[tokio::test]
async fn the_first_period_is_charged_and_every_month_the_next_on_the_same_day() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    assert_eq!(begun.status, SubscriptionStatus::Active);
    assert_eq!((begun.amount, begun.open_invoices.len()), (3_000, 0));
    assert_eq!(club.entitled().await, ["projects"]);
    // The same key is the same subscription, and a second one to the plan is refused.
    let again = club.try_to_subscribe("pro", "pro").await.unwrap();
    assert_eq!(again.subscription, begun);
    let second = club.try_to_subscribe("other", "pro").await.unwrap_err();
    assert_eq!(second.code(), SUBSCRIPTION_EXISTS);
    let mut end = begun.current_period_end;
    club.days(95).await;
    let now = club.read(&begun).await;
    assert_eq!(club.totals().await, [3_000; 4]);
    assert_eq!((club.taken(), club.owed().await), (12_000, 0));
    assert!(
        club.invoices()
            .await
            .iter()
            .all(|one| one.state == InvoiceState::Paid)
    );
    for _ in 0..3 {
        end += 28 * i64::try_from(DAY).unwrap();
    }
    assert!(now.current_period_end > end && now.renews_at == Some(now.current_period_end));
    assert!(club.shop.vendor.acted_twice().is_empty());
}

#[tokio::test]
async fn what_was_missed_while_nobody_worked_is_billed_once() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    club.world().wait(DAY * 100);
    club.work().await;
    club.work().await;
    assert_eq!(club.totals().await, [3_000; 4]);
    assert_eq!(club.taken(), 12_000);
    let lines: Vec<String> = club
        .invoices()
        .await
        .iter()
        .map(|one| one.lines[0].text.to_string())
        .collect();
    let starts: std::collections::BTreeSet<&String> = lines.iter().collect();
    assert_eq!(starts.len(), 4, "{lines:?}");
    let now = club.read(&begun).await;
    assert!(
        now.current_period_start <= club.now().seconds() && club.now().seconds() < now.current_period_end
    );
}

#[tokio::test]
async fn without_a_method_it_begins_once_its_invoice_is_paid_by_hand() {
    let club = club().await;
    let begun = club.subscribe("pro").await;
    assert_eq!(begun.status, SubscriptionStatus::Incomplete);
    assert!(club.entitled().await.is_empty());
    let invoice = club.invoices().await.remove(0);
    assert_eq!(begun.open_invoices, std::slice::from_ref(&invoice.invoice_id));
    let payment = club.shop.begin_paying("by-hand", &invoice).await.unwrap();
    assert!(club.shop.vendor.pay(&super::payments::reference(&payment)));
    club.shop.complete(&payment).await;
    assert_eq!(club.read(&begun).await.status, SubscriptionStatus::Active);
    assert_eq!(club.entitled().await, ["projects"]);
}

#[tokio::test]
async fn what_is_not_paid_within_a_day_never_began_and_is_not_owed() {
    let club = club().await;
    let begun = club.subscribe("pro").await;
    assert_eq!(club.owed().await, 3_000);
    club.days(2).await;
    let now = club.read(&begun).await;
    assert_eq!(now.status, SubscriptionStatus::Canceled);
    assert_eq!(now.end_reason, Some(EndReason::NeverPaid));
    assert_eq!(club.invoices().await[0].state, InvoiceState::Void);
    assert_eq!(club.owed().await, 0);
    // There is room for another one.
    club.keep_a_card("card").await;
    let again = club.try_to_subscribe("again", "pro").await.unwrap();
    assert_eq!(again.subscription.status, SubscriptionStatus::Active);
}

#[tokio::test]
async fn a_trial_needs_a_method_costs_nothing_and_is_billed_when_it_ends() {
    let club = club().await;
    let tried = CreatePlan {
        trial_days: Some(14),
        ..monthly("tried", 3_000)
    };
    club.world().app.plans.create(&club.admin, &tried).await.unwrap();
    let refused = club.try_to_subscribe("early", "tried").await.unwrap_err();
    assert_eq!(refused.code(), crate::areas::payment_methods::NO_DEFAULT_METHOD);
    club.keep_a_card("card").await;
    let begun = club.subscribe("tried").await;
    assert_eq!(begun.status, SubscriptionStatus::Trialing);
    assert_eq!(begun.trial_end, Some(begun.current_period_end));
    assert_eq!(club.entitled().await, ["projects"]);
    club.days(13).await;
    assert!(club.totals().await.is_empty());
    club.days(2).await;
    let now = club.read(&begun).await;
    assert_eq!((now.status, now.trial_end), (SubscriptionStatus::Active, None));
    assert_eq!(now.current_period_start, begun.current_period_end);
    assert_eq!(club.totals().await, [3_000]);
    assert_eq!(club.taken(), 3_000);
}

#[tokio::test]
async fn two_requests_at_once_make_one_subscription() {
    let club = club().await;
    club.keep_a_card("card").await;
    let (one, other) = futures_util::join!(
        club.try_to_subscribe("one", "pro"),
        club.try_to_subscribe("other", "pro")
    );
    assert!(one.is_ok() != other.is_ok());
    assert_eq!(club.totals().await, [3_000]);
    assert_eq!(club.taken(), 3_000);
}

#[tokio::test]
async fn a_price_of_nothing_makes_no_invoice() {
    let club = club().await;
    let free = CreatePlan {
        prices: vec![NewPrice {
            amount: Some(0),
            ..price("USD", 0)
        }],
        ..monthly("free", 0)
    };
    club.world().app.plans.create(&club.admin, &free).await.unwrap();
    let begun = club.subscribe("free").await;
    assert_eq!(begun.status, SubscriptionStatus::Active);
    club.days(40).await;
    assert!(club.totals().await.is_empty() && club.shop.vendor.payments().is_empty());
    assert!(club.read(&begun).await.current_period_end > begun.current_period_end);
}
