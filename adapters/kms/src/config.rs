//! The settings of the key manager and what they become when checked.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::keys::{ConnectedKeys, Keys};
use portcullis_ports::plugin::{ConfigError, Plan, Runtime, Settings};
use portcullis_ports::{Endpoint, Result, Span};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::client::Kms;
use crate::keys::KmsKeys;

/// The longest time a call may be given: the house gives up on a key manager then.
const MAX_TIMEOUT: Span = Span::seconds(5);
/// The longest time a data key may be kept.
const MAX_LIFETIME: Span = Span::days(1);

/// Settings of AWS KMS. Credentials are found as every program for AWS finds them: in the environment, in a profile, or
/// from the machine or container it runs on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KmsSettings {
    /// The key that seals: its id, its ARN, or an alias such as `alias/portcullis`. A symmetric key for encryption.
    #[schemars(length(min = 1, max = 2048), example = "alias/portcullis", extend("x-env" = ["KMS_KEY_ID"]))]
    pub key: String,
    /// Keys that sealed before and must still open what they sealed, in any of the same forms.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub former_keys: Vec<String>,
    /// The region of the keys. Not set: the region in the ARN of `key`, or else what the AWS environment of the
    /// process says (`AWS_REGION`, the profile, the machine).
    #[schemars(example = "eu-central-1")]
    pub region: Option<String>,
    /// The address of KMS, if it is not the public one of the region: a VPC endpoint or an emulator. An `http://`
    /// address on this machine is taken for an emulator, for which no credentials and no region are needed.
    #[schemars(example = "https://vpce-0123456789abcdef0.kms.eu-central-1.vpce.amazonaws.com")]
    pub endpoint: Option<String>,
    /// How long one call may take, 1s to 5s.
    #[serde(default = "timeout")]
    pub timeout: Span,
    /// How many secrets are sealed with one data key before KMS is asked for another.
    #[serde(default = "seals_per_data_key")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub seals_per_data_key: u32,
    /// How long a data key is used, for sealing and for opening, before KMS is asked again; at most 1d. A key that
    /// is disabled in KMS goes on working for this long. `0s` asks for every secret.
    #[serde(default = "data_key_lifetime")]
    pub data_key_lifetime: Span,
    /// How many data keys are kept in memory for opening.
    #[serde(default = "opened_data_keys")]
    #[schemars(range(min = 1, max = 100_000))]
    pub opened_data_keys: u32,
}

fn timeout() -> Span {
    Span::seconds(2)
}

fn seals_per_data_key() -> u32 {
    1000
}

fn data_key_lifetime() -> Span {
    Span::minutes(5)
}

fn opened_data_keys() -> u32 {
    1000
}

/// Where KMS is.
pub(crate) struct Access {
    pub(crate) region: Option<String>,
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) timeout: Span,
}

/// How long data keys are used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Economy {
    pub(crate) seals: u32,
    pub(crate) lifetime: Span,
    pub(crate) opened: u32,
}

/// A key manager that is ready to connect.
pub struct KmsPlan {
    access: Access,
    economy: Economy,
    key: String,
    former: Vec<String>,
}

impl Settings<Keys> for KmsSettings {
    type Plan = KmsPlan;

    fn plan(self) -> std::result::Result<KmsPlan, Vec<ConfigError>> {
        let mut mistakes = Vec::new();
        if let Some(problem) = misspelled(&self.key) {
            mistakes.push(ConfigError::at("key", problem));
        }
        for (at, former) in self.former_keys.iter().enumerate() {
            let problem = if *former == self.key {
                Some("this is the key that seals; take it out of the former ones")
            } else {
                misspelled(former)
            };
            mistakes.extend(problem.map(|problem| ConfigError::at(format!("former_keys[{at}]"), problem)));
        }
        let in_key = region_of(&self.key).map(str::to_owned);
        if let (Some(region), Some(in_key)) = (&self.region, &in_key)
            && region != in_key
        {
            let problem = format!("the key is in {in_key}, as its ARN says; take `region` out or correct it");
            mistakes.push(ConfigError::at("region", problem));
        }
        let parse = |text: &str| text.parse().ok().filter(Endpoint::is_trustworthy);
        let endpoint = self.endpoint.as_deref().map(parse);
        if let Some(None) = endpoint {
            mistakes.push(ConfigError::at(
                "endpoint",
                "an address that begins with https:// is expected, or with http:// on this machine, without a path",
            ));
        }
        if !(Span::seconds(1)..=MAX_TIMEOUT).contains(&self.timeout) {
            mistakes.push(ConfigError::at("timeout", "1s to 5s are expected"));
        }
        if self.data_key_lifetime > MAX_LIFETIME {
            mistakes.push(ConfigError::at("data_key_lifetime", "at most 1d is expected"));
        }
        for (field, number) in [
            ("seals_per_data_key", self.seals_per_data_key),
            ("opened_data_keys", self.opened_data_keys),
        ] {
            if number == 0 {
                mistakes.push(ConfigError::at(field, "at least 1 is expected"));
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(KmsPlan {
            access: Access {
                region: self.region.or(in_key),
                endpoint: endpoint.flatten(),
                timeout: self.timeout,
            },
            economy: Economy {
                seals: self.seals_per_data_key,
                lifetime: self.data_key_lifetime,
                opened: self.opened_data_keys,
            },
            key: self.key,
            former: self.former_keys,
        })
    }
}

/// What keeps a text from naming a key.
fn misspelled(key: &str) -> Option<&'static str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_/:".contains(c);
    let spelled = (1..=2048).contains(&key.len()) && key.chars().all(fits);
    let known = !key.starts_with("arn:") || region_of(key).is_some();
    (!spelled || !known).then_some(
        "the id of a key, its ARN (arn:aws:kms:<region>:<account>:key/<id>) or alias/<name> is expected",
    )
}

/// The region in the ARN of a key or alias.
fn region_of(key: &str) -> Option<&str> {
    let mut parts = key.split(':');
    let (Some("arn"), Some(_), Some("kms"), Some(region)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    (!region.is_empty() && parts.count() == 2).then_some(region)
}

#[async_trait]
impl Plan<Keys> for KmsPlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedKeys> {
        let kms = Kms::connect(self.access, runtime).await?;
        let keys = Arc::new(KmsKeys::new(kms, self.key, self.former, self.economy, runtime));
        Ok(ConnectedKeys {
            keys: Arc::clone(&keys) as Arc<_>,
            probe: keys,
        })
    }
}
