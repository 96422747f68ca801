//! The sender of e-mail, and how its account stands.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sesv2::error::ProvideErrorMetadata as _;
use aws_sdk_sesv2::operation::get_account::GetAccountOutput;
use portcullis_ports::Result;
use portcullis_ports::error::{Code, Kind};
use portcullis_ports::notification::{Channel, Destination, Message, Receipt, Sender};
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::probe::Probe;

use crate::client::Client;
use crate::config::Letterhead;
use crate::refusals::{outcome, words};

/// SES does not answer, or does not let us in.
const SES_UNAVAILABLE: Code = Code::new(
    "ses-unavailable",
    Kind::Unavailable,
    "Amazon SES cannot be used at the moment.",
);
/// SES answers and does not send.
const SES_STOPPED: Code = Code::new(
    "ses-stopped",
    Kind::Config,
    "Amazon SES does not send for this account.",
);

/// Sends e-mail through SES in one region.
pub(crate) struct Ses {
    client: Client,
    letterhead: Letterhead,
    /// Whether the settings let anything be reported.
    reports: bool,
}

impl Ses {
    pub(crate) fn new(client: Client, letterhead: Letterhead, reports: bool) -> Self {
        Self {
            client,
            letterhead,
            reports,
        }
    }
}

#[async_trait]
impl Sender for Ses {
    fn channels(&self) -> &[Channel] {
        &[Channel::Email]
    }

    async fn send(&self, message: &Message) -> Outcome<Receipt> {
        let Destination::Email(to) = &message.to else {
            let why = "SES sends e-mail only";
            return Outcome::Declined(Reason::permanent("channel-not-served", why));
        };
        match self.client.send(&self.letterhead, message, to).await {
            Ok(Some(reference)) if !reference.is_empty() => Outcome::Done(Receipt { reference }),
            Ok(_) => Outcome::Unknown(Reference::Ours(message.id.to_string())),
            Err(error) => outcome(&error, message.id.as_str()),
        }
    }
}

#[async_trait]
impl Probe for Ses {
    async fn check(&self) -> Result<String> {
        let region = self.client.region();
        let account = match self.client.account().await {
            Ok(account) => account,
            // Whoever is denied was recognised: sending may work.
            Err(error) if matches!(error.code(), Some("AccessDeniedException" | "AccessDenied")) => {
                return Ok(format!(
                    "{region}: the credentials are accepted; allow ses:GetAccount to see quota and sandbox"
                ));
            }
            Err(error) => {
                return Err(SES_UNAVAILABLE
                    .with_detail(format!("{region}: {}", words(&error)))
                    .retry_after(Duration::from_secs(5)));
            }
        };
        if account.enforcement_status() == Some("SHUTDOWN") {
            return Err(SES_STOPPED.with_detail(format!(
                "{region}: AWS has shut down sending for this account; answer AWS's message about it"
            )));
        }
        if !account.sending_enabled() {
            return Err(SES_STOPPED.with_detail(format!(
                "{region}: sending is paused for this account; resume it in the console of SES under Account dashboard"
            )));
        }
        Ok(self.standing(region, &account))
    }
}

impl Ses {
    fn standing(&self, region: &str, account: &GetAccountOutput) -> String {
        let mut parts = Vec::new();
        if let Some(quota) = account.send_quota() {
            let (sent, most, rate) = (
                quota.sent_last24_hours(),
                quota.max24_hour_send(),
                quota.max_send_rate(),
            );
            // A quota of -1 is none.
            if most < 0.0 {
                parts.push(format!("{sent:.0} messages sent in 24 hours, without a limit"));
            } else {
                parts.push(format!(
                    "{sent:.0} of {most:.0} messages sent in 24 hours, at most {rate:.0} a second"
                ));
            }
            if most > 0.0 && sent >= most {
                parts.push("THE QUOTA IS USED UP".to_owned());
            }
        }
        if !account.production_access_enabled() {
            parts.push("SANDBOX: only verified addresses get mail; request production access".to_owned());
        }
        if account.enforcement_status() == Some("PROBATION") {
            parts.push("UNDER REVIEW for bounces or complaints".to_owned());
        }
        if !self.reports {
            parts.push("nothing is reported back: set configuration_set and topics".to_owned());
        }
        format!("{region}: {}", parts.join("; "))
    }
}
