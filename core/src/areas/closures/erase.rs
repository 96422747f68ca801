//! Everything about a closed account goes.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::{Direction, MAX_PAGE, Query, Range};
use portcullis_ports::{Error, Result};

use super::notices::Notice;
use super::records::{Closure, State};
use super::{Closures, events};
use crate::areas::families;
use crate::areas::sessions::EndReason;
use crate::foundation::area::{Family, Personal};
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::directory::Account;
use crate::services::tasks::{Leased, Next, TaskKind, TaskRunner};

/// Erases an account. It goes on where it was interrupted, and what was done is not there to be done again.
pub(super) const ERASE: TaskKind = TaskKind::new(
    "account-erasure",
    "Erases an account that was closed, once its grace period is over.",
)
.leased(Duration::from_mins(5))
.retried(
    64,
    &[
        Duration::from_secs(10),
        Duration::from_mins(1),
        Duration::from_mins(10),
        Duration::from_hours(1),
        Duration::from_hours(6),
        Duration::from_hours(24),
    ],
);

/// Looks for accounts that were erased and are there again, because a backup was restored.
pub(super) const AFTER_RESTORES: TaskKind = TaskKind::recurring(
    "account-erasure-after-restores",
    "Has accounts erased again that came back with a restored backup.",
    Duration::from_hours(24),
);

/// How often what others still do for an account is looked at.
const LOOK: Duration = Duration::from_hours(1);
/// For how long payments that have not come to their end and vendors that shall forget methods are waited for: as long as
/// vendors are told.
const LONGEST_WAIT: Duration = Duration::from_hours(60 * 24);
/// Records that one commit removes.
const CHUNK: usize = 50;

/// Runs the tasks.
pub(super) struct Eraser(pub(super) Closures);

#[async_trait]
impl TaskRunner for Eraser {
    async fn run(&self, task: &Leased) -> Result<Next> {
        self.0.erase(&task.body()?).await
    }
}

/// Runs the daily look.
pub(super) struct AfterRestores(pub(super) Closures);

#[async_trait]
impl TaskRunner for AfterRestores {
    async fn run(&self, _: &Leased) -> Result<Next> {
        self.0.erase_what_came_back().await?;
        Ok(Next::Done)
    }
}

impl Closures {
    /// Erases an account as far as that is possible now.
    async fn erase(&self, subject: &Subject) -> Result<Next> {
        let now = self.context.now();
        let slot = self.slot(subject).await?;
        if slot.is_new() {
            return Ok(Next::Done);
        }
        match slot.value.state {
            State::Erased => return Ok(Next::Done),
            State::Pending if now < slot.value.erases_at => return Ok(Next::Again(slot.value.erases_at)),
            State::Pending => self.context.retried(|| self.begin(subject)).await?,
            State::Erasing => {}
        }
        let source = Source::internal("closures");
        let done = self.wind_down(subject, &source).await?;
        let begun_at = self.slot(subject).await?.value.moved_at;
        if !done && now.since(begun_at) < LONGEST_WAIT {
            return Ok(Next::Again(now + LOOK));
        }
        for area in self.erasures.iter() {
            area.erase(subject, &source).await?;
        }
        for family in families() {
            if family.personal == Personal::BySubject {
                self.erase_family(family, subject).await?;
            }
        }
        self.context.retried(|| self.finish(subject)).await?;
        Ok(Next::Done)
    }

    /// Whether nothing is under way for a person any more. The areas are asked in their order, each once those before are done.
    async fn wind_down(&self, subject: &Subject, source: &Source) -> Result<bool> {
        for area in self.erasures.iter() {
            if !area.wind_down(subject, source).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// From now on it cannot be taken back.
    async fn begin(&self, subject: &Subject) -> Result<()> {
        let mut batch = Batch::default();
        let mut slot = self.slot(subject).await?;
        if slot.is_new() || slot.value.state != State::Pending {
            return Ok(());
        }
        self.begin_erasing(&mut batch, &mut slot.value).await?;
        batch.save(&slot)?;
        self.context.commit(batch).await
    }

    /// Adds to a commit that the owner cannot do anything any more: nobody signs in to the account, and its address is free.
    async fn begin_erasing(&self, batch: &mut Batch, closure: &mut Closure) -> Result<()> {
        let subject = closure.subject.clone();
        closure.state = State::Erasing;
        closure.moved_at = self.context.now();
        self.sessions
            .end_all_in(batch, &subject, EndReason::AccountClosed)
            .await?;
        let source = Source::internal("closures");
        let event = Event::success(events::ERASING, &source);
        self.audit.append(batch, &subject, &[event]).await?;
        self.notify(batch, &subject, &Notice::Erasing).await?;
        if let Some(account) = self.directory.account(&subject).await? {
            if let Some(claimed) = self.directory.claimed(&account.email).await? {
                claimed.release_in(batch, &subject);
            }
            batch.remove::<Account>(&account);
        }
        Ok(())
    }

    /// Removes all records of a family that are kept under this subject.
    async fn erase_family(&self, family: &Family, subject: &Subject) -> Result<()> {
        let query = Query {
            collection: family.collection,
            partition: subject.to_string(),
            range: Range::All,
            direction: Direction::Ascending,
            limit: CHUNK.min(MAX_PAGE),
            after: None,
        };
        loop {
            let page = self.context.store.query(&query).await?;
            if page.records.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::default();
            for record in page.records {
                batch.erase(record.key, family.is_remembered());
            }
            self.context.commit(batch).await?;
        }
    }

    /// That nothing is left.
    async fn finish(&self, subject: &Subject) -> Result<()> {
        let mut batch = Batch::default();
        let mut slot = self.slot(subject).await?;
        if slot.is_new() {
            return Err(Error::internal("a closure is gone while its account is erased"));
        }
        slot.value.state = State::Erased;
        slot.value.moved_at = self.context.now();
        batch.save(&slot)?;
        self.context.commit(batch).await
    }

    /// Accounts that were erased and are there again are erased again.
    async fn erase_what_came_back(&self) -> Result<()> {
        let table = self.context.table::<Closure>();
        let mut after = None;
        loop {
            let (page, next) = table
                .page(Closure::PARTITION, Range::All, MAX_PAGE, after)
                .await?;
            for closure in page {
                let erased = closure.state == State::Erased;
                // Whoever another identity provider knows may come again; an account of our own cannot.
                if erased && self.directory.account(&closure.subject).await?.is_some() {
                    self.context.retried(|| self.reopen(&closure.subject)).await?;
                }
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn reopen(&self, subject: &Subject) -> Result<()> {
        let mut batch = Batch::default();
        let mut slot = self.slot(subject).await?;
        if slot.is_new() || slot.value.state != State::Erased {
            return Ok(());
        }
        self.begin_erasing(&mut batch, &mut slot.value).await?;
        slot.value.erases_at = self.context.now();
        batch.save(&slot)?;
        self.plan(&mut batch, &slot.value).await?;
        self.context.commit(batch).await
    }
}
