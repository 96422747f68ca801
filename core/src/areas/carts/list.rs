//! Reading carts: one's own alone.

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Range;

use super::commands::SearchLines;
use super::model::{CartId, CartStatus, MAX_OPEN};
use super::records::CartRecord;
use super::views::{CartItems, CartLineView, CartTotal, CartView, FoundLines};
use super::{CART_NOT_FOUND, Carts};
use crate::foundation::table::{Batch, Slot, Versioned};

/// How many of the newest carts are shown and searched.
const SHOWN: usize = 100;
/// How many lines are found where it is not said.
const USUAL: usize = 100;
/// The most lines that are found.
const MOST_FOUND: usize = 200;

impl Carts {
    /// One's carts, newest first: the newest hundred.
    pub async fn list(&self, owner: &Subject) -> Result<Vec<CartView>> {
        let carts = self.newest(owner).await?;
        Ok(carts.iter().map(|cart| CartView::of(cart)).collect())
    }

    async fn newest(&self, owner: &Subject) -> Result<Vec<Versioned<CartRecord>>> {
        let table = self.context.table::<CartRecord>();
        let carts = Range::Prefix(CartRecord::PREFIX.to_owned());
        let page = table
            .page_newest_first(owner.as_str(), carts, SHOWN, None)
            .await?;
        Ok(page.0)
    }

    /// Whether one more may be opened.
    pub(super) async fn has_room(&self, owner: &Subject) -> Result<bool> {
        let carts = self.newest(owner).await?;
        let open = carts.iter().filter(|cart| cart.status == CartStatus::Open);
        Ok(open.count() < MAX_OPEN)
    }

    /// A cart of that person, as it will be once `batch` is done.
    ///
    /// # Errors
    /// `cart-not-found`.
    pub(super) async fn cart_in(
        &self,
        batch: &Batch,
        owner: &Subject,
        id: &CartId,
    ) -> Result<Slot<CartRecord>> {
        let table = self.context.table::<CartRecord>();
        let found = table
            .found_in(batch, owner.as_str(), &CartRecord::sort(id))
            .await?;
        found.ok_or_else(|| CART_NOT_FOUND.error())
    }

    /// What is in a cart.
    ///
    /// # Errors
    /// `cart-not-found`.
    pub async fn items(&self, owner: &Subject, id: &CartId) -> Result<CartItems> {
        let cart = self.cart_in(&Batch::default(), owner, id).await?.value;
        let lines = cart.lines.iter().map(|line| CartLineView::of(&cart, line));
        Ok(CartItems {
            cart_id: cart.id.clone(),
            items: lines.collect(),
        })
    }

    /// What everything in a cart costs.
    ///
    /// # Errors
    /// `cart-not-found`.
    pub async fn total(&self, owner: &Subject, id: &CartId) -> Result<CartTotal> {
        let cart = self.cart_in(&Batch::default(), owner, id).await?.value;
        Ok(CartTotal::of(&cart))
    }

    /// What holds every word, in the newest hundred carts.
    pub async fn search(&self, owner: &Subject, command: &SearchLines) -> Result<FoundLines> {
        let limit = command.limit.unwrap_or(USUAL).clamp(1, MOST_FOUND);
        let carts = self.newest(owner).await?;
        let lines = carts.iter().flat_map(|cart| {
            let lines = cart.lines.iter().filter(|line| {
                let text = format!("{} {}", line.name, line.sku).to_lowercase();
                command.text.is_in(&text)
            });
            lines.map(|line| CartLineView::of(cart, line))
        });
        let items: Vec<CartLineView> = lines.take(limit).collect();
        Ok(FoundLines {
            count: u32::try_from(items.len()).unwrap_or(u32::MAX),
            items,
        })
    }
}
