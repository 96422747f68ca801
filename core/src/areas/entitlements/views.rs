//! What somebody is entitled to, as applications ask for it.

use serde::Serialize;

use crate::areas::plans::{EntitlementName, PlanId};
use crate::foundation::use_case::{Documented, Problems, UseCase};

/// Something that somebody is entitled to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Entitled {
    /// What the application calls it.
    pub name: EntitlementName,
    /// How many or how much of it; null where there is no limit. Of several plans the highest counts.
    pub limit: Option<u64>,
    /// When it ends for certain, in Unix seconds, because the subscription was cancelled; null where it goes on.
    pub until: Option<i64>,
}

impl Entitled {
    /// What two plans give together: the higher limit, and the later end of the plans that give it.
    pub(super) fn join(&mut self, limit: Option<u64>, until: Option<i64>) {
        let most = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
        let latest = |until: Option<i64>| until.unwrap_or(i64::MAX);
        let (own, other) = (most(self.limit), most(limit));
        if other > own || (other == own && latest(until) > latest(self.until)) {
            self.limit = limit;
            self.until = until;
        }
    }
}

/// Everything that somebody is entitled to now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct EntitlementList {
    /// By name.
    pub entitlements: Vec<Entitled>,
    /// The plans that give them.
    pub plans: Vec<PlanId>,
}

impl Documented for EntitlementList {
    const EXAMPLE: &str = r#"{
  "entitlements": [
    { "name": "export", "limit": null, "until": null },
    { "name": "projects", "limit": 20, "until": null }
  ],
  "plans": ["pro-monthly"]
}"#;
}

/// Somebody's entitlements are read.
#[derive(Debug, Clone, Copy)]
pub struct ReadEntitlements;

impl UseCase for ReadEntitlements {
    const PROBLEMS: Problems = &[];
}
