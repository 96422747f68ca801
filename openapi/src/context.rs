//! What the API stands on, and what is known of a request before any handler sees it.

use std::net::IpAddr;
use std::sync::Arc;

use poem::Request;
use poem::http::HeaderMap;
use poem::http::header::{ACCEPT_LANGUAGE, HeaderValue, USER_AGENT};
use portcullis_core::App;
use portcullis_core::Source;
use portcullis_core::texts::PreferredLanguages;
use portcullis_ports::Error;
use portcullis_ports::notification::Mailbox;

use crate::cookie;
use crate::problem::Problem;

/// What the API stands on.
pub struct ApiContext {
    /// The use cases.
    pub app: Arc<App>,
    /// Whether this is a developer's machine.
    pub development: bool,
    /// What was sent, for a developer to read. Given only on a developer's machine.
    pub mailbox: Option<Arc<dyn Mailbox>>,
    /// Where the service is reached, as scheme, host and port: some vendors sign the address they post to.
    pub public_url: String,
}

/// Operations that are made of what the API stands on.
pub(crate) trait FromContext {
    fn from_context(context: &ApiContext) -> Self;
}

/// For operations that need the use cases, and perhaps fields of what the API stands on.
macro_rules! from_context {
    ($operations:ident $(, $field:ident)*) => {
        impl $crate::context::FromContext for $operations {
            fn from_context(context: &$crate::context::ApiContext) -> Self {
                Self {
                    app: ::std::sync::Arc::clone(&context.app),
                    $($field: ::std::clone::Clone::clone(&context.$field),)*
                }
            }
        }
    };
}
pub(crate) use from_context;

/// For lists of operations, as long as the framework takes them.
macro_rules! of_lists {
    ($($of:ident)+) => {
        impl<$($of: FromContext),+> FromContext for ($($of,)+) {
            fn from_context(context: &ApiContext) -> Self {
                ($($of::from_context(context),)+)
            }
        }
        of_lists!(@shorter $($of)+);
    };
    (@shorter $first:ident $($of:ident)+) => { of_lists!($($of)+); };
    (@shorter $last:ident) => {};
}

of_lists!(A B C D E F G H I J K L M N O P);

/// Goes with every request, as its data: without it no handler works.
#[derive(Clone)]
pub struct RequestContext {
    /// The use cases.
    pub app: Arc<App>,
    /// The client's address, after trusted proxies.
    pub address: IpAddr,
    /// The most bytes of a request body.
    pub body_limit: usize,
    /// The id of the request, as it goes into answer and log.
    pub request_id: HeaderValue,
}

impl RequestContext {
    /// What the server said of this request.
    pub(crate) fn of(request: &Request) -> Result<&Self, Problem> {
        let missing = || Problem(Error::internal("the request was handed on without its context"));
        request.data::<Self>().ok_or_else(missing)
    }

    /// Address, user agent, and the device tokens that are presented.
    pub(crate) fn source(&self, request: &Request) -> Source {
        let user_agent = request
            .headers()
            .get(USER_AGENT)
            .map(|value| String::from_utf8_lossy(value.as_bytes()));
        Source::new(self.address, user_agent.as_deref().unwrap_or_default())
            .speaking(languages(request.headers()))
            .presenting(cookie::devices(request.headers()))
    }
}

fn languages(headers: &HeaderMap) -> PreferredLanguages {
    let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    header.map(PreferredLanguages::of_header).unwrap_or_default()
}
