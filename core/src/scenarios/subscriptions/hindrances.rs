//! What its owner cannot change is no reason to lose a subscription: banks that take days, vendors that are away, freezes.

use portcullis_ports::payments::VendorRef;
use portcullis_ports::testkit::payments::{PaymentFault, methods};

use super::lapses::prove_address;
use super::{Club, DAY, club};
use crate::areas::invoices::InvoiceState;
use crate::areas::ledger::Reason;
use crate::areas::operators::AdjustmentKind;
use crate::areas::payments::Status;
use crate::areas::subscriptions::*;
use crate::foundation::testing::home;
use crate::scenarios::payments::{balance_payment, key, reference, usd};

impl Club {
    /// The vendor's name for the newest payment.
    fn newest(&self) -> VendorRef {
        let payments = self.shop.vendor.payments();
        payments
            .last()
            .and_then(|payment| payment.theirs.clone())
            .unwrap()
    }

    async fn freeze(&self) {
        let (operators, why) = (
            &self.world().app.operators,
            Reason::parse("The bank asks").unwrap(),
        );
        let subject = self.shop.ada.subject();
        operators.freeze(&self.admin, subject, &why).await.unwrap();
    }

    async fn thaw(&self) {
        let (operators, why) = (
            &self.world().app.operators,
            Reason::parse("The bank is content").unwrap(),
        );
        let subject = self.shop.ada.subject();
        operators.thaw(&self.admin, subject, &why).await.unwrap();
    }
}

/// A club whose second period is debited from a bank, which has not decided yet.
async fn debited() -> (Club, SubscriptionView) {
    let club = club().await;
    let card = club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    club.shop.vendor.charge_like(&card, Some(methods::BANK_DEBIT));
    club.days(31).await;
    assert_eq!(club.statuses().await, [Status::Processing, Status::Succeeded]);
    (club, begun)
}

#[tokio::test]
async fn a_bank_may_take_weeks_and_nothing_is_lost_meanwhile() {
    let (club, begun) = debited().await;
    club.days(20).await;
    let now = club.read(&begun).await;
    assert_eq!((now.status, now.restricted), (SubscriptionStatus::Active, false));
    assert_eq!(club.entitled().await, ["projects"]);
    assert_eq!(club.statuses().await, [Status::Processing, Status::Succeeded]);
    assert!(club.shop.vendor.settle(&club.newest()));
    club.days(2).await;
    let now = club.read(&begun).await;
    assert_eq!(
        (now.status, now.open_invoices.len()),
        (SubscriptionStatus::Active, 0)
    );
    assert_eq!((club.taken(), club.owed().await), (6_000, 0));
}

#[tokio::test]
async fn a_debit_that_bounces_after_weeks_leaves_as_much_time_as_any_other() {
    let (club, begun) = debited().await;
    club.days(20).await;
    assert!(club.shop.vendor.bounce(&club.newest()));
    club.days(4).await;
    let behind = club.read(&begun).await;
    assert_eq!(
        (behind.status, behind.restricted),
        (SubscriptionStatus::PastDue, false)
    );
    club.days(4).await;
    assert!(club.read(&begun).await.restricted);
}

#[tokio::test]
async fn a_vendor_that_is_away_for_weeks_is_no_try_that_failed() {
    let club = club().await;
    club.keep_a_card("card").await;
    prove_address(&club).await;
    let begun = club.subscribe("pro").await;
    club.days(29).await;
    for _ in 0..20 {
        club.world().wait(DAY);
        for _ in 0..100 {
            club.shop.vendor.will(PaymentFault::Refused);
        }
        club.work().await;
        club.shop.vendor.heal();
    }
    let now = club.read(&begun).await;
    assert_eq!((now.status, now.restricted), (SubscriptionStatus::Active, false));
    assert!(now.next_try_at.is_some(), "{now:?}");
    assert_eq!(club.entitled().await, ["projects"]);
    let told = club.world().newest_to("ada@example.com").await;
    assert!(!told.subject.contains("failed"), "{}", told.subject);
    club.days(2).await;
    let now = club.read(&begun).await;
    assert_eq!(
        (now.status, now.open_invoices.len()),
        (SubscriptionStatus::Active, 0)
    );
    assert_eq!((club.taken(), club.owed().await), (6_000, 0));
}

#[tokio::test]
async fn the_time_of_a_freeze_does_not_count_against_who_is_frozen() {
    let club = club().await;
    let card = club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    club.days(29).await;
    club.shop
        .vendor
        .charge_like(&card, Some(methods::INSUFFICIENT_FUNDS));
    club.days(2).await;
    assert_eq!(club.read(&begun).await.status, SubscriptionStatus::PastDue);
    club.freeze().await;
    club.days(20).await;
    let tried = club.statuses().await;
    assert!(!club.read(&begun).await.restricted);
    club.thaw().await;
    club.days(1).await;
    // It is tried before anything is lost.
    assert!(club.statuses().await.len() > tried.len());
    assert!(!club.read(&begun).await.restricted);
    club.shop.vendor.charge_like(&card, None);
    club.days(8).await;
    let now = club.read(&begun).await;
    assert_eq!((now.status, now.restricted), (SubscriptionStatus::Active, false));
}

#[tokio::test]
async fn what_ends_ends_though_its_owner_is_frozen_and_nothing_is_charged() {
    let club = club().await;
    let unpaid = club.subscribe("team").await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    club.cancel(&begun, CancelWhen::PeriodEnd, false).await;
    club.freeze().await;
    club.days(2).await;
    let expired = club.read(&unpaid).await;
    assert_eq!(
        (expired.status, expired.end_reason),
        (SubscriptionStatus::Canceled, Some(EndReason::NeverPaid))
    );
    assert_eq!(club.owed().await, 0);
    club.days(30).await;
    assert_eq!(club.read(&begun).await.status, SubscriptionStatus::Ended);
    assert!(club.entitled().await.is_empty());
    assert_eq!(club.taken(), 3_000);
}

#[tokio::test]
async fn credit_that_comes_while_a_bank_decides_pays_only_what_the_bank_does_not() {
    let (club, begun) = debited().await;
    club.shop
        .adjust("credit", AdjustmentKind::Credit, usd(3_000))
        .await;
    club.days(1).await;
    let open = club.invoices().await.pop().unwrap();
    assert_eq!((open.state, open.paid_from_balance), (InvoiceState::Open, 0));
    assert!(club.shop.vendor.bounce(&club.newest()));
    club.days(1).await;
    let paid = club.invoices().await.pop().unwrap();
    assert_eq!((paid.state, paid.paid_from_balance), (InvoiceState::Paid, 3_000));
    assert_eq!(club.read(&begun).await.status, SubscriptionStatus::Active);
    assert_eq!((club.taken(), club.owed().await), (3_000, 0));

    let (club, begun) = debited().await;
    club.shop
        .adjust("credit", AdjustmentKind::Credit, usd(3_000))
        .await;
    assert!(club.shop.vendor.settle(&club.newest()));
    club.days(1).await;
    let paid = club.invoices().await.pop().unwrap();
    assert_eq!((paid.state, paid.paid_from_balance), (InvoiceState::Paid, 0));
    assert_eq!(club.owed().await, -3_000);
    // The credit pays the next period.
    club.days(31).await;
    assert_eq!((club.taken(), club.owed().await), (6_000, 0));
    assert_eq!(club.read(&begun).await.status, SubscriptionStatus::Active);
}

#[tokio::test]
async fn while_the_balance_is_paid_by_hand_the_invoice_waits_and_is_looked_at_again() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    club.world().wait(DAY * 31);
    club.world().app.tasks.drain("renewals").await.unwrap();
    let by_hand = balance_payment(None);
    let payments = club.shop.payments();
    let payment = payments
        .create(&club.shop.ada, &key("by-hand"), &by_hand, &home())
        .await;
    let payment = payment.unwrap();
    club.work().await;
    assert_eq!(club.statuses().await, [Status::RequiresAction, Status::Succeeded]);
    assert!(club.shop.vendor.pay(&reference(&payment)));
    club.shop.complete(&payment).await;
    club.work().await;
    let now = club.read(&begun).await;
    assert_eq!(
        (now.status, now.open_invoices.len()),
        (SubscriptionStatus::Active, 0)
    );
    assert_eq!((club.taken(), club.owed().await), (6_000, 0));
    assert_eq!(club.shop.vendor.payments().len(), 2);
}

#[tokio::test]
async fn another_method_is_another_try_and_the_end_of_the_former_one_says_nothing_of_it() {
    let (club, begun) = debited().await;
    let debit = club.newest();
    club.keep_a_card("other").await;
    let ada = &club.shop.ada;
    let stored = club
        .world()
        .app
        .payment_methods
        .list(ada.subject())
        .await
        .unwrap();
    let other = stored.iter().find(|method| !method.is_default).unwrap();
    let command = ChangeMethod {
        payment_method_id: Some(other.payment_method_id.clone()),
    };
    let id = &begun.subscription_id;
    club.app().change_method(ada, id, &command).await.unwrap();
    club.work().await;
    // One payment at a time collects it.
    assert_eq!(club.statuses().await, [Status::Processing, Status::Succeeded]);
    assert!(club.shop.vendor.bounce(&debit));
    club.days(1).await;
    assert_eq!(
        club.statuses().await,
        [Status::Succeeded, Status::Failed, Status::Succeeded]
    );
    let now = club.read(&begun).await;
    assert_eq!(
        (now.status, now.open_invoices.len()),
        (SubscriptionStatus::Active, 0)
    );
    assert_eq!((club.taken(), club.owed().await), (6_000, 0));
}

#[tokio::test]
async fn a_payment_by_hand_that_is_given_up_is_no_try() {
    let club = club().await;
    let card = club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    club.shop
        .vendor
        .charge_like(&card, Some(methods::INSUFFICIENT_FUNDS));
    club.days(31).await;
    let invoice = club.invoices().await.pop().unwrap();
    let by_hand = club.shop.begin_paying("by-hand", &invoice).await.unwrap();
    // It is due again while the page stands open.
    club.world().wait(DAY * 2);
    club.world().app.tasks.drain("dunning").await.unwrap();
    let payments = club.shop.payments();
    payments
        .cancel(&club.shop.ada, &by_hand.id, &home())
        .await
        .unwrap();
    club.shop.vendor.charge_like(&card, None);
    club.days(1).await;
    let now = club.read(&begun).await;
    assert_eq!(
        (now.status, now.open_invoices.len()),
        (SubscriptionStatus::Active, 0)
    );
}
