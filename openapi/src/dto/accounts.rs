//! What a sign-up is answered with.

use poem_openapi::{ApiResponse, Enum, Object};
use portcullis_core::accounts::{AccessToken, SignedUp};
use portcullis_core::input::{Shown, SignUpHandle};
use portcullis_core::use_case::Documented;
use serde::Serialize;

use crate::answer::Answer;

/// What happens next.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum Next {
    /// Whoever reads the mail goes on.
    VerificationSent,
}

/// A mail was sent to the address; nothing is said about whether it has an account.
#[derive(Debug, Serialize, Object)]
pub(crate) struct VerificationSent {
    /// Always `verification_sent`.
    status: Next,
    /// To be sent along with the code from the mail, which then proves this sign-up and no other.
    sign_up_id: Shown<SignUpHandle>,
}

impl Documented for VerificationSent {
    const EXAMPLE: &str = r#"{
  "status": "verification_sent",
  "sign_up_id": "ver_01h2xcejqtf2nbrexx3vqjhp41.0123456789abcdefghijABCDEFGHIJ0123456789abc"
}"#;
}

/// The two ways in which a sign-up goes on.
#[derive(ApiResponse)]
pub(crate) enum SignUpAnswer {
    /// The account exists and its first factor is proven.
    #[oai(status = 201)]
    Created(Answer<AccessToken>),
    /// The address must be proven first (`accounts.sign_up = "verified"`).
    #[oai(status = 202)]
    Accepted(Answer<VerificationSent>),
}

impl From<SignedUp> for SignUpAnswer {
    fn from(signed_up: SignedUp) -> Self {
        match signed_up {
            SignedUp::Account(token) => Self::Created(Answer(token)),
            SignedUp::VerificationSent { sign_up_id } => Self::Accepted(Answer(VerificationSent {
                status: Next::VerificationSent,
                sign_up_id: sign_up_id.into(),
            })),
        }
    }
}
