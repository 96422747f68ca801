//! Why KMS did not do it, in words for the operator. Answers are never quoted: they may hold a data key.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use portcullis_ports::keys::{KEYS_UNAVAILABLE, NOT_OURS};
use portcullis_ports::{Error, Retry};

/// How long to wait where KMS does not say.
const WAIT: Duration = Duration::from_secs(1);

/// Why KMS did not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KmsError {
    /// The encrypted data key was made by another key or for another context, or was altered.
    NotOurs,
    /// KMS will not do it until somebody changes something: the vendor's code and sentence.
    Refused { code: String, message: String },
    /// There is no usable answer now, for this reason.
    NoAnswer(String),
}

impl KmsError {
    /// The word in meters.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::NotOurs => "not_ours",
            Self::Refused { .. } => "refused",
            Self::NoAnswer(_) => "no_answer",
        }
    }

    /// What went wrong with a call of the vendor's library.
    pub(crate) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        match error {
            SdkError::ServiceError(refusal) => {
                let status = refusal.raw().status().as_u16();
                answered(status, refusal.err().code(), refusal.err().message())
            }
            SdkError::TimeoutError(_) => Self::NoAnswer("no answer in time".to_owned()),
            SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => {
                // The outermost words are the same for every cause; the innermost name it.
                Self::NoAnswer(innermost(error.source()))
            }
            SdkError::ResponseError(answer) => {
                let status = answer.raw().status().as_u16();
                Self::NoAnswer(format!("an answer with status {status} that cannot be read"))
            }
            _ => Self::NoAnswer("the call failed".to_owned()),
        }
    }

    /// As the contract says it, with what helps the operator.
    pub(crate) fn into_error(self, action: &'static str, key: &str) -> Error {
        let unavailable = |cause: String| {
            KEYS_UNAVAILABLE
                .error()
                .with_context("action", action)
                .with_context("key", key)
                .with_context("cause", cause)
        };
        match self {
            Self::NotOurs => NOT_OURS
                .error()
                .with_context("why", "no key of KMS that may be used here made it"),
            Self::Refused { code, message } => {
                let remedy = remedy(&code);
                unavailable(format!("KMS refuses: {code}: {message}")).with_context("remedy", remedy)
            }
            Self::NoAnswer(cause) => unavailable(cause).retry_after(WAIT),
        }
    }
}

impl fmt::Display for KmsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOurs => f.write_str("made by another key"),
            Self::Refused { code, message } => {
                write!(f, "KMS refuses: {code}: {message} ({})", remedy(code))
            }
            Self::NoAnswer(cause) => f.write_str(cause),
        }
    }
}

/// Whether asking for another key can help where this one failed.
pub(crate) fn is_about_the_key(error: &Error) -> bool {
    error.retry() == Retry::Never
}

/// What an answer that is an error means; codes as in the KMS API reference under `Decrypt` and `GenerateDataKey`.
fn answered(status: u16, code: Option<&str>, message: Option<&str>) -> KmsError {
    let code = code.unwrap_or_default();
    let message = message.unwrap_or("no further words");
    match code {
        "InvalidCiphertextException" | "IncorrectKeyException" => KmsError::NotOurs,
        "ThrottlingException" | "LimitExceededException" | "RequestLimitExceeded" => {
            KmsError::NoAnswer(format!("too many calls: {message}"))
        }
        "KeyUnavailableException" | "DependencyTimeoutException" | "KMSInternalException" => {
            KmsError::NoAnswer(format!("{code}: {message}"))
        }
        _ if status >= 500 || status == 429 || code.is_empty() => {
            KmsError::NoAnswer(format!("an answer with status {status}"))
        }
        _ => KmsError::Refused {
            code: code.to_owned(),
            message: message.to_owned(),
        },
    }
}

/// What an operator can do about a refusal.
fn remedy(code: &str) -> &'static str {
    match code {
        "AccessDeniedException" => {
            "allow the actions of the manual to the role of this service, in its policy and in that of the key"
        }
        "DisabledException" => "enable the key in KMS",
        "KMSInvalidStateException" => {
            "look at the state of the key in KMS; cancel its deletion if it is to go"
        }
        "NotFoundException" => "check the name of the key, its region and its account",
        "InvalidKeyUsageException" => "choose a symmetric key whose usage is ENCRYPT_DECRYPT",
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "MissingAuthenticationTokenException"
        | "ExpiredTokenException" => "check the credentials of this service and the clock of the machine",
        _ => "look it up in the manual of KMS",
    }
}

fn innermost(error: Option<&(dyn std::error::Error + 'static)>) -> String {
    let mut innermost = error;
    while let Some(inner) = innermost.and_then(std::error::Error::source) {
        innermost = Some(inner);
    }
    innermost.map_or_else(|| "no cause is known".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_and_a_silence_are_told_apart() {
        let refused = answered(400, Some("AccessDeniedException"), Some("no"));
        assert_eq!(refused.as_str(), "refused");
        for (status, code) in [
            (400, Some("ThrottlingException")),
            (500, Some("KMSInternalException")),
            (503, None),
            (429, Some("Anything")),
            (400, None),
        ] {
            assert_eq!(
                answered(status, code, None).as_str(),
                "no_answer",
                "{status} {code:?}"
            );
        }
        for code in ["InvalidCiphertextException", "IncorrectKeyException"] {
            assert_eq!(answered(400, Some(code), None), KmsError::NotOurs);
        }
    }

    #[test]
    fn only_a_silence_invites_another_try_of_the_same() {
        let silence = KmsError::NoAnswer("x".into()).into_error("kms:Decrypt", "k");
        assert!(!is_about_the_key(&silence));
        let refusal = answered(400, Some("DisabledException"), None).into_error("kms:Decrypt", "k");
        assert!(is_about_the_key(&refusal));
        assert_eq!(
            (silence.code(), refusal.code()),
            (KEYS_UNAVAILABLE, KEYS_UNAVAILABLE)
        );
    }
}
