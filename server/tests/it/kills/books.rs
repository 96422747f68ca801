//! The books of both sides, held against each other: those of this service, and those of the simulator.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use portcullis_core::App;
use portcullis_core::inbox::EventState;
use portcullis_core::ledger::{Finding, HouseAccount};
use portcullis_core::payments::{Filter, PaymentView, RefundState, Status};
use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::{Collection, Scan, Storage};
use portcullis_ports::testkit::payments::Counterparty as _;
use portcullis_server::compose::{connect_all, dependencies};
use portcullis_server::system::runtime;
use serde_json::Value;

use super::shop::Shop;
use super::stripe::Stripe;
use crate::program::PATIENCE;
use crate::setup::Setup;

const TASKS: Collection = Collection {
    name: "tasks",
    table: "tasks",
    variable: "TASKS_TABLE_NAME",
};

/// The use cases over the store of a program that does not run, on the time of the simulator.
pub(super) struct Books {
    pub(super) app: App,
    scan: Arc<dyn Scan>,
}

impl Books {
    pub(super) async fn open(setup: &Setup, stripe: &Stripe) -> Self {
        let config = setup.validated();
        let mut runtime = runtime().unwrap();
        runtime.clock = Arc::clone(&stripe.clock) as Arc<_>;
        let url = config.server.public_url.clone();
        let connected = connect_all(config.plugins, url.as_ref(), &runtime, PATIENCE).await;
        let connected = connected.unwrap_or_else(|why| panic!("{why}"));
        let scan = Arc::clone(&connected.one::<Storage>().unwrap().scan);
        let dependencies = dependencies(connected, &runtime, url.as_ref(), config.texts);
        let app = App::open(dependencies, config.settings).await.unwrap();
        Self { app, scan }
    }

    /// Everything of somebody, with refunds and disputes.
    async fn payments(&self, subject: &Subject) -> Vec<PaymentView> {
        let payments = &self.app.payments;
        let (filter, mut all, mut cursor) = (Filter::default(), Vec::new(), None);
        loop {
            let page = payments.list(subject, &filter, 200, cursor.as_ref());
            let page = page.await.unwrap();
            for line in page.items {
                all.push(payments.get(subject, &line.id).await.unwrap());
            }
            cursor = page.next;
            if cursor.is_none() {
                return all;
            }
        }
    }

    /// The names of all tasks of a kind that wait, run or were given up.
    async fn tasks(&self, kind: &str) -> BTreeSet<String> {
        let (mut ids, mut after) = (BTreeSet::new(), None::<String>);
        loop {
            let page = self.scan.scan(&TASKS, after.as_deref(), 200).await.unwrap();
            for record in &page.records {
                let body: Value = serde_json::from_str(&record.body).unwrap();
                if body["kind"] == kind {
                    ids.extend(body["id"].as_str().map(str::to_owned));
                }
            }
            after = page.next;
            if after.is_none() {
                return ids;
            }
        }
    }

    /// Whatever a killed program had in hands has somebody who looks after it. Gives how many those are.
    pub(super) async fn nothing_is_forgotten(&self, subjects: &[Subject]) -> usize {
        let tasks = self.tasks("payments-watch").await;
        let mut open = 0;
        for subject in subjects {
            for payment in self.payments(subject).await {
                let refunds = payment.refunds.iter();
                let mut refunds = refunds.filter(|refund| {
                    matches!(
                        refund.state,
                        RefundState::Sending | RefundState::Unknown | RefundState::Pending
                    )
                });
                if payment.status.is_final() && refunds.next().is_none() {
                    continue;
                }
                open += 1;
                let known = tasks.iter().any(|task| task.contains(payment.id.as_str()));
                assert!(known, "nobody looks after it: {payment:#?}");
            }
        }
        open
    }

    /// Everything that both sides say at rest.
    pub(super) async fn agree(&self, shop: &Shop, subjects: &[Subject]) {
        let mut ours: BTreeMap<String, PaymentView> = BTreeMap::new();
        for subject in subjects {
            let mut held = 0;
            for payment in self.payments(subject).await {
                self.agrees(shop, &payment).await;
                if payment.purpose.pays_debt() && !payment.status.is_final() && payment.captured.minor == 0 {
                    held += payment.amount.minor;
                }
                ours.insert(payment.id.to_string(), payment);
            }
            for balance in self.app.ledger.balances(subject).await.unwrap() {
                assert_eq!(i64::try_from(balance.credits_pending).unwrap(), held, "{subject}");
            }
        }
        nobody_was_charged_twice(shop, &ours);
        self.the_processor_account_is_their_balance(shop).await;
        let dead = self.app.tasks.dead_letters().await.unwrap();
        assert!(dead.is_empty(), "{dead:#?}");
        for state in [
            EventState::Stored,
            EventState::Foreign,
            EventState::Parked,
            EventState::Unmatched,
            EventState::Dead,
        ] {
            let events = self.app.inbox.list(state).await.unwrap();
            assert!(events.is_empty(), "{state:?}: {:#?}", events.first());
        }
    }

    /// Every account and every history proves itself.
    pub(super) async fn are_intact(&self) {
        let ledgers = self.app.ledgers(Arc::clone(&self.scan));
        let found = &mut |finding: &Finding| panic!("{finding:?}");
        ledgers.verify_all(None, found).await.unwrap();
    }

    async fn agrees(&self, shop: &Shop, payment: &PaymentView) {
        let stripe = &shop.stripe.simulator;
        let taken = stripe.captured(&payment.id);
        assert!(taken.len() < 2, "it was taken twice: {taken:?} {payment:#?}");
        assert_eq!(
            payment.captured.minor,
            taken.iter().sum::<i64>(),
            "what was taken is booked: {payment:#?}"
        );
        assert!(
            !matches!(payment.status, Status::Sending | Status::Capturing),
            "nobody is asked any more: {payment:#?}"
        );
        if payment.status == Status::Unknown {
            let open = self
                .app
                .payments
                .open(&Filter::default(), 200, None)
                .await
                .unwrap();
            let listed = open.items.iter().any(|one| one.id == payment.id);
            assert!(listed, "an operator is to decide: {payment:#?}");
        }
        for refund in &payment.refunds {
            assert!(
                stripe.refunded(&refund.id).len() < 2,
                "given back twice: {payment:#?}"
            );
            assert!(
                !matches!(refund.state, RefundState::Sending | RefundState::Unknown),
                "{payment:#?}"
            );
        }
        let Some(intent) = payment.reference.as_ref().filter(|name| name.starts_with("pi_")) else {
            assert_eq!(taken, [0; 0]);
            return;
        };
        let refunds = shop.stripe.list(&format!("/v1/refunds?payment_intent={intent}"));
        let given: i64 = refunds
            .iter()
            .filter(|refund| refund["status"] == "succeeded")
            .map(|refund| refund["amount"].as_i64().unwrap())
            .sum();
        assert_eq!(
            payment.refunded.minor, given,
            "what was given back is booked: {payment:#?}"
        );
        let asked = refunds
            .iter()
            .filter(|refund| refund["metadata"] != serde_json::json!({}));
        let amounts: Vec<i64> = asked.map(|refund| refund["amount"].as_i64().unwrap()).collect();
        let distinct: BTreeSet<&i64> = amounts.iter().collect();
        assert_eq!(
            amounts.len(),
            distinct.len(),
            "one key gives back once: {payment:#?} {amounts:?}"
        );
    }

    /// What Stripe owes us by our books is what it says that it has for us.
    async fn the_processor_account_is_their_balance(&self, shop: &Shop) {
        let balance = shop.stripe.read("/v1/balance");
        let mut theirs: BTreeMap<String, i64> = BTreeMap::new();
        for part in ["available", "pending"] {
            for sum in balance[part].as_array().unwrap() {
                let currency = sum["currency"].as_str().unwrap().to_uppercase();
                *theirs.entry(currency).or_default() += sum["amount"].as_i64().unwrap();
            }
        }
        let mut ours: BTreeMap<String, i64> = BTreeMap::new();
        for total in self.app.ledger.house_totals().await.unwrap() {
            if matches!(total.account, HouseAccount::Processor(_)) {
                *ours.entry(total.currency.to_string()).or_default() += total.moved.net();
            }
        }
        theirs.retain(|_, sum| *sum != 0);
        ours.retain(|_, sum| *sum != 0);
        assert_eq!(ours, theirs, "the processor account is the vendor's balance");
    }
}

/// Each key has an amount of its own, so that two of the vendor's payments of one amount are two for one key.
fn nobody_was_charged_twice(shop: &Shop, ours: &BTreeMap<String, PaymentView>) {
    let mut amounts = BTreeSet::new();
    for intent in shop.stripe.list("/v1/payment_intents") {
        if intent["amount_received"] == 0 {
            continue;
        }
        let amount = intent["amount"].as_i64().unwrap();
        assert!(amounts.insert(amount), "{amount} was taken twice");
        let attempt = intent["metadata"]["portcullis_attempt"].as_str().unwrap();
        let payment = attempt.rsplit_once('.').unwrap().0;
        assert!(ours.contains_key(payment), "nobody here knows of {intent:#}");
    }
    for intent in shop.intents().iter() {
        for id in &intent.payments {
            let known = ours
                .get(id)
                .unwrap_or_else(|| panic!("{id} was answered and is gone"));
            assert_eq!(PaymentId::parse(id).unwrap(), known.id);
        }
    }
    assert!(!amounts.is_empty(), "nobody paid anything");
}

/// The settings of the program, and of whoever reads its store.
pub(super) fn write_settings(setup: &Setup, text: &str) {
    let data = setup.path("data");
    std::fs::create_dir_all(&data).unwrap();
    let file: &Path = &data.join("portcullis.toml");
    std::fs::write(file, text).unwrap();
}
