//! What periods and changes are billed as.

use portcullis_ports::money::Money;
use portcullis_ports::{Error, Result, Timestamp};

use super::Subscriptions;
use super::lifecycle::Begun;
use super::records::{SubscriptionRecord, Terms};
use crate::areas::invoices::{InvoiceOrder, InvoiceOrigin, LineText, OrderLine};
use crate::foundation::calendar::Zone;
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, Slot};

/// What the line of a period says: the plan, and the first and the last of its days.
pub(super) fn line_text(terms: &Terms, zone: &Zone, from: Timestamp, to: Timestamp) -> Result<String> {
    // A period that ends at midnight has the day before as its last.
    let last = Timestamp::from_seconds(to.seconds() - 1).max(from);
    let (from, last) = (zone.date_text(from)?, zone.date_text(last)?);
    let name = &terms.name;
    Ok(if from == last {
        format!("{name}: {from}")
    } else {
        format!("{name}: {from} to {last}")
    })
}

/// A line of a period, or of a part of one.
pub(super) fn line(terms: &Terms, text: &str, amount: Money) -> Result<OrderLine> {
    Ok(OrderLine {
        text: LineText::parse(text).map_err(Error::internal)?,
        quantity: 1,
        unit_price: amount.minor,
        tax: terms.tax_code.clone(),
        rate: None,
    })
}

/// The line of a period that has begun.
pub(super) fn period_line(record: &SubscriptionRecord, begun: &Begun) -> Result<OrderLine> {
    let zone = record.anchor.zone();
    let text = line_text(&record.terms, zone, begun.start, begun.end)?;
    line(&record.terms, &text, begun.price)
}

impl Subscriptions {
    /// Adds a changed subscription to a commit, and the invoices of these lines. Lines that cost nothing make none.
    pub(super) async fn bill(
        &self,
        batch: &mut Batch,
        before: &SubscriptionRecord,
        mut slot: Slot<SubscriptionRecord>,
        mut lines: Vec<OrderLine>,
        source: &Source,
    ) -> Result<()> {
        lines.retain(|line| line.unit_price != 0);
        for line in &mut lines {
            if slot.value.collector.is_some() {
                line.rate.clone_from(&before.charged_at);
                continue;
            }
            let in_force = line
                .tax
                .as_ref()
                .and_then(|code| self.invoice_books.rate_of(code));
            if line.unit_price > 0 {
                slot.value.charged_at = in_force.cloned();
            } else if line.tax == before.terms.tax_code && before.charged_at.as_ref() != in_force {
                line.rate.clone_from(&before.charged_at);
            }
        }
        let record = slot.value.clone();
        self.books.save(batch, before, slot, source).await?;
        let mut sum = 0_i64;
        for lines in invoiced_together(lines) {
            let total = self
                .invoice_books
                .total_of(record.terms.amount.currency, &lines)?;
            sum = sum.saturating_add(total.minor);
            let order = InvoiceOrder {
                subject: record.subject.clone(),
                currency: record.terms.amount.currency,
                lines,
                origin: InvoiceOrigin::Subscription {
                    subscription: record.id.to_string(),
                },
                due_at: Some(self.context.now()),
            };
            self.invoice_books.issue(batch, &order).await?;
        }
        let (subject, credit) = (&record.subject, sum.saturating_neg().max(0));
        self.invoice_books
            .note_credit(batch, subject, &before.billed, credit)
            .await
    }
}

/// Lines as they stand on invoices: on one, unless what is given back was taxed otherwise than what is charged. Then it has
/// an invoice of its own, issued before, and pays the other.
fn invoiced_together(lines: Vec<OrderLine>) -> Vec<Vec<OrderLine>> {
    let same = lines
        .windows(2)
        .all(|two| (&two[0].tax, &two[0].rate) == (&two[1].tax, &two[1].rate));
    if same {
        return Vec::from_iter((!lines.is_empty()).then_some(lines));
    }
    let (back, charged): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.unit_price < 0);
    let mut invoices = vec![back, charged];
    invoices.retain(|lines| !lines.is_empty());
    invoices
}
