//! All problems by their codes: the page that explains one, and the reference of all of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use poem::http::header::ACCEPT;
use poem::http::{HeaderMap, StatusCode};
use poem::web::{Html, Json};
use poem::{IntoResponse, Request, Response};
use portcullis_ports::error::INTERNAL;
use portcullis_ports::{Code, Kind};
use serde_json::{Map, Value, json};

use crate::auth::CREDENTIALS_MISMATCH;
use crate::problem::{self, INVALID_REQUEST, NOT_FOUND, Problem, UNAVAILABLE};

/// Every code that a client can meet, by name.
pub fn codes() -> Vec<Code> {
    let mut codes = portcullis_core::problems();
    codes.extend(crate::problem_codes::own());
    codes.push(CREDENTIALS_MISMATCH);
    codes.sort_by_key(|code| code.name());
    codes.dedup();
    codes
}

/// The codes that clients may meet.
static KNOWN: LazyLock<BTreeMap<&str, Code>> =
    LazyLock::new(|| codes().into_iter().map(|code| (code.name(), code)).collect());

/// The code that a client meets. What is not in the reference, such as the codes with which plugins tell an operator
/// what to set, says only which side cannot serve the request.
pub(crate) fn answered(code: Code) -> Code {
    if KNOWN.contains_key(code.name()) {
        return code;
    }
    match code.kind() {
        Kind::Unavailable | Kind::Config => UNAVAILABLE,
        _ => INTERNAL,
    }
}

/// The code of that name.
pub(crate) fn find(name: &str) -> Option<Code> {
    KNOWN.get(name).copied()
}

/// What whoever meets a problem of this kind should do.
fn advice(kind: Kind) -> &'static str {
    match kind {
        Kind::Invalid => "Change the request; sending it again unchanged cannot help.",
        Kind::Unauthenticated => "Prove again who is asking; the detail says how.",
        Kind::Forbidden => "The caller is known and the answer is no; the detail says why.",
        Kind::StepUp => "Confirm a factor through POST /ui/step-up/start, then send the request again.",
        Kind::NotFound => "Look at what there is: it may have been removed.",
        Kind::Conflict => "Read the present state and decide anew.",
        Kind::Gone => "It is over for good.",
        Kind::Limited => "Wait as long as the header Retry-After says.",
        Kind::Declined => "Whoever had to agree did not; another means may work.",
        Kind::Unavailable => "Send the same request again after the time in the header Retry-After.",
        Kind::Config => "The operator of the service has to set something first.",
        Kind::Internal => {
            "Tell the operator of the service the `instance`, which finds the cause in the log."
        }
    }
}

/// `GET /problems/{code}`: a page for people, JSON for everybody else.
pub(crate) fn explain(request: &Request) -> poem::Result<Response> {
    let name = request.raw_path_param("param0").unwrap_or_default();
    let code =
        find(name).ok_or_else(|| Problem(NOT_FOUND.with_detail("There is no problem with this code.")))?;
    Ok(if wants_page(request.headers()) {
        Html(page(code)).into_response()
    } else {
        facts(code)
    })
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .is_some_and(|value| String::from_utf8_lossy(value.as_bytes()).contains("text/html"))
}

fn facts(code: Code) -> Response {
    Json(json!({
        "type": format!("/problems/{}", code.name()),
        "code": code.name(),
        "title": code.title(),
        "status": problem::status(code).as_u16(),
        "advice": advice(code.kind()),
    }))
    .into_response()
}

/// Titles and advice are our own words, so that nothing needs escaping but what they quote.
fn page(code: Code) -> String {
    let (name, status) = (code.name(), problem::status(code));
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    let (title, advice) = (escape(code.title()), escape(advice(code.kind())));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{name}</title>\n</head>\n<body>\n\
         <h1>{name}</h1>\n<p>{title}</p>\n<p>{advice}</p>\n<p>Status {}</p>\n</body>\n</html>\n",
        status_line(status)
    )
}

fn status_line(status: StatusCode) -> String {
    format!(
        "{} {}",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default()
    )
}

/// One example per problem.
pub(crate) fn examples() -> Map<String, Value> {
    codes()
        .into_iter()
        .map(|code| {
            let status = problem::status(code).as_u16();
            let mut value = json!({
                "type": format!("/problems/{}", code.name()),
                "title": code.title(),
                "status": status,
                "detail": code.title(),
                "instance": "4c1f0a9be2d37768",
                "code": code.name(),
            });
            match code.kind() {
                Kind::Limited => value["retry_after"] = Value::from(30),
                Kind::Unavailable => value["retry_after"] = Value::from(1),
                _ if code == INVALID_REQUEST => {
                    value["detail"] = Value::from("email: This field is required.");
                    value["errors"] = json!([{ "pointer": "/email", "detail": "This field is required." }]);
                }
                _ => {}
            }
            (
                code.name().to_owned(),
                json!({ "summary": status.to_string(), "value": value }),
            )
        })
        .collect()
}

const HEADING: &str = "# Problems

Every refusal and failure of the HTTP API is answered with `application/problem+json` (RFC 9457). `code` is for programs
and never changes its meaning; `detail` is for people. `GET /problems/<code>` explains one code.

| Code | Status | Meaning | What to do |
|---|---|---|---|
";

/// The reference of all problems, in Markdown.
pub fn reference() -> String {
    let row = |code: Code| {
        let status = problem::status(code).as_u16();
        format!(
            "| `{}` | {status} | {} | {} |\n",
            code.name(),
            code.title(),
            advice(code.kind())
        )
    };
    [HEADING.to_owned()]
        .into_iter()
        .chain(codes().into_iter().map(row))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_nobody_can_look_up_is_not_answered() {
        let of_a_plugin = |kind| answered(Code::new("of-a-plugin", kind, "Something."));
        assert_eq!(of_a_plugin(Kind::Config), UNAVAILABLE);
        assert_eq!(of_a_plugin(Kind::Unavailable), UNAVAILABLE);
        assert_eq!(of_a_plugin(Kind::Invalid), INTERNAL);
        for code in codes() {
            assert_eq!(answered(code), code);
        }
    }
}
