//! Verify: verifications that are started, checked, read and ended.

use std::time::Duration;

use portcullis_ports::Timestamp;
use portcullis_ports::http::{HttpMethod, HttpResponse};
use serde_json::{Value, json};

use super::answers::{refuse, show};
use super::dates::iso_8601;
use super::{ACCOUNT, Asked, State, VERIFY_SERVICE};

/// How long a code lives.
const LIFETIME: Duration = Duration::from_mins(10);
/// Sends and checks of one verification.
const ATTEMPTS: usize = 5;
/// The code where none is given.
const OWN_CODE: &str = "314159";

/// A verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Its SID.
    pub sid: String,
    /// Whose number is verified.
    pub to: String,
    /// How the code travels.
    pub channel: String,
    /// The code that is sent, the same every time.
    pub code: String,
    /// When it was sent.
    pub sent_at: Vec<Timestamp>,
    /// How often it was checked.
    pub checks: usize,
    /// What became of it; `pending` at first.
    pub status: String,
}

impl Verification {
    fn is_pending(&self, now: Timestamp) -> bool {
        self.status == "pending"
            && self
                .sent_at
                .first()
                .is_some_and(|first| now.since(*first) < LIFETIME)
    }
}

pub(super) fn answer(state: &mut State, asked: &Asked<'_>, path: &[&str], now: Timestamp) -> HttpResponse {
    match (asked.method, path) {
        (HttpMethod::Get, []) => show(200, &service(state, now)),
        (HttpMethod::Post, ["Verifications"]) => start(state, asked, now),
        (HttpMethod::Post, ["VerificationCheck"]) => check(state, asked, now),
        (HttpMethod::Get, ["Verifications", sid]) => with(state, sid, now, |_| Ok(())),
        (HttpMethod::Post, ["Verifications", sid]) => with(state, sid, now, |verification| {
            let status = asked
                .field("Status")
                .filter(|status| ["canceled", "approved"].contains(status));
            let status = status.ok_or_else(|| refuse(400, 60200, "Invalid parameter `Status`"))?;
            status.clone_into(&mut verification.status);
            Ok(())
        }),
        _ => not_found(),
    }
}

fn start(state: &mut State, asked: &Asked<'_>, now: Timestamp) -> HttpResponse {
    let (Some(to), Some(channel)) = (asked.field("To"), asked.field("Channel")) else {
        return refuse(400, 60200, "Invalid parameter");
    };
    match (to, asked.field("CustomCode")) {
        (_, Some(_)) if !state.custom_codes => return refuse(403, 60204, "Custom code not allowed"),
        (_, Some(code)) if !(4..=10).contains(&code.len()) => {
            return refuse(400, 60200, "Invalid parameter `Code`");
        }
        ("+15005550001", _) => return refuse(400, 60200, "Invalid parameter `To`"),
        ("+15005550003", _) => return refuse(400, 60605, "The destination country is blocked"),
        ("+15005550004", _) => return refuse(400, 21610, "Attempt to send to unsubscribed recipient"),
        ("+15005550009", _) => return refuse(400, 60205, "SMS is not supported by landline phone number"),
        _ => {}
    }
    let at = state
        .verifications
        .iter()
        .position(|known| known.to == to && known.is_pending(now));
    if let Some(verification) = at.and_then(|at| state.verifications.get_mut(at)) {
        if verification.sent_at.len() >= ATTEMPTS {
            return refuse(429, 60203, "Max send attempts reached");
        }
        verification.sent_at.push(now);
        return show(201, &resource(verification));
    }
    let verification = Verification {
        sid: state.sid("VE"),
        to: to.to_owned(),
        channel: channel.to_owned(),
        code: asked.field("CustomCode").unwrap_or(OWN_CODE).to_owned(),
        sent_at: vec![now],
        checks: 0,
        status: "pending".to_owned(),
    };
    let shown = resource(&verification);
    state.verifications.push(verification);
    show(201, &shown)
}

fn check(state: &mut State, asked: &Asked<'_>, now: Timestamp) -> HttpResponse {
    let meant = |known: &&mut Verification| match (asked.field("VerificationSid"), asked.field("To")) {
        (Some(sid), _) => known.sid == sid,
        (None, Some(to)) => known.to == to,
        (None, None) => false,
    };
    let mut pending = state
        .verifications
        .iter_mut()
        .filter(|known| known.is_pending(now));
    let Some(verification) = pending.find(meant) else {
        return not_found();
    };
    if verification.checks >= ATTEMPTS {
        "max_attempts_reached".clone_into(&mut verification.status);
        return refuse(429, 60202, "Max check attempts reached");
    }
    verification.checks += 1;
    if asked.field("Code") == Some(verification.code.as_str()) {
        "approved".clone_into(&mut verification.status);
    }
    let mut shown = resource(verification);
    if let Value::Object(fields) = &mut shown {
        for other in ["lookup", "send_code_attempts", "sna", "url"] {
            fields.remove(other);
        }
        fields.insert("sna_attempts_error_codes".to_owned(), json!([]));
    }
    show(200, &shown)
}

/// Acts on a pending verification and shows it.
fn with(
    state: &mut State,
    sid: &str,
    now: Timestamp,
    act: impl FnOnce(&mut Verification) -> Result<(), HttpResponse>,
) -> HttpResponse {
    let mut pending = state
        .verifications
        .iter_mut()
        .filter(|known| known.is_pending(now));
    let Some(verification) = pending.find(|known| known.sid == sid) else {
        return not_found();
    };
    match act(verification) {
        Ok(()) => show(200, &resource(verification)),
        Err(refusal) => refusal,
    }
}

fn not_found() -> HttpResponse {
    refuse(404, 20404, "The requested resource was not found")
}

fn service(state: &State, now: Timestamp) -> Value {
    json!({
        "sid": VERIFY_SERVICE,
        "account_sid": ACCOUNT,
        "friendly_name": "Simulated",
        "code_length": 6,
        "custom_code_enabled": state.custom_codes,
        "lookup_enabled": false,
        "date_created": iso_8601(now),
        "date_updated": iso_8601(now),
        "url": format!("https://verify.twilio.com/v2/Services/{VERIFY_SERVICE}"),
        "links": {},
    })
}

/// A verification as Twilio shows it.
fn resource(verification: &Verification) -> Value {
    let attempts: Vec<Value> = verification
        .sent_at
        .iter()
        .zip(1..)
        .map(|(at, number)| {
            let sid = format!("VL{number:032x}");
            json!({ "time": iso_8601(*at), "channel": verification.channel.to_uppercase(), "attempt_sid": sid })
        })
        .collect();
    let moment = |at: Option<&Timestamp>| at.copied().map(iso_8601);
    json!({
        "sid": verification.sid,
        "service_sid": VERIFY_SERVICE,
        "account_sid": ACCOUNT,
        "to": verification.to,
        "channel": verification.channel,
        "status": verification.status,
        "valid": verification.status == "approved",
        "lookup": {},
        "amount": null,
        "payee": null,
        "send_code_attempts": attempts,
        "date_created": moment(verification.sent_at.first()),
        "date_updated": moment(verification.sent_at.last()),
        "sna": null,
        "url": format!("https://verify.twilio.com/v2/Services/{VERIFY_SERVICE}/Verifications/{}", verification.sid),
    })
}
