//! Lists of invoices, newest first, and reading one.

use futures_util::FutureExt as _;
use futures_util::future::try_join_all;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Range;
use portcullis_ports::{Error, Result};

use super::model::InvoiceState;
use super::records::{InvoiceRecord, NumberedRecord};
use super::views::{InvoiceDocument, InvoicePage, InvoiceView};
use super::{INVOICE_NOT_FOUND, InvoiceId, InvoiceSeries, Invoices};
use crate::foundation::cursor::{INVALID_CURSOR, SignedCursor};
use crate::foundation::keyring::Keyring;
use crate::foundation::source::Source;
use crate::foundation::table::{PageRequest, Versioned};
use crate::foundation::use_case::{Problems, UseCase};

/// The most invoices of one page.
pub const PAGE: usize = 100;

/// A page ends after so many were looked at, however few of them are wanted.
const LOOKED_AT: usize = 1_000;

/// Which invoices.
#[derive(Debug, Clone, Default)]
pub struct ListInvoices {
    /// Only those that stand there.
    pub state: Option<InvoiceState>,
    /// Behind which invoice, as `next_cursor` of the page before; `None` for the first page.
    pub cursor: Option<SignedCursor>,
    /// How many at most, 1 to [`PAGE`].
    pub limit: Option<usize>,
}

impl ListInvoices {
    fn admits(&self, invoice: &InvoiceRecord) -> bool {
        self.state.is_none_or(|state| state == invoice.state)
    }

    /// What is asked of any list of invoices.
    fn request(&self, keyring: &Keyring, words: &[&str]) -> Result<PageRequest<'_>> {
        let cursor = self.cursor.as_ref();
        Ok(PageRequest {
            partitions: &[],
            range: Range::All,
            after: cursor.map(|cursor| cursor.place(keyring, words)).transpose()?,
            limit: self.limit.unwrap_or(PAGE).clamp(1, PAGE),
            looked_at: LOOKED_AT,
        })
    }
}

impl UseCase for ListInvoices {
    const PROBLEMS: Problems = &[&[INVALID_CURSOR]];
}

impl Invoices {
    /// The invoices of a person. Drafts are shown to operators only.
    ///
    /// # Errors
    /// `invalid-cursor`.
    pub async fn list(&self, subject: &Subject, command: &ListInvoices, drafts: bool) -> Result<InvoicePage> {
        let keyring = &self.context.keyring;
        let words = ["invoices", subject.as_str()];
        let request = PageRequest {
            partitions: &[subject.to_string()],
            range: Range::Prefix(InvoiceRecord::PREFIX.to_owned()),
            ..command.request(keyring, &words)?
        };
        let wanted = |invoice: &InvoiceRecord| {
            let shown = drafts || invoice.issued_at.is_some();
            (shown && command.admits(invoice)).then(|| InvoiceView::of(invoice))
        };
        let table = self.context.table::<InvoiceRecord>();
        let page = table.filtered_page(request, wanted).await?;
        let next = page.next.map(|place| SignedCursor::sign(keyring, &words, place));
        Ok(InvoicePage {
            invoices: page.items,
            next_cursor: next.transpose()?,
        })
    }

    /// The invoices of a series by whomever, by their numbers, the last first. The series of today where none is named.
    ///
    /// # Errors
    /// `invalid-cursor`.
    pub async fn of_series(
        &self,
        series: Option<&InvoiceSeries>,
        command: &ListInvoices,
    ) -> Result<InvoicePage> {
        let series = series.unwrap_or(&self.books.settings.invoice_series);
        let keyring = &self.context.keyring;
        let words = ["invoice-series", series.as_str()];
        let request = PageRequest {
            partitions: &[series.to_string()],
            range: Range::Prefix(NumberedRecord::PREFIX.to_owned()),
            ..command.request(keyring, &words)?
        };
        let show = |lines: Vec<NumberedRecord>| self.numbered(lines, command).boxed();
        let page = self
            .context
            .table::<NumberedRecord>()
            .joined_page(request, show)
            .await?;
        let next = page.next.map(|place| SignedCursor::sign(keyring, &words, place));
        Ok(InvoicePage {
            invoices: page.items,
            next_cursor: next.transpose()?,
        })
    }

    /// The invoices of these numbers, as far as they are wanted.
    async fn numbered(
        &self,
        lines: Vec<NumberedRecord>,
        command: &ListInvoices,
    ) -> Result<Vec<Option<InvoiceView>>> {
        let read = lines.iter().map(|line| self.find(&line.subject, &line.invoice));
        let mut shown = Vec::new();
        for found in try_join_all(read).await? {
            let missing = || Error::internal("a number was given to an invoice that is not stored");
            let invoice = found.ok_or_else(missing)?;
            shown.push(command.admits(&invoice).then(|| InvoiceView::of(&invoice)));
        }
        Ok(shown)
    }

    pub(super) async fn find(
        &self,
        subject: &Subject,
        id: &InvoiceId,
    ) -> Result<Option<Versioned<InvoiceRecord>>> {
        let table = self.context.table::<InvoiceRecord>();
        table.find(subject.as_str(), &InvoiceRecord::sort(id)).await
    }

    /// An invoice of that person, whatever it is.
    ///
    /// # Errors
    /// `invoice-not-found`.
    pub async fn show(&self, subject: &Subject, id: &InvoiceId) -> Result<InvoiceView> {
        let found = self.find(subject, id).await?;
        let found = found.ok_or_else(|| INVOICE_NOT_FOUND.error())?;
        Ok(InvoiceView::of(&found))
    }

    /// An invoice of that person, as the person sees it: drafts are nothing yet.
    ///
    /// # Errors
    /// `invoice-not-found`.
    pub async fn get(&self, subject: &Subject, id: &InvoiceId) -> Result<InvoiceView> {
        let invoice = self.show(subject, id).await?;
        if invoice.issued_at.is_none() {
            return Err(INVOICE_NOT_FOUND.error());
        }
        Ok(invoice)
    }

    /// What is printed of an invoice that was issued.
    ///
    /// # Errors
    /// `invoice-not-found`, also for drafts.
    pub async fn document(
        &self,
        subject: &Subject,
        id: &InvoiceId,
        source: &Source,
    ) -> Result<InvoiceDocument> {
        let invoice = self.get(subject, id).await?;
        let account = self.directory.recent(subject).await?;
        let texts = &self.context.texts;
        let settings = &self.books.settings;
        let seller = settings.seller.clone();
        Ok(InvoiceDocument {
            language: texts.language(&source.languages),
            seller: seller.unwrap_or_else(|| texts.product().to_owned()),
            seller_address: settings.seller_address.clone(),
            email: account.map(|account| account.email.clone()),
            invoice,
        })
    }
}
