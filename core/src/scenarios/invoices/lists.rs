//! Lists of invoices, and whose they are.

use super::*;

#[tokio::test]
async fn lists_are_newest_first_and_hold_ones_own() {
    let shop = shop().await;
    let mut issued = Vec::new();
    for number in 0..5 {
        shop.world.wait(1);
        issued.push(
            shop.issue(&number.to_string(), order(&shop, 1_000))
                .await
                .invoice_id,
        );
    }
    issued.reverse();
    let (mut mine, mut all) = (Vec::new(), Vec::new());
    let (mut here, mut there) = (ListInvoices::default(), ListInvoices::default());
    (here.limit, there.limit) = (Some(2), Some(2));
    loop {
        let page = shop
            .invoices()
            .list(shop.ada.subject(), &here, false)
            .await
            .unwrap();
        mine.extend(page.invoices.into_iter().map(|one| one.invoice_id));
        let series = shop.invoices().of_series(None, &there).await.unwrap();
        all.extend(series.invoices.into_iter().map(|one| one.invoice_id));
        (here.cursor, there.cursor) = (page.next_cursor, series.next_cursor);
        if here.cursor.is_none() {
            break;
        }
    }
    assert_eq!((&mine, &all), (&issued, &issued));
    let bob = shop.world.sign_up("bob@example.com").await;
    let bob = shop.world.session(&bob).await;
    let none = shop
        .invoices()
        .list(bob.subject(), &ListInvoices::default(), false)
        .await
        .unwrap();
    assert!(none.invoices.is_empty());
    let hidden = shop.invoices().get(bob.subject(), &issued[0]).await.unwrap_err();
    assert_eq!(hidden.code(), INVOICE_NOT_FOUND);
    let paying = shop
        .invoices()
        .pay(&bob, &key("theft"), &issued[0], &in_browser(), &home())
        .await
        .unwrap_err();
    assert_eq!(paying.code(), INVOICE_NOT_FOUND);
}
