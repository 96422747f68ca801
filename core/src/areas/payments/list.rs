//! Lists of payments: of one payer, of a day, and of what needs an operator's eye.

use futures_util::FutureExt as _;
use futures_util::future::try_join_all;
use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Range;
use portcullis_ports::{Result, Timestamp};

use super::records::{PaymentLine, PaymentRecord};
use super::rows::{SHARDS, day_list, open_list};
use super::views::{PaymentList, PaymentView};
use super::{PAYMENT_NOT_FOUND, Payments, Status};
use crate::foundation::cursor::SignedCursor;
use crate::foundation::day::Day;
use crate::foundation::table::PageRequest;

/// The most payments of one page.
pub const PAGE: usize = 200;

/// A page ends after so many payments were looked at, however few of them are wanted.
const LOOKED_AT: usize = 1_000;

/// Which payments are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Where they stand; wherever, if empty.
    pub status: Vec<Status>,
    /// By which vendor.
    pub vendor: Option<String>,
}

impl Filter {
    fn admits(&self, payment: &PaymentRecord) -> bool {
        (self.status.is_empty() || self.status.contains(&payment.status))
            && self
                .vendor
                .as_ref()
                .is_none_or(|vendor| *vendor == payment.instance)
    }
}

impl Payments {
    /// A payment of that person.
    ///
    /// # Errors
    /// `payment-not-found`.
    pub async fn get(&self, subject: &Subject, id: &PaymentId) -> Result<PaymentView> {
        Ok(PaymentView::of(&self.read(subject, id).await?.rows(), None))
    }

    /// A payment of whomever, for operators.
    ///
    /// # Errors
    /// `payment-not-found`.
    pub async fn show(&self, id: &PaymentId) -> Result<PaymentView> {
        let owner = self.owner(id).await?.ok_or_else(|| PAYMENT_NOT_FOUND.error())?;
        self.get(&owner.subject, id).await
    }

    /// The payments of a person, newest first.
    ///
    /// # Errors
    /// `invalid-cursor` for a cursor that was not given out for this person.
    pub async fn list(
        &self,
        subject: &Subject,
        filter: &Filter,
        limit: usize,
        cursor: Option<&SignedCursor>,
    ) -> Result<PaymentList> {
        let table = self.context.table::<PaymentRecord>();
        let request = PageRequest {
            partitions: &[subject.to_string()],
            range: Range::Prefix(PaymentRecord::PREFIX.to_owned()),
            after: cursor
                .map(|cursor| self.place(subject.as_str(), cursor))
                .transpose()?,
            limit: limit.clamp(1, PAGE),
            looked_at: LOOKED_AT,
        };
        let wanted = |payment: &PaymentRecord| filter.admits(payment).then(|| PaymentView::alone(payment));
        let page = table.filtered_page(request, wanted).await?;
        let next = page.next.map(|place| self.cursor(subject.as_str(), &place));
        Ok(PaymentList {
            items: page.items,
            next: next.transpose()?,
        })
    }

    /// The payments that were begun on the day of a moment, by whomever, newest first.
    ///
    /// # Errors
    /// `invalid-cursor` for a cursor that was not given out for this day.
    pub async fn of_day(
        &self,
        moment: Timestamp,
        filter: &Filter,
        limit: usize,
        cursor: Option<&SignedCursor>,
    ) -> Result<PaymentList> {
        let day = Day::of(moment);
        let lists = (0..SHARDS).map(|shard| day_list(day, shard)).collect();
        self.merged(lists, filter, limit, cursor).await
    }

    /// What needs an operator's eye: unknown, contested, or found to differ from the vendor; newest first.
    ///
    /// # Errors
    /// `invalid-cursor` for a cursor that was not given out for this list.
    pub async fn open(
        &self,
        filter: &Filter,
        limit: usize,
        cursor: Option<&SignedCursor>,
    ) -> Result<PaymentList> {
        let lists = (0..SHARDS).map(open_list).collect();
        self.merged(lists, filter, limit, cursor).await
    }

    async fn merged(
        &self,
        lists: Vec<String>,
        filter: &Filter,
        limit: usize,
        cursor: Option<&SignedCursor>,
    ) -> Result<PaymentList> {
        let about = lists.first().cloned().unwrap_or_default();
        let request = PageRequest {
            partitions: &lists,
            range: Range::All,
            after: cursor.map(|cursor| self.place(&about, cursor)).transpose()?,
            limit: limit.clamp(1, PAGE),
            looked_at: LOOKED_AT,
        };
        let payments = self.context.table::<PaymentRecord>();
        let show = |lines: Vec<PaymentLine>| {
            let payments = &payments;
            async move {
                let read = lines.iter().map(|line| async {
                    let sort = PaymentRecord::sort(&line.id);
                    payments.find(line.subject.as_str(), &sort).await
                });
                let found = try_join_all(read).await?.into_iter();
                let wanted = found.map(|found| found.filter(|payment| filter.admits(payment)));
                Ok(wanted
                    .map(|found| found.map(|payment| PaymentView::alone(&payment)))
                    .collect())
            }
            .boxed()
        };
        let page = self
            .context
            .table::<PaymentLine>()
            .joined_page(request, show)
            .await?;
        let next = page.next.map(|place| self.cursor(&about, &place));
        Ok(PaymentList {
            items: page.items,
            next: next.transpose()?,
        })
    }

    fn cursor(&self, about: &str, place: &str) -> Result<SignedCursor> {
        SignedCursor::sign(&self.context.keyring, &["payments", about], place)
    }

    fn place(&self, about: &str, cursor: &SignedCursor) -> Result<String> {
        cursor.place(&self.context.keyring, &["payments", about])
    }
}
