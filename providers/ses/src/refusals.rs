//! What a refusal or a silence of SES means, and what to do about it.

use std::error::Error;
use std::time::Duration;

use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use portcullis_ports::http::NoAnswer;
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::wording::remark;

/// When to try again after too many messages in one second.
const NEXT_SECONDS: Duration = Duration::from_secs(2);
/// When to try again after SES or the way to it failed.
const SOON: Duration = Duration::from_secs(5);
/// When to try again after what somebody has to look at.
const LATER: Duration = Duration::from_mins(5);
/// When to try again after a quota was used up, or sending was paused.
const MUCH_LATER: Duration = Duration::from_mins(15);

/// The outcome of a call that failed, about the message of ours that is known by `id`.
pub(crate) fn outcome<T, E>(error: &SdkError<E, HttpResponse>, id: &str) -> Outcome<T>
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let unknown = || Outcome::Unknown(Reference::Ours(id.to_owned()));
    match error {
        SdkError::ServiceError(refusal) => {
            let status = refusal.raw().status().as_u16();
            let code = refusal.err().code().unwrap_or_default();
            let message = refusal.err().message().unwrap_or_default();
            refused(status, code, message).unwrap_or_else(unknown)
        }
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => match silence(error) {
            Some(NoAnswer::Unknown(_)) => unknown(),
            Some(NoAnswer::NotSent(why)) => {
                let detail = format!("SES cannot be reached: {why}");
                Outcome::NotSent(Reason::outage("ses-unreachable", detail, SOON))
            }
            // Nothing left the machine: the request could not be signed.
            None => {
                let detail = "the request could not be signed: look at the AWS credentials of this machine";
                Outcome::NotSent(Reason::outage("ses-access", detail, LATER))
            }
        },
        // An answer that cannot be read, or none in time.
        _ => unknown(),
    }
}

/// Why a call failed, in words for the operator.
pub(crate) fn words<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: Error + ProvideErrorMetadata + 'static,
{
    match outcome::<(), E>(error, "") {
        Outcome::Declined(reason) | Outcome::NotSent(reason) => reason.detail,
        _ => silence(error).map_or_else(|| "the answer cannot be read".to_owned(), ToString::to_string),
    }
}

/// What an error answer means; `None` if the message may have been sent all the same.
fn refused<T>(status: u16, code: &str, message: &str) -> Option<Outcome<T>> {
    let passing = |name: &str, advice: &str, wait| {
        let detail = format!("{advice} ({code}: {})", remark(message));
        Outcome::NotSent(Reason::passing(name, detail, wait))
    };
    let outage = |name: &str, advice: &str, wait| {
        let detail = format!("{advice} ({code}: {})", remark(message));
        Outcome::NotSent(Reason::outage(name, detail, wait))
    };
    let declined = |name: &str, advice: &str| {
        let detail = format!("{advice} ({code}: {})", remark(message));
        Outcome::Declined(Reason::permanent(name, detail))
    };
    let daily = message.to_ascii_lowercase().contains("daily");
    Some(match code {
        "TooManyRequestsException" if daily => outage(
            "ses-daily-quota",
            "the quota of 24 hours is used up: ask AWS for a higher one",
            MUCH_LATER,
        ),
        "LimitExceededException" => outage("ses-quota", "a quota of the account is used up", MUCH_LATER),
        "TooManyRequestsException" | "ThrottlingException" | "Throttling" => {
            passing("ses-rate", "too many messages in one second", NEXT_SECONDS)
        }
        "MessageRejected" if message.contains("not verified") => declined(
            "ses-not-verified",
            "verify the sender in this region, and in the sandbox the recipient, too",
        ),
        "MessageRejected" => declined("message-rejected", "SES rejected the message"),
        "BadRequestException" => declined("message-rejected", "SES cannot read the request"),
        "MailFromDomainNotVerifiedException" => {
            outage("ses-mail-from", "verify the custom MAIL FROM domain", LATER)
        }
        "AccountSuspendedException" => outage(
            "ses-account-suspended",
            "the account may not send any more: answer AWS's message about it",
            MUCH_LATER,
        ),
        "SendingPausedException" => outage(
            "ses-sending-paused",
            "sending is paused for the account or the configuration set: look at the reputation dashboard",
            MUCH_LATER,
        ),
        "NotFoundException" => outage(
            "ses-not-found",
            "the configuration set does not exist in this region",
            LATER,
        ),
        "AccessDeniedException"
        | "AccessDenied"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "ExpiredTokenException"
        | "ExpiredToken"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => outage("ses-access", access(code), LATER),
        "ConcurrentModificationException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "InternalFailure"
        | "InternalServiceErrorException" => outage("ses-unavailable", "SES is not well", SOON),
        _ => match status {
            401 | 403 => outage("ses-access", access(code), LATER),
            429 | 503 => outage("ses-unavailable", "SES is not well", SOON),
            400..=499 => passing("ses-refused", "SES refuses", LATER),
            // Something between us and SES spoke: nobody knows what SES did.
            _ => return None,
        },
    })
}

fn access(code: &str) -> &'static str {
    match code {
        "AccessDeniedException" | "AccessDenied" => {
            "allow ses:SendEmail for the identity and the configuration set"
        }
        "ExpiredTokenException" | "ExpiredToken" => "the AWS credentials have expired",
        "InvalidSignatureException" | "SignatureDoesNotMatch" => {
            "the AWS credentials are wrong, or the machine's clock is off by more than 5 minutes"
        }
        _ => "the AWS credentials are not accepted",
    }
}

/// Why the house's client has no answer.
fn silence<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a NoAnswer> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<NoAnswer>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
