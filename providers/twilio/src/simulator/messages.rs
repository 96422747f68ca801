//! Messages: created, read one by one, listed.

use portcullis_ports::Timestamp;
use portcullis_ports::http::{HttpMethod, HttpResponse};
use serde_json::{Value, json};

use super::answers::{refuse, show};
use super::dates::{iso_date, rfc_2822};
use super::{ACCOUNT, Asked, MESSAGING_SERVICE, NUMBER, State};

/// The most characters of a text.
const LONGEST: usize = 1600;

/// A message that was accepted for sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// Its SID.
    pub sid: String,
    /// To whom.
    pub to: String,
    /// From which number, if none was to be chosen.
    pub from: Option<String>,
    /// From which Messaging Service.
    pub messaging_service: Option<String>,
    /// Its text.
    pub body: String,
    /// Where reports about it go.
    pub status_callback: Option<String>,
    /// How many seconds it may wait.
    pub validity: Option<u32>,
    /// Where it is on its way.
    pub status: String,
    /// Why it failed.
    pub error_code: Option<u32>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When its status changed last.
    pub updated_at: Timestamp,
}

pub(super) fn answer(state: &mut State, asked: &Asked<'_>, path: &[&str], now: Timestamp) -> HttpResponse {
    match (asked.method, path) {
        (HttpMethod::Post, ["Messages.json"]) => create(state, asked, now),
        (HttpMethod::Get, ["Messages.json"]) => list(state, asked),
        (HttpMethod::Get, ["Messages", file]) => {
            let sid = file.strip_suffix(".json");
            match state
                .messages
                .iter()
                .find(|message| Some(message.sid.as_str()) == sid)
            {
                Some(message) => show(200, &resource(message)),
                None => refuse(404, 20404, "The requested resource was not found"),
            }
        }
        _ => refuse(404, 20404, "The requested resource was not found"),
    }
}

fn create(state: &mut State, asked: &Asked<'_>, now: Timestamp) -> HttpResponse {
    if let Some((code, why)) = mistake(asked) {
        return refuse(400, code, why);
    }
    let text = |name: &str| asked.field(name).map(str::to_owned);
    let service = text("MessagingServiceSid");
    let message = SentMessage {
        sid: state.sid("SM"),
        to: text("To").unwrap_or_default(),
        from: text("From"),
        status: if service.is_some() { "accepted" } else { "queued" }.to_owned(),
        messaging_service: service,
        body: text("Body").unwrap_or_default(),
        status_callback: text("StatusCallback"),
        validity: asked
            .field("ValidityPeriod")
            .and_then(|seconds| seconds.parse().ok()),
        error_code: None,
        created_at: now,
        updated_at: now,
    };
    let shown = resource(&message);
    state.messages.push(message);
    show(201, &shown)
}

/// What is wrong with a message, by the table of the test credentials.
fn mistake(asked: &Asked<'_>) -> Option<(u32, &'static str)> {
    match (asked.field("From"), asked.field("MessagingServiceSid")) {
        (Some(NUMBER), None) | (None, Some(MESSAGING_SERVICE)) => {}
        (Some("+15005550001"), _) => return Some((21212, "The 'From' number is not a valid phone number")),
        (Some("+15005550008"), _) => return Some((21611, "This 'From' number has exceeded its queue")),
        (Some(_), _) => return Some((21606, "The 'From' phone number is not yours")),
        (None, Some(_)) => return Some((21703, "The Messaging Service has no phone numbers")),
        (None, None) => return Some((21603, "A 'From' phone number is required")),
    }
    match asked.field("To") {
        None => return Some((21604, "A 'To' phone number is required")),
        Some("+15005550001") => return Some((21211, "The 'To' number is not a valid phone number")),
        Some("+15005550002") => return Some((21612, "Twilio cannot route to this number")),
        Some("+15005550003") => return Some((21408, "Permission to send an SMS has not been enabled")),
        Some("+15005550004") => return Some((21610, "Attempt to send to unsubscribed recipient")),
        Some("+15005550009") => return Some((21614, "The 'To' number cannot receive SMS messages")),
        Some(_) => {}
    }
    let body = asked.field("Body").unwrap_or_default();
    if body.is_empty() {
        return Some((21602, "Message body is required"));
    }
    if body.chars().count() > LONGEST {
        return Some((
            21617,
            "The concatenated message body exceeds the 1600 character limit",
        ));
    }
    let callback = asked.field("StatusCallback");
    if callback.is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
        return Some((21609, "The 'StatusCallback' URL is not a valid URL"));
    }
    None
}

fn list(state: &State, asked: &Asked<'_>) -> HttpResponse {
    let fits = |message: &&SentMessage| {
        let same = |name: &str, found: &str| asked.query(name).is_none_or(|wanted| wanted == found);
        same("To", &message.to)
            && same("From", message.from.as_deref().unwrap_or(NUMBER))
            && same("DateSent", &iso_date(message.created_at))
    };
    let number = |name: &str, otherwise: usize| {
        asked
            .query(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    let size = number("PageSize", 50).clamp(1, 1000);
    let page = number("Page", 0);
    let found: Vec<Value> = state.messages.iter().rev().filter(fits).map(resource).collect();
    let start = page.saturating_mul(size);
    let shown: Vec<Value> = found.iter().skip(start).take(size).cloned().collect();
    let uri = |page: usize| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in asked
            .query
            .iter()
            .filter(|(name, _)| name != "Page" && name != "PageSize")
        {
            query.append_pair(name, value);
        }
        query.append_pair("PageSize", &size.to_string());
        query.append_pair("Page", &page.to_string());
        format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json?{}", query.finish())
    };
    let next = (found.len() > start.saturating_add(size)).then(|| uri(page + 1));
    let previous = (page > 0).then(|| uri(page - 1));
    let body = json!({
        "end": start + shown.len().saturating_sub(1),
        "start": start,
        "page": page,
        "page_size": size,
        "first_page_uri": uri(0),
        "next_page_uri": next,
        "previous_page_uri": previous,
        "uri": uri(page),
        "messages": shown,
    });
    show(200, &body)
}

/// A message as Twilio shows it.
fn resource(message: &SentMessage) -> Value {
    let uri = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/{}", message.sid);
    let on_its_way = !["accepted", "queued", "sending"].contains(&message.status.as_str());
    json!({
        "sid": message.sid,
        "account_sid": ACCOUNT,
        "messaging_service_sid": message.messaging_service,
        "to": message.to,
        "from": message.from,
        "body": message.body,
        "status": message.status,
        "error_code": message.error_code,
        "error_message": message.error_code.map(|code| format!("Error {code}")),
        "direction": "outbound-api",
        "num_segments": message.body.chars().count().div_ceil(153).max(1).to_string(),
        "num_media": "0",
        "price": null,
        "price_unit": "USD",
        "api_version": "2010-04-01",
        "date_created": rfc_2822(message.created_at),
        "date_updated": rfc_2822(message.updated_at),
        "date_sent": on_its_way.then(|| rfc_2822(message.updated_at)),
        "subresource_uris": { "media": format!("{uri}/Media.json") },
        "uri": format!("{uri}.json"),
    })
}
