//! The header `Idempotency-Key`: what a client calls one intent, so that asking again does it once.

use poem::{Request, RequestBody};
use poem_openapi::error::ParseParamError;
use poem_openapi::registry::{MetaParamIn, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use portcullis_core::idempotency::{IdempotencyKey, KEY_REQUIRED};

use crate::problem::Problem;

/// The name of the header (draft-ietf-httpapi-idempotency-key-header).
pub(crate) const NAME: &str = "Idempotency-Key";

/// The key of a request that must happen once. Without one it is refused before anything is done.
pub(crate) struct KeyHeader(pub(crate) IdempotencyKey);

impl<'a> ApiExtractor<'a> for KeyHeader {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = true;

    type ParamType = IdempotencyKey;
    type ParamRawType = IdempotencyKey;

    fn register(registry: &mut Registry) {
        IdempotencyKey::register(registry);
    }

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(IdempotencyKey::schema_ref())
    }

    fn param_raw_type(&self) -> Option<&IdempotencyKey> {
        Some(&self.0)
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<IdempotencyKey>,
    ) -> poem::Result<Self> {
        let wrong = |reason: &str| ParseParamError {
            name: NAME,
            reason: reason.to_owned(),
        };
        let mut values = request.headers().get_all(NAME).iter();
        let (value, another) = (values.next(), values.next());
        let value = value.ok_or_else(|| Problem(KEY_REQUIRED.error()))?;
        if another.is_some() {
            return Err(wrong("one such header is expected, not several").into());
        }
        let text = value.to_str().unwrap_or_default();
        let key = IdempotencyKey::parse(text).map_err(wrong)?;
        Ok(Self(key))
    }
}
