//! Disputes: read, answered with texts and files, given up. What may be done now is what the dispute links to.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::multipart::Form;
use portcullis_ports::outcome::{Outcome, Reason};
use portcullis_ports::payments::{
    CallKey, Decline, DeclineClass, DisputeAcceptance, DisputeOutcome, DisputeSnapshot, DisputeStatus,
    Disputes, Evidence, EvidenceDocument, EvidenceField, EvidenceFile, Failure, FileTerms, UNKNOWN_DISPUTE,
    VendorRef,
};
use serde_json::{Value, json};

use crate::answers::Answered;
use crate::client::Body;
use crate::find::{segment, unreadable};
use crate::payments::{PayPal, unread};
use crate::pictures;
use crate::wire::Dispute;

/// The most characters of one note; longer texts are handed in as several.
const NOTE: usize = 2_000;
/// What PayPal takes with one answer: 10 MB for each file, and 50 MB together, of which we keep far below.
const FILES: FileTerms = FileTerms {
    most: 9,
    most_bytes: 10_000_000,
};
/// The most characters of a tracking number.
const NUMBER: usize = 255;

#[async_trait]
impl Disputes for PayPal {
    fn takes_evidence(&self) -> bool {
        true
    }

    fn files(&self) -> Option<FileTerms> {
        Some(FILES)
    }

    async fn read(&self, dispute: &VendorRef) -> Result<DisputeSnapshot> {
        let found = self
            .dispute(dispute)
            .await?
            .ok_or_else(|| UNKNOWN_DISPUTE.error())?;
        pictures::dispute(&found, None, self.now()).ok_or_else(unreadable)
    }

    async fn answer(&self, evidence: &Evidence) -> DisputeOutcome {
        if !evidence.submit {
            return Outcome::NotSent(Reason::permanent(
                "no-drafts",
                "PayPal keeps no drafts: what it gets is handed in at once",
            ));
        }
        let input = json!({ "evidences": evidences(evidence) });
        let said = (&input, evidence.files.as_slice());
        self.act(
            &evidence.dispute,
            &["provide-evidence", "appeal"],
            said,
            &evidence.key,
        )
        .await
    }

    async fn accept(&self, acceptance: &DisputeAcceptance) -> DisputeOutcome {
        let input = json!({ "note": "We accept the claim." });
        self.act(
            &acceptance.dispute,
            &["accept-claim"],
            (&input, &[]),
            &acceptance.key,
        )
        .await
    }
}

impl PayPal {
    async fn dispute(&self, dispute: &VendorRef) -> Result<Option<Dispute>> {
        self.client
            .read(
                &format!("/v1/customer/disputes/{}", segment(dispute.as_str())),
                &[],
            )
            .await
    }

    /// Takes the first of some steps that the dispute allows, and shows how it stands then.
    async fn act(
        &self,
        dispute: &VendorRef,
        steps: &[&str],
        (input, files): (&Value, &[EvidenceFile]),
        key: &CallKey,
    ) -> DisputeOutcome {
        let found = match self.dispute(dispute).await {
            Ok(found) => found.unwrap_or_default(),
            Err(error) => return Outcome::NotSent(unread(&error)),
        };
        let allows = |step: &&&str| {
            found
                .links
                .iter()
                .any(|link| link.href.ends_with(&format!("/{step}")))
        };
        let Some(step) = steps.iter().find(allows) else {
            let detail = "PayPal does not take that in the state that the dispute has";
            let failure = Failure::new(DeclineClass::OurSide, "ACTION_NOT_ALLOWED_FOR_STATE", detail);
            return Outcome::Declined(Decline::new(failure).of(dispute.clone()));
        };
        let path = format!("/v1/customer/disputes/{}/{step}", segment(dispute.as_str()));
        let answer = self.client.post(&path, form(input, files, key), Some(key)).await;
        let done: Outcome<(), Decline, ()> = Answered::<Value>::of(answer).outcome(
            dispute.as_str(),
            |_| Some(Outcome::Done(())),
            |_, decline| Outcome::Declined(decline.of(dispute.clone())),
        );
        match done {
            Outcome::Done(()) | Outcome::Pending(()) => match self.read(dispute).await {
                Ok(shown) if shown.status == DisputeStatus::UnderReview => Outcome::Pending(shown),
                Ok(shown) => Outcome::Done(shown),
                Err(_) => Outcome::Unknown(portcullis_ports::outcome::Reference::Theirs(dispute.to_string())),
            },
            Outcome::Declined(decline) => Outcome::Declined(decline),
            Outcome::NotSent(reason) => Outcome::NotSent(reason),
            Outcome::Unknown(reference) => Outcome::Unknown(reference),
        }
    }
}

/// One part of JSON, and the files beside it, which it calls by their names.
fn form(input: &Value, files: &[EvidenceFile], key: &CallKey) -> Body {
    let mut form = Form::new(key).text("input", Some("application/json"), &input.to_string());
    for (number, file) in files.iter().enumerate() {
        let field = format!("evidence-file-{}", number + 1);
        form = form.file(&field, &file_name(file), file.file_type.media_type(), &file.bytes);
    }
    let (media_type, body) = form.finish();
    Body::Raw(media_type, body)
}

/// PayPal takes no underscore in some names.
fn file_name(file: &EvidenceFile) -> String {
    file.name().replace('_', "-")
}

/// What is said, in pieces that PayPal takes; how it was sent goes into one.
fn evidences(evidence: &Evidence) -> Vec<Value> {
    let text = |field| evidence.texts.get(&field).map(String::as_str);
    let mut all = Vec::new();
    // What is longer is no tracking number, and goes among the notes alone.
    let number =
        text(EvidenceField::ShippingTrackingNumber).filter(|number| number.chars().count() <= NUMBER);
    if let Some(number) = number {
        let carrier = text(EvidenceField::ShippingCarrier).unwrap_or("not told");
        let carrier: String = carrier.chars().take(NOTE).collect();
        all.push(json!({
            "evidence_type": "PROOF_OF_FULFILLMENT",
            "evidence_info": { "tracking_info": [{
                "carrier_name": "OTHER",
                "carrier_name_other": carrier,
                "tracking_number": number,
            }] },
        }));
    }
    for (field, text) in &evidence.texts {
        let letters: Vec<char> = format!("{}: {text}", about(*field)).chars().collect();
        for note in letters.chunks(NOTE) {
            let note: String = note.iter().collect();
            all.push(json!({ "evidence_type": kind(*field), "notes": note }));
        }
    }
    for file in &evidence.files {
        all.push(json!({
            "evidence_type": document(file.about),
            "documents": [{ "name": file_name(file) }],
        }));
    }
    all
}

/// PayPal's type for what a file shows.
fn document(about: EvidenceDocument) -> &'static str {
    match about {
        EvidenceDocument::Receipt => "PROOF_OF_RECEIPT_COPY",
        EvidenceDocument::CustomerSignature => "PROOF_OF_DELIVERY_SIGNATURE",
        EvidenceDocument::ShippingDocumentation | EvidenceDocument::ServiceDocumentation => {
            "PROOF_OF_FULFILLMENT"
        }
        EvidenceDocument::CancellationPolicy | EvidenceDocument::RefundPolicy => "RETURN_POLICY",
        EvidenceDocument::CustomerCommunication
        | EvidenceDocument::DuplicateCharge
        | EvidenceDocument::Other => "OTHER",
    }
}

/// PayPal's type for a kind of evidence.
fn kind(field: EvidenceField) -> &'static str {
    match field {
        EvidenceField::ProductDescription => "ITEM_DESCRIPTION",
        EvidenceField::ServiceDate
        | EvidenceField::AccessLog
        | EvidenceField::ShippingCarrier
        | EvidenceField::ShippingTrackingNumber
        | EvidenceField::ShippingDate => "PROOF_OF_FULFILLMENT",
        EvidenceField::RefundPolicy | EvidenceField::CancellationPolicy => "RETURN_POLICY",
        _ => "OTHER",
    }
}

/// What a note is about, where its type does not say it.
fn about(field: EvidenceField) -> &'static str {
    match field {
        EvidenceField::ProductDescription => "What was sold",
        EvidenceField::CustomerName => "The buyer's name",
        EvidenceField::CustomerEmail => "The buyer's e-mail address",
        EvidenceField::CustomerIp => "The address of the buyer's device",
        EvidenceField::ServiceDate => "Date of the service",
        EvidenceField::AccessLog => "Log of use",
        EvidenceField::ShippingCarrier => "Carrier",
        EvidenceField::ShippingTrackingNumber => "Tracking number",
        EvidenceField::ShippingDate => "Date of shipping",
        EvidenceField::RefundPolicy => "Refund policy",
        EvidenceField::RefundRefusal => "Why no refund was due",
        EvidenceField::CancellationPolicy => "Cancellation policy",
        EvidenceField::CancellationRefusal => "Why it was not cancelled",
        EvidenceField::DuplicateCharge => "The payment that this is said to repeat",
        EvidenceField::DuplicateExplanation => "Why it repeats none",
        EvidenceField::Other => "Note",
    }
}
