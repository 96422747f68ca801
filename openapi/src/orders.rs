//! Orders: a cart is bought, and what became of that; what operators decide about it.

use std::sync::Arc;

use poem::http::HeaderValue;
use poem::http::header::LINK;
use poem::{IntoResponse, Response};
use poem_openapi::param::Path;
use poem_openapi::registry::{MetaHeader, MetaResponses, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, OpenApi};
use portcullis_core::App;
use portcullis_core::api_keys::Asking as _;
use portcullis_core::carts::CartId;
use portcullis_core::catalog::SearchText;
use portcullis_core::cursor::SignedCursor;
use portcullis_core::orders::{
    ListOrders, OrderEvents, OrderId, OrderPage, OrderStatus, OrderSummary, OrderView, ReadOrder,
    RequestCancel, SearchOrders, ShipOrder,
};
use portcullis_core::payments::PaymentView;
use portcullis_ports::identity::Subject;

use crate::answer::{Answer, Answered};
use crate::auth::{LiveSession, OperatorSession, Support, Viewer};
use crate::body::Body;
use crate::dto::{BareList, BuyCart, CompleteOrder, OrderPurchase, RespondCancel, RevertOrder};
use crate::idempotency_key::KeyHeader;
use crate::key_scopes::{OrdersRead, SessionOrKey};
use crate::problem::Refusal;
use crate::query::Query;
use crate::tags::Tag;

pub(crate) struct OrdersApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(OrdersApi);

#[OpenApi(tag = "Tag::Orders")]
impl OrdersApi {
    /// Buy a cart
    ///
    /// What is in stock is reserved in the commit that makes the order, and its payment is begun: `payment.next_action` says
    /// what the payer does next. Charged is what the catalog asks for at that moment: with `price-changed` the cart has taken
    /// on the new prices, and asking again accepts them. The same `Idempotency-Key` answers with the same order and payment. A
    /// payment that is declined ends the order and opens the cart again.
    #[oai(
        path = "/ui/shoppingcart/carts/:cart_id/purchase",
        method = "post",
        operation_id = "purchase_cart"
    )]
    async fn purchase(
        &self,
        session: LiveSession,
        /// As in the list.
        cart_id: Path<CartId>,
        /// What the client calls this intent, best a random UUID: sent again it buys nothing a second time.
        #[oai(name = "Idempotency-Key")]
        key: KeyHeader,
        body: Body<BuyCart>,
    ) -> Result<Answer<OrderPurchase>, Refusal<BuyCart>> {
        let command = body.0.command()?;
        let who = &session.who;
        let purchased = self
            .app
            .orders
            .purchase(who, &key.0, &cart_id.0, &command, &who.source)
            .await?;
        let refusal = purchased.payment.as_ref().and_then(PaymentView::refusal);
        match refusal {
            Some(refusal) => Err(refusal.into()),
            None => Ok(Answer(OrderPurchase::of(purchased))),
        }
    }

    /// List orders
    ///
    /// One's own, newest first. The filter is applied before the limit; the header `Link` names the next page.
    #[oai(
        path = "/ui/purchase-history/transactions",
        method = "get",
        operation_id = "list_orders"
    )]
    async fn list(
        &self,
        requester: SessionOrKey<OrdersRead>,
        /// Only those that stand there.
        status: Query<Option<OrderStatus>>,
        /// As in the `Link` of the page before.
        cursor: Query<Option<SignedCursor>>,
        /// How many orders at most; 25 where it is not said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<usize>>,
    ) -> Result<Paged, Refusal<ListOrders>> {
        let command = asked(status, cursor, limit);
        let page = self.app.orders.list(requester.who.subject(), &command).await?;
        Ok(Paged::of(page, &command, None))
    }

    /// Search orders
    ///
    /// One's own in which every word stands: in ids, names, shipping, reasons and remarks.
    #[oai(
        path = "/ui/purchase-history/transactions/search",
        method = "get",
        operation_id = "search_orders"
    )]
    async fn search(
        &self,
        requester: SessionOrKey<OrdersRead>,
        /// The words: 1 to 200 characters; everything is found without them.
        q: Query<Option<SearchText>>,
        /// As in the `Link` of the page before, with the same words.
        cursor: Query<Option<SignedCursor>>,
        /// How many orders at most; 100 where it is not said.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<usize>>,
    ) -> Result<Paged, Refusal<SearchOrders>> {
        let command = SearchOrders {
            text: q.0.unwrap_or_default(),
            part: ListOrders {
                status: None,
                cursor: cursor.0,
                limit: Some(limit.0.unwrap_or(100)),
            },
        };
        let page = self.app.orders.search(requester.who.subject(), &command).await?;
        Ok(Paged::of(page, &command.part, Some(&command.text)))
    }

    /// Read an order
    #[oai(
        path = "/ui/purchase-history/transactions/:txn_id",
        method = "get",
        operation_id = "read_order"
    )]
    async fn read(
        &self,
        requester: SessionOrKey<OrdersRead>,
        /// As in the list.
        txn_id: Path<OrderId>,
    ) -> Answered<OrderView, ReadOrder> {
        let order = self.app.orders.get(requester.who.subject(), &txn_id.0);
        Ok(Answer(order.await?))
    }

    /// Read what happened to an order
    ///
    /// Oldest first.
    #[oai(
        path = "/ui/purchase-history/transactions/:txn_id/events",
        method = "get",
        operation_id = "read_order_events"
    )]
    async fn events(
        &self,
        requester: SessionOrKey<OrdersRead>,
        /// As in the list.
        txn_id: Path<OrderId>,
        /// How many events at most; 50 where it is not said.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<usize>>,
    ) -> Answered<OrderEvents, ReadOrder> {
        let events = self
            .app
            .orders
            .events(requester.who.subject(), &txn_id.0, limit.0);
        Ok(Answer(events.await?))
    }

    /// Ask for an order to be called off
    ///
    /// An operator answers. Until then the order stays reserved or sold.
    #[oai(
        path = "/ui/purchase-history/transactions/:txn_id/cancel/request",
        method = "post",
        operation_id = "request_order_cancel"
    )]
    async fn request_cancel(
        &self,
        session: LiveSession,
        /// As in the list.
        txn_id: Path<OrderId>,
        body: Body<RequestCancel>,
    ) -> Answered<OrderView, RequestCancel> {
        let order = self.app.orders.request_cancel(&session.who, &txn_id.0, &body.0);
        Ok(Answer(order.await?))
    }

    /// Answer whether an order is called off
    ///
    /// As an operator, with a fresh step-up. What was paid of one that is called off is given back.
    #[oai(
        path = "/ui/purchase-history/transactions/:txn_id/cancel/respond",
        method = "post",
        operation_id = "respond_order_cancel"
    )]
    async fn respond(
        &self,
        operator: OperatorSession<Support>,
        /// As in the list.
        txn_id: Path<OrderId>,
        body: Body<RespondCancel>,
    ) -> Answered<OrderView, RespondCancel> {
        let (decision, version) = body.0.decision();
        let order = self
            .app
            .orders
            .decide(&operator.who, &txn_id.0, &decision, version);
        Ok(Answer(order.await?))
    }

    /// Write down how an order is shipped
    ///
    /// As an operator. What is left out stays as it is.
    #[oai(
        path = "/ui/purchase-history/transactions/:txn_id/shipping",
        method = "put",
        operation_id = "ship_order"
    )]
    async fn ship(
        &self,
        operator: OperatorSession<Support>,
        /// As in the list.
        txn_id: Path<OrderId>,
        body: Body<ShipOrder>,
    ) -> Answered<OrderView, ShipOrder> {
        let order = self.app.orders.ship(&operator.who, &txn_id.0, &body.0);
        Ok(Answer(order.await?))
    }

    /// Complete an order
    ///
    /// As an operator, with a fresh step-up. Only one that is paid: payments pay, nobody's word.
    #[oai(
        path = "/ui/purchase-history/transactions/:txn_id/complete",
        method = "post",
        operation_id = "complete_order"
    )]
    async fn complete(
        &self,
        operator: OperatorSession<Support>,
        /// As in the list.
        txn_id: Path<OrderId>,
        body: Body<CompleteOrder>,
    ) -> Answered<OrderView, CompleteOrder> {
        let (decision, version) = body.0.decision();
        let order = self
            .app
            .orders
            .decide(&operator.who, &txn_id.0, &decision, version);
        Ok(Answer(order.await?))
    }

    /// Give the money of an order back
    ///
    /// As an operator, with a fresh step-up. The order is reverted once all its money is given back.
    #[oai(
        path = "/ui/purchase-history/transactions/:txn_id/revert",
        method = "post",
        operation_id = "revert_order"
    )]
    async fn revert(
        &self,
        operator: OperatorSession<Support>,
        /// As in the list.
        txn_id: Path<OrderId>,
        body: Body<RevertOrder>,
    ) -> Answered<OrderView, RevertOrder> {
        let (decision, version) = body.0.decision();
        let order = self
            .app
            .orders
            .decide(&operator.who, &txn_id.0, &decision, version);
        Ok(Answer(order.await?))
    }

    /// List the orders that need an operator
    ///
    /// Whoever's: paid and not shipped, to be called off, or over and their money not given back. Newest first.
    #[oai(
        path = "/api/operator/orders",
        method = "get",
        operation_id = "list_open_orders"
    )]
    async fn open(
        &self,
        _operator: OperatorSession<Viewer>,
        /// Only those that stand there.
        status: Query<Option<OrderStatus>>,
        /// As in the `Link` of the page before.
        cursor: Query<Option<SignedCursor>>,
        /// How many orders at most; 25 where it is not said.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<usize>>,
    ) -> Result<Paged, Refusal<ListOrders>> {
        let command = asked(status, cursor, limit);
        let page = self.app.orders.open(&command).await?;
        Ok(Paged::of(page, &command, None))
    }

    /// Read anybody's order
    #[oai(
        path = "/api/operator/orders/:txn_id",
        method = "get",
        operation_id = "read_any_order"
    )]
    async fn show(
        &self,
        _operator: OperatorSession<Viewer>,
        /// As in the list.
        txn_id: Path<OrderId>,
    ) -> Answered<OrderView, ReadOrder> {
        Ok(Answer(self.app.orders.show(&txn_id.0).await?))
    }

    /// List the orders of a customer
    ///
    /// Newest first.
    #[oai(
        path = "/api/operator/billing/customers/:user_sub/orders",
        method = "get",
        operation_id = "list_customer_orders"
    )]
    async fn list_of(
        &self,
        _operator: OperatorSession<Viewer>,
        /// The stable name of the account.
        user_sub: Path<Subject>,
        /// Only those that stand there.
        status: Query<Option<OrderStatus>>,
        /// As in the `Link` of the page before.
        cursor: Query<Option<SignedCursor>>,
        /// How many orders at most; 25 where it is not said.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<usize>>,
    ) -> Result<Paged, Refusal<ListOrders>> {
        let command = asked(status, cursor, limit);
        let page = self.app.orders.list(&user_sub.0, &command).await?;
        Ok(Paged::of(page, &command, None))
    }
}

/// Which part of a list is asked for.
fn asked(
    status: Query<Option<OrderStatus>>,
    cursor: Query<Option<SignedCursor>>,
    limit: Query<Option<usize>>,
) -> ListOrders {
    ListOrders {
        status: status.0,
        cursor: cursor.0,
        limit: limit.0,
    }
}

/// A page of orders, whose header `Link` names the next one (RFC 8288).
pub(crate) struct Paged {
    answer: Answer<BareList<OrderSummary>>,
    next: Option<String>,
}

impl Paged {
    fn of(page: OrderPage, command: &ListOrders, words: Option<&SearchText>) -> Self {
        let next = page.next.map(|cursor| {
            let limit = command.limit.map(|limit| ("limit", limit.to_string()));
            let status = command
                .status
                .map(|status| ("status", status.as_str().to_owned()));
            let words = words.map(|words| ("q", words.to_string()));
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("cursor", cursor.as_str())
                .extend_pairs([limit, status, words].into_iter().flatten())
                .finish();
            format!("<?{query}>; rel=\"next\"")
        });
        Self {
            answer: Answer(BareList(page.orders)),
            next,
        }
    }
}

impl IntoResponse for Paged {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        let link = self.next.and_then(|next| HeaderValue::try_from(next).ok());
        if let Some(link) = link {
            response.headers_mut().insert(LINK, link);
        }
        response
    }
}

impl ApiResponse for Paged {
    fn meta() -> MetaResponses {
        let mut meta = <Answer<BareList<OrderSummary>> as ApiResponse>::meta();
        for response in &mut meta.responses {
            response.headers.push(MetaHeader {
                name: "Link".to_owned(),
                description: Some("The next page, with `rel=\"next\"`; left out on the last one.".to_owned()),
                required: false,
                deprecated: false,
                schema: String::schema_ref(),
            });
        }
        meta
    }

    fn register(registry: &mut Registry) {
        <Answer<BareList<OrderSummary>> as ApiResponse>::register(registry);
    }
}
