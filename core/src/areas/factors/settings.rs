//! What an operator sets about factors.

use portcullis_ports::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::areas::step_up::RequireFor;
use crate::foundation::input::Region;
use crate::foundation::requirement::Requirement;
use crate::foundation::settings::SettingsTable;

/// Authenticator apps, phone numbers, e-mail addresses and recovery codes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Which enrolled factors a sign-in must prove: `any` one of them, the `strongest` (an authenticator app before a
    /// phone number before an e-mail address), or `all`. With `all`, whoever loses one of them needs a recovery code.
    pub require: Requirement,
    /// The same for sensitive actions in a session.
    pub require_for: RequireFor,
    /// The most authenticator apps of one account.
    #[schemars(range(min = 1, max = 20))]
    pub totp_limit: usize,
    /// The most phone numbers of one account.
    #[schemars(range(min = 1, max = 20), extend("x-env" = ["SMS_DEVICE_LIMIT"]))]
    pub sms_limit: usize,
    /// The most e-mail addresses of one account.
    #[schemars(range(min = 1, max = 20), extend("x-env" = ["EMAIL_DEVICE_LIMIT"]))]
    pub email_limit: usize,
    /// The country in which a phone number is read that comes without its country code, as two letters (ISO 3166-1):
    /// with "US", (415) 555-2671 becomes +14155552671.
    pub default_region: Region,
    /// An enrolment that was begun and not confirmed is forgotten after this long.
    pub enrolment_lifetime: Span,
    /// For how many days somebody may trust a browser, so that sign-ins on it are not asked for a second factor.
    /// Sensitive actions and new passwords ask for it all the same. 0 offers it to nobody.
    #[schemars(range(min = 0, max = 365))]
    pub trusted_device_days: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            require: Requirement::Any,
            require_for: RequireFor::default(),
            totp_limit: 5,
            sms_limit: 3,
            email_limit: 5,
            default_region: Region::default(),
            enrolment_lifetime: Span::minutes(10),
            trusted_device_days: 30,
        }
    }
}

impl SettingsTable for Settings {
    const NAME: &'static str = "factors";
}
