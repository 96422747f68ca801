//! The account itself.

use portcullis_ports::Timestamp;
use portcullis_ports::http::HttpResponse;
use serde_json::json;

use super::answers::{refuse, show};
use super::dates::rfc_2822;
use super::{ACCOUNT, State};

pub(super) fn fetch(state: &State, file: &str, now: Timestamp) -> HttpResponse {
    if file.strip_suffix(".json") != Some(ACCOUNT) {
        return refuse(404, 20404, "The requested resource was not found");
    }
    let body = json!({
        "sid": ACCOUNT,
        "owner_account_sid": ACCOUNT,
        "friendly_name": "Simulated",
        "status": state.status,
        "type": state.kind,
        "date_created": rfc_2822(now),
        "date_updated": rfc_2822(now),
        "uri": format!("/2010-04-01/Accounts/{ACCOUNT}.json"),
    });
    show(200, &body)
}
