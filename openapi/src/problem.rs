//! The one mapping of errors to answers: problem details for HTTP APIs (RFC 9457), the same for every way to fail.

use std::error::Error as StdError;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use poem::error::{NotFoundError, ReadBodyError, ResponseError};
use poem::http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use poem::http::{HeaderMap, StatusCode};
use poem::{IntoResponse, Response};
use poem_openapi::error::{ParseParamError, ParsePathError};
use poem_openapi::registry::{
    MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, Object};
use portcullis_core::api_keys::{ApiKeyLimit, ScopeName};
use portcullis_core::catalog::ItemId;
use portcullis_core::input::{Shown, SignUpHandle};
use portcullis_core::orders::OrderId;
use portcullis_core::sessions::EndReason;
use portcullis_core::use_case::UseCase;
use portcullis_ports::error::FieldProblem;
use portcullis_ports::id::PaymentId;
use portcullis_ports::payments::DeclineClass;
use portcullis_ports::{Error, Kind, Retry};
use serde::Serialize;

use crate::catalogue;
use crate::parameter;
pub use crate::problem_codes::*;

/// What a client is told when nobody knows better.
const SOON: Duration = Duration::from_secs(1);

/// The media type of every problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What is wrong with one field.
#[derive(Debug, Serialize, Object)]
pub(crate) struct FieldError {
    /// JSON pointer into the body, such as `/email`; a parameter of the query by its name, such as `?limit`.
    pointer: String,
    /// What is wrong and what would be right.
    detail: String,
}

/// Why a request was not served (RFC 9457). `code` is for programs, `detail` for people.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Problem")]
pub(crate) struct ProblemDetails {
    /// Where the code is explained.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// One sentence that is true for every problem of this code.
    title: String,
    /// The status of the answer.
    status: u16,
    /// One sentence about this occurrence.
    detail: String,
    /// The id of the request, as in the header `X-Request-Id` and in the log of the service.
    instance: String,
    /// The stable name of the problem.
    code: String,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<FieldError>>,
    /// Seconds until another attempt makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// With `email-not-verified`: names the sign-up whose code is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_up_id: Option<Shown<SignUpHandle>>,
    /// With `session-ended`: why. Only whoever sends the credential of the session is told, for a day after its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<EndReason>,
    /// With `payment-declined`: the payment, to be read again.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<PaymentId>,
    /// With `payment-declined`: what would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    decline: Option<DeclineClass>,
    /// With `price-changed`, `out-of-stock` and `item-not-found`: the item of the catalog.
    #[serde(skip_serializing_if = "Option::is_none")]
    item_id: Option<ItemId>,
    /// With `out-of-stock`: how much is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<u32>,
    /// With `price-changed`: what a piece cost when it was seen last, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_before: Option<i64>,
    /// With `price-changed`: what a piece costs now, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<i64>,
    /// With `cart-not-open`: the order for what is in the cart.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<OrderId>,
    /// With `api-key-scope`: the scope that the key lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<ScopeName>,
    /// With `api-key-limit`: of which limit there is nothing left.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<ApiKeyLimit>,
}

/// An error on its way to the client.
pub(crate) struct Problem(pub(crate) Error);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Problem {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        status(self.0.code())
    }
}

/// An error of a use case, which says in the document what it may be.
pub(crate) struct Refusal<U = ()>(Error, PhantomData<fn() -> U>);

impl<U> From<Error> for Refusal<U> {
    fn from(error: Error) -> Self {
        Self(error, PhantomData)
    }
}

impl<U> From<Problem> for Refusal<U> {
    fn from(problem: Problem) -> Self {
        problem.0.into()
    }
}

impl<U> From<Refusal<U>> for poem::Error {
    fn from(refusal: Refusal<U>) -> Self {
        Problem(refusal.0).into()
    }
}

/// One answer for all statuses; its schema lists the codes, from which the document makes an answer per status.
impl<U: UseCase> ApiResponse for Refusal<U> {
    fn meta() -> MetaResponses {
        let codes = U::PROBLEMS.iter().copied().flatten();
        let schema = MetaSchema {
            enum_items: codes.map(|code| code.name().into()).collect(),
            ..MetaSchema::new("string")
        };
        let response = MetaResponse {
            description: "The request was refused, or cannot be served.",
            status: None,
            status_range: None,
            content: vec![MetaMediaType {
                content_type: MEDIA_TYPE,
                schema: MetaSchemaRef::Inline(Box::new(schema)),
            }],
            headers: Vec::new(),
        };
        MetaResponses {
            responses: vec![response],
        }
    }

    fn register(registry: &mut Registry) {
        ProblemDetails::register(registry);
    }
}

/// A path that is served with other methods.
#[derive(Debug)]
pub(crate) struct MethodNotAllowed {
    /// The methods, as the header `Allow` lists them.
    pub(crate) allow: HeaderValue,
}

impl fmt::Display for MethodNotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(METHOD_NOT_ALLOWED.title())
    }
}

impl StdError for MethodNotAllowed {}

impl ResponseError for MethodNotAllowed {
    fn status(&self) -> StatusCode {
        StatusCode::METHOD_NOT_ALLOWED
    }
}

/// The answer to a request that failed in any way: in a use case, in a handler, or in the framework around them.
pub fn respond(error: poem::Error, request_id: &str) -> Response {
    if let Some(refused) = error.downcast_ref::<MethodNotAllowed>() {
        let mut response = answer(&METHOD_NOT_ALLOWED.error(), request_id);
        response.headers_mut().insert(ALLOW, refused.allow.clone());
        return response;
    }
    match error.downcast::<Problem>() {
        Ok(problem) => answer(&problem.0, request_id),
        Err(error) => answer(&of_the_framework(error), request_id),
    }
}

/// What poem and poem-openapi refuse by themselves.
fn of_the_framework(error: poem::Error) -> Error {
    if error.is::<NotFoundError>() {
        return NOT_FOUND.error();
    }
    if let Some(wrong) = error.downcast_ref::<ParsePathError>() {
        // poem leaves a part out that is no text when its percent signs are decoded, and then misses it.
        let why = wrong.reason.rsplit_once("\": ").map(|(_, why)| why);
        let why = why.unwrap_or("behind its percent signs is no text in UTF-8");
        return INVALID_REQUEST.with_detail(format!("A part of the path is wrong: {why}."));
    }
    if let Some(ParseParamError { name, reason }) = error.downcast_ref() {
        return parameter::refused(name, &parameter::said(reason));
    }
    if let Some(body) = error.downcast_ref::<ReadBodyError>() {
        return match body {
            ReadBodyError::PayloadTooLarge => BODY_TOO_LARGE.error(),
            _ => INVALID_REQUEST.with_detail("The request body ended too early."),
        };
    }
    if error.status().is_client_error() {
        return INVALID_REQUEST.with_detail(plain(&error.to_string()).to_owned());
    }
    Error::internal("the framework failed").with_source(error.to_string())
}

/// Without the name of the type that poem-openapi puts in front.
fn plain(reason: &str) -> &str {
    reason.rsplit("\": ").next().unwrap_or(reason)
}

/// Writes an error into the log, once, and turns it into a response.
pub fn answer(error: &Error, request_id: &str) -> Response {
    let code = catalogue::answered(error.code());
    let status = status(code);
    log(error, status, request_id);
    let retry_after = match (error.retry(), code.kind()) {
        (Retry::Later(wait), _) => Some(seconds(wait)),
        (_, Kind::Limited | Kind::Unavailable) => Some(seconds(SOON)),
        _ => None,
    };
    // What went wrong inside is told to the log alone.
    let detail = if status.is_server_error() {
        code.title()
    } else {
        error.detail()
    };
    let field = |field: &FieldProblem| FieldError {
        pointer: field.pointer.clone(),
        detail: field.detail.clone(),
    };
    let fields: Vec<FieldError> = error.fields().iter().map(field).collect();
    let member = |wanted: &str| {
        let found = error.members().iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| value.clone())
    };
    let details = ProblemDetails {
        kind: format!("/problems/{}", code.name()),
        title: code.title().to_owned(),
        status: status.as_u16(),
        detail: detail.to_owned(),
        instance: request_id.to_owned(),
        code: code.name().to_owned(),
        errors: (!fields.is_empty()).then_some(fields),
        retry_after,
        sign_up_id: member("sign_up_id").map(Into::into),
        reason: member("reason").and_then(|word| EndReason::of(&word)),
        payment_id: member("payment_id").and_then(|id| PaymentId::parse(&id).ok()),
        decline: member("decline").and_then(|word| serde_json::from_value(word.into()).ok()),
        item_id: member("item_id").and_then(|id| ItemId::parse(&id).ok()),
        left: member("left").and_then(|left| left.parse().ok()),
        price_before: member("price_before").and_then(|price| price.parse().ok()),
        price: member("price").and_then(|price| price.parse().ok()),
        order_id: member("order_id").and_then(|id| OrderId::parse(&id).ok()),
        scope: member("scope").and_then(|name| ScopeName::parse(&name).ok()),
        limit: member("limit").and_then(|word| serde_json::from_value(word.into()).ok()),
    };
    let body = serde_json::to_vec(&details).unwrap_or_default();
    let mut response = Response::builder().status(status).body(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    add_headers(headers, status, retry_after);
    if code == UNSUPPORTED_ENCODING {
        // What would be accepted (RFC 9110, section 12.5.3).
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    response
}

fn add_headers(headers: &mut HeaderMap, status: StatusCode, retry_after: Option<u64>) {
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
}

/// Whole seconds, rounded up, at least one.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs()
        .saturating_add(u64::from(wait.subsec_nanos() > 0))
        .max(1)
}

fn log(error: &Error, status: StatusCode, request_id: &str) {
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(request_id, error = ?error, "a request failed");
    } else if status.is_server_error() {
        tracing::warn!(request_id, error = ?error, "a request could not be served");
    } else {
        // The detail may repeat what the caller sent.
        tracing::debug!(request_id, code = error.code().name(), "a request was refused");
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        answer(&self.0, "")
    }
}
