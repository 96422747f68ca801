//! What is not paid: tries, notices, what is lost, and what is paid after all.

use portcullis_ports::payments::Expiry;
use portcullis_ports::testkit::payments::{FakePayments, methods};

use super::{Club, DAY, club, club_on};
use crate::areas::accounts::{ResendVerification, VerifyEmail};
use crate::areas::invoices::InvoiceState;
use crate::areas::ledger::Reason;
use crate::areas::payments::Status;
use crate::areas::subscriptions::*;
use crate::foundation::testing::{Node, home, secret};

impl Club {
    /// Days go by, and nobody can pay.
    pub(super) async fn days_without_money(&self, days: u64) {
        self.all_charged_like(Some(methods::INSUFFICIENT_FUNDS));
        self.days(days).await;
        self.all_charged_like(None);
    }

    pub(super) async fn statuses(&self) -> Vec<Status> {
        let filter = crate::areas::payments::Filter::default();
        let list = self
            .shop
            .payments()
            .list(self.shop.ada.subject(), &filter, 100, None)
            .await
            .unwrap();
        list.items.iter().map(|payment| payment.status).collect()
    }
}

#[tokio::test]
async fn a_payment_that_fails_is_tried_again_and_the_subscription_is_good_once_it_succeeds() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    // The month is over, and there is no money for five days.
    club.days(29).await;
    club.days_without_money(5).await;
    let behind = club.read(&begun).await;
    assert_eq!(
        (behind.status, behind.restricted),
        (SubscriptionStatus::PastDue, false)
    );
    assert_eq!(behind.open_invoices.len(), 1);
    assert_eq!(club.entitled().await, ["projects"]);
    assert!(behind.next_try_at.is_some());
    let tried = club.statuses().await;
    let failed = tried.iter().filter(|status| **status == Status::Failed).count();
    assert_eq!(failed, 2 + usize::from(failed > 2), "{tried:?}");
    club.days(6).await;
    let now = club.read(&begun).await;
    assert_eq!(
        (now.status, now.open_invoices.len()),
        (SubscriptionStatus::Active, 0)
    );
    assert_eq!(club.totals().await, [3_000, 3_000]);
    assert_eq!((club.taken(), club.owed().await), (6_000, 0));
}

#[tokio::test]
async fn after_a_week_it_entitles_to_nothing_and_after_two_it_ends() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    club.days(29).await;
    club.days_without_money(9).await;
    let restricted = club.read(&begun).await;
    assert!(restricted.restricted, "{restricted:?}");
    assert!(club.entitled().await.is_empty());
    club.days_without_money(8).await;
    let over = club.read(&begun).await;
    assert_eq!(over.status, SubscriptionStatus::Canceled);
    assert_eq!(over.end_reason, Some(EndReason::Unpaid));
    let before = club.statuses().await.len();
    // What is over is not tried any more, and what was served is still owed.
    club.days(30).await;
    assert_eq!(club.statuses().await.len(), before);
    assert_eq!((club.taken(), club.owed().await), (3_000, 3_000));
    assert_eq!(club.totals().await, [3_000, 3_000]);
}

#[tokio::test]
async fn what_cannot_be_charged_is_not_tried_until_there_is_another_method() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    let ada = &club.shop.ada;
    let methods = &club.world().app.payment_methods;
    let stored = methods.list(ada.subject()).await.unwrap();
    methods.remove(ada, &stored[0].payment_method_id).await.unwrap();
    club.days(34).await;
    let behind = club.read(&begun).await;
    assert_eq!(
        (behind.status, behind.next_try_at),
        (SubscriptionStatus::PastDue, None)
    );
    // The first period was paid, and nothing was asked of the vendor since.
    assert_eq!(club.statuses().await, [Status::Succeeded]);
    club.keep_a_card("other").await;
    let stored = methods.list(ada.subject()).await.unwrap();
    let command = ChangeMethod {
        payment_method_id: Some(stored[0].payment_method_id.clone()),
    };
    let subscriptions = &club.world().app.subscriptions;
    subscriptions
        .change_method(ada, &begun.subscription_id, &command)
        .await
        .unwrap();
    club.work().await;
    let now = club.read(&begun).await;
    assert_eq!(
        (now.status, now.open_invoices.len()),
        (SubscriptionStatus::Active, 0)
    );
    assert_eq!(club.taken(), 6_000);
}

#[tokio::test]
async fn paying_by_hand_ends_it_at_once_and_what_was_not_served_is_not_billed() {
    let club = club().await;
    club.keep_a_card("card").await;
    let weekly = crate::areas::plans::CreatePlan {
        interval: crate::foundation::calendar::Unit::Week,
        ..crate::scenarios::plans::monthly("weekly", 1_000)
    };
    club.world().app.plans.create(&club.admin, &weekly).await.unwrap();
    let begun = club.subscribe("weekly").await;
    club.days(6).await;
    club.days_without_money(12).await;
    let restricted = club.read(&begun).await;
    assert!(restricted.restricted, "{restricted:?}");
    let open = club.invoices().await;
    for invoice in open.iter().filter(|invoice| invoice.state == InvoiceState::Open) {
        let name = format!("by-hand-{}", invoice.invoice_id);
        let payment = club.shop.begin_paying(&name, invoice).await.unwrap();
        assert!(
            club.shop
                .vendor
                .pay(&crate::scenarios::payments::reference(&payment))
        );
        club.shop.complete(&payment).await;
    }
    let now = club.read(&begun).await;
    assert_eq!((now.status, now.restricted), (SubscriptionStatus::Active, false));
    assert_eq!(club.entitled().await, ["projects"]);
    club.work().await;
    let now = club.read(&begun).await;
    assert!(now.current_period_start <= club.now().seconds());
    assert!(club.now().seconds() < now.current_period_end);
    assert_eq!(club.owed().await, 0);
}

#[tokio::test]
async fn a_frozen_customer_is_neither_billed_nor_loses_anything() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    let operators = &club.world().app.operators;
    let why = Reason::parse("The bank asks").unwrap();
    let subject = club.shop.ada.subject();
    operators.freeze(&club.admin, subject, &why).await.unwrap();
    club.days(40).await;
    assert_eq!(club.read(&begun).await.status, SubscriptionStatus::Active);
    assert_eq!(club.totals().await, [3_000]);
    operators.thaw(&club.admin, subject, &why).await.unwrap();
    club.days(1).await;
    assert_eq!(club.totals().await, [3_000, 3_000]);
    assert_eq!(club.taken(), 6_000);
}

#[tokio::test]
async fn whoever_owns_it_is_told_what_helps() {
    let club = club().await;
    club.keep_a_card("card").await;
    prove_address(&club).await;
    let begun = club.subscribe("pro").await;
    club.days(29).await;
    club.days_without_money(2).await;
    let told = club.world().newest_to("ada@example.com").await;
    assert!(told.subject.contains("a payment failed"), "{}", told.subject);
    assert!(told.text.contains("tried again on"), "{}", told.text);
    club.days(5).await;
    assert_eq!(club.read(&begun).await.status, SubscriptionStatus::Active);
    club.cancel(&begun, CancelWhen::PeriodEnd, false).await;
    club.days(32).await;
    let told = club.world().newest_to("ada@example.com").await;
    assert!(told.subject.contains("has ended"), "{}", told.subject);
    assert!(told.text.contains("as you asked for"), "{}", told.text);
}

#[tokio::test]
async fn a_card_that_will_have_expired_is_told_of_once_before_that() {
    let club = club().await;
    let card = club.keep_a_card("card").await;
    prove_address(&club).await;
    club.subscribe("pro").await;
    club.days(31).await;
    // The second period ends on 21 November 2026.
    assert!(club.shop.vendor.change_method(&card, |method| {
        method.expires = Some(Expiry {
            year: 2026,
            month: 10,
        });
    }));
    for event in club.shop.vendor.take_events() {
        let methods = &club.world().app.payment_methods;
        methods.apply_event("main", &event).await.unwrap();
    }
    club.days(22).await;
    let before = club.world().newest_to("ada@example.com").await;
    assert!(!before.subject.contains("expire"), "{}", before.subject);
    club.days(2).await;
    let told = club.world().newest_to("ada@example.com").await;
    assert!(told.subject.contains("about to expire"), "{}", told.subject);
    assert!(
        told.text.contains("10/2026") && told.text.contains("2026-11-21"),
        "{}",
        told.text
    );
    club.days(4).await;
    club.world().newest_to("ada@example.com").await;
    let sent = club.world().post.sent();
    let told = sent
        .iter()
        .filter(|mail| mail.subject.contains("about to expire"));
    assert_eq!(told.count(), 1);
}

/// Ada proves her address, so that she can be written to.
pub(super) async fn prove_address(club: &Club) {
    let accounts = &club.world().app.accounts;
    let again = ResendVerification {
        email: Some("ada@example.com".parse().unwrap()),
        sign_up_id: None,
    };
    accounts.resend_verification(again, &home()).await.unwrap();
    let command = VerifyEmail {
        email: Some("ada@example.com".parse().unwrap()),
        sign_up_id: None,
        code: secret(&club.world().code_to("ada@example.com").await),
        password: None,
    };
    accounts.verify_email(command, &home()).await.unwrap();
}

#[tokio::test]
async fn two_nodes_bill_a_period_once() {
    let Node { clock, memory, .. } = Node::default();
    let vendor = FakePayments::new(clock.clone());
    let node = |seed| Node {
        shared: true,
        seed,
        ..Node::over(memory.clone(), clock.clone())
    };
    let first = club_on(&node(1), vendor.clone()).await;
    first.keep_a_card("card").await;
    first.subscribe("pro").await;
    let second = Box::pin(crate::testing::world_paying_on(
        &node(2),
        super::settings(),
        &vendor,
    ))
    .await;
    for _ in 0..65 {
        first.world().wait(DAY);
        for kind in ["renewals", "dunning"] {
            let (one, other) =
                futures_util::join!(first.world().app.tasks.drain(kind), second.app.tasks.drain(kind));
            one.unwrap();
            other.unwrap();
        }
    }
    assert_eq!(first.totals().await, [3_000; 3]);
    assert_eq!(first.taken(), 9_000);
    assert!(vendor.acted_twice().is_empty());
}
