//! Sending in the simulated SES, and the events that follow from it.

use std::collections::BTreeMap;

use portcullis_ports::Timestamp;
use portcullis_ports::http::HttpRequest;
use serde_json::{Value, json};

use super::notices::iso;
use super::{CONFIGURATION_SET, FROM, Notice, Refusal, State};

/// One message that was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct SentMail {
    /// The name that SES gave it.
    pub id: String,
    /// The sender, as it was given.
    pub from: String,
    /// The recipient.
    pub to: String,
    /// The whole request.
    pub request: Value,
}

impl State {
    pub(super) fn send(&mut self, request: &HttpRequest, now: Timestamp) -> Result<Value, Refusal> {
        let body: Value = serde_json::from_slice(&request.body)
            .map_err(|_| Refusal::new(400, "BadRequestException", "The body is not JSON"))?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (from, to) = (
            text(&body["FromEmailAddress"]),
            text(&body["Destination"]["ToAddresses"][0]),
        );
        let simple = &body["Content"]["Simple"];
        if to.is_empty() || simple["Subject"]["Data"].is_null() || simple["Body"].is_null() {
            return Err(Refusal::new(400, "BadRequestException", "A field is missing"));
        }
        self.permit(&from, &to)?;
        let set = body["ConfigurationSetName"].as_str();
        if set.is_some_and(|set| set != CONFIGURATION_SET) {
            let message = "Configuration set does not exist";
            return Err(Refusal::new(404, "NotFoundException", message));
        }
        self.made += 1;
        let id = format!("0100018c{:016x}-000000", self.made);
        if set.is_some() {
            let mail = described(&id, &to, now, &body["EmailTags"]);
            for event in events(&to, &mail, now) {
                self.made += 1;
                let notice = Notice::notification(self.made, now, &event.to_string());
                self.notices.push(notice);
            }
        }
        self.sent.push(SentMail {
            id: id.clone(),
            from,
            to,
            request: body,
        });
        Ok(json!({ "MessageId": id }))
    }

    fn permit(&self, from: &str, to: &str) -> Result<(), Refusal> {
        if !self.account.sending {
            let message = "Sending is paused for this account";
            return Err(Refusal::new(400, "SendingPausedException", message));
        }
        let bare = from
            .rsplit_once('<')
            .map_or(from, |(_, rest)| rest.trim_end_matches('>'));
        let known = |address: &str| address == FROM || address.ends_with("@simulator.amazonses.com");
        let unverified = [bare, to]
            .into_iter()
            .enumerate()
            .find(|(at, address)| !known(address) && (*at == 0 || !self.account.production));
        match unverified {
            None => Ok(()),
            Some((_, address)) => Err(Refusal::new(
                400,
                "MessageRejected",
                &format!(
                    "Email address is not verified. The following identities failed the check in region US-EAST-1: \
                     {address}"
                ),
            )),
        }
    }
}

/// The `mail` object of every event.
fn described(id: &str, to: &str, now: Timestamp, tags: &Value) -> Value {
    let given = tags.as_array().into_iter().flatten();
    let tags: BTreeMap<&str, Vec<&Value>> = given
        .filter_map(|tag| Some((tag["Name"].as_str()?, vec![&tag["Value"]])))
        .collect();
    json!({
        "timestamp": iso(now),
        "messageId": id,
        "source": FROM,
        "destination": [to],
        "tags": tags,
    })
}

fn events(to: &str, mail: &Value, now: Timestamp) -> Vec<Value> {
    let event = |kind: &str, field: &str, detail: Value| {
        let mut event = json!({ "eventType": kind, "mail": mail });
        event[field] = detail;
        event
    };
    let sent = event("Send", "send", json!({}));
    let delivered = event(
        "Delivery",
        "delivery",
        json!({ "timestamp": iso(now), "recipients": [to], "smtpResponse": "250 ok" }),
    );
    let bounced = |kind: &str| {
        let detail = json!({
            "bounceType": "Permanent",
            "bounceSubType": kind,
            "timestamp": iso(now),
            "feedbackId": "0100018c-feedback",
            "bouncedRecipients": [{
                "emailAddress": to, "action": "failed", "status": "5.1.1",
                "diagnosticCode": format!("smtp; 550 5.1.1 <{to}> user unknown"),
            }],
        });
        event("Bounce", "bounce", detail)
    };
    let complained = event(
        "Complaint",
        "complaint",
        json!({
            "complainedRecipients": [{ "emailAddress": to }],
            "timestamp": iso(now),
            "feedbackId": "0100018c-feedback",
            "complaintFeedbackType": "abuse",
        }),
    );
    let (local, host) = to.split_once('@').unwrap_or_default();
    let local = local.split('+').next().unwrap_or_default();
    match (local, host) {
        ("bounce", "simulator.amazonses.com") => vec![sent, bounced("General")],
        ("suppressionlist", "simulator.amazonses.com") => vec![sent, bounced("OnAccountSuppressionList")],
        ("complaint", "simulator.amazonses.com") => vec![sent, delivered, complained],
        _ => vec![sent, delivered],
    }
}
