//! The JSON body of a request, parsed by serde so that a wrong field is named.

use std::ops::Deref;

use poem::error::ReadBodyError;
use poem::http::HeaderMap;
use poem::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use portcullis_core::use_case::Documented;
use portcullis_ports::Error;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;
use serde_path_to_error::Segment;

use crate::context::RequestContext;
use crate::problem::{
    BODY_TOO_LARGE, INVALID_REQUEST, Problem, UNSUPPORTED_ENCODING, UNSUPPORTED_MEDIA_TYPE,
};
use crate::{documented, shape};

/// What some editors and libraries put in front of UTF-8 text; a reader may ignore it (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The longest sentence about one field, in characters.
const LONGEST_DETAIL: usize = 200;

/// A command in the body. An absent body counts as `{}`, which is enough where all fields are optional. Unknown
/// fields are ignored, unless the command denies them, as those about money do.
pub(crate) struct Body<T>(pub(crate) T);

impl<'a, T: DeserializeOwned + Type + Documented> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        documented::register::<T>(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType {
            content_type: "application/json",
            schema: T::schema_ref(),
        }];
        Some(MetaRequest {
            description: None,
            content,
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let limit = RequestContext::of(request)?.body_limit;
        let limit = T::LONGEST.map_or(limit, |longest| longest.max(limit));
        let bytes = read(request.headers(), body.take()?, limit).await?;
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
        if bytes.is_empty() {
            return Ok(Self(parse(b"{}", &T::schema_ref()).map_err(Problem)?));
        }
        if !request
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|value| says_json(value.as_bytes()))
        {
            return Err(Problem(UNSUPPORTED_MEDIA_TYPE.error()).into());
        }
        Ok(Self(parse(bytes, &T::schema_ref()).map_err(Problem)?))
    }
}

/// The whole body, provided that it has at most `limit` bytes. One that announces more, or that is compressed, is not
/// read at all.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: poem::Body,
    limit: usize,
) -> Result<impl Deref<Target = [u8]> + use<>, Problem> {
    if headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|value| !is_plain(value.as_bytes()))
    {
        return Err(Problem(UNSUPPORTED_ENCODING.error()));
    }
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > limit as u64) {
        return Err(Problem(BODY_TOO_LARGE.error()));
    }
    body.into_bytes_limit(limit).await.map_err(|error| match error {
        ReadBodyError::PayloadTooLarge => Problem(BODY_TOO_LARGE.error()),
        _ => Problem(INVALID_REQUEST.with_detail("The request body ended too early.")),
    })
}

/// Whether an encoding leaves the body as it is.
fn is_plain(encoding: &[u8]) -> bool {
    let encoding = encoding.trim_ascii();
    encoding.is_empty() || encoding.eq_ignore_ascii_case(b"identity")
}

/// `application/json`, or a format that is built on it, with any parameters.
fn says_json(content_type: &[u8]) -> bool {
    let essence = content_type
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default();
    let essence = essence.trim_ascii().to_ascii_lowercase();
    essence == b"application/json" || (essence.starts_with(b"application/") && essence.ends_with(b"+json"))
}

/// The typed parser names fields best, and takes more than the document says: what it read must have that shape, too.
fn parse<T: DeserializeOwned>(bytes: &[u8], schema: &MetaSchemaRef) -> Result<T, Error> {
    let whole: Value = serde_json::from_slice(bytes).map_err(|error| not_json(&error))?;
    if !whole.is_object() {
        shape::check(&whole, schema)?;
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| refusal(&error))?;
    shape::check(&whole, schema)?;
    Ok(value)
}

fn not_json(error: &serde_json::Error) -> Error {
    INVALID_REQUEST.with_detail(format!(
        "The request body is not valid JSON: {}.",
        cut(&error.to_string())
    ))
}

/// Names the field that is wrong or missing.
fn refusal(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let inner = error.inner();
    if inner.classify() != Category::Data {
        return not_json(inner);
    }
    let text = inner.to_string();
    // The position in the body helps nobody who is told the field.
    let reason = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(reason, _)| reason);
    let mut pointer = String::new();
    for segment in error.path() {
        match segment {
            Segment::Map { key } => push(&mut pointer, key),
            Segment::Seq { index } => push(&mut pointer, &index.to_string()),
            Segment::Enum { variant } => push(&mut pointer, variant),
            Segment::Unknown => {}
        }
    }
    let missing = reason
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'));
    let detail = match missing {
        Some(field) => {
            push(&mut pointer, field);
            "This field is required.".to_owned()
        }
        None => sentence(reason),
    };
    let summary = match pointer.strip_prefix('/') {
        Some(field) => format!("{field}: {detail}"),
        None => detail.clone(),
    };
    INVALID_REQUEST.with_detail(summary).with_field(pointer, detail)
}

/// One step of a JSON pointer (RFC 6901).
fn push(pointer: &mut String, key: &str) {
    pointer.push('/');
    pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
}

/// The parser's words for kinds of numbers, and everybody's.
const NUMBERS: [(&str, &str); 6] = [
    ("u8", "a whole number from 0 to 255"),
    ("u16", "a whole number from 0 to 65535"),
    ("u32", "a whole number from 0 to 4294967295"),
    ("u64", "a whole number, 0 or more"),
    ("usize", "a whole number, 0 or more"),
    ("i64", "a whole number"),
];

/// A parser's remark as a sentence.
fn sentence(reason: &str) -> String {
    let known = reason.rsplit_once(", expected ").and_then(|(before, kind)| {
        let (_, words) = NUMBERS.iter().find(|(name, _)| *name == kind)?;
        Some(format!("{before}, expected {words}"))
    });
    let reason = cut(known.as_deref().unwrap_or(reason));
    let mut letters = reason.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST_DETAIL {
        return text.to_owned();
    }
    text.chars().take(LONGEST_DETAIL).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use poem_openapi::registry::MetaSchema;

    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Command {
        email: String,
        #[serde(default)]
        count: Vec<u8>,
    }

    fn schema() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new("object")))
    }

    fn refused(body: &str) -> (String, Vec<(String, String)>) {
        let error = parse::<Command>(body.as_bytes(), &schema()).expect_err("refused");
        assert_eq!(error.code(), INVALID_REQUEST);
        let fields = error
            .fields()
            .iter()
            .map(|field| (field.pointer.clone(), field.detail.clone()));
        (error.detail().to_owned(), fields.collect())
    }

    #[test]
    fn a_missing_field_is_named() {
        let (detail, fields) = refused("{}");
        assert_eq!(detail, "email: This field is required.");
        assert_eq!(
            fields,
            [("/email".to_owned(), "This field is required.".to_owned())]
        );
    }

    #[test]
    fn a_wrong_field_is_named_however_deep() {
        let (_, fields) = refused(r#"{"email":"a","count":[1,2,"x"]}"#);
        let expected = "Invalid type: string \"x\", expected a whole number from 0 to 255.";
        assert_eq!(fields, [("/count/2".to_owned(), expected.to_owned())]);
        let (_, fields) = refused(r#"{"email":5}"#);
        assert_eq!(fields[0].0, "/email");
    }

    #[test]
    fn what_is_not_json_is_said_to_be_so() {
        for body in ["", "{", "{\"email\":\"a\"} x", "\u{1}", "nul"] {
            let (detail, fields) = refused(body);
            assert!(
                detail.starts_with("The request body is not valid JSON"),
                "{body}: {detail}"
            );
            assert!(fields.is_empty());
        }
        for (body, what) in [("[\"a\", []]", "a list"), ("5", "a number"), ("null", "null")] {
            let (detail, fields) = refused(body);
            assert_eq!(
                detail,
                format!("The request body: An object is expected, not {what}.")
            );
            assert_eq!(fields.len(), 1, "the body as a whole is at fault");
        }
    }

    #[test]
    fn answers_stay_short() {
        let (detail, _) = refused(&format!(r#"{{"email":"a","count":"{}"}}"#, "x".repeat(5000)));
        assert!(detail.chars().count() < LONGEST_DETAIL + 50, "{}", detail.len());
    }

    #[test]
    fn unknown_fields_are_ignored() {
        let command = parse::<Command>(br#"{"email":"a","else":{}}"#, &schema()).expect("accepted");
        assert_eq!((command.email.as_str(), command.count.len()), ("a", 0));
    }

    #[test]
    fn only_json_counts_as_json() {
        for json in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/merge-patch+json",
        ] {
            assert!(says_json(json.as_bytes()), "{json}");
        }
        for other in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "text/json",
            "multipart/form-data",
        ] {
            assert!(!says_json(other.as_bytes()), "{other}");
        }
    }
}
