//! What the vendor tells: in any order, any number of times, early, late, or of somebody else.

use std::collections::BTreeMap;

use portcullis_ports::payments::{
    DisputeKind, DisputeStatus, EventOrigin, EventTopic, EvidenceDocument, EvidenceField, PaymentEvent,
    RefundReason,
};

use super::*;
use crate::services::inbox::Handled;

async fn told(shop: &Shop, event: &PaymentEvent) -> Handled {
    shop.payments().apply_event("main", event).await.unwrap()
}

#[tokio::test]
async fn events_wake_and_their_order_and_number_change_nothing() {
    for backwards in [false, true] {
        let shop = shop().await;
        shop.charge(usd(1_000)).await;
        let begun = shop.begin("one", &balance_payment(None)).await;
        shop.vendor.pay(&reference(&begun));
        shop.vendor
            .refund_at_vendor(&reference(&begun), usd(100).get())
            .unwrap();
        shop.vendor
            .dispute(&reference(&begun), DisputeKind::Chargeback)
            .unwrap();
        let mut events = shop.vendor.take_events();
        if backwards {
            events.reverse();
        }
        let mut news = Vec::new();
        for event in events.iter().chain(&events) {
            news.push(told(&shop, event).await);
        }
        assert!(news.contains(&Handled::Applied));
        assert!(news.ends_with(&[Handled::Unchanged]), "{news:?}");
        let known = shop.get(&begun).await;
        assert_eq!(
            (known.status, known.captured.minor, known.refunded.minor),
            (Status::Succeeded, 1_000, 100)
        );
        assert_eq!(known.disputes.len(), 1);
        assert_eq!(
            known.findings,
            [Finding::RefundFromElsewhere, Finding::GivenBackTooMuch]
        );
        assert_eq!(
            shop.balance().await.owed,
            1_100,
            "what was given back and what a bank took back is owed again"
        );
    }
}

#[tokio::test]
async fn what_is_of_another_account_or_about_nothing_here_moves_nothing() {
    let shop = shop().await;
    let begun = shop.begin("one", &purchase(usd(700))).await;
    shop.vendor.pay(&reference(&begun));
    let event = shop.vendor.take_events().pop().unwrap();
    for origin in [EventOrigin::ForeignMode, EventOrigin::ForeignAccount] {
        let foreign = PaymentEvent {
            origin,
            ..event.clone()
        };
        assert_eq!(told(&shop, &foreign).await, Handled::Foreign);
    }
    let other = PaymentEvent {
        topic: EventTopic::Other("balance.available".to_owned()),
        ..event.clone()
    };
    assert_eq!(told(&shop, &other).await, Handled::Ignored);
    let unknown = PaymentEvent {
        attempt: None,
        payment: Some(VendorRef::parse("pi_of_somebody_else").unwrap()),
        ..event.clone()
    };
    assert_eq!(told(&shop, &unknown).await, Handled::Parked);
    assert_eq!(shop.get(&begun).await.status, Status::RequiresAction);
    let by_its_name = PaymentEvent {
        attempt: None,
        ..event
    };
    assert_eq!(told(&shop, &by_its_name).await, Handled::Applied);
}

#[tokio::test]
async fn what_a_payer_approved_is_taken_once_whoever_learns_of_it_and_not_after_it_was_called_off() {
    let shop = shop().await;
    let by_event = shop.begin("one", &purchase(usd(700))).await;
    shop.vendor.take_events();
    assert!(shop.vendor.approve(&reference(&by_event)));
    for event in shop.vendor.take_events() {
        assert_eq!(told(&shop, &event).await, Handled::Applied);
    }
    let by_watch = shop.begin("two", &purchase(usd(800))).await;
    assert!(shop.vendor.approve(&reference(&by_watch)));
    shop.world.wait(3_600);
    shop.watch().await;
    let by_payer = shop.begin("three", &purchase(usd(900))).await;
    assert!(shop.vendor.approve(&reference(&by_payer)));
    shop.complete(&by_payer).await;
    for (payment, taken) in [(&by_event, 700), (&by_watch, 800), (&by_payer, 900)] {
        let known = shop.complete(payment).await;
        assert_eq!((known.status, known.captured.minor), (Status::Succeeded, taken));
        assert_eq!(shop.vendor.captured_for(&payment.id), taken);
    }

    let off = shop.begin("four", &purchase(usd(600))).await;
    let canceled = shop.payments().cancel(&shop.ada, &off.id, &home()).await.unwrap();
    assert_eq!(canceled.status, Status::Canceled);
    shop.vendor.take_events();
    assert!(
        shop.vendor.approve(&reference(&off)),
        "the vendor lets it be approved"
    );
    for event in shop.vendor.take_events() {
        told(&shop, &event).await;
    }
    let known = shop.complete(&off).await;
    assert_eq!((known.status, known.captured.minor), (Status::Canceled, 0));
    assert_eq!(shop.vendor.captured_for(&off.id), 0);
}

#[tokio::test]
async fn an_event_that_names_a_part_alone_reaches_its_payment() {
    let shop = shop().await;
    let paid = shop.paid("one", &purchase(usd(700))).await;
    shop.vendor
        .refund_at_vendor(&reference(&paid), usd(200).get())
        .unwrap();
    let event = shop.vendor.take_events().pop().unwrap();
    let part = PaymentEvent {
        payment: event.theirs.clone(),
        attempt: None,
        ..event
    };
    assert_eq!(part.topic, EventTopic::Refund);
    assert_eq!(told(&shop, &part).await, Handled::Applied);
    assert_eq!(shop.get(&paid).await.refunded.minor, 200);
}

#[tokio::test]
async fn an_event_that_comes_while_the_answer_is_awaited_is_believed_and_the_answer_is_not_applied_twice() {
    let shop = shop().await;
    shop.charge(usd(500)).await;
    shop.vendor
        .will(portcullis_ports::testkit::payments::PaymentFault::AnswerLost);
    let begun = shop.begin("one", &balance_payment(None)).await;
    assert_eq!(begun.status, Status::Unknown);
    let theirs = shop.vendor.payments()[0].theirs.clone().unwrap();
    shop.vendor.pay(&theirs);
    for event in shop.vendor.take_events() {
        told(&shop, &event).await;
    }
    let known = shop.get(&begun).await;
    assert_eq!((known.status, known.captured.minor), (Status::Succeeded, 500));
    assert_eq!(shop.balance().await.owed, 0);
}

/// A document of so many bytes.
fn pdf(bytes: usize) -> DisputeFile {
    let mut held = b"%PDF-1.7\n".to_vec();
    held.resize(bytes - 6, b' ');
    held.extend_from_slice(b"%%EOF\n");
    DisputeFile::new(held).unwrap()
}

#[tokio::test]
async fn a_dispute_is_answered_once_and_only_while_it_can_be() {
    let shop = shop().await;
    let paid = shop.paid("one", &purchase(usd(700))).await;
    shop.vendor
        .dispute(&reference(&paid), DisputeKind::Chargeback)
        .unwrap();
    let contested = shop.complete(&paid).await;
    let dispute = contested.disputes[0].id.clone();
    let evidence = DisputeAnswer::Evidence {
        texts: BTreeMap::from([(EvidenceField::AccessLog, "signed in ten times".to_owned())]),
        files: BTreeMap::from([(EvidenceDocument::Receipt, pdf(100))]),
        submit: true,
    };
    let payments = shop.payments();
    let answer = async |payment: &PaymentView| {
        payments
            .answer_dispute(&shop.operator, (&payment.id, &dispute), &evidence, &home())
            .await
    };
    let much = [EvidenceDocument::Receipt, EvidenceDocument::Other].map(|about| (about, pdf(600_000)));
    let too_much = DisputeAnswer::Evidence {
        texts: BTreeMap::new(),
        files: BTreeMap::from(much),
        submit: true,
    };
    let refused = payments
        .answer_dispute(&shop.operator, (&paid.id, &dispute), &too_much, &home())
        .await;
    assert_eq!(refused.unwrap_err().fields()[0].pointer, "/files");
    assert!(shop.vendor.files().is_empty());
    let answered = answer(&paid).await.unwrap();
    assert_eq!(shop.vendor.files(), ["receipt.pdf"]);
    assert!(answered.disputes[0].answered);
    assert_eq!(answered.disputes[0].status, DisputeStatus::UnderReview);
    assert_eq!(answer(&paid).await.unwrap_err().code(), DISPUTE_CLOSED);
    let other = shop.paid("two", &purchase(usd(700))).await;
    assert_eq!(answer(&other).await.unwrap_err().code(), PAYMENT_NOT_FOUND);
    let command = RefundPayment {
        amount: None,
        reason: RefundReason::Requested,
    };
    let refunded = payments
        .refund(&shop.operator, &key("r"), &paid.id, &command, &home())
        .await;
    assert_eq!(refunded.unwrap_err().code(), REFUND_EXCEEDS_PAYMENT);
}
