//! Recovery codes: the stored set, the views.

use portcullis_ports::Timestamp;
use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;
use serde::{Deserialize, Serialize};

use crate::foundation::factor_kind::FactorKind;
use crate::foundation::use_case::Documented;

/// One code: a keyed hash bound to account and factor, and when it was used.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredCode {
    pub(crate) mac: String,
    pub(crate) used_at: Option<Timestamp>,
}

/// The codes of one factor of one account. Issuing replaces the whole set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RecoverySet {
    pub(crate) subject: Subject,
    pub(crate) factor: FactorKind,
    pub(crate) codes: Vec<StoredCode>,
    pub(crate) issued_at: Timestamp,
    /// The session in which they took the place of others. What it proved with one of those still counts in it, and
    /// nowhere else.
    #[serde(default)]
    pub(crate) replaced_in: Option<SessionId>,
}

impl RecoverySet {
    /// Whether some of them may have been used without anybody knowing.
    pub(crate) fn is_outdated(&self, uses_lost_at: Option<Timestamp>) -> bool {
        uses_lost_at.is_some_and(|lost| self.issued_at <= lost)
    }

    /// Whether the code with this keyed hash is one of them, used or not.
    pub(crate) fn issued(&self, mac: &str) -> bool {
        self.codes.iter().any(|code| code.mac == mac)
    }

    /// How many are left.
    pub(crate) fn remaining(&self) -> usize {
        self.codes.iter().filter(|code| code.used_at.is_none()).count()
    }
}

/// How many codes are left for one factor.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RecoveryStatus {
    /// The factor they stand in for.
    pub factor: FactorKind,
    /// How many were issued.
    pub total: usize,
    /// How many are left.
    pub remaining: usize,
    /// When they were issued, in Unix seconds.
    pub issued_at: i64,
    /// Whether the service was restored from a backup since: some of them may have been used before, so that the next use
    /// of one uses up all. Replace them.
    pub outdated: bool,
}

/// The recovery codes of an account, counted.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RecoveryOverview {
    /// One entry per factor that has codes.
    pub factors: Vec<RecoveryStatus>,
}

impl Documented for RecoveryOverview {
    const EXAMPLE: &str = r#"{
  "factors": [
    {
      "factor": "totp",
      "total": 10,
      "remaining": 9,
      "issued_at": 1790000000,
      "outdated": false
    }
  ]
}"#;
}

/// Fresh codes, shown once.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RecoveryCodes {
    /// The factor they stand in for.
    pub factor: FactorKind,
    /// Each works once.
    pub recovery_codes: Vec<String>,
}

impl Documented for RecoveryCodes {
    const EXAMPLE: &str = r#"{
  "factor": "totp",
  "recovery_codes": [
    "m4tq-8vcz-01ks-pr3d",
    "a7hn-2wxe-9fjb-kq5t",
    "zr6p-c3vm-84tg-0ysx",
    "e1jk-h5nd-w7qa-b2fz",
    "x9cv-t0rm-6pse-3gkh",
    "d8yb-4azw-nq1j-7vtc",
    "k2fh-s6xp-e5mr-90gd",
    "v3ta-jz8n-1cwq-h4yb",
    "g5ke-0pds-rx7f-m2zt",
    "q6nw-b9hc-4vja-t8e1"
  ]
}"#;
}
