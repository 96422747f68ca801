//! The identity provider: the subject is what the header says.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::identity::{Authenticated, IdentityProvider, Presented, Subject, UNAUTHENTICATED};
use portcullis_ports::probe::Probe;
use portcullis_ports::{Clock, Result};

/// The header, in lower case as [`Presented`] wants it.
const HEADER: &str = "x-user-sub";

/// Believes a header.
pub struct Header {
    clock: Arc<dyn Clock>,
}

impl Header {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

#[async_trait]
impl IdentityProvider for Header {
    async fn authenticate(&self, presented: &dyn Presented) -> Result<Option<Authenticated>> {
        let Some(value) = presented.header(HEADER) else {
            return Ok(None);
        };
        let subject = Subject::parse(value).map_err(|expected| {
            UNAUTHENTICATED.with_detail(format!("In the header {HEADER}, {expected}."))
        })?;
        Ok(Some(Authenticated {
            subject,
            at: self.clock.now(),
        }))
    }
}

#[async_trait]
impl Probe for Header {
    async fn check(&self) -> Result<String> {
        Ok(format!("believes the header {HEADER}; for development only"))
    }
}
