//! Orders that a payer approves at PayPal: return and cancel, capture by us, what may come between.

use std::time::Duration;

use futures_util::future::join_all;
use portcullis_ports::outcome::Outcome;
use portcullis_ports::payments::{
    Capture, CaptureOrder, DeclineClass, MethodKind, NextAction, PaymentStatus, Presence, Return, Reuse,
    Source, Withdrawal,
};
use portcullis_ports::testkit::Fault;
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use portcullis_provider_paypal::simulator::Behaviour;
use serde_json::Value;

use crate::account::{Account, declined, done, pending, present, usd};

#[tokio::test]
async fn a_payer_is_sent_to_paypal_and_back_and_the_money_moves_by_our_call() {
    let account = Account::new().await;
    for source in [Source::Fresh { save: false }, Source::HostedPage] {
        let order = account.order(source, present());
        let open = pending(account.charge(&order).await);
        assert_eq!(open.status, PaymentStatus::RequiresAction);
        let Some(NextAction::Redirect { url }) = &open.action else {
            panic!("{open:?}");
        };
        assert!(url.contains("/checkoutnow?token="), "{url}");
        let body: Value = serde_json::from_slice(&account.client.exchanges().last().unwrap().0.body).unwrap();
        let pages = &body["payment_source"]["paypal"]["experience_context"];
        assert_eq!(pages["return_url"], "https://gate.example.com/billing/return/1");
        assert_eq!(pages["cancel_url"], "https://gate.example.com/billing/cancel/1");
        assert_eq!(
            (&pages["user_action"], &pages["shipping_preference"]),
            (&"PAY_NOW".into(), &"NO_SHIPPING".into())
        );
        assert!(account.vendor.does(Deed::Pays(open.theirs.as_ref().unwrap())));
        let approved = account.now(&open, &order).await;
        assert_eq!(
            (approved.status, &approved.action),
            (PaymentStatus::RequiresAction, &None),
            "it waits for us"
        );
        assert_eq!(account.vendor.captured(&order.id.payment), [0; 0]);
        let taken = done(account.complete(&order, &open).await);
        assert_eq!(
            (taken.status, taken.captured),
            (PaymentStatus::Succeeded, usd(2_000).get())
        );
    }
}

#[tokio::test]
async fn whoever_completes_and_under_whatever_key_it_is_captured_once() {
    let account = Account::new().await;
    let order = account.fresh();
    let open = pending(account.charge(&order).await);
    let decline = declined(account.complete(&order, &open).await);
    assert_eq!(
        (decline.class, decline.code.as_str()),
        (DeclineClass::Authenticate, "ORDER_NOT_APPROVED")
    );
    assert!(
        decline.snapshot.unwrap().action.is_some(),
        "the payer is told where to"
    );
    assert!(account.vendor.does(Deed::Pays(open.theirs.as_ref().unwrap())));
    account.will(Fault::AnswerLost);
    let back = Return {
        id: order.id.clone(),
        key: account.key(),
        resend: false,
        payment: open.theirs.clone(),
        amount: order.amount,
        capture: Capture::Now,
        method: None,
        tag: order.tag.clone(),
        handed: portcullis_ports::payments::Handed::default(),
    };
    let approval = account.connected.approval.as_ref().unwrap();
    assert!(matches!(approval.complete(&back).await, Outcome::Unknown(_)));
    for outcome in join_all((0..3).map(|_| approval.complete(&back))).await {
        assert_eq!(done(outcome).captured, usd(2_000).get());
    }
    for outcome in join_all((0..3).map(|_| account.complete(&order, &open))).await {
        assert_eq!(
            done(outcome).captured,
            usd(2_000).get(),
            "captured already, under another key"
        );
    }
    assert_eq!(account.vendor.captured(&order.id.payment), [2_000]);
}

#[tokio::test]
async fn an_approval_that_is_not_used_for_three_hours_is_lost() {
    let account = Account::new().await;
    let order = account.fresh();
    let open = pending(account.charge(&order).await);
    assert!(account.vendor.does(Deed::Pays(open.theirs.as_ref().unwrap())));
    account.vendor.advance(Duration::from_secs(3 * 3_600 - 1));
    assert_eq!(
        account.now(&open, &order).await.status,
        PaymentStatus::RequiresAction
    );
    account.vendor.advance(Duration::from_secs(1));
    assert_eq!(
        done(account.complete(&order, &open).await).status,
        PaymentStatus::Canceled
    );
    assert_eq!(account.vendor.captured(&order.id.payment), [0; 0]);
    let events = account.events().await;
    let reversed = events
        .iter()
        .find(|event| event.name == "CHECKOUT.PAYMENT-APPROVAL.REVERSED")
        .unwrap();
    assert_eq!(
        (&reversed.payment, &reversed.attempt),
        (&open.theirs, &Some(order.id))
    );
}

#[tokio::test]
async fn a_payer_whose_money_is_refused_chooses_another_way() {
    let account = Account::new().await;
    let order = account.fresh();
    let open = pending(account.charge(&order).await);
    for (behaviour, class) in [
        (Behaviour::Declined, DeclineClass::OtherMethod),
        (Behaviour::Confirms, DeclineClass::Authenticate),
    ] {
        account.vendor.next_payer(behaviour);
        assert!(account.vendor.does(Deed::Pays(open.theirs.as_ref().unwrap())));
        let decline = declined(account.complete(&order, &open).await);
        assert_eq!(decline.class, class);
        let snapshot = decline.snapshot.unwrap();
        assert!(
            matches!(snapshot.action, Some(NextAction::Redirect { .. })),
            "{snapshot:?}"
        );
    }
    assert!(account.vendor.does(Deed::Pays(open.theirs.as_ref().unwrap())));
    done(account.complete(&order, &open).await);
    assert_eq!(account.vendor.captured(&order.id.payment), [2_000]);
}

#[tokio::test]
async fn a_capture_under_review_is_decided_later() {
    let account = Account::new().await;
    let order = account.fresh();
    let open = pending(account.charge(&order).await);
    account.vendor.next_payer(Behaviour::Cheque);
    assert!(account.vendor.does(Deed::Pays(open.theirs.as_ref().unwrap())));
    let under_way = pending(account.complete(&order, &open).await);
    assert_eq!(
        (under_way.status, under_way.captured.minor),
        (PaymentStatus::Processing, 0)
    );
    assert!(account.vendor.does(Deed::Bounces(open.theirs.as_ref().unwrap())));
    let failed = account.now(&open, &order).await;
    assert_eq!(failed.status, PaymentStatus::Failed);
    assert!(failed.failure.is_some());
}

#[tokio::test]
async fn what_was_paid_with_is_stored_if_the_payer_wants_it() {
    let account = Account::new().await;
    let order = account.order(Source::Fresh { save: true }, present());
    let open = pending(account.charge(&order).await);
    assert!(account.vendor.does(Deed::Pays(open.theirs.as_ref().unwrap())));
    let method = done(account.complete(&order, &open).await).method.unwrap();
    assert_eq!(
        (method.reference.kind, method.reuse),
        (MethodKind::Wallet, Reuse::Many)
    );
    done(
        account
            .charge(&account.order(Source::Stored(method.reference), Presence::Absent))
            .await,
    );
}

#[tokio::test]
async fn held_money_is_held_after_the_approval() {
    let account = Account::new().await;
    let mut order = account.fresh();
    order.capture = Capture::Later;
    let open = pending(account.charge(&order).await);
    assert!(account.vendor.does(Deed::Pays(open.theirs.as_ref().unwrap())));
    let held = done(account.complete(&order, &open).await);
    assert_eq!(
        (held.status, held.capturable),
        (PaymentStatus::Authorized, usd(2_000).get())
    );
    assert!(held.capture_before.is_some());
    let capture = CaptureOrder {
        id: order.id.clone(),
        key: account.key(),
        resend: false,
        payment: open.theirs.clone().unwrap(),
        amount: usd(500),
    };
    let taken = done(account.connected.holds.as_ref().unwrap().capture(&capture).await);
    assert_eq!((taken.captured, taken.capturable.minor), (usd(500).get(), 0));
}

#[tokio::test]
async fn what_is_called_off_is_not_paid_and_what_was_paid_is_not_called_off() {
    let account = Account::new().await;
    let approval = account.connected.approval.as_ref().unwrap();
    let order = account.fresh();
    let open = pending(account.charge(&order).await);
    let withdrawal = |payment| Withdrawal {
        id: order.id.clone(),
        key: account.key(),
        payment: Some(payment),
        amount: order.amount,
    };
    let theirs = open.theirs.clone().unwrap();
    let off = done(approval.withdraw(&withdrawal(theirs.clone())).await);
    assert_eq!((off.status, off.action), (PaymentStatus::Canceled, None));
    assert!(account.vendor.does(Deed::Pays(&theirs)));
    done(account.complete(&order, &open).await);
    assert_eq!(
        done(approval.withdraw(&withdrawal(theirs)).await).status,
        PaymentStatus::Succeeded
    );
    let dropped = account.fresh();
    let open = pending(account.charge(&dropped).await);
    account.vendor.advance(Duration::from_hours(72));
    assert!(
        account
            .find(
                portcullis_ports::outcome::Reference::Theirs(open.theirs.as_ref().unwrap().to_string()),
                &dropped
            )
            .await
            .is_none()
    );
    let off = done(approval.withdraw(&withdrawal(open.theirs.unwrap())).await);
    assert_eq!(
        (off.status, off.amount),
        (PaymentStatus::Canceled, usd(2_000).get())
    );
}
