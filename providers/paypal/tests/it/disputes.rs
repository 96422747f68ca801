//! Disputes: stages, money, evidence, claims that are accepted.

use std::collections::BTreeMap;

use portcullis_ports::outcome::Outcome;
use portcullis_ports::payments::{
    DisputeAcceptance, DisputeKind, DisputeSnapshot, DisputeStatus, Evidence, EvidenceField, Funds,
    UNKNOWN_DISPUTE, VendorRef,
};
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use portcullis_provider_paypal::simulator::Behaviour;
use serde_json::Value;

use crate::account::{Account, declined, done, money, pending, proofs, usd};

async fn disputed(account: &Account, kind: DisputeKind) -> DisputeSnapshot {
    let order = account.stored(Behaviour::Account);
    let made = done(account.charge(&order).await);
    assert!(
        account
            .vendor
            .does(Deed::Disputes(made.theirs.as_ref().unwrap(), kind))
    );
    let mut found = account.now(&made, &order).await;
    assert_eq!(found.disputes[0].payment, found.theirs);
    found.disputes.remove(0)
}

fn evidence(account: &Account, dispute: &DisputeSnapshot, submit: bool) -> Evidence {
    Evidence {
        dispute: dispute.theirs.clone(),
        key: account.key(),
        resend: false,
        texts: BTreeMap::from([
            (EvidenceField::ShippingCarrier, "Snail".to_owned()),
            (EvidenceField::ShippingTrackingNumber, "1Z".to_owned()),
            (EvidenceField::Other, "x".repeat(5_000)),
        ]),
        files: proofs(account),
        submit,
    }
}

#[tokio::test]
async fn an_inquiry_holds_nothing_until_it_becomes_a_claim() {
    let account = Account::new().await;
    let disputes = account.connected.disputes.as_ref().unwrap();
    let inquiry = disputed(&account, DisputeKind::Inquiry).await;
    assert_eq!(
        (inquiry.kind, inquiry.status, inquiry.funds()),
        (DisputeKind::Inquiry, DisputeStatus::NeedsResponse, Funds::None)
    );
    assert!(inquiry.respond_by.is_some());
    let refused = declined(disputes.answer(&evidence(&account, &inquiry, true)).await);
    assert_eq!(
        refused.code, "ACTION_NOT_ALLOWED_FOR_STATE",
        "PayPal takes evidence for claims alone"
    );
    assert!(account.vendor.escalate(inquiry.theirs.as_str()));
    let claim = disputes.read(&inquiry.theirs).await.unwrap();
    assert_eq!(
        (claim.kind, claim.funds(), claim.withdrawn),
        (DisputeKind::Chargeback, Funds::Withdrawn, usd(2_000).get())
    );
    assert_eq!(claim.fee, Some(money(2_000, "USD")));
}

#[tokio::test]
async fn evidence_is_handed_in_at_once_and_in_pieces_that_paypal_takes() {
    let account = Account::new().await;
    let disputes = account.connected.disputes.as_ref().unwrap();
    let claim = disputed(&account, DisputeKind::Chargeback).await;
    assert!(matches!(
        disputes.answer(&evidence(&account, &claim, false)).await,
        Outcome::NotSent(_)
    ));
    let answered = pending(disputes.answer(&evidence(&account, &claim, true)).await);
    assert!(answered.answered && answered.status == DisputeStatus::UnderReview);
    {
        let exchanges = account.client.exchanges();
        let (sent, _) = exchanges
            .iter()
            .find(|(request, _)| request.url.ends_with("/provide-evidence"))
            .unwrap();
        let text = String::from_utf8(sent.body.clone()).unwrap();
        let json = text
            .split("\r\n\r\n")
            .nth(1)
            .unwrap()
            .split("\r\n--")
            .next()
            .unwrap();
        let input: Value = serde_json::from_str(json).unwrap();
        let all = input["evidences"].as_array().unwrap();
        assert_eq!(
            all[0]["evidence_info"]["tracking_info"][0]["tracking_number"],
            "1Z"
        );
        let notes: Vec<&str> = all.iter().filter_map(|one| one["notes"].as_str()).collect();
        assert!(notes.iter().all(|note| note.chars().count() <= 2_000));
        assert_eq!(notes.concat().matches('x').count(), 5_000, "nothing is lost");
        let named: Vec<&str> = all
            .iter()
            .filter_map(|one| one["documents"][0]["name"].as_str())
            .collect();
        assert_eq!(named, ["customer-communication.pdf", "receipt.pdf"]);
        assert!(text.contains(
            "filename=\"receipt.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4\n%%EOF\r\n--"
        ));
    }
    assert!(account.vendor.does(Deed::Decides(&claim.theirs, true)));
    let won = disputes.read(&claim.theirs).await.unwrap();
    assert_eq!((won.status, won.funds()), (DisputeStatus::Won, Funds::Reinstated));
    let late = declined(disputes.answer(&evidence(&account, &claim, true)).await);
    assert_eq!(late.reference, Some(claim.theirs));
}

#[tokio::test]
async fn a_claim_that_is_accepted_is_lost() {
    let account = Account::new().await;
    let disputes = account.connected.disputes.as_ref().unwrap();
    for kind in [DisputeKind::Inquiry, DisputeKind::Chargeback] {
        let claim = disputed(&account, kind).await;
        let acceptance = DisputeAcceptance {
            dispute: claim.theirs.clone(),
            key: account.key(),
            resend: false,
        };
        let lost = done(disputes.accept(&acceptance).await);
        assert_eq!(
            (lost.status, lost.funds()),
            (DisputeStatus::Lost, Funds::Withdrawn)
        );
    }
    let nobody = VendorRef::parse("PP-D-0").unwrap();
    assert_eq!(disputes.read(&nobody).await.unwrap_err().code(), UNKNOWN_DISPUTE);
}
