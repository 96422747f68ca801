//! How the stand-in reads requests and writes answers: AWS JSON 1.1 over POST.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use portcullis_ports::http::{HttpMethod, HttpRequest, HttpResponse};
use serde_json::{Value, json};

const MEDIA_TYPE: &str = "application/x-amz-json-1.1";

/// Why a request is refused: status, the vendor's code and a sentence.
#[derive(Debug)]
pub(super) struct Refusal(u16, &'static str, String);

impl Refusal {
    pub(super) fn invalid(why: &str) -> Self {
        Self(400, "ValidationException", why.to_owned())
    }

    pub(super) fn internal() -> Self {
        Self(
            500,
            "KMSInternalException",
            "An internal error occurred.".to_owned(),
        )
    }

    pub(super) fn unknown_action() -> Self {
        Self(400, "UnknownOperationException", String::new())
    }

    pub(super) fn not_found(name: &str) -> Self {
        Self(400, "NotFoundException", format!("Key '{name}' does not exist"))
    }

    pub(super) fn denied(arn: &str) -> Self {
        let message = format!("The caller is not authorized to perform this action on resource: {arn}");
        Self(400, "AccessDeniedException", message)
    }

    pub(super) fn disabled(arn: &str) -> Self {
        Self(400, "DisabledException", format!("{arn} is disabled."))
    }

    pub(super) fn invalid_state(arn: &str) -> Self {
        Self(
            400,
            "KMSInvalidStateException",
            format!("{arn} is pending deletion."),
        )
    }

    pub(super) fn invalid_usage(arn: &str) -> Self {
        let message = format!("{arn} key usage is SIGN_VERIFY which is not valid for this action.");
        Self(400, "InvalidKeyUsageException", message)
    }

    pub(super) fn invalid_ciphertext() -> Self {
        Self(400, "InvalidCiphertextException", String::new())
    }

    pub(super) fn incorrect_key() -> Self {
        let message = "The key ID in the request does not identify a CMK that can perform this operation.";
        Self(400, "IncorrectKeyException", message.to_owned())
    }
}

/// The action of a signed request.
pub(super) fn action(request: &HttpRequest) -> Result<&str, Refusal> {
    let header = |name: &str| {
        let found = request
            .headers
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.as_str())
    };
    let signed = header("authorization");
    if !signed.starts_with("AWS4-HMAC-SHA256 Credential=") {
        let message = "Missing Authentication Token".to_owned();
        return Err(Refusal(400, "MissingAuthenticationTokenException", message));
    }
    if !signed.contains("/kms/aws4_request") {
        let message = "Credential should be scoped to correct service: 'kms'.".to_owned();
        return Err(Refusal(400, "InvalidSignatureException", message));
    }
    if request.method != HttpMethod::Post || header("content-type") != MEDIA_TYPE {
        return Err(Refusal::unknown_action());
    }
    header("x-amz-target")
        .strip_prefix("TrentService.")
        .ok_or_else(Refusal::unknown_action)
}

pub(super) fn body(request: &HttpRequest) -> Result<Value, Refusal> {
    let invalid = |_| Refusal(400, "SerializationException", String::new());
    serde_json::from_slice(&request.body).map_err(invalid)
}

pub(super) fn text<'a>(body: &'a Value, field: &str) -> Result<&'a str, Refusal> {
    let found = body.get(field).and_then(Value::as_str);
    found.ok_or_else(|| Refusal::invalid(&format!("{field} is missing")))
}

pub(super) fn blob(body: &Value, field: &str) -> Result<Vec<u8>, Refusal> {
    let text = text(body, field)?;
    BASE64
        .decode(text.as_bytes())
        .map_err(|_| Refusal::invalid(&format!("{field} is not base64")))
}

/// The encryption context in an unambiguous form.
pub(super) fn encryption_context(body: &Value) -> Result<Vec<u8>, Refusal> {
    let given = body
        .get("EncryptionContext")
        .cloned()
        .unwrap_or_else(|| json!({}));
    let invalid = |_| Refusal::invalid("EncryptionContext is not a map of texts");
    let pairs: BTreeMap<String, String> = serde_json::from_value(given).map_err(invalid)?;
    serde_json::to_vec(&pairs).map_err(|_| Refusal::internal())
}

pub(super) fn answer(result: Result<Value, Refusal>) -> HttpResponse {
    let (status, body) = match result {
        Ok(body) => (200, body),
        Err(Refusal(status, code, message)) => (status, json!({ "__type": code, "message": message })),
    };
    HttpResponse {
        status,
        headers: vec![("content-type".to_owned(), MEDIA_TYPE.to_owned())],
        body: body.to_string().into_bytes(),
    }
}
