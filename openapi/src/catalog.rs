//! The catalog: read and reviewed by whoever is signed in, kept by operators.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::api_keys::Asking as _;
use portcullis_core::catalog::{
    AddCategory, AddItem, CategoryId, CategoryPage, CategoryView, ChangeItem, ItemId, ItemPage, ItemView,
    ListCategories, ListItems, ListReviews, RemoveCategory, RemoveItem, RemoveReview, Removed, ReviewId,
    ReviewPage, ReviewView, SearchItems, SearchText, WriteReview,
};
use portcullis_core::cursor::SignedCursor;

use crate::answer::{Answer, Answered};
use crate::auth::{Admin, LiveSession, OperatorSession};
use crate::body::Body;
use crate::key_scopes::{CatalogRead, SessionOrKey};
use crate::query::Query;
use crate::tags::Tag;

pub(crate) struct CatalogApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(CatalogApi);

fn part(page_size: Query<Option<usize>>, next_token: Query<Option<SignedCursor>>) -> ListCategories {
    ListCategories {
        page_size: page_size.0,
        next_token: next_token.0,
    }
}

#[OpenApi(tag = "Tag::Orders")]
impl CatalogApi {
    /// List categories
    ///
    /// By their ids.
    #[oai(
        path = "/ui/catalog/categories",
        method = "get",
        operation_id = "list_categories"
    )]
    async fn categories(
        &self,
        _requester: SessionOrKey<CatalogRead>,
        /// How many categories at most; 50 where it is not said.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        page_size: Query<Option<usize>>,
        /// As given by the page before.
        next_token: Query<Option<SignedCursor>>,
    ) -> Answered<CategoryPage, ListCategories> {
        let page = self.app.catalog.categories(&part(page_size, next_token)).await?;
        Ok(Answer(page))
    }

    /// Make a category
    ///
    /// Needs a fresh step-up.
    #[oai(
        path = "/ui/catalog/categories",
        method = "post",
        operation_id = "create_category"
    )]
    async fn add_category(
        &self,
        operator: OperatorSession<Admin>,
        body: Body<AddCategory>,
    ) -> Answered<CategoryView, AddCategory> {
        let made = self.app.catalog.add_category(&operator.who, &body.0);
        Ok(Answer(made.await?))
    }

    /// Remove a category
    ///
    /// With `cascade` also one that holds items: nobody sees them any more. Needs a fresh step-up.
    #[oai(
        path = "/ui/catalog/categories/:category_id",
        method = "delete",
        operation_id = "remove_category"
    )]
    async fn remove_category(
        &self,
        operator: OperatorSession<Admin>,
        /// As in the list.
        category_id: Path<CategoryId>,
        /// Whether its items go with it; not where it is not said.
        cascade: Query<Option<bool>>,
    ) -> Answered<Removed, RemoveCategory> {
        let cascade = cascade.0.unwrap_or_default();
        let removed = self
            .app
            .catalog
            .remove_category(&operator.who, &category_id.0, cascade);
        Ok(Answer(removed.await?))
    }

    /// List the items of a category
    ///
    /// By their ids.
    #[oai(
        path = "/ui/catalog/categories/:category_id/items",
        method = "get",
        operation_id = "list_items"
    )]
    async fn items(
        &self,
        _requester: SessionOrKey<CatalogRead>,
        /// As in the list.
        category_id: Path<CategoryId>,
        /// How many items at most; 50 where it is not said.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        page_size: Query<Option<usize>>,
        /// As given by the page before.
        next_token: Query<Option<SignedCursor>>,
    ) -> Answered<ItemPage, ListItems> {
        let page = self
            .app
            .catalog
            .items(&category_id.0, &part(page_size, next_token))
            .await?;
        Ok(Answer(page))
    }

    /// Add an item
    ///
    /// Its price is what carts are charged. Needs a fresh step-up.
    #[oai(
        path = "/ui/catalog/categories/:category_id/items",
        method = "post",
        operation_id = "add_item"
    )]
    async fn add_item(
        &self,
        operator: OperatorSession<Admin>,
        /// As in the list.
        category_id: Path<CategoryId>,
        body: Body<AddItem>,
    ) -> Answered<ItemView, AddItem> {
        let added = self.app.catalog.add_item(&operator.who, &category_id.0, &body.0);
        Ok(Answer(added.await?))
    }

    /// Change an item
    ///
    /// What is left out stays as it is. Another price holds for every cart from then on: who buys one is told first. Needs a
    /// fresh step-up.
    #[oai(
        path = "/ui/catalog/categories/:category_id/items/:item_id",
        method = "patch",
        operation_id = "change_item"
    )]
    async fn change_item(
        &self,
        operator: OperatorSession<Admin>,
        /// As in the list.
        category_id: Path<CategoryId>,
        /// As in the list.
        item_id: Path<ItemId>,
        body: Body<ChangeItem>,
    ) -> Answered<ItemView, ChangeItem> {
        let at = (&category_id.0, &item_id.0);
        let changed = self.app.catalog.change_item(&operator.who, at, &body.0);
        Ok(Answer(changed.await?))
    }

    /// Remove an item
    ///
    /// With its reviews, unless `cascade_reviews` is false: then one that has reviews stays. Needs a fresh step-up.
    #[oai(
        path = "/ui/catalog/categories/:category_id/items/:item_id",
        method = "delete",
        operation_id = "remove_item"
    )]
    async fn remove_item(
        &self,
        operator: OperatorSession<Admin>,
        /// As in the list.
        category_id: Path<CategoryId>,
        /// As in the list.
        item_id: Path<ItemId>,
        /// Whether its reviews go with it; they do where it is not said.
        cascade_reviews: Query<Option<bool>>,
    ) -> Answered<Removed, RemoveItem> {
        let at = (&category_id.0, &item_id.0);
        let cascade = cascade_reviews.0.unwrap_or(true);
        let removed = self.app.catalog.remove_item(&operator.who, at, cascade);
        Ok(Answer(removed.await?))
    }

    /// Search items
    ///
    /// Those in whose name and description every word stands. One request looks at a bounded number of items: a page may hold
    /// fewer than were asked for, and even none, while `next_token` leads on.
    #[oai(
        path = "/ui/catalog/items/search",
        method = "get",
        operation_id = "search_items"
    )]
    async fn search(
        &self,
        _requester: SessionOrKey<CatalogRead>,
        /// The words: 1 to 200 characters; everything is found without them.
        q: Query<Option<SearchText>>,
        /// How many items at most; 50 where it is not said.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        page_size: Query<Option<usize>>,
        /// As given by the page before, with the same words.
        next_token: Query<Option<SignedCursor>>,
    ) -> Answered<ItemPage, SearchItems> {
        let command = SearchItems {
            text: q.0.unwrap_or_default(),
            part: part(page_size, next_token),
        };
        Ok(Answer(self.app.catalog.search(&command).await?))
    }

    /// List the reviews of an item
    ///
    /// `reviewer` is the name that the author's account shows, and `verified_purchase` says whether the author bought it here.
    #[oai(
        path = "/ui/catalog/items/:item_id/reviews",
        method = "get",
        operation_id = "list_reviews"
    )]
    async fn reviews(
        &self,
        requester: SessionOrKey<CatalogRead>,
        /// As in the list.
        item_id: Path<ItemId>,
        /// How many reviews at most; 50 where it is not said.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        page_size: Query<Option<usize>>,
        /// As given by the page before.
        next_token: Query<Option<SignedCursor>>,
    ) -> Answered<ReviewPage, ListReviews> {
        let part = part(page_size, next_token);
        let page = self
            .app
            .catalog
            .reviews(requester.who.subject(), &item_id.0, &part);
        Ok(Answer(page.await?))
    }

    /// Review an item
    ///
    /// One review by each person. What it says of its author is what the account shows.
    #[oai(
        path = "/ui/catalog/items/:item_id/reviews",
        method = "post",
        operation_id = "write_review"
    )]
    async fn review(
        &self,
        session: LiveSession,
        /// As in the list.
        item_id: Path<ItemId>,
        body: Body<WriteReview>,
    ) -> Answered<ReviewView, WriteReview> {
        let written = self.app.catalog.review(&session.who, &item_id.0, &body.0);
        Ok(Answer(written.await?))
    }

    /// Remove a review
    ///
    /// One's own; operators (role `support`) remove anybody's.
    #[oai(
        path = "/ui/catalog/items/:item_id/reviews/:review_id",
        method = "delete",
        operation_id = "remove_review"
    )]
    async fn remove_review(
        &self,
        session: LiveSession,
        /// As in the list.
        item_id: Path<ItemId>,
        /// As in the list.
        review_id: Path<ReviewId>,
    ) -> Answered<Removed, RemoveReview> {
        let removed = self
            .app
            .catalog
            .remove_review(&session.who, &item_id.0, &review_id.0);
        Ok(Answer(removed.await?))
    }
}
