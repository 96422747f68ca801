//! Accounts: commands, views and problems.

use portcullis_ports::contact::EmailAddress;
use portcullis_ports::identity::Subject;
use portcullis_ports::{Code, Kind};
use serde::{Deserialize, Serialize};

use crate::input::{Label, SecretInput};

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
    pub password: SecretInput,
    /// How the person likes to be called.
    pub display_name: Option<Label>,
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

/// Proof that an address belongs to whoever signed up with it.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct VerifyEmail {
    /// The address.
    pub email: EmailAddress,
    /// The code from the mail.
    pub code: SecretInput,
}

/// A request for a new verification mail.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ResendVerification {
    /// The address.
    pub email: EmailAddress,
}

/// A new password.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ChangePassword {
    /// The password of today.
    pub current_password: SecretInput,
    /// The password from now on.
    pub new_password: SecretInput,
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

/// What became of a sign-up.
#[derive(Debug, Clone)]
pub enum SignedUp {
    /// The account exists and its owner may go on.
    Account(AccessToken),
    /// A mail was sent; what happens next depends on who reads it.
    VerificationSent,
}

/// What the owner may know of an account.
#[derive(Debug, Clone, Serialize)]
pub struct AccountView {
    /// The address to sign in with.
    pub email: EmailAddress,
    /// Whether the address was proven.
    pub email_verified: bool,
    /// How the person likes to be called.
    pub display_name: Option<Label>,
}

/// A password was changed.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PasswordChanged {
    /// Always `ok`.
    pub status: String,
    /// How many other sessions were ended.
    pub revoked: u64,
}
