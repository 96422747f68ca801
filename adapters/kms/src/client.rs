//! The three calls of KMS that are made.

use std::sync::Arc;

use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeySpec, KeyMetadata};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use metrics::counter;
use portcullis_aws::Bridge;
use portcullis_ports::plugin::Runtime;
use portcullis_ports::{Code, Kind, Result};
use zeroize::{Zeroize, Zeroizing};

use crate::config::Access;
use crate::data_key::{DataKey, LENGTH, Plain};
use crate::error::KmsError;

/// Everything that is asked of KMS: the least that the service must be allowed to do with its keys.
pub const ACTIONS: [&str; 3] = [GENERATE, DECRYPT, DESCRIBE];
/// Makes a data key.
pub(crate) const GENERATE: &str = "kms:GenerateDataKey";
/// Opens an encrypted data key.
pub(crate) const DECRYPT: &str = "kms:Decrypt";
/// Says how a key stands.
pub(crate) const DESCRIBE: &str = "kms:DescribeKey";

/// The names in the encryption context, which KMS authenticates and writes into its log.
const PRODUCT: (&str, &str) = ("product", "portcullis");
const PURPOSE: &str = "purpose";

/// KMS cannot be asked at all.
const KMS_ACCESS: Code = Code::new("kms-access", Kind::Config, "The key manager cannot be reached.");

/// Where a region can be set.
const NO_REGION: &str = "No AWS region is set. Set `region` in the settings of the key manager, name `key` by its ARN, or \
                         set the variable AWS_REGION.";

/// KMS in one region, asked in the name of one identity.
pub(crate) struct Kms {
    client: Client,
}

impl Kms {
    /// Finds region and credentials. KMS itself is not asked yet.
    pub(crate) async fn connect(access: Access, runtime: &Runtime) -> Result<Self> {
        let limit = access.timeout.get();
        let loader = portcullis_aws::loader(access.region, access.endpoint.as_ref());
        let found = portcullis_aws::find(loader, portcullis_aws::SEARCH).await;
        let found = found.map_err(|missing| missing.into_error(KMS_ACCESS, NO_REGION))?;
        // Retries, time limits and meters are the house's layers.
        let mut config = aws_sdk_kms::config::Builder::from(&found)
            .http_client(Bridge::new(Arc::clone(&runtime.http), limit))
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(limit).build());
        if let Some(endpoint) = access.endpoint {
            config = config.endpoint_url(endpoint.as_str());
        }
        Ok(Self {
            client: Client::from_conf(config.build()),
        })
    }

    /// A new data key for one purpose.
    pub(crate) async fn generate(&self, key: &str, purpose: &str) -> Result<DataKey, KmsError> {
        let call = self
            .client
            .generate_data_key()
            .key_id(key)
            .key_spec(DataKeySpec::Aes256)
            .encryption_context(PRODUCT.0, PRODUCT.1)
            .encryption_context(PURPOSE, purpose);
        let answer = counted(GENERATE, call.send().await)?;
        let encrypted = answer.ciphertext_blob.map(Blob::into_inner).unwrap_or_default();
        if encrypted.is_empty() {
            return Err(KmsError::NoAnswer(
                "an answer without the encrypted data key".to_owned(),
            ));
        }
        Ok(DataKey {
            plain: taken(answer.plaintext)?,
            encrypted,
        })
    }

    /// The data key that `key`, and no other, encrypted for the purpose.
    pub(crate) async fn decrypt(
        &self,
        key: &str,
        encrypted: &[u8],
        purpose: &str,
    ) -> Result<Plain, KmsError> {
        let call = self
            .client
            .decrypt()
            .key_id(key)
            .ciphertext_blob(Blob::new(encrypted))
            .encryption_context(PRODUCT.0, PRODUCT.1)
            .encryption_context(PURPOSE, purpose);
        taken(counted(DECRYPT, call.send().await)?.plaintext)
    }

    /// How a key stands.
    pub(crate) async fn describe(&self, key: &str) -> Result<KeyMetadata, KmsError> {
        let answer = counted(DESCRIBE, self.client.describe_key().key_id(key).send().await)?;
        answer
            .key_metadata
            .ok_or_else(|| KmsError::NoAnswer("an answer without a description".to_owned()))
    }
}

fn counted<T, E>(action: &'static str, answer: Result<T, SdkError<E, HttpResponse>>) -> Result<T, KmsError>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let answer = answer.map_err(|error| KmsError::of(&error));
    let outcome = answer.as_ref().map_or_else(KmsError::as_str, |_| "done");
    counter!("portcullis_kms_calls_total", "action" => action, "outcome" => outcome).increment(1);
    answer
}

/// Takes the key out of an answer and wipes what the answer held.
fn taken(plain: Option<Blob>) -> Result<Plain, KmsError> {
    let mut bytes = plain.map(Blob::into_inner).unwrap_or_default();
    let key = <[u8; LENGTH]>::try_from(bytes.as_slice()).map(|bytes| Arc::new(Zeroizing::new(bytes)));
    bytes.zeroize();
    key.map_err(|_| KmsError::NoAnswer(format!("an answer without a data key of {LENGTH} bytes")))
}
