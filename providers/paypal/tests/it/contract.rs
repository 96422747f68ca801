//! What we send and what the simulator answers, held against the vendor's own documents.
//!
//! Where the documents come from and under which licence stands in `contract/LICENCES.md`.

use std::collections::BTreeSet;
use std::time::Duration;

use portcullis_ports::Clock as _;
use portcullis_ports::outcome::Reference;
use portcullis_ports::payments::{
    Capture, CaptureOrder, DisputeAcceptance, Evidence, EvidenceField, MethodKind, SetupProof, Source,
    TimeSpan, VoidOrder, Withdrawal,
};
use portcullis_ports::testkit::Fault;
use portcullis_ports::testkit::contract::Contract;
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use portcullis_provider_paypal::simulator::{Behaviour, PayPalFault};

use crate::account::{Account, declined, done, pending, present, proofs, usd};
use crate::subscribing;

/// The documents, with what the paths begin with that they have.
fn documents() -> [(&'static str, Contract); 11] {
    [
        ("/v1/oauth2/", Contract::new(include_str!("contract/oauth.json"))),
        (
            "/v2/checkout/",
            Contract::new(include_str!("contract/orders.json")),
        ),
        (
            "/v2/payments/",
            Contract::new(include_str!("contract/payments.json")),
        ),
        ("/v3/vault/", Contract::new(include_str!("contract/vault.json"))),
        (
            "/v1/customer/",
            Contract::new(include_str!("contract/disputes.json")),
        ),
        (
            "/v1/reporting/",
            Contract::new(include_str!("contract/reporting.json")),
        ),
        (
            "/v1/billing/",
            Contract::new(include_str!("contract/subscriptions.json")),
        ),
        (
            "/v1/catalogs/",
            Contract::new(include_str!("contract/products.json")),
        ),
        (
            "/v1/payments/",
            Contract::new(include_str!("contract/sales.json")),
        ),
        ("/v1/notifications/certs", Contract::new("{}")),
        (
            "/v1/notifications/",
            Contract::new(include_str!("contract/webhooks.json")),
        ),
    ]
}

/// Everything that the plugin can ask, with refusals.
async fn everything(account: &Account) {
    let connected = &account.connected;
    connected.probe.check().await.unwrap();
    let stored = account.stored(Behaviour::Account);
    let made = done(account.charge(&stored).await);
    done(account.charge(&account.stored(Behaviour::Card)).await);
    done(connected.payments.refund(&account.refund(&made, 500)).await);
    declined(connected.payments.refund(&account.refund(&made, 5_000)).await);
    for behaviour in [
        Behaviour::PoorCard,
        Behaviour::StolenCard,
        Behaviour::Confirms,
        Behaviour::Declined,
    ] {
        declined(account.charge(&account.stored(behaviour)).await);
    }
    let gone = account.stored(Behaviour::Account);
    let Source::Stored(method) = &gone.source else {
        panic!()
    };
    assert!(account.vendor.payer_deletes(method.theirs.as_str()));
    assert_eq!(
        declined(account.charge(&gone).await).code,
        "AGREEMENT_ALREADY_CANCELLED"
    );
    let cheque = account.stored(Behaviour::Cheque);
    let begun = pending(account.charge(&cheque).await);
    declined(connected.payments.refund(&account.refund(&begun, 500)).await);
    assert!(account.vendor.does(Deed::Settles(begun.theirs.as_ref().unwrap())));
    account.now(&begun, &cheque).await;
    for fault in [
        PayPalFault::InProgress,
        PayPalFault::Busy(3),
        PayPalFault::ActsThenFails,
    ] {
        account.vendor.will(fault);
        assert!(
            account
                .charge(&account.stored(Behaviour::Account))
                .await
                .snapshot()
                .is_none()
        );
    }
    approving(account).await;
    holding(account).await;
    storing(account).await;
    contesting(account).await;
    subscribing::everything(account).await;
    reading(account, &stored).await;
}

async fn approving(account: &Account) {
    for (behaviour, taken) in [(Behaviour::Account, true), (Behaviour::Declined, false)] {
        for capture in [Capture::Now, Capture::Later] {
            let mut order = account.order(Source::Fresh { save: true }, present());
            order.capture = capture;
            order.statement.suffix = Some("CREDITS".to_owned());
            let open = pending(account.charge(&order).await);
            declined(account.complete(&order, &open).await);
            account.vendor.next_payer(behaviour);
            assert!(account.vendor.does(Deed::Pays(open.theirs.as_ref().unwrap())));
            // What the document of authorisations does not have is not simulated.
            if taken {
                done(account.complete(&order, &open).await);
            } else if capture == Capture::Now {
                declined(account.complete(&order, &open).await);
            }
            account.now(&open, &order).await;
            let withdrawal = Withdrawal {
                id: order.id.clone(),
                key: account.key(),
                payment: open.theirs.clone(),
                amount: order.amount,
            };
            done(connected_approval(account).withdraw(&withdrawal).await);
        }
    }
}

fn connected_approval(account: &Account) -> &dyn portcullis_ports::payments::Approval {
    &**account.connected.approval.as_ref().unwrap()
}

async fn holding(account: &Account) {
    let holds = account.connected.holds.as_ref().unwrap();
    for captured in [true, false] {
        let mut order = account.stored(Behaviour::Card);
        order.capture = Capture::Later;
        let payment = done(account.charge(&order).await).theirs.unwrap();
        let id = order.id.clone();
        if captured {
            account.runtime.clock.advance(Duration::from_hours(24 * 4));
            let capture = |amount| CaptureOrder {
                id: id.clone(),
                key: account.key(),
                resend: false,
                payment: payment.clone(),
                amount: usd(amount),
            };
            done(holds.capture(&capture(1_500)).await);
            declined(holds.capture(&capture(100)).await);
        } else {
            for _ in 0..2 {
                let void = VoidOrder {
                    id: id.clone(),
                    key: account.key(),
                    resend: false,
                    payment: payment.clone(),
                };
                done(holds.void(&void).await);
            }
        }
    }
}

async fn storing(account: &Account) {
    let vault = account.connected.vault.as_ref().unwrap();
    for kinds in [&[MethodKind::Wallet, MethodKind::Card][..], &[MethodKind::Card]] {
        let setup = pending(vault.begin(&account.setup(kinds)).await);
        let proof = SetupProof {
            setup: setup.theirs.clone(),
            customer: None,
            key: account.key(),
            verification: None,
            handed: portcullis_ports::payments::Handed::default(),
            mandate: None,
        };
        pending(vault.finish(&proof).await);
        assert!(account.vendor.does(Deed::EntersCard(&setup.theirs)));
        let stored = done(vault.finish(&proof).await);
        // PayPal has forgotten the key, and the method is found by its customer.
        account.runtime.clock.advance(Duration::from_hours(4));
        assert_eq!(done(vault.finish(&proof).await), stored);
        assert_eq!(vault.describe(&stored.reference).await.unwrap(), stored);
        done(vault.forget(&stored.reference).await);
    }
}

async fn contesting(account: &Account) {
    let disputes = account.connected.disputes.as_ref().unwrap();
    for accepts in [false, true] {
        let order = account.stored(Behaviour::Account);
        let made = done(account.charge(&order).await);
        let theirs = made.theirs.as_ref().unwrap();
        let kind = portcullis_ports::payments::DisputeKind::Chargeback;
        assert!(account.vendor.does(Deed::Disputes(theirs, kind)));
        declined(
            account
                .connected
                .payments
                .refund(&account.refund(&made, 500))
                .await,
        );
        let dispute = account.now(&made, &order).await.disputes[0].theirs.clone();
        if accepts {
            let acceptance = DisputeAcceptance {
                dispute: dispute.clone(),
                key: account.key(),
                resend: false,
            };
            done(disputes.accept(&acceptance).await);
            declined(disputes.accept(&acceptance).await);
            continue;
        }
        let all = [
            EvidenceField::ProductDescription,
            EvidenceField::CustomerName,
            EvidenceField::AccessLog,
            EvidenceField::ShippingCarrier,
            EvidenceField::ShippingTrackingNumber,
            EvidenceField::RefundPolicy,
            EvidenceField::Other,
        ];
        let length = |field| {
            if field == EvidenceField::ShippingTrackingNumber {
                255
            } else {
                3_000
            }
        };
        let texts = all.into_iter().map(|field| (field, "é".repeat(length(field))));
        let evidence = Evidence {
            dispute: dispute.clone(),
            key: account.key(),
            resend: false,
            texts: texts.collect(),
            files: proofs(account),
            submit: true,
        };
        pending(disputes.answer(&evidence).await);
        assert!(disputes.read(&dispute).await.unwrap().answered);
    }
}

async fn reading(account: &Account, order: &portcullis_ports::payments::Charge) {
    account.runtime.clock.advance(Duration::from_hours(4));
    let reports = account.connected.reports.as_ref().unwrap();
    let now = account.runtime.clock.now();
    let span = TimeSpan {
        from: now - Duration::from_hours(24 * 10),
        to: now,
    };
    assert!(!reports.activity(&span, None).await.unwrap().lines.is_empty());
    assert!(
        !reports
            .events_since(span.from, None)
            .await
            .unwrap()
            .events
            .is_empty()
    );
    assert!(!reports.holdings().await.unwrap().is_empty());
    let nobody = Reference::Theirs("NOBODY".to_owned());
    assert!(account.find(nobody, order).await.is_none());
}

#[tokio::test]
async fn requests_and_answers_are_as_the_vendor_documents_them() {
    let documents = documents();
    let account = Account::new().await;
    everything(&account).await;
    let exchanges = account.client.exchanges();
    let mut seen = BTreeSet::new();
    for (request, answer) in &exchanges {
        let path = request.url.split_once("paypal.com").unwrap().1;
        let (_, contract) = documents
            .iter()
            .find(|(prefix, _)| path.starts_with(prefix))
            .unwrap();
        // The document has no answer for too many requests to the vault and none for a key in use by an order.
        if matches!(answer.status, 409 | 429) {
            continue;
        }
        let path = contract.accepts_exchange(request, answer);
        seen.insert((request.method.as_str(), path.to_owned()));
    }
    assert!(
        seen.len() >= 32,
        "operations that were held against the documents: {seen:#?}"
    );
    // Requests that move money carry a key, as long as every API takes.
    for (request, _) in &exchanges {
        let moves = request.method.as_str() == "POST"
            && (["/v2/", "/v3/", "/v1/billing/", "/v1/catalogs/", "/v1/payments/"]
                .iter()
                .any(|api| request.url.contains(api)));
        let key = request
            .headers
            .iter()
            .find(|(name, _)| name == "paypal-request-id");
        assert!(
            !moves || key.is_some_and(|(_, key)| key.len() <= 108),
            "{}",
            request.url
        );
    }
}

#[tokio::test]
async fn events_are_as_the_vendor_documents_them() {
    let contract = Contract::new(include_str!("contract/webhooks.json"));
    let account = Account::new().await;
    everything(&account).await;
    let deliveries = account.vendor.deliver();
    assert!(deliveries.len() > 20, "{}", deliveries.len());
    for delivery in deliveries {
        contract.accepts_json("/x-webhook/paypal", "application/json", &delivery.body);
    }
}

#[tokio::test]
async fn a_question_about_a_signature_is_as_the_vendor_documents_it() {
    let contract = Contract::new(include_str!("contract/webhooks.json"));
    let account = Account::new().await;
    done(account.charge(&account.stored(Behaviour::Account)).await);
    let delivery = account.vendor.deliver().remove(0);
    account.will(Fault::Answers(503, String::new()));
    account.receive(&delivery).await.unwrap();
    let exchanges = account.client.exchanges();
    let (request, answer) = exchanges.last().unwrap();
    assert!(request.url.ends_with("/verify-webhook-signature"));
    contract.accepts_exchange(request, answer);
}
