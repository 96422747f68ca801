//! An owner closes the account, looks how it stands, and takes it back.

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;

use super::model::{ClosureStatus, ClosureView, FinalizeClosure, OPERATOR_CANNOT_CLOSE};
use super::notices::Notice;
use super::records::{Closure, State};
use super::{CLOSURE_NOT_PENDING, Closures, actions, erase, events};
use crate::areas::challenges::{StartStepUp, StepUpStarted};
use crate::areas::sessions::SignedIn;
use crate::areas::step_up::{ActionName, STEP_UP_REQUIRED};
use crate::foundation::table::{Batch, Slot};
use crate::services::audit::Event;

impl Closures {
    /// Whether an account is closed.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn status(&self, subject: &Subject) -> Result<ClosureView> {
        let table = self.context.table::<Closure>();
        let found = table.find(Closure::PARTITION, subject.as_str()).await?;
        Ok(ClosureView::of(found.as_deref()))
    }

    /// Begins to close an account: what its owner has to prove first. Nothing is closed yet.
    ///
    /// # Errors
    /// `operator-cannot-close`.
    pub async fn start(&self, who: &SignedIn) -> Result<StepUpStarted> {
        self.require_no_operator(who.subject()).await?;
        let action = Some(ActionName::from(actions::CLOSE.name));
        let started = self.challenges.start_step_up(who, StartStepUp { action }).await?;
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                let event = Event::info(events::START, &who.source);
                self.audit.append(&mut batch, who.subject(), &[event]).await?;
                self.context.commit(batch).await
            })
            .await?;
        Ok(started)
    }

    /// Closes an account. Asked twice it changes nothing more.
    ///
    /// # Errors
    /// `step-up-required` unless a challenge that is named says what is left to prove; `challenge-ended` and
    /// `challenge-purpose` of one that is named; `operator-cannot-close`.
    pub async fn finalize(&self, who: &SignedIn, command: &FinalizeClosure) -> Result<ClosureView> {
        let progress = match &command.challenge_id {
            Some(challenge) => Some(self.challenges.step_up_progress(who, challenge).await?),
            None => None,
        };
        if let Err(error) = self.step_up.require(actions::CLOSE, who).await {
            return match progress {
                Some((required_factors, passed)) if error.code() == STEP_UP_REQUIRED => Ok(ClosureView {
                    status: ClosureStatus::Pending,
                    erases_at: None,
                    required_factors,
                    passed,
                }),
                _ => Err(error),
            };
        }
        self.require_no_operator(who.subject()).await?;
        let closure = self.context.retried(|| self.schedule(who)).await?;
        Ok(ClosureView::of(Some(&closure)))
    }

    async fn schedule(&self, who: &SignedIn) -> Result<Closure> {
        let (mut batch, subject, now) = (Batch::default(), who.subject(), self.context.now());
        self.sessions.require_in(&mut batch, who).await?;
        let mut slot = self.slot(subject).await?;
        // Whoever was erased and is here again has come with a restored backup, or by another identity provider.
        if !slot.is_new() && slot.value.state != State::Erased {
            return Ok(slot.value);
        }
        slot.value = Closure {
            subject: subject.clone(),
            state: State::Pending,
            asked_at: now,
            erases_at: now + self.settings.grace.get(),
            moved_at: now,
        };
        let event = Event::success(events::FINALIZE, &who.source).with("erases_at", slot.value.erases_at);
        self.audit.append(&mut batch, subject, &[event]).await?;
        for area in self.erasures.iter() {
            area.closed_in(&mut batch, subject, &who.source).await?;
        }
        let notice = Notice::Scheduled(slot.value.erases_at);
        self.notify(&mut batch, subject, &notice).await?;
        batch.save(&slot)?;
        self.plan(&mut batch, &slot.value).await?;
        self.context.commit(batch).await?;
        Ok(slot.value)
    }

    /// Takes the closure of an account back.
    ///
    /// # Errors
    /// `closure-not-pending`.
    pub async fn take_back(&self, who: &SignedIn) -> Result<ClosureView> {
        let subject = who.subject();
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.sessions.require_in(&mut batch, who).await?;
                let table = self.context.table::<Closure>();
                let found = table.find(Closure::PARTITION, subject.as_str()).await?;
                let pending = found.filter(|found| found.state == State::Pending);
                let pending = pending.ok_or_else(|| CLOSURE_NOT_PENDING.error())?;
                batch.remove(&pending);
                self.tasks
                    .cancel(&mut batch, &erase::ERASE, subject.as_str())
                    .await?;
                let event = Event::success(events::TAKEN_BACK, &who.source);
                self.audit.append(&mut batch, subject, &[event]).await?;
                for area in self.erasures.iter() {
                    area.reopened_in(&mut batch, subject).await?;
                }
                self.notify(&mut batch, subject, &Notice::TakenBack).await?;
                self.context.commit(batch).await
            })
            .await?;
        Ok(ClosureView::of(None))
    }

    /// The closure of an account; an unwritten one if there is none.
    pub(super) async fn slot(&self, subject: &Subject) -> Result<Slot<Closure>> {
        let now = self.context.now();
        let none = || Closure {
            subject: subject.clone(),
            state: State::Pending,
            asked_at: now,
            erases_at: now,
            moved_at: now,
        };
        let table = self.context.table::<Closure>();
        table.slot(Closure::PARTITION, subject.as_str(), none).await
    }

    /// Has an account erased when that is due.
    pub(super) async fn plan(&self, batch: &mut Batch, closure: &Closure) -> Result<()> {
        let (id, due) = (closure.subject.as_str(), closure.erases_at);
        self.tasks
            .plan(batch, &erase::ERASE, id, due, &closure.subject)
            .await
            .map(drop)
    }

    async fn require_no_operator(&self, subject: &Subject) -> Result<()> {
        match self.operators.role(subject).await? {
            None => Ok(()),
            Some(_) => Err(OPERATOR_CANNOT_CLOSE.error()),
        }
    }
}
