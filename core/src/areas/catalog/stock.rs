//! Stock: taken in the commit of who sells it, and put back in that of who does not after all.

use portcullis_ports::identity::Subject;
use portcullis_ports::{Error, Result};

use super::model::{CategoryId, ItemId};
use super::records::{Bought, ItemRecord};
use super::{ITEM_NOT_FOUND, Inventory, OUT_OF_STOCK};
use crate::foundation::table::Batch;

/// So many pieces of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemQuantity<'a> {
    pub(crate) category: &'a CategoryId,
    pub(crate) item: &'a ItemId,
    pub(crate) quantity: u32,
}

impl Inventory {
    /// Takes all pieces from stock, or none: whoever gets an error drops the commit.
    ///
    /// # Errors
    /// `item-not-found`; `out-of-stock` with the first item of which less is left.
    pub(crate) async fn take(&self, batch: &mut Batch, pieces: &[ItemQuantity<'_>]) -> Result<()> {
        match self.lacking(batch, pieces).await? {
            Some(refusal) => Err(refusal),
            None => self.move_all(batch, pieces, u32::saturating_sub).await,
        }
    }

    /// Takes all pieces from stock if there are enough of each, and says whether it did.
    pub(crate) async fn try_take(&self, batch: &mut Batch, pieces: &[ItemQuantity<'_>]) -> Result<bool> {
        if self.lacking(batch, pieces).await?.is_some() {
            return Ok(false);
        }
        self.move_all(batch, pieces, u32::saturating_sub).await?;
        Ok(true)
    }

    /// Puts pieces back, as far as their items are still offered.
    pub(crate) async fn put_back(&self, batch: &mut Batch, pieces: &[ItemQuantity<'_>]) -> Result<()> {
        self.move_all(batch, pieces, u32::saturating_add).await
    }

    /// Why not all of them can be taken.
    async fn lacking(&self, batch: &Batch, pieces: &[ItemQuantity<'_>]) -> Result<Option<Error>> {
        let table = self.context.table::<ItemRecord>();
        for piece in pieces {
            let partition = ItemRecord::partition(piece.category);
            let Some(item) = table.found_in(batch, &partition, piece.item.as_str()).await? else {
                let refusal = ITEM_NOT_FOUND.with_detail(format!("{} is not offered any more.", piece.item));
                return Ok(Some(refusal.member("item_id", piece.item.to_string())));
            };
            if let Some(left) = item.value.stock.filter(|left| *left < piece.quantity) {
                let name = &item.value.name;
                let refusal = OUT_OF_STOCK.with_detail(format!("{left} of {name} are left."));
                let refusal = refusal.member("item_id", piece.item.to_string());
                return Ok(Some(refusal.member("left", left.to_string())));
            }
        }
        Ok(None)
    }

    async fn move_all(
        &self,
        batch: &mut Batch,
        pieces: &[ItemQuantity<'_>],
        moved: impl Fn(u32, u32) -> u32,
    ) -> Result<()> {
        let table = self.context.table::<ItemRecord>();
        for piece in pieces {
            let partition = ItemRecord::partition(piece.category);
            let found = table.found_in(batch, &partition, piece.item.as_str()).await?;
            let Some(mut slot) = found else { continue };
            if let Some(left) = slot.value.stock {
                slot.value.stock = Some(moved(left, piece.quantity));
                batch.save(&slot)?;
            }
        }
        Ok(())
    }

    /// Writes down that somebody bought these items.
    pub(crate) fn bought(batch: &mut Batch, buyer: &Subject, items: &[ItemQuantity<'_>]) -> Result<()> {
        for piece in items {
            batch.overwrite(&Bought {
                item: piece.item.clone(),
                buyer: buyer.clone(),
            })?;
        }
        Ok(())
    }
}
