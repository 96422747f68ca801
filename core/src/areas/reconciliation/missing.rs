//! What is booked here and should stand in the report, and what nobody can tell for too long.

use std::time::Duration;

use portcullis_ports::{Result, Timestamp};

use super::Reconciliation;
use super::compare::Deviation;
use super::model::DifferenceKind;
use super::run::Work;
use crate::areas::payments::{Among, BookedPayment};
use crate::foundation::day::Day;

/// After so long an order of which nobody can tell is listed.
const STALE: Duration = Duration::from_hours(24);

impl Reconciliation {
    /// Looks for money that was seen to be taken in the span and of which the report says nothing. Only after everything
    /// was read.
    pub(super) async fn look_for_missing(&self, work: &mut Work) -> Result<()> {
        let span = work.run.span();
        let mut day = Day::of(span.from);
        while day.begin() < span.to {
            let mut from = None;
            loop {
                let (payments, next) = self
                    .payments
                    .go_through(Among::CapturedOn(day.begin()), from)
                    .await?;
                for booked in &payments {
                    if expected(booked, work) {
                        self.examine_missing(work, booked).await?;
                    }
                }
                from = next;
                if from.is_none() {
                    break;
                }
            }
            day = Day::of(day.end());
        }
        Ok(())
    }

    /// Lists payments of which nobody knows for more than a day what became of them.
    pub(super) async fn look_for_unknown(&self, work: &mut Work) -> Result<()> {
        let (now, mut from) = (self.context.now(), None);
        loop {
            let (payments, next) = self.payments.go_through(Among::Open, from).await?;
            let instance = work.run.instance.clone();
            let stale = |booked: &&BookedPayment| booked.instance == instance && is_stale(booked, now);
            for booked in payments.iter().filter(stale) {
                let again = |booked: &BookedPayment| is_stale(booked, now).then(|| unknown(booked));
                self.examine(work, unknown(booked), None, again).await?;
            }
            from = next;
            if from.is_none() {
                return Ok(());
            }
        }
    }
}

/// Whether the report should hold a line about a payment, and does not.
fn expected(booked: &BookedPayment, work: &Work) -> bool {
    let run = &work.run;
    booked.instance == run.instance
        && booked.captured.is_positive()
        && booked.captured_at.is_some_and(|at| run.from <= at && at < run.to)
        && !work.saw(&booked.id)
}

fn is_stale(booked: &BookedPayment, now: Timestamp) -> bool {
    booked.unknown_since.is_some_and(|since| now.since(since) > STALE)
}

fn unknown(booked: &BookedPayment) -> Deviation {
    Deviation {
        name: booked.id.to_string(),
        ..Deviation::about(booked, DifferenceKind::StaleUnknown, None, None)
    }
}
