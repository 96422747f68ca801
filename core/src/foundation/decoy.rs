//! Work that is done so that the time of an answer tells nothing: writes of the same number and size that mean nothing.

use std::time::Duration;

use portcullis_ports::storage::Collection;
use portcullis_ports::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::table::{Batch, Stored};

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[Family::new(DECOYS, Personal::Nobody, &[shape::<Decoy>("decoy")])],
    ..Area::EMPTY
};

/// How long a decoy stays.
const LIFE: Duration = Duration::from_mins(1);

/// Writes that stand for others. They are in the table of the counters, which are written in the same commits.
pub(crate) const DECOYS: Collection = Collection {
    name: "decoys",
    table: "budgets",
    variable: "DDB_SESSIONS_TABLE",
};

/// A record that stands for nothing.
#[derive(Serialize, Deserialize)]
struct Decoy {
    key: String,
    sort: String,
    filling: String,
    until: Timestamp,
}

impl Stored for Decoy {
    const COLLECTION: Collection = DECOYS;

    fn key(&self) -> (String, String) {
        (self.key.clone(), self.sort.clone())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

/// Reads one record and adds it to the batch changed, as if it were the one of `about` for `what`. Two that do this at
/// once collide, as two that do the real work would.
pub(crate) async fn change(context: &Context, batch: &mut Batch, what: &str, about: &str) -> Result<()> {
    let key = context.keyring.pseudonym("decoy", &[what, about])?;
    let until = context.now() + LIFE;
    let empty = || Decoy {
        key: key.clone(),
        sort: "head".into(),
        filling: "0".repeat(100),
        until,
    };
    let mut slot = context.table::<Decoy>().slot(&key, "head", empty).await?;
    slot.value.until = until;
    batch.save(&slot)
}

/// Adds records of these sizes to the batch that take the place of the former ones about the same.
pub(crate) fn overwrite(
    context: &Context,
    batch: &mut Batch,
    what: &str,
    about: &str,
    sizes: &[usize],
) -> Result<()> {
    let key = context.keyring.pseudonym("decoy", &[what, about])?;
    for (at, bytes) in sizes.iter().enumerate() {
        batch.overwrite(&Decoy {
            key: format!("{key}-{at}"),
            sort: "head".into(),
            filling: "0".repeat(*bytes),
            until: context.now() + LIFE,
        })?;
    }
    Ok(())
}

/// Adds new records of these sizes to the batch.
pub(crate) fn insert(context: &Context, batch: &mut Batch, sizes: &[usize]) -> Result<()> {
    // Beside each other, as records are whose ids grow with time: a store writes whole pages.
    let now = context.now();
    for bytes in sizes {
        batch.insert(&Decoy {
            key: format!("decoy-{:013}-{}", now.millis(), context.random_text()?),
            sort: "new".into(),
            filling: "0".repeat(*bytes),
            until: now + LIFE,
        })?;
    }
    Ok(())
}
