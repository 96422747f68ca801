//! Leases: a record of a queue is moved into the future by whoever works on it, and comes back if that worker dies.

use portcullis_ports::{Result, Timestamp};

use crate::foundation::context::Context;
use crate::foundation::table::{Batch, Stored, Versioned};

/// A record whose key follows from when it is due.
pub(crate) trait QueueRecord: Stored + Clone {
    /// The same with that end of its lease.
    fn until(&self, due: Timestamp) -> Self;

    /// As it is stored at another place than the one it was planned for.
    fn moved(self) -> Self {
        self
    }

    /// Adds to a batch whatever else says where it is.
    ///
    /// # Errors
    /// If it cannot be written.
    fn moved_in(&self, _batch: &mut Batch) -> Result<()> {
        Ok(())
    }
}

/// Puts `leased`, which is due when the lease ends, in place of the record that was read.
///
/// # Errors
/// `store-conflict` if another worker was faster.
pub(crate) async fn lease<R: QueueRecord>(context: &Context, read: &Versioned<R>, leased: &R) -> Result<()> {
    let mut batch = Batch::default();
    move_in(&mut batch, read, leased)?;
    context.commit(batch).await
}

/// Makes the lease on a record end at `until` instead, and gives the record as it is then; nothing if another worker has
/// it by now.
pub(crate) async fn renew<R: QueueRecord>(
    context: &Context,
    leased: &R,
    until: Timestamp,
    is_ours: impl Fn(&R) -> bool,
) -> Result<Option<R>> {
    let (partition, sort) = leased.key();
    // Somebody may write down a wish meanwhile, which takes no lease away.
    let renewing = context.retried(|| async {
        let found = context.table::<R>().find(&partition, &sort).await?;
        let Some(held) = found.filter(|held| is_ours(held)) else {
            return Ok(None);
        };
        let renewed = held.until(until);
        lease(context, &held, &renewed).await?;
        Ok(Some(renewed))
    });
    renewing.await
}

/// Adds to a batch that a record goes to another place in its queue.
pub(crate) fn move_in<R: QueueRecord>(batch: &mut Batch, read: &Versioned<R>, moved: &R) -> Result<()> {
    let moved = moved.clone().moved();
    // It may come due at the very moment at which the lease would have ended.
    if read.value.key() == moved.key() {
        batch.replace(read, &moved)?;
    } else {
        batch.remove(read);
        batch.insert(&moved)?;
    }
    moved.moved_in(batch)
}
