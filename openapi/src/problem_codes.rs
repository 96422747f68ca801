//! The problems of HTTP itself, and the statuses that their kinds do not imply.

use poem::http::StatusCode;
pub use portcullis_core::input::INVALID_REQUEST;
use portcullis_ports::{Code, Kind};

/// The bytes are not HTTP/1.1, or contradict themselves.
pub const MALFORMED_REQUEST: Code = Code::new(
    "malformed-request",
    Kind::Invalid,
    "The request is not valid HTTP/1.1.",
);
/// No `Host`, several, or one that is no host (RFC 9112, section 3.2).
pub const INVALID_HOST: Code = Code::new(
    "invalid-host",
    Kind::Invalid,
    "A request names its host in exactly one header Host.",
);
/// A request to a developer's machine under a name that may be somebody else's: DNS rebinding looks like this.
pub const HOST_NOT_ALLOWED: Code = Code::new(
    "host-not-allowed",
    Kind::Forbidden,
    "This development server answers under names of this machine only: set server.public_url to the address that you use.",
);
/// A page of another site calls a developer's machine.
pub const ORIGIN_NOT_ALLOWED: Code = Code::new(
    "origin-not-allowed",
    Kind::Forbidden,
    "This development server answers pages of this machine only: list the page's origin in server.cors_origins.",
);
/// Nothing is served at this path.
pub const NOT_FOUND: Code = Code::new("not-found", Kind::NotFound, "There is nothing at this address.");
/// The path is served, with other methods.
pub const METHOD_NOT_ALLOWED: Code = Code::new(
    "method-not-allowed",
    Kind::Invalid,
    "This address does not answer this method.",
);
/// The body is longer than the operator allows.
pub const BODY_TOO_LARGE: Code = Code::new("body-too-large", Kind::Invalid, "The request body is too large.");
/// The target of the request is longer than any of ours.
pub const URI_TOO_LONG: Code = Code::new(
    "uri-too-long",
    Kind::Invalid,
    "The address of the request is too long.",
);
/// The head has more bytes or more lines than is read.
pub const HEADERS_TOO_LARGE: Code = Code::new(
    "header-fields-too-large",
    Kind::Invalid,
    "The request has too many headers, or too large ones.",
);
/// The body is not JSON, or does not say so.
pub const UNSUPPORTED_MEDIA_TYPE: Code = Code::new(
    "unsupported-media-type",
    Kind::Invalid,
    "Send the body as JSON, with Content-Type: application/json.",
);
/// The body is compressed, or encoded in another way.
pub const UNSUPPORTED_ENCODING: Code = Code::new(
    "unsupported-encoding",
    Kind::Invalid,
    "Send the body as it is, without Content-Encoding.",
);
/// The client took too long to send what it announced.
pub const SLOW_REQUEST: Code = Code::new(
    "slow-request",
    Kind::Invalid,
    "The request did not arrive in time.",
);
/// The request took longer than the operator allows.
pub const REQUEST_TIMEOUT: Code = Code::new(
    "request-timeout",
    Kind::Unavailable,
    "The request took too long; please try again.",
);
/// Something that we depend on does not answer, or has to be set up; the log says what.
pub const UNAVAILABLE: Code = Code::new(
    "unavailable",
    Kind::Unavailable,
    "The service cannot do this at the moment; please try again.",
);
/// As many clients are connected as the operator allows.
pub const TOO_MANY_CONNECTIONS: Code = Code::new(
    "too-many-connections",
    Kind::Unavailable,
    "Too many clients are connected; please try again.",
);
/// This client has as many connections as the operator allows to one.
pub const CLIENT_CONNECTIONS: Code = Code::new(
    "too-many-connections-of-one-client",
    Kind::Limited,
    "You have too many connections open; please close some.",
);

/// All of them, with the statuses that their kinds do not imply.
const ALL: [(Code, Option<StatusCode>); 17] = [
    (INVALID_REQUEST, None),
    (MALFORMED_REQUEST, None),
    (INVALID_HOST, None),
    (HOST_NOT_ALLOWED, None),
    (ORIGIN_NOT_ALLOWED, None),
    (NOT_FOUND, None),
    (METHOD_NOT_ALLOWED, Some(StatusCode::METHOD_NOT_ALLOWED)),
    (BODY_TOO_LARGE, Some(StatusCode::PAYLOAD_TOO_LARGE)),
    (URI_TOO_LONG, Some(StatusCode::URI_TOO_LONG)),
    (
        HEADERS_TOO_LARGE,
        Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
    ),
    (UNSUPPORTED_MEDIA_TYPE, Some(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
    (UNSUPPORTED_ENCODING, Some(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
    (SLOW_REQUEST, Some(StatusCode::REQUEST_TIMEOUT)),
    (REQUEST_TIMEOUT, None),
    (UNAVAILABLE, None),
    (TOO_MANY_CONNECTIONS, None),
    (CLIENT_CONNECTIONS, None),
];

/// The codes that come from HTTP itself.
pub(crate) fn own() -> impl Iterator<Item = Code> {
    ALL.into_iter().map(|(code, _)| code)
}

/// The status that every problem of this code has.
pub fn status(code: Code) -> StatusCode {
    let special = ALL
        .iter()
        .find(|(own, _)| *own == code)
        .and_then(|(_, status)| *status);
    special.unwrap_or(match code.kind() {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden | Kind::StepUp => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Gone => StatusCode::GONE,
        Kind::Limited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Declined => StatusCode::PAYMENT_REQUIRED,
        Kind::Unavailable | Kind::Config => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    })
}
