//! Money: what was booked after the backup has happened, and is in no backup.

use portcullis_ports::money::{Amount, Currency, Money};

use super::*;
use crate::areas::ledger::{Cause, CauseId, Sale, Transaction};

async fn sell(world: &World, subject: &portcullis_ports::identity::Subject, order: &str) {
    let amount = Amount::new(Money::new(700, Currency::parse("USD").unwrap())).unwrap();
    let cause = Cause::Order(CauseId::parse(order).unwrap());
    let sale = Transaction::sale(&Sale::untaxed(amount), cause);
    world.app.ledger.record(subject, &[sale]).await.unwrap();
}

#[tokio::test]
async fn the_ledger_stays_as_it_is_and_is_whole() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    sell(&world, &ada.subject, "order-1").await;
    let copy = backup(&world).await;
    sell(&world, &ada.subject, "order-2").await;

    let replaced = Replaced::Readable(connected(&world.store));
    let (restored, _) = restore(&world, copy, replaced).await;
    let ledger = &restored.app.ledger;
    let balances = ledger.balances(&ada.subject).await.unwrap();
    assert_eq!(balances[0].owed, 1_400);
    sell(&restored, &ada.subject, "order-3").await;
    let balances = ledger.balances(&ada.subject).await.unwrap();
    assert_eq!(balances[0].owed, 2_100);
}
