//! Health: every connected plugin can say whether it is well.

use async_trait::async_trait;

use crate::error::Result;

/// Asks a dependency how it is. Cheap, without side effects, bounded by the caller's time-out.
#[async_trait]
pub trait Probe: Send + Sync + 'static {
    /// Returns a short line for the operator when all is well.
    ///
    /// # Errors
    /// What is wrong, in words that say what to do.
    async fn check(&self) -> Result<String>;
}
