//! Buying a cart: what is in stock is reserved in the commit that makes the order, and then its payment is begun.

use portcullis_ports::money::Money;
use portcullis_ports::storage::STORE_CONFLICT;
use portcullis_ports::{Error, Result};

use super::books::Changing;
use super::commands::PurchaseCart;
use super::model::{OrderEventKind, OrderStatus};
use super::records::{Buyer, OrderActor, OrderItem, OrderName, OrderRecord};
use super::runners::{OfOrder, RESERVATIONS};
use super::views::{OrderView, Purchased};
use super::{OrderId, Orders, TOO_MANY_ORDERS, events};
use crate::areas::carts::{CART_NOT_OPEN, CartId, CartLine};
use crate::areas::payments::{AMOUNT_NOT_TAKEN, CaptureMode, CreatePayment, Payer, PaymentView, Purpose};
use crate::areas::sessions::SignedIn;
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, Slot};
use crate::services::audit::Event;
use crate::services::budgets::Use;
use crate::services::idempotency::{IdempotencyKey, KeyState};

/// What keys are taken for.
const OPERATION: &str = "order";

impl Orders {
    /// Buys a cart. The same key gives the same order and the same payment, in whatever state they are by then.
    ///
    /// # Errors
    /// `cart-not-found`, `cart-not-open`, `cart-empty`, `cart-currency`; `price-changed`, which the cart has taken on by
    /// then; `item-not-found`, `out-of-stock`; `too-many-orders`; those of payments. What is refused before a vendor was asked
    /// leaves the order waiting for its payment: asked again, it goes on with it.
    pub async fn purchase(
        &self,
        who: &SignedIn,
        key: &IdempotencyKey,
        cart: &CartId,
        command: &PurchaseCart,
        source: &Source,
    ) -> Result<Purchased> {
        let owner = who.subject();
        let id = self
            .context
            .retried(|| self.place(who, key, cart, command))
            .await?;
        let order = self.books.order_in(&Batch::default(), owner, &id).await?.value;
        let payment = match &order.payment {
            Some(payment) => Some(self.payments.get(owner, payment).await?),
            None if order.status == OrderStatus::Pending => {
                Some(self.begin_or_end(who, key, &order, command, source).await?)
            }
            None => None,
        };
        let order = self.books.order_in(&Batch::default(), owner, &id).await?.value;
        Ok(Purchased {
            order: OrderView::of(&order),
            payment,
        })
    }

    /// Begins the payment. What no payment can be as much as is called off at once, so that its cart can be changed.
    async fn begin_or_end(
        &self,
        who: &SignedIn,
        key: &IdempotencyKey,
        order: &OrderRecord,
        command: &PurchaseCart,
        source: &Source,
    ) -> Result<PaymentView> {
        match self.begin(who, key, order, command, source).await {
            Err(error) if error.code() == AMOUNT_NOT_TAKEN => {
                self.end_reservation(&OfOrder::of(order)).await?;
                Err(AMOUNT_NOT_TAKEN.with_detail(error.detail().to_owned()))
            }
            other => other,
        }
    }

    async fn begin(
        &self,
        who: &SignedIn,
        key: &IdempotencyKey,
        order: &OrderRecord,
        command: &PurchaseCart,
        source: &Source,
    ) -> Result<PaymentView> {
        let keyring = &self.context.keyring;
        let key = keyring.pseudonym("order-payment", &[order.id.as_str(), key.as_str()])?;
        let key = IdempotencyKey::parse(&key).map_err(Error::internal)?;
        let payment = payment_of(&order.id, order.description(), command);
        let payer = Payer::Present(who);
        self.payments.create_for(payer, &key, &payment, source).await
    }

    /// Makes the order, or finds the one that was made.
    async fn place(
        &self,
        who: &SignedIn,
        key: &IdempotencyKey,
        cart: &CartId,
        command: &PurchaseCart,
    ) -> Result<OrderId> {
        let owner = who.subject();
        let request = (cart, command);
        let state = self.idempotency.look_up(owner, OPERATION, key, &request).await?;
        let fresh = match state {
            KeyState::Used { row } => return OrderId::parse(&row).map_err(Error::internal),
            KeyState::Fresh(fresh) => fresh,
        };
        if let Some(id) = self.carts.order_of(owner, cart).await? {
            // The same request may have made it meanwhile.
            if let KeyState::Used { row } = self.idempotency.look_up(owner, OPERATION, key, &request).await? {
                return OrderId::parse(&row).map_err(Error::internal);
            }
            // One whose payment was never begun is gone on with, paid in whatever way.
            let order = self.books.order_in(&Batch::default(), owner, &id).await?.value;
            if order.status != OrderStatus::Pending || order.payment.is_some() {
                return Err(CART_NOT_OPEN.error().member("order_id", id.to_string()));
            }
            let mut batch = Batch::default();
            self.idempotency.take(&mut batch, fresh, id.as_str())?;
            self.context.commit(batch).await?;
            return Ok(id);
        }
        self.carts.reprice(owner, cart).await?;
        let now = self.context.now();
        let id = OrderId::time_ordered(now, self.context.entropy.as_ref())?;
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, owner).await;
        self.freezes.require_thawed(&mut batch, owner).await?;
        let bought = match self.carts.buy(&mut batch, owner, cart, &id).await {
            // Somebody was faster: whoever that was is looked at again.
            Err(error) if error.code() == CART_NOT_OPEN => return Err(STORE_CONFLICT.error()),
            bought => bought?,
        };
        if bought.total.is_positive() {
            let payment = payment_of(&id, String::new(), command);
            self.payments.require_possible(who, &payment).await?;
        }
        let account = self.directory.account(owner).await?;
        let buyer = Buyer {
            display_name: account
                .as_ref()
                .and_then(|account| account.display_name.as_ref())
                .map(ToString::to_string),
            email: account.as_ref().map(|account| account.email.to_string()),
        };
        let order = OrderRecord {
            id: id.clone(),
            subject: owner.clone(),
            cart: cart.clone(),
            items: bought.lines.iter().map(OrderItem::from).collect(),
            total: bought.total,
            buyer,
            status: OrderStatus::Pending,
            holds: true,
            reserved_until: now + self.settings.reserved_for.get(),
            payment: None,
            paying: false,
            kept: false,
            paid: 0,
            refunded: 0,
            give_back: None,
            because: None,
            shipping: None,
            cancel: None,
            processor_ref: None,
            version: 0,
            events: 0,
            created_at: now,
            completed_at: None,
            reverted_at: None,
            cancelled_at: None,
            updated_at: now,
        };
        self.books.inventory.take(&mut batch, &order.quantities()).await?;
        self.write_new(&mut batch, who, order).await?;
        self.idempotency.take(&mut batch, fresh, id.as_str())?;
        let used = [Use {
            name: "orders",
            of: &[owner.as_str()],
            limit: self.settings.purchases_per_account,
        }];
        self.budgets.take_in(&mut batch, TOO_MANY_ORDERS, &used).await?;
        self.context.commit(batch).await?;
        Ok(id)
    }

    async fn write_new(&self, batch: &mut Batch, who: &SignedIn, order: OrderRecord) -> Result<()> {
        let (owner, total) = (who.subject(), order.total);
        batch.insert(&OrderName {
            order: order.id.clone(),
            subject: owner.clone(),
        })?;
        let event = Event::success(events::PURCHASED, &who.source)
            .with("cart", &order.cart)
            .with("order", &order.id)
            .with("total", total);
        self.books.audit.append(batch, owner, &[event]).await?;
        let mut changing = Changing::of(Slot::absent(order));
        changing.tell(OrderEventKind::Placed, OrderActor::Buyer, None, Some(total.minor));
        if total == Money::zero(total.currency) {
            self.books.keep(batch, &mut changing).await?;
        } else {
            let order = changing.read();
            let body = OfOrder::of(order);
            let (id, due) = (order.id.as_str(), order.reserved_until);
            self.books
                .tasks
                .plan(batch, &RESERVATIONS, id, due, &body)
                .await?;
        }
        self.books.save(batch, changing).map(drop)
    }
}

/// The payment of an order: all that it costs.
fn payment_of(order: &OrderId, description: String, command: &PurchaseCart) -> CreatePayment {
    CreatePayment {
        purpose: Purpose::Order { order: order.clone() },
        amount: None,
        currency: None,
        at_most: None,
        vendor: command.vendor.clone(),
        with: command.with.clone(),
        capture: CaptureMode::Now,
        description,
    }
}

impl From<&CartLine> for OrderItem {
    fn from(line: &CartLine) -> Self {
        Self {
            sku: line.sku.clone(),
            category: line.category.clone(),
            item: line.item.clone(),
            name: line.name.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price,
        }
    }
}
