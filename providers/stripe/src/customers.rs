//! Customers: a pseudonym of ours, and an address for receipts if the house wants them sent.

use async_trait::async_trait;
use portcullis_ports::outcome::Outcome;
use portcullis_ports::payments::{CustomerOrder, Customers, Decline, VendorRef};
use serde_json::json;

use crate::answers::Answered;
use crate::find::segment;
use crate::payments::Stripe;
use crate::wire::{CUSTOMER, Named};

#[async_trait]
impl Customers for Stripe {
    async fn create(&self, order: &CustomerOrder) -> Outcome<VendorRef, Decline> {
        let fields = json!({ "email": order.email, "metadata": { CUSTOMER: order.ours } });
        let answer = self.client.post("/v1/customers", &fields, &order.key).await;
        let done = |made: Named| VendorRef::parse(&made.id).ok().map(Outcome::Done);
        Answered::of(answer).done(&order.ours, done)
    }

    async fn remove(&self, customer: &VendorRef) -> Outcome<(), Decline> {
        let answer = self
            .client
            .delete(&format!("/v1/customers/{}", segment(customer)))
            .await;
        Answered::of(answer).outcome(
            customer.as_str(),
            |_: Named| Some(Outcome::Done(())),
            |refusal, decline| match refusal.code.as_deref() {
                Some("resource_missing") => Outcome::Done(()),
                _ => Outcome::Declined(decline),
            },
        )
    }
}
