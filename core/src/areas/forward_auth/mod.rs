//! Who stands behind a request that a reverse proxy asks about, and the way back to an application after signing in.

mod return_addresses;
pub mod scopes;
mod settings;

use std::sync::Arc;

use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;
use portcullis_ports::{Code, Kind, Result};

use return_addresses::ReturnAddresses;
pub use settings::Settings;

use crate::areas::api_keys::{ApiKeyId, Asking as _, Requester};
use crate::foundation::area::Area;
use crate::foundation::context::Context;
use crate::foundation::use_case::{Problems, UseCase};
use crate::services::directory::Directory;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    problems: &[RETURN_ADDRESS_NOT_ALLOWED],
    scopes: scopes::ALL,
    ..Area::EMPTY
};

/// Browsers are not sent there.
pub const RETURN_ADDRESS_NOT_ALLOWED: Code = Code::new(
    "return-address-not-allowed",
    Kind::Invalid,
    "Browsers are sent to this service and to the origins of `forward_auth.return_origins` only.",
);

/// The way back to an application after signing in.
pub struct ReturnToApplication;

impl UseCase for ReturnToApplication {
    const PROBLEMS: Problems = &[&[RETURN_ADDRESS_NOT_ALLOWED]];
}

/// Who stands behind a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedIdentity {
    /// Whose account it is.
    pub subject: Subject,
    /// The address to sign in with, once it was proven; nothing for people of other identity providers.
    pub email: Option<String>,
    /// By what it was proven.
    pub by: VerifiedBy,
}

/// What proved who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifiedBy {
    /// A session with all factors that the account must prove.
    Session(SessionId),
    /// An API key that may enter.
    ApiKey(ApiKeyId),
}

/// Answers reverse proxies.
pub struct ForwardAuth {
    context: Arc<Context>,
    directory: Directory,
    addresses: ReturnAddresses,
}

impl ForwardAuth {
    pub(crate) fn new(context: &Arc<Context>, directory: &Directory, settings: &Settings) -> Self {
        let own = context.links.route("").and_then(|own| own.parse().ok());
        let listed = settings.return_origins.iter().cloned();
        Self {
            addresses: ReturnAddresses::new(own.into_iter().chain(listed)),
            context: Arc::clone(context),
            directory: directory.clone(),
        }
    }

    /// Who it is that was let in.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn identity(&self, requester: &Requester) -> Result<VerifiedIdentity> {
        let subject = requester.subject().clone();
        let account = self.directory.recent(&subject).await?;
        let proven = account.filter(|account| account.email_verified_at.is_some());
        Ok(VerifiedIdentity {
            email: proven.map(|account| account.email.shown()),
            by: match requester {
                Requester::Session(who) => VerifiedBy::Session(who.session.id.clone()),
                Requester::Key(holder) => VerifiedBy::ApiKey(holder.key_id().clone()),
            },
            subject,
        })
    }

    /// The page on which somebody signs in who wanted to go to `address`; it comes back there if browsers are sent to that
    /// address. Nothing where it is not known at which address browsers reach the panel.
    pub fn sign_in_page(&self, address: Option<&str>) -> Option<String> {
        let page = self.context.links.page("/sign-in")?;
        let back = address.and_then(|address| self.addresses.admit(address));
        Some(match back {
            Some(back) => {
                let query = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("return_to", &back)
                    .finish();
                format!("{page}?{query}")
            }
            None => page,
        })
    }

    /// The address to which a browser is sent.
    ///
    /// # Errors
    /// `return-address-not-allowed`.
    pub fn return_address(&self, address: &str) -> Result<String> {
        self.addresses
            .admit(address)
            .ok_or_else(|| RETURN_ADDRESS_NOT_ALLOWED.error())
    }
}
