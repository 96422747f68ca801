//! Charges: stored and fresh methods, pages, refusals, lost answers, holds.

use std::time::Duration;

use portcullis_ports::Retry;
use portcullis_ports::outcome::{Outcome, Reference};
use portcullis_ports::payments::{
    CUSTOMER_GONE, Capture, CaptureOrder, Charge, DeclineClass, Handed, MethodKind, NextAction,
    PaymentStatus, Presence, Return, Snapshot, Source, VoidOrder, Withdrawal,
};
use portcullis_ports::testkit::Fault;
use portcullis_ports::testkit::payments::{Behaviour, Counterparty as _, Deed};
use portcullis_provider_stripe::simulator::StripeFault;

use crate::account::{Account, declined, done, money, pending, present, usd};

#[tokio::test]
async fn every_refusal_says_what_would_help_and_is_kept_at_the_vendor() {
    use DeclineClass as C;
    let account = Account::new().await;
    for (token, class, code) in [
        ("pm_card_visa_chargeDeclined", C::RetryLater, "generic_decline"),
        (
            "pm_card_visa_chargeDeclinedInsufficientFunds",
            C::RetryLater,
            "insufficient_funds",
        ),
        ("pm_card_visa_chargeDeclinedLostCard", C::Never, "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", C::Never, "stolen_card"),
        (
            "pm_card_chargeDeclinedExpiredCard",
            C::OtherMethod,
            "expired_card",
        ),
        (
            "pm_card_chargeDeclinedIncorrectCvc",
            C::OtherMethod,
            "incorrect_cvc",
        ),
        (
            "pm_card_chargeDeclinedProcessingError",
            C::RetryLater,
            "processing_error",
        ),
        (
            "pm_card_authenticationRequired",
            C::Authenticate,
            "authentication_required",
        ),
    ] {
        let order = account.token(token, MethodKind::Card).await;
        let decline = declined(account.charge(&order).await);
        assert_eq!((decline.class, decline.code.as_str()), (class, code), "{token}");
        let snapshot = decline.snapshot.unwrap();
        assert_eq!(
            (snapshot.theirs.clone(), snapshot.status),
            (decline.reference, PaymentStatus::Failed),
            "{token}"
        );
        assert_eq!(snapshot.ours, Some(order.id.clone()), "{token}");
        let found = account.now(&snapshot, &order).await;
        assert_eq!(
            (found.status, found.failure.map(|failure| failure.class)),
            (PaymentStatus::Failed, Some(class))
        );
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_order_is_our_side() {
    let account = Account::new().await;
    let order = account.token("pm_of_nobody", MethodKind::Card).await;
    assert_eq!(
        declined(account.charge(&order).await).class,
        DeclineClass::OtherMethod
    );
    let mut order = account.stored(Behaviour::Succeeds).await;
    order.customer = Some("cus_of_another_account".parse().unwrap());
    let decline = declined(account.charge(&order).await);
    assert_eq!(
        (decline.class, decline.code.as_str()),
        (DeclineClass::OurSide, CUSTOMER_GONE)
    );
    assert!(decline.detail.contains("customer"), "{}", decline.detail);
}

#[tokio::test]
async fn a_payer_who_is_present_enters_a_card_and_confirms_it() {
    let account = Account::new().await;
    let order = account.fresh(Source::Fresh { save: true }).await;
    let made = pending(account.charge(&order).await);
    let Some(NextAction::Confirm {
        public_key,
        client_secret,
    }) = &made.action
    else {
        panic!("{:?}", made.action);
    };
    assert_eq!(public_key, "pk_test_simulated");
    let theirs = made.theirs.clone().unwrap();
    assert!(client_secret.expose().starts_with(theirs.as_str()));
    assert!(account.vendor.does(Deed::Pays(&theirs)));
    let found = account.now(&made, &order).await;
    assert_eq!(
        (found.status, found.captured),
        (PaymentStatus::Succeeded, usd(2_000).get())
    );
    assert_eq!(found.fee, Some(money(88, "USD")), "2.9 % and 30");
    let method = found.method.unwrap();
    assert_eq!(
        (method.label.as_str(), method.last4.as_deref()),
        ("Visa", Some("4242"))
    );
    assert_eq!(method.reference.customer, order.customer, "it was to be saved");
    let again = Charge {
        source: Source::Stored(method.reference),
        presence: Presence::Absent,
        ..account.fresh(Source::Fresh { save: false }).await
    };
    let again = Charge {
        customer: order.customer,
        ..again
    };
    assert_eq!(
        done(account.charge(&again).await).status,
        PaymentStatus::Succeeded
    );
}

#[tokio::test]
async fn a_stored_card_of_a_payer_who_is_present_is_confirmed_at_the_bank() {
    let account = Account::new().await;
    for yes in [true, false] {
        let mut order = account.stored(Behaviour::Authenticates).await;
        order.presence = present();
        let made = pending(account.charge(&order).await);
        assert!(matches!(&made.action, Some(NextAction::Redirect { url }) if url.contains("authenticate")));
        let theirs = made.theirs.clone().unwrap();
        let deed = if yes {
            Deed::Pays(&theirs)
        } else {
            Deed::IsRefused(&theirs)
        };
        assert!(account.vendor.does(deed));
        let back = Return {
            id: order.id.clone(),
            key: account.key(),
            resend: false,
            payment: Some(theirs),
            amount: order.amount,
            capture: order.capture,
            method: None,
            tag: order.tag.clone(),
            handed: Handed::default(),
        };
        let approval = account.connected.approval.as_ref().unwrap();
        let outcomes = [approval.complete(&back).await, approval.complete(&back).await];
        for outcome in outcomes {
            let expected = if yes {
                PaymentStatus::Succeeded
            } else {
                PaymentStatus::Failed
            };
            assert_eq!(outcome.snapshot().unwrap().status, expected);
        }
    }
}

#[tokio::test]
async fn a_page_is_paid_once_or_withdrawn() {
    let account = Account::new().await;
    let order = account.fresh(Source::HostedPage).await;
    let page = pending(account.charge(&order).await);
    assert!(
        matches!(&page.action, Some(NextAction::Redirect { url }) if url.contains("/simulated/pay/cs_test_"))
    );
    let theirs = page.theirs.clone().unwrap();
    let ours = Reference::Ours(order.id.to_string());
    assert_eq!(
        account.find(ours.clone(), &order).await.unwrap().theirs,
        page.theirs
    );
    assert!(account.vendor.does(Deed::Pays(&theirs)));
    let paid = account.now(&page, &order).await;
    assert_eq!(
        (paid.status, paid.captured),
        (PaymentStatus::Succeeded, usd(2_000).get())
    );
    assert_eq!(
        (paid.ours.as_ref(), paid.tag.as_ref()),
        (Some(&order.id), Some(&order.tag))
    );
    assert!(
        paid.theirs.as_ref().unwrap().as_str().starts_with("pi_"),
        "the payment has its own name"
    );
    assert_eq!(account.find(ours, &order).await.unwrap().theirs, paid.theirs);

    let approval = account.connected.approval.as_ref().unwrap();
    let withdrawal = |payment| Withdrawal {
        id: order.id.clone(),
        key: account.key(),
        payment: Some(payment),
        amount: order.amount,
    };
    let late = done(approval.withdraw(&withdrawal(theirs)).await);
    assert_eq!(late.status, PaymentStatus::Succeeded, "the payer was faster");
    let other = account.fresh(Source::HostedPage).await;
    let page = pending(account.charge(&other).await);
    let theirs = page.theirs.clone().unwrap();
    for _ in 0..2 {
        let gone = done(approval.withdraw(&withdrawal(theirs.clone())).await);
        assert_eq!(gone.status, PaymentStatus::Canceled);
    }
    assert!(!account.vendor.does(Deed::Pays(&theirs)));
}

/// A page on which a card was refused, with the payment that was begun there.
async fn refused_page(account: &Account) -> (Charge, Snapshot, Snapshot) {
    let order = account.fresh(Source::HostedPage).await;
    let page = pending(account.charge(&order).await);
    assert!(
        account
            .vendor
            .does(Deed::IsRefused(page.theirs.as_ref().unwrap()))
    );
    let refused = account.now(&page, &order).await;
    assert!(refused.theirs.as_ref().unwrap().as_str().starts_with("pi_"));
    (order, page, refused)
}

#[tokio::test]
async fn a_payer_whose_card_was_refused_on_a_page_goes_on_there() {
    let account = Account::new().await;
    let (order, page, refused) = refused_page(&account).await;
    let theirs = refused.theirs.clone().unwrap();
    let back = Return {
        id: order.id.clone(),
        key: account.key(),
        resend: false,
        payment: Some(theirs.clone()),
        amount: order.amount,
        capture: order.capture,
        method: None,
        tag: order.tag.clone(),
        handed: Handed::default(),
    };
    let completed = account.connected.approval.as_ref().unwrap().complete(&back).await;
    let ours = Reference::Ours(order.id.to_string());
    for picture in [
        refused.clone(),
        account.now(&refused, &order).await,
        account.find(ours, &order).await.unwrap(),
        completed.snapshot().unwrap().clone(),
    ] {
        assert_eq!(picture.theirs.as_ref(), Some(&theirs));
        assert_eq!(picture.status, PaymentStatus::Failed);
        assert_eq!(picture.failure.unwrap().code, "generic_decline");
        assert_eq!(picture.action, page.action, "the page is still open");
    }
    let void = VoidOrder {
        id: order.id.clone(),
        key: account.key(),
        resend: false,
        payment: theirs,
    };
    let kept = declined(account.connected.holds.as_ref().unwrap().void(&void).await);
    assert_eq!(
        kept.code, "invalid_request_error",
        "Stripe calls off no intent of an open page"
    );
    assert!(account.vendor.does(Deed::Pays(page.theirs.as_ref().unwrap())));
    let paid = account.now(&refused, &order).await;
    assert_eq!(
        (paid.status, paid.captured, paid.action),
        (PaymentStatus::Succeeded, usd(2_000).get(), None)
    );
}

#[tokio::test]
async fn a_payment_whose_page_is_gone_is_canceled() {
    let account = Account::new().await;
    let (order, page, refused) = refused_page(&account).await;
    let approval = account.connected.approval.as_ref().unwrap();
    let withdrawal = Withdrawal {
        id: order.id.clone(),
        key: account.key(),
        payment: refused.theirs.clone(),
        amount: order.amount,
    };
    for _ in 0..2 {
        let gone = done(approval.withdraw(&withdrawal).await);
        assert_eq!(
            (gone.theirs, gone.status, gone.action),
            (refused.theirs.clone(), PaymentStatus::Canceled, None)
        );
    }
    assert!(!account.vendor.does(Deed::Pays(page.theirs.as_ref().unwrap())));
    let session = account.vendor.object(page.theirs.as_ref().unwrap().as_str());
    assert_eq!(session.unwrap()["status"], "expired");

    let (order, _, refused) = refused_page(&account).await;
    account.vendor.advance(Duration::from_hours(24));
    let gone = account.now(&refused, &order).await;
    assert_eq!(
        (gone.status, gone.action, gone.failure),
        (PaymentStatus::Canceled, None, None),
        "nobody paid there in time"
    );
}

#[tokio::test]
async fn what_is_held_is_captured_in_part_or_released_and_not_twice() {
    let account = Account::new().await;
    let holds = account.connected.holds.as_ref().unwrap();
    let mut order = account.stored(Behaviour::Succeeds).await;
    order.capture = Capture::Later;
    let held = done(account.charge(&order).await);
    assert_eq!(
        (held.status, held.capturable),
        (PaymentStatus::Authorized, usd(2_000).get())
    );
    assert!(held.capture_before.is_some());
    let capture = |amount| CaptureOrder {
        id: order.id.clone(),
        key: account.key(),
        resend: false,
        payment: held.theirs.clone().unwrap(),
        amount: usd(amount),
    };
    assert_eq!(
        declined(holds.capture(&capture(2_001)).await).code,
        "amount_too_large"
    );
    let taken = done(holds.capture(&capture(1_500)).await);
    assert_eq!(
        (taken.status, taken.captured),
        (PaymentStatus::Succeeded, usd(1_500).get())
    );
    let again = declined(holds.capture(&capture(1)).await);
    assert_eq!(
        again.snapshot.unwrap().captured,
        usd(1_500).get(),
        "it says what it is now"
    );

    let mut order = account.stored(Behaviour::Succeeds).await;
    order.capture = Capture::Later;
    let held = done(account.charge(&order).await);
    for _ in 0..2 {
        let order = VoidOrder {
            id: order.id.clone(),
            key: account.key(),
            resend: false,
            payment: held.theirs.clone().unwrap(),
        };
        assert_eq!(done(holds.void(&order).await).status, PaymentStatus::Canceled);
    }
}

#[tokio::test]
async fn faults_are_told_as_what_they_are() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::Succeeds).await;
    let fresh = || Charge {
        key: account.key(),
        ..order.clone()
    };
    account.will(Fault::Refused);
    assert!(matches!(account.charge(&fresh()).await, Outcome::NotSent(reason) if reason.outage));
    for (status, body, retry) in [
        (401, "", true),
        (403, "", false),
        (429, r#"{"error":{"code":"rate_limit"}}"#, true),
        (409, r#"{"error":{"code":"lock_timeout"}}"#, true),
        (400, r#"{"error":{"type":"idempotency_error"}}"#, false),
    ] {
        account.will(Fault::Answers(status, body.to_owned()));
        match account.charge(&fresh()).await {
            Outcome::NotSent(reason) => {
                assert_eq!(matches!(reason.retry, Retry::Later(_)), retry, "{status}");
            }
            other => panic!("{status}: {other:?}"),
        }
    }
    for fault in [
        Fault::AnswerLost,
        Fault::Garbage,
        Fault::Answers(500, String::new()),
        Fault::Answers(409, r#"{"error":{"code":"idempotency_key_in_use"}}"#.to_owned()),
    ] {
        account.will(fault.clone());
        let unknown = account.charge(&fresh()).await;
        assert_eq!(
            unknown,
            Outcome::Unknown(Reference::Ours(order.id.to_string())),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn a_key_answers_what_it_answered_and_another_order_is_refused() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::Succeeds).await;
    account.vendor.will(StripeFault::ActsThenFails);
    for _ in 0..3 {
        assert!(
            matches!(account.charge(&order).await, Outcome::Unknown(_)),
            "the 500 is replayed"
        );
    }
    let found = account
        .find(Reference::Ours(order.id.to_string()), &order)
        .await
        .unwrap();
    assert_eq!(found.captured, usd(2_000).get());
    assert_eq!(account.vendor.captured(&order.id.payment), [2_000]);
    let other = Charge {
        amount: usd(2_001),
        ..order
    };
    assert!(matches!(account.charge(&other).await, Outcome::NotSent(reason) if reason.code == "key-reused"));
    let locked = account.stored(Behaviour::Succeeds).await;
    for fault in [StripeFault::Locked, StripeFault::Busy(7)] {
        account.vendor.will(fault);
        assert!(
            matches!(account.charge(&locked).await, Outcome::NotSent(_)),
            "{fault:?}"
        );
    }
    assert_eq!(
        done(account.charge(&locked).await).captured,
        usd(2_000).get(),
        "nothing was kept under the key"
    );
}

#[tokio::test]
async fn amounts_are_sent_as_stripe_counts_them() {
    let account = Account::new().await;
    for (minor, code, sent) in [
        (2_000, "USD", "2000"),
        (500, "JPY", "500"),
        (700, "ISK", "70000"),
        (1_230, "KWD", "1230"),
    ] {
        let mut order = account.stored(Behaviour::Succeeds).await;
        order.amount = portcullis_ports::money::Amount::new(money(minor, code)).unwrap();
        let made = done(account.charge(&order).await);
        assert_eq!(
            (made.amount, made.captured),
            (money(minor, code), money(minor, code))
        );
        let exchanges = account.client.exchanges();
        let (request, _) = exchanges.last().unwrap();
        let form: Vec<_> = form_urlencoded::parse(&request.body).collect();
        let amount = form.iter().find(|(name, _)| name == "amount").unwrap();
        assert_eq!(amount.1, sent, "{code}");
    }
}

#[tokio::test]
async fn every_request_names_the_version_and_the_key_and_carries_no_card() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::Succeeds).await;
    let made = done(account.charge(&order).await);
    account.now(&made, &order).await;
    let exchanges = account.client.exchanges();
    for (request, _) in &exchanges {
        let header = |name: &str| {
            request
                .headers
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.as_str())
        };
        assert_eq!(header("stripe-version"), Some("2026-08-26.dahlia"));
        assert_eq!(header("authorization"), Some("Bearer sk_test_simulated"));
        let posted = request.method == portcullis_ports::http::HttpMethod::Post;
        assert_eq!(header("idempotency-key").is_some(), posted, "{}", request.url);
        assert!(!String::from_utf8_lossy(&request.body).contains("4242"));
    }
    assert!(account.vendor.keeps_no_number());
}
