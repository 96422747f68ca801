//! What SES says about messages, in our words.
//!
//! As the SES developer guide has it under "Contents of event data that Amazon SES publishes to Amazon SNS".

use std::collections::BTreeMap;

use portcullis_ports::Timestamp;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::id::MessageId;
use portcullis_ports::notification::{DeliveryNews, DeliveryState, Destination, SuppressionCause};
use portcullis_ports::wording::remark;
use serde::Deserialize;

use crate::client::TAG;
use crate::sns::moment;

/// What one event says.
pub(crate) struct News {
    /// When it happened, if that is said.
    pub(crate) at: Option<Timestamp>,
    pub(crate) news: Vec<DeliveryNews>,
}

/// Only what is read; unknown fields and words are left alone.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    /// In events of a configuration set.
    #[serde(rename = "eventType")]
    kind: Option<String>,
    /// In notifications of an identity.
    notification_type: Option<String>,
    mail: Option<Mail>,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    delivery: Option<Delivery>,
    reject: Option<Reject>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
    timestamp: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    #[serde(rename = "bounceType")]
    kind: String,
    #[serde(default, rename = "bounceSubType")]
    detail: String,
    #[serde(default)]
    bounced_recipients: Vec<Recipient>,
    timestamp: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
    status: Option<String>,
    diagnostic_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    #[serde(default)]
    complained_recipients: Vec<Recipient>,
    #[serde(rename = "complaintFeedbackType")]
    kind: Option<String>,
    timestamp: Option<String>,
}

#[derive(Deserialize)]
struct Delivery {
    timestamp: Option<String>,
}

#[derive(Deserialize)]
struct Reject {
    reason: Option<String>,
}

/// Reads an event; the reason names no content.
pub(crate) fn read(text: &str) -> Result<News, &'static str> {
    let event: Event = serde_json::from_str(text).map_err(|_| "is not an event of SES")?;
    let kind = event.kind.as_deref().or(event.notification_type.as_deref());
    let kind = kind.ok_or("does not say what kind of event it is")?;
    let Some(mail) = &event.mail else {
        // Such as the word that an identity's notifications are subscribed to.
        return Ok(News {
            at: None,
            news: Vec::new(),
        });
    };
    let report = |state, detail: String| DeliveryNews::Report {
        reference: mail.reference(),
        state,
        detail,
    };
    let (at, news) = match kind {
        "Send" => (None, vec![report(DeliveryState::Sent, String::new())]),
        "Delivery" => {
            let at = event.delivery.as_ref().and_then(|it| it.timestamp.as_deref());
            (at, vec![report(DeliveryState::Delivered, String::new())])
        }
        "Bounce" => {
            let bounce = event.bounce.as_ref().ok_or("lacks its bounce")?;
            let failed = report(DeliveryState::Failed, bounce.words());
            let news = std::iter::once(failed).chain(bounce.suppressions()).collect();
            (bounce.timestamp.as_deref(), news)
        }
        "Complaint" => {
            let complaint = event.complaint.as_ref().ok_or("lacks its complaint")?;
            (complaint.timestamp.as_deref(), complaint.suppressions())
        }
        "Reject" => {
            let reason = event.reject.as_ref().and_then(|it| it.reason.as_deref());
            let detail = format!("rejected by SES: {}", remark(reason.unwrap_or("bad content")));
            (None, vec![report(DeliveryState::Failed, detail)])
        }
        "Rendering Failure" => {
            let detail = "SES could not render its template".to_owned();
            (None, vec![report(DeliveryState::Failed, detail)])
        }
        // Delays change nothing yet; openings and clicks are none of our business.
        _ => (None, Vec::new()),
    };
    let at = at.or(mail.timestamp.as_deref()).and_then(moment);
    Ok(News { at, news })
}

impl Mail {
    /// Our own id where the event repeats it: it is right even if the answer to the sending was lost.
    fn reference(&self) -> String {
        let ours = self.tags.get(TAG).and_then(|values| values.first());
        let ours = ours.filter(|id| MessageId::parse(id).is_ok());
        ours.unwrap_or(&self.message_id).clone()
    }
}

impl Bounce {
    fn words(&self) -> String {
        let said = self.bounced_recipients.first();
        let said = said.and_then(|one| one.diagnostic_code.as_deref().or(one.status.as_deref()));
        let kind = format!("{} bounce, {}", self.kind, self.detail);
        remark(&said.map_or(kind.clone(), |said| format!("{kind}: {said}")))
    }

    /// Only a permanent bounce says that there is nobody: a full mailbox may be emptied.
    fn suppressions(&self) -> Vec<DeliveryNews> {
        if self.kind != "Permanent" {
            return Vec::new();
        }
        let cause = if self.detail == "UnsubscribedRecipient" {
            SuppressionCause::OptOut
        } else {
            SuppressionCause::Bounce
        };
        let detail = self.words();
        suppressions(&self.bounced_recipients, cause, &detail)
    }
}

impl Complaint {
    fn suppressions(&self) -> Vec<DeliveryNews> {
        let kind = self.kind.as_deref().unwrap_or("complaint");
        // The recipient took the message out of the folder of unwanted ones.
        if kind == "not-spam" {
            return Vec::new();
        }
        suppressions(
            &self.complained_recipients,
            SuppressionCause::Complaint,
            &remark(kind),
        )
    }
}

fn suppressions(recipients: &[Recipient], cause: SuppressionCause, detail: &str) -> Vec<DeliveryNews> {
    let suppress = |recipient: &Recipient| {
        let to = EmailAddress::parse(bare(&recipient.email_address));
        if to.is_err() {
            tracing::warn!("an address in an event of SES cannot be read; it is not suppressed");
        }
        Some(DeliveryNews::Suppress {
            to: Destination::Email(to.ok()?),
            cause,
            detail: detail.to_owned(),
        })
    };
    recipients.iter().filter_map(suppress).collect()
}

/// The address of `Ada <ada@example.com>`.
fn bare(text: &str) -> &str {
    let inner = text
        .trim()
        .strip_suffix('>')
        .and_then(|rest| rest.rsplit_once('<'));
    inner.map_or(text, |(_, address)| address)
}
