//! What each operation asks of whoever calls it: `session` unless this table says otherwise.

use serde_json::{Value, json};

use crate::auth::{CSRF_HEADER, SESSION_HEADER};
use crate::cookie;

/// What a caller must bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Nothing.
    Public,
    /// An access token, or the cookie of a live session.
    FirstFactor,
    /// An access token and the credential of a live session that is its owner's, or the cookie.
    Session,
    /// The credential of a live session, in the header or in the cookie.
    SessionAlone,
}

/// Every operation that is not [`Level::Session`], by its id.
const EXCEPTIONS: [(&str, Level); 26] = [
    ("options", Level::Public),
    ("ping", Level::Public),
    ("sign_up", Level::Public),
    ("sign_in", Level::Public),
    ("verify_email", Level::Public),
    ("resend_verification", Level::Public),
    ("start_password_recovery", Level::Public),
    ("verify_password_recovery", Level::Public),
    ("confirm_password_recovery", Level::Public),
    ("verify_recovery_totp", Level::Public),
    ("send_recovery_sms_code", Level::Public),
    ("verify_recovery_sms_code", Level::Public),
    ("send_recovery_email_code", Level::Public),
    ("verify_recovery_email_code", Level::Public),
    ("use_recovery_code_for_password", Level::Public),
    ("receive_webhook", Level::Public),
    ("refresh", Level::SessionAlone),
    ("start_session", Level::FirstFactor),
    ("finalize_session", Level::FirstFactor),
    ("verify_totp", Level::FirstFactor),
    ("send_sms_code", Level::FirstFactor),
    ("verify_sms_code", Level::FirstFactor),
    ("send_email_code", Level::FirstFactor),
    ("verify_email_code", Level::FirstFactor),
    ("use_recovery_code", Level::FirstFactor),
    ("use_recovery_code_alias", Level::FirstFactor),
];

/// The names in the table, to find those that no operation has.
pub fn exceptions() -> impl Iterator<Item = &'static str> {
    EXCEPTIONS.iter().map(|(operation, _)| *operation)
}

/// The level of an operation.
pub fn level(operation: &str) -> Level {
    let found = EXCEPTIONS.iter().find(|(name, _)| *name == operation);
    found.map_or(Level::Session, |(_, level)| *level)
}

impl Level {
    /// The same for OpenAPI: any one of the alternatives, each with everything in it.
    pub(crate) fn security(self) -> Value {
        match self {
            Self::Public => json!([]),
            Self::FirstFactor => json!([{ "bearer": [] }, { "cookie": [] }]),
            Self::Session => json!([{ "bearer": [], "session": [] }, { "cookie": [] }]),
            Self::SessionAlone => json!([{ "session": [] }, { "cookie": [] }]),
        }
    }

    /// The same in a sentence.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Public => "**Open to anybody.**",
            Self::FirstFactor => "**Needs** an access token, or the session cookie.",
            Self::Session => "**Needs** an access token and `X-SESSION-ID`, or the session cookie.",
            Self::SessionAlone => "**Needs** `X-SESSION-ID` or the session cookie, and no access token.",
        }
    }

    /// The problems that every operation of this level may answer with.
    pub(crate) fn problems(self) -> &'static [&'static str] {
        match self {
            Self::Public => &[],
            Self::FirstFactor | Self::Session | Self::SessionAlone => {
                &["unauthenticated", "session-ended", "csrf", "credentials-mismatch"]
            }
        }
    }
}

/// The ways to say who is asking.
pub(crate) fn schemes() -> Value {
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "`access_token` of `POST /auth/sign-in`. Proves the first factor.",
        },
        "session": {
            "type": "apiKey",
            "in": "header",
            "name": SESSION_HEADER,
            "description": "`session_id` of `POST /ui/session/start`, or of the last proof that it asked for.",
        },
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie::NAME,
            "description": format!(
                "Set for browsers that start their session with `\"transport\": \"cookie\"`. Whatever changes something \
                 then needs the header `{CSRF_HEADER}`, as given by `GET /ui/me`."
            ),
        },
    })
}
