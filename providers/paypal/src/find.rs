//! What became of an attempt: read by PayPal's name for it or for a part of it, or found by ours in the report.
//!
//! PayPal has no search for orders. The report has, hours late, every payment with what we gave along; and it says how far it
//! reaches, so that what it does not have is known not to exist.

use std::time::Duration;

use portcullis_ports::outcome::{Reason, Reference, Resolution};
use portcullis_ports::payments::{
    AttemptId, ChargeOutcome, PaymentResolution, Snapshot, Sought, TimeSpan, UNAVAILABLE, VendorRef,
};
use portcullis_ports::{Error, Result};

use crate::payments::PayPal;
use crate::pictures::{self, attempt, is_taken};
use crate::terms::{ABSENCE_AFTER, REPORT_LAG, REPORT_SPAN, from_time};
use crate::wire::{Authorization, Capture, Dispute, DisputeList, Order, ReportLine};

/// When to ask again after no answer.
const AGAIN: Duration = Duration::from_secs(15);
/// When to ask again while the report does not reach so far.
const REPORT_AGAIN: Duration = Duration::from_mins(10);
/// How far the clocks may be apart, and how long PayPal may take to act.
const SKEW: Duration = Duration::from_mins(5);
/// What the codes of payments and of authorisations begin with.
pub(crate) const PAYMENT: &str = "T00";
const AUTHORIZATION: &str = "T13";
/// The most disputes of one payment.
const DISPUTES: &str = "50";

impl PayPal {
    pub(crate) async fn lookup(&self, sought: &Sought) -> PaymentResolution {
        let found = match &sought.reference {
            Reference::Theirs(theirs) => match self.by_theirs(theirs).await {
                Ok(None) => self.sale_named(theirs, sought).await,
                found => found,
            },
            Reference::Ours(ours) => match ours.parse() {
                Ok(ours) => return self.by_ours(&ours, sought).await,
                Err(_) => Ok(None),
            },
        };
        resolution(found)
    }

    /// The complete picture of what PayPal calls so.
    pub(crate) async fn by_theirs(&self, theirs: &str) -> Result<Option<Snapshot>> {
        let Ok(theirs) = VendorRef::parse(theirs) else {
            return Ok(None);
        };
        match self.order_of(&theirs).await? {
            Some(order) => self.complete_picture(&order).await.map(Some),
            None => Ok(None),
        }
    }

    /// The order that has this name, or a part that has it.
    pub(crate) async fn order_of(&self, theirs: &VendorRef) -> Result<Option<Order>> {
        let name = segment(theirs.as_str());
        if let Some(order) = self
            .client
            .read(&format!("/v2/checkout/orders/{name}"), &[])
            .await?
        {
            return Ok(Some(order));
        }
        let capture: Option<Capture> = self
            .client
            .read(&format!("/v2/payments/captures/{name}"), &[])
            .await?;
        let whole = if let Some(capture) = capture {
            capture.supplementary_data
        } else {
            let path = format!("/v2/payments/authorizations/{name}");
            match self.client.read::<Authorization>(&path, &[]).await? {
                Some(hold) => hold.supplementary_data,
                None => return Ok(None),
            }
        };
        // Money is held or was taken: that its order is not named, or not shown, does not make it absent.
        let order = whole.related_ids.order_id.ok_or_else(unreadable)?;
        let path = format!("/v2/checkout/orders/{}", segment(&order));
        self.client
            .read(&path, &[])
            .await?
            .ok_or_else(unreadable)
            .map(Some)
    }

    /// The picture of an order with every refund, which it holds itself, and every dispute.
    pub(crate) async fn complete_picture(&self, order: &Order) -> Result<Snapshot> {
        let mut picture = self.pictures.payment(order, self.now()).ok_or_else(unreadable)?;
        let captures = order.unit().map_or(&[][..], |unit| &unit.payments.captures);
        for capture in captures.iter().filter(|capture| is_taken(capture)) {
            self.add_disputes(&mut picture, &capture.id).await?;
        }
        Ok(Snapshot {
            complete: true,
            ..picture
        })
    }

    /// Adds the disputes about a transaction to the picture of its payment.
    pub(crate) async fn add_disputes(&self, picture: &mut Snapshot, transaction: &str) -> Result<()> {
        let query = [("disputed_transaction_id", transaction), ("page_size", DISPUTES)];
        let list: Option<DisputeList> = self.client.read("/v1/customer/disputes", &query).await?;
        for item in list.unwrap_or_default().items {
            let path = format!("/v1/customer/disputes/{}", segment(&item.dispute_id));
            let dispute: Dispute = self.client.read(&path, &[]).await?.ok_or_else(unreadable)?;
            let shown = pictures::dispute(&dispute, picture.theirs.as_ref(), self.now());
            picture.disputes.push(shown.ok_or_else(unreadable)?);
        }
        Ok(())
    }

    async fn by_ours(&self, ours: &AttemptId, sought: &Sought) -> PaymentResolution {
        let later = |wait| {
            let detail = "PayPal's report does not reach so far yet";
            Resolution::CannotTell(Reason::passing("not-reported-yet", detail, wait))
        };
        let reported = sought.sent_at + REPORT_LAG + SKEW;
        if self.now() < reported {
            return later(reported.since(self.now()));
        }
        let from = sought.sent_at - SKEW;
        let span = TimeSpan {
            from,
            to: (from + REPORT_SPAN).min(self.now()),
        };
        // An order is sent again under its key for a while, and looked for by the first time it was sent: what the report
        // does not have is nowhere only once it reaches beyond the last time that counts.
        let needed = sought.sent_at.max(self.now() - ABSENCE_AFTER) + SKEW;
        let (mut after, mut is_named) = (None, false);
        loop {
            let (page, next) = match self.transactions(&span, after.as_ref(), "N").await {
                Ok(page) => page,
                Err(error) => return resolution(Err(error)),
            };
            let reaches = page.last_refreshed_datetime.as_deref().and_then(from_time);
            let lines = page
                .transaction_details
                .into_iter()
                .map(|detail| detail.transaction_info);
            let named =
                |line: &ReportLine| line.custom_field.as_deref().and_then(attempt).as_ref() == Some(ours);
            for line in lines.filter(named) {
                is_named = true;
                // What was given or taken back carries our name as well, and is no payment.
                let code = &line.transaction_event_code;
                if !code.starts_with(PAYMENT) && !code.starts_with(AUTHORIZATION) {
                    continue;
                }
                match self.by_theirs(&line.transaction_id).await {
                    Ok(None) => {}
                    found => return resolution(found),
                }
            }
            if reaches.is_none_or(|reaches| reaches < needed) {
                return later(REPORT_AGAIN);
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
        if is_named {
            let detail = "PayPal's report names this payment, and PayPal does not show it";
            return Resolution::CannotTell(Reason::passing("not-shown", detail, REPORT_AGAIN));
        }
        Resolution::Absent
    }
}

fn resolution(found: Result<Option<Snapshot>>) -> PaymentResolution {
    match found {
        Ok(Some(snapshot)) => Resolution::Found(ChargeOutcome::of(snapshot)),
        Ok(None) => Resolution::Absent,
        Err(error) => {
            let detail = error.context().iter().find(|(name, _)| *name == "why");
            let detail = detail.map_or_else(|| "PayPal did not answer".to_owned(), |(_, why)| why.clone());
            Resolution::CannotTell(Reason::passing("no-answer", detail, AGAIN))
        }
    }
}

/// A name as one part of a path.
pub(crate) fn segment(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect()
}

pub(crate) fn unreadable() -> Error {
    UNAVAILABLE
        .error()
        .with_context("why", "PayPal's answer makes no sense")
}
