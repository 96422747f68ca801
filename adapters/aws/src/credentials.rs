//! Region and credentials: where a service is asked, and in whose name.

use std::time::Duration;

use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use portcullis_ports::{Code, Endpoint, Error};

/// How long region and credentials may each be looked for. Where there are none, the last place to ask is an address
/// that only exists inside AWS, and nobody answers.
pub const SEARCH: Duration = Duration::from_secs(10);
/// An emulator takes any name.
const ANYBODY: &str = "portcullis";
const ANYWHERE: &str = "us-east-1";

/// What could not be found.
#[derive(Debug)]
pub enum Missing {
    /// This search did not end in time.
    Late {
        /// What was looked for.
        what: &'static str,
        /// When it was given up.
        after: Duration,
    },
    /// No place names a region.
    Region,
    /// No place gives credentials, and what the last one says.
    Credentials(Option<CredentialsError>),
}

impl Missing {
    /// The problem as `code`; `no_region` says where a region can be set.
    pub fn into_error(self, code: Code, no_region: &'static str) -> Error {
        match self {
            Self::Late { what, after } => code.with_detail(format!(
                "The search for {what} of AWS did not end within {} s: nobody answers where it was looked for.",
                after.as_secs()
            )),
            Self::Region => code.with_detail(no_region),
            Self::Credentials(cause) => {
                let none = code.with_detail(
                    "No AWS credentials could be found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or \
                     AWS_PROFILE, or give a role to the machine or container.",
                );
                match cause {
                    Some(cause) => none.with_source(cause),
                    None => none,
                }
            }
        }
    }
}

/// Looks where every program for AWS looks, unless the region is set or the endpoint is an emulator on this machine.
///
/// The search asks the machine's and the container's own plain addresses, which [`portcullis_ports::http::HttpClient`]
/// does not reach: it has a client of its own.
pub fn loader(region: Option<String>, endpoint: Option<&Endpoint>) -> ConfigLoader {
    let search = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(search);
    let local = endpoint.is_some_and(Endpoint::is_emulator);
    if local {
        loader = loader.credentials_provider(Credentials::new(ANYBODY, ANYBODY, None, None, "emulator"));
    }
    let anywhere = local.then(|| ANYWHERE.to_owned());
    match region.or(anywhere) {
        Some(region) => loader.region(Region::new(region)),
        None => loader,
    }
}

/// Finds region and credentials, each within the limit. The service itself is not asked.
///
/// Credentials that are missing would show with the first call only: they are asked for once, now.
///
/// # Errors
/// [`Missing`].
pub async fn find(loader: ConfigLoader, limit: Duration) -> Result<SdkConfig, Missing> {
    let late = |what| Missing::Late { what, after: limit };
    let config = tokio::time::timeout(limit, Box::pin(loader.load()))
        .await
        .map_err(|_| late("the region"))?;
    if config.region().is_none() {
        return Err(Missing::Region);
    }
    let provider = config.credentials_provider().ok_or(Missing::Credentials(None))?;
    tokio::time::timeout(limit, provider.provide_credentials())
        .await
        .map_err(|_| late("the credentials"))?
        .map_err(|error| Missing::Credentials(Some(error)))?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use portcullis_ports::Kind;

    use super::*;

    const ACCESS: Code = Code::new("test-access", Kind::Config, "The service cannot be reached.");

    #[tokio::test]
    async fn an_emulator_needs_neither_region_nor_credentials() {
        let emulator: Endpoint = "http://127.0.0.1:8000".parse().unwrap();
        for (region, expected) in [(None, ANYWHERE), (Some("ap-south-1"), "ap-south-1")] {
            let loader = loader(region.map(str::to_owned), Some(&emulator));
            let found = find(loader, SEARCH).await.unwrap();
            assert_eq!(found.region().map(Region::as_ref), Some(expected));
            let identity = found.credentials_provider().unwrap().provide_credentials().await;
            assert_eq!(identity.unwrap().access_key_id(), ANYBODY);
        }
    }

    #[test]
    fn what_is_missing_is_named_with_its_remedy() {
        let late = Missing::Late {
            what: "the region",
            after: SEARCH,
        };
        for (missing, words) in [
            (late, "The search for the region of AWS did not end within 10 s"),
            (Missing::Region, "Set `region`."),
            (Missing::Credentials(None), "AWS_PROFILE"),
        ] {
            let error = missing.into_error(ACCESS, "Set `region`.");
            assert_eq!(error.code(), ACCESS);
            assert!(error.detail().contains(words), "{error}");
        }
    }
}
