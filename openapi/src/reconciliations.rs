//! Reconciliation: whether the books agree with what payment vendors report, and what operators decide about it.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::cursor::SignedCursor;
use portcullis_core::reconciliation::{
    BeginReconciliation, DecideDifference, DifferenceFilter, DifferenceId, DifferencePage, DifferenceState,
    DifferenceView, ListDifferences, ListReconciliations, ReconciliationPage, ReconciliationView,
};

use crate::answer::{Accepted, Answer, Answered};
use crate::auth::{Admin, OperatorSession, Support, Viewer};
use crate::body::Body;
use crate::dto::ComparePayments;
use crate::idempotency_key::KeyHeader;
use crate::problem::Refusal;
use crate::query::Query;
use crate::tags::Tag;

pub(crate) struct ReconciliationsApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(ReconciliationsApi);

#[OpenApi(tag = "Tag::Billing")]
impl ReconciliationsApi {
    /// List comparisons with the vendors
    ///
    /// Every run that compared the books with what a payment vendor reports, newest first: what it read, what it found, and
    /// what nothing explains.
    #[oai(
        path = "/api/operator/billing/reconciliations",
        method = "get",
        operation_id = "list_reconciliations"
    )]
    async fn list(
        &self,
        _operator: OperatorSession<Viewer>,
        /// Only those of this vendor.
        vendor: Query<Option<String>>,
        /// Behind which run to go on, as given by the page before, with the same filter.
        cursor: Query<Option<SignedCursor>>,
        /// How many runs at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<usize>>,
    ) -> Answered<ReconciliationPage, ListReconciliations> {
        let command = ListReconciliations {
            vendor: vendor.0,
            cursor: cursor.0,
            limit: limit.0,
        };
        Ok(Answer(self.app.reconciliation.list(&command).await?))
    }

    /// Compare with a vendor
    ///
    /// Has the books compared with what a vendor reports of a span, by a worker: the list says how far it is. It happens by
    /// itself once a day.
    #[oai(
        path = "/api/operator/billing/reconciliations",
        method = "post",
        operation_id = "begin_reconciliation"
    )]
    async fn begin(
        &self,
        operator: OperatorSession<Support>,
        body: Body<ComparePayments>,
    ) -> Result<Accepted<ReconciliationView>, Refusal<ComparePayments>> {
        let command = BeginReconciliation::from(body.0);
        let source = &operator.who.who.source;
        let begun = self
            .app
            .reconciliation
            .begin(&operator.who, &command, source)
            .await?;
        Ok(Accepted(begun))
    }

    /// List differences
    ///
    /// Between the books and what payment vendors report, by when they were found first, newest first. A page may hold fewer
    /// than asked for although more follow: go on as long as there is a `next_cursor`.
    #[oai(
        path = "/api/operator/billing/differences",
        method = "get",
        operation_id = "list_differences"
    )]
    async fn differences(
        &self,
        _operator: OperatorSession<Viewer>,
        /// Only those with this vendor.
        vendor: Query<Option<String>>,
        /// Only those that stand there.
        state: Query<Option<DifferenceState>>,
        /// Behind which difference to go on, as given by the page before, with the same filter.
        cursor: Query<Option<SignedCursor>>,
        /// How many differences at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<usize>>,
    ) -> Answered<DifferencePage, ListDifferences> {
        let command = ListDifferences {
            filter: DifferenceFilter {
                vendor: vendor.0,
                state: state.0,
            },
            cursor: cursor.0,
            limit: limit.0,
        };
        Ok(Answer(self.app.reconciliation.differences(&command).await?))
    }

    /// Decide about a difference
    ///
    /// `accept` takes it as it is and books nothing; `adopt` books money that came without us to the credit of a customer,
    /// once. What was decided stays decided until the figures change. The same `Idempotency-Key` is the same decision. Needs a
    /// fresh step-up.
    #[oai(
        path = "/api/operator/billing/differences/:difference_id/decide",
        method = "post",
        operation_id = "decide_difference"
    )]
    async fn decide(
        &self,
        operator: OperatorSession<Admin>,
        /// As in the list.
        difference_id: Path<DifferenceId>,
        /// What the client calls this intent, best a random UUID: sent again it books nothing a second time.
        #[oai(name = "Idempotency-Key")]
        key: KeyHeader,
        body: Body<DecideDifference>,
    ) -> Answered<DifferenceView, DecideDifference> {
        let source = &operator.who.who.source;
        let decided =
            self.app
                .reconciliation
                .decide(&operator.who, &key.0, &difference_id.0, &body.0, source);
        Ok(Answer(decided.await?))
    }
}
