//! What a restored store takes over from the one that it replaces: all that says which credentials still count.

use std::sync::Arc;

use portcullis_ports::storage::{Collection, ConnectedStore};
use portcullis_ports::{Clock, Error, Result};

use crate::areas::accounts::{ACCOUNTS, Account};
use crate::areas::{factors, recovery_codes};
use crate::foundation::table::{Batch, Table, decode};
use crate::services::epochs::EPOCHS;
use crate::services::{outbox, sms_spend, suppressions};
use crate::tools::store_copy::{Copying, Reached};

/// Families that are taken over whole. Records of accounts that the backup does not know do no harm: no subject is given
/// out twice.
const FAMILIES: [Collection; 8] = [
    EPOCHS,
    factors::EMAIL,
    factors::SMS,
    factors::TOTP,
    recovery_codes::RECOVERY_CODES,
    suppressions::SUPPRESSIONS,
    // Which vendors' events were applied: one that is repeated must not undo a suppression.
    outbox::OUTBOX_RECEIPTS,
    sms_spend::SMS_SPEND,
];
/// How many accounts are read at a time.
const PAGE: usize = 500;

/// Makes passwords, proofs of addresses, factors, recovery codes, suppressions, what text messages cost today and the epochs of persons what they are in the replaced store.
pub(super) async fn carry_over(
    replaced: &ConnectedStore,
    restored: &ConnectedStore,
    clock: &Arc<dyn Clock>,
) -> Result<()> {
    let copying = Copying::new(replaced, restored, clock);
    for family in &FAMILIES {
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
