//! Drafts: nothing is owed for them, they are issued by the rates of that day, and told once.

use std::sync::Arc;

use super::super::subscriptions::club;
use super::*;
use crate::services::audit::Entry;

/// The same shop after a restart, in which so much is asked for the code `standard`, or nobody knows it.
async fn with_rate(shop: Shop, node: &Node, percent: Option<&str>) -> Shop {
    let mut settings = settings();
    match percent {
        Some(percent) => {
            for rate in settings.billing.taxes.values_mut() {
                rate.percent = Percent::parse(percent).unwrap();
            }
        }
        None => settings.billing.taxes.clear(),
    }
    let node = Node::over(node.memory.clone(), node.clock.clone());
    Shop {
        world: Box::pin(world_paying_on(&node, settings, &shop.vendor)).await,
        vendor: Arc::clone(&shop.vendor),
        ..shop
    }
}

#[tokio::test]
async fn a_draft_is_issued_by_the_rates_of_that_day() {
    let node = Node::default();
    let vendor = FakePayments::new(node.clock.clone());
    let world = Box::pin(world_paying_on(&node, settings(), &vendor)).await;
    let shop = shop_in(world, vendor).await;
    let mut drafts = Vec::new();
    for name in ["one", "two", "three"] {
        let order = taxed(&shop, 1_000);
        let command = WriteInvoice { order, issue: false };
        let draft = shop.invoices().write(&shop.operator, &key(name), &command).await;
        drafts.push(draft.unwrap());
    }
    assert_eq!((drafts[0].tax, drafts[0].total), (200, 1_200));
    let ada = shop.ada.subject().clone();
    let issue = async |shop: &Shop, draft: &InvoiceView| {
        let invoices = shop.invoices();
        invoices
            .issue_draft(&shop.operator, &ada, &draft.invoice_id)
            .await
    };
    assert_eq!(issue(&shop, &drafts[0]).await.unwrap().total, 1_200);

    let shop = with_rate(shop, &node, Some("25")).await;
    let issued = issue(&shop, &drafts[1]).await.unwrap();
    assert_eq!((issued.net, issued.tax, issued.total), (1_000, 250, 1_250));
    assert_eq!(issued.taxes[0].percent.as_str(), "25");
    assert_eq!(issued.lines[0].tax, 250);
    assert_eq!(
        issue(&shop, &drafts[0]).await.unwrap().total,
        1_200,
        "that is issued"
    );
    assert_eq!(shop.balance().await.owed, 2_450);
    assert_eq!(shop.house("tax").await, -450);

    let shop = with_rate(shop, &node, None).await;
    let refused = issue(&shop, &drafts[2]).await.unwrap_err();
    assert_eq!(refused.code(), INVOICE_STATE);
    assert!(refused.detail().contains("tax_code"), "{}", refused.detail());
    let left = shop.invoices().show(&ada, &drafts[2].invoice_id).await.unwrap();
    assert_eq!((left.state, left.number), (InvoiceState::Draft, None));
    shop.ledger_holds().await;
}

/// How often an event stands in somebody's history.
async fn told(shop: &Shop, subject: &portcullis_ports::identity::Subject, event: &str) -> Vec<Entry> {
    let mut entries = shop.world.app.audit.entries(subject).await.unwrap();
    entries.retain(|entry| entry.event == event);
    entries
}

#[tokio::test]
async fn that_an_invoice_is_issued_stands_once_in_each_history() {
    let club = club().await;
    let shop = &club.shop;
    let (ada, grace) = (shop.ada.subject(), shop.operator.subject());
    let issued = shop.issue("one", order(shop, 1_000)).await;
    for subject in [ada, grace] {
        let entries = told(shop, subject, "invoice_issued").await;
        assert_eq!(entries.len(), 1, "{entries:?}");
        assert_eq!(entries[0].details["invoice"], issued.invoice_id.as_str());
        assert_eq!(entries[0].details["number"], "INV-000001");
        assert_eq!(entries[0].details["amount"], "10.00 USD");
    }
    let order = order(shop, 1_000);
    let command = WriteInvoice { order, issue: false };
    let draft = shop.invoices().write(&shop.operator, &key("two"), &command).await;
    let draft = draft.unwrap().invoice_id;
    for _ in 0..2 {
        let issued = shop.invoices().issue_draft(&shop.operator, ada, &draft).await;
        issued.unwrap();
    }
    for subject in [ada, grace] {
        assert_eq!(told(shop, subject, "invoice_drafted").await.len(), 1);
        assert_eq!(told(shop, subject, "invoice_issued").await.len(), 2);
    }
    club.subscribe("pro").await;
    assert_eq!(told(shop, ada, "invoice_issued").await.len(), 3);
    assert_eq!(told(shop, grace, "invoice_issued").await.len(), 2);
}
