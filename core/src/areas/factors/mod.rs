//! Factors: authenticator apps, phone numbers and e-mail addresses, from enrolment to removal.

mod actions;
mod authenticators;
mod contacts;
mod events;
mod model;
mod recovery_codes;
mod removal;
mod settings;

use std::sync::Arc;

use portcullis_ports::identity::Subject;
use portcullis_ports::{Kind, Result};

pub use crate::areas::enrolled_factors::NO_DEVICE;
use crate::foundation::event_kind::EventKind;
pub use crate::foundation::factor_kind::FactorKind;
pub use crate::foundation::proof::DEVICE_NOT_FOUND;
pub use crate::foundation::requirement::Requirement;
#[cfg(test)]
pub(crate) use actions::REGENERATE_RECOVERY_CODES;
pub use model::{
    AddEmail, AddPhone, AddTotp, BeginRemoval, ConfirmRemoval, ConfirmTotp, ContactBegun, ContactConfirmed,
    DEVICE_EXISTS, DEVICE_LIMIT, EmailView, NO_OTHER_PROOF, PhoneView, ProofKind, RegenerateRecoveryCodes,
    RemovalBegun, RemoveTotp, TotpBegun, TotpConfirmed, TotpList, TotpView,
};

pub use settings::Settings;

use crate::areas::challenges::{ChallengeStore, Codes};
use crate::areas::enrolled_factors::EnrolledFactors;
use crate::areas::recovery_codes::RecoveryCodeStore;
use crate::areas::sessions::Sessions;
use crate::areas::sessions::SignedIn;
use crate::areas::step_up::StepUp;
use crate::foundation::area::Area;
use crate::foundation::context::Context;
use crate::services::audit::{Audit, Event};
use crate::services::budgets::{Budgets, Standing};
use crate::services::directory::Directory;
use crate::services::known_devices::KnownDevices;
use crate::services::security_notifications::SecurityNotifications;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    problems: &[DEVICE_EXISTS, DEVICE_LIMIT, NO_OTHER_PROOF],
    events: events::ALL,
    actions: actions::ALL,
    ..Area::EMPTY
};

/// Manages the factors of accounts.
#[derive(Clone)]
pub struct Factors {
    pub(crate) context: Arc<Context>,
    pub(crate) enrolled: EnrolledFactors,
    pub(crate) step_up: StepUp,
    pub(crate) directory: Directory,
    pub(crate) sessions: Sessions,
    pub(crate) budgets: Budgets,
    pub(crate) store: ChallengeStore,
    pub(crate) codes: Codes,
    pub(crate) recovery: RecoveryCodeStore,
    pub(crate) audit: Audit,
    pub(crate) notifications: SecurityNotifications,
    pub(crate) devices: KnownDevices,
    pub(crate) settings: Arc<Settings>,
}

impl Factors {
    /// The kinds of factors that are enrolled, in the order they are asked for; a second old at most.
    pub async fn recent_kinds(&self, subject: &Subject) -> Result<Vec<FactorKind>> {
        self.enrolled.recent_kinds(subject).await
    }

    /// Counts an answer in the management of factors, and says as whose.
    async fn count(&self, who: &SignedIn, what: &str) -> Result<Standing> {
        let known = self
            .budgets
            .knows_session(who.subject(), &who.source, &who.session.id)
            .await?;
        self.budgets
            .attempt(what, who.subject().as_str(), &who.source, &known)
            .await?;
        Ok(known)
    }

    /// Writes a refused proof into the history, and hands the result on.
    async fn audited<T>(&self, who: &SignedIn, event: EventKind, result: Result<T>) -> Result<T> {
        if let Err(error) = &result
            && error.kind() == Kind::Unauthenticated
        {
            let event = Event::failure(event, &who.source).with("reason", error.code().name());
            self.audit.record(who.subject(), &[event]).await?;
        }
        result
    }
}
