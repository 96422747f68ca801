//! The settings of Twilio and what they become when checked.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::contact::PhoneNumber;
use portcullis_ports::notification::{ConnectedSender, Senders};
use portcullis_ports::plugin::{ConfigError, Plan, Runtime, Settings};
use portcullis_ports::{Endpoint, Result, Secret, Span};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::client::{Client, Credentials};
use crate::inbound::TwilioInbound;
use crate::probe::TwilioProbe;
use crate::senders::{From, TwilioSender};
use crate::signature::Keys;
use crate::wire::is_sid;

/// How long Twilio may keep a message in its queue, in seconds.
const VALIDITY: RangeInclusive<u64> = 1..=36_000;
/// How long a request may take, in seconds.
const TIMEOUT: RangeInclusive<u64> = 1..=60;

/// Settings of Twilio.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TwilioSettings {
    /// The Account SID: `AC` and 32 hexadecimal digits.
    #[schemars(extend("x-env" = ["TWILIO_ACCOUNT_SID"]))]
    pub account_sid: String,
    /// The Auth Token of the account. It proves that webhooks are from Twilio, and authenticates requests where no API
    /// key is set.
    #[schemars(extend("x-env" = ["TWILIO_AUTH_TOKEN"]))]
    pub auth_token: Secret,
    /// The secondary Auth Token while the tokens are being rotated: webhooks signed with either are accepted.
    pub secondary_auth_token: Option<Secret>,
    /// The SID of an API key for requests: `SK` and 32 hexadecimal digits. Unlike the Auth Token it can be revoked alone.
    pub api_key_sid: Option<String>,
    /// The secret of that API key.
    pub api_key_secret: Option<Secret>,
    /// Secrets of shared keys for webhooks, by the id of the key. Needed only if the account signs with such keys.
    #[serde(default)]
    pub shared_keys: BTreeMap<String, Secret>,
    /// The number that messages come from, such as +15005550006. Either this or `messaging_service_sid`.
    #[schemars(example = "+15005550006")]
    pub from: Option<String>,
    /// The Messaging Service that chooses the number: `MG` and 32 hexadecimal digits. Either this or `from`.
    pub messaging_service_sid: Option<String>,
    /// The Verify Service that sends codes: `VA` and 32 hexadecimal digits. It must allow custom codes. Without it codes
    /// are sent like any other message.
    #[schemars(extend("x-env" = ["TWILIO_VERIFY_SERVICE_SID"]))]
    pub verify_service_sid: Option<String>,
    /// A code that could not be handed to a carrier for this long is not sent any more. From 1s to 10h.
    #[serde(default = "validity")]
    pub validity: Span,
    /// The longest a request may take. From 1s to 60s.
    #[serde(default = "timeout")]
    pub timeout: Span,
    /// Where the API of messages is. Another address is of use with a simulator only.
    #[serde(default = "endpoint")]
    pub endpoint: String,
    /// Where the API of Verify is. Another address is of use with a simulator only.
    #[serde(default = "verify_endpoint")]
    pub verify_endpoint: String,
}

fn validity() -> Span {
    Span::minutes(5)
}

fn timeout() -> Span {
    Span::seconds(10)
}

fn endpoint() -> String {
    "https://api.twilio.com".to_owned()
}

fn verify_endpoint() -> String {
    "https://verify.twilio.com".to_owned()
}

/// An account that is ready to be used.
pub struct TwilioPlan {
    settings: TwilioSettings,
    from: Option<From>,
    endpoint: Endpoint,
    verify_endpoint: Endpoint,
}

impl Settings<Senders> for TwilioSettings {
    type Plan = TwilioPlan;

    fn plan(self) -> std::result::Result<TwilioPlan, Vec<ConfigError>> {
        let mut mistakes = Vec::new();
        let mut wrong = |field: &str, problem: &str| mistakes.push(ConfigError::at(field, problem));
        let sids = [
            ("account_sid", "AC", Some(&self.account_sid)),
            ("api_key_sid", "SK", self.api_key_sid.as_ref()),
            ("messaging_service_sid", "MG", self.messaging_service_sid.as_ref()),
            ("verify_service_sid", "VA", self.verify_service_sid.as_ref()),
        ];
        for (field, prefix, sid) in sids {
            if sid.is_some_and(|sid| !is_sid(prefix, sid)) {
                wrong(field, &format!("{prefix} and 32 hexadecimal digits are expected"));
            }
        }
        if self.auth_token.expose().trim().is_empty() {
            wrong(
                "auth_token",
                "the Auth Token of the account is expected; its Console shows it",
            );
        }
        match (&self.api_key_sid, &self.api_key_secret) {
            (Some(_), None) => wrong(
                "api_key_secret",
                "the secret of the API key is expected beside `api_key_sid`",
            ),
            (None, Some(_)) => wrong(
                "api_key_sid",
                "the SID of the API key is expected beside `api_key_secret`",
            ),
            _ => {}
        }
        let empty = |secret: &Secret| secret.expose().trim().is_empty();
        for (field, secret) in [
            ("secondary_auth_token", &self.secondary_auth_token),
            ("api_key_secret", &self.api_key_secret),
        ] {
            if secret.as_ref().is_some_and(empty) {
                wrong(
                    field,
                    "a secret is expected; leave the field out if there is none",
                );
            }
        }
        for (id, _) in self.shared_keys.iter().filter(|(_, secret)| empty(secret)) {
            wrong(&format!("shared_keys.{id}"), "the secret of the key is expected");
        }
        let from = match (&self.from, &self.messaging_service_sid) {
            (Some(_), Some(_)) => {
                wrong(
                    "from",
                    "either `from` or `messaging_service_sid` is expected, not both",
                );
                None
            }
            (Some(number), None) => {
                let number = PhoneNumber::parse(number);
                if number.is_err() {
                    wrong(
                        "from",
                        "a number with country code such as +15005550006 is expected",
                    );
                }
                number.ok().map(From::Number)
            }
            (None, Some(service)) => Some(From::Service(service.clone())),
            (None, None) => {
                if self.verify_service_sid.is_none() {
                    wrong(
                        "from",
                        "one of `from`, `messaging_service_sid` and `verify_service_sid` is expected",
                    );
                }
                None
            }
        };
        if !VALIDITY.contains(&self.validity.get().as_secs()) {
            wrong("validity", "a length of time from 1s to 10h is expected");
        }
        if !TIMEOUT.contains(&self.timeout.get().as_secs()) {
            wrong("timeout", "a length of time from 1s to 60s is expected");
        }
        let mut parsed = |field, address: &str| {
            let endpoint = address.parse::<Endpoint>().ok();
            if endpoint.is_none() {
                wrong(field, "an address such as https://api.twilio.com is expected");
            }
            endpoint
        };
        let endpoint = parsed("endpoint", &self.endpoint);
        let verify_endpoint = parsed("verify_endpoint", &self.verify_endpoint);
        match (endpoint, verify_endpoint) {
            (Some(endpoint), Some(verify_endpoint)) if mistakes.is_empty() => Ok(TwilioPlan {
                settings: self,
                from,
                endpoint,
                verify_endpoint,
            }),
            _ => Err(mistakes),
        }
    }
}

#[async_trait]
impl Plan<Senders> for TwilioPlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedSender> {
        let Self {
            settings,
            from,
            endpoint,
            verify_endpoint,
        } = *self;
        let token = Credentials::new(&settings.account_sid, &settings.auth_token);
        let key = settings
            .api_key_sid
            .as_ref()
            .zip(settings.api_key_secret.as_ref());
        let client = Arc::new(Client {
            http: Arc::clone(&runtime.http),
            requests: key.map_or_else(|| token.clone(), |(sid, secret)| Credentials::new(sid, secret)),
            token,
            account: settings.account_sid.clone(),
            messages: endpoint,
            verify: verify_endpoint,
            limit: settings.timeout.get(),
        });
        let keys = Keys {
            tokens: [Some(settings.auth_token), settings.secondary_auth_token]
                .into_iter()
                .flatten()
                .collect(),
            shared: settings.shared_keys,
        };
        let sender = Arc::new(TwilioSender {
            client: Arc::clone(&client),
            from,
            verify_service: settings.verify_service_sid.clone(),
            validity: settings.validity.get(),
            status_callback: runtime.webhook.clone(),
        });
        Ok(ConnectedSender {
            sender: Arc::clone(&sender) as Arc<_>,
            lookup: Some(sender),
            mailbox: None,
            inbound: Some(Arc::new(TwilioInbound {
                account: settings.account_sid,
                keys,
            })),
            probe: Arc::new(TwilioProbe {
                client,
                verify_service: settings.verify_service_sid,
            }),
        })
    }
}
