//! Open invoices that are paid out of the balance, however many there are.

use super::super::payments::{balance_payment, reference, usd};
use super::super::plans::monthly;
use super::super::subscriptions::club;
use super::{Shop, order, shop};
use crate::areas::invoices::*;
use crate::areas::operators::AdjustmentKind;
use crate::areas::payments::Status;
use crate::areas::subscriptions::SubscriptionStatus;

impl Shop {
    /// What is left to be paid out of balances is paid.
    pub(super) async fn pay_open(&self) {
        self.world.app.tasks.drain("invoices-from-balance").await.unwrap();
    }

    pub(super) async fn in_state(&self, state: InvoiceState) -> usize {
        let mut command = ListInvoices {
            state: Some(state),
            ..ListInvoices::default()
        };
        let mut found = 0;
        loop {
            let page = self.invoices().list(self.ada.subject(), &command, true).await;
            let page = page.unwrap();
            found += page.invoices.len();
            command.cursor = page.next_cursor;
            if command.cursor.is_none() {
                return found;
            }
        }
    }
}

#[tokio::test]
async fn a_payment_of_the_balance_is_booked_however_many_invoices_it_pays() {
    let club = club().await;
    let shop = &club.shop;
    let mut begun = Vec::new();
    for number in 0..20 {
        let name = format!("plan-{number}");
        let plan = monthly(&name, 1_000);
        club.world().app.plans.create(&club.admin, &plan).await.unwrap();
        begun.push(club.subscribe(&name).await);
    }
    for number in 0..180 {
        shop.issue(&format!("invoice-{number}"), order(shop, 1_000)).await;
    }
    assert_eq!(shop.in_state(InvoiceState::Open).await, 200);
    let part = shop.paid("part", &balance_payment(Some(usd(50_500)))).await;
    assert_eq!(part.status, Status::Succeeded);
    let first = shop.in_state(InvoiceState::Paid).await;
    assert!((1..50).contains(&first), "a few in its commit: {first}");
    shop.pay_open().await;
    assert_eq!(shop.in_state(InvoiceState::Paid).await, 50);

    let whole = shop.paid("rest", &balance_payment(None)).await;
    assert_eq!((whole.status, whole.amount.minor), (Status::Succeeded, 149_500));
    shop.pay_open().await;
    assert_eq!(shop.in_state(InvoiceState::Paid).await, 200);
    for one in &begun {
        assert_eq!(club.read(one).await.status, SubscriptionStatus::Active);
    }
    assert_eq!(club.owed().await, 0);
    shop.ledger_holds().await;
}

#[tokio::test]
async fn what_an_operator_gives_pays_open_invoices_at_once() {
    let club = club().await;
    let shop = &club.shop;
    let begun = club.subscribe("pro").await;
    let first = club.invoices().await.remove(0);
    let second = shop.issue("two", order(shop, 1_000)).await;
    shop.adjust("gift", AdjustmentKind::Credit, usd(3_400)).await;
    let (one, two) = (shop.invoice(&first).await, shop.invoice(&second).await);
    assert_eq!((one.state, one.paid_from_balance), (InvoiceState::Paid, 3_000));
    assert_eq!((two.paid_from_balance, two.due), (400, 600));
    assert_eq!(club.read(&begun).await.status, SubscriptionStatus::Active);
    // What is charged by hand is another debt, and is paid first.
    shop.adjust("charge", AdjustmentKind::Charge, usd(200)).await;
    shop.adjust("gift-again", AdjustmentKind::Credit, usd(500)).await;
    assert_eq!(shop.invoice(&second).await.due, 300);
    shop.ledger_holds().await;
}

#[tokio::test]
async fn an_invoice_that_gives_back_pays_those_that_are_open() {
    let shop = shop().await;
    let open = shop.issue("one", order(&shop, 1_000)).await;
    let back = shop.issue("back", order(&shop, -400)).await;
    assert_eq!((back.state, back.due), (InvoiceState::Paid, 0));
    assert_eq!(shop.invoice(&open).await.due, 600);
    shop.issue("more", order(&shop, -700)).await;
    assert_eq!(shop.invoice(&open).await.state, InvoiceState::Paid);
    assert_eq!(shop.balance().await.owed, -100);
    shop.ledger_holds().await;
}

#[tokio::test]
async fn credit_leaves_an_invoice_to_the_payment_that_collects_it() {
    let shop = shop().await;
    let issued = shop.issue("one", order(&shop, 1_000)).await;
    let begun = shop.begin_paying("pay", &issued).await.unwrap();
    shop.adjust("gift", AdjustmentKind::Credit, usd(1_000)).await;
    let collected = shop.invoice(&issued).await;
    assert_eq!(
        (collected.state, collected.paid_from_balance),
        (InvoiceState::Open, 0)
    );
    assert!(shop.vendor.pay(&reference(&begun)));
    assert_eq!(shop.complete(&begun).await.status, Status::Succeeded);
    let paid = shop.invoice(&issued).await;
    assert_eq!(
        (paid.state, paid.paid_by_payments, paid.paid_from_balance),
        (InvoiceState::Paid, 1_000, 0)
    );
    assert_eq!(shop.balance().await.owed, -1_000, "the gift is still hers");

    // A payment that ends without money leaves it to the credit.
    let next = shop.issue("two", order(&shop, 1_500)).await;
    assert_eq!(next.due, 500);
    let begun = shop.begin_paying("again", &next).await.unwrap();
    shop.adjust("gift-again", AdjustmentKind::Credit, usd(500)).await;
    assert_eq!(shop.invoice(&next).await.due, 500);
    let home = crate::foundation::testing::home();
    shop.payments().cancel(&shop.ada, &begun.id, &home).await.unwrap();
    let paid = shop.invoice(&next).await;
    assert_eq!((paid.state, paid.paid_from_balance), (InvoiceState::Paid, 1_500));
    assert_eq!(shop.balance().await.owed, 0);
    shop.ledger_holds().await;
}
