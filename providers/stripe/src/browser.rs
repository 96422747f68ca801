//! Stripe's part in the browser: its script and the key that it takes.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::payments::{Browser, BrowserConfig, BrowserToken, VendorRef};

use crate::payments::Stripe;

#[async_trait]
impl Browser for Stripe {
    fn config(&self) -> &BrowserConfig {
        &self.browser
    }

    async fn token(&self, _: Option<&VendorRef>) -> Result<Option<BrowserToken>> {
        Ok(None)
    }
}
