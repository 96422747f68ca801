//! Stored methods: cards, bank accounts with small deposits, news of them, and forgetting.

use portcullis_ports::http::{HttpMethod, HttpRequest};
use portcullis_ports::payments::{
    DeclineClass, MethodKind, MicrodepositKind, NextAction, Reuse, SetupProof, SetupStatus, Verification,
};
use portcullis_ports::simulation::Vendor as _;
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use portcullis_provider_stripe::simulator;
use serde_json::{Value, json};

use crate::account::{Account, declined, done, pending};

fn proof(
    account: &Account,
    setup: &portcullis_ports::payments::Setup,
    verification: Option<Verification>,
) -> SetupProof {
    SetupProof {
        setup: setup.theirs.clone(),
        customer: setup.customer.clone(),
        key: account.key(),
        verification,
        handed: portcullis_ports::payments::Handed::default(),
        mandate: None,
    }
}

#[tokio::test]
async fn a_card_is_stored_described_and_forgotten() {
    let account = Account::new().await;
    let vault = account.connected.vault.as_ref().unwrap();
    let customer = account.customer().await;
    let order = account.setup(&customer, &[MethodKind::Card]);
    let setup = pending(vault.begin(&order).await);
    assert!(matches!(setup.action, Some(NextAction::Confirm { .. })));
    assert_eq!(setup.ours, Some(order.id));
    assert_eq!(
        pending(vault.finish(&proof(&account, &setup, None)).await).status,
        SetupStatus::RequiresAction
    );
    assert!(account.vendor.does(Deed::EntersCard(&setup.theirs)));
    for _ in 0..2 {
        let stored = done(vault.finish(&proof(&account, &setup, None)).await);
        assert_eq!(
            (stored.last4.as_deref(), stored.reuse),
            (Some("4242"), Reuse::Many)
        );
        assert_eq!(vault.describe(&stored.reference).await.unwrap().label, "Visa");
    }
    let stored = done(vault.finish(&proof(&account, &setup, None)).await);
    let mut other = proof(&account, &setup, None);
    other.customer = Some(account.customer().await);
    assert_eq!(declined(vault.finish(&other).await).code, "another-customer");
    for _ in 0..2 {
        done(vault.forget(&stored.reference).await);
    }
    assert!(vault.describe(&stored.reference).await.is_err());
}

#[tokio::test]
async fn a_bank_account_is_proven_by_its_deposits() {
    let account = Account::new().await;
    let vault = account.connected.vault.as_ref().unwrap();
    let customer = account.customer().await;
    for (told, class) in [
        (Verification::Amounts([32, 45]), None),
        (Verification::Code("SM11AA".to_owned()), None),
        (Verification::Amounts([1, 2]), Some(DeclineClass::RetryLater)),
        (Verification::Amounts([10, 11]), Some(DeclineClass::OtherMethod)),
        (
            Verification::Code("SM44DD".to_owned()),
            Some(DeclineClass::OtherMethod),
        ),
    ] {
        let setup = pending(
            vault
                .begin(&account.setup(&customer, &[MethodKind::UsBankDebit]))
                .await,
        );
        assert!(account.vendor.does(Deed::EntersBankAccount(&setup.theirs)));
        let waiting = pending(vault.finish(&proof(&account, &setup, None)).await);
        assert!(matches!(
            waiting.action,
            Some(NextAction::Microdeposits {
                kind: MicrodepositKind::Amounts,
                ..
            })
        ));
        let outcome = vault.finish(&proof(&account, &setup, Some(told.clone()))).await;
        if let Some(class) = class {
            assert_eq!(declined(outcome).class, class, "{told:?}");
            continue;
        }
        let stored = done(outcome);
        assert_eq!(stored.reference.kind, MethodKind::UsBankDebit);
        assert_eq!(stored.label, "STRIPE TEST BANK");
        assert!(stored.mandate.is_some());
    }
}

#[tokio::test]
async fn each_type_is_asked_for_once() {
    let account = Account::new().await;
    let vault = account.connected.vault.as_ref().unwrap();
    let customer = account.customer().await;
    let kinds = [MethodKind::Card, MethodKind::UsBankDebit, MethodKind::Wallet];
    pending(vault.begin(&account.setup(&customer, &kinds)).await);
    let exchanges = account.client.exchanges();
    let form = form_urlencoded::parse(&exchanges.last().unwrap().0.body);
    let types = form.filter(|(name, _)| name.starts_with("allowed_payment_method_types"));
    let types: Vec<_> = types.map(|(_, value)| value.into_owned()).collect();
    assert_eq!(types, ["card", "us_bank_account"]);
}

#[tokio::test]
async fn customers_are_removed_with_their_methods() {
    let account = Account::new().await;
    let vault = account.connected.vault.as_ref().unwrap();
    let customers = account.connected.customers.as_ref().unwrap();
    let customer = account.customer().await;
    let setup = pending(vault.begin(&account.setup(&customer, &[MethodKind::Card])).await);
    assert!(account.vendor.does(Deed::EntersCard(&setup.theirs)));
    let stored = done(vault.finish(&proof(&account, &setup, None)).await);
    for _ in 0..2 {
        done(customers.remove(&customer).await);
    }
    assert!(vault.describe(&stored.reference).await.is_err());
    let read = HttpRequest::new(
        HttpMethod::Get,
        format!("https://api.stripe.com/v1/customers/{customer}"),
    );
    let authorization = format!("Bearer {}", simulator::SECRET_KEY);
    let answer = account
        .vendor
        .answer(&read.header("authorization", authorization));
    let shown: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(
        (answer.status, shown),
        (
            200,
            json!({ "id": customer.as_str(), "object": "customer", "deleted": true })
        ),
        "as Stripe shows those who were deleted"
    );
}
