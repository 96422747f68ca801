//! What an operator can set about the rules: one table of the configuration per area.

mod sms_spend;

use portcullis_ports::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use sms_spend::SmsSpend;

use crate::foundation::input::{PASSWORD_LEAST, Region};
use crate::foundation::requirement::Requirement;
use crate::foundation::texts::Language;

/// All tables of the core.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How the product presents itself.
    pub product: Product,
    /// Accounts with e-mail address and password.
    pub accounts: Accounts,
    /// What follows a complete sign-in.
    pub sessions: Sessions,
    /// Short-lived records that collect proofs.
    pub challenges: Challenges,
    /// Authenticator apps, phone numbers, e-mail addresses and recovery codes.
    pub factors: Factors,
    /// How often something may be tried or sent.
    pub budgets: Budgets,
    /// Delivery of messages.
    pub outbox: Outbox,
    /// What a node keeps in memory.
    pub cache: Cache,
    /// The history of every account.
    pub audit: Audit,
    /// The brake on the bill for text messages.
    pub sms_spend: SmsSpend,
}

/// How the product presents itself.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Product {
    /// The name in messages, in authenticator apps and in the panel. Must not contain a colon.
    #[schemars(length(min = 1, max = 40), extend("pattern" = "^[^:]{1,40}$"))]
    pub name: String,
    /// The language of messages to people who asked for none that there are texts in, as two letters (ISO 639-1).
    pub language: Language,
    /// A folder with texts in place of those that are built in, as `<language>/<text>.txt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub texts: Option<String>,
}

impl Default for Product {
    fn default() -> Self {
        Self {
            name: "Portcullis".into(),
            language: Language::EN,
            texts: None,
        }
    }
}

/// Who may create an account, and what an answer gives away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SignUp {
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
pub struct Accounts {
    /// Who may sign up: `open`, `verified` (nothing is revealed about existing accounts) or `closed`.
    pub sign_up: SignUp,
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

impl Default for Accounts {
    fn default() -> Self {
        Self {
            sign_up: SignUp::Open,
            access_token_lifetime: Span::minutes(15),
            verification_lifetime: Span::hours(1),
            recovery_lifetime: Span::hours(1),
            password_min_length: 10,
        }
    }
}

/// What follows a complete sign-in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// A session ends this long after it began, however busy it is.
    #[schemars(extend("x-env" = ["UI_SESSION_TTL_SECONDS"], "x-env-unit" = "seconds"))]
    pub lifetime: Span,
    /// A session ends when it was not used for this long. At least two minutes.
    #[schemars(extend("x-env" = ["UI_INACTIVITY_SECONDS"], "x-env-unit" = "seconds"))]
    pub idle: Span,
    /// Sensitive actions need a factor that was proven at most this long ago.
    pub step_up: Span,
    /// The most sessions of one account. When one more begins, the oldest ends of the sign-in that has the most.
    #[schemars(range(min = 1, max = 500))]
    pub limit: usize,
    /// A network or a device from which an account signed in completely counts as known for this long.
    pub known_source_lifetime: Span,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            lifetime: Span::days(30),
            idle: Span::minutes(15),
            step_up: Span::minutes(10),
            limit: 100,
            known_source_lifetime: Span::days(90),
        }
    }
}

/// Short-lived records that collect proofs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Challenges {
    /// How long a challenge may be answered.
    #[schemars(extend("x-env" = ["SESSION_CHALLENGE_TTL_SECONDS"], "x-env-unit" = "seconds"))]
    pub lifetime: Span,
}

impl Default for Challenges {
    fn default() -> Self {
        Self {
            lifetime: Span::minutes(5),
        }
    }
}

/// Authenticator apps, phone numbers, e-mail addresses and recovery codes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Factors {
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

impl Default for Factors {
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

/// Which enrolled factors sensitive actions need, each proven recently in the same session.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RequireFor {
    /// To add an authenticator app, a phone number or an e-mail address: `any`, `strongest` or `all`.
    pub add_factor: Requirement,
    /// To remove a factor without proving another one in the same request.
    pub remove_factor: Requirement,
    /// To replace recovery codes.
    pub regenerate_recovery_codes: Requirement,
}

impl Default for RequireFor {
    fn default() -> Self {
        Self {
            add_factor: Requirement::Any,
            remove_factor: Requirement::Any,
            regenerate_recovery_codes: Requirement::Any,
        }
    }
}

/// So many times within so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How many times.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub most: u32,
    /// Within how long, counted from the first time.
    pub window: Span,
}

impl Limit {
    /// `most` times within `window`.
    pub const fn new(most: u32, window: Span) -> Self {
        Self { most, window }
    }
}

/// How often something may be tried or sent, shared by all nodes. Answers are counted before they are checked, messages
/// in the commit that sends them. What strangers do is counted apart from what owners of accounts do.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Budgets {
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

impl Default for Budgets {
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

/// Delivery of messages.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Outbox {
    /// How often a message is tried before it becomes a dead letter. Waiting while the circuits of all senders are open is no
    /// try.
    #[schemars(range(min = 1, max = 50))]
    pub attempts: u32,
    /// A worker that dies holds its messages back for this long. Renewed while several senders are asked in turn.
    pub lease: Span,
    /// The longest time one attempt at one sender may take, the wait for its turn there included.
    pub timeout: Span,
    /// How long delivered messages and dead letters are kept.
    pub kept: Span,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            attempts: 8,
            lease: Span::seconds(30),
            timeout: Span::seconds(15),
            kept: Span::days(30),
        }
    }
}

/// What a node keeps in memory.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cache {
    /// The most sessions, accounts and factors that are remembered, together; about 1 KiB each. With fewer than are in
    /// use, the store is read more often.
    #[schemars(range(min = 64, max = 10_000_000))]
    pub records: usize,
}

impl Default for Cache {
    fn default() -> Self {
        Self { records: 8192 }
    }
}

/// The history of every account.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// How long entries are kept. They are pruned once a day; what is left still proves that nothing else is missing.
    pub kept: Span,
    /// How long entries about what was refused are kept, such as wrong passwords, which anybody can cause. No longer
    /// than `kept`.
    pub failures_kept: Span,
    /// How many failures of one kind are written for one account; further ones are counted, and the next entry says
    /// how many there were.
    pub failures_per_account: Limit,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            kept: Span::days(400),
            failures_kept: Span::days(90),
            failures_per_account: Limit::new(50, Span::days(1)),
        }
    }
}
