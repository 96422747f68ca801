//! Accounts: commands, views and problems.

use portcullis_ports::contact::EmailAddress;
use portcullis_ports::identity::Subject;
use portcullis_ports::passwords::HASHER_BUSY;
use portcullis_ports::{Code, Kind};
use serde::{Deserialize, Serialize};

use crate::foundation::input::{Digits, Label, NewPassword, SecretInput, Shown, SignUpHandle, SignUpId};
use crate::foundation::proof::CHALLENGE_ENDED;
use crate::foundation::use_case::{Documented, Problems, UseCase};
use crate::services::budgets::{GUESS, TOO_MANY_ATTEMPTS, TOO_MANY_SENDS};
use crate::services::outbox::CHANNEL_UNAVAILABLE;
use crate::services::suppressions::ADDRESS_SUPPRESSED;

/// E-mail address or password is wrong; which of them is not told.
pub const WRONG_CREDENTIALS: Code = Code::new(
    "wrong-credentials",
    Kind::Unauthenticated,
    "The e-mail address or the password is wrong.",
);
/// The address has an account already.
pub const EMAIL_TAKEN: Code = Code::new(
    "email-taken",
    Kind::Conflict,
    "There is already an account with this e-mail address: sign in instead.",
);
/// The password is too short, too long or too easy to guess.
pub const WEAK_PASSWORD: Code = Code::new("weak-password", Kind::Invalid, "Please choose another password.");
/// The operator does not accept new accounts.
pub const SIGN_UP_CLOSED: Code = Code::new(
    "sign-up-closed",
    Kind::Forbidden,
    "New accounts are not accepted here.",
);
/// The password is right, and the address was never proven.
pub const EMAIL_NOT_VERIFIED: Code = Code::new(
    "email-not-verified",
    Kind::Forbidden,
    "Your e-mail address is not proven yet: send the code from the mail to /auth/verify-email, with the sign_up_id given \
     here.",
);
/// The code alone does not say which sign-up it is for.
pub const SIGN_UP_AMBIGUOUS: Code = Code::new(
    "sign-up-ambiguous",
    Kind::Conflict,
    "Several sign-ups wait at this address: follow the link in the mail, or send the sign_up_id of yours.",
);
/// Neither address nor sign-up is named.
pub const SIGN_UP_UNNAMED: Code = Code::new(
    "sign-up-unnamed",
    Kind::Invalid,
    "Name the sign-up: send sign_up_id, or email.",
);
/// This account does not sign in with a password of ours.
pub const NO_PASSWORD: Code = Code::new(
    "no-password",
    Kind::Conflict,
    "This account has no password here: it is signed in by another identity provider.",
);

/// A new account.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SignUp {
    /// The address to sign in with. Compared without regard to case.
    pub email: EmailAddress,
    /// At least as long as `GET /ui/options` says; anything easy to guess is refused.
    pub password: SecretInput<NewPassword>,
    /// How the person likes to be called.
    pub display_name: Option<Label>,
}

impl Documented for SignUp {
    const EXAMPLE: &str = r#"{
  "email": "ada@example.com",
  "password": "a lighthouse keeps its own hours",
  "display_name": "Ada"
}"#;
}

impl UseCase for SignUp {
    const PROBLEMS: Problems = &[&[
        WEAK_PASSWORD,
        SIGN_UP_CLOSED,
        EMAIL_TAKEN,
        TOO_MANY_ATTEMPTS,
        CHANNEL_UNAVAILABLE,
        HASHER_BUSY,
        ADDRESS_SUPPRESSED,
    ]];
}

/// The first factor.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SignIn {
    /// The address of the account.
    pub email: EmailAddress,
    /// Its password.
    pub password: SecretInput,
}

impl Documented for SignIn {
    const EXAMPLE: &str = r#"{ "email": "ada@example.com", "password": "a lighthouse keeps its own hours" }"#;
}

impl UseCase for SignIn {
    const PROBLEMS: Problems = &[&[
        WRONG_CREDENTIALS,
        EMAIL_NOT_VERIFIED,
        TOO_MANY_ATTEMPTS,
        HASHER_BUSY,
    ]];
}

/// Proof that an address belongs to whoever signed up with it.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct VerifyEmail {
    /// The address. Needed without `sign_up_id`; then the code works as long as only one sign-up waits at the address.
    #[serde(default)]
    pub email: Option<EmailAddress>,
    /// Which sign-up: as the sign-up answered it, or as the link in the mail names it; the latter needs `password`.
    #[serde(default)]
    pub sign_up_id: Option<SecretInput<SignUpId>>,
    /// The code from the mail.
    pub code: SecretInput<Digits>,
    /// The password that was chosen at the sign-up: proves that whoever reads the mail is who signed up.
    #[serde(default)]
    pub password: Option<SecretInput>,
}

impl Documented for VerifyEmail {
    const EXAMPLE: &str = r#"{ "email": "ada@example.com", "code": "492817" }"#;
    const ANY_OF: &[&str] = &["email", "sign_up_id"];
}

impl UseCase for VerifyEmail {
    const PROBLEMS: Problems = &[&[SIGN_UP_UNNAMED, SIGN_UP_AMBIGUOUS, CHALLENGE_ENDED], GUESS];
}

/// A request for a new verification mail.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ResendVerification {
    /// The address. May be left out with the `sign_up_id` of a sign-up that still waits.
    #[serde(default)]
    pub email: Option<EmailAddress>,
    /// As the sign-up answered it. Without it the answer does not tell whether anything was sent.
    #[serde(default)]
    pub sign_up_id: Option<SecretInput<SignUpId>>,
}

impl Documented for ResendVerification {
    const EXAMPLE: &str = r#"{ "email": "ada@example.com" }"#;
    const ANY_OF: &[&str] = &["email", "sign_up_id"];
}

impl UseCase for ResendVerification {
    const PROBLEMS: Problems = &[&[
        SIGN_UP_UNNAMED,
        CHALLENGE_ENDED,
        TOO_MANY_SENDS,
        CHANNEL_UNAVAILABLE,
    ]];
}

/// A new password.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ChangePassword {
    /// The password of today.
    pub current_password: SecretInput,
    /// The password from now on.
    pub new_password: SecretInput<NewPassword>,
}

impl Documented for ChangePassword {
    const EXAMPLE: &str = r#"{
  "current_password": "a lighthouse keeps its own hours",
  "new_password": "four ferries cross before breakfast"
}"#;
}

impl UseCase for ChangePassword {
    const PROBLEMS: Problems = &[&[
        WRONG_CREDENTIALS,
        WEAK_PASSWORD,
        NO_PASSWORD,
        TOO_MANY_ATTEMPTS,
        HASHER_BUSY,
    ]];
}

/// The first factor is proven.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AccessToken {
    /// The stable name of the account.
    pub user_sub: Subject,
    /// Send it as `Authorization: Bearer …`. Opaque.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds until it is no longer accepted.
    pub expires_in: u64,
}

impl Documented for AccessToken {
    const EXAMPLE: &str = r#"{
  "user_sub": "usr_01h2xcejqtf2nbrexx3vqjhp41",
  "access_token": "pct_eyJzdWIiOiJ1c3JfMDFoMnhjZWpxdGYybmJyZXh4M3ZxamhwNDEifQ.q9m1uYgV0N2Ynl0Ck7a8nA5kCqzT3dWn2o5Xn1hJb0E",
  "token_type": "Bearer",
  "expires_in": 900
}"#;
}

/// What became of a sign-up.
#[derive(Debug, Clone)]
pub enum SignedUp {
    /// The account exists and its owner may go on.
    Account(AccessToken),
    /// A mail was sent; what happens next depends on who reads it.
    VerificationSent {
        /// Names this sign-up to whoever asked for it, and to nobody else.
        sign_up_id: String,
    },
}

/// What the owner may know of an account; empty for one of another identity provider.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AccountView {
    /// The address to sign in with; null for accounts of another identity provider.
    pub email: Option<String>,
    /// Whether the address was proven.
    pub email_verified: bool,
    /// To be sent along with the code from the verification mail; null once the address is proven.
    pub sign_up_id: Option<Shown<SignUpHandle>>,
    /// How the person likes to be called.
    pub display_name: Option<String>,
}

/// A password was changed.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PasswordChanged {
    /// Always `ok`.
    pub status: String,
    /// How many other sessions were ended.
    pub revoked: u64,
    /// A new access token for the session that asked: all older ones are refused from now on.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds until it is no longer accepted.
    pub expires_in: u64,
}

impl Documented for PasswordChanged {
    const EXAMPLE: &str = r#"{
  "status": "ok",
  "revoked": 2,
  "access_token": "pct_eyJzdWIiOiJ1c3JfMDFoMnhjZWpxdGYybmJyZXh4M3ZxamhwNDEifQ.q9m1uYgV0N2Ynl0Ck7a8nA5kCqzT3dWn2o5Xn1hJb0E",
  "token_type": "Bearer",
  "expires_in": 900
}"#;
}
