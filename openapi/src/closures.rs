//! Closing an account.

use std::sync::Arc;

use poem_openapi::OpenApi;
use portcullis_core::App;
use portcullis_core::challenges::StepUpStarted;
use portcullis_core::closures::{ClosureView, FinalizeClosure, ReadClosure, StartClosure, TakeClosureBack};

use crate::answer::{Answer, Answered};
use crate::auth::LiveSession;
use crate::body::Body;
use crate::tags::Tag;

pub(crate) struct ClosuresApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(ClosuresApi);

#[OpenApi(tag = "Tag::Accounts")]
impl ClosuresApi {
    /// Read whether the account is closed
    #[oai(
        path = "/ui/account/closure",
        method = "get",
        operation_id = "account_closure"
    )]
    async fn read(&self, session: LiveSession) -> Answered<ClosureView, ReadClosure> {
        let closure = self.app.closures.status(session.who.subject());
        Ok(Answer(closure.await?))
    }

    /// Begin to close the account
    ///
    /// Says what has to be proven first, as `POST /ui/step-up/start` does. Nothing is closed yet.
    #[oai(
        path = "/ui/account/closure/start",
        method = "post",
        operation_id = "start_account_closure"
    )]
    async fn start(&self, session: LiveSession) -> Answered<StepUpStarted, StartClosure> {
        Ok(Answer(self.app.closures.start(&session.who).await?))
    }

    /// Close the account
    ///
    /// With a challenge that is not done it answers `pending` and what is left to prove. Otherwise the account is closed: it
    /// is erased at `erases_at`, and can be taken back until then.
    #[oai(
        path = "/ui/account/closure/finalize",
        method = "post",
        operation_id = "finalize_account_closure"
    )]
    async fn finalize(
        &self,
        session: LiveSession,
        body: Body<FinalizeClosure>,
    ) -> Answered<ClosureView, FinalizeClosure> {
        Ok(Answer(self.app.closures.finalize(&session.who, &body.0).await?))
    }

    /// Keep an account that was closed
    #[oai(
        path = "/ui/account/closure/cancel",
        method = "post",
        operation_id = "cancel_account_closure"
    )]
    async fn cancel(&self, session: LiveSession) -> Answered<ClosureView, TakeClosureBack> {
        Ok(Answer(self.app.closures.take_back(&session.who).await?))
    }
}
