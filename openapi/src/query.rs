//! A parameter in the query of the address, read from the request itself.

use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaParamIn, MetaSchemaRef, Registry};
use poem_openapi::types::ParseFromParameter;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::parameter;
use crate::problem::Problem;

/// A parameter of the query, by the name of the argument. The extractor of the framework would need the framework's own
/// routes, and with them answers that are no problems.
pub(crate) struct Query<T>(pub(crate) T);

impl<'a, T: ParseFromParameter> ApiExtractor<'a> for Query<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = T::IS_REQUIRED;

    type ParamType = T;
    type ParamRawType = T::RawValueType;

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Query)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(T::schema_ref())
    }

    fn param_raw_type(&self) -> Option<&T::RawValueType> {
        self.0.as_raw_value()
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        options: ExtractParamOptions<T>,
    ) -> poem::Result<Self> {
        // A query without any pair is none.
        let pairs: Vec<(String, String)> = request.params().unwrap_or_default();
        let named = pairs.into_iter().filter(|(name, _)| name == options.name);
        let values: Vec<String> = named.map(|(_, value)| value).collect();
        if let Some(default) = options.default_value.filter(|_| values.is_empty()) {
            return Ok(Self(default()));
        }
        let parsed = T::parse_from_parameters(&values);
        parsed.map(Self).map_err(|error| {
            let advice = parameter::advice::<T>(error.message());
            Problem::from(parameter::refused_in_query(options.name, &advice)).into()
        })
    }
}
