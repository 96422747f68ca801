//! What ends when a store is restored from a backup, before anybody uses it: all that the backup would bring back to life.
//!
//! A backup knows nothing of what was ended, used up or removed after it was made. The store that it replaces does, if it
//! can still be read; where it cannot, what the backup says about single use counts for less.

mod takeover;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use portcullis_ports::storage::{ConnectedStore, RecordStore, Replaced, RestoreHook};
use portcullis_ports::{Clock, Entropy, Result};

use crate::App;
use crate::areas::families;
use crate::foundation::area::Restored;
use crate::foundation::keyring::take_over_signing_keys;
use crate::foundation::table::Batch;
use crate::services::epochs::{EndReason, Epochs};
use crate::tools::store_copy::StoreCopy;

/// What became of the knowledge that the replaced store had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Knowledge {
    /// Passwords, factors, recovery codes and suppressions are as they were in it.
    CarriedOver,
    /// There was no store.
    NothingThere,
    /// It could not be read, and why.
    Unreadable(String),
    /// It belongs to another root secret, or the root secret was sealed anew since the backup.
    OtherDeployment,
    /// The operator did not want it.
    Ignored,
}

/// Ends in a restored store what must not come back to life.
pub struct RestoreTool {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    ignore_replaced: bool,
    knowledge: OnceLock<Knowledge>,
}

impl RestoreTool {
    /// `ignore_replaced` leaves out what the replaced store knows, for whoever restores because it is wrong.
    pub fn new(clock: &Arc<dyn Clock>, entropy: &Arc<dyn Entropy>, ignore_replaced: bool) -> Self {
        Self {
            clock: Arc::clone(clock),
            entropy: Arc::clone(entropy),
            ignore_replaced,
            knowledge: OnceLock::new(),
        }
    }

    /// What became of the knowledge of the replaced store, once that is decided.
    pub fn knowledge(&self) -> Option<&Knowledge> {
        self.knowledge.get()
    }

    async fn take_over(&self, restored: &ConnectedStore, replaced: &Replaced) -> Result<Knowledge> {
        let replaced = match replaced {
            _ if self.ignore_replaced => return Ok(Knowledge::Ignored),
            Replaced::Nothing => return Ok(Knowledge::NothingThere),
            Replaced::Unreadable(why) => return Ok(Knowledge::Unreadable(why.clone())),
            Replaced::Readable(replaced) => replaced,
        };
        if !take_over_signing_keys(&restored.records, &replaced.records).await? {
            return Ok(Knowledge::OtherDeployment);
        }
        takeover::take_over(replaced, restored, &self.clock).await?;
        Ok(Knowledge::CarriedOver)
    }
}

#[async_trait]
impl RestoreHook for RestoreTool {
    async fn prepare(&self, restored: &ConnectedStore, replaced: &Replaced) -> Result<()> {
        let knowledge = self.take_over(restored, replaced).await?;
        clear_pending(restored, &self.clock).await?;
        let uses_lost = knowledge != Knowledge::CarriedOver;
        let store: &Arc<dyn RecordStore> = &restored.records;
        let mut batch = Batch::default();
        let (now, entropy) = (self.clock.now(), self.entropy.as_ref());
        let of = (store, now, entropy);
        Epochs::end_everybody_in(&mut batch, of, EndReason::BackupRestored, uses_lost).await?;
        batch.commit(store.as_ref()).await?;
        // Decided once: a hook prepares one copy.
        self.knowledge.get_or_init(|| knowledge);
        Ok(())
    }
}

/// Deletes what waits for a code or a link.
async fn clear_pending(store: &ConnectedStore, clock: &Arc<dyn Clock>) -> Result<u64> {
    let clearing = StoreCopy::new(store, store, clock);
    let mut cleared = 0;
    for family in families().filter(|family| family.restored == Restored::Nothing) {
        cleared += clearing.clear(&family.collection).await?;
    }
    Ok(cleared)
}

impl App {
    /// Ends the sessions, access tokens and open challenges of everybody. It is one write, and every node knows within a
    /// second.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn end_all_sessions(&self) -> Result<()> {
        self.end_everybody(EndReason::AllEnded, false).await
    }

    /// Does to a store that was restored by other means what a restore of ours does to the copy, without the knowledge of
    /// a replaced store. No node may use it meanwhile. It may be repeated.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn mark_restored(&self, store: &ConnectedStore) -> Result<()> {
        self.end_everybody(EndReason::BackupRestored, true).await?;
        let cleared = clear_pending(store, self.clock()).await?;
        tracing::info!(cleared, "pending codes and links were removed");
        Ok(())
    }

    async fn end_everybody(&self, reason: EndReason, uses_lost: bool) -> Result<()> {
        let context = &self.context;
        context
            .retried(|| async {
                let mut batch = Batch::default();
                let of = (&context.store, context.now(), context.entropy.as_ref());
                Epochs::end_everybody_in(&mut batch, of, reason, uses_lost).await?;
                context.commit(batch).await
            })
            .await
    }
}
