//! The client of the service: where it is, and who we are there.

use std::time::Duration;

use aws_config::AppName;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use portcullis_aws::Missing;
use portcullis_ports::{Error, Result};

use crate::config::Access;
use crate::failure::{STORE_ACCESS, chain};

/// How long region and credentials may each be looked for: a start without a store is over sooner.
const SEARCH: Duration = Duration::from_secs(5);

/// Finds region and credentials and makes a client. Does not speak to the service yet.
pub(crate) async fn open(access: &Access) -> Result<Client> {
    let mut loader = portcullis_aws::loader(access.region.clone(), access.endpoint.as_ref())
        .app_name(AppName::new("portcullis").map_err(|wrong| Error::internal(wrong.to_string()))?);
    if let Some(endpoint) = &access.endpoint {
        loader = loader.endpoint_url(endpoint.as_str());
    }
    let config = portcullis_aws::find(loader, SEARCH).await.map_err(problem)?;
    // Retries are ours: only we know which of them is safe.
    let dynamodb = aws_sdk_dynamodb::config::Builder::from(&config)
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(access.timeout).build())
        .build();
    Ok(Client::from_conf(dynamodb))
}

/// What is missing, in words for the operator.
fn problem(missing: Missing) -> Error {
    match missing {
        Missing::Late { what, after } => STORE_ACCESS.with_detail(format!(
            "Looking for {what} of AWS took longer than {} s. Set AWS_REGION, AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; outside of AWS also AWS_EC2_METADATA_DISABLED=true.",
            after.as_secs()
        )),
        Missing::Credentials(Some(cause)) => {
            let search = chain(&cause);
            none(Missing::Credentials(Some(cause))).with_context("search", search)
        }
        missing => none(missing),
    }
}

fn none(missing: Missing) -> Error {
    let no_region =
        "No AWS region is set. Set `region` in the settings of the store, or the variable AWS_REGION.";
    missing.into_error(STORE_ACCESS, no_region)
}
