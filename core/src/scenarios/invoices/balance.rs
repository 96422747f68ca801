//! Open invoices that are paid out of the balance, however many there are.

use super::super::payments::{balance_payment, usd};
use super::super::plans::monthly;
use super::super::subscriptions::club;
use super::{Shop, order};
use crate::areas::invoices::*;
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
