//! Health: one read of the balance says whether the key works, and of which mode it is.

use async_trait::async_trait;
use portcullis_ports::payments::UNAVAILABLE;
use portcullis_ports::probe::Probe;
use portcullis_ports::{Code, Kind, Result};
use serde_json::json;

use crate::payments::Stripe;
use crate::wire::Balance;

const STRIPE_ACCESS: Code = Code::new("stripe-access", Kind::Config, "Stripe refuses the secret key.");

#[async_trait]
impl Probe for Stripe {
    async fn check(&self) -> Result<String> {
        let answer = self.client.get("/v1/balance", &json!({})).await;
        let answer = answer.map_err(|error| UNAVAILABLE.error().with_source(error))?;
        match answer.status {
            200 => {}
            401 => {
                return Err(STRIPE_ACCESS.with_detail(
                    "Stripe does not know the secret key: set `secret_key` to one of the account's API keys.",
                ));
            }
            403 => {
                return Err(STRIPE_ACCESS.with_detail(
                    "The restricted key lacks the permission to read the balance: give it those that the manual lists.",
                ));
            }
            status => return Err(UNAVAILABLE.error().with_context("status", status.to_string())),
        }
        let balance: Balance =
            serde_json::from_slice(&answer.body).map_err(|error| UNAVAILABLE.error().with_source(error))?;
        if balance.livemode != self.terms.live {
            return Err(
                STRIPE_ACCESS.with_detail("The secret key is of the other mode than its prefix says.")
            );
        }
        let mode = if balance.livemode { "live" } else { "test" };
        Ok(format!("the key works, in {mode} mode"))
    }
}
