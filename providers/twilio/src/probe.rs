//! Whether the account is well: active, trial or suspended, and whether Verify takes our codes.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::error::{Code, Error, Kind};
use portcullis_ports::http::{HttpResponse, NoAnswer};
use portcullis_ports::outcome::Outcome;
use portcullis_ports::probe::Probe;

use crate::client::Client;
use crate::refusals;
use crate::wire::{Account, VerifyService, read};

const ACCOUNT: Code = Code::new(
    "twilio-account",
    Kind::Config,
    "The Twilio account cannot be used.",
);
const NO_ANSWER: Code = Code::new("twilio-unreachable", Kind::Unavailable, "Twilio does not answer.");

/// Looks at the account.
pub(crate) struct TwilioProbe {
    pub(crate) client: Arc<Client>,
    pub(crate) verify_service: Option<String>,
}

#[async_trait]
impl Probe for TwilioProbe {
    async fn check(&self) -> Result<String> {
        let answer = usable(self.client.account().await, "account_sid and auth_token")?;
        let account: Account = read(&answer.body).ok_or_else(not_understood)?;
        if account.status != "active" {
            let status = word(&account.status);
            return Err(ACCOUNT.with_detail(format!("the account is {status}; look into the Twilio Console")));
        }
        let mut said = match account.kind.as_deref() {
            Some("Trial") => {
                "the account is active, as a trial: only verified numbers can be reached".to_owned()
            }
            _ => "the account is active".to_owned(),
        };
        if let Some(service) = &self.verify_service {
            let answer = usable(
                self.client.verify_service(service).await,
                "verify_service_sid and the API key",
            )?;
            let service: VerifyService = read(&answer.body).ok_or_else(not_understood)?;
            if service.custom_code_enabled == Some(false) {
                let remedy = "turn on \"Enable Custom Verification Code\" in the settings of the service";
                return Err(
                    ACCOUNT.with_detail(format!("verify_service_sid does not allow our codes: {remedy}"))
                );
            }
            said.push_str("; Verify takes our codes");
        }
        Ok(said)
    }
}

/// A success, or an error that says where to look.
fn usable(answer: Result<HttpResponse, NoAnswer>, fields: &str) -> Result<HttpResponse> {
    let answer = answer.map_err(|why| NO_ANSWER.with_detail(why.to_string()))?;
    if answer.is_success() {
        return Ok(answer);
    }
    let status = answer.status;
    Err(match refusals::outcome::<()>(&answer, "") {
        Outcome::Declined(why) | Outcome::NotSent(why) => ACCOUNT
            .with_detail(format!("{}; check {fields}", why.detail))
            .with_context("reason", why.code),
        _ => NO_ANSWER.with_detail(format!("Twilio answered with HTTP {status}")),
    })
}

fn not_understood() -> Error {
    NO_ANSWER.with_detail("Twilio's answer is not understood")
}

/// A word of an answer, unless it is no word.
fn word(text: &str) -> &str {
    let plain = (1..=20).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_lowercase() || c == b'-');
    if plain { text } else { "in an unknown state" }
}
