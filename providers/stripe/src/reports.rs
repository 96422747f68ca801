//! What moved on the account: its balance transactions, its events, its balance.

use async_trait::async_trait;
use portcullis_ports::money::Money;
use portcullis_ports::payments::{
    Activity, ActivityKind, ActivityPage, Cursor, EventPage, Holding, Reports, TimeSpan, UNAVAILABLE,
};
use portcullis_ports::{Result, Timestamp};
use serde_json::json;

use crate::payments::Stripe;
use crate::pictures::attempt;
use crate::terms::from_stripe;
use crate::wire::{Balance, BalanceTransaction, Event, Expandable, Identified, List};

/// Lines of one page.
const PAGE: u32 = 100;

#[async_trait]
impl Reports for Stripe {
    async fn activity(&self, span: &TimeSpan, after: Option<&Cursor>) -> Result<ActivityPage> {
        let query = json!({
            "created": { "gte": span.from.seconds(), "lt": span.to.seconds() },
            "limit": PAGE,
            "starting_after": after.map(|cursor| cursor.0.as_str()),
            "expand": ["data.source"],
        });
        let page: List<BalanceTransaction> = self.client.list("/v1/balance_transactions", &query).await?;
        let last = page.data.last().map(|line| Cursor(line.id.clone()));
        let lines = page
            .data
            .iter()
            .map(|one| line(one).ok_or_else(|| UNAVAILABLE.error().with_context("line", one.id.clone())));
        Ok(ActivityPage {
            lines: lines.collect::<Result<_>>()?,
            next: last.filter(|_| page.has_more),
        })
    }

    async fn events_since(&self, since: Timestamp, after: Option<&Cursor>) -> Result<EventPage> {
        let query = json!({
            "created": { "gte": since.seconds() },
            "limit": PAGE,
            "starting_after": after.map(|cursor| cursor.0.as_str()),
        });
        let page: List<Event> = self.client.list("/v1/events", &query).await?;
        let last = page.data.last().map(|event| Cursor(event.id.clone()));
        Ok(EventPage {
            events: page.data.into_iter().map(|event| self.event(event)).collect(),
            next: last.filter(|_| page.has_more),
        })
    }

    async fn holdings(&self) -> Result<Vec<Holding>> {
        let balance: Balance = self.client.list("/v1/balance", &json!({})).await?;
        let mut holdings: Vec<Holding> = Vec::new();
        let both = balance.available.iter().map(|funds| (true, funds));
        for (available, funds) in both.chain(balance.pending.iter().map(|funds| (false, funds))) {
            let Some(money) = from_stripe(funds.amount, &funds.currency) else {
                continue;
            };
            let nothing = Money::zero(money.currency);
            let at = holdings
                .iter()
                .position(|one| one.available.currency == money.currency);
            let at = at.unwrap_or_else(|| {
                holdings.push(Holding {
                    available: nothing,
                    pending: nothing,
                });
                holdings.len() - 1
            });
            if available {
                holdings[at].available = holdings[at].available.plus(money)?;
            } else {
                holdings[at].pending = holdings[at].pending.plus(money)?;
            }
        }
        Ok(holdings)
    }
}

fn line(line: &BalanceTransaction) -> Option<Activity> {
    let source = line.source.as_ref();
    let object = source.and_then(Expandable::object);
    let payment = object.and_then(|object| object.payment_intent.as_ref());
    Some(Activity {
        theirs: line.name()?,
        kind: kind(line),
        source: source.and_then(Identified::name),
        payment: payment.and_then(Identified::name),
        ours: object
            .and_then(|object| object.metadata.as_ref())
            .and_then(attempt),
        amount: from_stripe(line.amount, &line.currency)?,
        fee: from_stripe(line.fee, &line.currency)?,
        at: Timestamp::from_seconds(line.created),
        available_at: Some(Timestamp::from_seconds(line.available_on)),
    })
}

/// Stripe's types of lines; disputes are adjustments whose category says so.
fn kind(line: &BalanceTransaction) -> ActivityKind {
    match (line.kind.as_str(), line.reporting_category.as_str()) {
        (_, "dispute") => ActivityKind::Dispute,
        (_, "dispute_reversal") => ActivityKind::DisputeReversal,
        ("charge" | "payment", _) => ActivityKind::Payment,
        ("refund" | "payment_refund", _) => ActivityKind::Refund,
        ("refund_failure" | "payment_failure_refund", _) => ActivityKind::RefundReversal,
        ("payment_reversal", _) => ActivityKind::PaymentReversal,
        ("stripe_fee" | "stripe_fx_fee" | "tax_fee" | "application_fee", _) => ActivityKind::Fee,
        (kind, _) if kind.starts_with("payout") => ActivityKind::Payout,
        (kind, _) => ActivityKind::Other(kind.chars().take(64).collect()),
    }
}
