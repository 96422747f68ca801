//! Entitlements: what whoever asks is entitled to now.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::http::header::{CACHE_CONTROL, ETAG, HeaderValue};
use poem::{IntoResponse, Response};
use poem_openapi::param::Header;
use poem_openapi::registry::{MetaHeader, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, OpenApi};
use portcullis_core::App;
use portcullis_core::api_keys::Asking as _;
use portcullis_core::entitlements::{EntitlementList, ReadEntitlements};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::answer::Answer;
use crate::key_scopes::{EntitlementsRead, SessionOrKey};
use crate::problem::Refusal;
use crate::tags::Tag;

pub(crate) struct EntitlementsApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(EntitlementsApi);

#[OpenApi(tag = "Tag::Subscriptions")]
impl EntitlementsApi {
    /// What am I entitled to?
    ///
    /// By all subscriptions that are paid, on trial, or cancelled and not over yet. It is one cheap read, made to be asked
    /// often: sent along as `If-None-Match`, the `ETag` of the answer before is answered with 304 while nothing changed.
    #[oai(
        path = "/api/billing/entitlements",
        method = "get",
        operation_id = "read_entitlements"
    )]
    async fn read(
        &self,
        requester: SessionOrKey<EntitlementsRead>,
        /// The `ETag` of the answer that is known.
        #[oai(name = "If-None-Match")]
        known: Header<Option<String>>,
    ) -> Result<Tagged, Refusal<ReadEntitlements>> {
        let list = self.app.entitlements.of(requester.who.subject()).await?;
        Ok(Tagged { list, known: known.0 })
    }
}

/// An answer with the tag of its content, or 304 for who knows it.
pub(crate) struct Tagged {
    list: EntitlementList,
    known: Option<String>,
}

/// The tag of a value: a part of the digest of what is sent.
fn tag(value: &impl Serialize) -> String {
    let digest = Sha256::digest(serde_json::to_vec(value).unwrap_or_default());
    let digits = digest.iter().take(16).map(|byte| format!("{byte:02x}"));
    format!("\"{}\"", digits.collect::<String>())
}

/// Whether a list of tags names this one, or all (RFC 9110, section 13.1.2).
fn names(known: &str, tag: &str) -> bool {
    let same = |one: &str| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag;
    known.split(',').map(str::trim).any(same)
}

impl IntoResponse for Tagged {
    fn into_response(self) -> Response {
        let tag = tag(&self.list);
        let is_known = self.known.is_some_and(|known| names(&known, &tag));
        let mut response = if is_known {
            Response::builder().status(StatusCode::NOT_MODIFIED).finish()
        } else {
            Answer(self.list).into_response()
        };
        let headers = response.headers_mut();
        if let Ok(tag) = HeaderValue::try_from(tag) {
            headers.insert(ETAG, tag);
        }
        // One's own, and asked for again each time.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        response
    }
}

impl ApiResponse for Tagged {
    fn meta() -> MetaResponses {
        let mut meta = Answer::<EntitlementList>::meta();
        meta.responses.push(MetaResponse {
            description: "Nothing changed since the answer that is known; there is no body.",
            status: Some(304),
            status_range: None,
            content: vec![],
            headers: vec![],
        });
        for response in &mut meta.responses {
            response.headers.push(MetaHeader {
                name: "ETag".to_owned(),
                description: Some("The tag of this answer, for `If-None-Match`.".to_owned()),
                required: true,
                deprecated: false,
                schema: String::schema_ref(),
            });
        }
        meta
    }

    fn register(registry: &mut Registry) {
        Answer::<EntitlementList>::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(list: &EntitlementList, known: Option<&str>) -> Response {
        let (list, known) = (list.clone(), known.map(str::to_owned));
        Tagged { list, known }.into_response()
    }

    #[test]
    fn who_knows_the_answer_is_not_sent_it_again() {
        let none = EntitlementList {
            entitlements: Vec::new(),
            plans: Vec::new(),
        };
        let first = answered(&none, None);
        assert_eq!(first.status(), StatusCode::OK);
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        for known in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"other\", {tag}"),
            "*".to_owned(),
        ] {
            let again = answered(&none, Some(&known));
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(again.headers()[ETAG], tag.as_str());
        }
        assert_eq!(answered(&none, Some("\"other\"")).status(), StatusCode::OK);
        let other = EntitlementList {
            plans: vec![portcullis_core::plans::PlanId::parse("pro").unwrap()],
            ..none
        };
        let changed = answered(&other, Some(&tag));
        assert_eq!(changed.status(), StatusCode::OK);
        assert_ne!(changed.headers()[ETAG], tag.as_str());
    }
}
