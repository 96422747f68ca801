//! Numbers without a gap: from several nodes at once, and across commits that fail or whose answer is lost.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;

use super::*;

/// Two nodes over one store, with the same people.
async fn two_shops() -> [Shop; 2] {
    let Node { clock, memory, .. } = Node::default();
    let vendor = FakePayments::new(clock.clone());
    let node = |seed| Node {
        shared: true,
        seed,
        ..Node::over(memory.clone(), clock.clone())
    };
    let world = Box::pin(world_paying_on(&node(1), settings(), &vendor)).await;
    let one = shop_in(world, Arc::clone(&vendor)).await;
    let world = Box::pin(world_paying_on(&node(2), settings(), &vendor)).await;
    let two = Shop {
        world,
        vendor,
        ada: one.ada.clone(),
        operator: one.operator.clone(),
    };
    [one, two]
}

/// The numbers of a series, in their order.
async fn numbers(shop: &Shop) -> Vec<String> {
    let mut command = ListInvoices::default();
    let mut numbers = Vec::new();
    loop {
        let page = shop.invoices().of_series(None, &command).await.unwrap();
        numbers.extend(page.invoices.into_iter().filter_map(|one| one.number));
        command.cursor = page.next_cursor;
        if command.cursor.is_none() {
            numbers.reverse();
            return numbers;
        }
    }
}

fn counted(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("INV-{number:06}")).collect()
}

#[tokio::test]
async fn two_nodes_at_once_never_skip_nor_double_a_number() {
    let shops = two_shops().await;
    let mut people = vec![shops[0].ada.subject().clone()];
    for number in 0..7 {
        let who = shops[0].world.sign_up(&format!("p{number}@example.com")).await;
        people.push(who.subject.clone());
    }
    let names: Vec<(usize, String)> = (0..40).map(|number| (number, format!("n{number}"))).collect();
    let issued = names.iter().map(async |(number, name)| {
        let shop = &shops[number % 2];
        let order = InvoiceOrder {
            subject: people[number % people.len()].clone(),
            ..taxed(shop, 1_000)
        };
        let command = WriteInvoice { order, issue: true };
        shop.invoices()
            .write(&shop.operator, &key(name), &command)
            .await
            .unwrap()
    });
    let given: BTreeSet<Option<String>> = join_all(issued).await.into_iter().map(|one| one.number).collect();
    assert_eq!(given.len(), 40);
    for shop in &shops {
        assert_eq!(numbers(shop).await, counted(40));
    }
    shops[0].ledger_holds().await;
}

#[tokio::test]
async fn what_is_not_committed_takes_no_number_and_what_lost_its_answer_takes_one() {
    let shop = shop().await;
    let mut written = 0;
    for at in 0..40 {
        let command = WriteInvoice {
            order: order(&shop, 100 + at),
            issue: true,
        };
        let name = key(&format!("n{at}"));
        let lost = at % 3 == 0;
        if lost {
            shop.world.store.commit_then_fail_next();
        } else if at % 3 == 1 {
            shop.world.store.fail_next(usize::try_from(at).unwrap() % 12);
        }
        let first = shop.invoices().write(&shop.operator, &name, &command).await;
        shop.world.store.fail_next(0);
        // Whoever asks again with the key gets the invoice, whether or not the first commit was done.
        let again = shop
            .invoices()
            .write(&shop.operator, &name, &command)
            .await
            .unwrap();
        if let Ok(first) = first {
            assert_eq!(first.invoice_id, again.invoice_id);
        }
        written += 1;
        assert_eq!(again.number, Some(format!("INV-{written:06}")));
    }
    assert_eq!(numbers(&shop).await, counted(written));
    shop.ledger_holds().await;
}
