//! The port: Acme says whose token it is (RFC 7662).

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::identity::{
    Authenticated, ConnectedIdentity, Identity, IdentityProvider, Presented, Subject, UNAUTHENTICATED,
};
use portcullis_ports::{Result, Timestamp};
use serde::Deserialize;
use serde_json::json;

use crate::client::Client;

/// Recognises tokens that Acme issued.
struct AcmeIdentity(Arc<Client>);

/// What Acme says of a token.
#[derive(Deserialize)]
struct Introspection {
    active: bool,
    #[serde(default)]
    sub: String,
    /// In seconds since 1970.
    #[serde(default)]
    iat: i64,
}

pub(crate) fn connected(client: Arc<Client>) -> ConnectedIdentity {
    ConnectedIdentity {
        provider: Arc::new(AcmeIdentity(Arc::clone(&client))),
        probe: client,
    }
}

#[async_trait]
impl IdentityProvider for AcmeIdentity {
    async fn authenticate(&self, presented: &dyn Presented) -> Result<Option<Authenticated>> {
        let Some(token) = presented.bearer() else {
            return Ok(None);
        };
        let said: Introspection = self.0.ask("/introspect", &json!({ "token": token })).await?;
        match Subject::parse(&said.sub) {
            Ok(subject) if said.active => Ok(Some(Authenticated {
                subject,
                at: Timestamp::from_seconds(said.iat),
            })),
            _ => Err(UNAUTHENTICATED.error()),
        }
    }
}

portcullis_ports::set_up!(Identity, "acme", |_folder| {
    let presenting = |token: &str| FakeRequest::new().bearer(token);
    let ada = Subject::parse("usr_ada").map(|ada| (presenting("token-of-ada"), ada));
    let requests = identity::Requests {
        known: ada.into_iter().collect(),
        wrong: vec![presenting("expired-token")],
    };
    SetUp::new(crate::simulator::settings(), requests).asking(Arc::new(crate::simulator::Simulator))
});
