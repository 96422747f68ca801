//! The settings of PayPal and what they become when checked.

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::payments::{
    BrowserConfig, ClientCredentials, ConnectedPayments, Payments, TokenEndpoint, VendorRef,
};
use portcullis_ports::plugin::{ConfigError, Plan, Runtime, Settings};
use portcullis_ports::{Endpoint, Result, Secret, Span};
use rustls_pki_types::TrustAnchor;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::certificates::{Certificates, ROOTS, roots};
use crate::client::{Client, EARLY, TOKEN_LIMIT};
use crate::inbound::PayPalInbound;
use crate::payments::PayPal;
use crate::pictures::Pictures;
use crate::subscriptions::subscription_terms;
use crate::terms::terms;

/// How long a request may take, in seconds: with the token before it, no longer than a money call may.
const TIMEOUT: RangeInclusive<u64> = 1..=21;

/// Whether real money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PayPalMode {
    /// Accounts of the sandbox, no money.
    Sandbox,
    /// Real money.
    Live,
}

/// Settings of PayPal.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PayPalSettings {
    /// The client id of the app, which browsers get as well.
    #[schemars(extend("x-env" = ["PAYPAL_CLIENT_ID"]))]
    pub client_id: String,
    /// The secret of the app.
    #[schemars(extend("x-env" = ["PAYPAL_CLIENT_SECRET"]))]
    pub client_secret: Secret,
    /// The id of the webhook, as the app shows it: every delivery is checked against it.
    #[schemars(extend("x-env" = ["PAYPAL_WEBHOOK_ID"]))]
    pub webhook_id: String,
    /// Whether real money moves. The credentials of one mode do not work in the other.
    pub mode: PayPalMode,
    /// The merchant id of the account, 13 letters and digits. What is of others is set aside.
    pub merchant_id: Option<String>,
    /// What payers read at PayPal instead of the name of the account. At most 127 characters.
    pub brand_name: Option<String>,
    /// Roots that certificates of webhooks may lead to besides those that are known here, in the PEM form: for the time after
    /// PayPal has changed to another certificate authority.
    pub webhook_roots: Option<String>,
    /// The longest a request may take. From 1s to 21s.
    #[serde(default = "timeout")]
    pub timeout: Span,
    /// Where the API is; that of `mode` if it is left out. Another address is of use with a simulator only.
    pub endpoint: Option<String>,
    /// Where browsers load PayPal's script from. Another address is of use with a simulator only.
    #[serde(default = "script_origin")]
    pub script_origin: String,
}

fn timeout() -> Span {
    Span::seconds(18)
}

fn script_origin() -> String {
    "https://www.paypal.com".to_owned()
}

impl PayPalMode {
    const fn endpoint(self) -> &'static str {
        match self {
            Self::Sandbox => "https://api-m.sandbox.paypal.com",
            Self::Live => "https://api-m.paypal.com",
        }
    }
}

/// An account that is ready to be used.
pub struct PayPalPlan {
    settings: PayPalSettings,
    account: Option<VendorRef>,
    endpoint: Endpoint,
    script_origin: Endpoint,
    roots: Vec<TrustAnchor<'static>>,
}

fn is_word(text: &str, most: usize) -> bool {
    let fits = |c: u8| c.is_ascii_alphanumeric() || b"-_".contains(&c);
    (1..=most).contains(&text.len()) && text.bytes().all(fits)
}

impl Settings<Payments> for PayPalSettings {
    type Plan = PayPalPlan;

    fn plan(self) -> std::result::Result<PayPalPlan, Vec<ConfigError>> {
        let mut mistakes = Vec::new();
        let mut wrong = |field: &str, problem: &str| mistakes.push(ConfigError::at(field, problem));
        if !is_word(&self.client_id, 127) {
            wrong(
                "client_id",
                "the client id of the app is expected: letters, digits, - and _",
            );
        }
        if !is_word(self.client_secret.expose(), 127) {
            wrong(
                "client_secret",
                "the secret of the app is expected: letters, digits, - and _",
            );
        }
        if !self.webhook_id.bytes().all(|c| c.is_ascii_alphanumeric()) || !is_word(&self.webhook_id, 50) {
            wrong(
                "webhook_id",
                "the id of the webhook is expected, such as 1JE4291016473214C",
            );
        }
        let account = self.merchant_id.as_ref().map(|text| {
            let known =
                text.len() == 13 && text.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
            VendorRef::parse(text).ok().filter(|_| known)
        });
        if account == Some(None) {
            wrong(
                "merchant_id",
                "the merchant id is expected: 13 capital letters and digits",
            );
        }
        if self
            .brand_name
            .as_ref()
            .is_some_and(|name| name.is_empty() || name.chars().count() > 127)
        {
            wrong(
                "brand_name",
                "a name of at most 127 characters is expected; leave the field out if there is none",
            );
        }
        let mut anchors = roots(ROOTS).unwrap_or_default();
        match self.webhook_roots.as_deref().map(roots) {
            Some(Ok(more)) => anchors.extend(more),
            Some(Err(advice)) => wrong("webhook_roots", advice),
            None => {}
        }
        if !TIMEOUT.contains(&self.timeout.get().as_secs()) {
            wrong("timeout", "a length of time from 1s to 21s is expected");
        }
        let mut parsed = |field, address: &str| {
            let endpoint = address.parse::<Endpoint>().ok();
            if endpoint.is_none() {
                wrong(field, "an address such as https://api-m.paypal.com is expected");
            }
            endpoint
        };
        let endpoint = parsed(
            "endpoint",
            self.endpoint.as_deref().unwrap_or(self.mode.endpoint()),
        );
        let script_origin = parsed("script_origin", &self.script_origin);
        match (endpoint, script_origin) {
            (Some(endpoint), Some(script_origin)) if mistakes.is_empty() => Ok(PayPalPlan {
                account: account.flatten(),
                settings: self,
                endpoint,
                script_origin,
                roots: anchors,
            }),
            _ => Err(mistakes),
        }
    }
}

#[async_trait]
impl Plan<Payments> for PayPalPlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedPayments> {
        let Self {
            settings,
            account,
            endpoint,
            script_origin,
            roots,
        } = *self;
        let live = settings.mode == PayPalMode::Live;
        let certificates = Certificates::new(Arc::clone(&runtime.http), endpoint.clone(), roots);
        let paypal = Arc::new(PayPal {
            pictures: Pictures {
                live,
                account: account.clone(),
            },
            terms: terms(live, account),
            subscription_terms: subscription_terms(),
            browser: BrowserConfig {
                script: format!(
                    "{script_origin}/sdk/js?client-id={}&components=card-fields",
                    settings.client_id
                ),
                public_key: settings.client_id.clone(),
                origins: vec![script_origin.to_string()],
                live,
            },
            brand_name: settings.brand_name,
            webhook_id: settings.webhook_id,
            client: Client {
                http: Arc::clone(&runtime.http),
                clock: Arc::clone(&runtime.clock),
                credentials: ClientCredentials::new(TokenEndpoint {
                    http: Arc::clone(&runtime.http),
                    clock: Arc::clone(&runtime.clock),
                    url: format!("{endpoint}/v1/oauth2/token"),
                    id: settings.client_id,
                    secret: settings.client_secret,
                    limit: TOKEN_LIMIT.min(settings.timeout.get()),
                    spare: EARLY,
                }),
                endpoint,
                limit: settings.timeout.get(),
            },
        });
        let inbound = PayPalInbound {
            paypal: Arc::clone(&paypal),
            certificates,
        };
        Ok(ConnectedPayments {
            payments: Arc::clone(&paypal) as Arc<_>,
            customers: None,
            holds: Some(Arc::clone(&paypal) as Arc<_>),
            approval: Some(Arc::clone(&paypal) as Arc<_>),
            vault: Some(Arc::clone(&paypal) as Arc<_>),
            subscriptions: Some(Arc::clone(&paypal) as Arc<_>),
            disputes: Some(Arc::clone(&paypal) as Arc<_>),
            reports: Some(Arc::clone(&paypal) as Arc<_>),
            browser: Some(Arc::clone(&paypal) as Arc<_>),
            inbound: Some(Arc::new(inbound)),
            probe: paypal,
        })
    }

    fn notes(&self) -> Vec<String> {
        let note = "without `merchant_id`, events of other accounts are not told apart";
        self.account
            .is_none()
            .then(|| note.to_owned())
            .into_iter()
            .collect()
    }
}
