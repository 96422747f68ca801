//! What moved on the account, as the extract shows it.

use async_trait::async_trait;
use portcullis_ports::money::Money;
use portcullis_ports::outcome::Reason;
use portcullis_ports::payments::{
    Activity, ActivityKind, ActivityPage, Cursor, EventPage, Holding, Reports, TimeSpan, UNAVAILABLE,
};
use portcullis_ports::{Error, Result, Retry, Timestamp};

use crate::extract::{Line, LineKind};
use crate::payments::Ccbill;
use crate::subscriptions::payment_of;
use crate::terms;

#[async_trait]
impl Reports for Ccbill {
    async fn activity(&self, span: &TimeSpan, _: Option<&Cursor>) -> Result<ActivityPage> {
        let extract = self
            .extracts
            .span(&self.datalink, span.from, span.to)
            .await
            .map_err(unavailable)?;
        let within = |line: &&Line| line.at().is_none_or(|at| span.from <= at && at < span.to);
        let money = |line: &&Line| line.kind != LineKind::Other;
        let lines = extract.lines.iter().filter(within).filter(money);
        let read = lines.map(|line| {
            self.activity_of(line)
                .ok_or_else(|| UNAVAILABLE.error().with_context("line", line.name.clone()))
        });
        Ok(ActivityPage {
            lines: read.collect::<Result<_>>()?,
            next: None,
        })
    }

    /// CCBill keeps no events: what was missed is in the extract.
    async fn events_since(&self, _: Timestamp, _: Option<&Cursor>) -> Result<EventPage> {
        Ok(EventPage {
            events: Vec::new(),
            next: None,
        })
    }

    /// CCBill tells no balance.
    async fn holdings(&self) -> Result<Vec<Holding>> {
        Ok(Vec::new())
    }
}

impl Ccbill {
    fn activity_of(&self, line: &Line) -> Option<Activity> {
        let price = terms::from_price(line.price.trim_start_matches('-'), self.report_currency)?;
        let (kind, amount) = match line.kind {
            LineKind::New | LineKind::Rebill => (ActivityKind::Payment, price),
            LineKind::Refund | LineKind::Void => (ActivityKind::Refund, price.negated().ok()?),
            LineKind::Chargeback => (ActivityKind::Dispute, price.negated().ok()?),
            LineKind::Other => return None,
        };
        Some(Activity {
            theirs: line.theirs()?,
            kind,
            source: payment_of(line),
            payment: payment_of(line),
            ours: None,
            amount,
            fee: Money::zero(price.currency),
            at: line.at()?,
            available_at: None,
        })
    }
}

fn unavailable(reason: Reason) -> Error {
    let error = UNAVAILABLE.error().with_context("why", reason.detail);
    match reason.retry {
        Retry::Later(wait) => error.retry_after(wait),
        Retry::Never | Retry::Unknown => error,
    }
}
