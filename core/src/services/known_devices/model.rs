//! Known devices: tokens, trust, commands and views.

use std::fmt;
use std::time::Duration;

use portcullis_ports::Timestamp;
use portcullis_ports::geo::Location;
use portcullis_ports::id::KnownDeviceId;
use serde::{Deserialize, Serialize};

use crate::foundation::device_proof::{MOST_ACCOUNTS, SEPARATOR};
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::proof::DEVICE_NOT_FOUND;
use crate::foundation::requirement::Requirement;
use crate::foundation::source::Source;
use crate::foundation::use_case::{Documented, Problems, UseCase};

/// A day in seconds.
const DAY: u64 = 86_400;

/// A device that has just been remembered, and what its client keeps from now on.
#[derive(Debug, Clone)]
pub struct IssuedDevice {
    id: KnownDeviceId,
    token: Token,
    /// How long the client keeps it.
    pub lifetime: Duration,
    /// Until when the second factor of a sign-in is waived on it.
    pub trusted_until: Option<Timestamp>,
}

/// `<id>.<secret>`, and behind it the tokens of other accounts. Shown once, never stored.
#[derive(Clone)]
struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl IssuedDevice {
    pub(crate) fn new(
        id: KnownDeviceId,
        secret: &str,
        lifetime: Duration,
        trusted_until: Option<Timestamp>,
        source: &Source,
    ) -> Self {
        let mut token = format!("{id}.{secret}");
        let others = source.devices.iter().filter(|proof| proof.id != id);
        for other in others.take(MOST_ACCOUNTS - 1) {
            token.push(SEPARATOR);
            token.push_str(&other.text);
        }
        Self {
            id,
            token: Token(token),
            lifetime,
            trusted_until,
        }
    }

    /// Its name in the list.
    pub(crate) fn id(&self) -> &KnownDeviceId {
        &self.id
    }

    /// The text to hand to the client, which sends it back as it is.
    pub fn expose(&self) -> &str {
        &self.token.0
    }
}

/// The wish of a person not to be asked for a second factor on a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trust {
    since: Timestamp,
    until: Timestamp,
    /// What was proven when it began.
    factors: Vec<FactorKind>,
}

impl Trust {
    pub(super) fn new(now: Timestamp, factors: Vec<FactorKind>, trust_days: u16) -> Option<Self> {
        let lifetime = lifetime(trust_days)?;
        Some(Self {
            since: now,
            until: now + lifetime,
            factors,
        })
    }

    /// When it ends; a shorter time that the operator set since counts.
    pub(super) fn ends_at(&self, trust_days: u16) -> Timestamp {
        lifetime(trust_days).map_or(self.since, |lifetime| self.until.min(self.since + lifetime))
    }

    /// Whether a sign-in would ask for nothing that was not proven when the trust began.
    pub(super) fn covers(&self, require: Requirement, enrolled: &[FactorKind]) -> bool {
        let asked = require.asked(enrolled).into_iter();
        require.missing(&asked.map(|kind| (kind, self.factors.contains(&kind))).collect()) == 0
    }
}

fn lifetime(trust_days: u16) -> Option<Duration> {
    let days = u64::from(trust_days);
    (days > 0).then(|| Duration::from_secs(days * DAY))
}

/// Forgets one device.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RevokeKnownDevice {
    /// As given in the list.
    pub known_device_id: KnownDeviceId,
}

impl Documented for RevokeKnownDevice {
    const EXAMPLE: &str = r#"{ "known_device_id": "kdev_01h2xcejqtf2nbrexx3vqjhp41" }"#;
}

impl UseCase for RevokeKnownDevice {
    const PROBLEMS: Problems = &[&[DEVICE_NOT_FOUND]];
}

/// One device in the list.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct KnownDeviceView {
    /// Its name; worthless as a token.
    pub known_device_id: KnownDeviceId,
    /// Whether it is the one that asks.
    pub is_current: bool,
    /// When the account first signed in on it, in Unix seconds.
    pub created_at: i64,
    /// When the account last signed in on it.
    pub last_used_at: i64,
    /// When it is forgotten, unless it is used again.
    pub expires_at: i64,
    /// Until when sign-ins on it are not asked for a second factor; null if they are.
    pub trusted_until: Option<i64>,
    /// From where the account last signed in on it.
    pub ip: String,
    /// Where that is, as far as a geolocation database knows; null if none does.
    pub location: Option<Location>,
    /// What it said that it is.
    pub user_agent: String,
    /// The kind of device, as far as the user agent tells.
    pub device: String,
    /// The browser and operating system, as far as the user agent tells.
    pub browser: String,
}

/// The devices of an account.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct KnownDeviceList {
    /// The one used last first; at most 20.
    pub devices: Vec<KnownDeviceView>,
}

impl Documented for KnownDeviceList {
    const EXAMPLE: &str = r#"{
  "devices": [
    {
      "known_device_id": "kdev_01h2xcejqtf2nbrexx3vqjhp41",
      "is_current": true,
      "created_at": 1790000000,
      "last_used_at": 1790000000,
      "expires_at": 1797776000,
      "trusted_until": 1792592000,
      "ip": "203.0.113.7",
      "location": { "country": "GB", "city": "London" },
      "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
      "device": "Computer",
      "browser": "Firefox on Linux"
    }
  ]
}"#;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::device_proof::proofs;

    const ID: &str = "kdev_01h2xcejqtf2nbrexx3vqjhp41";

    #[test]
    fn tokens_are_read_in_their_order_and_nothing_else_is() {
        let text = format!("{ID}.one~ kdev_x.two~{ID}.{}~~.~{ID}.three", "x".repeat(65));
        let read: Vec<_> = proofs([text.as_str(), "garbage"])
            .into_iter()
            .map(|proof| proof.text)
            .collect();
        assert_eq!(read, [format!("{ID}.one"), format!("{ID}.three")]);
        let many = vec![format!("{ID}.one"); 99].join("~");
        assert_eq!(proofs([many.as_str()]).len(), MOST_ACCOUNTS);
    }

    #[test]
    fn a_proof_is_not_printed() {
        let text = format!("{ID}.secret");
        assert!(!format!("{:?}", proofs([text.as_str()])).contains("secret"));
    }

    #[test]
    fn trust_covers_what_was_proven_and_not_what_is_stronger() {
        let by =
            |factors: &[FactorKind]| Trust::new(Timestamp::from_seconds(0), factors.to_vec(), 30).unwrap();
        let (totp, sms, email) = (FactorKind::Totp, FactorKind::Sms, FactorKind::Email);
        assert!(by(&[sms]).covers(Requirement::Any, &[totp, sms]));
        assert!(
            !by(&[sms]).covers(Requirement::Any, &[totp, email]),
            "that factor is gone"
        );
        assert!(!by(&[sms]).covers(Requirement::Strongest, &[totp, sms]));
        assert!(by(&[sms]).covers(Requirement::Strongest, &[sms, email]));
        assert!(!by(&[totp]).covers(Requirement::All, &[totp, sms]));
        assert!(by(&[totp, sms]).covers(Requirement::All, &[totp, sms]));
    }

    #[test]
    fn a_shorter_time_that_the_operator_sets_ends_older_trust_sooner() {
        let day = |days: u64| Timestamp::from_seconds(0) + Duration::from_secs(days * DAY);
        let trust = Trust::new(day(0), Vec::new(), 30).unwrap();
        assert_eq!(trust.ends_at(30), day(30));
        assert_eq!(trust.ends_at(7), day(7));
        assert_eq!(trust.ends_at(90), day(30));
        assert_eq!(trust.ends_at(0), day(0));
        assert!(Trust::new(day(0), Vec::new(), 0).is_none());
    }
}
