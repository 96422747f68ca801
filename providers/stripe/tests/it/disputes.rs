//! Disputes: inquiries, chargebacks won and lost, returned debits.

use std::collections::BTreeMap;

use portcullis_ports::http::HttpResponse;
use portcullis_ports::payments::{
    DisputeAcceptance, DisputeKind, DisputeSnapshot, DisputeStatus, Evidence, EvidenceDocument,
    EvidenceField, EvidenceFile, FileType, Funds, MethodKind,
};
use portcullis_ports::testkit::payments::{Behaviour, Counterparty as _, Deed};

use serde_json::Value;

use crate::account::{Account, declined, done, pending, usd};

async fn disputed(account: &Account, token: &str, kind: MethodKind) -> DisputeSnapshot {
    let order = account.token(token, kind).await;
    let made = done(account.charge(&order).await);
    let found = account.now(&made, &order).await;
    assert_eq!(found.disputes.len(), 1, "{found:?}");
    found.disputes[0].clone()
}

fn evidence(account: &Account, of: &DisputeSnapshot, text: &str) -> Evidence {
    Evidence {
        dispute: of.theirs.clone(),
        key: account.key(),
        resend: false,
        texts: BTreeMap::from([(EvidenceField::Other, text.to_owned())]),
        files: Vec::new(),
        submit: true,
    }
}

#[tokio::test]
async fn a_chargeback_takes_the_money_and_evidence_wins_or_loses_it() {
    let account = Account::new().await;
    let disputes = account.connected.disputes.as_ref().unwrap();
    for (text, status, funds) in [
        ("winning_evidence", DisputeStatus::Won, Funds::Reinstated),
        ("losing_evidence", DisputeStatus::Lost, Funds::Withdrawn),
    ] {
        let open = disputed(&account, "pm_card_createDispute", MethodKind::Card).await;
        assert_eq!(
            (open.kind, open.status, open.funds()),
            (
                DisputeKind::Chargeback,
                DisputeStatus::NeedsResponse,
                Funds::Withdrawn
            )
        );
        assert_eq!(
            (open.withdrawn, open.fee.map(|fee| fee.minor)),
            (usd(2_000).get(), Some(1_500))
        );
        assert!(open.respond_by.is_some() && !open.answered);
        let reviewed = pending(disputes.answer(&evidence(&account, &open, text)).await);
        assert!(reviewed.answered);
        let end = disputes.read(&open.theirs).await.unwrap();
        assert_eq!(
            (end.status, end.funds(), end.withdrawn),
            (status, funds, usd(2_000).get()),
            "{text}"
        );
        declined(disputes.answer(&evidence(&account, &open, text)).await);
    }
}

#[tokio::test]
async fn an_inquiry_moves_no_money_until_it_escalates() {
    let account = Account::new().await;
    let disputes = account.connected.disputes.as_ref().unwrap();
    let open = disputed(&account, "pm_card_createDisputeInquiry", MethodKind::Card).await;
    assert_eq!((open.kind, open.funds()), (DisputeKind::Inquiry, Funds::None));
    pending(
        disputes
            .answer(&evidence(&account, &open, "escalate_inquiry_evidence"))
            .await,
    );
    let escalated = disputes.read(&open.theirs).await.unwrap();
    assert_eq!(
        (escalated.kind, escalated.funds()),
        (DisputeKind::Chargeback, Funds::Withdrawn)
    );
    let given_up = DisputeAcceptance {
        dispute: open.theirs.clone(),
        key: account.key(),
        resend: false,
    };
    assert_eq!(done(disputes.accept(&given_up).await).status, DisputeStatus::Lost);
    let closed = disputed(&account, "pm_card_createDisputeInquiry", MethodKind::Card).await;
    assert!(account.vendor.does(Deed::Decides(&closed.theirs, true)));
    let closed = disputes.read(&closed.theirs).await.unwrap();
    assert_eq!(
        (closed.status, closed.funds()),
        (DisputeStatus::Closed, Funds::None)
    );
}

#[tokio::test]
async fn a_returned_debit_cannot_be_contested() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::BankDebit).await;
    let made = pending(account.charge(&order).await);
    let theirs = made.theirs.clone().unwrap();
    assert!(account.vendor.does(Deed::Settles(&theirs)));
    assert!(
        account
            .vendor
            .does(Deed::Disputes(&theirs, DisputeKind::BankReturn))
    );
    let found = account.now(&made, &order).await;
    let returned = &found.disputes[0];
    assert_eq!(
        (returned.kind, returned.status),
        (DisputeKind::BankReturn, DisputeStatus::Lost)
    );
    assert_eq!(returned.withdrawn, usd(2_000).get());
    let disputes = account.connected.disputes.as_ref().unwrap();
    declined(
        disputes
            .answer(&evidence(&account, returned, "winning_evidence"))
            .await,
    );
    assert!(disputes.read(&"dp_of_nobody".parse().unwrap()).await.is_err());
}

#[tokio::test]
async fn files_are_handed_over_once_and_named_in_the_evidence() {
    let account = Account::new().await;
    let disputes = account.connected.disputes.as_ref().unwrap();
    let open = disputed(&account, "pm_card_createDispute", MethodKind::Card).await;
    let file = |about, bytes: &'static [u8]| EvidenceFile {
        about,
        file_type: FileType::Pdf,
        bytes: bytes.into(),
        key: account.key(),
    };
    let receipt = file(EvidenceDocument::Receipt, b"%PDF-1.7\n\xff\x00\n%%EOF");
    let mut said = Evidence {
        files: vec![receipt.clone()],
        submit: false,
        ..evidence(&account, &open, "as shown")
    };
    done(disputes.answer(&said).await);
    // Handed in for good, with the same file: its key makes it the same there.
    (said.submit, said.key) = (true, account.key());
    pending(disputes.answer(&said).await);
    let exchanges = account.client.exchanges();
    let uploads: Vec<_> = exchanges
        .iter()
        .filter(|(request, _)| request.url.ends_with("/v1/files"))
        .collect();
    assert_eq!(uploads.len(), 2);
    assert!(
        uploads
            .iter()
            .all(|(request, _)| request.url.starts_with("https://files.stripe.com/"))
    );
    let id = |answer: &HttpResponse| serde_json::from_slice::<Value>(&answer.body).unwrap()["id"].clone();
    assert_eq!(id(&uploads[0].1), id(&uploads[1].1), "one file");
    let kept = account.vendor.object(open.theirs.as_str()).unwrap();
    assert_eq!(kept["evidence"]["receipt"], id(&uploads[0].1));
    assert_eq!(kept["evidence"]["uncategorized_text"], "as shown");
    drop(exchanges);

    // What is no document is refused by Stripe, and nothing is said about the dispute.
    let open = disputed(&account, "pm_card_createDispute", MethodKind::Card).await;
    let forged = Evidence {
        files: vec![file(EvidenceDocument::Other, b"MZ")],
        ..evidence(&account, &open, "as shown")
    };
    declined(disputes.answer(&forged).await);
    assert!(!disputes.read(&open.theirs).await.unwrap().answered);
}
