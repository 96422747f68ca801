//! Keeping what was found: once, however often it is found, and as an operator decided about it.

use portcullis_ports::id::base32;
use portcullis_ports::payments::VendorRef;
use portcullis_ports::storage::{MAX_PAGE, Range};
use portcullis_ports::{Error, Result, Timestamp};

use super::Reconciliation;
use super::compare::{self, Deviation};
use super::figures::{self, ByCurrency};
use super::model::{DifferenceId, DifferenceKind, DifferenceState};
use super::records::{Difference, DifferenceLine, RunRecord};
use super::run::Work;
use crate::areas::payments::{BookedPayment, Shown};
use crate::foundation::table::{Batch, Stored as _, Versioned};
use crate::services::payment_vendors::VENDOR_UNCLEAR;

impl Reconciliation {
    /// The name of a difference: the same whenever the same is found.
    fn difference_id(&self, instance: &str, deviation: &Deviation) -> Result<DifferenceId> {
        let parts = [instance, deviation.kind.as_str(), &deviation.name];
        let bytes = self.context.keyring.pseudonym_bytes("difference", &parts)?;
        let (half, _) = bytes.split_at(16);
        DifferenceId::parse(&format!("dif_{}", base32(half)?)).map_err(Error::internal)
    }

    pub(super) async fn difference(&self, id: &DifferenceId) -> Result<Option<Versioned<Difference>>> {
        let table = self.context.table::<Difference>();
        table.find(id.as_str(), Difference::SORT).await
    }

    /// Looks at what does not fit once more before it is kept: the vendor is asked, its answer applied, and the same
    /// compared `again`.
    pub(super) async fn examine(
        &self,
        work: &mut Work,
        deviation: Deviation,
        named: Option<&VendorRef>,
        again: impl Fn(&BookedPayment) -> Option<Deviation>,
    ) -> Result<()> {
        if self.is_decided(&work.run, &deviation).await? {
            return Ok(());
        }
        let Some(owner) = &deviation.owner else {
            return self.keep(work, &deviation, false).await;
        };
        match self.payments.compared(owner, named, &work.source).await {
            Ok((booked, _)) => match again(&booked) {
                Some(still) => self.keep(work, &still, false).await,
                None => self.keep(work, &deviation, true).await,
            },
            // Of a vendor that is not connected any more nobody can be asked.
            Err(error) if error.code() == VENDOR_UNCLEAR => self.keep(work, &deviation, false).await,
            Err(error) => Err(error),
        }
    }

    /// The same for money of which a report says nothing: kept only if the vendor says that it has no such payment, or has
    /// taken less.
    pub(super) async fn examine_missing(&self, work: &mut Work, booked: &BookedPayment) -> Result<()> {
        let deviation = missing(booked);
        if self.is_decided(&work.run, &deviation).await? {
            return Ok(());
        }
        let Some(owner) = &deviation.owner else {
            return Ok(());
        };
        let (booked, shown) = self.payments.compared(owner, None, &work.source).await?;
        match shown {
            Shown::Captured(taken) if taken.minor >= booked.captured.minor => {
                let id = self.difference_id(&work.run.instance, &deviation)?;
                match self.difference(&id).await? {
                    Some(_) => self.keep(work, &deviation, true).await,
                    None => Ok(()),
                }
            }
            Shown::Captured(_) | Shown::Nothing => self.keep(work, &missing(&booked), false).await,
            Shown::CannotTell => {
                work.cannot_tell("the vendor could not tell of a payment that its report leaves out");
                Ok(())
            }
        }
    }

    /// Whether an operator has decided about just that.
    async fn is_decided(&self, run: &RunRecord, deviation: &Deviation) -> Result<bool> {
        let id = self.difference_id(&run.instance, deviation)?;
        let known = self.difference(&id).await?;
        Ok(known.is_some_and(|known| known.state.is_decided() && known.has_figures_of(deviation)))
    }

    /// Keeps what was found.
    pub(super) async fn keep(&self, work: &mut Work, deviation: &Deviation, explained: bool) -> Result<()> {
        let id = self.difference_id(&work.run.instance, deviation)?;
        let run = &work.run;
        let state = if explained {
            DifferenceState::Explained
        } else {
            DifferenceState::Open
        };
        let kept = self.context.retried(|| async {
            let (found, now) = (self.difference(&id).await?, self.context.now());
            let next = match &found {
                None => Some(Difference::new(id.clone(), run, deviation, state, now)),
                Some(found) => after(found, run, (deviation, state), now),
            };
            let Some(next) = next else {
                return Ok(None);
            };
            let mut batch = Batch::default();
            change(&mut batch, found.as_ref(), &next)?;
            self.context.commit(batch).await?;
            Ok((found.map(|found| found.state) != Some(state)).then_some(state))
        });
        match kept.await? {
            Some(DifferenceState::Open) => work.run.opened += 1,
            Some(_) => work.run.explained += 1,
            None => {}
        }
        Ok(())
    }

    /// Closes differences that the books explain by now, accepted ones as well. Gives what the others add to what a vendor
    /// holds beyond the books.
    pub(super) async fn close_explained(&self, work: &mut Work) -> Result<ByCurrency> {
        let mut listed = ByCurrency::new();
        for state in DifferenceState::ALL.into_iter().filter(|state| state.stands()) {
            for difference in self.in_state(&work.run.instance, state).await? {
                if self.still_differs(work, &difference).await? {
                    for effect in difference.effects()? {
                        figures::add(&mut listed, effect)?;
                    }
                } else {
                    self.explain(work, &difference).await?;
                }
            }
        }
        Ok(listed)
    }

    async fn still_differs(&self, work: &Work, difference: &Difference) -> Result<bool> {
        let booked = match (difference.owner(), &difference.line) {
            (Some(owner), _) => self.booked_by(&owner).await?,
            (None, Some(line)) => self.booked_of(&difference.instance, line).await?,
            (None, None) => None,
        };
        let Some(booked) = booked else {
            return Ok(true);
        };
        if let Some(line) = &difference.line {
            return Ok(compare::line(line, &booked).is_some());
        }
        let attempt = booked.attempts.iter();
        let attempt = attempt.filter(|(theirs, _)| theirs.as_str() == difference.name);
        let by_attempt = attempt.map(|(_, captured)| *captured);
        let mut captured = by_attempt.chain([booked.captured.minor]);
        Ok(match difference.kind {
            DifferenceKind::StaleUnknown => booked.unknown_since.is_some(),
            DifferenceKind::MissingThere => !work.saw(&booked.id),
            _ => {
                let reported = difference.reported.map(|reported| reported.minor);
                !captured.any(|captured| Some(captured) == reported)
            }
        })
    }

    async fn explain(&self, work: &mut Work, difference: &Difference) -> Result<()> {
        let closed = self.context.retried(|| async {
            let found = self.difference(&difference.id).await?;
            let Some(found) = found.filter(|found| found.value == *difference) else {
                return Ok(false);
            };
            let next = Difference {
                state: DifferenceState::Explained,
                changed_at: self.context.now(),
                ..found.value.clone()
            };
            let mut batch = Batch::default();
            change(&mut batch, Some(&found), &next)?;
            self.context.commit(batch).await?;
            Ok(true)
        });
        if closed.await? {
            work.run.explained += 1;
        }
        Ok(())
    }

    /// Differences of a vendor in one state, newest first.
    async fn in_state(&self, instance: &str, state: DifferenceState) -> Result<Vec<Difference>> {
        let table = self.context.table::<DifferenceLine>();
        let (partition, mut after, mut found) = (DifferenceLine::partition(state), None, Vec::new());
        loop {
            let range = Range::All;
            let (lines, next) = table
                .page_newest_first(&partition, range, MAX_PAGE, after)
                .await?;
            for line in lines.iter().filter(|line| line.instance == instance) {
                let difference = self.difference(&line.id).await?;
                found.extend(difference.map(|difference| difference.value));
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }
}

/// That money is booked of which a report says nothing.
fn missing(booked: &BookedPayment) -> Deviation {
    let kind = DifferenceKind::MissingThere;
    Deviation {
        name: booked.id.to_string(),
        ..Deviation::about(booked, kind, None, Some(booked.captured))
    }
}

/// A difference after it was found again; nothing if that changes nothing. What was decided stays decided as long as the
/// figures are the same.
fn after(
    known: &Difference,
    run: &RunRecord,
    (found, state): (&Deviation, DifferenceState),
    now: Timestamp,
) -> Option<Difference> {
    let same = known.has_figures_of(found);
    let nothing = match state {
        DifferenceState::Open if known.state == DifferenceState::Explained => false,
        DifferenceState::Open => same,
        _ => known.state != DifferenceState::Open,
    };
    if nothing {
        return None;
    }
    let fresh = Difference::new(known.id.clone(), run, found, state, now);
    Some(Difference {
        found_at: known.found_at,
        decided: known.decided.clone(),
        ..fresh
    })
}

/// Writes a difference, and moves it from list to list.
pub(super) fn change(
    batch: &mut Batch,
    before: Option<&Versioned<Difference>>,
    after: &Difference,
) -> Result<()> {
    match before {
        Some(before) => batch.replace(before, after)?,
        None => batch.insert(after)?,
    }
    let line = DifferenceLine::of(after);
    if let Some(before) = before {
        let former = DifferenceLine::of(before);
        if former == line {
            return Ok(());
        }
        let (partition, sort) = former.key();
        batch.clear::<DifferenceLine>(partition, sort);
    }
    batch.overwrite(&line)
}
