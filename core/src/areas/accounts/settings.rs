//! What an operator sets about accounts.

use portcullis_ports::Span;
use portcullis_ports::notification::{SenderCapability, Senders};
use portcullis_ports::selection::Selection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foundation::input::PASSWORD_LEAST;
use crate::foundation::settings::{Broken, SettingsTable};

/// Who may create an account, and what an answer gives away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SignUpMode {
    /// Anybody; a taken address is answered with 409.
    Open,
    /// Anybody who proves the address first; a taken address is answered like a free one.
    Verified,
    /// Nobody.
    Closed,
}

/// Accounts with e-mail address and password.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Who may sign up: `open`, `verified` (nothing is revealed about existing accounts) or `closed`.
    pub sign_up: SignUpMode,
    /// How long an access token is valid.
    pub access_token_lifetime: Span,
    /// How long the code in a verification mail is valid.
    pub verification_lifetime: Span,
    /// How long the code and the link in a mail for a forgotten password are valid. At least as long as the window of
    /// `budgets.sends_per_destination`: whoever is sent no further mail then has one with a link that still works.
    pub recovery_lifetime: Span,
    /// The fewest characters of a password. Length is what counts; there are no rules about kinds of characters.
    #[schemars(range(min = PASSWORD_LEAST, max = 64))]
    pub password_min_length: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sign_up: SignUpMode::Open,
            access_token_lifetime: Span::minutes(15),
            verification_lifetime: Span::hours(1),
            recovery_lifetime: Span::hours(1),
            password_min_length: 10,
        }
    }
}

impl SettingsTable for Settings {
    const NAME: &'static str = "accounts";

    /// Addresses can only be proven where mail can be sent.
    fn plugin_errors(&self, plugins: &Selection) -> Vec<Broken> {
        let senders = plugins.many::<Senders>();
        let mut mails = senders
            .iter()
            .map(|sender| sender.declares(SenderCapability::Email));
        if self.sign_up != SignUpMode::Verified || mails.any(|mails| mails) {
            return Vec::new();
        }
        let text = "`verified` sends a mail to every new address, and no sender of e-mail is selected.\n\
            Select one under `senders`, or choose `open` or `closed`.";
        vec![("sign_up", text.to_owned())]
    }
}
