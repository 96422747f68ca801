//! Who is asking: one extractor per level, which also says in the document what it asks for.

use std::marker::PhantomData;

use poem::{FromRequest, Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use portcullis_core::Source;
use portcullis_core::api_keys::KEY_PROBLEMS;
use portcullis_core::operators::{LEVEL_PROBLEMS, Operator, Role};
use portcullis_core::sessions::{CSRF, Identified, SESSION_ENDED, SignedIn};
use portcullis_ports::identity::UNAUTHENTICATED;
use portcullis_ports::{Code, Kind, Result};

use crate::context::RequestContext;
use crate::cookie;
use crate::credentials::Credentials;
use crate::problem::Problem;

/// Names the session for clients that keep its credential themselves.
pub const SESSION_HEADER: &str = "X-SESSION-ID";
/// Tells a device from strangers, for clients that keep its token themselves.
pub const DEVICE_HEADER: &str = "X-DEVICE-TOKEN";
/// Proves that a request with the session cookie comes from a page of ours.
pub const CSRF_HEADER: &str = "X-CSRF-Token";

/// Holds an API key.
pub const API_KEY_HEADER: &str = "X-API-KEY";

/// The scheme of that header.
const KEY: &str = "api_key";
/// The scheme of a key in the place of an access token.
const KEY_AS_BEARER: &str = "api_key_bearer";

/// Two people are asking at once.
pub(crate) const CREDENTIALS_MISMATCH: Code = Code::new(
    "credentials-mismatch",
    Kind::Forbidden,
    "The access token and the session cookie belong to different people: send only one of them, or sign out first.",
);

/// One way to say who is asking.
struct Scheme {
    name: &'static str,
    /// What a caller brings, in a sentence.
    noun: &'static str,
    meta: fn() -> MetaSecurityScheme,
}

const SCHEMES: [Scheme; 5] = [
    Scheme {
        name: "bearer",
        noun: "an access token",
        meta: || MetaSecurityScheme {
            scheme: Some("bearer"),
            ..scheme(
                "http",
                "`access_token` of `POST /auth/sign-in`. Proves the first factor.",
            )
        },
    },
    Scheme {
        name: "session",
        noun: "`X-SESSION-ID`",
        meta: || MetaSecurityScheme {
            key_in: Some("header"),
            name: Some(SESSION_HEADER),
            ..scheme(
                "apiKey",
                "`session_id` of `POST /ui/session/start`, or of the last proof that it asked for.",
            )
        },
    },
    Scheme {
        name: "cookie",
        noun: "the session cookie",
        meta: || MetaSecurityScheme {
            key_in: Some("cookie"),
            name: Some(cookie::NAME),
            ..scheme(
                "apiKey",
                "Set for browsers that start their session with `\"transport\": \"cookie\"`. Whatever changes something \
                 then needs the header `X-CSRF-Token`, as given by `GET /ui/me`.",
            )
        },
    },
    Scheme {
        name: KEY,
        noun: "an API key",
        meta: || MetaSecurityScheme {
            key_in: Some("header"),
            name: Some(API_KEY_HEADER),
            ..scheme(
                "apiKey",
                "`api_key` of `POST /ui/api_keys`. Each operation that takes one names the scope that it needs.",
            )
        },
    },
    Scheme {
        name: KEY_AS_BEARER,
        noun: "an API key as bearer",
        meta: || MetaSecurityScheme {
            scheme: Some("bearer"),
            ..scheme("http", "The same key in the header `Authorization`.")
        },
    },
];

fn scheme(ty: &'static str, description: &'static str) -> MetaSecurityScheme {
    MetaSecurityScheme {
        ty,
        description: Some(description),
        name: None,
        key_in: None,
        scheme: None,
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    }
}

/// What people call the credentials of a scheme.
fn noun(name: &str) -> &str {
    let known = SCHEMES.iter().find(|scheme| scheme.name == name);
    known.map_or(name, |scheme| scheme.noun)
}

/// What stands before the role that an operator needs, among the schemes of an alternative.
const ROLE: &str = "role:";
/// What stands before the scope that a key needs, among the schemes of an alternative.
const SCOPE: &str = "scope:";

/// The schemes that an alternative names.
pub(crate) fn schemes(alternative: &str) -> impl Iterator<Item = &str> {
    let named = |word: &&str| !word.starts_with(ROLE) && !word.starts_with(SCOPE);
    alternative.split(' ').filter(named)
}

/// The scope that a key needs, if keys are taken.
pub(crate) fn scope<'a>(alternatives: &[&'a str]) -> Option<&'a str> {
    let mut words = alternatives.iter().flat_map(|names| names.split(' '));
    words.find_map(|word| word.strip_prefix(SCOPE))
}

/// The role that an operator needs, if only operators pass.
pub(crate) fn role<'a>(alternatives: &[&'a str]) -> Option<&'a str> {
    let mut words = alternatives.iter().flat_map(|names| names.split(' '));
    words.find_map(|word| word.strip_prefix(ROLE))
}

/// What is asked of a caller, in a sentence. Any one of the alternatives is enough, each with everything in it.
pub(crate) fn sentence(alternatives: &[&str]) -> String {
    if alternatives.is_empty() {
        return "**Open to anybody.**".to_owned();
    }
    let all = |names: &&str| schemes(names).map(noun).collect::<Vec<_>>().join(" and ");
    let ways: Vec<String> = alternatives.iter().map(all).collect();
    let ways = ways.join(", or ");
    match role(alternatives) {
        None => match scope(alternatives) {
            Some(scope) => format!("**Needs** {ways}. A key needs the scope `{scope}`."),
            None => format!("**Needs** {ways}."),
        },
        Some(role) => format!(
            "**Needs** {ways}, of an operator with the role `{role}` or a stronger one, who proved a second factor in the \
             session."
        ),
    }
}

/// What whoever brings credentials may be told of them, besides what the use case says.
const PROBLEMS: [Code; 4] = [UNAUTHENTICATED, SESSION_ENDED, CSRF, CREDENTIALS_MISMATCH];

/// What whoever is asked for one of these alternatives may be told.
pub(crate) fn problems(alternatives: &[&str]) -> Vec<Code> {
    let mut codes = Vec::new();
    if !alternatives.is_empty() {
        codes.extend(PROBLEMS);
    }
    if scope(alternatives).is_some() {
        codes.extend(KEY_PROBLEMS);
    }
    if role(alternatives).is_some() {
        codes.extend(LEVEL_PROBLEMS);
    }
    codes
}

/// How somebody is recognised who asks for something that is not open to anybody.
pub(crate) trait Level {
    /// Somebody who passes.
    type Who: Send;
    /// The schemes that are accepted: any one of the alternatives, each with all that it names.
    const ACCEPTS: &'static [&'static str];

    fn recognise(credentials: &Credentials<'_>) -> impl Future<Output = Result<Self::Who>> + Send;
}

/// Level P: anybody, from somewhere.
pub(crate) struct Anyone {
    pub(crate) source: Source,
}

impl<'a> FromRequest<'a> for Anyone {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let source = RequestContext::of(request)?.source(request);
        Ok(Self { source })
    }
}

/// Somebody who tried to pass a level. Whoever is refused is told so by the handler.
pub(crate) struct Attempt<L: Level> {
    pub(crate) who: Result<L::Who>,
}

impl<'a, L: Level> ApiExtractor<'a> for Attempt<L> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        for scheme in SCHEMES {
            registry.create_security_scheme(scheme.name, (scheme.meta)());
        }
    }

    fn security_schemes() -> Vec<&'static str> {
        L::ACCEPTS.to_vec()
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let credentials = Credentials::new(request)?;
        Ok(Self {
            who: L::recognise(&credentials).await,
        })
    }
}

/// Somebody who passed a level.
pub(crate) struct Caller<L: Level> {
    pub(crate) who: L::Who,
    /// Whether the cookie said so, so that pages need a CSRF token.
    pub(crate) by_cookie: bool,
}

impl<'a, L: Level> ApiExtractor<'a> for Caller<L> {
    const TYPES: &'static [ApiExtractorType] = Attempt::<L>::TYPES;

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Attempt::<L>::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        Attempt::<L>::security_schemes()
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let attempt = Attempt::<L>::from_request(request, body, options).await?;
        Ok(Self {
            who: attempt.who.map_err(Problem)?,
            by_cookie: !request.headers().contains_key(SESSION_HEADER),
        })
    }
}

macro_rules! level {
    ($(#[$doc:meta])* $name:ident: $level:ident -> $who:ty, $accepts:expr, $recognise:ident) => {
        pub(crate) struct $level;

        impl Level for $level {
            type Who = $who;
            const ACCEPTS: &'static [&'static str] = &$accepts;

            async fn recognise(credentials: &Credentials<'_>) -> Result<$who> {
                credentials.$recognise().await
            }
        }

        $(#[$doc])*
        pub(crate) type $name = Caller<$level>;
    };
}

level!(
    /// Level B: somebody who proved the first factor.
    FirstFactor: OfFirstFactor -> Identified, ["bearer", "cookie"], first_factor
);
level!(
    /// Level S: somebody with a live session that is theirs.
    LiveSession: OfSession -> SignedIn, ["bearer session", "cookie"], live_session
);
level!(
    /// Level R: a session without an access token beside it.
    SessionAlone: OfSessionAlone -> SignedIn, ["session", "cookie"], session_alone
);
level!(
    /// A session that somebody wants to end. It may be over already.
    SessionToEnd: OfSessionToEnd -> Option<SignedIn>, ["bearer session", "cookie"], session_to_end
);

/// The least role of an operator, as a type: handlers state it.
pub(crate) trait LeastRole: Send + Sync + 'static {
    const ROLE: Role;
    const ACCEPTS: &'static [&'static str];
}

macro_rules! least_role {
    ($(#[$doc:meta])* $role:ident, $accepts:expr) => {
        $(#[$doc])*
        pub(crate) struct $role;

        impl LeastRole for $role {
            const ROLE: Role = Role::$role;
            const ACCEPTS: &'static [&'static str] = &$accepts;
        }
    };
}

least_role!(
    /// Who looks at customers, payments and events of vendors, and changes nothing.
    Viewer, ["bearer session role:viewer", "cookie role:viewer"]
);
least_role!(
    /// Who also moves the money of one payment at a time, has events of vendors applied again, and has the books compared.
    Support, ["bearer session role:support", "cookie role:support"]
);
least_role!(
    /// Who also adjusts what a customer owes, freezes and thaws billing, decides about differences with vendors, and sees the
    /// other operators. Who is one is decided by the command line alone.
    Admin, ["bearer session role:admin", "cookie role:admin"]
);

/// Level O: an operator with this role or a stronger one.
pub(crate) struct OfOperator<R>(PhantomData<R>);

impl<R: LeastRole> Level for OfOperator<R> {
    type Who = Operator;
    const ACCEPTS: &'static [&'static str] = R::ACCEPTS;

    async fn recognise(credentials: &Credentials<'_>) -> Result<Operator> {
        credentials.operator(R::ROLE).await
    }
}

/// An operator, with the role that the operation asks for at least.
pub(crate) type OperatorSession<R> = Caller<OfOperator<R>>;
