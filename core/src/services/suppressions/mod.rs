//! Destinations that must not be written to, as senders report them, and how an operator lifts that.
//!
//! A bounce or an opt-out stops everything. A complaint stops notices; security codes still go, because somebody asked
//! for each of them a moment ago, and refusing them would lock the person out.

mod records;

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::notification::{Channel, Destination, SuppressionCause};
use portcullis_ports::storage::Range;
use portcullis_ports::{Code, Error, Kind, Result, Timestamp};

use records::Entry;
pub(crate) use records::SUPPRESSIONS;
pub(crate) use records::Suppressed;

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::day::Day;
use crate::foundation::lane::Lane;
use crate::foundation::table::{Batch, Slot};

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[Family::new(
        SUPPRESSIONS,
        Personal::ByDestination,
        &[shape::<Suppressed>("destination")],
    )
    .taken_over()],
    problems: &[ADDRESS_SUPPRESSED, SUPPRESSION_NOT_FOUND],
    ..Area::EMPTY
};

/// Messages to this address or number are refused.
pub const ADDRESS_SUPPRESSED: Code = Code::new(
    "address-suppressed",
    Kind::Conflict,
    "Messages to this address or number are refused; the detail says why.",
);
/// Nothing keeps messages from this address or number.
pub const SUPPRESSION_NOT_FOUND: Code = Code::new(
    "suppression-not-found",
    Kind::NotFound,
    "Messages to this address or number are not refused.",
);

/// How long a lifted reason is remembered: longer than vendors repeat their reports.
const REMEMBERED: Duration = Duration::from_hours(7 * 24);
/// The most destinations that are listed.
const LISTED: usize = 1000;

/// Why a destination is not written to, for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressionView {
    /// Where, masked.
    pub to: String,
    /// Why.
    pub cause: SuppressionCause,
    /// Since when, as the sender's vendor says.
    pub since: Timestamp,
    /// In the vendor's words.
    pub detail: String,
    /// The instance of the sender that reported it.
    pub source: String,
}

/// Keeps the list.
#[derive(Clone)]
pub struct Suppressions {
    context: Arc<Context>,
}

impl Suppressions {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self {
            context: Arc::clone(context),
        }
    }

    /// What keeps messages from destinations, newest first, of at most 1,000 destinations.
    pub async fn list(&self) -> Result<Vec<SuppressionView>> {
        let table = self.context.table::<Suppressed>();
        let mut views = Vec::new();
        let mut left = LISTED;
        for shard in Suppressed::SHARDS {
            if left == 0 {
                break;
            }
            let (found, _) = table.page(shard, Range::All, left, None).await?;
            left -= found.len();
            views.extend(found.into_iter().flat_map(|found| shown(found.value)));
        }
        views.sort_by_key(|view| std::cmp::Reverse(view.since));
        Ok(views)
    }

    /// What keeps messages from this destination; nothing if it is written to.
    pub async fn find(&self, to: &Destination) -> Result<Vec<SuppressionView>> {
        Ok(shown(self.slot(to).await?.value))
    }

    /// Lets messages through again, whatever the reason was.
    ///
    /// # Errors
    /// `suppression-not-found`.
    pub async fn lift(&self, to: &Destination) -> Result<()> {
        self.context
            .retried(|| async {
                let mut slot = self.slot(to).await?;
                if shown(slot.value.clone()).is_empty() {
                    return Err(SUPPRESSION_NOT_FOUND.error());
                }
                let now = self.context.now();
                for entry in &mut slot.value.entries {
                    entry.lifted_at.get_or_insert(now);
                }
                slot.value.until = Some(now + REMEMBERED);
                let mut batch = Batch::default();
                batch.save(&slot)?;
                self.context.commit(batch).await
            })
            .await
    }

    /// Refuses messages of this lane to a destination that must not be written to.
    ///
    /// # Errors
    /// `address-suppressed`, saying why in words for the person.
    pub(crate) async fn require(&self, to: &Destination, lane: Lane) -> Result<()> {
        match self.obstacle(to, lane).await? {
            None => Ok(()),
            Some(view) => Err(refusal(to.channel(), &view)),
        }
    }

    /// The most serious reason that keeps messages of this lane from the destination.
    pub(crate) async fn obstacle(&self, to: &Destination, lane: Lane) -> Result<Option<SuppressionView>> {
        let found = self.find(to).await?;
        let stops = |view: &SuppressionView| lane != Lane::Codes || view.cause != SuppressionCause::Complaint;
        Ok(found
            .into_iter()
            .filter(stops)
            .min_by_key(|view| rank(view.cause)))
    }

    /// Adds a reason to a batch, unless a newer one of its kind is known or it was lifted since.
    pub(crate) async fn add(&self, batch: &mut Batch, to: &Destination, view: SuppressionView) -> Result<()> {
        let mut slot = self.slot(to).await?;
        let entries = &mut slot.value.entries;
        let known = entries.iter().find(|entry| entry.cause == view.cause);
        let outdated = known.is_some_and(|entry| entry.lifted_at.is_none_or(|lifted| lifted > view.since));
        if outdated {
            return Ok(());
        }
        entries.retain(|entry| entry.cause != view.cause);
        entries.push(Entry {
            cause: view.cause,
            since: view.since,
            detail: view.detail,
            source: view.source,
            lifted_at: None,
        });
        slot.value.until = None;
        batch.save(&slot)
    }

    /// Takes back an opt-out of the time before `at`, whether or not it was reported yet.
    pub(crate) async fn welcome(
        &self,
        batch: &mut Batch,
        to: &Destination,
        at: Timestamp,
        source: &str,
    ) -> Result<()> {
        let mut slot = self.slot(to).await?;
        let entries = &mut slot.value.entries;
        let known = entries
            .iter_mut()
            .find(|entry| entry.cause == SuppressionCause::OptOut);
        match known {
            Some(entry) if entry.since > at => return Ok(()),
            Some(entry) => entry.lifted_at = entry.lifted_at.max(Some(at)),
            None => entries.push(Entry {
                cause: SuppressionCause::OptOut,
                since: at,
                detail: String::new(),
                source: source.to_owned(),
                lifted_at: Some(at),
            }),
        }
        let over = entries.iter().all(|entry| entry.lifted_at.is_some());
        slot.value.until = over.then(|| self.context.now() + REMEMBERED);
        batch.save(&slot)
    }

    async fn slot(&self, to: &Destination) -> Result<Slot<Suppressed>> {
        let pseudonym = self
            .context
            .keyring
            .pseudonym("suppression", &[to.channel().as_str(), to.address()])?;
        let table = self.context.table::<Suppressed>();
        let shard = Suppressed::shard(&pseudonym);
        table
            .slot(shard, &pseudonym, || Suppressed {
                pseudonym: pseudonym.clone(),
                masked: to.masked(),
                entries: Vec::new(),
                until: None,
            })
            .await
    }
}

/// The reasons in force.
fn shown(suppressed: Suppressed) -> Vec<SuppressionView> {
    let Suppressed { masked, entries, .. } = suppressed;
    let in_force = entries.into_iter().filter(|entry| entry.lifted_at.is_none());
    in_force
        .map(|entry| SuppressionView {
            to: masked.clone(),
            cause: entry.cause,
            since: entry.since,
            detail: entry.detail,
            source: entry.source,
        })
        .collect()
}

/// The most serious reason is told first.
fn rank(cause: SuppressionCause) -> u8 {
    match cause {
        SuppressionCause::Bounce => 0,
        SuppressionCause::OptOut => 1,
        SuppressionCause::Complaint => 2,
    }
}

/// Says why in words for the person.
pub(crate) fn refusal(channel: Channel, view: &SuppressionView) -> Error {
    let (noun, bounced) = match channel {
        Channel::Email => ("address", "it rejected mail"),
        Channel::Sms => ("number", "it could not be reached"),
    };
    let why = match view.cause {
        SuppressionCause::Bounce => bounced,
        SuppressionCause::OptOut => "its owner asked for no more messages",
        SuppressionCause::Complaint => "its owner complained about a message",
    };
    ADDRESS_SUPPRESSED.with_detail(format!(
        "Messages to {} are refused: {why} on {}. Use another {noun} or ask support.",
        view.to,
        Day::of(view.since)
    ))
}

/// The same refusal at the field that named the destination; other errors as they are.
pub(crate) fn at_field(error: Error, pointer: &str) -> Error {
    if error.code() != ADDRESS_SUPPRESSED {
        return error;
    }
    let detail = error.detail().to_owned();
    error.with_field(pointer, detail)
}

/// The refusal for somebody who may be a stranger to the address: that it is so, and nothing about why and since when.
pub(crate) fn at_sign_up(error: Error) -> Error {
    if error.code() != ADDRESS_SUPPRESSED {
        return error;
    }
    let detail = "Messages to this address are refused. Use another address or ask support.";
    ADDRESS_SUPPRESSED
        .with_detail(detail)
        .with_field("/email", detail)
}

/// One line about a reason, for the history of a message.
pub(crate) fn remark(view: &SuppressionView) -> String {
    let cause = match view.cause {
        SuppressionCause::Bounce => "bounce",
        SuppressionCause::OptOut => "opt-out",
        SuppressionCause::Complaint => "complaint",
    };
    format!(
        "suppressed: {cause} on {}, reported by {}",
        Day::of(view.since),
        view.source
    )
}
