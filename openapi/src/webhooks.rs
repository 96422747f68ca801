//! Webhooks in: whose they are is found before the body is read, what they say is believed once it is verified.

use std::sync::Arc;

use poem::http::HeaderMap;
use poem::{Body, Request, RequestBody};
use poem_openapi::param::Path;
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi};
use portcullis_core::App;
use portcullis_core::Source;
use portcullis_ports::inbound::Delivery;

use crate::answer::NoContent;
use crate::arrival::Arrival;
use crate::auth::Headers;
use crate::body;
use crate::problem::{NOT_FOUND, Problem};
use crate::tags::Tag;

/// The most bytes of a delivery. The largest that vendors of messages send are batches of some hundred events.
const LIMIT: usize = 256 * 1024;

pub(crate) struct WebhooksApi;

#[OpenApi(tag = "Tag::Webhooks")]
impl WebhooksApi {
    /// Receive a vendor's webhook
    ///
    /// The address to name at the vendor: `port` is the section of the configuration, `instance` the name under which
    /// the plugin is set up there, as in `/webhooks/senders/main`. The vendor's proof is checked before anything is
    /// believed; the form of the body is the vendor's. A delivery that comes again changes nothing.
    #[oai(
        path = "/webhooks/:port/:instance",
        method = "post",
        operation_id = "receive_webhook"
    )]
    async fn receive(
        &self,
        /// The section of the configuration.
        port: Path<String>,
        /// The name of the plugin's instance.
        instance: Path<String>,
        posted: Posted,
    ) -> Result<NoContent, Problem> {
        let webhooks = &posted.app.webhooks;
        let refuse = |error: portcullis_ports::Error| {
            webhooks.refused(&port, &instance, &error);
            Problem(error)
        };
        if !webhooks.has(&port, &instance) {
            return Err(refuse(
                NOT_FOUND.with_detail("There is no webhook at this address."),
            ));
        }
        let body = body::read(&posted.headers, posted.body, LIMIT).await;
        let body = body.map_err(|problem| refuse(problem.0))?;
        let delivery = Delivery {
            headers: &Headers(&posted.headers),
            url: &posted.url,
            body: &body,
            received_at: posted.app.clock().now(),
        };
        webhooks
            .receive(&port, &instance, &delivery, &posted.source)
            .await?;
        Ok(NoContent)
    }
}

/// A delivery whose body was not read yet.
struct Posted {
    app: Arc<App>,
    headers: HeaderMap,
    /// In full, as the vendor knows it.
    url: String,
    source: Source,
    body: Body,
}

impl<'a> ApiExtractor<'a> for Posted {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(_: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType {
            content_type: "*/*",
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary"))),
        }];
        Some(MetaRequest {
            description: Some("As the vendor writes it, at most 256 KiB."),
            content,
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let arrival = Arrival::of(request)?;
        let asked = request.original_uri();
        let path = asked.path_and_query().map_or(asked.path(), |path| path.as_str());
        Ok(Self {
            app: Arc::clone(arrival.app()),
            headers: request.headers().clone(),
            url: format!("{}{path}", arrival.surroundings.public_url),
            source: arrival.source(request),
            body: body.take()?,
        })
    }
}
