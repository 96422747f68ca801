//! Drafting and issuing: an invoice gets its number, and is owed from then on.

use portcullis_ports::Result;
use portcullis_ports::money::Money;

use super::books::{InvoiceBooks, cause};
use super::compute::compute;
use super::model::{InvoiceOrder, InvoiceState, OrderLine};
use super::observer::InvoiceEvent;
use super::records::{InvoiceRecord, LineRecord, NumberRecord, NumberedRecord, SeriesRecord};
use super::{INVOICE_STATE, TOO_MANY_INVOICES};
use crate::areas::ledger::{Sale, Transaction};
use crate::areas::payments::InvoiceId;
use crate::foundation::input::{DECADE, within};
use crate::foundation::table::Batch;
use crate::foundation::taxes::{TaxCode, TaxRate};

/// How many invoices one person may owe at once.
const MAX_OPEN: usize = 200;

impl InvoiceBooks {
    /// A draft of what is ordered.
    ///
    /// # Errors
    /// `invalid-request` for lines that make no invoice, and for a due date that nobody means.
    pub(super) fn drafted(&self, order: &InvoiceOrder) -> Result<InvoiceRecord> {
        let computed = compute(order.currency, &order.lines, &self.settings.taxes)?;
        let now = self.context.now();
        let (bounds, advice) = (
            now - DECADE..=now + DECADE,
            "a moment within ten years of now is expected, in Unix seconds",
        );
        within("/due_at", order.due_at, &bounds, advice)?;
        Ok(InvoiceRecord {
            id: InvoiceId::time_ordered(now, self.context.entropy.as_ref())?,
            subject: order.subject.clone(),
            state: InvoiceState::Draft,
            currency: order.currency,
            lines: computed.lines,
            taxes: computed.taxes,
            net: computed.net,
            tax: computed.tax,
            total: computed.total,
            number: None,
            origin: order.origin.clone(),
            carried: 0,
            rolled_over: 0,
            from_balance: 0,
            from_payments: 0,
            received: 0,
            refunded: 0,
            reversed: 0,
            credited: 0,
            written_off: 0,
            collecting: None,
            payments: Vec::new(),
            reason: None,
            due_at: order.due_at,
            created_at: now,
            issued_at: None,
            paid_at: None,
            ended_at: None,
            updated_at: now,
        })
    }

    /// The rate of a code that is in force.
    pub(crate) fn rate_of(&self, code: &TaxCode) -> Option<&TaxRate> {
        self.settings.taxes.get(code)
    }

    /// Computes a draft anew, by the rates that are in force now.
    ///
    /// # Errors
    /// `invoice-state` if its lines make no invoice any more.
    pub(super) fn compute_anew(&self, draft: &mut InvoiceRecord) -> Result<()> {
        let lines: Vec<OrderLine> = draft.lines.iter().map(LineRecord::ordered).collect();
        let computed = compute(draft.currency, &lines, &self.settings.taxes).map_err(|refused| {
            let why = refused.detail();
            INVOICE_STATE.with_detail(format!(
                "The draft cannot be issued as it stands, write another. {why}"
            ))
        })?;
        draft.lines = computed.lines;
        draft.taxes = computed.taxes;
        (draft.net, draft.tax, draft.total) = (computed.net, computed.tax, computed.total);
        Ok(())
    }

    /// Issues what is ordered, in the commit that orders it. It has a number, stands on the balance, and is paid out of what
    /// is to the customer's credit; what no vendor takes because it is too small is asked for with the next one.
    ///
    /// # Errors
    /// `invalid-request`; `too-many-invoices`; those of the ledger.
    pub(crate) async fn issue(&self, batch: &mut Batch, order: &InvoiceOrder) -> Result<InvoiceId> {
        let mut invoice = self.drafted(order)?;
        self.finalise(batch, &mut invoice).await?;
        batch.insert(&invoice)?;
        self.tell_issued(batch, &invoice).await?;
        if invoice.total < 0 {
            self.pay_from_balance(batch, &invoice.subject, invoice.currency)
                .await?;
        }
        Ok(invoice.id)
    }

    /// Makes a draft an invoice. Whoever asks adds it to the commit, and tells of it then.
    pub(super) async fn finalise(&self, batch: &mut Batch, invoice: &mut InvoiceRecord) -> Result<()> {
        let (subject, currency) = (invoice.subject.clone(), invoice.currency);
        self.context.lock_subject(batch, &subject).await;
        let mut account = self.account_in(batch, &subject).await?;
        if account.value.open.len() >= MAX_OPEN {
            return Err(TOO_MANY_INVOICES.error());
        }
        let owed = self.ledger.owed_in(batch, &subject, currency).await?;
        // Debts that no open invoice asks for; what is to the customer's credit, if less than nothing.
        let beside = owed.saturating_sub(account.value.due(currency));
        let sale = Sale::of(invoice.money(invoice.net.abs()), invoice.money(invoice.tax.abs()))?;
        if let Some(sale) = sale {
            let by = cause(invoice)?;
            let transaction = if invoice.total < 0 {
                Transaction::sale_reversed(&sale, by)
            } else {
                Transaction::sale(&sale, by)
            };
            self.post(batch, &subject, &transaction).await?;
        }
        let now = self.context.now();
        invoice.state = InvoiceState::Open;
        invoice.issued_at = Some(now);
        invoice.updated_at = now;
        let due_at = now + self.settings.invoice_due_within.get();
        invoice.due_at.get_or_insert(due_at);
        if invoice.total > 0 {
            let rolled = account.value.rolled_over.remove(&currency).unwrap_or_default();
            invoice.carried = rolled.min(beside.max(0));
            invoice.from_balance = invoice.total.min(beside.saturating_neg().max(0));
        }
        if self.is_too_small(invoice.money(invoice.due())) {
            invoice.rolled_over = invoice.due();
            let rolled = account.value.rolled_over.entry(currency).or_default();
            *rolled = rolled.saturating_add(invoice.rolled_over);
            invoice.state = InvoiceState::Paid;
            invoice.paid_at = Some(now);
        }
        self.close(invoice);
        account.value.follow(invoice);
        batch.save(&account)?;
        self.number(batch, invoice).await
    }

    pub(super) async fn tell_issued(&self, batch: &mut Batch, invoice: &InvoiceRecord) -> Result<()> {
        self.tell(batch, invoice, InvoiceEvent::Issued).await?;
        if invoice.state == InvoiceState::Paid {
            self.tell(batch, invoice, InvoiceEvent::Paid).await?;
        }
        Ok(())
    }

    /// Whether it is less than every connected vendor takes of its currency.
    fn is_too_small(&self, due: Money) -> bool {
        let rules = self.vendors.iter().filter_map(|vendor| {
            let rule = vendor.terms().amounts.get(&due.currency)?;
            Some(rule.min)
        });
        let least = rules.min();
        due.minor > 0 && least.is_some_and(|least| due.minor < least)
    }

    /// Takes the next number of the series. Two that take one at once have the same record to write: one of them conflicts
    /// and counts again; what is not committed has taken none.
    async fn number(&self, batch: &mut Batch, invoice: &mut InvoiceRecord) -> Result<()> {
        let series = &self.settings.invoice_series;
        if !batch.puts::<SeriesRecord>(series.as_str(), SeriesRecord::SORT) {
            let turn = self.numbering.lock_arc().await;
            batch.turns.push(turn);
        }
        let empty = || SeriesRecord {
            series: series.clone(),
            last: 0,
        };
        let table = self.context.table::<SeriesRecord>();
        let mut last = table
            .slot_in(batch, series.as_str(), SeriesRecord::SORT, empty)
            .await?;
        last.value.last += 1;
        let number = last.value.last;
        batch.save(&last)?;
        batch.insert(&NumberedRecord {
            series: series.clone(),
            number,
            subject: invoice.subject.clone(),
            invoice: invoice.id.clone(),
        })?;
        invoice.number = Some(NumberRecord {
            series: series.clone(),
            number,
        });
        Ok(())
    }
}
