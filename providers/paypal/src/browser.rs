//! PayPal's part in the browser: its script, which takes cards for the vault.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::payments::{Browser, BrowserConfig, BrowserToken, VendorRef};

use crate::payments::PayPal;

#[async_trait]
impl Browser for PayPal {
    fn config(&self) -> &BrowserConfig {
        &self.browser
    }

    async fn token(&self, _: Option<&VendorRef>) -> Result<Option<BrowserToken>> {
        Ok(None)
    }
}
