//! `DataLink`: logins that lock, refusals by address, words instead of XML, refunds.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::Clock as _;
use portcullis_ports::outcome::{Outcome, Reference, Resolution};
use portcullis_ports::payments::{
    DisputeKind, DisputeStatus, Funds, KnownRefund, Payments, RefundOrder, RefundStatus, TimeSpan,
};
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use portcullis_ports::testkit::{FakeRuntime, Fault};
use portcullis_provider_ccbill::simulator::{self, CcbillFault, Token};
use serde_json::json;

use crate::account::{Account, declined, done, found, money, not_sent, pending, theirs};

const MANAGE: &str = "/utils/subscriptionManagement.cgi";

#[tokio::test]
async fn the_first_wrong_login_stops_all_others_for_an_hour() {
    let mut settings = simulator::settings();
    settings["datalink_password"] = json!("wrong");
    let account = Account::with(settings).await;
    let made = done(account.charge(&account.stored(Token::GOOD)).await);
    assert_eq!(
        not_sent(account.connected.payments.refund(&account.refund(&made)).await),
        "datalink-login-refused"
    );
    for _ in 0..5 {
        assert_eq!(
            not_sent(account.connected.payments.refund(&account.refund(&made)).await),
            "datalink-locked"
        );
        let order = account.stored(Token::GOOD);
        let seen = account.look(&account.sought(theirs(&made), &order)).await;
        assert!(matches!(seen, Resolution::CannotTell(reason) if reason.code == "datalink-locked"));
        let error = account.connected.probe.check().await.unwrap_err();
        assert!(format!("{error:?}").contains("datalink"), "{error:?}");
    }
    assert_eq!(
        account.vendor.logins(),
        (1, 1),
        "two tries are left for the operator"
    );
    account.hours_pass(1);
    assert_eq!(
        not_sent(account.connected.payments.refund(&account.refund(&made)).await),
        "datalink-login-refused"
    );
    assert_eq!(account.vendor.logins(), (2, 2));
    account.hours_pass(1);
    assert_eq!(
        not_sent(account.connected.payments.refund(&account.refund(&made)).await),
        "datalink-login-refused"
    );
    // The vendor has locked it now, and says so when it is asked with whatever password.
    account.hours_pass(0);
    assert_eq!(account.vendor.logins(), (3, 3));
}

#[tokio::test]
async fn a_login_that_the_vendor_has_locked_is_left_alone() {
    let account = Account::new().await;
    let made = done(account.charge(&account.stored(Token::GOOD)).await);
    let locked = "<?xml version='1.0'?><results>-12</results>".to_owned();
    account.will(MANAGE, Fault::Answers(200, locked));
    assert_eq!(
        not_sent(account.connected.payments.refund(&account.refund(&made)).await),
        "datalink-login-refused"
    );
    assert_eq!(
        not_sent(account.connected.payments.refund(&account.refund(&made)).await),
        "datalink-locked"
    );
    assert_eq!(account.vendor.logins(), (0, 0));
    account.hours_pass(1);
    pending(account.connected.payments.refund(&account.refund(&made)).await);
}

#[tokio::test]
async fn an_extract_that_another_process_has_read_stops_no_refund() {
    let account = Account::new().await;
    let made = done(account.charge(&account.stored(Token::GOOD)).await);
    let to = account.runtime.clock.now();
    let span = TimeSpan {
        from: to - Duration::from_hours(24),
        to,
    };
    let reports = account.connected.reports.as_ref().unwrap();
    reports.activity(&span, None).await.unwrap();
    let other = FakeRuntime {
        clock: Arc::clone(&account.runtime.clock),
        http: Arc::clone(&account.client) as Arc<_>,
        ..FakeRuntime::default()
    };
    let other = other
        .connect::<Payments>("ccbill", simulator::settings())
        .await
        .unwrap();
    let error = other
        .reports
        .as_ref()
        .unwrap()
        .activity(&span, None)
        .await
        .unwrap_err();
    assert!(
        format!("{error:?}").contains("one was read elsewhere"),
        "{error:?}"
    );
    assert_eq!(account.vendor.logins(), (2, 0), "CCBill itself refuses it");
    pending(other.payments.refund(&account.refund(&made)).await);
    other.probe.check().await.unwrap();
}

#[tokio::test]
async fn a_refused_address_has_a_code_of_its_own_and_locks_nothing() {
    let account = Account::new().await;
    let made = done(account.charge(&account.stored(Token::GOOD)).await);
    account.vendor.will(CcbillFault::AddressRefused);
    assert_eq!(
        not_sent(account.connected.payments.refund(&account.refund(&made)).await),
        "datalink-address-refused"
    );
    pending(account.connected.payments.refund(&account.refund(&made)).await);
}

#[tokio::test]
async fn words_instead_of_xml_are_a_refused_login_and_a_page_is_unknown() {
    let account = Account::new().await;
    let made = done(account.charge(&account.stored(Token::GOOD)).await);
    for (body, unknown) in [
        ("<html><body>Maintenance</body></html>", true),
        ("Please wait.", true),
        ("", true),
    ] {
        account.will(MANAGE, Fault::Answers(200, body.to_owned()));
        let outcome = account.connected.payments.refund(&account.refund(&made)).await;
        assert_eq!(
            matches!(outcome, Outcome::Unknown(_)),
            unknown,
            "{body}: {outcome:?}"
        );
    }
    account.vendor.will(CcbillFault::SaysInWords);
    assert_eq!(
        not_sent(account.connected.payments.refund(&account.refund(&made)).await),
        "datalink-login-refused"
    );
}

#[tokio::test]
async fn a_refund_is_pending_until_the_extract_shows_it_and_ends_the_subscription() {
    let account = Account::new().await;
    for settled in [false, true] {
        let order = account.stored(Token::GOOD);
        let made = done(account.charge(&order).await);
        let sought = account.sought(theirs(&made), &order);
        let subscription = made.theirs.clone().unwrap();
        if settled {
            account.hours_pass(13);
        }
        let asked_at = account.sought(theirs(&made), &order).sent_at;
        let refund = account.refund(&made);
        let taken_down = pending(account.connected.payments.refund(&refund).await);
        assert_eq!(
            (taken_down.status, &taken_down.ours),
            (RefundStatus::Pending, &Some(refund.id.clone()))
        );
        assert_eq!(
            account.vendor.status(subscription.as_str()),
            Some(0),
            "it has ended"
        );
        let second = account.connected.payments.refund(&account.refund(&made)).await;
        assert_eq!(declined(second).code, "-5");
        let again = RefundOrder {
            resend: true,
            ..refund.clone()
        };
        assert_eq!(
            not_sent(account.connected.payments.refund(&again).await),
            "never-sent-again"
        );
        account.hours_pass(1);
        let mut known = sought.clone();
        if let Some(order) = &mut known.known {
            order.booked = made.captured;
            order.refunds.push(portcullis_ports::payments::KnownRefund {
                id: refund.id.clone(),
                theirs: Some(taken_down.theirs.clone()),
                amount: refund.amount,
                sent_at: asked_at,
                open: true,
            });
        }
        let seen = found(account.look(&known).await);
        let [back] = seen.refunds.as_slice() else {
            panic!("{:?}", seen.refunds);
        };
        assert_eq!(
            (&back.theirs, &back.ours, back.status, back.amount),
            (
                &taken_down.theirs,
                &Some(refund.id),
                RefundStatus::Succeeded,
                made.captured
            )
        );
    }
}

#[tokio::test]
async fn a_refund_that_may_have_happened_is_unknown_and_found_in_the_extract() {
    let account = Account::new().await;
    let order = account.stored(Token::GOOD);
    let made = done(account.charge(&order).await);
    let mut sought = account.sought(theirs(&made), &order);
    let refund = account.refund(&made);
    account.vendor.will(CcbillFault::ActsThenInternalError);
    let outcome = account.connected.payments.refund(&refund).await;
    assert!(
        matches!(&outcome, Outcome::Unknown(Reference::Ours(ours)) if *ours == refund.id.to_string()),
        "{outcome:?}"
    );
    account.hours_pass(1);
    if let Some(known) = &mut sought.known {
        known.refunds.push(portcullis_ports::payments::KnownRefund {
            id: refund.id.clone(),
            theirs: None,
            amount: refund.amount,
            sent_at: sought.sent_at,
            open: true,
        });
    }
    let seen = found(account.look(&sought).await);
    assert_eq!(seen.refunds[0].ours, Some(refund.id));
    assert_eq!((seen.captured, seen.complete), (made.captured, true));
}

#[tokio::test]
async fn what_the_bank_takes_back_is_a_dispute_that_is_lost() {
    let account = Account::new().await;
    for (kind, reason) in [
        (DisputeKind::Chargeback, "chargeback"),
        (DisputeKind::BankReturn, "returned"),
    ] {
        let order = account.stored(Token::GOOD);
        let made = done(account.charge(&order).await);
        let sought = account.sought(theirs(&made), &order);
        assert!(
            account
                .vendor
                .does(Deed::Disputes(made.theirs.as_ref().unwrap(), kind))
        );
        account.hours_pass(1);
        let seen = found(account.look(&sought).await);
        assert_eq!(seen.captured, made.captured, "figures stand beside it");
        let [dispute] = seen.disputes.as_slice() else {
            panic!("{:?}", seen.disputes);
        };
        assert_eq!(
            (
                dispute.kind,
                dispute.status,
                dispute.funds(),
                dispute.withdrawn,
                dispute.reason.as_str()
            ),
            (
                kind,
                DisputeStatus::Lost,
                Funds::Withdrawn,
                money(1_000, "USD"),
                reason
            )
        );
        let again = found(account.look(&sought).await);
        assert_eq!(
            again.disputes[0].theirs, dispute.theirs,
            "the same name whenever it is read"
        );
    }
}

#[tokio::test]
async fn refunds_of_one_hour_are_found_in_one_extract_later() {
    let account = Account::new().await;
    let mut all = Vec::new();
    for _ in 0..2 {
        let order = account.stored(Token::GOOD);
        let made = done(account.charge(&order).await);
        let mut sought = account.sought(theirs(&made), &order);
        let refund = account.refund(&made);
        let taken = pending(account.connected.payments.refund(&refund).await);
        let known = sought.known.as_mut().unwrap();
        known.booked = made.captured;
        known.refunds.push(KnownRefund {
            id: refund.id.clone(),
            theirs: Some(taken.theirs),
            amount: refund.amount,
            sent_at: sought.sent_at,
            open: true,
        });
        all.push((sought, refund.id));
        account.runtime.clock.advance(Duration::from_secs(1));
    }
    account.hours_pass(30);
    for (sought, id) in all {
        assert_eq!(found(account.look(&sought).await).refunds[0].ours, Some(id));
    }
    assert_eq!(account.sent("/data/main.cgi"), 1, "there is one for each hour");
}
