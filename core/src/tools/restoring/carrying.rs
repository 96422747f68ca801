//! What a restored store takes over from the one that it replaces: all that says which credentials still count.

use std::sync::Arc;

use portcullis_ports::storage::ConnectedStore;
use portcullis_ports::{Clock, Error, Result};

use crate::areas::families;
use crate::foundation::area::Restored;
use crate::foundation::table::{Batch, Table, decode};
use crate::services::directory::{ACCOUNTS, Account};
use crate::tools::store_copy::{Reached, StoreCopy};

/// How many accounts are read at a time.
const PAGE: usize = 500;

/// Makes passwords, proofs of addresses, and all families that are taken over, what they are in the replaced store.
pub(super) async fn carry_over(
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
    carry_passwords_over(replaced, restored).await
}

async fn carry_passwords_over(replaced: &ConnectedStore, restored: &ConnectedStore) -> Result<()> {
    let known = Table::<Account>::new(&replaced.records);
    let mut after = None;
    loop {
        let page = restored.scan.scan(&ACCOUNTS, after.as_deref(), PAGE).await;
        let page = page.map_err(Error::from)?;
        for record in page.records {
            let found = decode::<Account>(record)?;
            let newer = known.find(found.subject.as_str(), Account::SORT).await?;
            let Some(newer) = newer else { continue };
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
