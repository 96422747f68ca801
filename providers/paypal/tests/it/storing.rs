//! Stored methods: approved at PayPal or entered in its script, charged, taken away by their payers.

use std::time::Duration;

use portcullis_ports::outcome::Outcome;
use portcullis_ports::payments::{
    Expiry, MethodKind, NextAction, Presence, SetupProof, SetupStatus, SetupWay, Source, UNKNOWN_METHOD,
};
use portcullis_ports::testkit::Fault;
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};

use crate::account::{Account, declined, done, pending};

fn proof(account: &Account, setup: &portcullis_ports::payments::Setup) -> SetupProof {
    SetupProof {
        setup: setup.theirs.clone(),
        customer: None,
        key: account.key(),
        verification: None,
        handed: portcullis_ports::payments::Handed::default(),
        mandate: None,
    }
}

#[tokio::test]
async fn an_account_is_approved_at_paypal_and_a_card_is_entered_in_its_script() {
    let account = Account::new().await;
    let vault = account.connected.vault.as_ref().unwrap();
    assert_eq!(vault.ways(), [SetupWay::Redirect, SetupWay::Widget]);
    let setup = pending(
        vault
            .begin(&account.setup(&[MethodKind::Card, MethodKind::Wallet]))
            .await,
    );
    assert!(
        matches!(&setup.action, Some(NextAction::Redirect { url }) if url.contains("/agreements/approve?"))
    );
    assert_eq!(
        pending(vault.finish(&proof(&account, &setup)).await).status,
        SetupStatus::RequiresAction
    );
    assert!(account.vendor.does(Deed::EntersCard(&setup.theirs)));
    let wallet = done(vault.finish(&proof(&account, &setup)).await);
    assert_eq!(
        (wallet.reference.kind, wallet.label.as_str(), &wallet.last4),
        (MethodKind::Wallet, "PayPal", &None)
    );

    let setup = pending(vault.begin(&account.setup(&[MethodKind::Card])).await);
    let Some(NextAction::Widget { token }) = &setup.action else {
        panic!("{setup:?}");
    };
    assert_eq!(
        token.expose(),
        setup.theirs.as_str(),
        "the script is told which setup the card is for"
    );
    assert!(account.vendor.does(Deed::EntersCard(&setup.theirs)));
    let card = done(vault.finish(&proof(&account, &setup)).await);
    assert_eq!(
        (card.label.as_str(), card.last4.as_deref()),
        ("Visa", Some("1111"))
    );
    assert_eq!(
        card.expires,
        Some(Expiry {
            year: 2034,
            month: 12
        })
    );
    for stored in [wallet, card] {
        let order = account.order(Source::Stored(stored.reference), Presence::Absent);
        done(account.charge(&order).await);
    }
    let nothing = account.setup(&[MethodKind::SepaDebit]);
    assert!(matches!(vault.begin(&nothing).await, Outcome::NotSent(_)));
}

#[tokio::test]
async fn a_lost_answer_stores_once() {
    let account = Account::new().await;
    let vault = account.connected.vault.as_ref().unwrap();
    let order = account.setup(&[MethodKind::Wallet]);
    account.passes(1);
    account.will(Fault::AnswerLost);
    assert!(matches!(vault.begin(&order).await, Outcome::Unknown(_)));
    let setup = pending(vault.begin(&order).await);
    assert!(account.vendor.does(Deed::EntersCard(&setup.theirs)));
    account.passes(1);
    account.will(Fault::AnswerLost);
    assert!(matches!(
        vault.finish(&proof(&account, &setup)).await,
        Outcome::Unknown(_)
    ));
    let stored = done(vault.finish(&proof(&account, &setup)).await);
    account.runtime.clock.advance(Duration::from_hours(3));
    assert_eq!(
        done(vault.finish(&proof(&account, &setup)).await),
        stored,
        "its key is forgotten"
    );
}

#[tokio::test]
async fn what_its_payer_took_away_is_gone_and_a_charge_says_so() {
    let account = Account::new().await;
    let vault = account.connected.vault.as_ref().unwrap();
    let order = account.stored(portcullis_provider_paypal::simulator::Behaviour::Account);
    let Source::Stored(method) = &order.source else {
        panic!()
    };
    vault.describe(method).await.unwrap();
    assert!(account.vendor.payer_deletes(method.theirs.as_str()));
    assert_eq!(vault.describe(method).await.unwrap_err().code(), UNKNOWN_METHOD);
    assert_eq!(
        declined(account.charge(&order).await).code,
        "AGREEMENT_ALREADY_CANCELLED"
    );
    done(vault.forget(method).await);
}
