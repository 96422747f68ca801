//! What we send and what the simulator answers, held against the vendor's own document.
//!
//! Where the document comes from and under which licence stands in `contract/LICENCES.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use portcullis_ports::Clock as _;
use portcullis_ports::http::HttpMethod;
use portcullis_ports::outcome::Reference;
use portcullis_ports::payments::{
    Capture, CaptureOrder, DisputeAcceptance, Evidence, EvidenceDocument, EvidenceField, EvidenceFile,
    FileType, Handed, Mandate, MethodKind, SetupProof, Source, TimeSpan, Verification, VoidOrder, Withdrawal,
};
use portcullis_ports::testkit::contract::Contract;
use portcullis_ports::testkit::payments::{Behaviour, Counterparty as _, Deed};
use serde_json::Value;

use crate::account::{Account, declined, done, pending, present, usd};

/// Everything that the plugin can ask, with refusals.
async fn everything(account: &Account) {
    let connected = &account.connected;
    let stored = account.stored(Behaviour::Succeeds).await;
    let made = done(account.charge(&stored).await);
    done(connected.payments.refund(&account.refund(&made, 500)).await);
    declined(connected.payments.refund(&account.refund(&made, 5_000)).await);
    for behaviour in [Behaviour::Stolen, Behaviour::Authenticates] {
        declined(account.charge(&account.stored(behaviour).await).await);
    }
    account.now(&made, &stored).await;
    account
        .find(Reference::Ours(stored.id.to_string()), &stored)
        .await
        .unwrap();
    assert!(
        account
            .find(Reference::Theirs("pi_of_nobody".to_owned()), &stored)
            .await
            .is_none()
    );

    let mut debit = account.stored(Behaviour::BankDebit).await;
    debit.mandate = Some(Mandate {
        accepted_at: account.runtime.clock.now(),
        ip: Some("203.0.113.7".parse().unwrap()),
        user_agent: Some("Mozilla/5.0".to_owned()),
    });
    let begun = pending(account.charge(&debit).await);
    assert!(account.vendor.does(Deed::Settles(begun.theirs.as_ref().unwrap())));

    let mut confirmed = account.stored(Behaviour::Authenticates).await;
    confirmed.presence = present();
    pending(account.charge(&confirmed).await);
    let fresh = account.fresh(Source::Fresh { save: true }).await;
    let waiting = pending(account.charge(&fresh).await);
    let page = account.fresh(Source::HostedPage).await;
    let open = pending(account.charge(&page).await);
    account
        .find(Reference::Ours(page.id.to_string()), &page)
        .await
        .unwrap();
    let refused = account.fresh(Source::HostedPage).await;
    let tried = pending(account.charge(&refused).await);
    assert!(
        account
            .vendor
            .does(Deed::IsRefused(tried.theirs.as_ref().unwrap()))
    );
    account.now(&tried, &refused).await;
    let approval = connected.approval.as_ref().unwrap();
    for payment in [waiting.theirs.clone().unwrap(), open.theirs.clone().unwrap()] {
        let withdrawal = Withdrawal {
            id: page.id.clone(),
            key: account.key(),
            payment: Some(payment),
            amount: page.amount,
        };
        done(approval.withdraw(&withdrawal).await);
    }

    let holds = connected.holds.as_ref().unwrap();
    for captured in [true, false] {
        let mut order = account.stored(Behaviour::Succeeds).await;
        order.capture = Capture::Later;
        let payment = done(account.charge(&order).await).theirs.unwrap();
        let id = order.id.clone();
        if captured {
            let capture = CaptureOrder {
                id,
                key: account.key(),
                resend: false,
                payment,
                amount: usd(1_500),
            };
            done(holds.capture(&capture).await);
        } else {
            done(
                holds
                    .void(&VoidOrder {
                        id,
                        key: account.key(),
                        resend: false,
                        payment,
                    })
                    .await,
            );
        }
    }
    storing(account).await;
    contesting(account).await;
    reading(account).await;
}

async fn storing(account: &Account) {
    let vault = account.connected.vault.as_ref().unwrap();
    let customer = account.customer().await;
    let kinds = [MethodKind::Card, MethodKind::UsBankDebit, MethodKind::SepaDebit];
    for verification in [
        None,
        Some(Verification::Amounts([32, 45])),
        Some(Verification::Code("SM11AA".to_owned())),
    ] {
        let setup = pending(vault.begin(&account.setup(&customer, &kinds)).await);
        let deed = match verification {
            None => Deed::EntersCard(&setup.theirs),
            Some(_) => Deed::EntersBankAccount(&setup.theirs),
        };
        assert!(account.vendor.does(deed));
        let proof = |verification| SetupProof {
            setup: setup.theirs.clone(),
            customer: Some(customer.clone()),
            key: account.key(),
            verification,
            handed: Handed::default(),
            mandate: None,
        };
        if verification.is_some() {
            declined(vault.finish(&proof(Some(Verification::Amounts([1, 1])))).await);
        }
        let stored = done(vault.finish(&proof(verification)).await);
        vault.describe(&stored.reference).await.unwrap();
        done(vault.forget(&stored.reference).await);
    }
    done(
        account
            .connected
            .customers
            .as_ref()
            .unwrap()
            .remove(&customer)
            .await,
    );
}

/// A file about everything.
fn documents(account: &Account) -> Vec<EvidenceFile> {
    let all = [
        EvidenceDocument::Receipt,
        EvidenceDocument::CustomerCommunication,
        EvidenceDocument::CustomerSignature,
        EvidenceDocument::ShippingDocumentation,
        EvidenceDocument::ServiceDocumentation,
        EvidenceDocument::CancellationPolicy,
        EvidenceDocument::RefundPolicy,
        EvidenceDocument::DuplicateCharge,
        EvidenceDocument::Other,
    ];
    let file = |about| EvidenceFile {
        about,
        file_type: FileType::Pdf,
        bytes: b"%PDF-1.7\n\x00\xff\n%%EOF\n".as_slice().into(),
        key: account.key(),
    };
    all.into_iter().map(file).collect()
}

async fn contesting(account: &Account) {
    let disputes = account.connected.disputes.as_ref().unwrap();
    for text in ["winning_evidence", ""] {
        let order = account.token("pm_card_createDispute", MethodKind::Card).await;
        let made = done(account.charge(&order).await);
        let dispute = account.now(&made, &order).await.disputes[0].theirs.clone();
        if text.is_empty() {
            let acceptance = DisputeAcceptance {
                dispute,
                key: account.key(),
                resend: false,
            };
            done(disputes.accept(&acceptance).await);
            continue;
        }
        let all = [
            EvidenceField::ProductDescription,
            EvidenceField::CustomerName,
            EvidenceField::CustomerEmail,
            EvidenceField::CustomerIp,
            EvidenceField::ServiceDate,
            EvidenceField::AccessLog,
            EvidenceField::ShippingCarrier,
            EvidenceField::ShippingTrackingNumber,
            EvidenceField::ShippingDate,
            EvidenceField::RefundPolicy,
            EvidenceField::RefundRefusal,
            EvidenceField::CancellationPolicy,
            EvidenceField::CancellationRefusal,
            EvidenceField::DuplicateCharge,
            EvidenceField::DuplicateExplanation,
            EvidenceField::Other,
        ];
        let evidence = Evidence {
            dispute: dispute.clone(),
            key: account.key(),
            resend: false,
            texts: all.into_iter().map(|field| (field, text.to_owned())).collect(),
            files: documents(account),
            submit: true,
        };
        pending(disputes.answer(&evidence).await);
        disputes.read(&dispute).await.unwrap();
    }
}

async fn reading(account: &Account) {
    let reports = account.connected.reports.as_ref().unwrap();
    let now = account.runtime.clock.now();
    let span = TimeSpan {
        from: now - Duration::from_hours(1),
        to: now + Duration::from_hours(1),
    };
    let first = reports.activity(&span, None).await.unwrap();
    assert!(!first.lines.is_empty());
    reports.events_since(span.from, None).await.unwrap();
    assert!(!reports.holdings().await.unwrap().is_empty());
    account.connected.probe.check().await.unwrap();
}

#[tokio::test]
async fn requests_and_answers_are_as_the_vendor_documents_them() {
    let contract = Contract::new(include_str!("contract/stripe.json"));
    let account = Account::new().await;
    everything(&account).await;
    let exchanges = account.client.exchanges();
    let mut seen = BTreeSet::new();
    for (request, answer) in &exchanges {
        let path = contract.accepts_exchange(request, answer);
        seen.insert((request.method.as_str(), path.to_owned()));
    }
    assert!(
        seen.len() >= 22,
        "operations that were held against the document: {seen:#?}"
    );
}

#[tokio::test]
async fn the_next_version_knows_every_field_that_is_sent() {
    let known: BTreeMap<String, Vec<String>> =
        serde_json::from_str(include_str!("contract/next_version_fields.json")).unwrap();
    let contract = Contract::new(include_str!("contract/stripe.json"));
    let account = Account::new().await;
    everything(&account).await;
    let exchanges = account.client.exchanges();
    let mut checked = 0;
    for (request, answer) in exchanges
        .iter()
        .filter(|(request, _)| request.method == HttpMethod::Post && !request.url.ends_with("/v1/files"))
    {
        let path = contract.accepts_exchange(request, answer);
        for (name, _) in form_urlencoded::parse(&request.body) {
            let field = name.split('[').next().unwrap();
            assert!(known[path].iter().any(|known| known == field), "{path}: {field}");
            checked += 1;
        }
    }
    assert!(checked > 100, "{checked} fields were looked at");
}

#[tokio::test]
async fn events_are_as_the_vendor_documents_them() {
    let contract = Contract::new(include_str!("contract/stripe.json"));
    let account = Account::new().await;
    everything(&account).await;
    let deliveries = account.vendor.deliver();
    assert!(deliveries.len() > 30);
    for delivery in deliveries {
        contract.accepts_json("/x-webhook/stripe", "application/json", &delivery.body);
        let event: Value = serde_json::from_slice(&delivery.body).unwrap();
        let object = &event["data"]["object"];
        contract.accepts_object(object["object"].as_str().unwrap(), object);
    }
}
