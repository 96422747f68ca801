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
        slot: Slot<SubscriptionRecord>,
        mut lines: Vec<OrderLine>,
        source: &Source,
    ) -> Result<()> {
        lines.retain(|line| line.unit_price != 0);
        let record = slot.value.clone();
        self.books.save(batch, before, slot, source).await?;
        for lines in invoiced_together(lines) {
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
        Ok(())
    }
}

/// Lines as they stand on invoices: on one, unless what is given back was taxed otherwise than what is charged. Then it has
/// an invoice of its own, issued before, and pays the other.
fn invoiced_together(lines: Vec<OrderLine>) -> Vec<Vec<OrderLine>> {
    let same = lines.windows(2).all(|two| two[0].tax == two[1].tax);
    if same {
        return Vec::from_iter((!lines.is_empty()).then_some(lines));
    }
    let (back, charged): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.unit_price < 0);
    let mut invoices = vec![back, charged];
    invoices.retain(|lines| !lines.is_empty());
    invoices
}
