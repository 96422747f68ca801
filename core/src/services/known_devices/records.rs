//! How known devices are stored: all of an account in one record, so that recognising one reads as much for everybody.

use portcullis_ports::Timestamp;
use portcullis_ports::geo::Location;
use portcullis_ports::id::{KnownDeviceId, SessionId};
use portcullis_ports::identity::Subject;
use portcullis_ports::secret::same_secret;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::model::{KnownDeviceView, Trust};
use crate::foundation::device_proof::DeviceProof;
use crate::foundation::source::Source;
use crate::foundation::table::Stored;
use crate::foundation::user_agent::describe_device;
use crate::services::epochs::{Lineage, TokenId};

/// Devices on which accounts signed in.
pub(crate) const KNOWN_DEVICES: Collection = Collection {
    name: "known_devices",
    table: "known_devices",
    variable: "KNOWN_DEVICES_TABLE_NAME",
};

/// The devices of one account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccountDevices {
    pub(super) subject: Subject,
    pub(crate) devices: Vec<KnownDevice>,
}

/// One device. Nothing in it opens anything: its token is stored as a hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KnownDevice {
    pub(crate) id: KnownDeviceId,
    /// SHA-256 of the secret half of its token, which has 256 bits.
    pub(super) secret_hash: String,
    /// Whether all that is known of it is that it proved a code from a mail.
    pub(super) by_code: bool,
    /// That of the token before, until the new one was seen.
    pub(super) former_hash: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) last_used_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) ip: String,
    pub(super) user_agent: String,
    /// The epoch that it ends with.
    pub(super) lineage: Lineage,
    /// The access token with which that session began.
    pub(super) token: Option<TokenId>,
    /// The session that began on it last.
    pub(super) session: Option<SessionId>,
    /// Present while its owner trusts it.
    pub(super) trust: Option<Trust>,
}

impl AccountDevices {
    pub(crate) const SORT: &'static str = "devices";
}

impl Stored for AccountDevices {
    const COLLECTION: Collection = KNOWN_DEVICES;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::SORT.into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.devices.iter().map(|device| device.expires_at).max()
    }
}

impl KnownDevice {
    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether this is its token, or the one before.
    pub(super) fn opens_with(&self, proof: &DeviceProof) -> bool {
        let hashes = std::iter::once(&self.secret_hash).chain(&self.former_hash);
        let matches = |hash: &String| same_secret(hash.as_bytes(), proof.secret_hash.as_bytes());
        // Both are compared, so that the time does not tell which it was.
        let matching = hashes.filter(|hash| matches(hash)).count();
        self.id == proof.id && matching > 0
    }

    /// The hash of that of its tokens which a request presents.
    pub(super) fn hash_of(&self, source: &Source) -> Option<String> {
        let proof = source.devices.iter().find(|proof| self.opens_with(proof))?;
        Some(proof.secret_hash.clone())
    }

    pub(super) fn view(
        self,
        is_current: bool,
        now: Timestamp,
        trust_days: u16,
        location: Option<Location>,
    ) -> KnownDeviceView {
        let (device, browser) = describe_device(&self.user_agent);
        let trusted_until = self.trust.map(|trust| trust.ends_at(trust_days));
        KnownDeviceView {
            known_device_id: self.id,
            is_current,
            created_at: self.created_at.seconds(),
            last_used_at: self.last_used_at.seconds(),
            expires_at: self.expires_at.seconds(),
            trusted_until: trusted_until.filter(|until| now < *until).map(Timestamp::seconds),
            ip: self.ip,
            location,
            user_agent: self.user_agent,
            device,
            browser,
        }
    }
}
