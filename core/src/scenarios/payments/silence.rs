//! A vendor whose webhooks do not arrive.

use super::*;
use crate::foundation::table::Batch;
use crate::services::inbox::Handled;

#[tokio::test]
async fn a_vendor_that_was_charged_and_told_nothing_for_half_an_hour_is_silent() {
    let shop = shop().await;
    let silent = async || shop.payments().silent_since("main").await.unwrap();
    assert_eq!(silent().await, None, "nothing was charged");
    let paid = shop.paid("one", &purchase(usd(700))).await;
    let event = shop.vendor.take_events().pop().unwrap();
    shop.world.wait(29 * 60);
    assert_eq!(silent().await, None, "it still has time");
    shop.world.wait(60);
    assert_eq!(silent().await, Some(paid.created_at));
    assert_eq!(shop.payments().silent_since("other").await.unwrap(), None);

    let (mut batch, context) = (Batch::default(), &shop.world.app.context);
    let now = context.clock.now();
    let heard = shop
        .payments()
        .hear(&mut batch, "main", &event, now)
        .await
        .unwrap();
    assert_eq!(heard, Handled::Unchanged);
    context.commit(batch).await.unwrap();
    assert_eq!(silent().await, None, "it has told of it");
    let told = shop
        .payments()
        .timeline(&paid.id)
        .await
        .unwrap()
        .items
        .pop()
        .unwrap();
    assert_eq!(
        (told.kind, told.vendor_event, told.event_result),
        (TimelineKind::Event, Some(event.id), Some(EventResult::Unchanged))
    );
    shop.world.wait(6 * 3_600);
    assert_eq!(silent().await, None, "that is long ago");
}
