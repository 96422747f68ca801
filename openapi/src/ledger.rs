//! The ledger: what is owed, and every entry that led there.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::api_keys::Asking as _;
use portcullis_core::ledger::{
    BalanceList, EntryFilter, EntryKind, EntryPage, EntryPhase, ListCustomerEntries, ReadBalances,
    SignedCursor,
};
use portcullis_core::operators::{CustomerView, ReadCustomerEntries};
use portcullis_ports::Timestamp;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;

use crate::answer::{Answer, Answered};
use crate::auth::{OperatorSession, Viewer};
use crate::key_scopes::{LedgerRead, SessionOrKey};
use crate::query::Query;
use crate::tags::Tag;

pub(crate) struct LedgerApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(LedgerApi);

/// Which entries a query asks for.
struct Asked {
    currency: Query<Option<Currency>>,
    kind: Query<Option<EntryKind>>,
    phase: Query<Option<EntryPhase>>,
    from: Query<Option<i64>>,
    until: Query<Option<i64>>,
    cursor: Query<Option<SignedCursor>>,
    limit: Query<Option<usize>>,
}

impl From<Asked> for ListCustomerEntries {
    fn from(asked: Asked) -> Self {
        Self {
            currency: asked.currency.0,
            filter: EntryFilter {
                kinds: asked.kind.0.into_iter().collect(),
                phase: asked.phase.0,
                from: asked.from.0.map(Timestamp::from_seconds),
                until: asked.until.0.map(Timestamp::from_seconds),
            },
            cursor: asked.cursor.0,
            limit: asked.limit.0,
        }
    }
}

#[OpenApi(tag = "Tag::Billing")]
impl LedgerApi {
    /// What do I owe?
    ///
    /// One balance for each currency in which anything was ever charged or paid, in minor units.
    #[oai(path = "/api/billing/balance", method = "get", operation_id = "read_balance")]
    async fn balance(&self, requester: SessionOrKey<LedgerRead>) -> Answered<BalanceList, ReadBalances> {
        let balances = self.app.ledger.balances(requester.who.subject()).await?;
        Ok(Answer(BalanceList { balances }))
    }

    /// List what was charged and paid
    ///
    /// The entries of one currency, newest first, in pages of up to 100. A page may hold fewer entries than asked for, or
    /// none, although more follow: go on as long as there is a `next_cursor`.
    #[oai(path = "/api/billing/ledger", method = "get", operation_id = "list_entries")]
    #[expect(clippy::too_many_arguments, reason = "every parameter of the query is one")]
    async fn entries(
        &self,
        requester: SessionOrKey<LedgerRead>,
        /// Of the account in this currency; needed where there are accounts in several.
        currency: Query<Option<Currency>>,
        /// Only what happened so.
        kind: Query<Option<EntryKind>>,
        /// Only what is so far.
        phase: Query<Option<EntryPhase>>,
        /// Only from this moment on, in Unix seconds.
        from: Query<Option<i64>>,
        /// Only before this moment, in Unix seconds.
        until: Query<Option<i64>>,
        /// Behind which entry to go on, as given by the page before, with the same filter.
        cursor: Query<Option<SignedCursor>>,
        /// How many entries at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<usize>>,
    ) -> Answered<EntryPage, ListCustomerEntries> {
        let asked = Asked {
            currency,
            kind,
            phase,
            from,
            until,
            cursor,
            limit,
        };
        let page = self
            .app
            .ledger
            .list(requester.who.subject(), &asked.into())
            .await?;
        Ok(Answer(page.for_customer()))
    }

    /// Look at a customer
    ///
    /// Who it is, and what is owed in each currency. That somebody looked stands in both histories.
    #[oai(
        path = "/api/operator/billing/customers/:user_sub",
        method = "get",
        operation_id = "read_customer"
    )]
    async fn customer(
        &self,
        operator: OperatorSession<Viewer>,
        /// The stable name of the account.
        user_sub: Path<Subject>,
    ) -> Answered<CustomerView, CustomerView> {
        Ok(Answer(
            self.app.operators.customer(&operator.who, &user_sub.0).await?,
        ))
    }

    /// List what a customer was charged and paid
    ///
    /// As customers see it, with the accounts that were moved and the operators who decided. That somebody looked stands in
    /// both histories.
    #[oai(
        path = "/api/operator/billing/customers/:user_sub/ledger",
        method = "get",
        operation_id = "list_customer_entries"
    )]
    #[expect(clippy::too_many_arguments, reason = "every parameter of the query is one")]
    async fn customer_entries(
        &self,
        operator: OperatorSession<Viewer>,
        /// The stable name of the account.
        user_sub: Path<Subject>,
        /// Of the account in this currency; needed where there are accounts in several.
        currency: Query<Option<Currency>>,
        /// Only what happened so.
        kind: Query<Option<EntryKind>>,
        /// Only what is so far.
        phase: Query<Option<EntryPhase>>,
        /// Only from this moment on, in Unix seconds.
        from: Query<Option<i64>>,
        /// Only before this moment, in Unix seconds.
        until: Query<Option<i64>>,
        /// Behind which entry to go on, as given by the page before, with the same filter.
        cursor: Query<Option<SignedCursor>>,
        /// How many entries at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<usize>>,
    ) -> Answered<EntryPage, ReadCustomerEntries> {
        let asked = Asked {
            currency,
            kind,
            phase,
            from,
            until,
            cursor,
            limit,
        };
        let operators = &self.app.operators;
        Ok(Answer(
            operators
                .customer_entries(&operator.who, &user_sub.0, &asked.into())
                .await?,
        ))
    }
}
