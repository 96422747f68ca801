//! The two calls of SES that are made.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, ProvideCredentials as _, Region};
use aws_sdk_sesv2::error::{BuildError, SdkError};
use aws_sdk_sesv2::operation::get_account::{GetAccountError, GetAccountOutput};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message as SesMessage, MessageTag};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::notification::Message;
use portcullis_ports::plugin::Runtime;
use portcullis_ports::wording::one_line;
use portcullis_ports::{Code, Kind, Result};

use crate::bridge::Bridge;
use crate::config::{Access, Letterhead};

/// The tag that carries our id; it comes back in every event.
pub(crate) const TAG: &str = "portcullis_message";
/// What texts are written in.
const UTF_8: &str = "UTF-8";

/// SES cannot be asked at all.
const SES_ACCESS: Code = Code::new("ses-access", Kind::Config, "Amazon SES cannot be reached.");

/// How long region and credentials may be looked for. Where there are none, the last place to ask is an address that
/// only exists inside AWS, and nobody answers.
const SEARCH: Duration = Duration::from_secs(10);
/// An emulator takes any name.
const ANYBODY: &str = "portcullis";
const ANYWHERE: &str = "us-east-1";

/// SES in one region, asked in the name of one identity.
pub(crate) struct Client {
    sdk: aws_sdk_sesv2::Client,
    region: String,
}

impl Client {
    /// Finds region and credentials. SES itself is not asked yet.
    pub(crate) async fn connect(access: &Access, runtime: &Runtime) -> Result<Self> {
        // The search for credentials asks the machine's and the container's own plain addresses, which the house's
        // client does not reach; it goes its own way.
        let search = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(search);
        if access.emulated {
            loader = loader.credentials_provider(Credentials::new(ANYBODY, ANYBODY, None, None, "emulator"));
        }
        let anywhere = access.emulated.then(|| ANYWHERE.to_owned());
        if let Some(region) = access.region.clone().or(anywhere) {
            loader = loader.region(Region::new(region));
        }
        let found = within_search("the region", Box::pin(loader.load())).await?;
        let Some(region) = found.region().map(ToString::to_string) else {
            return Err(SES_ACCESS.with_detail(
                "No AWS region is set. Set `region` in the settings of SES, or the variable AWS_REGION.",
            ));
        };
        find_credentials(&found).await?;
        // A request that was not answered may have been acted upon: nothing is repeated here.
        let mut config = aws_sdk_sesv2::config::Builder::from(&found)
            .http_client(Bridge {
                http: Arc::clone(&runtime.http),
                limit: access.limit,
            })
            .retry_config(RetryConfig::disabled());
        if let Some(endpoint) = &access.endpoint {
            config = config.endpoint_url(endpoint);
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

/// Credentials that are missing would show with the first message: they are asked for once, now.
async fn find_credentials(config: &SdkConfig) -> Result<()> {
    let none = || {
        SES_ACCESS.with_detail(
            "No AWS credentials could be found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or \
             give a role to the machine or container.",
        )
    };
    let provider = config.credentials_provider().ok_or_else(none)?;
    let found = within_search("the credentials", provider.provide_credentials()).await?;
    found.map_err(|error| none().with_source(error))?;
    Ok(())
}

async fn within_search<T>(what: &str, search: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(SEARCH, search).await.map_err(|_| {
        SES_ACCESS.with_detail(format!(
            "The search for {what} of AWS did not end within {} s: nobody answers where it was looked for.",
            SEARCH.as_secs()
        ))
    })
}
