//! Disputes: read, answered with texts and files, given up.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::http::{HttpResponse, NoAnswer};
use portcullis_ports::multipart::Form;
use portcullis_ports::outcome::{Outcome, Reason};
use portcullis_ports::payments::{
    Decline, DisputeAcceptance, DisputeOutcome, DisputeSnapshot, DisputeStatus, Disputes, Evidence,
    EvidenceDocument, EvidenceField, EvidenceFile, FileTerms, UNAVAILABLE, UNKNOWN_DISPUTE, VendorRef,
};
use serde_json::{Map, Value, json};

use crate::answers::Answered;
use crate::failures::failure;
use crate::find::segment;
use crate::payments::Stripe;
use crate::{pictures, wire};

/// What Stripe takes with one answer (<https://docs.stripe.com/file-upload>): a file for each matter, 4.5 MB together.
const FILES: FileTerms = FileTerms {
    most: 9,
    most_bytes: 4_500_000,
};
/// After how long a file may be handed over again of which nobody knows.
const TRY_AGAIN: Duration = Duration::from_secs(5);

#[async_trait]
impl Disputes for Stripe {
    fn takes_evidence(&self) -> bool {
        true
    }

    fn files(&self) -> Option<FileTerms> {
        Some(FILES)
    }

    async fn read(&self, dispute: &VendorRef) -> Result<DisputeSnapshot> {
        let path = format!("/v1/disputes/{}", segment(dispute));
        let found: Option<wire::Dispute> = self.client.read(&path, &json!({})).await?;
        let found = found.ok_or_else(|| UNKNOWN_DISPUTE.error())?;
        pictures::dispute(&found, self.now()).ok_or_else(|| UNAVAILABLE.error().with_context("path", path))
    }

    async fn answer(&self, evidence: &Evidence) -> DisputeOutcome {
        let texts = evidence.texts.iter();
        let mut said: Map<String, Value> = texts
            .map(|(field, text)| (name(*field).to_owned(), json!(text)))
            .collect();
        for file in &evidence.files {
            match self.upload(file, &evidence.dispute).await {
                Ok(id) => said.insert(document(file.about).to_owned(), json!(id)),
                Err(outcome) => return outcome,
            };
        }
        let fields = json!({ "evidence": said, "submit": evidence.submit });
        let path = format!("/v1/disputes/{}", segment(&evidence.dispute));
        let answer = self.client.post(&path, &fields, &evidence.key).await;
        self.decided(answer, &evidence.dispute)
    }

    async fn accept(&self, acceptance: &DisputeAcceptance) -> DisputeOutcome {
        let path = format!("/v1/disputes/{}/close", segment(&acceptance.dispute));
        let answer = self.client.post(&path, &json!({}), &acceptance.key).await;
        self.decided(answer, &acceptance.dispute)
    }
}

impl Stripe {
    /// Hands over a file and gives Stripe's name for it. Of a file that no dispute names nothing follows, so that whatever went
    /// wrong, the answer was not sent.
    async fn upload(&self, file: &EvidenceFile, dispute: &VendorRef) -> Result<String, DisputeOutcome> {
        let form = Form::new(&file.key)
            .text("purpose", None, "dispute_evidence")
            .file("file", &file.name(), file.file_type.media_type(), &file.bytes);
        let answer = self.client.upload(form, &file.key).await;
        Err(match Answered::<wire::File>::of(answer) {
            Answered::Object(made) => return Ok(made.id),
            Answered::Refused(refusal) => {
                Outcome::Declined(Decline::new(failure(&refusal)).of(dispute.clone()))
            }
            Answered::NotSent(reason) => Outcome::NotSent(reason),
            Answered::Unknown => Outcome::NotSent(Reason::outage(
                "file-not-taken",
                "Stripe gave no answer to a file",
                TRY_AGAIN,
            )),
        })
    }

    fn decided(&self, answer: Result<HttpResponse, NoAnswer>, dispute: &VendorRef) -> DisputeOutcome {
        let done = |found: wire::Dispute| {
            let found = pictures::dispute(&found, self.now())?;
            Some(match found.status {
                DisputeStatus::UnderReview => Outcome::Pending(found),
                _ => Outcome::Done(found),
            })
        };
        Answered::of(answer).outcome(dispute.as_str(), done, |_, decline| {
            Outcome::Declined(decline.of(dispute.clone()))
        })
    }
}

/// Stripe's name for what a file shows.
fn document(about: EvidenceDocument) -> &'static str {
    match about {
        EvidenceDocument::Receipt => "receipt",
        EvidenceDocument::CustomerCommunication => "customer_communication",
        EvidenceDocument::CustomerSignature => "customer_signature",
        EvidenceDocument::ShippingDocumentation => "shipping_documentation",
        EvidenceDocument::ServiceDocumentation => "service_documentation",
        EvidenceDocument::CancellationPolicy => "cancellation_policy",
        EvidenceDocument::RefundPolicy => "refund_policy",
        EvidenceDocument::DuplicateCharge => "duplicate_charge_documentation",
        EvidenceDocument::Other => "uncategorized_file",
    }
}

/// Stripe's name for a kind of evidence.
fn name(field: EvidenceField) -> &'static str {
    match field {
        EvidenceField::ProductDescription => "product_description",
        EvidenceField::CustomerName => "customer_name",
        EvidenceField::CustomerEmail => "customer_email_address",
        EvidenceField::CustomerIp => "customer_purchase_ip",
        EvidenceField::ServiceDate => "service_date",
        EvidenceField::AccessLog => "access_activity_log",
        EvidenceField::ShippingCarrier => "shipping_carrier",
        EvidenceField::ShippingTrackingNumber => "shipping_tracking_number",
        EvidenceField::ShippingDate => "shipping_date",
        EvidenceField::RefundPolicy => "refund_policy_disclosure",
        EvidenceField::RefundRefusal => "refund_refusal_explanation",
        EvidenceField::CancellationPolicy => "cancellation_policy_disclosure",
        EvidenceField::CancellationRefusal => "cancellation_rebuttal",
        EvidenceField::DuplicateCharge => "duplicate_charge_id",
        EvidenceField::DuplicateExplanation => "duplicate_charge_explanation",
        EvidenceField::Other => "uncategorized_text",
    }
}
