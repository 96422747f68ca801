//! The ledger in a whole application, whose workers fold it.

use std::time::Duration;

use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Currency, Money};

use crate::areas::ledger::{Cause, CauseId, FOLDING, Sale, Transaction};
use crate::testing::world;

#[tokio::test]
async fn closed_days_are_folded_by_a_task() {
    let world = world().await;
    let usd = Currency::parse("USD").unwrap();
    let amount = Amount::new(Money::new(500, usd)).unwrap();
    let cause = Cause::Order(CauseId::parse("ord_1").unwrap());
    let sale = Transaction::sale(&Sale::untaxed(amount), cause);
    let ada = Subject::parse("usr_ada").unwrap();
    world.app.ledger.record(&ada, &[sale]).await.unwrap();
    let total = async || {
        world
            .app
            .ledger
            .house_totals()
            .await
            .unwrap()
            .remove(0)
            .moved
            .net()
    };
    assert_eq!(total().await, -500);
    world.app.tasks.drain(FOLDING.name).await.unwrap();
    world.clock.advance(Duration::from_hours(24 * 3));
    assert_eq!(world.app.tasks.drain(FOLDING.name).await.unwrap(), 1);
    assert_eq!(total().await, -500);
    // Nothing is left to fold.
    assert_eq!(world.app.ledger.fold().await.unwrap().lines, 0);
}
