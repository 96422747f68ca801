//! API keys as callers see them: what they ask for, what they read, what is wrong.

use portcullis_ports::{Code, Kind};
use serde::{Deserialize, Serialize};

use super::{ApiKeyId, Cidr, ScopeName};
use crate::areas::operators::OPERATOR_FACTOR_REQUIRED;
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::input::{Form, INVALID_REQUEST, Label, Shown};
use crate::foundation::use_case::{Documented, Problems, UseCase};

/// No key of this account has that id.
pub const API_KEY_NOT_FOUND: Code = Code::new(
    "api-key-not-found",
    Kind::NotFound,
    "You have no API key with this id.",
);
/// The key is over.
pub const API_KEY_ENDED: Code = Code::new(
    "api-key-ended",
    Kind::Conflict,
    "This API key has ended: make another one.",
);
/// As many secrets of the key as may be are valid for a while.
pub const API_KEY_OVERLAP: Code = Code::new(
    "api-key-overlap",
    Kind::Conflict,
    "Two secrets of this API key from before are still valid: wait until one ends, or end them with an overlap of 0 seconds.",
);
/// The account has as many keys as it may.
pub const TOO_MANY_API_KEYS: Code = Code::new(
    "too-many-api-keys",
    Kind::Conflict,
    "You have as many API keys as one account may: revoke one first.",
);
/// The scope is for operators.
pub const SCOPE_FOR_OPERATORS: Code = Code::new(
    "scope-for-operators",
    Kind::Forbidden,
    "Only an operator can give this scope to a key.",
);

/// The account has no use for keys any more.
pub const ACCOUNT_CLOSED: Code = Code::new(
    "account-closed",
    Kind::Conflict,
    "This account is closed: take that back before you make an API key.",
);

/// The most networks of one list.
pub(super) const MOST_NETWORKS: usize = 50;
/// The most scopes of one key.
pub(super) const MOST_SCOPES: usize = 50;

/// The form of a key.
#[derive(Debug)]
pub struct ApiKeyForm;

impl Form for ApiKeyForm {
    const LEAST: usize = super::key_text::LENGTH;
    const MOST: usize = super::key_text::LENGTH;

    fn pattern() -> Option<String> {
        Some("^pck_[0-9a-hjkmnp-tv-z]{26}[0-9A-Za-z]{38}$".to_owned())
    }
}

/// A key is made.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct CreateApiKey {
    /// What its owner calls it.
    pub label: Option<Label>,
    /// What it may do; nothing where none is named.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 50)))]
    pub scopes: Vec<ScopeName>,
    /// When it ends, in Unix seconds; after the time that the service has set where it is not said.
    pub expires_at: Option<i64>,
    /// The networks from which alone it may be used; from everywhere where none is named.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 50)))]
    pub allow_cidrs: Vec<Cidr>,
    /// The networks from which it may never be used.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 50)))]
    pub deny_cidrs: Vec<Cidr>,
    /// How often it may be used within a minute; null for as often as the service allows.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "1"), maximum(value = "1000000000")))
    )]
    pub rate_per_minute: Option<u32>,
    /// How often it may be used on one day (UTC); null for as often as the service allows.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "1"), maximum(value = "1000000000")))
    )]
    pub daily_quota: Option<u32>,
}

impl Documented for CreateApiKey {
    const EXAMPLE: &str = r#"{
  "label": "Back end",
  "scopes": ["entitlements:read"],
  "expires_at": null,
  "allow_cidrs": ["203.0.113.0/24"],
  "deny_cidrs": [],
  "rate_per_minute": 600,
  "daily_quota": null
}"#;
}

impl UseCase for CreateApiKey {
    const PROBLEMS: Problems = &[&[
        INVALID_REQUEST,
        STEP_UP_REQUIRED,
        TOO_MANY_API_KEYS,
        SCOPE_FOR_OPERATORS,
        OPERATOR_FACTOR_REQUIRED,
        ACCOUNT_CLOSED,
    ]];
}

/// A key, which is shown this once.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct IssuedApiKey {
    /// Its name in lists.
    pub key_id: ApiKeyId,
    /// The key. It is not stored, and never shown again.
    pub api_key: Shown<ApiKeyForm>,
    /// What its owner calls it.
    pub label: String,
    /// What it may do.
    pub scopes: Vec<ScopeName>,
    /// When it was made, in Unix seconds.
    pub created_at: i64,
    /// When it ends.
    pub expires_at: i64,
    /// Until when those before it are valid as well, at the longest; null where none is.
    pub overlap_until: Option<i64>,
}

impl Documented for IssuedApiKey {
    const EXAMPLE: &str = r#"{
  "key_id": "pck_01h2xcejqtf2nbrexx3vqjhp41",
  "api_key": "pck_01h2xcejqtf2nbrexx3vqjhp41T3kQw9ZrXb2LmN8sVy5HcJd7PfGa4UeE0AAAAA",
  "label": "Back end",
  "scopes": ["entitlements:read"],
  "created_at": 1790000000,
  "expires_at": 1821536000,
  "overlap_until": null
}"#;
}

/// A key gets a new secret.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RotateApiKey {
    /// As given in the list.
    pub key_id: ApiKeyId,
    /// For how many seconds those of before are valid as well, at the longest: a day where it is not said, 0 to end them at once.
    /// No more than two of them are at a time.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "0"), maximum(value = "604800")))
    )]
    pub overlap_seconds: Option<u32>,
    /// When the key ends, in Unix seconds; as before where it is not said.
    pub expires_at: Option<i64>,
}

impl Documented for RotateApiKey {
    const EXAMPLE: &str = r#"{
  "key_id": "pck_01h2xcejqtf2nbrexx3vqjhp41",
  "overlap_seconds": 86400,
  "expires_at": null
}"#;
}

impl UseCase for RotateApiKey {
    const PROBLEMS: Problems = &[&[
        INVALID_REQUEST,
        STEP_UP_REQUIRED,
        API_KEY_NOT_FOUND,
        API_KEY_ENDED,
        API_KEY_OVERLAP,
        SCOPE_FOR_OPERATORS,
        OPERATOR_FACTOR_REQUIRED,
    ]];
}

/// A key gets another label.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RenameApiKey {
    /// As given in the list.
    pub key_id: ApiKeyId,
    /// What its owner calls it from now on.
    pub label: Label,
}

impl Documented for RenameApiKey {
    const EXAMPLE: &str = r#"{ "key_id": "pck_01h2xcejqtf2nbrexx3vqjhp41", "label": "Reports" }"#;
}

impl UseCase for RenameApiKey {
    const PROBLEMS: Problems = &[&[API_KEY_NOT_FOUND]];
}

/// A key is revoked.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RevokeApiKey {
    /// As given in the list.
    #[serde(alias = "api_key_id")]
    pub key_id: ApiKeyId,
}

impl Documented for RevokeApiKey {
    const EXAMPLE: &str = r#"{ "key_id": "pck_01h2xcejqtf2nbrexx3vqjhp41" }"#;
    const ALIAS: Option<(&'static str, &'static str)> = Some(("key_id", "api_key_id"));
}

impl UseCase for RevokeApiKey {
    const PROBLEMS: Problems = &[&[API_KEY_NOT_FOUND]];
}

/// From where a key may be used from now on.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SetApiKeyNetworks {
    /// As given in the list.
    #[serde(alias = "api_key_id")]
    pub key_id: ApiKeyId,
    /// The networks from which alone it may be used; from everywhere where none is named.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 50)))]
    pub allow_cidrs: Vec<Cidr>,
    /// The networks from which it may never be used.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 50)))]
    pub deny_cidrs: Vec<Cidr>,
}

impl Documented for SetApiKeyNetworks {
    const EXAMPLE: &str = r#"{
  "key_id": "pck_01h2xcejqtf2nbrexx3vqjhp41",
  "allow_cidrs": ["203.0.113.0/24"],
  "deny_cidrs": ["203.0.113.200"]
}"#;
    const ALIAS: Option<(&'static str, &'static str)> = Some(("key_id", "api_key_id"));
}

impl UseCase for SetApiKeyNetworks {
    const PROBLEMS: Problems = &[&[
        INVALID_REQUEST,
        STEP_UP_REQUIRED,
        API_KEY_NOT_FOUND,
        API_KEY_ENDED,
    ]];
}

/// From where a key may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ApiKeyNetworks {
    /// Always true, for clients of the replaced service.
    pub ok: bool,
    /// The networks from which alone it may be used, if there is any.
    pub allow_cidrs: Vec<Cidr>,
    /// The networks from which it may never be used.
    pub deny_cidrs: Vec<Cidr>,
}

impl Documented for ApiKeyNetworks {
    const EXAMPLE: &str =
        r#"{ "ok": true, "allow_cidrs": ["203.0.113.0/24"], "deny_cidrs": ["203.0.113.200/32"] }"#;
}

/// What a key may do from now on, and how often.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SetApiKeyRules {
    /// As given in the list.
    pub key_id: ApiKeyId,
    /// All that it may do.
    #[cfg_attr(feature = "openapi", oai(validator(max_items = 50)))]
    pub scopes: Vec<ScopeName>,
    /// How often it may be used within a minute; null for as often as the service allows.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "1"), maximum(value = "1000000000")))
    )]
    pub rate_per_minute: Option<u32>,
    /// How often it may be used on one day (UTC); null for as often as the service allows.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "1"), maximum(value = "1000000000")))
    )]
    pub daily_quota: Option<u32>,
}

impl Documented for SetApiKeyRules {
    const EXAMPLE: &str = r#"{
  "key_id": "pck_01h2xcejqtf2nbrexx3vqjhp41",
  "scopes": ["entitlements:read", "invoices:read"],
  "rate_per_minute": 600,
  "daily_quota": 100000
}"#;
}

impl UseCase for SetApiKeyRules {
    const PROBLEMS: Problems = &[&[
        INVALID_REQUEST,
        STEP_UP_REQUIRED,
        API_KEY_NOT_FOUND,
        API_KEY_ENDED,
        SCOPE_FOR_OPERATORS,
        OPERATOR_FACTOR_REQUIRED,
    ]];
}
