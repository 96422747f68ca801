//! What a restored store takes over from the one that it replaces: all that says which credentials still count.

use std::sync::Arc;

use portcullis_ports::storage::ConnectedStore;
use portcullis_ports::{Clock, Error, Result};

use crate::areas::families;
use crate::foundation::area::Restored;
use crate::foundation::table::{Batch, Table, Versioned, decode};
use crate::services::directory::{ACCOUNTS, Account, Claim};
use crate::tools::store_copy::{Reached, StoreCopy};

/// How many accounts are read at a time.
const PAGE: usize = 500;

/// Makes passwords, proofs of addresses, and all families that are taken over, what they are in the replaced store.
pub(super) async fn take_over(
    replaced: &ConnectedStore,
    restored: &ConnectedStore,
    clock: &Arc<dyn Clock>,
) -> Result<()> {
    let copying = StoreCopy::new(replaced, restored, clock);
    let taken_over = families().filter(|family| family.restored == Restored::Replaced);
    for family in taken_over.map(|family| &family.collection) {
        copying.clear(family).await?;
        copying
            .copy(family, &mut Reached::default(), &mut |_| Ok(()))
            .await?;
    }
    take_over_accounts(replaced, restored).await
}

async fn take_over_accounts(replaced: &ConnectedStore, restored: &ConnectedStore) -> Result<()> {
    let known = Table::<Account>::new(&replaced.records);
    let mut after = None;
    loop {
        let page = restored.scan.scan(&ACCOUNTS, after.as_deref(), PAGE).await;
        let page = page.map_err(Error::from)?;
        for record in page.records {
            // What cannot be read stays as it was backed up; decoding has told of it.
            let Ok(found) = decode::<Account>(record) else {
                continue;
            };
            let newer = known.find(found.subject.as_str(), Account::SORT).await?;
            let Some(newer) = newer else {
                remove_superseded(&found, replaced, restored).await?;
                continue;
            };
            let merged = Account {
                password: newer.value.password,
                recovered_at: newer.value.recovered_at,
                email_verified_at: newer.value.email_verified_at.or(found.email_verified_at),
                ..found.value.clone()
            };
            if merged == found.value {
                continue;
            }
            let mut batch = Batch::default();
            batch.replace(&found, &merged)?;
            batch.commit(restored.records.as_ref()).await?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Removes an account of the backup that was superseded since: in the replaced store its address belongs to somebody else. One
/// that is merely missing there stays, because what was lost there may be why the backup is restored.
async fn remove_superseded(
    former: &Versioned<Account>,
    replaced: &ConnectedStore,
    restored: &ConnectedStore,
) -> Result<()> {
    let belongs_to_another = Claim::find(&replaced.records, &former.email)
        .await?
        .is_some_and(|claim| *claim.subject() != former.subject);
    if !belongs_to_another {
        return Ok(());
    }
    let mut batch = Batch::default();
    batch.remove(former);
    if let Some(own) = Claim::find(&restored.records, &former.email)
        .await?
        .filter(|claim| *claim.subject() == former.subject)
    {
        own.release_in(&mut batch);
    }
    batch.commit(restored.records.as_ref()).await
}
