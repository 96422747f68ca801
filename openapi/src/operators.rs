//! Operators: who am I as one, who are the others.

use std::sync::Arc;

use poem_openapi::OpenApi;
use portcullis_core::App;
use portcullis_core::operators::{OperatorList, OperatorSelf};

use crate::answer::{Answer, Answered};
use crate::auth::{Admin, OperatorSession, Viewer};
use crate::tags::Tag;

pub(crate) struct OperatorsApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(OperatorsApi);

#[OpenApi(tag = "Tag::Operators")]
impl OperatorsApi {
    /// Who am I as an operator?
    ///
    /// The role that was granted, and those that it includes.
    #[expect(
        clippy::unused_async,
        reason = "poem-openapi takes asynchronous handlers only"
    )]
    #[oai(path = "/api/operator/me", method = "get", operation_id = "operator_me")]
    async fn me(&self, operator: OperatorSession<Viewer>) -> Answered<OperatorSelf> {
        Ok(Answer(OperatorSelf::from(&operator.who)))
    }

    /// List the operators
    ///
    /// The strongest role first. That somebody looked stands in their history.
    #[oai(
        path = "/api/operator/operators",
        method = "get",
        operation_id = "list_operators"
    )]
    async fn list(&self, operator: OperatorSession<Admin>) -> Answered<OperatorList> {
        Ok(Answer(self.app.operators.list_for(&operator.who).await?))
    }
}
