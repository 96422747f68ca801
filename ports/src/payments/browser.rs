//! What the vendor's part in the payer's browser needs.

use async_trait::async_trait;

use super::action::ClientSecret;
use super::names::VendorRef;
use crate::error::Result;

/// What everybody may know: how a page loads the vendor's part. Nothing secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserConfig {
    /// The address of the vendor's script.
    pub script: String,
    /// The key that the vendor publishes for it.
    pub public_key: String,
    /// The origins that a page must allow for scripts, frames and requests, and for no other page.
    pub origins: Vec<String>,
    /// Whether real money moves.
    pub live: bool,
}

/// What one payer's browser is allowed with, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserToken {
    /// The token.
    pub token: ClientSecret,
}

/// Equips the browser.
#[async_trait]
pub trait Browser: Send + Sync + 'static {
    /// How a page loads the vendor's part. Without I/O.
    fn config(&self) -> &BrowserConfig;

    /// What this payer's browser is allowed with; `None` where the vendor needs nothing beyond [`Browser::config`] and the
    /// secret of each payment.
    ///
    /// # Errors
    /// `payments-unavailable`.
    async fn token(&self, customer: Option<&VendorRef>) -> Result<Option<BrowserToken>>;
}
