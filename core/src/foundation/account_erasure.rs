//! What an area does when an account is erased, beyond what its families of records declare.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::identity::Subject;

use super::source::Source;

/// An area with something under way, or with personal data in records that stay.
#[async_trait]
pub(crate) trait AccountErasure: Send + Sync {
    /// Ends what goes on for a person by itself, and says whether nothing is under way any more. It is called again until it is,
    /// within limits.
    ///
    /// # Errors
    /// Whatever keeps it from that: it is tried again.
    async fn wind_down(&self, _subject: &Subject, _source: &Source) -> Result<bool> {
        Ok(true)
    }

    /// Takes away what tells who it was. Called again, it goes on where it was interrupted.
    ///
    /// # Errors
    /// Whatever keeps it from that: it is tried again.
    async fn erase(&self, _subject: &Subject, _source: &Source) -> Result<()> {
        Ok(())
    }
}
