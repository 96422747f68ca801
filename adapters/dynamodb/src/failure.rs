//! What can go wrong with the service, and whether trying again helps.

use std::error::Error as StdError;
use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use portcullis_ports::storage::StoreError;
use portcullis_ports::{Code, Kind};

/// The service cannot be reached or does not know us.
pub const STORE_ACCESS: Code = Code::new(
    "store-access",
    Kind::Config,
    "DynamoDB cannot be reached, or does not let us in.",
);
/// A table is missing or not as it must be.
pub const STORE_TABLE: Code = Code::new(
    "store-table",
    Kind::Config,
    "A table of the store is missing or not as it must be.",
);

/// How long callers should wait when the service is overloaded or away.
const SHORTLY: Duration = Duration::from_secs(1);

/// Why one request was not done.
#[derive(Debug)]
pub(crate) enum Miss<E> {
    /// The service has judged the expectations; the answer is in the error.
    Judged(E),
    /// Trying again may help.
    Again {
        why: String,
        /// Whether it may have been done all the same.
        unknown: bool,
        /// Whether the service asks for fewer requests.
        throttled: bool,
    },
    /// Trying again is useless.
    Never {
        /// The service's own word for it; empty if it did not answer.
        code: String,
        error: StoreError,
    },
}

impl<E> Miss<E> {
    /// The request was given up after so long.
    pub(crate) fn late(what: &str, after: Duration) -> Self {
        Self::Again {
            why: format!("{what} was not answered within {} ms", after.as_millis()),
            unknown: true,
            throttled: false,
        }
    }

    /// Sorts an error of the client into what it means for us.
    pub(crate) fn of(what: &str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let answer = match error {
            SdkError::ServiceError(answer) => answer,
            error => {
                return Self::Again {
                    // Without an answer nobody knows, unless the request was never made.
                    unknown: !matches!(error, SdkError::ConstructionFailure(_)),
                    why: format!("{what}: {}", chain(&error)),
                    throttled: false,
                };
            }
        };
        let status = answer.raw().status().as_u16();
        let service = answer.into_err();
        let code = service.code().unwrap_or("an error without a code").to_owned();
        let why = match service.message() {
            Some(message) => format!("{what}: {code}: {message}"),
            None => format!("{what}: {code} (status {status})"),
        };
        match code.as_str() {
            "ConditionalCheckFailedException" | "TransactionCanceledException" => Self::Judged(service),
            "ProvisionedThroughputExceededException"
            | "ThrottlingException"
            | "RequestLimitExceeded"
            | "LimitExceededException"
            | "TransactionConflictException"
            | "TransactionInProgressException" => Self::Again {
                why,
                unknown: false,
                throttled: true,
            },
            _ if status >= 500 => Self::Again {
                why,
                unknown: true,
                throttled: false,
            },
            "ValidationException"
            | "SerializationException"
            | "IdempotentParameterMismatchException"
            | "ItemCollectionSizeLimitExceededException" => Self::Never {
                code,
                error: StoreError::Refused(why),
            },
            _ => Self::Never {
                error: StoreError::Unavailable {
                    detail: format!("{why}{}", remedy(&code)),
                    retry: None,
                },
                code,
            },
        }
    }
}

/// An error and what caused it, in words alone: the client's own long form may hold whole answers, and so records.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut words = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    words.dedup();
    words.join(": ")
}

/// What to do about an error that does not go away by itself.
fn remedy(code: &str) -> &'static str {
    match code {
        "ResourceNotFoundException" => {
            "; create the table with `portcullis tables create`, or correct its name and the region"
        }
        "AccessDeniedException" => "; allow what `portcullis tables policy` prints",
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignatureException" => "; correct the access key of the service",
        "ExpiredTokenException" | "ExpiredToken" => "; renew the credentials of the service",
        _ => "",
    }
}

/// The deadline has passed.
pub(crate) fn gave_up(why: String) -> StoreError {
    StoreError::Unavailable {
        detail: why,
        retry: Some(SHORTLY),
    }
}

/// A request without an answer may have been done, and what is there now does not tell.
pub(crate) fn undecided(what: &str) -> StoreError {
    StoreError::Unavailable {
        detail: format!(
            "{what}: an answer was lost, and the record has changed since; it may have been done"
        ),
        retry: Some(SHORTLY),
    }
}
