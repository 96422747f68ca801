//! What orders do with carts: buy one, and open it again if it is not paid.

use portcullis_ports::identity::Subject;
use portcullis_ports::money::Money;
use portcullis_ports::{Error, Result};

use super::changes::price_changed;
use super::model::{CartId, CartStatus};
use super::records::{CartLine, CartRecord};
use super::{CART_CURRENCY, CART_EMPTY, CART_NOT_OPEN, Carts};
use crate::areas::catalog::ITEM_NOT_FOUND;
use crate::areas::payments::OrderId;
use crate::foundation::table::Batch;

/// What is bought.
#[derive(Debug, Clone)]
pub(crate) struct Bought {
    pub(crate) lines: Vec<CartLine>,
    pub(crate) total: Money,
}

impl Carts {
    /// The order for what is in a cart, if it was bought.
    ///
    /// # Errors
    /// `cart-not-found`.
    pub(crate) async fn order_of(&self, owner: &Subject, id: &CartId) -> Result<Option<OrderId>> {
        Ok(self.cart_in(&Batch::default(), owner, id).await?.value.order)
    }

    /// Has a cart take on the prices of the catalog, in a commit of its own: who asks again has seen them.
    ///
    /// # Errors
    /// `price-changed` with the first item that costs something else than was seen; `item-not-found` with what is not
    /// offered any more; `cart-currency`; `cart-not-found`.
    pub(crate) async fn reprice(&self, owner: &Subject, id: &CartId) -> Result<()> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, owner).await;
                let mut slot = self.cart_in(&batch, owner, id).await?;
                let cart = &mut slot.value;
                if cart.status != CartStatus::Open {
                    return Ok(());
                }
                let mut changed: Option<Error> = None;
                for line in &mut cart.lines {
                    let item = self.inventory.find(&line.category, &line.item).await?;
                    let gone =
                        || ITEM_NOT_FOUND.with_detail(format!("{} is not offered any more.", line.name));
                    let item = item.ok_or_else(|| gone().member("item_id", line.item.to_string()))?;
                    if item.price.currency != cart.currency {
                        return Err(CART_CURRENCY.error().member("item_id", line.item.to_string()));
                    }
                    if item.price.minor != line.unit_price {
                        let before = Money::new(line.unit_price, cart.currency);
                        changed.get_or_insert_with(|| price_changed(&item, before));
                        line.unit_price = item.price.minor;
                    }
                }
                let Some(changed) = changed else { return Ok(()) };
                cart.updated_at = self.context.now();
                batch.save(&slot)?;
                self.context.commit(batch).await?;
                Err(changed)
            })
            .await
    }

    /// Adds to a commit that a cart is bought by an order.
    ///
    /// # Errors
    /// `cart-not-found`, `cart-not-open`, `cart-empty`.
    pub(crate) async fn buy(
        &self,
        batch: &mut Batch,
        owner: &Subject,
        id: &CartId,
        order: &OrderId,
    ) -> Result<Bought> {
        let mut slot = self.cart_in(batch, owner, id).await?;
        let cart = &mut slot.value;
        if cart.status != CartStatus::Open {
            return Err(CART_NOT_OPEN.error());
        }
        if cart.lines.is_empty() {
            return Err(CART_EMPTY.error());
        }
        cart.status = CartStatus::Purchased;
        cart.order = Some(order.clone());
        cart.updated_at = self.context.now();
        let bought = Bought {
            lines: cart.lines.clone(),
            total: cart.total(),
        };
        batch.save(&slot)?;
        Ok(bought)
    }

    /// Adds to a commit that a cart is open again, if it is there and was bought by that order.
    pub(crate) async fn reopen(
        &self,
        batch: &mut Batch,
        owner: &Subject,
        id: &CartId,
        order: &OrderId,
    ) -> Result<()> {
        let table = self.context.table::<CartRecord>();
        let found = table
            .found_in(batch, owner.as_str(), &CartRecord::sort(id))
            .await?;
        let of_order = |cart: &CartRecord| cart.order.as_ref() == Some(order);
        let Some(mut slot) = found.filter(|slot| of_order(&slot.value)) else {
            return Ok(());
        };
        slot.value.status = CartStatus::Open;
        slot.value.order = None;
        slot.value.updated_at = self.context.now();
        batch.save(&slot)
    }
}
