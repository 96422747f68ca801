//! Reading a vendor's report to its end, and comparing line by line.

use futures_util::future::try_join_all;
use portcullis_ports::payments::{ActivityKind, Cursor};
use portcullis_ports::{Error, Result};

use super::Reconciliation;
use super::compare::{self, Deviation, Taken};
use super::line::ReportedLine;
use super::run::Work;
use super::span::pieces;
use crate::areas::payments::{BookedPayment, PAYMENT_NOT_FOUND, PaymentOwner};
use crate::foundation::guard::GuardedPayments;

/// So many lines are compared at once.
const AT_ONCE: usize = 25;

impl Reconciliation {
    /// Reads all pages. Where one cannot be read, the run says so and goes by what was read.
    pub(super) async fn read_report(&self, work: &mut Work, vendor: &GuardedPayments) -> Result<()> {
        for piece in pieces(work.run.span(), vendor.terms().report_span) {
            let mut after: Option<Cursor> = None;
            loop {
                let page = match vendor.activity(&piece, after.as_ref()).await {
                    Ok(page) => page,
                    Err(error) => {
                        work.cannot_tell(&format!("the report could not be read: {}", told(&error)));
                        return Ok(());
                    }
                };
                let lines: Vec<ReportedLine> = page.lines.into_iter().map(ReportedLine::from).collect();
                for lines in lines.chunks(AT_ONCE) {
                    self.take(work, lines).await?;
                }
                if page.next.is_some() && page.next == after {
                    work.cannot_tell("the report does not end: a page leads to itself");
                    return Ok(());
                }
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        Ok(())
    }

    async fn take(&self, work: &mut Work, lines: &[ReportedLine]) -> Result<()> {
        let instance = work.run.instance.clone();
        let booked = try_join_all(lines.iter().map(|line| self.booked_of(&instance, line))).await?;
        for (line, booked) in lines.iter().zip(booked) {
            if !work.count(line)? || line.is_nothing() {
                continue;
            }
            match (&line.kind, booked) {
                (ActivityKind::Fee | ActivityKind::Payout, _) => {
                    if self.post_once(&instance, line).await? {
                        work.run.posted += 1;
                    }
                }
                (_, None) => {
                    let unknown = Deviation::unknown(line.clone());
                    self.examine(work, unknown, None, |_| None).await?;
                }
                (_, Some(booked)) => self.compare_line(work, line, &booked).await?,
            }
        }
        Ok(())
    }

    async fn compare_line(&self, work: &mut Work, line: &ReportedLine, booked: &BookedPayment) -> Result<()> {
        work.sees(&booked.id);
        if let Some(deviation) = compare::line(line, booked) {
            let again = |booked: &BookedPayment| compare::line(line, booked);
            return self.examine(work, deviation, line.payment.as_ref(), again).await;
        }
        if line.kind == ActivityKind::Payment {
            let taken = work.taken.entry(booked.id.clone());
            let taken = taken.or_insert_with(|| Taken::new(booked.subject.clone(), booked.id.clone()));
            taken.add(line);
        }
        Ok(())
    }

    /// Compares what the lines of each payment add up to. Done at the end, when all of them are known.
    pub(super) async fn compare_sums(&self, work: &mut Work) -> Result<()> {
        for (_, taken) in std::mem::take(&mut work.taken) {
            let booked = self.payments.booked(&taken.owner).await?;
            let all = work.is_complete() && booked.created_at >= work.run.from;
            if let Some(deviation) = taken.compare(&booked, all) {
                let named = taken.stranger(&booked).or(booked.theirs());
                let again = |booked: &BookedPayment| taken.compare(booked, all);
                self.examine(work, deviation, named, again).await?;
            }
        }
        Ok(())
    }

    /// The payment that a line is about, as it is booked; nothing if nobody here knows it.
    pub(super) async fn booked_of(
        &self,
        instance: &str,
        line: &ReportedLine,
    ) -> Result<Option<BookedPayment>> {
        let payments = &self.payments;
        if matches!(line.kind, ActivityKind::Fee | ActivityKind::Payout) {
            return Ok(None);
        }
        match payments
            .owner_among(instance, &line.names(), line.ours.as_ref())
            .await?
        {
            Some(owner) => self.booked_by(&owner).await,
            None => Ok(None),
        }
    }

    /// A payment as it is booked; nothing if only its name is left, as after a backup was restored.
    pub(super) async fn booked_by(&self, owner: &PaymentOwner) -> Result<Option<BookedPayment>> {
        match self.payments.booked(owner).await {
            Ok(booked) => Ok(Some(booked)),
            Err(error) if error.code() == PAYMENT_NOT_FOUND => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// An error in words for operators.
pub(super) fn told(error: &Error) -> String {
    format!("{} ({})", error.detail(), error.code().name())
}
