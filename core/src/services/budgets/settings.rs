//! What an operator sets about budgets.

use portcullis_ports::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foundation::limit::Limit;
use crate::foundation::settings::SettingsTable;

/// Lengths of time that areas have, and that budgets go by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    /// Of a recovery.
    pub(crate) recovery: Span,
    /// How long a network counts as known.
    pub(crate) known_source: Span,
}

/// How often something may be tried or sent, shared by all nodes. Answers are counted before they are checked, messages
/// in the commit that sends them. What strangers do is counted apart from what owners of accounts do.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Wrong answers for one account and one factor from one known device or one network. A right answer clears it. As
    /// many answers are taken for one factor in one recovery, right or wrong, counted apart.
    pub attempts: Limit,
    /// Answers for one account and one factor from everywhere the account never signed in, together. Devices and
    /// networks where it did sign in are not affected and have as many each, so nobody can lock an account's owner out.
    /// As many are taken in all recoveries of the account together, counted apart.
    pub attempts_from_unknown: Limit,
    /// Sign-ins and answers to mailed codes from one network, over all accounts.
    pub sign_in_per_source: Limit,
    /// Starts of sessions of one account from one known device or one network, whether or not they ask for a factor.
    /// Everywhere the account never signed in shares one such budget besides its own.
    pub session_starts: Limit,
    /// Sign-ups from one network.
    pub sign_up_per_source: Limit,
    /// Requests for a new password from one network, over all addresses.
    pub recovery_per_source: Limit,
    /// The shortest wait between two codes for the same purpose of one account to the same address or number.
    #[schemars(extend("x-env" = ["MFA_SEND_MIN_INTERVAL_SECONDS"], "x-env-unit" = "seconds"))]
    pub send_interval: Span,
    /// Codes sent for one account on one channel; counted apart for its recoveries.
    pub sends_per_account: Limit,
    /// Codes sent to one address or number: for one account, and apart from that for everybody who has not proven to
    /// own it. One network gets at most half of the latter.
    pub sends_per_destination: Limit,
    /// Codes sent on one channel, over all accounts: the brake on a bill. Counted for each kind apart, so that none uses
    /// up another: for codes to devices that are enrolled, for codes that enrol one, and for recoveries the mails to
    /// known networks and the codes to enrolled devices.
    pub sends_in_total: Limit,
    /// Messages that requests from one network cause without anybody being signed in, such as for sign-up.
    pub anonymous_sends_per_source: Limit,
    /// Messages on one channel that nobody signed in has asked for, over all networks. They never use up
    /// `sends_in_total`. Counted twice: once for mails of recoveries, once for everything else, so that neither uses up
    /// the other.
    pub anonymous_sends_in_total: Limit,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            attempts: Limit::new(8, Span::minutes(10)),
            attempts_from_unknown: Limit::new(100, Span::hours(1)),
            sign_in_per_source: Limit::new(600, Span::minutes(10)),
            session_starts: Limit::new(300, Span::minutes(10)),
            sign_up_per_source: Limit::new(200, Span::hours(1)),
            recovery_per_source: Limit::new(100, Span::hours(1)),
            send_interval: Span::seconds(30),
            sends_per_account: Limit::new(20, Span::hours(1)),
            sends_per_destination: Limit::new(10, Span::hours(1)),
            sends_in_total: Limit::new(2_000, Span::hours(1)),
            anonymous_sends_per_source: Limit::new(100, Span::hours(1)),
            anonymous_sends_in_total: Limit::new(2_000, Span::hours(1)),
        }
    }
}

impl SettingsTable for Settings {
    const NAME: &'static str = "budgets";
    /// Totals bound the same messages.
    const PAUSE: Option<&'static str> = Some("send_interval");
}
