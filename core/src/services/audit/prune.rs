//! Removes old entries of histories, and puts checkpoints in their place that keep the chain.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::{MAX_PAGE, STORE_CONFLICT, Scan};
use portcullis_ports::{Result, Timestamp};

use super::records::{AUDIT, Checkpoint, Entry, Head, Signature};
use super::verify::{Broken, Link, Verified};
use super::{Audit, EventOutcome, Settings};
use crate::foundation::table::{Batch, Versioned};
use crate::foundation::task_kind::TaskKind;
use crate::services::tasks::{Leased, Next, TaskRunner};

/// How many links one commit takes away. One more write is that of their checkpoint.
pub(super) const CHUNK: usize = 90;

/// Up to when entries are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Everything from before this moment.
    pub before: Timestamp,
    /// What was refused, from before this moment.
    pub failures_before: Timestamp,
}

impl Retention {
    /// Everything from before one moment.
    pub fn before(moment: Timestamp) -> Self {
        Self {
            before: moment,
            failures_before: moment,
        }
    }

    /// As the settings say.
    pub fn of(settings: &Settings, now: Timestamp) -> Self {
        let before = now - settings.kept.get();
        Self {
            before,
            failures_before: before.max(now - settings.failures_kept.get()),
        }
    }

    fn removes(&self, entry: &Entry) -> bool {
        let until = match entry.outcome {
            EventOutcome::Failure => self.failures_before.max(self.before),
            EventOutcome::Success | EventOutcome::Info => self.before,
        };
        entry.at < until
    }
}

/// What pruning did to one history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pruned {
    /// So many entries were removed.
    Removed(u64),
    /// Nothing, because its chain is broken: pruning would hide where.
    Refused(Broken),
}

/// One link of a run that is removed.
#[derive(Debug)]
enum Piece {
    Entry { number: u64, hash: String },
    Checkpoint(Versioned<Checkpoint>),
}

impl Piece {
    /// The number and the hash of the last entry that it is or stands for.
    fn end(&self) -> (u64, &str) {
        match self {
            Self::Entry { number, hash } => (*number, hash),
            Self::Checkpoint(one) => (one.last, &one.hash),
        }
    }
}

/// Neighbours that one checkpoint can stand for.
#[derive(Debug)]
struct Run {
    first: u64,
    previous: String,
    pieces: Vec<Piece>,
}

impl Run {
    fn entries(&self) -> u64 {
        let entries = self
            .pieces
            .iter()
            .filter(|piece| matches!(piece, Piece::Entry { .. }));
        entries.count() as u64
    }
}

/// What is to be removed, found link by link.
#[derive(Debug, Default)]
struct Plan {
    runs: Vec<Run>,
    /// The end of the link that was seen last.
    last: u64,
    hash: String,
    /// Whether that link is to be removed.
    removes: bool,
}

impl Plan {
    fn add(&mut self, link: Link<'_>, retention: &Retention) {
        let (removes, piece) = match link {
            Link::Entry { entry, hash } => (
                retention.removes(entry),
                Piece::Entry {
                    number: entry.number,
                    hash: hash.to_owned(),
                },
            ),
            Link::Checkpoint(one) => (true, Piece::Checkpoint(one.clone())),
        };
        let (last, hash) = piece.end();
        let (last, hash) = (last, hash.to_owned());
        if removes {
            match self.runs.last_mut().filter(|_| self.removes) {
                Some(run) => run.pieces.push(piece),
                None => self.runs.push(Run {
                    first: self.last + 1,
                    previous: self.hash.clone(),
                    pieces: vec![piece],
                }),
            }
        }
        (self.last, self.hash, self.removes) = (last, hash, removes);
    }
}

impl Audit {
    /// Removes what is older than it says from one history. With `dry` it only counts.
    ///
    /// # Errors
    /// Whatever the store answers. What was removed until then stays removed, and the chain holds.
    pub async fn prune(&self, subject: &Subject, retention: &Retention, dry: bool) -> Result<Pruned> {
        self.context
            .retried(|| self.prune_once(subject, retention, dry))
            .await
    }

    async fn prune_once(&self, subject: &Subject, retention: &Retention, dry: bool) -> Result<Pruned> {
        let mut plan = Plan::default();
        let followed = self
            .follow(subject, |link| match link {
                Some(link) => plan.add(link, retention),
                None => plan = Plan::default(),
            })
            .await?;
        if let Err(broken) = followed {
            return Ok(Pruned::Refused(broken));
        }
        let mut removed = 0;
        // A checkpoint that stands alone already is what would be made of it.
        for run in plan.runs.iter().filter(|run| run.entries() > 0) {
            removed += run.entries();
            if !dry {
                self.replace(subject, run).await?;
            }
        }
        Ok(Pruned::Removed(removed))
    }

    /// Signs the head of a history of before heads were signed, with what was found when it was read. `false` if there
    /// was none to sign.
    async fn sign(&self, subject: &Subject, found: &Pruned) -> Result<bool> {
        let broken_at = match found {
            Pruned::Removed(_) => None,
            Pruned::Refused(broken) => Some(broken.number),
        };
        self.context
            .retried(|| async {
                let heads = self.context.table::<Head>();
                let Some(read) = heads.find(subject.as_str(), Head::SORT).await? else {
                    return Ok(false);
                };
                if read.signature(&self.context.keyring)? != Signature::Missing {
                    return Ok(false);
                }
                let mut head = read.value.clone();
                head.sign(&self.context.keyring, broken_at)?;
                let mut batch = Batch::default();
                batch.replace(&read, &head)?;
                self.context.commit(batch).await?;
                Ok(true)
            })
            .await
    }

    /// Puts one checkpoint in the place of a run, chunk by chunk: after every commit the chain holds. Everything is
    /// expected to be as it was read, so whoever prunes the same history at the same time makes this a conflict.
    async fn replace(&self, subject: &Subject, run: &Run) -> Result<()> {
        let mut standing = match run.pieces.first() {
            Some(Piece::Checkpoint(one)) => Some(one.clone()),
            _ => None,
        };
        let mut chunks = run.pieces.chunks(CHUNK).peekable();
        while let Some(pieces) = chunks.next() {
            let Some((last, hash)) = pieces.last().map(Piece::end) else {
                continue;
            };
            let mut checkpoint = Checkpoint {
                subject: subject.clone(),
                first: run.first,
                last,
                previous: run.previous.clone(),
                hash: hash.to_owned(),
                at: self.context.now(),
                mac: String::new(),
            };
            checkpoint.sign(&self.context.keyring)?;
            let mut batch = Batch::default();
            match &standing {
                Some(read) => batch.replace(read, &checkpoint)?,
                None => batch.insert(&checkpoint)?,
            }
            for piece in pieces {
                match piece {
                    Piece::Entry { number, .. } => {
                        batch.remove_present::<Entry>(subject.to_string(), Entry::sort(*number));
                    }
                    Piece::Checkpoint(one) if one.first == run.first => {}
                    Piece::Checkpoint(one) => batch.remove(one),
                }
            }
            self.context.commit(batch).await?;
            if chunks.peek().is_some() {
                let table = self.context.table::<Checkpoint>();
                let sort = Checkpoint::sort(run.first);
                let found = table.find(subject.as_str(), &sort).await?;
                let ours = found.filter(|found| found.value == checkpoint);
                standing = Some(ours.ok_or_else(|| STORE_CONFLICT.error())?);
            }
        }
        Ok(())
    }
}

/// What a daily pruning did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct DailyPruning {
    /// How many entries were removed.
    pub(super) removed: u64,
    /// How many histories are broken, and were left as they are.
    pub(super) broken: u64,
    /// How many histories could not be read or written.
    pub(super) failed: u64,
}

/// Whose histories there are. Holds one page.
pub struct Subjects<'a> {
    scan: &'a dyn Scan,
    /// Where to go on.
    after: Option<String>,
    /// Whether all were seen.
    ended: bool,
    /// The last of the page before. A store gives the records of one partition one after the other.
    last: Option<Subject>,
}

impl Subjects<'_> {
    /// The next of them; `None` when all were seen.
    ///
    /// # Errors
    /// Whatever the store answers. The same page may be asked for again.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Subject>>> {
        if self.ended {
            return Ok(None);
        }
        let page = self.scan.scan(&AUDIT, self.after.as_deref(), MAX_PAGE).await?;
        let mut found = Vec::new();
        for record in &page.records {
            let known = self.last.as_ref().map(Subject::as_str) == Some(record.key.partition.as_str());
            if let (false, Ok(subject)) = (known, Subject::parse(&record.key.partition)) {
                self.last = Some(subject.clone());
                found.push(subject);
            }
        }
        self.ended = page.next.is_none();
        self.after = page.next;
        Ok(Some(found))
    }
}

/// The histories of all accounts.
pub struct Histories {
    pub(super) audit: Audit,
    scan: Arc<dyn Scan>,
}

impl Histories {
    pub(crate) fn new(audit: &Audit, scan: Arc<dyn Scan>) -> Self {
        Self {
            audit: audit.clone(),
            scan,
        }
    }

    /// Whose histories there are, also those of which only parts are left, page by page in the order of the store.
    pub fn subjects(&self) -> Subjects<'_> {
        Subjects {
            scan: self.scan.as_ref(),
            after: None,
            ended: false,
            last: None,
        }
    }

    /// Whether a head without a signature proves that somebody took it away. Until the service has pruned all histories
    /// once, those of before heads were signed are taken as they stand.
    pub fn are_all_signed(&self) -> bool {
        self.audit.context.keyring.signs_all_histories()
    }

    /// Proves one history.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn verify(&self, subject: &Subject) -> Result<std::result::Result<Verified, Broken>> {
        self.audit.verify(subject).await
    }

    /// Removes what is older than it says from one history. With `dry` it only counts.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn prune(&self, subject: &Subject, retention: &Retention, dry: bool) -> Result<Pruned> {
        self.audit.prune(subject, retention, dry).await
    }

    /// What the settings keep at this moment.
    pub fn retention(&self) -> Retention {
        Retention::of(&self.audit.settings, self.audit.context.now())
    }

    /// Prunes all histories as the settings say. Heads of before they were signed are signed on the way.
    ///
    /// # Errors
    /// Whatever the store answers when it is asked whose histories there are. What one history answers stops none of the
    /// others.
    pub(super) async fn prune_all(&self) -> Result<DailyPruning> {
        let retention = self.retention();
        let keyring = &self.audit.context.keyring;
        let unsigned = !keyring.signs_all_histories();
        let mut all_were_signed = true;
        let mut done = DailyPruning::default();
        let mut subjects = self.subjects();
        while let Some(page) = subjects.next_page().await? {
            for subject in page {
                let mut pruned = self.prune(&subject, &retention, false).await;
                if let (true, Ok(found)) = (unsigned, &pruned) {
                    match self.audit.sign(&subject, found).await {
                        Ok(signed) => all_were_signed &= !signed,
                        Err(error) => pruned = Err(error),
                    }
                }
                match pruned {
                    Ok(Pruned::Removed(count)) => done.removed += count,
                    Ok(Pruned::Refused(Broken { number, why })) => {
                        done.broken += 1;
                        tracing::error!(%subject, number, why, "a history is broken and was not pruned");
                    }
                    Err(error) => {
                        done.failed += 1;
                        tracing::warn!(%subject, ?error, "a history could not be pruned; it is done tomorrow");
                    }
                }
            }
        }
        // A node of before, which signs nothing, may have been at work until now: then a head still had to be signed.
        if unsigned && all_were_signed && done.failed == 0 {
            let context = &self.audit.context;
            let (store, keys) = (&context.store, context.keys.as_ref());
            let clock = context.clock.as_ref();
            keyring.require_signed_histories(store, keys, clock).await?;
        }
        Ok(done)
    }
}

/// The pruning of every day, on one node.
pub(crate) const DAILY_PRUNING: TaskKind = TaskKind::recurring(
    "audit-pruning",
    "Removes old entries of all histories, once a day.",
    Duration::from_hours(24),
)
// Every commit of it leaves the histories whole.
.interruptible();

#[async_trait]
impl TaskRunner for Histories {
    async fn run(&self, _: &Leased) -> Result<Next> {
        let DailyPruning {
            removed,
            broken,
            failed,
        } = self.prune_all().await?;
        tracing::info!(removed, broken, failed, "histories were pruned");
        Ok(Next::Done)
    }
}
