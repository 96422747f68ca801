//! Carts: one's own, filled from the catalog.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::api_keys::Asking as _;
use portcullis_core::carts::{
    AddCatalogLine, AddLine, CartId, CartItems, CartLineView, CartTotal, CartView, DeleteCart, Deleted,
    FoundLines, OpenCart, ReadCart, RemoveLine, SearchLines, SetQuantity, Sku,
};
use portcullis_core::catalog::SearchText;

use crate::answer::{Answer, Answered};
use crate::body::Body;
use crate::dto::{BareList, ChangedLine};
use crate::key_scopes::{CartsRead, CartsWrite, SessionOrKey};
use crate::query::Query;
use crate::tags::Tag;

pub(crate) struct CartsApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(CartsApi);

#[OpenApi(tag = "Tag::Orders")]
impl CartsApi {
    /// List carts
    ///
    /// One's own, newest first: the newest hundred.
    #[oai(path = "/ui/shoppingcart/carts", method = "get", operation_id = "list_carts")]
    async fn list(&self, requester: SessionOrKey<CartsRead>) -> Answered<BareList<CartView>> {
        let carts = self.app.carts.list(requester.who.subject()).await?;
        Ok(Answer(BareList(carts)))
    }

    /// Open a cart
    #[oai(path = "/ui/shoppingcart/carts", method = "post", operation_id = "open_cart")]
    async fn open(&self, requester: SessionOrKey<CartsWrite>) -> Answered<CartView, OpenCart> {
        Ok(Answer(self.app.carts.open(&requester.who).await?))
    }

    /// Throw a cart away
    ///
    /// Also one that was bought: its order stays.
    #[oai(
        path = "/ui/shoppingcart/carts/:cart_id",
        method = "delete",
        operation_id = "delete_cart"
    )]
    async fn delete(
        &self,
        requester: SessionOrKey<CartsWrite>,
        /// As in the list.
        cart_id: Path<CartId>,
    ) -> Answered<Deleted, DeleteCart> {
        Ok(Answer(self.app.carts.delete(&requester.who, &cart_id.0).await?))
    }

    /// List what is in a cart
    #[oai(
        path = "/ui/shoppingcart/carts/:cart_id/items",
        method = "get",
        operation_id = "list_cart_items"
    )]
    async fn items(
        &self,
        requester: SessionOrKey<CartsRead>,
        /// As in the list.
        cart_id: Path<CartId>,
    ) -> Answered<CartItems, ReadCart> {
        let items = self.app.carts.items(requester.who.subject(), &cart_id.0);
        Ok(Answer(items.await?))
    }

    /// Search what is in carts
    ///
    /// Lines in whose name or sku every word stands, in the newest hundred carts.
    #[oai(
        path = "/ui/shoppingcart/carts/items/search",
        method = "get",
        operation_id = "search_cart_items"
    )]
    async fn search(
        &self,
        requester: SessionOrKey<CartsRead>,
        /// The words: 1 to 200 characters; everything is found without them.
        q: Query<Option<SearchText>>,
        /// How many lines at most; 100 where it is not said.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<usize>>,
    ) -> Answered<FoundLines> {
        let command = SearchLines {
            text: q.0.unwrap_or_default(),
            limit: limit.0,
        };
        let found = self.app.carts.search(requester.who.subject(), &command);
        Ok(Answer(found.await?))
    }

    /// Put an item into a cart by its sku
    ///
    /// The sku is `catalog:` and the id of an item: nothing else can be bought. Name and price are those of the catalog; if
    /// `unit_price_cents` says another price, nothing is put into the cart. What is in it already is added to.
    #[oai(
        path = "/ui/shoppingcart/carts/:cart_id/items",
        method = "post",
        operation_id = "add_cart_item"
    )]
    async fn add_by_sku(
        &self,
        requester: SessionOrKey<CartsWrite>,
        /// As in the list.
        cart_id: Path<CartId>,
        body: Body<AddLine>,
    ) -> Answered<CartLineView, AddLine> {
        let added = self.app.carts.add_by_sku(&requester.who, &cart_id.0, &body.0);
        Ok(Answer(added.await?))
    }

    /// Put an item of the catalog into a cart
    ///
    /// At the price of the catalog. What is in it already is added to.
    #[oai(
        path = "/ui/shoppingcart/carts/:cart_id/items/catalog",
        method = "post",
        operation_id = "add_catalog_item_to_cart"
    )]
    async fn add(
        &self,
        requester: SessionOrKey<CartsWrite>,
        /// As in the list.
        cart_id: Path<CartId>,
        body: Body<AddCatalogLine>,
    ) -> Answered<CartLineView, AddCatalogLine> {
        let added = self.app.carts.add(&requester.who, &cart_id.0, &body.0);
        Ok(Answer(added.await?))
    }

    /// Set the quantity of an item in a cart
    ///
    /// 0 takes it out, and null is answered.
    #[oai(
        path = "/ui/shoppingcart/carts/:cart_id/items/:sku",
        method = "patch",
        operation_id = "set_cart_item_quantity"
    )]
    async fn set_quantity(
        &self,
        requester: SessionOrKey<CartsWrite>,
        /// As in the list.
        cart_id: Path<CartId>,
        /// As in the cart.
        sku: Path<Sku>,
        body: Body<SetQuantity>,
    ) -> Answered<ChangedLine, SetQuantity> {
        let quantity = body.0.quantity;
        let changed = self
            .app
            .carts
            .set_quantity(&requester.who, &cart_id.0, &sku.0, quantity);
        Ok(Answer(ChangedLine(changed.await?)))
    }

    /// Take an item out of a cart
    ///
    /// One piece, or as many as `decrement` says; `deleted` says whether none is left.
    #[oai(
        path = "/ui/shoppingcart/carts/:cart_id/items/:sku",
        method = "delete",
        operation_id = "remove_cart_item"
    )]
    async fn take_out(
        &self,
        requester: SessionOrKey<CartsWrite>,
        /// As in the list.
        cart_id: Path<CartId>,
        /// As in the cart.
        sku: Path<Sku>,
        /// How many pieces; one where it is not said.
        #[oai(validator(minimum(value = "1"), maximum(value = "4294967295")))]
        decrement: Query<Option<u32>>,
    ) -> Answered<Deleted, RemoveLine> {
        let less = decrement.0.unwrap_or(1);
        let changed = self.app.carts.take_out(&requester.who, &cart_id.0, &sku.0, less);
        Ok(Answer(changed.await?))
    }

    /// Add up a cart
    ///
    /// At the prices that were seen last: who buys is told if the catalog has others by then.
    #[oai(
        path = "/ui/shoppingcart/carts/:cart_id/total",
        method = "get",
        operation_id = "total_cart"
    )]
    async fn total(
        &self,
        requester: SessionOrKey<CartsRead>,
        /// As in the list.
        cart_id: Path<CartId>,
    ) -> Answered<CartTotal, ReadCart> {
        let total = self.app.carts.total(requester.who.subject(), &cart_id.0);
        Ok(Answer(total.await?))
    }
}
