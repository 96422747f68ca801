//! How often something may be tried or sent: counted atomically, shared by all nodes.
//!
//! What a stranger does is counted against the stranger's network and what the stranger holds, never against what the
//! owner of an account or an address uses.

mod attempts;
mod known;
mod leases;
mod lines;
mod refusals;
mod sends;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::storage::Collection;
use portcullis_ports::{Code, Kind, Result, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use known::{KNOWN_SOURCES, Standing};
pub(crate) use leases::Lease;
pub(crate) use lines::Lines;
use refusals::Refusals;
pub(crate) use sends::{SendPurpose, Sends};
pub(crate) use settings::Lifetimes;
pub use settings::Settings;

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::decoy;
use crate::foundation::limit::Limit;
use crate::foundation::proof::WRONG_CODE;
use crate::foundation::table::{Batch, Slot, Stored};
use crate::services::known_devices::KnownDevices;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        Family::new(BUDGETS, Personal::Expiring, &[shape::<Counter>("counter")]),
        Family::new(
            KNOWN_SOURCES,
            Personal::BySubject,
            &[shape::<known::KnownSource>("source")],
        ),
    ],
    problems: &[TOO_MANY_ATTEMPTS, TOO_MANY_SENDS],
    ..Area::EMPTY
};

/// Too many answers in a short time.
pub const TOO_MANY_ATTEMPTS: Code = Code::new(
    "too-many-attempts",
    Kind::Limited,
    "Too many attempts: please wait before you try again.",
);
/// Too many messages in a short time.
pub const TOO_MANY_SENDS: Code = Code::new(
    "too-many-sends",
    Kind::Limited,
    "Too many codes were requested: please wait before you request another.",
);

/// What a code may be answered with.
pub(crate) const GUESS: &[Code] = &[WRONG_CODE, TOO_MANY_ATTEMPTS];

/// About the bytes of a counter.
const COUNTER: usize = 100;

/// Counters of all budgets.
pub(crate) const BUDGETS: Collection = Collection {
    name: "budgets",
    table: "budgets",
    variable: "DDB_SESSIONS_TABLE",
};

/// One counter. It expires with its window, so that the next use opens a new one.
#[derive(Serialize, Deserialize)]
pub(crate) struct Counter {
    pub(crate) key: String,
    pub(crate) used: u32,
    pub(crate) until: Timestamp,
}

impl Counter {
    const SORT: &'static str = "used";
}

impl Stored for Counter {
    const COLLECTION: Collection = BUDGETS;

    fn key(&self) -> (String, String) {
        (self.key.clone(), Self::SORT.into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

/// One use of one budget: its name, whose it is, and how much there is.
pub(crate) struct Use<'a> {
    pub(crate) name: &'static str,
    pub(crate) of: &'a [&'a str],
    pub(crate) limit: Limit,
}

/// A use under the key that its counter is stored at.
struct Counted {
    key: String,
    limit: Limit,
    /// Whether something else than time opens it again.
    clearable: bool,
}

/// Budgets of all areas.
#[derive(Clone)]
pub(crate) struct Budgets {
    context: Arc<Context>,
    devices: KnownDevices,
    settings: Arc<Settings>,
    lifetimes: Lifetimes,
    lines: Lines,
    refusals: Arc<Refusals>,
}

impl Budgets {
    pub(crate) fn new(
        context: &Arc<Context>,
        devices: &KnownDevices,
        settings: &Settings,
        lifetimes: Lifetimes,
    ) -> Self {
        Self {
            context: Arc::clone(context),
            devices: devices.clone(),
            settings: Arc::new(settings.clone()),
            lifetimes,
            lines: Lines::default(),
            refusals: Arc::default(),
        }
    }

    /// How much there is of each budget.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Counts one use of each budget, all or none, in a commit of its own: for what must be counted before it is tried,
    /// such as an answer. A refusal counts nothing, so it never makes anything worse.
    ///
    /// # Errors
    /// `refusal` with the time until the fullest budget opens again.
    pub(crate) async fn take(&self, refusal: Code, uses: &[Use<'_>]) -> Result<()> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.take_in(&mut batch, refusal, uses).await?;
                self.context.commit(batch).await
            })
            .await
    }

    /// Adds one use of each budget to the commit that does what is counted, so that a failure counts nothing. A refusal
    /// adds nothing to the batch.
    ///
    /// Call it last before the commit, within [`Context::retried`]: until the batch is done or dropped, whoever needs
    /// the same counters in this process waits.
    ///
    /// # Errors
    /// `refusal` with the time until the fullest budget opens again.
    pub(crate) async fn take_in(&self, batch: &mut Batch, refusal: Code, uses: &[Use<'_>]) -> Result<()> {
        let counted = self.counted(uses)?;
        if let Some(wait) = self.refusals.wait(&counted, self.context.now()) {
            return Err(refusal.error().retry_after(wait));
        }
        let (slots, wait) = self.used(batch, &counted).await?;
        if wait > Duration::ZERO {
            return Err(refusal.error().retry_after(wait));
        }
        slots.iter().try_for_each(|slot| batch.save(slot))
    }

    /// The same where the time must not tell of a refusal: as much is read and written either way. Says whether the uses
    /// were counted.
    pub(crate) async fn take_quietly_in(&self, batch: &mut Batch, uses: &[Use<'_>]) -> Result<bool> {
        let counted = self.counted(uses)?;
        let (slots, wait) = self.used(batch, &counted).await?;
        if wait > Duration::ZERO {
            decoy::insert(&self.context, batch, &vec![COUNTER; slots.len()])?;
            return Ok(false);
        }
        slots.iter().try_for_each(|slot| batch.save(slot))?;
        Ok(true)
    }

    fn counted(&self, uses: &[Use<'_>]) -> Result<Vec<Counted>> {
        let mut counted: Vec<Counted> = Vec::with_capacity(uses.len());
        for one in uses.iter().filter(|one| one.limit.window.get() > Duration::ZERO) {
            let key = self.key(one.name, one.of)?;
            // One commit cannot write a record twice.
            if counted.iter().all(|other| other.key != key) {
                counted.push(Counted {
                    key,
                    limit: one.limit,
                    clearable: one.name == attempts::OWN,
                });
            }
        }
        Ok(counted)
    }

    /// The counters after one more use, and how long until the fullest opens again if one of them is used up.
    async fn used(&self, batch: &mut Batch, counted: &[Counted]) -> Result<(Vec<Slot<Counter>>, Duration)> {
        self.lines
            .join(batch, counted.iter().map(|one| one.key.as_str()))
            .await;
        let now = self.context.now();
        let mut slots = Vec::with_capacity(counted.len());
        let mut shortened = Batch::default();
        let mut wait = Duration::ZERO;
        for one in counted {
            let (mut slot, is_shortened) = self.counter(&one.key, one.limit, now).await?;
            if is_shortened {
                shortened.save(&slot)?;
            }
            if slot.value.used >= one.limit.most {
                wait = wait.max(slot.value.until.since(now));
                self.refusals.remember(one, slot.value.until, now);
            }
            slot.value.used = slot.value.used.saturating_add(1);
            slots.push(slot);
        }
        if wait > Duration::ZERO {
            self.context.commit(shortened).await?;
        }
        Ok((slots, wait))
    }

    /// A counter as it stands, in a window that began before or begins now. Says whether its end was brought forward: no window
    /// ends later than one that begins now, whatever a clock that was ahead or a longer limit once wrote. Such an end has to be
    /// written down also if nothing is counted, or the window would begin anew with every refusal.
    async fn counter(&self, key: &str, limit: Limit, now: Timestamp) -> Result<(Slot<Counter>, bool)> {
        let end = now + limit.window.get();
        let empty = || Counter {
            key: key.to_owned(),
            used: 0,
            until: end,
        };
        let table = self.context.table::<Counter>();
        let mut slot = table.slot(key, Counter::SORT, empty).await?;
        let is_shortened = slot.value.until > end;
        slot.value.until = slot.value.until.min(end);
        Ok((slot, is_shortened))
    }

    /// Counters are keyed by pseudonyms: the store does not tell who was counted for what.
    pub(crate) fn key(&self, name: &str, of: &[&str]) -> Result<String> {
        let parts: Vec<&str> = std::iter::once(name).chain(of.iter().copied()).collect();
        self.context.keyring.pseudonym("budget", &parts)
    }
}
