//! The service itself: what a panel needs to know, and whether anybody is there.

use std::sync::Arc;

use poem_openapi::OpenApi;
use portcullis_core::App;

use crate::answer::{Answer, Answered};
use crate::context::{ApiContext, FromContext};
use crate::dto::{Options, Pong};
use crate::tags::Tag;

pub(crate) struct ServiceApi {
    pub(crate) app: Arc<App>,
    /// Whether this is a developer's machine.
    pub(crate) development: bool,
    /// Whether a developer can read there what was sent.
    pub(crate) mailbox: bool,
}

impl FromContext for ServiceApi {
    fn from_context(context: &ApiContext) -> Self {
        Self {
            app: Arc::clone(&context.app),
            development: context.development,
            mailbox: context.mailbox.is_some(),
        }
    }
}

#[OpenApi(tag = "Tag::Service")]
impl ServiceApi {
    /// What a sign-in page needs to know
    ///
    /// The name of the product, who may sign up, the rules for passwords and the channels on which codes can be sent.
    #[expect(
        clippy::unused_async,
        reason = "poem-openapi takes asynchronous handlers only"
    )]
    #[oai(path = "/ui/options", method = "get", operation_id = "options")]
    async fn options(&self) -> Answered<Options> {
        Ok(Answer(Options::of(&self.app, self.development, self.mailbox)))
    }

    /// Is anybody there?
    ///
    /// Answers without asking anything else. Load balancers should use `/readyz`.
    #[expect(
        clippy::unused_async,
        reason = "poem-openapi takes asynchronous handlers only"
    )]
    #[oai(path = "/api/ping", method = "get", operation_id = "ping")]
    async fn ping(&self) -> Answered<Pong> {
        Ok(Answer(Pong::OK))
    }
}
