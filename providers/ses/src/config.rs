//! The settings of SES and what they become when checked.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::notification::{ConnectedSender, Senders};
use portcullis_ports::plugin::{ConfigError, Plan, Runtime, Settings};
use portcullis_ports::{Endpoint, Result, Span};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::certificates::Certificates;
use crate::client::Client;
use crate::from;
use crate::inbound::SnsInbound;
use crate::senders::Ses;

/// The longest time that may be given to a request.
const MAX_TIMEOUT: Span = Span::minutes(1);

/// Settings of Amazon SES. Credentials are found as every program for AWS finds them: in the environment, in a profile,
/// or from the machine or container it runs on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SesSettings {
    /// The sender that recipients see: an address, or a name and an address. The address or its domain must be a
    /// verified identity in the region.
    #[schemars(example = "Example <no-reply@example.com>", extend("x-env" = ["SES_FROM_EMAIL"]))]
    pub from: String,
    /// Where answers go; without it they go to `from`.
    #[serde(default)]
    pub reply_to: Option<EmailAddress>,
    /// The region; without it the one that the AWS environment names.
    #[serde(default)]
    #[schemars(example = "eu-central-1")]
    pub region: Option<String>,
    /// Another address of the API, such as a VPC endpoint. An `http` address on this machine is taken for an emulator,
    /// which takes any credentials.
    #[serde(default)]
    #[schemars(example = "https://email-fips.us-east-1.amazonaws.com")]
    pub endpoint: Option<String>,
    /// The configuration set that messages are sent with. Without one nothing is reported.
    #[serde(default)]
    #[schemars(example = &"portcullis")]
    pub configuration_set: Option<String>,
    /// The ARNs of the SNS topics whose deliveries are believed. Empty: none.
    #[serde(default)]
    #[schemars(example = ["arn:aws:sns:eu-central-1:123456789012:portcullis-mail"])]
    pub topics: Vec<String>,
    /// Believes deliveries that are signed with SHA-1, too. Set the topic's attribute `SignatureVersion` to 2 instead.
    #[serde(default)]
    pub accept_sha1: bool,
    /// How long one request may take, 1s to 1m. Keep it below `outbox.timeout`.
    #[serde(default = "timeout")]
    pub timeout: Span,
}

const fn timeout() -> Span {
    Span::seconds(10)
}

/// Where SES is.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) region: Option<String>,
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) limit: Duration,
}

/// What every message is sent with.
#[derive(Debug)]
pub(crate) struct Letterhead {
    pub(crate) from: String,
    pub(crate) reply_to: Option<EmailAddress>,
    pub(crate) configuration_set: Option<String>,
}

/// SES that can be connected to.
#[derive(Debug)]
pub struct SesPlan {
    access: Access,
    letterhead: Letterhead,
    topics: Vec<String>,
    accept_sha1: bool,
}

impl Settings<Senders> for SesSettings {
    type Plan = SesPlan;

    fn plan(self) -> std::result::Result<SesPlan, Vec<ConfigError>> {
        let mut mistakes = Vec::new();
        let mut expect = |holds: bool, field: String, problem: &str| {
            if !holds {
                mistakes.push(ConfigError::at(field, problem));
            }
        };
        let from = from::read(&self.from);
        expect(from.is_ok(), "from".to_owned(), from::ADVICE);
        let is_region = |text: &str| text.len() >= 3 && is_plain(text, 32, "-");
        expect(
            self.region.as_deref().is_none_or(is_region),
            "region".to_owned(),
            "the name of a region is expected, such as eu-central-1",
        );
        let endpoint: Option<Endpoint> = self.endpoint.as_deref().and_then(|text| text.parse().ok());
        expect(
            self.endpoint.is_none() || endpoint.as_ref().is_some_and(Endpoint::is_trustworthy),
            "endpoint".to_owned(),
            "an address without a path that begins with https:// is expected, or with http:// on this machine",
        );
        expect(
            self.configuration_set
                .as_deref()
                .is_none_or(|name| is_plain(name, 64, "-_")),
            "configuration_set".to_owned(),
            "the name of a configuration set is expected: 1 to 64 letters, digits, - and _",
        );
        for (at, topic) in self.topics.iter().enumerate() {
            expect(
                is_topic(topic),
                format!("topics[{at}]"),
                "the ARN of a standard topic is expected, such as arn:aws:sns:eu-central-1:123456789012:mail",
            );
        }
        expect(
            (Span::seconds(1)..=MAX_TIMEOUT).contains(&self.timeout),
            "timeout".to_owned(),
            "a time from 1s to 1m is expected",
        );
        match from {
            Ok(from) if mistakes.is_empty() => Ok(SesPlan {
                access: Access {
                    region: self.region,
                    endpoint,
                    limit: self.timeout.get(),
                },
                letterhead: Letterhead {
                    from,
                    reply_to: self.reply_to,
                    configuration_set: self.configuration_set,
                },
                topics: self.topics,
                accept_sha1: self.accept_sha1,
            }),
            _ => Err(mistakes),
        }
    }
}

#[async_trait]
impl Plan<Senders> for SesPlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedSender> {
        let reports = self.letterhead.configuration_set.is_some() && !self.topics.is_empty();
        let client = Client::connect(&self.access, runtime).await?;
        let ses = Arc::new(Ses::new(client, self.letterhead, reports));
        let inbound = SnsInbound::new(
            self.topics,
            self.accept_sha1,
            Certificates::new(Arc::clone(&runtime.http)),
            Arc::clone(&runtime.http),
        );
        Ok(ConnectedSender {
            sender: Arc::clone(&ses) as Arc<_>,
            mailbox: None,
            inbound: Some(Arc::new(inbound)),
            lookup: None,
            probe: ses,
        })
    }
}

fn is_plain(text: &str, longest: usize, besides: &str) -> bool {
    (1..=longest).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || besides.contains(c))
}

/// `arn:<partition>:sns:<region>:<account>:<name>`. SES does not publish to FIFO topics.
fn is_topic(arn: &str) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", partition, "sns", region, account, name] = parts.as_slice() else {
        return false;
    };
    partition.starts_with("aws")
        && is_plain(partition, 32, "-")
        && is_plain(region, 32, "-")
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && is_plain(name, 256, "-_")
}
