//! The bodies of CCBill's REST API.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

/// The names of our values that CCBill gives back in webhooks, there with `X-` before them.
pub(crate) const ATTEMPT: &str = "portcullis_attempt";
pub(crate) const TAG: &str = "portcullis_tag";
pub(crate) const PROOF: &str = "portcullis_proof";
pub(crate) const SUBSCRIPTION: &str = "portcullis_subscription";

/// What a charge is made of.
pub(crate) struct Sale<'a> {
    pub(crate) account: u32,
    pub(crate) subaccount: u16,
    /// With two decimals.
    pub(crate) price: &'a str,
    pub(crate) period_days: u16,
    /// How often the same is charged again after each period, where it is.
    pub(crate) rebills: Option<u8>,
    pub(crate) currency: u16,
    pub(crate) passed: &'a [(&'static str, String)],
    /// The result of 3-D Secure, where there is one.
    pub(crate) proven: Vec<(&'static str, Value)>,
}

impl Sale<'_> {
    /// As JSON. The price is a number there, and never one that was computed with a point in it: its text is put in.
    pub(crate) fn body(&self) -> String {
        let passed = self.passed.iter();
        let mut rest = json!({
            "clientAccnum": self.account,
            "clientSubacc": self.subaccount,
            "initialPeriod": self.period_days,
            "currencyCode": self.currency,
            "passThroughInfo": passed.map(|(name, value)| json!({ "name": name, "value": value })).collect::<Vec<_>>(),
        });
        if let Some(rebills) = self.rebills {
            rest["recurringPeriod"] = json!(self.period_days);
            rest["rebills"] = json!(rebills);
        }
        for (name, value) in &self.proven {
            rest[*name] = value.clone();
        }
        let rest = rest.to_string();
        let members = rest.strip_prefix('{').unwrap_or_default();
        let recurring = match self.rebills {
            Some(_) => format!("\"recurringPrice\":{},", self.price),
            None => String::new(),
        };
        format!("{{\"initialPrice\":{},{recurring}{members}", self.price)
    }
}

/// The answer to a charge.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sold {
    pub(crate) approved: bool,
    pub(crate) decline_code: Option<i64>,
    pub(crate) decline_text: Option<String>,
    pub(crate) denial_id: Option<String>,
    pub(crate) subscription_id: Option<String>,
}

/// A payment token.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentToken {
    #[serde(rename = "paymentTokenId")]
    pub(crate) id: String,
    pub(crate) client_accnum: u32,
    pub(crate) client_subacc: u16,
    /// How often it can be charged; nothing where that has no end.
    pub(crate) valid_number_of_use: Option<u32>,
}

/// What a token was used for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsedFor {
    pub(crate) client_accnum: u32,
    pub(crate) client_subacc: u16,
    pub(crate) subscription_id: String,
}

/// Whether a bank asks for 3-D Secure.
#[derive(Debug, Deserialize)]
pub(crate) struct ThreeDsRequired {
    pub(crate) required: bool,
}

/// A refusal. Its words are not kept: they may quote what was sent.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refusal {
    #[serde(default, deserialize_with = "number")]
    pub(crate) error_code: Option<u32>,
    #[serde(default)]
    pub(crate) errors: Vec<FieldError>,
}

/// What is wrong with one field.
#[derive(Debug, Deserialize)]
pub(crate) struct FieldError {
    pub(crate) field: String,
}

/// A number that is sometimes written as text.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        _ => None,
    })
}
