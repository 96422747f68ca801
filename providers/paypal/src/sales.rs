//! Payments of subscriptions, which PayPal shows and gives back by the first version of its interface.
//!
//! A sale does not name its refunds: those are read that we know, and the one that an event named.

use portcullis_ports::Result;
use portcullis_ports::Timestamp;
use portcullis_ports::money::{Currency, Money};
use portcullis_ports::outcome::Outcome;
use portcullis_ports::payments::{
    DeclineClass, Failure, PaymentStatus, RefundOrder, RefundOutcome, RefundSnapshot, RefundStatus, Snapshot,
    Sought, VendorRef,
};
use serde_json::json;

use crate::answers::Answered;
use crate::client::Body;
use crate::find::{segment, unreadable};
use crate::payments::PayPal;
use crate::terms::{from_paypal, from_time, to_paypal};
use crate::wire::{self, OldAmount, Sale, SaleRefund};

/// An amount as the first version writes it; `None` if it is none of ours.
fn money(amount: &OldAmount) -> Option<Money> {
    from_paypal(&wire::Money {
        currency_code: amount.currency.clone(),
        value: amount.total.clone(),
    })
}

/// An amount as the first version reads it.
fn written(amount: Money) -> serde_json::Value {
    let written = to_paypal(amount);
    json!({ "currency": written["currency_code"], "total": written["value"] })
}

impl PayPal {
    /// The sale of that name.
    pub(crate) async fn sale(&self, name: &str) -> Result<Option<Sale>> {
        self.client
            .read(&format!("/v1/payments/sale/{}", segment(name)), &[])
            .await
    }

    async fn sale_refund(&self, name: &str) -> Result<Option<SaleRefund>> {
        self.client
            .read(&format!("/v1/payments/refund/{}", segment(name)), &[])
            .await
    }

    /// The picture of the sale that is called so, or of which a refund is.
    pub(crate) async fn sale_named(&self, name: &str, sought: &Sought) -> Result<Option<Snapshot>> {
        let mut refunds = Vec::new();
        let sale = if let Some(sale) = self.sale(name).await? {
            sale
        } else {
            let Some(refund) = self.sale_refund(name).await? else {
                return Ok(None);
            };
            let sale = refund.sale_id.clone().ok_or_else(unreadable)?;
            refunds.push(refund);
            self.sale(&sale).await?.ok_or_else(unreadable)?
        };
        let known = sought.known.iter().flat_map(|known| &known.refunds);
        for theirs in known.filter_map(|refund| refund.theirs.as_ref()) {
            if refunds.iter().any(|read| read.id == theirs.as_str()) {
                continue;
            }
            refunds.extend(self.sale_refund(theirs.as_str()).await?);
        }
        let mut picture = self.sold(&sale).ok_or_else(unreadable)?;
        let ours = |theirs: &VendorRef| {
            let mut known = sought.known.iter().flat_map(|known| &known.refunds);
            let found = known.find(|refund| refund.theirs.as_ref() == Some(theirs));
            found.map(|refund| refund.id.clone())
        };
        for refund in &refunds {
            let mut shown = given_back(refund, &sale.id, self.now()).ok_or_else(unreadable)?;
            shown.ours = ours(&shown.theirs);
            picture.refunds.push(shown);
        }
        self.add_disputes(&mut picture, &sale.id).await?;
        Ok(Some(picture))
    }

    /// A sale as a payment.
    fn sold(&self, sale: &Sale) -> Option<Snapshot> {
        let amount = money(&sale.amount)?;
        let nothing = Money::zero(amount.currency);
        let (status, captured) = match sale.state.as_str() {
            "completed" | "partially_refunded" | "refunded" => (PaymentStatus::Succeeded, amount),
            "denied" => (PaymentStatus::Failed, nothing),
            _ => (PaymentStatus::Processing, nothing),
        };
        let failed = status == PaymentStatus::Failed;
        let failure = failed.then(|| {
            let detail = "PayPal or the payer's bank refused it";
            Failure::new(DeclineClass::OtherMethod, "denied", detail)
        });
        Some(Snapshot {
            theirs: Some(VendorRef::parse(&sale.id).ok()?),
            ours: None,
            tag: None,
            customer: None,
            status,
            amount,
            capturable: nothing,
            captured,
            capture_before: None,
            action: None,
            refunds: Vec::new(),
            disputes: Vec::new(),
            // A refund at PayPal's desk is known by its event alone.
            complete: false,
            fee: sale.transaction_fee.as_ref().and_then(|fee| {
                let currency = Currency::parse(&fee.currency).ok()?;
                Money::parse(&fee.value, currency).ok()
            }),
            method: None,
            failure,
            created_at: from_time(&sale.create_time).unwrap_or(self.now()),
            at: self.now(),
            live: self.pictures.live,
            account: self.pictures.account.clone(),
        })
    }

    /// Gives money of a sale back.
    pub(crate) async fn refund_sale(&self, sale: &Sale, order: &RefundOrder) -> RefundOutcome {
        let body = json!({
            "amount": written(order.amount.get()),
            "invoice_number": order.id.as_str(),
        });
        let path = format!("/v1/payments/sale/{}/refund", segment(&sale.id));
        let answer = self.client.post(&path, Body::Json(body), Some(&order.key)).await;
        let done = |refund: SaleRefund| {
            let shown = given_back(&refund, &sale.id, self.now())?;
            Some(RefundOutcome::of(RefundSnapshot {
                ours: Some(order.id.clone()),
                ..shown
            }))
        };
        Answered::of(answer).outcome(order.id.as_str(), done, |_, decline| Outcome::Declined(decline))
    }
}

fn given_back(refund: &SaleRefund, sale: &str, at: Timestamp) -> Option<RefundSnapshot> {
    let status = match refund.state.as_str() {
        "completed" => RefundStatus::Succeeded,
        "failed" => RefundStatus::Failed,
        "cancelled" => RefundStatus::Canceled,
        _ => RefundStatus::Pending,
    };
    let gone = matches!(status, RefundStatus::Failed | RefundStatus::Canceled);
    Some(RefundSnapshot {
        theirs: VendorRef::parse(&refund.id).ok()?,
        ours: None,
        payment: VendorRef::parse(sale).ok(),
        status,
        amount: money(&refund.amount)?,
        failure: gone.then(|| {
            let detail = "PayPal could not give the money back";
            Failure::new(DeclineClass::OurSide, refund.state.clone(), detail)
        }),
        created_at: from_time(&refund.create_time).unwrap_or(at),
        at,
    })
}
