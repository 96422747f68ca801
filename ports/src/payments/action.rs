//! What has to happen before a payment or a setup goes on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::secret::Secret;

/// What the vendor's script in the browser is allowed with. It goes to the payer's own browser and nowhere else: it has no
/// `Serialize`, and `Debug` shows a placeholder.
#[derive(Clone)]
pub struct ClientSecret(Secret);

impl ClientSecret {
    /// Takes ownership of the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Secret::new(text))
    }

    /// The text itself, for the answer to the payer.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

impl PartialEq for ClientSecret {
    fn eq(&self, other: &Self) -> bool {
        self.0.matches(other.expose())
    }
}

impl Eq for ClientSecret {}

/// How a bank account is proven by small deposits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum MicrodepositKind {
    /// Two amounts arrive, and the payer tells them.
    Amounts,
    /// One deposit arrives with a code in its text, and the payer tells the code.
    Code,
}

/// How a payer pays outside of any vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instructions {
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

/// What has to happen next, and who does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextAction {
    /// The payer is sent to an address of the vendor or of the bank, and comes back.
    Redirect {
        /// Where to.
        url: String,
    },
    /// The vendor's script in the payer's browser goes on: it asks for the method where there is none yet, and for the
    /// bank's confirmation where that is needed.
    Confirm {
        /// What the script is allowed with.
        client_secret: ClientSecret,
        /// The key that the vendor publishes for the script.
        public_key: String,
    },
    /// The payer fills in a page of the vendor, and does not necessarily come back.
    Form {
        /// Where it is.
        url: String,
    },
    /// A widget of the vendor is shown.
    Widget {
        /// What it is started with.
        token: ClientSecret,
    },
    /// The payer tells what arrived on the bank account.
    Microdeposits {
        /// What has to be told.
        kind: MicrodepositKind,
        /// When the deposits are there.
        arrives: Timestamp,
        /// The vendor's own page for telling it, if there is one.
        url: Option<String>,
    },
    /// The payer pays outside of any vendor, and an operator says what came.
    Instructions(Instructions),
    /// Nobody has to do anything before this moment.
    Wait {
        /// The moment.
        until: Timestamp,
    },
}

impl NextAction {
    /// The word used for it in records and metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Redirect { .. } => "redirect",
            Self::Confirm { .. } => "confirm",
            Self::Form { .. } => "form",
            Self::Widget { .. } => "widget",
            Self::Microdeposits { .. } => "microdeposits",
            Self::Instructions(_) => "instructions",
            Self::Wait { .. } => "wait",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_secret_is_never_printed() {
        let action = NextAction::Confirm {
            client_secret: ClientSecret::new("pi_1_secret_2"),
            public_key: "pk_test_1".to_owned(),
        };
        let printed = format!("{action:?}");
        assert!(!printed.contains("pi_1_secret_2"), "{printed}");
    }
}
