//! The two calls of SES that are made.

use std::sync::Arc;

use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::error::{BuildError, SdkError};
use aws_sdk_sesv2::operation::get_account::{GetAccountError, GetAccountOutput};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message as SesMessage, MessageTag};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use portcullis_aws::{Bridge, Missing, SEARCH};
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::notification::Message;
use portcullis_ports::plugin::Runtime;
use portcullis_ports::wording::one_line;
use portcullis_ports::{Code, Kind, Result};

use crate::config::{Access, Letterhead};

/// The tag that carries our id; it comes back in every event.
pub(crate) const TAG: &str = "portcullis_message";
/// What texts are written in.
const UTF_8: &str = "UTF-8";

/// SES cannot be asked at all.
const SES_ACCESS: Code = Code::new("ses-access", Kind::Config, "Amazon SES cannot be reached.");

/// Where a region can be set.
const NO_REGION: &str =
    "No AWS region is set. Set `region` in the settings of SES, or the variable AWS_REGION.";

/// SES in one region, asked in the name of one identity.
pub(crate) struct Client {
    sdk: aws_sdk_sesv2::Client,
    region: String,
}

impl Client {
    /// Finds region and credentials. SES itself is not asked yet.
    pub(crate) async fn connect(access: &Access, runtime: &Runtime) -> Result<Self> {
        let problem = |missing: Missing| missing.into_error(SES_ACCESS, NO_REGION);
        let loader = portcullis_aws::loader(access.region.clone(), access.endpoint.as_ref());
        let found = portcullis_aws::find(loader, SEARCH).await.map_err(problem)?;
        let region = found.region().map(ToString::to_string);
        let region = region.ok_or_else(|| problem(Missing::Region))?;
        // A request that was not answered may have been acted upon: nothing is repeated here.
        let mut config = aws_sdk_sesv2::config::Builder::from(&found)
            .http_client(Bridge::new(Arc::clone(&runtime.http), access.limit))
            .retry_config(RetryConfig::disabled());
        if let Some(endpoint) = &access.endpoint {
            config = config.endpoint_url(endpoint.as_str());
        }
        let sdk = aws_sdk_sesv2::Client::from_conf(config.build());
        Ok(Self { sdk, region })
    }

    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// Sends one message to one recipient, once, and gives the name that SES has for it, if it says one.
    pub(crate) async fn send(
        &self,
        letterhead: &Letterhead,
        message: &Message,
        to: &EmailAddress,
    ) -> Result<Option<String>, SdkError<SendEmailError, HttpResponse>> {
        let reply_to = letterhead.reply_to.as_ref().map(|to| vec![to.to_string()]);
        let sent = self
            .sdk
            .send_email()
            .from_email_address(&letterhead.from)
            .destination(Destination::builder().to_addresses(to.as_str()).build())
            .set_reply_to_addresses(reply_to)
            .content(content(message)?)
            .set_configuration_set_name(letterhead.configuration_set.clone())
            .email_tags(
                MessageTag::builder()
                    .name(TAG)
                    .value(message.id.as_str())
                    .build()?,
            )
            .send()
            .await?;
        Ok(sent.message_id)
    }

    /// How the account stands.
    pub(crate) async fn account(&self) -> Result<GetAccountOutput, SdkError<GetAccountError, HttpResponse>> {
        self.sdk.get_account().send().await
    }
}

fn content(message: &Message) -> Result<EmailContent, BuildError> {
    let text = |data: &str| Content::builder().data(data).charset(UTF_8).build();
    let html = message.html.as_deref().map(text).transpose()?;
    let body = Body::builder().text(text(&message.text)?).set_html(html).build();
    let subject = text(&one_line(&message.subject))?;
    let simple = SesMessage::builder().subject(subject).body(body).build();
    Ok(EmailContent::builder().simple(simple).build())
}
