//! What CCBill posts: everything as text, members' passwords among it, signed by nobody.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use md5::{Digest as _, Md5};
use portcullis_ports::Timestamp;
use portcullis_ports::simulation::Posted;
use serde_json::json;

use super::datalink::written;
use super::state::State;
use super::{ACCOUNT, SALT, SUBACCOUNT, Simulator, WEBHOOK_TOKEN};
use crate::arizona;

/// What goes wrong with one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryFault {
    /// It comes twice.
    Duplicate,
    /// It comes after the next one.
    Reorder,
    /// It does not come.
    Drop,
    /// It is about another subaccount.
    OtherSubaccount,
    /// Its digest is of another salt.
    WrongDigest,
    /// It is of a kind that nobody knows.
    UnknownType,
}

/// Something that happened to a sale.
pub(super) struct Event {
    kind: &'static str,
    subscription: String,
    transaction: String,
    hundredths: i64,
    at: Timestamp,
}

impl State {
    /// Something happened to a sale: it is to be posted.
    pub(super) fn emit(&mut self, kind: &'static str, subscription: &str, hundredths: i64) {
        let transaction = self.number();
        self.emit_as(kind, subscription, hundredths, transaction);
    }

    /// The same under the name of a transaction that the extract has.
    pub(super) fn emit_as(
        &mut self,
        kind: &'static str,
        subscription: &str,
        hundredths: i64,
        transaction: String,
    ) {
        let event = Event {
            kind,
            subscription: subscription.to_owned(),
            transaction,
            hundredths,
            at: self.now,
        };
        self.queue.push_back(event);
    }

    fn fields(&self, event: &Event, fault: Option<DeliveryFault>) -> BTreeMap<String, String> {
        let sale = self.sales.get(&event.subscription);
        let subaccount = if fault == Some(DeliveryFault::OtherSubaccount) {
            SUBACCOUNT + 1
        } else {
            SUBACCOUNT
        };
        let mut fields: BTreeMap<String, String> = [
            ("clientAccnum", ACCOUNT.to_string()),
            ("clientSubacc", format!("{subaccount:04}")),
            ("timestamp", spaced(&arizona::digits(event.at))),
            ("subscriptionId", event.subscription.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let mut add = |name: &str, value: String| fields.insert(name.to_owned(), value);
        if event.kind == "Cancellation" {
            add("reason", "Requested".to_owned());
            add("source", "API".to_owned());
            return fields;
        }
        if event.kind == "Expiration" {
            return fields;
        }
        add("transactionId", event.transaction.clone());
        for (name, value) in [
            ("cardType", "VISA"),
            ("last4", "4242"),
            ("bin", "424242"),
            ("expDate", "1234"),
        ] {
            add(name, value.to_owned());
        }
        add("paymentAccount", "693a3b8d0d888c3d04800000004bacd".to_owned());
        let day = |at: Timestamp| spaced(&arizona::digits(at)).chars().take(10).collect::<String>();
        let next = sale
            .and_then(|sale| sale.recurring)
            .map(|recurring| day(recurring.next));
        if event.kind == "RenewalSuccess" {
            add("billedAmount", written(event.hundredths));
            add("billedCurrency", "USD".to_owned());
            add("renewalDate", day(event.at));
            add("nextRenewalDate", next.unwrap_or_default());
            return fields;
        }
        if event.kind == "RenewalFailure" {
            add("renewalDate", day(event.at));
            add("nextRetryDate", next.unwrap_or_default());
            add("failureReason", "Insufficient Funds".to_owned());
            add("failureCode", "BE-140".to_owned());
            return fields;
        }
        if !event.kind.ends_with("SaleSuccess") {
            add("amount", written(event.hundredths));
            add("currency", "USD".to_owned());
            add("reason", "Customer request".to_owned());
            return fields;
        }
        for (name, value) in [
            ("firstName", "Ada"),
            ("lastName", "Lovelace"),
            ("email", "ada@example.com"),
            ("username", "ada"),
            ("password", "member-password"),
            ("paymentType", "CREDIT"),
            ("initialPeriod", "30"),
        ] {
            add(name, value.to_owned());
        }
        let currency = sale.map_or(840, |sale| sale.currency);
        add("billedInitialPrice", written(event.hundredths));
        add("billedCurrencyCode", format!("{currency:03}"));
        let keyed = if fault == Some(DeliveryFault::WrongDigest) {
            "another salt"
        } else {
            SALT
        };
        if event.kind == "NewSaleSuccess" {
            let digest = Md5::digest(format!("{}1{keyed}", event.subscription).as_bytes());
            add("dynamicPricingValidationDigest", HEXLOWER.encode(&digest));
        } else {
            add("originalSubscriptionId", "0".to_owned());
        }
        for (name, value) in sale.into_iter().flat_map(|sale| &sale.passed) {
            add(&format!("X-{name}"), value.clone());
        }
        fields
    }
}

/// `2026-11-27 13:05:00`, from fourteen digits.
fn spaced(digits: &str) -> String {
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let (date, time) = (
        [part(0, 4), part(4, 6), part(6, 8)],
        [part(8, 10), part(10, 12), part(12, 14)],
    );
    format!("{} {}", date.join("-"), time.join(":"))
}

impl Simulator {
    /// The next delivery meets this fault, behind those already scripted.
    pub fn will_deliver(&self, fault: DeliveryFault) {
        self.state().delivery_faults.push_back(fault);
    }

    /// What is to be posted now, oldest first.
    pub fn deliver(&self) -> Vec<Posted> {
        let mut state = self.state();
        let (mut out, mut held): (Vec<Posted>, Option<Posted>) = (Vec::new(), None);
        while let Some(event) = state.queue.pop_front() {
            let fault = state.delivery_faults.pop_front();
            let fields = state.fields(&event, fault);
            let kind = if fault == Some(DeliveryFault::UnknownType) {
                "SculptureUnveiled"
            } else {
                event.kind
            };
            let (media_type, body) = if state.forms {
                let form = form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(&fields)
                    .finish();
                ("application/x-www-form-urlencoded", form)
            } else {
                ("application/json", json!(fields).to_string())
            };
            let delivery = Posted {
                url: Some(format!(
                    "/{WEBHOOK_TOKEN}?clientAccnum={ACCOUNT}&clientSubacc={SUBACCOUNT:04}&eventType={kind}&eventGroupType=Subscription"
                )),
                headers: vec![("content-type".to_owned(), media_type.to_owned())],
                body: body.into_bytes(),
            };
            match fault {
                Some(DeliveryFault::Drop) => {}
                Some(DeliveryFault::Reorder) => held = Some(delivery),
                Some(DeliveryFault::Duplicate) => out.extend([delivery.clone(), delivery]),
                _ => out.push(delivery),
            }
            if fault != Some(DeliveryFault::Reorder) {
                out.extend(held.take());
            }
        }
        out.extend(held);
        out
    }
}
