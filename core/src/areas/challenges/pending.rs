//! Challenges as other areas see them: a draft, what is pending, and what of it is proven.

use std::collections::BTreeMap;

use portcullis_ports::id::DeviceId;
use portcullis_ports::identity::Subject;
use portcullis_ports::{Result, Timestamp};

use super::model::{Challenge, State};
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::table::{Batch, Versioned};

/// A challenge that is not stored yet.
pub(crate) struct DraftChallenge {
    /// What only the client will know.
    pub(crate) id: String,
    pub(super) record: Challenge,
}

impl DraftChallenge {
    pub(crate) fn expires_at(&self) -> Timestamp {
        self.record.expires_at
    }
}

/// A challenge that waits for answers, as it was read.
pub(crate) struct PendingChallenge(pub(super) Versioned<Challenge>);

impl PendingChallenge {
    /// The device that it adds or removes.
    pub(crate) fn device(&self) -> Option<&DeviceId> {
        self.0.device.as_ref()
    }

    /// The kind of device that its codes went to; `None` if none was sent.
    pub(crate) fn sent_to(&self) -> Option<FactorKind> {
        self.0.codes.first().map(|sent| sent.factor)
    }

    /// What of it is proven.
    pub(crate) fn proofs(&self) -> Proofs {
        Proofs(self.0.value.clone())
    }

    /// Adds the end of the challenge to the commit that it allows.
    pub(crate) fn consume_in(&self, batch: &mut Batch) -> Result<()> {
        let consumed = Challenge {
            state: State::Consumed(None),
            codes: Vec::new(),
            ..self.0.value.clone()
        };
        batch.replace(&self.0, &consumed)
    }
}

/// Which factors a challenge asks for, and which of them are proven.
pub(crate) struct Proofs(pub(super) Challenge);

impl Proofs {
    /// Whose factors they are.
    pub(crate) fn subject(&self) -> &Subject {
        &self.0.subject
    }

    /// Each factor, and whether it was proven.
    pub(crate) fn factors(&self) -> &BTreeMap<FactorKind, bool> {
        &self.0.factors
    }

    /// As [`Challenge::is_complete`].
    pub(crate) fn are_complete(&self) -> bool {
        self.0.is_complete()
    }

    /// As [`Challenge::remaining`].
    pub(crate) fn remaining(&self) -> Vec<FactorKind> {
        self.0.remaining()
    }

    /// As [`Challenge::required`].
    pub(crate) fn required(&self) -> Vec<FactorKind> {
        self.0.required()
    }
}
