//! Accounts are closed by their owners, and erased when the grace period is over.
//!
//! What there is of a person, the areas declare of their families. Erasing is one task that goes on where it was
//! interrupted: sessions end, what others do for the account is ended and confirmed, and then its records go. The ledger and
//! what explains it stays, under a subject that leads to nobody any more.

mod actions;
mod close;
mod erase;
mod events;
mod model;
mod notices;
mod records;
mod settings;

use std::sync::Arc;

pub use model::{
    CLOSURE_NOT_PENDING, ClosureStatus, ClosureView, FinalizeClosure, OPERATOR_CANNOT_CLOSE, ReadClosure,
    StartClosure, TakeClosureBack,
};
pub(crate) use records::CLOSURES;
use records::Closure;
pub use settings::Settings;

use crate::areas::challenges::Challenges;
use crate::areas::operators::Operators;
use crate::areas::sessions::Sessions;
use crate::areas::step_up::StepUp;
use crate::foundation::account_erasure::AccountErasure;
use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::services::audit::Audit;
use crate::services::directory::Directory;
use crate::services::owner_mail::OwnerMail;
use crate::services::tasks::{Runners, Tasks};

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // Who was erased since the backup is erased again, and who took it back stays.
        Family::new(CLOSURES, Personal::RetainedInside, &[shape::<Closure>("closure")]).taken_over(),
    ],
    problems: &[OPERATOR_CANNOT_CLOSE, CLOSURE_NOT_PENDING],
    texts: &[notices::NOTICE],
    events: events::ALL,
    actions: actions::ALL,
    tasks: &[&erase::ERASE, &erase::AFTER_RESTORES],
    ..Area::EMPTY
};

/// What this stands on.
pub(crate) struct Below<'a> {
    pub(crate) sessions: &'a Sessions,
    pub(crate) step_up: &'a StepUp,
    pub(crate) challenges: &'a Challenges,
    pub(crate) operators: &'a Operators,
    pub(crate) directory: &'a Directory,
    pub(crate) audit: &'a Audit,
    pub(crate) mail: &'a OwnerMail,
    pub(crate) tasks: &'a Tasks,
    /// The areas that do something when an account is closed and when it is erased, in this order.
    pub(crate) erasures: Vec<Arc<dyn AccountErasure>>,
}

/// Closes accounts.
#[derive(Clone)]
pub struct Closures {
    context: Arc<Context>,
    sessions: Sessions,
    step_up: StepUp,
    challenges: Challenges,
    operators: Operators,
    directory: Directory,
    audit: Audit,
    mail: OwnerMail,
    tasks: Tasks,
    erasures: Arc<[Arc<dyn AccountErasure>]>,
    settings: Settings,
}

impl Closures {
    pub(crate) fn new(context: &Arc<Context>, below: Below<'_>, settings: &Settings) -> Self {
        Self {
            context: Arc::clone(context),
            sessions: below.sessions.clone(),
            step_up: below.step_up.clone(),
            challenges: below.challenges.clone(),
            operators: below.operators.clone(),
            directory: below.directory.clone(),
            audit: below.audit.clone(),
            mail: below.mail.clone(),
            tasks: below.tasks.clone(),
            erasures: below.erasures.into(),
            settings: settings.clone(),
        }
    }

    /// Has accounts erased by the workers of this process.
    pub(crate) fn register_runners(&self, runners: &mut Runners) {
        runners.repeating(&erase::ERASE, erase::Eraser(self.clone()));
        runners.repeating(&erase::AFTER_RESTORES, erase::AfterRestores(self.clone()));
    }
}
