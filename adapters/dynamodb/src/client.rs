//! The client of the service: where it is, and who we are there.

use std::future::Future;
use std::time::Duration;

use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use portcullis_ports::{Error, Result};

use crate::config::Access;
use crate::failure::{STORE_ACCESS, chain};

/// How long region and credentials may be looked for. Where there are none, the last place to ask is an address that
/// only exists inside AWS, and nobody answers.
const SEARCH: Duration = Duration::from_secs(5);
/// An emulator takes any name.
const ANYBODY: &str = "portcullis";
const ANYWHERE: &str = "us-east-1";

/// Finds region and credentials and makes a client. Does not speak to the service yet.
pub(crate) async fn open(access: &Access) -> Result<Client> {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .app_name(AppName::new("portcullis").map_err(|wrong| Error::internal(wrong.to_string()))?);
    if let Some(region) = &access.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(endpoint) = &access.endpoint {
        loader = loader.endpoint_url(endpoint.url());
        if endpoint.is_local() {
            loader = loader.credentials_provider(Credentials::new(ANYBODY, ANYBODY, None, None, "emulator"));
            if access.region.is_none() {
                loader = loader.region(Region::from_static(ANYWHERE));
            }
        }
    }
    let config = within_search("the region", Box::pin(loader.load())).await?;
    if config.region().is_none() {
        return Err(STORE_ACCESS.with_detail(
            "No AWS region is set. Set `region` in the settings of the store, or the variable AWS_REGION.",
        ));
    }
    find_credentials(&config).await?;
    // Retries are ours: only we know which of them is safe.
    let dynamodb = aws_sdk_dynamodb::config::Builder::from(&config)
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(access.timeout).build())
        .build();
    Ok(Client::from_conf(dynamodb))
}

/// Credentials that are missing would show as an endless series of failed requests: ask for them once, now.
async fn find_credentials(config: &SdkConfig) -> Result<()> {
    const REMEDY: &str = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or give a role to the \
                          machine or container.";
    let Some(provider) = config.credentials_provider() else {
        return Err(STORE_ACCESS.with_detail(format!("There are no AWS credentials. {REMEDY}")));
    };
    match within_search("the credentials", provider.provide_credentials()).await? {
        Ok(_) => Ok(()),
        Err(error) => Err(STORE_ACCESS
            .with_detail(format!("No AWS credentials could be found. {REMEDY}"))
            .with_context("search", chain(&error))
            .with_source(error)),
    }
}

async fn within_search<T>(what: &str, search: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(SEARCH, search).await.map_err(|_| {
        STORE_ACCESS.with_detail(format!(
            "Looking for {what} of AWS took longer than {} s. Set AWS_REGION, AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; outside of AWS also AWS_EC2_METADATA_DISABLED=true.",
            SEARCH.as_secs()
        ))
    })
}
