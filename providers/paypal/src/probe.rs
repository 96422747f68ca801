//! Health: one read of the webhook says whether the credentials work, and whether the webhook is of this app.

use async_trait::async_trait;
use portcullis_ports::payments::UNAVAILABLE;
use portcullis_ports::probe::Probe;
use portcullis_ports::{Code, Kind, Result};

use crate::client::NoReply;
use crate::find::segment;
use crate::payments::PayPal;

const PAYPAL_ACCESS: Code = Code::new("paypal-access", Kind::Config, "PayPal refuses the credentials.");

/// The right to read reports, as a token states it.
const REPORTS: &str = "/services/reporting/search/read";

#[async_trait]
impl Probe for PayPal {
    async fn check(&self) -> Result<String> {
        let token = match self.client.token(None).await {
            Ok(token) => token,
            Err(NoReply::NotSent(reason)) if reason.code == "key-refused" => {
                return Err(PAYPAL_ACCESS.with_detail(
                    "PayPal does not know the credentials: set `client_id` and `client_secret` to those of an app \
                     of this `mode`.",
                ));
            }
            Err(NoReply::NotSent(reason)) => {
                return Err(UNAVAILABLE.error().with_context("why", reason.detail));
            }
            Err(NoReply::Unknown) => return Err(UNAVAILABLE.error()),
        };
        let path = format!("/v1/notifications/webhooks/{}", segment(&self.webhook_id));
        let found: Option<serde_json::Value> = self.client.read(&path, &[]).await?;
        if found.is_none() {
            return Err(PAYPAL_ACCESS.with_detail(
                "The credentials work, but this app has no webhook with that id: set `webhook_id` to the id that the \
                 app shows.",
            ));
        }
        let mode = if self.terms.live { "live" } else { "sandbox" };
        let reports = if token.scope.contains(REPORTS) {
            ""
        } else {
            "; the app may not read reports: turn on Transaction Search"
        };
        Ok(format!(
            "the credentials and the webhook work, in {mode} mode{reports}"
        ))
    }
}
