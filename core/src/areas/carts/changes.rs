//! Opening carts, and putting items into them and out again.

use portcullis_ports::money::{Currency, Money};
use portcullis_ports::{Error, Result};

use super::commands::{AddCatalogLine, AddLine};
use super::model::{CartId, CartStatus, MAX_LINES, MAX_OPEN, MAX_QUANTITY, Sku};
use super::records::{CartLine, CartRecord};
use super::views::{CartLineView, CartView, Deleted};
use super::{
    CART_CURRENCY, CART_LIMIT, CART_NOT_FOUND, CART_NOT_OPEN, Carts, LINE_NOT_FOUND, NOT_IN_CATALOG,
    PRICE_CHANGED, events,
};
use crate::areas::api_keys::Asking;
use crate::areas::catalog::{ITEM_NOT_FOUND, SoldItem};
use crate::foundation::event_kind::EventKind;
use crate::foundation::input::refused;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

impl Carts {
    /// Opens a cart.
    ///
    /// # Errors
    /// `cart-limit`.
    pub async fn open(&self, who: &impl Asking) -> Result<CartView> {
        let owner = who.subject();
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, owner).await;
                if !self.has_room(owner).await? {
                    return Err(CART_LIMIT.with_detail(format!("There are {MAX_OPEN} open carts.")));
                }
                let now = self.context.now();
                let cart = CartRecord {
                    id: CartId::time_ordered(now, self.context.entropy.as_ref())?,
                    subject: owner.clone(),
                    status: CartStatus::Open,
                    currency: Currency::parse("USD").map_err(Error::internal)?,
                    lines: Vec::new(),
                    order: None,
                    created_at: now,
                    updated_at: now,
                };
                batch.insert(&cart)?;
                let event = Event::success(events::STARTED, who.source()).with("cart", &cart.id);
                self.audit.append(&mut batch, owner, &[event]).await?;
                self.context.commit(batch).await?;
                Ok(CartView::of(&cart))
            })
            .await
    }

    /// Throws a cart away, also one that was bought: its order stays.
    ///
    /// # Errors
    /// `cart-not-found`.
    pub async fn delete(&self, who: &impl Asking, id: &CartId) -> Result<Deleted> {
        let owner = who.subject();
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, owner).await;
                let table = self.context.table::<CartRecord>();
                let cart = table.find(owner.as_str(), &CartRecord::sort(id)).await?;
                batch.remove(&cart.ok_or_else(|| CART_NOT_FOUND.error())?);
                let event = Event::success(events::DELETED, who.source()).with("cart", id);
                self.audit.append(&mut batch, owner, &[event]).await?;
                self.context.commit(batch).await?;
                Ok(Deleted { deleted: true })
            })
            .await
    }

    /// Puts an item into a cart, at the price of the catalog.
    ///
    /// # Errors
    /// Those of [`AddCatalogLine`].
    pub async fn add(
        &self,
        who: &impl Asking,
        id: &CartId,
        command: &AddCatalogLine,
    ) -> Result<CartLineView> {
        let item = self
            .inventory
            .find(&command.category_id, &command.item_id)
            .await?;
        let item = item.ok_or_else(|| ITEM_NOT_FOUND.error())?;
        self.put(who, id, &item, command.quantity.unwrap_or(1)).await
    }

    /// The same by a sku.
    ///
    /// # Errors
    /// Those of [`AddLine`].
    pub async fn add_by_sku(
        &self,
        who: &impl Asking,
        id: &CartId,
        command: &AddLine,
    ) -> Result<CartLineView> {
        let foreign = || {
            NOT_IN_CATALOG
                .error()
                .with_field("/sku", "`catalog:` and the id of an item is expected.")
        };
        let item = command.sku.item().ok_or_else(foreign)?;
        let item = self.inventory.named(&item).await.map_err(|error| {
            if error.code() == ITEM_NOT_FOUND {
                foreign()
            } else {
                error
            }
        })?;
        if let Some(price) = command
            .unit_price_cents
            .filter(|price| *price != item.price.minor)
        {
            return Err(price_changed(&item, Money::new(price, item.price.currency)));
        }
        self.put(who, id, &item, command.quantity.unwrap_or(1)).await
    }

    async fn put(&self, who: &impl Asking, id: &CartId, item: &SoldItem, more: u32) -> Result<CartLineView> {
        if !(1..=MAX_QUANTITY).contains(&more) {
            return Err(refused("/quantity", "1 to 1000 are expected"));
        }
        let sku = Sku::of(&item.id);
        let what = (events::ITEM_ADDED, &sku);
        let changed = self.change(who, id, what, |cart| {
            if cart.lines.is_empty() {
                cart.currency = item.price.currency;
            }
            if cart.currency != item.price.currency {
                return Err(CART_CURRENCY.error());
            }
            let at = match cart.lines.binary_search_by(|line| line.sku.cmp(&sku)) {
                Ok(at) => at,
                Err(_) if cart.lines.len() >= MAX_LINES => {
                    return Err(CART_LIMIT.with_detail(format!("The cart holds {MAX_LINES} items.")));
                }
                Err(at) => {
                    cart.lines.insert(
                        at,
                        CartLine {
                            sku: sku.clone(),
                            category: item.category.clone(),
                            item: item.id.clone(),
                            name: item.name.clone(),
                            quantity: 0,
                            unit_price: item.price.minor,
                        },
                    );
                    at
                }
            };
            let line = &mut cart.lines[at];
            let quantity = line.quantity.saturating_add(more);
            if quantity > MAX_QUANTITY {
                let held = line.quantity;
                return Err(CART_LIMIT
                    .with_detail(format!(
                        "The cart holds {held} of it already, and {MAX_QUANTITY} at most."
                    ))
                    .with_field("/quantity", "Less is expected."));
            }
            line.quantity = quantity;
            line.name = item.name.clone();
            line.unit_price = item.price.minor;
            line.category = item.category.clone();
            Ok(())
        });
        let line = changed.await?;
        line.ok_or_else(|| Error::internal("an item was put into a cart and is not there"))
    }

    /// Sets how many pieces of an item a cart holds; none takes it out. Gives the item as it is in the cart then.
    ///
    /// # Errors
    /// Those of [`super::SetQuantity`]; `invalid-request`.
    pub async fn set_quantity(
        &self,
        who: &impl Asking,
        id: &CartId,
        sku: &Sku,
        quantity: u32,
    ) -> Result<Option<CartLineView>> {
        if quantity > MAX_QUANTITY {
            return Err(refused("/quantity", "0 to 1000 are expected"));
        }
        let event = if quantity == 0 {
            events::ITEM_REMOVED
        } else {
            events::QUANTITY_SET
        };
        self.change(who, id, (event, sku), |cart| set(cart, sku, |_| quantity))
            .await
    }

    /// Takes so many pieces of an item out of a cart.
    ///
    /// # Errors
    /// Those of [`super::RemoveLine`]; `invalid-request`.
    pub async fn take_out(&self, who: &impl Asking, id: &CartId, sku: &Sku, less: u32) -> Result<Deleted> {
        if less == 0 {
            return Err(refused("/decrement", "at least 1 is expected"));
        }
        let changed = self.change(who, id, (events::ITEM_REMOVED, sku), |cart| {
            set(cart, sku, |held| held.saturating_sub(less))
        });
        Ok(Deleted {
            deleted: changed.await?.is_none(),
        })
    }

    /// Changes a cart that is open.
    async fn change(
        &self,
        who: &impl Asking,
        id: &CartId,
        (event, sku): (EventKind, &Sku),
        change: impl Fn(&mut CartRecord) -> Result<()> + Sync,
    ) -> Result<Option<CartLineView>> {
        let owner = who.subject();
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, owner).await;
                let mut slot = self.cart_in(&batch, owner, id).await?;
                let cart = &mut slot.value;
                if cart.status != CartStatus::Open {
                    return Err(CART_NOT_OPEN.error());
                }
                change(cart)?;
                cart.updated_at = self.context.now();
                let line = cart.lines.iter().find(|line| line.sku == *sku);
                let line = line.map(|line| CartLineView::of(cart, line));
                batch.save(&slot)?;
                let quantity = line.as_ref().map_or(0, |line| line.quantity);
                let event = Event::success(event, who.source())
                    .with("cart", id)
                    .with("sku", sku)
                    .with("quantity", quantity);
                self.audit.append(&mut batch, owner, &[event]).await?;
                self.context.commit(batch).await?;
                Ok(line)
            })
            .await
    }
}

fn set(cart: &mut CartRecord, sku: &Sku, quantity: impl Fn(u32) -> u32) -> Result<()> {
    let line = cart.lines.iter_mut().find(|line| line.sku == *sku);
    let line = line.ok_or_else(|| LINE_NOT_FOUND.error())?;
    line.quantity = quantity(line.quantity);
    cart.lines.retain(|line| line.quantity > 0);
    Ok(())
}

/// Says that the catalog has another price than was seen.
pub(super) fn price_changed(item: &SoldItem, before: Money) -> Error {
    PRICE_CHANGED
        .with_detail(format!("{} costs {} now, not {before}.", item.name, item.price))
        .member("item_id", item.id.to_string())
        .member("price_before", before.minor.to_string())
        .member("price", item.price.minor.to_string())
}
