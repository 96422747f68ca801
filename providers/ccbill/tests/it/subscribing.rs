//! Subscriptions that CCBill rebills: by a token or on a page, followed by the extract, cancelled and given back by DataLink.

use std::num::NonZeroU16;
use std::time::Duration;

use portcullis_ports::Clock as _;
use portcullis_ports::id::SubscriptionId;
use portcullis_ports::outcome::{Outcome, Reference, Resolution};
use portcullis_ports::payments::{
    KnownOrder, NextAction, PaymentStatus, PeriodLength, PeriodUnit, Presence, RefundOrder, Snapshot, Sought,
    SoughtSubscription, SubscriptionChange, SubscriptionCharge, SubscriptionOrder, SubscriptionSnapshot,
    SubscriptionState, SubscriptionStep, Tag, TimeSpan, VendorRef,
};
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use portcullis_provider_ccbill::simulator::{CcbillFault, Token};

use crate::account::{Account, declined, done, money, not_sent, pending, present, usd};

const DAY: Duration = Duration::from_hours(24);

fn order(account: &Account, token: Option<Token>) -> SubscriptionOrder {
    SubscriptionOrder {
        id: SubscriptionId::random(&*account.runtime.entropy).unwrap(),
        key: account.key(),
        resend: false,
        offer: None,
        amount: usd(1_000),
        period: PeriodLength {
            unit: PeriodUnit::Day,
            count: NonZeroU16::new(30).unwrap(),
        },
        trial_days: 0,
        method: token.map(|token| account.method(token)),
        presence: present(),
        tag: Tag::parse("tag-1").unwrap(),
    }
}

async fn start(
    account: &Account,
    order: &SubscriptionOrder,
) -> portcullis_ports::payments::SubscriptionOutcome {
    account
        .connected
        .subscriptions
        .as_ref()
        .unwrap()
        .start(order)
        .await
}

async fn read(
    account: &Account,
    order: &SubscriptionOrder,
    theirs: &VendorRef,
    booked: &[SubscriptionCharge],
) -> SubscriptionSnapshot {
    let now = account.runtime.clock.now();
    let last = booked.last().map(|charge| charge.at);
    let sought = SoughtSubscription {
        reference: Reference::Theirs(theirs.to_string()),
        sent_at: now,
        amount: order.amount,
        since: last.unwrap_or(now - DAY),
        due: last.map(|last| last + DAY * 30),
        booked: u32::try_from(booked.len()).unwrap(),
    };
    let vendor = account.connected.subscriptions.as_ref().unwrap();
    let Resolution::Found(outcome) = vendor.read(&sought).await else {
        panic!("it is there");
    };
    outcome.snapshot().unwrap().clone()
}

async fn find(account: &Account, charge: &SubscriptionCharge, latest: bool) -> Snapshot {
    let sought = Sought {
        reference: Reference::Theirs(charge.theirs.to_string()),
        customer: None,
        key: account.key(),
        sent_at: charge.at,
        known: Some(KnownOrder {
            amount: usd(1_000),
            method: None,
            booked: money(0, "USD"),
            refunds: Vec::new(),
            called_off: false,
            latest,
        }),
    };
    let Resolution::Found(outcome) = account.connected.payments.find(&sought).await else {
        panic!("it is there");
    };
    outcome.snapshot().unwrap().clone()
}

/// Everything that can be asked about subscriptions.
pub(crate) async fn everything(account: &Account) {
    let stored = order(account, Some(Token::GOOD));
    let theirs = done(start(account, &stored).await).theirs.unwrap();
    pending(start(account, &order(account, None)).await);
    let poor = Token {
        declined: Some((31, "Insufficient Funds")),
        ..Token::GOOD
    };
    declined(start(account, &order(account, Some(poor))).await);
    account.runtime.clock.advance(DAY * 31);
    assert!(account.vendor.does(Deed::RefusesCharges(&theirs)));
    account.runtime.clock.advance(DAY * 31);
    let vendor = account.connected.subscriptions.as_ref().unwrap();
    let change = SubscriptionChange {
        subscription: theirs.clone(),
        step: SubscriptionStep::Cancel,
        key: account.key(),
    };
    done(vendor.change(&change).await);
    read(account, &stored, &theirs, &[]).await;
}

#[tokio::test]
async fn a_token_is_charged_at_once_and_what_the_answer_proves_is_not_waited_for() {
    let account = Account::new().await;
    let order = order(&account, Some(Token::GOOD));
    let begun = done(start(&account, &order).await);
    let charge = &begun.charges[0];
    assert_eq!(Some(&charge.theirs), begun.theirs.as_ref());
    let proven = charge.picture.as_ref().unwrap();
    assert_eq!(
        (proven.status, proven.captured),
        (PaymentStatus::Succeeded, usd(1_000).get())
    );
    let again = SubscriptionOrder {
        resend: true,
        ..order
    };
    not_sent(start(&account, &again).await);
}

#[tokio::test]
async fn each_payment_has_a_name_of_its_own_and_is_certain_once_the_extract_shows_it() {
    let account = Account::new().await;
    let order = order(&account, Some(Token::GOOD));
    let begun = done(start(&account, &order).await);
    let theirs = begun.theirs.clone().unwrap();
    let mut booked = begun.charges.clone();
    for _ in 0..2 {
        account.runtime.clock.advance(DAY * 30 + Duration::from_hours(2));
        let shown = read(&account, &order, &theirs, &booked).await;
        assert_eq!((shown.state, shown.charges.len()), (SubscriptionState::Active, 1));
        let charge = shown.charges[0].clone();
        assert!(charge.theirs.as_str().starts_with(&format!("{theirs}.")));
        let proven = charge.picture.as_ref().unwrap();
        assert_eq!(
            (proven.captured, proven.theirs.as_ref()),
            (usd(1_000).get(), Some(&charge.theirs))
        );
        let payment = find(&account, &charge, true).await;
        assert_eq!(
            (payment.captured, payment.theirs),
            (usd(1_000).get(), Some(charge.theirs.clone()))
        );
        booked.push(charge);
    }
}

#[tokio::test]
async fn what_nobody_heard_of_is_found_day_by_day_from_when_it_was_due() {
    let account = Account::new().await;
    let order = order(&account, Some(Token::GOOD));
    let begun = done(start(&account, &order).await);
    let theirs = begun.theirs.clone().unwrap();
    account.runtime.clock.advance(DAY * 35);
    let shown = read(&account, &order, &theirs, &begun.charges).await;
    assert_eq!(shown.charges.len(), 1, "{shown:?}");
}

#[tokio::test]
async fn a_day_of_the_past_is_read_once_for_all_subscriptions() {
    let account = Account::new().await;
    // Six in the morning there: both begin on the same day.
    let into_day = (account.runtime.clock.now().seconds() - 7 * 3_600).rem_euclid(86_400);
    let until_six = u64::try_from(86_400 + 6 * 3_600 - into_day).unwrap();
    account.runtime.clock.advance(Duration::from_secs(until_six));
    let mut begun = Vec::new();
    for _ in 0..3 {
        let order = order(&account, Some(Token::GOOD));
        let shown = done(start(&account, &order).await);
        begun.push((order, shown));
        account.hours_pass(3);
    }
    account.runtime.clock.advance(DAY * 35);
    for (order, shown) in &begun {
        let theirs = shown.theirs.clone().unwrap();
        let now = read(&account, order, &theirs, &shown.charges).await;
        assert_eq!(now.charges.len(), 1, "{now:?}");
    }
    assert_eq!(account.sent("/data/main.cgi"), 1);
}

#[tokio::test]
async fn a_payment_that_was_taken_before_it_was_due_here_is_found_after_a_standstill() {
    let account = Account::new().await;
    let order = order(&account, Some(Token::GOOD));
    let begun = done(start(&account, &order).await);
    let theirs = begun.theirs.clone().unwrap();
    account.runtime.clock.advance(DAY * 35);
    let mut known = begun.charges.clone();
    // So it is due here most of a day later.
    known[0].at = known[0].at + Duration::from_hours(23);
    let mut shown = read(&account, &order, &theirs, &known).await;
    for _ in 0..2 {
        if shown.charges.is_empty() {
            assert!(shown.counts_more, "{shown:?}");
            account.hours_pass(1);
            shown = read(&account, &order, &theirs, &known).await;
        }
    }
    assert_eq!((shown.charges.len(), shown.counts_more), (1, false));
}

#[tokio::test]
async fn what_the_extract_does_not_show_yet_is_said_to_be_there() {
    let account = Account::new().await;
    let order = order(&account, Some(Token::GOOD));
    let begun = done(start(&account, &order).await);
    let theirs = begun.theirs.clone().unwrap();
    account
        .runtime
        .clock
        .advance((DAY * 30).saturating_sub(Duration::from_mins(5)));
    let to = account.runtime.clock.now();
    let span = TimeSpan { from: to - DAY, to };
    let reports = account.connected.reports.as_ref().unwrap();
    reports.activity(&span, None).await.unwrap();
    account.runtime.clock.advance(Duration::from_mins(10));
    let shown = read(&account, &order, &theirs, &begun.charges).await;
    assert_eq!((shown.charges.len(), shown.counts_more), (0, true));
    account.hours_pass(1);
    let shown = read(&account, &order, &theirs, &begun.charges).await;
    assert_eq!((shown.charges.len(), shown.counts_more), (1, false));
}

#[tokio::test]
async fn what_would_give_back_a_later_payment_that_is_not_known_is_not_sent() {
    let account = Account::new().await;
    let order = order(&account, Some(Token::GOOD));
    let begun = done(start(&account, &order).await);
    account.runtime.clock.advance(DAY * 31);
    let proven = begun.charges[0].picture.as_deref().unwrap();
    let known = Snapshot {
        ours: Some(account.stored(Token::GOOD).id),
        ..proven.clone()
    };
    let first = RefundOrder {
        of_payments: Some(1),
        ..account.refund(&known)
    };
    let refused = not_sent(account.connected.payments.refund(&first).await);
    assert_eq!(refused, "later-payment");
    let second = RefundOrder {
        of_payments: Some(2),
        ..first
    };
    pending(account.connected.payments.refund(&second).await);
}

#[tokio::test]
async fn money_is_given_back_of_the_last_payment_and_ends_the_subscription() {
    let account = Account::new().await;
    let order = order(&account, Some(Token::GOOD));
    let begun = done(start(&account, &order).await);
    let theirs = begun.theirs.clone().unwrap();
    account.runtime.clock.advance(DAY * 30 + Duration::from_hours(2));
    let last = read(&account, &order, &theirs, &begun.charges).await.charges[0].clone();
    let payment = find(&account, &last, true).await;
    let ours = account.stored(Token::GOOD).id;
    let known = Snapshot {
        ours: Some(ours),
        ..payment
    };
    pending(account.connected.payments.refund(&account.refund(&known)).await);
    account.hours_pass(2);
    assert_eq!(find(&account, &last, true).await.refunds.len(), 1);
    assert!(find(&account, &begun.charges[0], false).await.refunds.is_empty());
    let booked = [begun.charges[0].clone(), last];
    assert_eq!(
        read(&account, &order, &theirs, &booked).await.state,
        SubscriptionState::Ended
    );
}

#[tokio::test]
async fn a_sale_on_a_page_names_our_subscription_only_with_our_proof() {
    let account = Account::new().await;
    let order = order(&account, None);
    let Some(NextAction::Form { url }) = pending(start(&account, &order).await).action else {
        panic!("no page");
    };
    account.pays(&url, "4242424242424242");
    let sold = &account.events().await[0];
    assert_eq!(sold.our_subscription, Some(order.id.clone()));
    let theirs = sold.subscription.clone().unwrap();
    let shown = read(&account, &order, &theirs, &[]).await;
    assert_eq!((shown.state, shown.charges.len()), (SubscriptionState::Active, 1));
    // The same page for another subscription has no proof.
    let other = url.replace(order.id.as_str(), "sub_01h2xcejqtf2nbrexx3vqjhp41");
    account.pays(&other, "4242424242424242");
    assert_eq!(account.events().await[0].our_subscription, None);
    // The price that is charged again is in the digest.
    let cheaper = url.replace("recurringPrice=10.00", "recurringPrice=1.00");
    assert!(!account.pays(&cheaper, "4242424242424242").contains("Approved"));
}

#[tokio::test]
async fn an_order_that_may_have_arrived_is_not_sent_again_and_the_bank_asks_on_the_page() {
    let account = Account::new().await;
    let stored = order(&account, Some(Token::GOOD));
    account.vendor.will(CcbillFault::ActsThenFails(100_103));
    let lost = start(&account, &stored).await;
    assert!(matches!(lost, Outcome::Unknown(_)), "{lost:?}");
    let resent = SubscriptionOrder {
        resend: true,
        ..stored
    };
    not_sent(start(&account, &resent).await);
    let secure = Token {
        secure: true,
        ..Token::GOOD
    };
    assert_eq!(
        declined(start(&account, &order(&account, Some(secure))).await).code,
        "3ds-required"
    );
    let absent = SubscriptionOrder {
        presence: Presence::Absent,
        ..order(&account, None)
    };
    not_sent(start(&account, &absent).await);
}
