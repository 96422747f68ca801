//! Charges by token: what is sent once, what is declined, what nobody knows, 3-D Secure.

use portcullis_ports::money::Amount;
use portcullis_ports::outcome::{Outcome, Reference, Resolution};
use portcullis_ports::payments::{
    Capture, Charge, DeclineClass, NextAction, PaymentStatus, Source, Withdrawal,
};
use portcullis_ports::testkit::Fault;
use portcullis_ports::testkit::payments::Counterparty as _;
use portcullis_provider_ccbill::simulator::{CcbillFault, Token, UsesLeft};
use serde_json::{Value, json};

use crate::account::{Account, declined, done, found, method_of, money, not_sent, pending, present};

const SALE: &str = "/transactions/payment-tokens/";

#[tokio::test]
async fn every_currency_is_sent_with_its_number_and_two_decimals() {
    let account = Account::new().await;
    for (currency, number, minor, written) in [
        ("USD", 840, 1_999, "19.99"),
        ("EUR", 978, 5, "0.05"),
        ("GBP", 826, 100, "1.00"),
        ("CAD", 124, 12_345, "123.45"),
        ("AUD", 36, 4_000, "40.00"),
        ("JPY", 392, 500, "500.00"),
    ] {
        let mut order = account.stored(Token::GOOD);
        order.amount = Amount::new(money(minor, currency)).unwrap();
        let made = done(account.charge(&order).await);
        assert_eq!(
            (made.status, made.captured),
            (PaymentStatus::Succeeded, order.amount.get())
        );
        assert_eq!(account.vendor.captured(&order.id.payment), [minor], "{currency}");
        let exchanges = account.client.exchanges();
        let body = String::from_utf8(exchanges.last().unwrap().0.body.clone()).unwrap();
        assert!(body.contains(&format!("\"initialPrice\":{written},")), "{body}");
        assert_eq!(
            serde_json::from_str::<Value>(&body).unwrap()["currencyCode"],
            json!(number)
        );
    }
    let mut other = account.stored(Token::GOOD);
    other.amount = Amount::new(money(1_000, "CHF")).unwrap();
    assert_eq!(not_sent(account.charge(&other).await), "amount-not-taken");
    let held = Charge {
        capture: Capture::Later,
        ..account.stored(Token::GOOD)
    };
    assert_eq!(not_sent(account.charge(&held).await), "cannot-hold");
}

#[tokio::test]
async fn a_decline_comes_with_status_200_and_says_what_would_help() {
    use DeclineClass as C;
    let account = Account::new().await;
    for (words, class) in [
        ("Insufficient Funds", C::RetryLater),
        ("Sale declined by credit card network", C::RetryLater),
        ("Pick Up Card", C::Never),
        ("Invalid Card", C::OtherMethod),
        ("3DS authentication is required", C::Authenticate),
    ] {
        let order = account.stored(Token {
            declined: Some((24, words)),
            ..Token::GOOD
        });
        let decline = declined(account.charge(&order).await);
        assert_eq!((decline.class, decline.code.as_str()), (class, "24"), "{words}");
        assert!(
            !decline.detail.contains(words),
            "the vendor's sentence is not quoted"
        );
        let picture = decline.snapshot.unwrap();
        assert_eq!(
            (picture.status, picture.theirs),
            (PaymentStatus::Failed, decline.reference)
        );
        assert_eq!(account.vendor.captured(&order.id.payment), [0_i64; 0]);
    }
}

#[tokio::test]
async fn what_may_have_happened_is_unknown_and_never_sent_again() {
    let account = Account::new().await;
    for code in [100_103, 100_105, 100_106, 100_112, 100_113, 999_999] {
        let order = account.stored(Token::GOOD);
        account.vendor.will(CcbillFault::ActsThenFails(code));
        let before = account.sent(SALE);
        let outcome = account.charge(&order).await;
        assert!(
            matches!(&outcome, Outcome::Unknown(Reference::Ours(ours)) if *ours == order.id.to_string()),
            "{code}: {outcome:?}"
        );
        let again = Charge {
            resend: true,
            ..order.clone()
        };
        assert_eq!(not_sent(account.charge(&again).await), "never-sent-again");
        assert_eq!(account.sent(SALE), before + 1, "{code}");
        assert_eq!(account.vendor.captured(&order.id.payment), [1_000]);
    }
    for fault in [
        Fault::AnswerLost,
        Fault::Garbage,
        Fault::Answers(502, String::new()),
    ] {
        account.will(SALE, fault.clone());
        let outcome = account.charge(&account.stored(Token::GOOD)).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{fault:?}: {outcome:?}");
    }
    account.will(SALE, Fault::Refused);
    assert_eq!(
        not_sent(account.charge(&account.stored(Token::GOOD)).await),
        "no-connection"
    );
}

#[tokio::test]
async fn what_was_certainly_refused_is_told_by_its_code() {
    let account = Account::new().await;
    let order = account.stored(Token::GOOD);
    for (status, code, sent) in [
        (500, 100_107, "api-address-refused"),
        (500, 100_109, "too-many-logins"),
        (500, 100_110, "account-limit"),
        (500, 100_111, "account-limit"),
    ] {
        account.vendor.will(CcbillFault::Refuses(status, code));
        assert_eq!(not_sent(account.charge(&order).await), sent, "{code}");
    }
    for (status, code, class) in [
        (400, 200_000, DeclineClass::OurSide),
        (400, 100_100, DeclineClass::OurSide),
        (403, 100_020, DeclineClass::OurSide),
        (500, 100_108, DeclineClass::OurSide),
        (404, 100_101, DeclineClass::OtherMethod),
        (400, 100_102, DeclineClass::OtherMethod),
        (422, 0, DeclineClass::OurSide),
    ] {
        account.vendor.will(CcbillFault::Refuses(status, code));
        let decline = declined(account.charge(&order).await);
        let named = if code == 0 {
            status.to_string()
        } else {
            code.to_string()
        };
        assert_eq!((decline.class, decline.code), (class, named));
    }
    assert_eq!(account.vendor.captured(&order.id.payment), [0_i64; 0]);
}

#[tokio::test]
async fn a_refusal_that_proves_nothing_is_unknown_and_of_a_mere_question_it_is_none() {
    let account = Account::new().await;
    for status in [408, 409, 410, 425, 499] {
        let order = account.stored(Token::GOOD);
        account.will(SALE, Fault::Answers(status, String::new()));
        let outcome = account.charge(&order).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{status}: {outcome:?}");
        account.will("threeds-required", Fault::Answers(status, String::new()));
        let order = account.order(Source::Stored(account.method(Token::GOOD)), present());
        assert_eq!(
            not_sent(account.charge(&order).await),
            "3ds-unavailable",
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_one_time_token_is_charged_once_and_tells_what_it_was_charged_for() {
    let account = Account::new().await;
    let once = Token {
        uses: UsesLeft::Some(1),
        ..Token::GOOD
    };
    let order = account.stored(once);
    let ours = account.sought(Reference::Ours(order.id.to_string()), &order);
    assert_eq!(
        account.look(&ours).await,
        Resolution::Absent,
        "it was not charged"
    );
    account.will(SALE, Fault::AnswerLost);
    assert!(matches!(account.charge(&order).await, Outcome::Unknown(_)));
    account.hours_pass(1);
    let seen = found(account.look(&ours).await);
    assert_eq!(
        (seen.status, seen.captured, seen.ours),
        (
            PaymentStatus::Succeeded,
            order.amount.get(),
            Some(order.id.clone())
        )
    );
    let second = Charge {
        id: account.page().id,
        ..order.clone()
    };
    assert_eq!(
        declined(account.charge(&second).await).class,
        DeclineClass::OtherMethod
    );

    // A token that can be charged again does not tell whose charge it was.
    let order = account.stored(Token::GOOD);
    account.will(SALE, Fault::AnswerLost);
    assert!(matches!(account.charge(&order).await, Outcome::Unknown(_)));
    let ours = account.sought(Reference::Ours(order.id.to_string()), &order);
    assert!(
        matches!(account.look(&ours).await, Resolution::CannotTell(reason) if reason.code == "not-named-yet")
    );
}

#[tokio::test]
async fn a_bank_that_asks_for_3d_secure_is_answered_from_the_browser() {
    let account = Account::new().await;
    let secure = Token {
        secure: true,
        ..Token::GOOD
    };
    let order = account.order(Source::Stored(account.method(secure)), present());
    let waiting = pending(account.charge(&order).await);
    assert_eq!(
        (waiting.status, waiting.theirs),
        (PaymentStatus::RequiresAction, None)
    );
    let Some(NextAction::Widget { token }) = waiting.action else {
        panic!("no widget");
    };
    let start: Value = serde_json::from_str(token.expose()).unwrap();
    assert_eq!(
        start["paymentTokenId"],
        json!(method_of(&order).unwrap().theirs.as_str())
    );
    assert_eq!(
        (&start["amount"], &start["currencyCode"]),
        (&json!("10.00"), &json!(840))
    );
    assert_eq!(account.vendor.captured(&order.id.payment), [0_i64; 0]);

    let whole = [
        ("threedsSuccess", "true"),
        ("threedsCardToken", "4111112222223333-and-more"),
        ("threedsCavv", "AAABBBCCC"),
        ("threedsEci", "05"),
        ("threedsVersion", "2.2.0"),
        ("threedsClientTransactionId", "t-1"),
        ("anything", "else"),
    ];
    for (handed, code) in [
        (vec![("threedsSuccess", "false")], "3ds-not-confirmed"),
        (vec![], "3ds-not-confirmed"),
        (whole[..3].to_vec(), "3ds-incomplete"),
    ] {
        assert_eq!(not_sent(account.complete(&order, &handed).await), code);
    }
    let made = done(account.complete(&order, &whole).await);
    assert_eq!(
        (made.status, made.captured),
        (PaymentStatus::Succeeded, order.amount.get())
    );
    assert_eq!(account.vendor.captured(&order.id.payment), [1_000]);
    let exchanges = account.client.exchanges();
    let sent: Value = serde_json::from_slice(&exchanges.last().unwrap().0.body).unwrap();
    assert_eq!(
        sent["threedsCardToken"],
        json!("4111112222223333"),
        "its first 16 characters"
    );
    assert_eq!(
        (&sent["threedsSuccess"], &sent["anything"]),
        (&json!(true), &Value::Null)
    );
}

#[tokio::test]
async fn a_payer_who_is_known_to_the_bank_pays_at_once_and_one_who_is_not_asked_changes_nothing() {
    let account = Account::new().await;
    let order = account.order(Source::Stored(account.method(Token::GOOD)), present());
    let made = done(account.charge(&order).await);
    assert_eq!(made.captured, order.amount.get());
    account.will("threeds-required", Fault::AnswerLost);
    let order = account.order(Source::Stored(account.method(Token::GOOD)), present());
    assert_eq!(not_sent(account.charge(&order).await), "3ds-unavailable");
    assert_eq!(account.vendor.captured(&order.id.payment), [0_i64; 0]);
    let withdrawal = Withdrawal {
        id: order.id.clone(),
        key: account.key(),
        payment: None,
        amount: order.amount,
    };
    let approval = account.connected.approval.as_ref().unwrap();
    assert_eq!(
        done(approval.withdraw(&withdrawal).await).status,
        PaymentStatus::Canceled
    );
    let paid = Withdrawal {
        payment: made.theirs,
        ..withdrawal
    };
    assert_eq!(not_sent(approval.withdraw(&paid).await), "paid-already");
}

#[tokio::test]
async fn a_token_that_ended_early_is_replaced_once_and_the_charge_is_made_once() {
    let account = Account::new().await;
    let order = account.stored(Token::GOOD);
    done(account.charge(&order).await);
    account.hours_pass(1);
    account.will(SALE, Fault::Answers(401, String::new()));
    let order = account.stored(Token::GOOD);
    done(account.charge(&order).await);
    assert_eq!(account.vendor.captured(&order.id.payment), [1_000]);
    for _ in 0..2 {
        account.will(SALE, Fault::Answers(401, String::new()));
    }
    assert_eq!(
        not_sent(account.charge(&account.stored(Token::GOOD)).await),
        "application-refused"
    );
}

#[tokio::test]
async fn tokens_are_asked_for_once_however_many_wait() {
    let account = Account::new().await;
    let orders: Vec<_> = (0..8).map(|_| account.stored(Token::GOOD)).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for order in orders {
        let payments = std::sync::Arc::clone(&account.connected.payments);
        tasks.spawn(async move { payments.charge(&order).await });
    }
    while let Some(outcome) = tasks.join_next().await {
        done(outcome.unwrap());
    }
    assert_eq!(account.sent("/ccbill-auth/oauth/token"), 1);
}
