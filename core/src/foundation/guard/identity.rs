//! An identity provider behind its guard. One that does not answer is never a guess: the request is refused.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::identity::{Authenticated, IdentityProvider, Presented, UNAUTHENTICATED};
use portcullis_ports::{Code, Kind, Result};

use super::Guard;

/// The identity provider does not answer.
pub const IDENTITY_UNAVAILABLE: Code = Code::new(
    "identity-unavailable",
    Kind::Unavailable,
    "The identity provider does not answer at the moment; please try again.",
);

pub(crate) struct GuardedIdentity {
    pub(crate) inner: Arc<dyn IdentityProvider>,
    pub(crate) guard: Guard,
}

#[async_trait]
impl IdentityProvider for GuardedIdentity {
    async fn authenticate(&self, presented: &dyn Presented) -> Result<Option<Authenticated>> {
        let call = || self.inner.authenticate(presented);
        self.guard
            .run_idempotent("authenticate", IDENTITY_UNAVAILABLE, call)
            .await
            .map_err(|error| match error.kind() {
                Kind::Unavailable | Kind::Unauthenticated => error,
                _ => UNAUTHENTICATED.error().with_source(error),
            })
    }
}
