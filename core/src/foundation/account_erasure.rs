//! What an area does when an account is closed and when it is erased, beyond what its families of records declare.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::identity::Subject;

use super::source::Source;
use super::table::Batch;

/// An area with something under way, with personal data in records that stay, or with something that a closed account has not.
#[async_trait]
pub(crate) trait AccountErasure: Send + Sync {
    /// Adds to the commit that closes an account what ends with it at once.
    ///
    /// # Errors
    /// Whatever keeps it from that: the account stays open.
    async fn closed_in(&self, _batch: &mut Batch, _subject: &Subject, _source: &Source) -> Result<()> {
        Ok(())
    }

    /// Adds to the commit that takes a closure back what is possible again.
    ///
    /// # Errors
    /// Whatever keeps it from that: the account stays closed.
    async fn reopened_in(&self, _batch: &mut Batch, _subject: &Subject) -> Result<()> {
        Ok(())
    }

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
