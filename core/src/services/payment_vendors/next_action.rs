//! What has to happen before a payment or a setup goes on, as a payer's own page is told.

use portcullis_ports::Timestamp;
use portcullis_ports::payments::{ClientSecret, MicrodepositKind, NextAction};
use serde::Serialize;

/// Who has to do something, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum NextActionType {
    /// The payer is sent to `url`, and comes back.
    Redirect,
    /// The vendor's script goes on with `client_secret` and `public_key`.
    Confirm,
    /// The payer fills in the page at `url`, and does not necessarily come back.
    Form,
    /// A widget of the vendor is started with `client_secret`.
    Widget,
    /// The payer tells what arrived on the bank account: `deposits` says what, `at` when.
    Microdeposits,
    /// The payer pays outside of any vendor, as `instructions` say.
    Instructions,
    /// Nobody has to do anything before `at`.
    Wait,
}

/// How a payer pays outside of any vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename = "PaymentInstructions")
)]
pub struct InstructionsView {
    /// Whose bank account it is.
    pub account_holder: Option<String>,
    /// Its number (ISO 13616).
    pub iban: Option<String>,
    /// Its bank (ISO 9362).
    pub bic: Option<String>,
    /// What is said beside that, or in its place.
    pub text: Option<String>,
    /// What the payer writes on it, so that it is known what it is for.
    pub reference: String,
}

/// What has to happen next.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "NextAction"))]
pub struct NextActionView {
    /// What it is.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub kind: NextActionType,
    /// What the vendor's script or widget is allowed with. For the payer's own browser only.
    pub client_secret: Option<String>,
    /// The key that the vendor publishes for its script.
    pub public_key: Option<String>,
    /// Where the payer goes.
    pub url: Option<String>,
    /// What the payer tells of deposits.
    pub deposits: Option<MicrodepositKind>,
    /// The moment that is waited for, in Unix seconds.
    pub at: Option<i64>,
    /// How to pay outside of any vendor.
    pub instructions: Option<InstructionsView>,
}

/// It may hold what only the payer's browser may have.
impl std::fmt::Debug for NextActionView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NextActionView")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl NextActionView {
    const fn bare(kind: NextActionType) -> Self {
        Self {
            kind,
            client_secret: None,
            public_key: None,
            url: None,
            deposits: None,
            at: None,
            instructions: None,
        }
    }

    /// What a payer is told of an action.
    pub fn of(action: NextAction) -> Self {
        let secret = |secret: &ClientSecret| Some(secret.expose().to_owned());
        match action {
            NextAction::Redirect { url } => Self {
                url: Some(url),
                ..Self::bare(NextActionType::Redirect)
            },
            NextAction::Form { url } => Self {
                url: Some(url),
                ..Self::bare(NextActionType::Form)
            },
            NextAction::Confirm {
                client_secret,
                public_key,
            } => Self {
                client_secret: secret(&client_secret),
                public_key: Some(public_key),
                ..Self::bare(NextActionType::Confirm)
            },
            NextAction::Widget { token } => Self {
                client_secret: secret(&token),
                ..Self::bare(NextActionType::Widget)
            },
            NextAction::Microdeposits { kind, arrives, url } => Self {
                url,
                deposits: Some(kind),
                at: Some(Timestamp::seconds(arrives)),
                ..Self::bare(NextActionType::Microdeposits)
            },
            NextAction::Instructions(told) => Self {
                instructions: Some(InstructionsView {
                    account_holder: told.account_holder,
                    iban: told.iban,
                    bic: told.bic,
                    text: told.text,
                    reference: told.reference,
                }),
                ..Self::bare(NextActionType::Instructions)
            },
            NextAction::Wait { until } => Self {
                at: Some(Timestamp::seconds(until)),
                ..Self::bare(NextActionType::Wait)
            },
        }
    }
}
