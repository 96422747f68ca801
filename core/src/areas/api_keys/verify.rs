//! The application's own back end asks whether a key that it was shown is valid.

use std::net::{IpAddr, Ipv6Addr};

use portcullis_ports::identity::{Subject, UNAUTHENTICATED};
use portcullis_ports::{Result, Retry};
use serde::{Deserialize, Serialize};

use super::check::count_unproven;
use super::usage::Outcome;
use super::views::named;
use super::{ApiKeyForm, ApiKeyId, ApiKeys, KeyHolder, ScopeName};
use crate::foundation::input::{SecretInput, refused};
use crate::foundation::source::Source;
use crate::foundation::use_case::{Documented, Problems, UseCase};

/// What stands in the log where no scope is asked for.
const VERIFIED: &str = "verified";
/// The most characters with which a client names itself.
const MOST_CLIENT: usize = 1024;

/// A key that somebody showed to the application.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct VerifyApiKey {
    /// The key.
    pub api_key: SecretInput<ApiKeyForm>,
    /// What whoever shows it wants to do; null to ask for no scope.
    pub scope: Option<ScopeName>,
    /// The address of whoever shows it. A key that is bound to networks is refused without it.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 45)))]
    pub ip: Option<String>,
    /// How the client of whoever shows it names itself, without control characters.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(max_length = 1024, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"))
    )]
    pub client: Option<String>,
}

impl Documented for VerifyApiKey {
    const EXAMPLE: &str = r#"{
  "api_key": "pck_01h2xcejqtf2nbrexx3vqjhp41T3kQw9ZrXb2LmN8sVy5HcJd7PfGa4UeE0AAAAA",
  "scope": "entitlements:read",
  "ip": "203.0.113.7",
  "client": "curl/8.15.0"
}"#;
}

impl UseCase for VerifyApiKey {
    const PROBLEMS: Problems = &[];
}

/// What a key is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct VerifiedApiKey {
    /// Whether it is valid, for what was asked. Of a key that is not valid at all nothing more is told.
    pub valid: bool,
    /// Why a valid key may not do this now; null if it may, and for one that is not valid.
    pub refusal: Option<Outcome>,
    /// For how many seconds it was used as often as it may be, with `limit`.
    pub retry_after: Option<u64>,
    /// Its name.
    pub key_id: Option<ApiKeyId>,
    /// Whose it is.
    pub user_sub: Option<Subject>,
    /// What its owner calls it.
    pub label: Option<String>,
    /// What it may do.
    pub scopes: Vec<ScopeName>,
    /// When it ends, in Unix seconds.
    pub expires_at: Option<i64>,
    /// How often it may be used within a minute.
    pub rate_per_minute: Option<u32>,
    /// How often it may be used on one day (UTC).
    pub daily_quota: Option<u32>,
}

impl Documented for VerifiedApiKey {
    const EXAMPLE: &str = r#"{
  "valid": true,
  "refusal": null,
  "retry_after": null,
  "key_id": "pck_01h2xcejqtf2nbrexx3vqjhp41",
  "user_sub": "usr_ypqeqcs9v6bq5vzwm86escxfjc",
  "label": "Back end",
  "scopes": ["entitlements:read"],
  "expires_at": 1821536000,
  "rate_per_minute": 6000,
  "daily_quota": 1000000
}"#;
}

impl VerifiedApiKey {
    const INVALID: Self = Self {
        valid: false,
        refusal: None,
        retry_after: None,
        key_id: None,
        user_sub: None,
        label: None,
        scopes: Vec::new(),
        expires_at: None,
        rate_per_minute: None,
        daily_quota: None,
    };
}

impl ApiKeys {
    /// What a key is worth, and for what. A use of it is counted and noted as any other.
    ///
    /// # Errors
    /// `invalid-request` for an address that is none, and for a client that cannot be one.
    pub async fn verify(&self, _: &KeyHolder, command: &VerifyApiKey) -> Result<VerifiedApiKey> {
        let ip: Option<IpAddr> = match &command.ip {
            None => None,
            Some(ip) => {
                let parsed = ip.trim().parse::<IpAddr>();
                Some(parsed.map_err(|_| refused("/ip", "an IPv4 or IPv6 address is expected"))?)
            }
        };
        let client = command.client.as_deref().unwrap_or_default();
        if client.chars().count() > MOST_CLIENT || client.chars().any(char::is_control) {
            let advice = format!("at most {MOST_CLIENT} characters are expected, and no control characters");
            return Err(refused("/client", &advice));
        }
        let proven = self.proven(command.api_key.trimmed()).await;
        let key = match proven.inspect_err(count_unproven) {
            Err(error) if error.code() == UNAUTHENTICATED => return Ok(VerifiedApiKey::INVALID),
            proven => proven?,
        };
        let scope = command.scope.as_ref().map(ScopeName::as_str);
        let admitted = self.admit(&key, scope, ip.map(|ip| ip.to_canonical())).await;
        let source = Source::new(ip.unwrap_or(Ipv6Addr::UNSPECIFIED.into()), client);
        self.note(&key, scope.unwrap_or(VERIFIED), &source, &admitted)
            .await?;
        let refused = admitted.as_ref().err();
        let refusal = refused.and_then(|error| Outcome::of(Some(error.code())));
        let retry_after = refused.and_then(|error| match error.retry() {
            Retry::Later(wait) if refusal == Some(Outcome::Limit) => Some(wait.as_secs().max(1)),
            _ => None,
        });
        if refusal.is_none() {
            admitted?;
        }
        let (rate, quota) = self.most_of(&key);
        Ok(VerifiedApiKey {
            valid: refusal.is_none(),
            refusal,
            retry_after,
            key_id: Some(key.id.clone()),
            user_sub: Some(key.subject.clone()),
            label: Some(key.label.clone()),
            scopes: named(&key.scopes),
            expires_at: Some(key.expires_at.seconds()),
            rate_per_minute: Some(rate),
            daily_quota: Some(quota),
        })
    }
}
