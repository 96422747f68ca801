//! The settings of Stripe and what they become when checked.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::payments::{BrowserConfig, ConnectedPayments, Payments, VendorRef};
use portcullis_ports::plugin::{ConfigError, Plan, Runtime, Settings};
use portcullis_ports::{Endpoint, Result, Secret, Span};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::client::Client;
use crate::inbound::StripeInbound;
use crate::payments::Stripe;
use crate::pictures::Pictures;
use crate::terms::terms;

/// How long a request may take: nobody waits for a vendor longer than [`Payments::POLICY`](portcullis_ports::policy::Guarded)
/// lets a call last.
const TIMEOUT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(30);

/// Whether real money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StripeMode {
    /// Test cards, no money.
    Test,
    /// Real money.
    Live,
}

/// Settings of Stripe.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StripeSettings {
    /// The secret key of the account, or better a restricted one: `sk_test_…`, `sk_live_…`, `rk_test_…` or `rk_live_…`.
    #[schemars(extend("x-env" = ["STRIPE_SECRET_KEY"]))]
    pub secret_key: Secret,
    /// The key that browsers get, of the same mode: `pk_test_…` or `pk_live_…`.
    #[schemars(extend("x-env" = ["STRIPE_PUBLISHABLE_KEY"]))]
    pub publishable_key: String,
    /// The signing secret of the webhook endpoint: `whsec_…`.
    #[schemars(extend("x-env" = ["STRIPE_WEBHOOK_SECRET"]))]
    pub webhook_secret: Secret,
    /// The former signing secret while it is being rolled: deliveries signed with either are accepted.
    pub previous_webhook_secret: Option<Secret>,
    /// The account: `acct_…`. Events that name another are set aside; the keys are not compared with it.
    pub account: Option<String>,
    /// Whether real money moves. The keys say so by themselves; if it is set, keys of the other mode are refused.
    pub mode: Option<StripeMode>,
    /// The longest a request may take. From 1s to 30s.
    #[serde(default = "timeout")]
    pub timeout: Span,
    /// Where the API is. Another address is of use with a simulator only.
    #[serde(default = "endpoint")]
    pub endpoint: String,
    /// Where browsers load Stripe's script from. Another address is of use with a simulator only.
    #[serde(default = "script_origin")]
    pub script_origin: String,
}

fn timeout() -> Span {
    Span::seconds(25)
}

/// Where Stripe's API is, and where it takes files.
const API: &str = "https://api.stripe.com";
const FILES: &str = "https://files.stripe.com";

fn endpoint() -> String {
    API.to_owned()
}

fn script_origin() -> String {
    "https://js.stripe.com".to_owned()
}

/// An account that is ready to be used.
pub struct StripePlan {
    settings: StripeSettings,
    live: bool,
    account: Option<VendorRef>,
    endpoint: Endpoint,
    script_origin: Endpoint,
}

/// The mode that a key says it is of.
fn mode(key: &str, kinds: &[&str]) -> Option<StripeMode> {
    let (_, rest) = key.split_once('_').filter(|(kind, _)| kinds.contains(kind))?;
    match rest.split_once('_')? {
        (_, "") => None,
        ("test", _) => Some(StripeMode::Test),
        ("live", _) => Some(StripeMode::Live),
        _ => None,
    }
}

impl Settings<Payments> for StripeSettings {
    type Plan = StripePlan;

    fn plan(self) -> std::result::Result<StripePlan, Vec<ConfigError>> {
        let mut mistakes = Vec::new();
        let mut wrong = |field: &str, problem: &str| mistakes.push(ConfigError::at(field, problem));
        let secret = mode(self.secret_key.expose(), &["sk", "rk"]);
        if secret.is_none() {
            wrong(
                "secret_key",
                "a key that begins with sk_test_, sk_live_, rk_test_ or rk_live_ is expected",
            );
        }
        let publishable = mode(&self.publishable_key, &["pk"]);
        if publishable.is_none() {
            wrong(
                "publishable_key",
                "a key that begins with pk_test_ or pk_live_ is expected",
            );
        }
        if let (Some(secret), Some(publishable)) = (secret, publishable) {
            if secret != publishable {
                wrong(
                    "publishable_key",
                    "a key of the same mode as `secret_key` is expected, test or live",
                );
            }
            if self.mode.is_some_and(|mode| mode != secret) {
                wrong(
                    "mode",
                    "the mode of `secret_key` is expected: it says test or live after its first word",
                );
            }
        }
        let is_signing = |secret: &Secret| {
            secret
                .expose()
                .strip_prefix("whsec_")
                .is_some_and(|rest| !rest.is_empty())
        };
        if !is_signing(&self.webhook_secret) {
            wrong(
                "webhook_secret",
                "the signing secret of the webhook endpoint is expected: it begins with whsec_",
            );
        }
        if self
            .previous_webhook_secret
            .as_ref()
            .is_some_and(|secret| !is_signing(secret))
        {
            wrong(
                "previous_webhook_secret",
                "a signing secret that begins with whsec_ is expected; leave the field out if there is none",
            );
        }
        let account = self.account.as_ref().map(|text| {
            let known = text
                .strip_prefix("acct_")
                .is_some_and(|rest| rest.bytes().all(|c| c.is_ascii_alphanumeric()));
            VendorRef::parse(text).ok().filter(|_| known && text.len() > 5)
        });
        if account == Some(None) {
            wrong(
                "account",
                "the id of the account is expected: acct_ and letters and digits",
            );
        }
        if !TIMEOUT.contains(&self.timeout.get()) {
            wrong(
                "timeout",
                "a length of time from 1s to 30s is expected: no call to a payment vendor is waited for any longer",
            );
        }
        let mut parsed = |field, address: &str| {
            let endpoint = address.parse::<Endpoint>().ok();
            if endpoint.is_none() {
                wrong(field, "an address such as https://api.stripe.com is expected");
            }
            endpoint
        };
        let endpoint = parsed("endpoint", &self.endpoint);
        let script_origin = parsed("script_origin", &self.script_origin);
        match (endpoint, script_origin) {
            (Some(endpoint), Some(script_origin)) if mistakes.is_empty() => Ok(StripePlan {
                live: secret == Some(StripeMode::Live),
                account: account.flatten(),
                settings: self,
                endpoint,
                script_origin,
            }),
            _ => Err(mistakes),
        }
    }
}

/// Where files go: Stripe takes them at an address of their own, a simulator where it takes everything.
fn files_endpoint(endpoint: &Endpoint) -> Endpoint {
    let own = (endpoint.as_str() == API).then(|| FILES.parse().ok());
    own.flatten().unwrap_or_else(|| endpoint.clone())
}

#[async_trait]
impl Plan<Payments> for StripePlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedPayments> {
        let Self {
            settings,
            live,
            account,
            endpoint,
            script_origin,
        } = *self;
        let mut origins = BTreeSet::from([script_origin.to_string(), endpoint.to_string()]);
        if script_origin.as_str() == "https://js.stripe.com" {
            // Whoever the payer's bank is shows its own page inside a frame of Stripe's.
            origins.insert("https://hooks.stripe.com".to_owned());
        }
        let browser = BrowserConfig {
            script: format!("{script_origin}/v3/"),
            public_key: settings.publishable_key.clone(),
            origins: origins.into_iter().collect(),
            live,
        };
        let stripe = Arc::new(Stripe {
            client: Client {
                http: Arc::clone(&runtime.http),
                clock: Arc::clone(&runtime.clock),
                files_endpoint: files_endpoint(&endpoint),
                endpoint,
                secret_key: settings.secret_key,
                limit: settings.timeout.get(),
            },
            pictures: Pictures {
                public_key: settings.publishable_key,
                account: account.clone(),
            },
            terms: terms(live, account),
            browser,
        });
        let inbound = StripeInbound {
            stripe: Arc::clone(&stripe),
            secrets: [Some(settings.webhook_secret), settings.previous_webhook_secret]
                .into_iter()
                .flatten()
                .collect(),
        };
        Ok(ConnectedPayments {
            payments: Arc::clone(&stripe) as Arc<_>,
            customers: Some(Arc::clone(&stripe) as Arc<_>),
            holds: Some(Arc::clone(&stripe) as Arc<_>),
            approval: Some(Arc::clone(&stripe) as Arc<_>),
            vault: Some(Arc::clone(&stripe) as Arc<_>),
            subscriptions: None,
            disputes: Some(Arc::clone(&stripe) as Arc<_>),
            reports: Some(Arc::clone(&stripe) as Arc<_>),
            browser: Some(Arc::clone(&stripe) as Arc<_>),
            inbound: Some(Arc::new(inbound)),
            probe: stripe,
        })
    }

    fn notes(&self) -> Vec<String> {
        let whole = self.settings.secret_key.expose().starts_with("sk_live_");
        let note =
            "the secret key may do everything; a restricted one with the permissions of the manual is safer";
        whole.then(|| note.to_owned()).into_iter().collect()
    }
}
