//! Where a password recovery stands.

use std::collections::BTreeMap;

use poem_openapi::Object;
use portcullis_core::challenges::Method;
use portcullis_core::factors::FactorKind;
use portcullis_core::password_recovery::RecoveryProgress;
use serde::Serialize;

use super::sessions::passed;
use crate::dto::Ok as Fine;

/// Where a recovery stands whose code is proven.
#[derive(Debug, Serialize, Object)]
pub(crate) struct RecoveryStanding {
    /// Always `ok`.
    status: Fine,
    /// Whether a new password can be set now.
    complete: bool,
    /// What the account asks for beside the code.
    required_factors: Vec<FactorKind>,
    /// By factor, whether it was proven.
    passed: BTreeMap<String, bool>,
    /// What can still be proven; nothing once it is complete.
    remaining_factors: Vec<FactorKind>,
    /// How each of the remaining factors can be proven.
    methods: Vec<Method>,
    /// When the recovery ends, in Unix seconds.
    expires_at: i64,
}

impl From<RecoveryProgress> for RecoveryStanding {
    fn from(progress: RecoveryProgress) -> Self {
        Self {
            status: Fine::Ok,
            complete: progress.complete,
            required_factors: progress.factors.keys().copied().collect(),
            passed: passed(&progress.factors),
            remaining_factors: progress.remaining,
            methods: progress.methods,
            expires_at: progress.expires_at,
        }
    }
}
