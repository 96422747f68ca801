//! Webhooks in: whose they are is found before the body is read, what they say is believed once it is verified.

use std::sync::Arc;

use poem::http::HeaderMap;
use poem::{Body, Request, RequestBody};
use poem_openapi::param::Path;
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi};
use portcullis_core::App;
use portcullis_core::Source;
use portcullis_core::use_case::{Problems, UseCase};
use portcullis_core::webhooks::WEBHOOK_PROBLEMS;
use portcullis_ports::inbound::WebhookRequest;

use crate::answer::NoContent;
use crate::body;
use crate::context::RequestContext;
use crate::credentials::Headers;
use crate::problem::{NOT_FOUND, Refusal};
use crate::tags::Tag;

/// The most bytes of a delivery. The largest that vendors of messages send are batches of some hundred events.
const LIMIT: usize = 256 * 1024;

pub(crate) struct WebhooksApi {
    pub(crate) app: Arc<App>,
    /// As vendors know it, whose signatures may cover the address.
    pub(crate) public_url: String,
}

crate::context::from_context!(WebhooksApi, public_url);

impl UseCase for Posted {
    const PROBLEMS: Problems = &[&[NOT_FOUND], WEBHOOK_PROBLEMS];
}

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
    ) -> Result<NoContent, Refusal<Posted>> {
        take(&self.app, &self.public_url, (&port, &instance), None, posted).await
    }

    /// Receive a vendor's webhook at its secret address
    ///
    /// For vendors that sign nothing: `token` is what the set-up of the plugin shows as the last part of the address. In all
    /// else as without it.
    #[oai(
        path = "/webhooks/:port/:instance/:token",
        method = "post",
        operation_id = "receive_webhook_with_token"
    )]
    async fn receive_with_token(
        &self,
        /// The section of the configuration.
        port: Path<String>,
        /// The name of the plugin's instance.
        instance: Path<String>,
        /// What tells the vendor from others.
        token: Path<String>,
        posted: Posted,
    ) -> Result<NoContent, Refusal<Posted>> {
        let place = (port.as_str(), instance.as_str());
        take(&self.app, &self.public_url, place, Some(&token), posted).await
    }
}

/// Hands a delivery to the webhook of an instance.
///
/// # Errors
/// `not-found` where there is none; whatever says that the delivery is not believed or cannot be stored.
pub(crate) async fn take(
    app: &App,
    public_url: &str,
    (port, instance): (&str, &str),
    token: Option<&str>,
    posted: Posted,
) -> Result<NoContent, Refusal<Posted>> {
    let webhooks = &app.webhooks;
    let refuse = |error: portcullis_ports::Error| {
        webhooks.refused(port, instance, &error);
        Refusal::from(error)
    };
    if !webhooks.has(port, instance) {
        return Err(refuse(
            NOT_FOUND.with_detail("There is no webhook at this address."),
        ));
    }
    let body = body::read(&posted.headers, posted.body, LIMIT).await;
    let body = body.map_err(|problem| refuse(problem.0))?;
    let delivery = WebhookRequest {
        headers: &Headers(&posted.headers),
        url: &format!("{public_url}{}", posted.path),
        body: &body,
        received_at: app.clock().now(),
        peer: posted.source.ip,
        token,
    };
    webhooks
        .receive(port, instance, &delivery, &posted.source)
        .await?;
    Ok(NoContent)
}

/// A delivery whose body was not read yet.
pub(crate) struct Posted {
    headers: HeaderMap,
    /// With the query.
    path: String,
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
        let asked = request.original_uri();
        let path = asked.path_and_query().map_or(asked.path(), |path| path.as_str());
        Ok(Self {
            headers: request.headers().clone(),
            path: path.to_owned(),
            source: RequestContext::of(request)?.source(request),
            body: body.take()?,
        })
    }
}
