//! All keys of an account end: when it is closed, and for good when it is erased.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::identity::Subject;

use super::records::{AccountKeys, ApiKey, CHUNK};
use super::{ApiKeys, events};
use crate::foundation::account_erasure::AccountErasure;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

#[async_trait]
impl AccountErasure for ApiKeys {
    /// All keys are revoked, for good, and no more are made.
    async fn closed_in(&self, batch: &mut Batch, subject: &Subject, source: &Source) -> Result<()> {
        let now = self.context.now();
        let mut held = self.held(subject).await?;
        let keys = &mut held.value.keys;
        let mut count = 0_usize;
        for key in keys.iter_mut().filter(|key| now < key.ends_at) {
            key.ends_at = now;
            count += 1;
        }
        held.value.all_revoked_at = Some(now);
        held.value.is_closed = true;
        batch.save(&held)?;
        if count > 0 {
            let event = Event::success(events::REVOKE_ALL, source).with("count", count);
            self.audit.append(batch, subject, &[event]).await?;
        }
        Ok(())
    }

    /// Keys can be made again. Those of before stay revoked.
    async fn reopened_in(&self, batch: &mut Batch, subject: &Subject) -> Result<()> {
        let mut held = self.held(subject).await?;
        if held.value.is_closed {
            held.value.is_closed = false;
            batch.save(&held)?;
        }
        Ok(())
    }

    /// Removes the keys themselves, which are stored under their ids. What is under the account goes with the rest, and the list
    /// of keys only behind them.
    async fn erase(&self, subject: &Subject, _: &Source) -> Result<()> {
        let held = self.held(subject).await?;
        let ids: Vec<String> = held.value.keys.iter().map(|key| key.id.to_string()).collect();
        for chunk in ids.chunks(CHUNK) {
            let mut batch = Batch::default();
            for id in chunk {
                batch.clear::<ApiKey>(id.clone(), ApiKey::SORT.into());
            }
            self.context.commit(batch).await?;
        }
        self.log.forget(subject);
        let mut batch = Batch::default();
        batch.clear::<AccountKeys>(subject.to_string(), AccountKeys::SORT.into());
        self.context.commit(batch).await
    }
}
