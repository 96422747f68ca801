//! What moved on the account: its transactions, the events of its webhooks, its balances.

use async_trait::async_trait;
use portcullis_ports::money::Money;
use portcullis_ports::payments::{
    Activity, ActivityKind, ActivityPage, Cursor, EventPage, Holding, Reports, TimeSpan, UNAVAILABLE,
    VendorRef,
};
use portcullis_ports::{Result, Timestamp};

use crate::answers::code_of;
use crate::find::{PAYMENT, unreadable};
use crate::payments::PayPal;
use crate::pictures::attempt;
use crate::terms::{REPORT_SPAN, from_paypal, from_time, to_time};
use crate::wire::{Balances, Events, ReportLine, Transactions, link};

/// Lines of one page.
const PAGE: &str = "500";
/// Events of one page.
const EVENTS: &str = "100";

#[async_trait]
impl Reports for PayPal {
    async fn activity(&self, span: &TimeSpan, after: Option<&Cursor>) -> Result<ActivityPage> {
        let (page, next) = self.transactions(span, after, "Y").await?;
        let lines = page
            .transaction_details
            .iter()
            .map(|detail| &detail.transaction_info);
        // What is pending or was refused has moved nothing.
        let moved = lines.filter(|line| matches!(line.transaction_status.as_str(), "S" | "V"));
        Ok(ActivityPage {
            lines: moved
                .map(|one| line(one).ok_or_else(unreadable))
                .collect::<Result<_>>()?,
            next,
        })
    }

    async fn events_since(&self, since: Timestamp, after: Option<&Cursor>) -> Result<EventPage> {
        let first = [("start_time", to_time(since)), ("end_time", to_time(self.now()))];
        let query: Vec<(String, String)> = match after {
            // The rest of an address that PayPal gave for the next page.
            Some(Cursor(query)) => form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            None => first
                .into_iter()
                .chain([("page_size", EVENTS.to_owned())])
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        };
        let query: Vec<(&str, &str)> = query
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let page: Option<Events> = self
            .client
            .read("/v1/notifications/webhooks-events", &query)
            .await?;
        let page = page.unwrap_or_default();
        let next = link(&page.links, &["next"]).and_then(|address| address.split_once('?'));
        Ok(EventPage {
            next: next.map(|(_, query)| Cursor(query.to_owned())),
            events: page.events.into_iter().map(|event| self.event(event)).collect(),
        })
    }

    async fn holdings(&self) -> Result<Vec<Holding>> {
        let query = [("currency_code", "ALL")];
        let found: Balances = self
            .client
            .read("/v1/reporting/balances", &query)
            .await?
            .ok_or_else(unreadable)?;
        let holding = |balance: &crate::wire::Balance| {
            let total = from_paypal(balance.total_balance.as_ref()?)?;
            let available = balance
                .available_balance
                .as_ref()
                .map_or(Some(total), from_paypal)?;
            Some(Holding {
                available,
                pending: total.minus(available).ok()?,
            })
        };
        let all = found.balances.iter();
        all.map(|balance| holding(balance).ok_or_else(unreadable))
            .collect()
    }
}

/// A part of a span that PayPal answers at once, and the page of it.
#[derive(Debug, Clone, Copy)]
struct Place {
    from: Timestamp,
    to: Timestamp,
    page: u32,
}

impl PayPal {
    /// One page of what happened in a span, and where it goes on. `moving` is `Y` for what moved money alone.
    pub(crate) async fn transactions(
        &self,
        span: &TimeSpan,
        after: Option<&Cursor>,
        moving: &str,
    ) -> Result<(Transactions, Option<Cursor>)> {
        let Some(mut place) = Place::of(span, after)? else {
            return Ok((Transactions::default(), None));
        };
        let found = loop {
            let page = place.page.to_string();
            // Both ends belong to it at PayPal, whose times are whole seconds.
            let end = Timestamp::from_seconds(place.to.seconds() - 1).max(place.from);
            let query = [
                ("start_date", to_time(place.from)),
                ("end_date", to_time(end)),
                ("fields", "transaction_info".to_owned()),
                ("balance_affecting_records_only", moving.to_owned()),
                ("page_size", PAGE.to_owned()),
                ("page", page),
            ];
            let query: Vec<(&str, &str)> = query
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let answer = self.client.get("/v1/reporting/transactions", &query).await?;
            let code = code_of(&answer.body);
            let half = place.to.since(place.from) / 2;
            match answer.status {
                200 => {
                    break serde_json::from_slice::<Transactions>(&answer.body).map_err(|_| unreadable())?;
                }
                // It counts no further than ten thousand: half of the span then.
                _ if code == "RESULTSET_TOO_LARGE" && half.as_secs() > 0 => {
                    place.to = whole(place.from + half);
                }
                status => {
                    return Err(UNAVAILABLE
                        .error()
                        .with_context("why", format!("PayPal's report was refused: {status} {code}")));
                }
            }
        };
        let next = if place.page < found.total_pages {
            Some(Place {
                page: place.page + 1,
                ..place
            })
        } else {
            let end = whole(span.to);
            (place.to < end).then(|| Place::first(place.to, end))
        };
        Ok((found, next.map(Place::cursor)))
    }
}

impl Place {
    fn first(from: Timestamp, end: Timestamp) -> Self {
        let to = (from + REPORT_SPAN).min(end);
        Self { from, to, page: 1 }
    }

    fn of(span: &TimeSpan, after: Option<&Cursor>) -> Result<Option<Self>> {
        // Seconds that have begun belong to the span that follows: none is in two, and none is missed.
        let (from, end) = (whole(span.from), whole(span.to));
        let Some(Cursor(text)) = after else {
            return Ok((from < end).then(|| Self::first(from, end)));
        };
        let mut parts = text.split('-').map(str::parse::<i64>);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(Ok(from)), Some(Ok(to)), Some(Ok(page))) => Ok(Some(Self {
                from: Timestamp::from_seconds(from),
                to: Timestamp::from_seconds(to),
                page: u32::try_from(page).map_err(|_| unreadable())?,
            })),
            _ => Err(unreadable()),
        }
    }

    fn cursor(self) -> Cursor {
        Cursor(format!(
            "{}-{}-{}",
            self.from.seconds(),
            self.to.seconds(),
            self.page
        ))
    }
}

/// The next whole second.
fn whole(at: Timestamp) -> Timestamp {
    let begun = Timestamp::from_seconds(at.seconds());
    if begun == at {
        at
    } else {
        Timestamp::from_seconds(at.seconds() + 1)
    }
}

fn line(line: &ReportLine) -> Option<Activity> {
    let amount = from_paypal(line.transaction_amount.as_ref()?)?;
    // PayPal writes what it keeps as less than nothing.
    let fee = match &line.fee_amount {
        Some(fee) => from_paypal(fee)?.negated().ok()?,
        None => Money::zero(amount.currency),
    };
    let code = line.transaction_event_code.as_str();
    Some(Activity {
        // Two lines may have one id: that of a payment, and that of its reversal.
        theirs: VendorRef::parse(&format!("{}.{code}", line.transaction_id)).ok()?,
        kind: kind(code, amount),
        source: VendorRef::parse(&line.transaction_id).ok(),
        payment: None,
        ours: line.custom_field.as_deref().and_then(attempt),
        amount,
        fee,
        at: from_time(&line.transaction_initiation_date)?,
        available_at: None,
    })
}

/// PayPal's codes of transactions.
fn kind(code: &str, amount: Money) -> ActivityKind {
    match code {
        "T1107" => ActivityKind::Refund,
        "T1106" | "T1108" => ActivityKind::RefundReversal,
        "T1201" | "T1111" | "T1110" if !amount.is_positive() => ActivityKind::Dispute,
        "T1202" | "T1111" | "T1110" | "T1112" => ActivityKind::DisputeReversal,
        "T1101" | "T1114" => ActivityKind::PaymentReversal,
        _ if code.starts_with(PAYMENT) && amount.is_positive() => ActivityKind::Payment,
        _ if code.starts_with("T01") => ActivityKind::Fee,
        _ if code.starts_with("T04") => ActivityKind::Payout,
        _ => ActivityKind::Other(code.chars().take(64).collect()),
    }
}
