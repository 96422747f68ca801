//! A stand-in for KMS: keys with material that rotates, aliases, and real encryption under an encryption context.
//!
//! Modelled on the KMS API reference, actions `GenerateDataKey`, `Decrypt` and `DescribeKey`.

mod key;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use data_encoding::BASE64;
use portcullis_ports::Entropy;
use portcullis_ports::http::{HttpRequest, HttpResponse};
use portcullis_ports::keys::Keys;
use portcullis_ports::testkit::{FakeEntropy, Vendor};
use serde_json::{Value, json};

pub use key::{KeyCondition, REGION};
use key::{SimulatedKey, arn, bare};
use wire::{Refusal, answer};

portcullis_ports::set_up!(Keys, "kms", |_folder| {
    let kms = Arc::new(KmsSimulator::default());
    let settings = json!({ "key": kms.create_key(), "endpoint": "http://127.0.0.1:9" });
    let rotated = Arc::clone(&kms);
    let rotate = move || {
        rotated.rotate();
        Ok(())
    };
    SetUp::new(settings, Some(Box::new(rotate))).asking(kms)
});

/// KMS in one region of one account.
#[derive(Default)]
pub struct KmsSimulator {
    state: Mutex<State>,
    entropy: FakeEntropy,
}

#[derive(Default)]
struct State {
    keys: BTreeMap<String, SimulatedKey>,
    aliases: BTreeMap<String, String>,
}

impl KmsSimulator {
    /// Creates a key and returns its id.
    pub fn create_key(&self) -> String {
        let id = format!(
            "{:08x}-0000-4000-8000-000000000000",
            self.random::<4>()
                .iter()
                .fold(0u32, |id, byte| { (id << 8) | u32::from(*byte) })
        );
        let key = SimulatedKey::new(self.random());
        self.state().keys.insert(id.clone(), key);
        id
    }

    /// Points an alias such as `alias/portcullis` at a key, wherever it pointed before.
    pub fn alias(&self, alias: &str, id: &str) {
        self.state().aliases.insert(alias.to_owned(), id.to_owned());
    }

    /// Gives every key new material; what the old one encrypted still opens.
    pub fn rotate(&self) {
        for key in self.state().keys.values_mut() {
            key.materials.push(self.random());
        }
    }

    /// Changes how a key stands.
    pub fn set(&self, id: &str, condition: KeyCondition) {
        if let Some(key) = self.state().keys.get_mut(id) {
            key.condition = condition;
        }
    }

    /// The ARN of a key.
    pub fn arn(id: &str) -> String {
        arn(id)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        // This randomness never fails, and the stand-in guards nothing.
        self.entropy.fill(&mut bytes).unwrap_or_default();
        bytes
    }

    fn act(&self, request: &HttpRequest) -> Result<Value, Refusal> {
        let action = wire::action(request)?;
        let body = wire::body(request)?;
        let state = self.state();
        match action {
            "GenerateDataKey" => {
                let (id, key) = state.usable(wire::text(&body, "KeyId")?)?;
                if body["KeySpec"] != "AES_256" {
                    return Err(Refusal::invalid("only AES_256 is known here"));
                }
                let plain: [u8; 32] = self.random();
                let encrypted = key
                    .encrypt(id, self.random(), &plain, &wire::encryption_context(&body)?)
                    .ok_or_else(Refusal::internal)?;
                Ok(json!({
                    "KeyId": arn(id),
                    "Plaintext": BASE64.encode(&plain),
                    "CiphertextBlob": BASE64.encode(&encrypted),
                }))
            }
            "Decrypt" => {
                let blob = wire::blob(&body, "CiphertextBlob")?;
                let made_by = SimulatedKey::maker(&blob).ok_or_else(Refusal::invalid_ciphertext)?;
                if let Some(wanted) = body["KeyId"].as_str()
                    && state.usable(wanted)?.0 != made_by
                {
                    return Err(Refusal::incorrect_key());
                }
                let (id, key) = state.usable(&made_by)?;
                let plain = key
                    .decrypt(id, &blob, &wire::encryption_context(&body)?)
                    .ok_or_else(Refusal::invalid_ciphertext)?;
                Ok(json!({
                    "KeyId": arn(id),
                    "Plaintext": BASE64.encode(&plain),
                    "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
                }))
            }
            "DescribeKey" => {
                let (id, key) = state.known(wire::text(&body, "KeyId")?)?;
                Ok(json!({ "KeyMetadata": key.described(id) }))
            }
            _ => Err(Refusal::unknown_action()),
        }
    }
}

impl State {
    /// The key of that id, ARN, alias or alias ARN, unless the caller may not use it.
    fn known(&self, name: &str) -> Result<(&str, &SimulatedKey), Refusal> {
        let bare = bare(name);
        let id = self.aliases.get(bare).map_or(bare, String::as_str);
        let (id, key) = self
            .keys
            .get_key_value(id)
            .ok_or_else(|| Refusal::not_found(name))?;
        if key.condition == KeyCondition::Denied {
            return Err(Refusal::denied(&arn(id)));
        }
        Ok((id, key))
    }

    /// The same, for encryption.
    fn usable(&self, name: &str) -> Result<(&str, &SimulatedKey), Refusal> {
        let (id, key) = self.known(name)?;
        match key.condition {
            KeyCondition::Enabled | KeyCondition::Denied => Ok((id, key)),
            KeyCondition::Disabled => Err(Refusal::disabled(&arn(id))),
            KeyCondition::PendingDeletion => Err(Refusal::invalid_state(&arn(id))),
            KeyCondition::ForSigning => Err(Refusal::invalid_usage(&arn(id))),
        }
    }
}

impl Vendor for KmsSimulator {
    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        answer(self.act(request))
    }
}
