//! Signs histories anew that a signing key signed which is to be given up.

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;

use super::Audit;
use super::prune::{CHUNK, Histories};
use super::records::{Checkpoint, Head, Signature};
use crate::foundation::keyring::split_key_id;
use crate::foundation::table::{Batch, set_aside_unreadable};

impl Histories {
    /// Signs all histories anew that this key signed, with the one in use. What it did not sign stays as it is, also where
    /// it claims to be.
    ///
    /// # Errors
    /// Whatever the store answers. It may be done again.
    pub(crate) async fn sign_anew(&self, key: &str) -> Result<u64> {
        let mut signed = 0;
        let mut subjects = self.subjects();
        while let Some(page) = subjects.next_page().await? {
            for subject in page {
                signed += u64::from(self.audit.sign_anew(&subject, key).await?);
            }
        }
        Ok(signed)
    }
}

impl Audit {
    async fn sign_anew(&self, subject: &Subject, key: &str) -> Result<bool> {
        self.context.retried(|| self.sign_anew_once(subject, key)).await
    }

    async fn sign_anew_once(&self, subject: &Subject, key: &str) -> Result<bool> {
        let keyring = &self.context.keyring;
        let by_key = |mac: &str| split_key_id(mac).0 == key;
        let mut former = Vec::new();
        for checkpoint in self.checkpoints(subject).await?.into_values() {
            if by_key(&checkpoint.mac) && checkpoint.is_ours(keyring)? {
                former.push(checkpoint);
            }
        }
        for chunk in former.chunks(CHUNK) {
            let mut batch = Batch::default();
            for read in chunk {
                let mut checkpoint: Checkpoint = read.value.clone();
                checkpoint.sign(keyring)?;
                batch.replace(read, &checkpoint)?;
            }
            self.context.commit(batch).await?;
        }
        let heads = self.context.table::<Head>();
        let read = set_aside_unreadable(heads.find(subject.as_str(), Head::SORT).await)?;
        let read = read.filter(|head| head.mac.as_deref().is_some_and(by_key));
        let Some(read) = read else {
            return Ok(!former.is_empty());
        };
        if read.signature(keyring)? == Signature::Ours {
            let mut head = read.value.clone();
            head.sign(keyring, None)?;
            let mut batch = Batch::default();
            batch.replace(&read, &head)?;
            self.context.commit(batch).await?;
            return Ok(true);
        }
        Ok(!former.is_empty())
    }
}
