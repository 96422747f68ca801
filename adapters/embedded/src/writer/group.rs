//! One group of commits: decided one after the other, made durable together.

use hashbrown::HashMap;
use portcullis_ports::Timestamp;
use portcullis_ports::storage::{Expect, StoreError, Version, Write};

use super::statements::{State, Statements};
use crate::cache::{Known, Name, OwnedName, RecordCache, Stored};

/// What a commit is answered once its group is durable.
pub(crate) type Decision = Result<Vec<Option<Version>>, StoreError>;

/// How many versions are reserved at once, so that they need not be noted with every commit.
const BLOCK: i64 = 1 << 20;

/// Gives out versions, none of them twice, whatever happens to process and clock.
#[derive(Debug)]
pub(crate) struct VersionCounter {
    next: i64,
    reserved: i64,
}

impl VersionCounter {
    /// Continues behind what the file has reserved. The time in microseconds keeps the versions apart also when an older
    /// copy of the file was put in place: no store gives out a million per second.
    pub(crate) fn continue_from(reserved: i64, now: Timestamp) -> Self {
        Self {
            next: reserved.max(now.millis().saturating_mul(1000)).max(1),
            reserved,
        }
    }

    fn give(&mut self) -> Version {
        let version = crate::schema::version(self.next);
        self.next += 1;
        version
    }
}

/// A transaction that takes commits one by one.
pub(crate) struct Group<'g, 'c> {
    statements: &'g mut Statements<'c>,
    cache: &'g RecordCache,
    versions: &'g mut VersionCounter,
    now: Timestamp,
    /// What earlier commits of this group have done: newer than the memory, invisible to readers.
    changed: HashMap<OwnedName, Option<Stored>>,
}

/// Why a group cannot go on.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The engine says no.
    Engine(rusqlite::Error),
    /// The memory and the file disagree. Nothing may be written on such a ground.
    Disagreement,
}

impl From<rusqlite::Error> for Broken {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

impl<'g, 'c> Group<'g, 'c> {
    pub(crate) fn begin(
        statements: &'g mut Statements<'c>,
        cache: &'g RecordCache,
        versions: &'g mut VersionCounter,
        now: Timestamp,
    ) -> rusqlite::Result<Self> {
        statements.begin()?;
        Ok(Self {
            statements,
            cache,
            versions,
            now,
            changed: HashMap::new(),
        })
    }

    /// Decides one commit. A conflict leaves no trace in the transaction.
    pub(crate) fn decide(&mut self, writes: Vec<Write>) -> Result<Decision, Broken> {
        let mut failed = Vec::new();
        // The expectation of one write can ride on its statement, because until then nothing was written.
        let mut rider = None;
        for (position, write) in writes.iter().enumerate() {
            if write.expect() == Expect::Any {
                continue;
            }
            let holds = match self.holds_in_memory(write) {
                Some(holds) => holds,
                None if rider.is_none() && rides(write) => {
                    rider = Some((position, write));
                    continue;
                }
                None => self.holds_in_file(write)?,
            };
            if !holds {
                failed.push(position);
            }
        }
        let mut versions = vec![None; writes.len()];
        if let Some((position, write)) = rider {
            let holds = if failed.is_empty() {
                self.apply(write, versions.get_mut(position))?
            } else {
                self.holds_in_file(write)?
            };
            if !holds {
                failed.push(position);
                failed.sort_unstable();
            }
        }
        if !failed.is_empty() {
            return Ok(Err(StoreError::Conflict(failed)));
        }
        let done = rider.map(|(position, _)| position);
        for (position, write) in writes.iter().enumerate() {
            if done != Some(position) && !self.apply(write, versions.get_mut(position))? {
                // The next attempt shall ask the file.
                for write in &writes {
                    self.cache.forget(write.key().into());
                }
                return Err(Broken::Disagreement);
            }
        }
        for (write, version) in writes.into_iter().zip(&versions) {
            self.remember(write, *version);
        }
        Ok(Ok(versions))
    }

    /// Does one write in the file if its expectation holds there, and notes the version it gave.
    fn apply(&mut self, write: &Write, slot: Option<&mut Option<Version>>) -> Result<bool, Broken> {
        let version = match write {
            Write::Put { .. } => Some(self.versions.give()),
            Write::Delete { .. } => None,
            Write::Check { .. } => return Ok(true),
        };
        if let Some(slot) = slot {
            *slot = version;
        }
        Ok(self
            .statements
            .apply(write, version.unwrap_or(Version(0)), self.now)?)
    }

    fn remember(&mut self, write: Write, version: Option<Version>) {
        match (write, version) {
            (
                Write::Put {
                    key,
                    body,
                    expires_at,
                    ..
                },
                Some(version),
            ) => {
                let stored = Stored {
                    version,
                    expires_at,
                    body,
                };
                self.changed.insert(key.into(), Some(stored));
            }
            (Write::Delete { key, .. }, _) => {
                self.changed.insert(key.into(), None);
            }
            (Write::Put { .. } | Write::Check { .. }, _) => {}
        }
    }

    /// Whether an expectation holds, where it can be told without asking the file.
    fn holds_in_memory(&self, write: &Write) -> Option<bool> {
        let name = Name::from(write.key());
        let stored = match self.changed.get(&name) {
            Some(stored) => stored.clone(),
            None => match self.cache.peek(name) {
                Known::Settled(stored) => stored,
                Known::InFlight | Known::Nothing => return None,
            },
        };
        let state = stored.map(|stored| State {
            version: stored.version,
            expires_at: stored.expires_at,
        });
        Some(self.holds(write, state))
    }

    fn holds_in_file(&mut self, write: &Write) -> Result<bool, Broken> {
        let state = self.statements.state(write.key().into())?;
        Ok(self.holds(write, state))
    }

    fn holds(&self, write: &Write, state: Option<State>) -> bool {
        let visible = state.filter(|state| state.expires_at.is_none_or(|end| self.now < end));
        match write.expect() {
            Expect::Any => true,
            Expect::Absent => visible.is_none(),
            Expect::Present => visible.is_some(),
            Expect::Version(version) => visible.is_some_and(|state| state.version == version),
        }
    }

    /// Makes everything durable, and then the memory equal to the file.
    pub(crate) fn end(self) -> rusqlite::Result<()> {
        let reserve = (self.versions.next > self.versions.reserved).then_some(self.versions.next + BLOCK);
        if let Some(end) = reserve {
            self.statements.reserve(end)?;
        }
        let announced = self.cache.announce(self.changed.keys());
        let ended = self.statements.end();
        match ended {
            Ok(()) => {
                if let Some(end) = reserve {
                    self.versions.reserved = end;
                }
                for (name, stored) in self.changed {
                    self.cache.settle(name, stored);
                }
            }
            Err(_) => {
                for name in self.changed.keys() {
                    self.cache.forget(name.borrow());
                }
            }
        }
        self.cache.conclude(announced);
        ended
    }
}

/// Whether the statement of this write tests its expectation itself.
fn rides(write: &Write) -> bool {
    match write {
        Write::Put { .. } => true,
        Write::Delete { expect, .. } => *expect != Expect::Absent,
        Write::Check { .. } => false,
    }
}
