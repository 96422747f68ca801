//! Lists of orders, newest first, and reading one.

use futures_util::FutureExt as _;
use futures_util::future::try_join_all;
use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Range;

use super::commands::{ListOrders, SearchOrders};
use super::records::{OrderEvent, OrderLine, OrderRecord};
use super::views::{OrderEventView, OrderEvents, OrderPage, OrderSummary, OrderView};
use super::{OrderId, Orders};
use crate::foundation::cursor::SignedCursor;
use crate::foundation::table::{Batch, PageRequest};

/// A page ends after so many orders were looked at, however few of them are wanted.
const LOOKED_AT: usize = 1_000;
/// The most orders of one page.
const PAGE: usize = 200;
/// How many a page has where it is not said.
const USUAL: usize = 25;
/// The most events that are shown, and how many where it is not said.
const EVENTS: (usize, usize) = (200, 50);

impl Orders {
    /// The orders of a person. The filter is applied before the limit.
    ///
    /// # Errors
    /// `invalid-cursor`.
    pub async fn list(&self, owner: &Subject, command: &ListOrders) -> Result<OrderPage> {
        let status = command.status.map_or("any", super::OrderStatus::as_str);
        let words = ["orders", owner.as_str(), status];
        let wanted = |order: &OrderRecord| command.status.is_none_or(|status| status == order.status);
        self.page(owner, command, &words, wanted).await
    }

    /// The orders of a person of which every word is known.
    ///
    /// # Errors
    /// `invalid-cursor`.
    pub async fn search(&self, owner: &Subject, command: &SearchOrders) -> Result<OrderPage> {
        let words = ["order-search", owner.as_str(), command.text.as_str()];
        let wanted = |order: &OrderRecord| command.text.is_in(&known(order));
        self.page(owner, &command.part, &words, wanted).await
    }

    async fn page(
        &self,
        owner: &Subject,
        command: &ListOrders,
        words: &[&str],
        wanted: impl Fn(&OrderRecord) -> bool + Send + Sync,
    ) -> Result<OrderPage> {
        let keyring = &self.context.keyring;
        let after = command.cursor.as_ref();
        let request = PageRequest {
            partitions: &[owner.to_string()],
            range: Range::Prefix(OrderRecord::PREFIX.to_owned()),
            after: after.map(|cursor| cursor.place(keyring, words)).transpose()?,
            limit: command.limit.unwrap_or(USUAL).clamp(1, PAGE),
            looked_at: LOOKED_AT,
        };
        let show = |order: &OrderRecord| wanted(order).then(|| OrderSummary::of(order));
        let page = self
            .context
            .table::<OrderRecord>()
            .filtered_page(request, show)
            .await?;
        let next = page.next.map(|place| SignedCursor::sign(keyring, words, place));
        Ok(OrderPage {
            orders: page.items,
            next: next.transpose()?,
        })
    }

    /// The orders of whomever that need an operator, newest first: paid and not shipped, to be called off, or over and
    /// their money not given back.
    ///
    /// # Errors
    /// `invalid-cursor`.
    pub async fn open(&self, command: &ListOrders) -> Result<OrderPage> {
        let keyring = &self.context.keyring;
        let words = ["orders-open"];
        let after = command.cursor.as_ref();
        let request = PageRequest {
            partitions: &OrderLine::lists(),
            range: Range::All,
            after: after.map(|cursor| cursor.place(keyring, &words)).transpose()?,
            limit: command.limit.unwrap_or(USUAL).clamp(1, PAGE),
            looked_at: LOOKED_AT,
        };
        let show = |lines: Vec<OrderLine>| self.of_lines(lines, command).boxed();
        let page = self
            .context
            .table::<OrderLine>()
            .joined_page(request, show)
            .await?;
        let next = page.next.map(|place| SignedCursor::sign(keyring, &words, place));
        Ok(OrderPage {
            orders: page.items,
            next: next.transpose()?,
        })
    }

    async fn of_lines(
        &self,
        lines: Vec<OrderLine>,
        command: &ListOrders,
    ) -> Result<Vec<Option<OrderSummary>>> {
        let table = self.context.table::<OrderRecord>();
        let read = lines.iter().map(async |line| {
            let found = table
                .find(line.subject.as_str(), &OrderRecord::sort(&line.order))
                .await?;
            let wanted = found.filter(|order| command.status.is_none_or(|status| status == order.status));
            Ok(wanted.map(|order| OrderSummary::of(&order)))
        });
        try_join_all(read).await
    }

    /// An order of that person.
    ///
    /// # Errors
    /// `order-not-found`.
    pub async fn get(&self, owner: &Subject, id: &OrderId) -> Result<OrderView> {
        let order = self.books.order_in(&Batch::default(), owner, id).await?;
        Ok(OrderView::of(&order.value))
    }

    /// An order of whomever, for operators.
    ///
    /// # Errors
    /// `order-not-found`.
    pub async fn show(&self, id: &OrderId) -> Result<OrderView> {
        let owner = self.owner(id).await?;
        self.get(&owner, id).await
    }

    /// What happened to an order, oldest first.
    ///
    /// # Errors
    /// `order-not-found`.
    pub async fn events(&self, owner: &Subject, id: &OrderId, limit: Option<usize>) -> Result<OrderEvents> {
        self.get(owner, id).await?;
        let (most, usual) = EVENTS;
        let limit = limit.unwrap_or(usual).clamp(1, most);
        let table = self.context.table::<OrderEvent>();
        let range = Range::Prefix(OrderEvent::prefix(id));
        let (found, _) = table.page(owner.as_str(), range, limit, None).await?;
        Ok(OrderEvents {
            txn_id: id.clone(),
            events: found
                .iter()
                .map(|event| OrderEventView::from(&event.value))
                .collect(),
        })
    }
}

/// What is searched of an order, in lower case.
fn known(order: &OrderRecord) -> String {
    let mut words = vec![
        order.id.to_string(),
        order.status.as_str().to_owned(),
        order.cart.to_string(),
    ];
    for item in &order.items {
        words.push(item.name.to_string());
        words.push(item.sku.to_string());
    }
    if let Some(shipping) = &order.shipping {
        let said = [&shipping.carrier, &shipping.tracking_number, &shipping.address];
        words.extend(said.into_iter().flatten().map(ToString::to_string));
    }
    if let Some(cancel) = &order.cancel {
        let said = [&cancel.reason, &cancel.note];
        words.extend(said.into_iter().flatten().map(ToString::to_string));
    }
    words.extend(order.processor_ref.iter().map(ToString::to_string));
    words.join("\n").to_lowercase()
}
