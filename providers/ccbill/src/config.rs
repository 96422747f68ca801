//! The settings of CCBill and what they become when checked.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ipnet::IpNet;
use portcullis_ports::money::Currency;
use portcullis_ports::payments::{
    BrowserConfig, ClientCredentials, ConnectedPayments, Payments, TokenEndpoint, VendorRef,
};
use portcullis_ports::plugin::{ConfigError, Plan, Runtime, Settings};
use portcullis_ports::{Endpoint, Result, Secret, Span};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::client::{Application, Client, SPARE, TOKEN_LIMIT};
use crate::datalink::DataLink;
use crate::extract::Extracts;
use crate::form::Form;
use crate::inbound::CcbillInbound;
use crate::payments::Ccbill;
use crate::subscriptions::subscription_terms;
use crate::terms::{number, terms};

/// How long a request may take, in seconds: with the question for 3-D Secure and the tokens before it, no longer than a money
/// call may.
const TIMEOUT: RangeInclusive<u64> = 1..=16;
/// How long access lasts that is not renewed, in days.
const PERIOD: RangeInclusive<u16> = 2..=365;
/// The shortest end of a path that nobody guesses, and the longest.
const TOKEN: RangeInclusive<usize> = 24..=128;
/// Where the widget is.
const SCRIPT: &str = "/v1.9.0/ccbill-advanced-widget.js";

/// Whether real money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CcbillMode {
    /// Cards that CCBill has set up for testing, no money.
    Test,
    /// Real money.
    Live,
}

/// Settings of CCBill.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CcbillSettings {
    /// Whether real money moves. CCBill's credentials do not tell, so it has to be said.
    pub mode: CcbillMode,
    /// The account: six digits from 900000 on.
    #[schemars(extend("x-env" = ["CCBILL_CLIENT_ACCNUM"]))]
    pub client_account: u32,
    /// The subaccount, 0 to 9999.
    #[schemars(extend("x-env" = ["CCBILL_CLIENT_SUBACC"]))]
    pub client_subaccount: u16,
    /// The id of the front-end application, whose tokens go to browsers.
    pub frontend_id: String,
    /// Its secret.
    pub frontend_secret: Secret,
    /// The id of the back-end application, which charges. Another one than that of the front end.
    pub backend_id: String,
    /// Its secret.
    pub backend_secret: Secret,
    /// The user of DataLink.
    #[schemars(extend("x-env" = ["CCBILL_DATALINK_USERNAME"]))]
    pub datalink_user: String,
    /// Its password.
    #[schemars(extend("x-env" = ["CCBILL_DATALINK_PASSWORD"]))]
    pub datalink_password: Secret,
    /// The id of the FlexForms form that payers are sent to.
    pub form: String,
    /// The salt of dynamic pricing.
    #[schemars(extend("x-env" = ["CCBILL_SALT"]))]
    pub salt: Secret,
    /// The end of the address to which CCBill posts: 24 to 128 letters, digits, hyphens and underscores that nobody else
    /// knows.
    pub webhook_token: Secret,
    /// The former one while it is changed: deliveries to either are accepted.
    pub previous_webhook_token: Option<Secret>,
    /// The addresses that CCBill posts from.
    #[serde(default = "webhook_addresses")]
    pub webhook_addresses: Vec<String>,
    /// How many days of access a payment is for: what CCBill shows on forms. From 2 to 365.
    #[serde(default = "period_days")]
    pub period_days: u16,
    /// The currency of lines of the extract, which name none: one of AUD, CAD, EUR, GBP, JPY and USD.
    #[serde(default = "report_currency")]
    pub report_currency: String,
    /// The longest a request may take. From 1s to 16s.
    #[serde(default = "timeout")]
    pub timeout: Span,
    /// Where the API and the forms are. Another address is of use with a simulator only.
    #[serde(default = "endpoint")]
    pub endpoint: String,
    /// Where DataLink is. Another address is of use with a simulator only.
    #[serde(default = "datalink_endpoint")]
    pub datalink_endpoint: String,
    /// Where browsers load the widget from. Another address is of use with a simulator only.
    #[serde(default = "script_origin")]
    pub script_origin: String,
}

fn webhook_addresses() -> Vec<String> {
    [
        "64.38.212.0/24",
        "64.38.215.0/24",
        "64.38.240.0/24",
        "64.38.241.0/24",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn period_days() -> u16 {
    30
}

fn report_currency() -> String {
    "USD".to_owned()
}

fn timeout() -> Span {
    Span::seconds(15)
}

fn endpoint() -> String {
    "https://api.ccbill.com".to_owned()
}

fn datalink_endpoint() -> String {
    "https://datalink.ccbill.com".to_owned()
}

fn script_origin() -> String {
    "https://js.ccbill.com".to_owned()
}

/// An account that is ready to be used.
pub struct CcbillPlan {
    settings: CcbillSettings,
    account: VendorRef,
    addresses: Vec<IpNet>,
    currency: Currency,
    endpoint: Endpoint,
    datalink_endpoint: Endpoint,
    script_origin: Endpoint,
}

/// Whether it is an id as CCBill gives them to forms.
fn is_form_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hexadecimal = |part: &&str| {
        part.bytes()
            .all(|c| c.is_ascii_digit() || matches!(c, b'a'..=b'f'))
    };
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(hexadecimal)
}

fn is_path_token(secret: &Secret) -> bool {
    let text = secret.expose();
    let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
    TOKEN.contains(&text.len()) && text.bytes().all(fits)
}

impl CcbillSettings {
    /// Checks what names the account and lets us in.
    fn check_names(&self, wrong: &mut impl FnMut(&str, &str)) {
        if !(900_000..=999_999).contains(&self.client_account) {
            wrong(
                "client_account",
                "the six digits of the account are expected, 900000 to 999999",
            );
        }
        if self.client_subaccount > 9_999 {
            wrong("client_subaccount", "a number from 0 to 9999 is expected");
        }
        for (field, text) in [
            ("frontend_id", self.frontend_id.as_str()),
            ("frontend_secret", self.frontend_secret.expose()),
            ("backend_id", &self.backend_id),
            ("backend_secret", self.backend_secret.expose()),
            ("datalink_user", &self.datalink_user),
            ("datalink_password", self.datalink_password.expose()),
            ("salt", self.salt.expose()),
        ] {
            if text.trim().is_empty() {
                wrong(field, "what CCBill shows or has sent for it is expected");
            }
        }
        if self.frontend_id == self.backend_id {
            wrong(
                "backend_id",
                "another application than `frontend_id` is expected: browsers get a token of that one",
            );
        }
    }
}

impl Settings<Payments> for CcbillSettings {
    type Plan = CcbillPlan;

    fn plan(self) -> std::result::Result<CcbillPlan, Vec<ConfigError>> {
        let mut mistakes = Vec::new();
        let mut wrong = |field: &str, problem: &str| mistakes.push(ConfigError::at(field, problem));
        self.check_names(&mut wrong);
        if !is_form_id(&self.form) {
            wrong(
                "form",
                "the id of a FlexForms form is expected, such as 01234567-89ab-cdef-0123-456789abcdef",
            );
        }
        let token_rule = "24 to 128 letters, digits, hyphens and underscores are expected";
        if !is_path_token(&self.webhook_token) {
            wrong("webhook_token", token_rule);
        }
        if self
            .previous_webhook_token
            .as_ref()
            .is_some_and(|token| !is_path_token(token))
        {
            wrong("previous_webhook_token", token_rule);
        }
        let addresses: Vec<IpNet> = self
            .webhook_addresses
            .iter()
            .filter_map(|text| text.parse().ok())
            .collect();
        if addresses.is_empty() || addresses.len() != self.webhook_addresses.len() {
            wrong(
                "webhook_addresses",
                "ranges of addresses such as 64.38.212.0/24 are expected, at least one",
            );
        }
        if !PERIOD.contains(&self.period_days) {
            wrong("period_days", "a number from 2 to 365 is expected");
        }
        let currency = Currency::parse(&self.report_currency)
            .ok()
            .filter(|known| number(*known).is_some());
        if currency.is_none() {
            wrong(
                "report_currency",
                "one of AUD, CAD, EUR, GBP, JPY and USD is expected",
            );
        }
        if !TIMEOUT.contains(&self.timeout.get().as_secs()) {
            wrong("timeout", "a length of time from 1s to 16s is expected");
        }
        let mut parsed = |field, address: &str| {
            let endpoint = address.parse::<Endpoint>().ok();
            if endpoint.is_none() {
                wrong(field, "an address such as https://api.ccbill.com is expected");
            }
            endpoint
        };
        let endpoint = parsed("endpoint", &self.endpoint);
        let datalink_endpoint = parsed("datalink_endpoint", &self.datalink_endpoint);
        let script_origin = parsed("script_origin", &self.script_origin);
        let name = format!("{}-{:04}", self.client_account, self.client_subaccount);
        match (
            endpoint,
            datalink_endpoint,
            script_origin,
            currency,
            VendorRef::parse(&name),
        ) {
            (Some(endpoint), Some(datalink_endpoint), Some(script_origin), Some(currency), Ok(account))
                if mistakes.is_empty() =>
            {
                Ok(CcbillPlan {
                    settings: self,
                    account,
                    addresses,
                    currency,
                    endpoint,
                    datalink_endpoint,
                    script_origin,
                })
            }
            _ => Err(mistakes),
        }
    }
}

#[async_trait]
impl Plan<Payments> for CcbillPlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedPayments> {
        let Self {
            settings,
            account,
            addresses,
            currency,
            endpoint,
            datalink_endpoint,
            script_origin,
        } = *self;
        let live = settings.mode == CcbillMode::Live;
        let (account_text, subaccount) = (
            settings.client_account.to_string(),
            format!("{:04}", settings.client_subaccount),
        );
        let limit = settings.timeout.get();
        let application = |name, id, secret| Application {
            name,
            credentials: ClientCredentials::new(TokenEndpoint {
                http: Arc::clone(&runtime.http),
                clock: Arc::clone(&runtime.clock),
                url: format!("{endpoint}/ccbill-auth/oauth/token"),
                id,
                secret,
                limit: TOKEN_LIMIT.min(limit),
                spare: SPARE,
            }),
        };
        let ccbill = Arc::new(Ccbill {
            browser: BrowserConfig {
                script: format!("{script_origin}{SCRIPT}"),
                public_key: settings.frontend_id.clone(),
                origins: vec![script_origin.to_string(), endpoint.to_string()],
                live,
            },
            client: Client {
                http: Arc::clone(&runtime.http),
                clock: Arc::clone(&runtime.clock),
                endpoint: endpoint.clone(),
                limit,
                frontend: application("frontend", settings.frontend_id, settings.frontend_secret),
                backend: application("backend", settings.backend_id, settings.backend_secret),
            },
            datalink: DataLink {
                http: Arc::clone(&runtime.http),
                clock: Arc::clone(&runtime.clock),
                endpoint: datalink_endpoint,
                limit,
                user: settings.datalink_user,
                password: settings.datalink_password,
                account: account_text.clone(),
                subaccount: subaccount.clone(),
                locked: Mutex::default(),
            },
            extracts: Extracts::default(),
            form: Form {
                endpoint,
                id: settings.form,
                account: account_text,
                subaccount,
                period_days: settings.period_days,
                salt: settings.salt,
            },
            account: settings.client_account,
            subaccount: settings.client_subaccount,
            subscription_terms: subscription_terms(),
            terms: terms(live, account),
            report_currency: currency,
        });
        let inbound = CcbillInbound {
            ccbill: Arc::clone(&ccbill),
            tokens: [Some(settings.webhook_token), settings.previous_webhook_token]
                .into_iter()
                .flatten()
                .collect(),
            addresses,
        };
        Ok(ConnectedPayments {
            payments: Arc::clone(&ccbill) as Arc<_>,
            customers: None,
            holds: None,
            approval: Some(Arc::clone(&ccbill) as Arc<_>),
            vault: Some(Arc::clone(&ccbill) as Arc<_>),
            subscriptions: Some(Arc::clone(&ccbill) as Arc<_>),
            disputes: None,
            reports: Some(Arc::clone(&ccbill) as Arc<_>),
            browser: Some(Arc::clone(&ccbill) as Arc<_>),
            inbound: Some(Arc::new(inbound)),
            probe: ccbill,
        })
    }

    fn notes(&self) -> Vec<String> {
        let wide = self.addresses.iter().any(|range| range.prefix_len() < 16);
        let note = "`webhook_addresses` holds a very wide range: CCBill signs nothing, so addresses are a part of its proof";
        wide.then(|| note.to_owned()).into_iter().collect()
    }
}
