//! The HTTP API of Portcullis: requests turn into use cases, use cases into answers and problems.
//!
//! Handlers extract, call one use case and wrap its result. What surrounds them (listener, limits, log, meters) is the
//! server's.

mod accounts;
mod answer;
mod arrival;
mod auth;
mod body;
mod catalogue;
mod challenges;
mod cookie;
mod document;
mod dto;
mod examples;
mod factors_email;
mod factors_sms;
mod factors_totp;
mod file;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod known_devices;
pub mod levels;
mod mailbox;
mod meta;
mod password_recovery;
pub mod plain_cookie;
pub mod problem;
mod problem_codes;
mod query;
mod recovery_codes;
mod resource;
mod sessions;
mod shape;
mod swagger;
mod tags;
mod webhooks;
mod yaml;

use poem::endpoint::{make, make_sync};

pub use arrival::{Arrival, Surroundings};
pub use auth::{CSRF_HEADER, DEVICE_HEADER, SESSION_HEADER};
pub use catalogue::{codes, reference};
pub use cookie::NAME as SESSION_COOKIE;
pub use document::document;
pub use file::StaticFile;
pub use resource::Resource;
pub use yaml::yaml;

/// Every documented operation, in the order of the document.
type Operations = (
    accounts::AccountsApi,
    sessions::SessionsApi,
    known_devices::KnownDevicesApi,
    challenges::ChallengesApi,
    factors_totp::AuthenticatorAppsApi,
    factors_sms::PhoneNumbersApi,
    factors_email::EmailAddressesApi,
    recovery_codes::RecoveryCodesApi,
    password_recovery::PasswordRecoveryApi,
    webhooks::WebhooksApi,
    meta::ServiceApi,
);

fn operations() -> Operations {
    (
        accounts::AccountsApi,
        sessions::SessionsApi,
        known_devices::KnownDevicesApi,
        challenges::ChallengesApi,
        factors_totp::AuthenticatorAppsApi,
        factors_sms::PhoneNumbersApi,
        factors_email::EmailAddressesApi,
        recovery_codes::RecoveryCodesApi,
        password_recovery::PasswordRecoveryApi,
        webhooks::WebhooksApi,
        meta::ServiceApi,
    )
}

/// What the API answers, path by path. Every request must carry an [`Arrival`].
pub fn resources(surroundings: &Surroundings) -> Vec<Resource> {
    let mut resources = Resource::of(operations());
    resources.push(Resource::get(
        "/problems/{code}",
        make_sync(|request| catalogue::explain(&request)),
    ));
    if surroundings.mailbox.is_some() {
        resources.push(Resource::get(mailbox::MESSAGES, make(mailbox::messages)));
    }
    resources
}

/// The files that belong to the API: its document, and the pages for developers.
pub fn files(surroundings: &Surroundings, docs: bool) -> Vec<StaticFile> {
    let document = document();
    let mut files = vec![
        StaticFile::made("/openapi.json", "application/json", document.to_string()),
        StaticFile::made("/openapi.yaml", "application/yaml", yaml(&document)),
    ];
    if docs {
        files.extend(swagger::files());
    }
    if surroundings.mailbox.is_some() {
        files.extend(mailbox::files());
    }
    files
}
