//! The HTTP API of Portcullis: requests turn into use cases, use cases into answers and problems.
//!
//! Handlers extract, call one use case and wrap its result. What surrounds them (listener, limits, log, meters) is the
//! server's.

mod accounts;
mod aliases;
mod answer;
mod api_keys;
mod auth;
mod autopay;
mod body;
mod carts;
mod catalog;
mod catalogue;
mod challenges;
mod closures;
mod context;
mod cookie;
mod credentials;
mod customers;
mod document;
mod documented;
mod dto;
mod entitlements;
mod factors_email;
mod factors_sms;
mod factors_totp;
mod figures;
mod file;
mod forward_auth;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod idempotency_key;
mod inbox;
mod invoices;
mod key_scopes;
mod known_devices;
mod ledger;
mod mailbox;
mod meta;
mod offline_payments;
mod operators;
mod orders;
mod parameter;
mod password_recovery;
mod payment_methods;
mod payments;
pub mod plain_cookie;
mod plans;
pub mod problem;
mod problem_codes;
mod query;
mod receipts;
mod reconciliations;
mod recovery_codes;
mod resource;
mod returns;
mod sessions;
mod shape;
mod subscriptions;
mod swagger;
mod tags;
mod webhooks;

use std::sync::Arc;

use context::FromContext as _;
use poem::endpoint::{make, make_sync};

pub use aliases::reference as aliases_reference;
pub use auth::{API_KEY_HEADER, CSRF_HEADER, DEVICE_HEADER, SESSION_HEADER};
pub use catalogue::{codes, reference};
pub use context::{ApiContext, RequestContext};
pub use cookie::NAME as SESSION_COOKIE;
pub use document::document;
pub use file::StaticFile;
pub use resource::{Methods, Resource};

/// Every documented operation, in the order of the document.
type Operations = (
    accounts::AccountsApi,
    closures::ClosuresApi,
    sessions::SessionsApi,
    (
        known_devices::KnownDevicesApi,
        api_keys::ApiKeysApi,
        forward_auth::ForwardAuthApi,
    ),
    challenges::ChallengesApi,
    factors_totp::AuthenticatorAppsApi,
    factors_sms::PhoneNumbersApi,
    factors_email::EmailAddressesApi,
    recovery_codes::RecoveryCodesApi,
    password_recovery::PasswordRecoveryApi,
    // What money is about, by itself: the framework takes sixteen at once.
    (
        ledger::LedgerApi,
        figures::FiguresApi,
        reconciliations::ReconciliationsApi,
        payment_methods::PaymentMethodsApi,
        payments::PaymentsApi,
        (offline_payments::OfflinePaymentsApi, returns::ReturnsApi),
        receipts::ReceiptsApi,
        autopay::AutopayApi,
        customers::CustomersApi,
        invoices::InvoicesApi,
        receipts::InvoiceDocumentsApi,
        plans::PlansApi,
        entitlements::EntitlementsApi,
        subscriptions::SubscriptionsApi,
        (catalog::CatalogApi, carts::CartsApi, orders::OrdersApi),
        aliases::SubscriptionAliasesApi,
    ),
    inbox::InboxApi,
    operators::OperatorsApi,
    webhooks::WebhooksApi,
    aliases::AliasesApi,
    meta::ServiceApi,
);

/// What the API answers, path by path. Every request must carry a [`RequestContext`].
pub fn resources(context: &ApiContext) -> Vec<Resource> {
    let mut resources = aliases::mark(Resource::of(Operations::from_context(context)));
    forward_auth::add_undocumented(&mut resources, &context.app);
    resources.push(Resource::get(
        "/problems/{code}",
        make_sync(|request| catalogue::explain(&request)),
    ));
    if let Some(mailbox) = &context.mailbox {
        let mailbox = Arc::clone(mailbox);
        let messages = move |request| mailbox::messages(Arc::clone(&mailbox), request);
        resources.push(Resource::get(mailbox::MESSAGES, make(messages)));
    }
    resources
}

/// The files that belong to the API: its document, and the pages for developers.
pub fn files(context: &ApiContext, docs: bool) -> Vec<StaticFile> {
    let document = document().to_string();
    let mut files = vec![
        // Every JSON text is YAML.
        StaticFile::made("/openapi.yaml", "application/yaml", document.clone()),
        StaticFile::made("/openapi.json", "application/json", document),
    ];
    if docs {
        files.extend(swagger::files());
    }
    if context.mailbox.is_some() {
        files.extend(mailbox::files());
    }
    files
}
