//! Data keys in use for sealing: one per purpose, for a number of secrets and for a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis_ports::Timestamp;
use tokio::sync::Mutex as Turn;

use crate::data_key::DataKey;

/// The data keys in use.
pub(crate) struct Sealing {
    seals: u32,
    lifetime: Duration,
    purposes: Mutex<BTreeMap<String, Arc<Turn<Option<InUse>>>>>,
}

struct InUse {
    key: Arc<DataKey>,
    since: Timestamp,
    left: u32,
}

impl Sealing {
    pub(crate) fn new(seals: u32, lifetime: Duration) -> Self {
        Self {
            seals,
            lifetime,
            purposes: Mutex::default(),
        }
    }

    /// The data key for one more secret; `make` is asked for another where there is none that may be used. Whoever
    /// comes meanwhile waits for that one.
    pub(crate) async fn key<E>(
        &self,
        purpose: &str,
        now: Timestamp,
        make: impl AsyncFnOnce() -> Result<DataKey, E>,
    ) -> Result<(Arc<DataKey>, bool), E> {
        let turn = self.turn(purpose);
        let mut in_use = turn.lock().await;
        if let Some(kept) = in_use.as_mut()
            && kept.left > 0
            && is_fresh(kept.since, now, self.lifetime)
        {
            kept.left -= 1;
            return Ok((Arc::clone(&kept.key), false));
        }
        *in_use = None;
        let key = Arc::new(make().await?);
        *in_use = Some(InUse {
            key: Arc::clone(&key),
            since: now,
            left: self.seals.saturating_sub(1),
        });
        Ok((key, true))
    }

    fn turn(&self, purpose: &str) -> Arc<Turn<Option<InUse>>> {
        let mut purposes = self.purposes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = purposes.get(purpose) {
            return Arc::clone(turn);
        }
        Arc::clone(purposes.entry(purpose.to_owned()).or_default())
    }
}

/// Whether what began then may still be used. A clock that was set back makes it old.
pub(crate) fn is_fresh(since: Timestamp, now: Timestamp, lifetime: Duration) -> bool {
    since <= now && now.since(since) < lifetime
}
