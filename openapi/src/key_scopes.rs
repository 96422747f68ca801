//! Operations that take API keys, and the scope that each asks for. What stands nowhere in here takes no key.

use std::marker::PhantomData;

use portcullis_core::api_keys::{KeyHolder, Requester};
use portcullis_core::{
    Scope, api_keys, autopay, carts, catalog, entitlements, forward_auth, invoices, ledger, orders,
    payment_methods, payments, plans, subscriptions,
};
use portcullis_ports::Result;
use portcullis_ports::identity::UNAUTHENTICATED;

use crate::auth::{Caller, Level};
use crate::credentials::Credentials;

/// A scope, as a type: handlers that take keys state it.
pub(crate) trait KeyScope: Send + Sync + 'static {
    const SCOPE: Scope;
    /// A session, or a key.
    const ACCEPTS: &'static [&'static str];
    /// A key.
    const ACCEPTS_KEYS: &'static [&'static str];
}

macro_rules! key_scope {
    ($scope:ident, $of:expr, $name:literal) => {
        pub(crate) struct $scope;

        impl KeyScope for $scope {
            const SCOPE: Scope = $of;
            const ACCEPTS: &'static [&'static str] = &[
                "bearer session",
                "cookie",
                concat!("api_key scope:", $name),
                concat!("api_key_bearer scope:", $name),
            ];
            const ACCEPTS_KEYS: &'static [&'static str] = &[
                concat!("api_key scope:", $name),
                concat!("api_key_bearer scope:", $name),
            ];
        }

        const _: () = assert!(
            same($of.name, $name),
            "the document would tell of another scope"
        );
    };
}

/// Whether two texts are the same, while they are compiled.
const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

key_scope!(
    ApplicationsEnter,
    forward_auth::scopes::ENTER,
    "applications:enter"
);
key_scope!(AutopayRead, autopay::scopes::READ, "autopay:read");
key_scope!(CartsRead, carts::scopes::READ, "carts:read");
key_scope!(CartsWrite, carts::scopes::WRITE, "carts:write");
key_scope!(CatalogRead, catalog::scopes::READ, "catalog:read");
key_scope!(EntitlementsRead, entitlements::scopes::READ, "entitlements:read");
key_scope!(InvoicesRead, invoices::scopes::READ, "invoices:read");
key_scope!(KeysVerify, api_keys::scopes::VERIFY, "api_keys:verify");
key_scope!(LedgerRead, ledger::scopes::READ, "ledger:read");
key_scope!(MethodsRead, payment_methods::scopes::READ, "payment_methods:read");
key_scope!(OrdersRead, orders::scopes::READ, "orders:read");
key_scope!(PaymentsRead, payments::scopes::READ, "payments:read");
key_scope!(PlansRead, plans::scopes::READ, "plans:read");
key_scope!(
    SubscriptionsRead,
    subscriptions::scopes::READ,
    "subscriptions:read"
);

/// Somebody with a live session, or a program with a key that has this scope.
pub(crate) struct OfSessionOrKey<S>(PhantomData<S>);

impl<S: KeyScope> Level for OfSessionOrKey<S> {
    type Who = Requester;
    const ACCEPTS: &'static [&'static str] = S::ACCEPTS;

    async fn recognise(credentials: &Credentials<'_>) -> Result<Requester> {
        match credentials.api_key()? {
            Some(key) => Ok(Requester::Key(credentials.key_holder(key, &S::SCOPE).await?)),
            None => Ok(Requester::Session(credentials.live_session().await?)),
        }
    }
}

/// A live session, or a key with the scope that the operation asks for.
pub(crate) type SessionOrKey<S> = Caller<OfSessionOrKey<S>>;

/// A program with a key that has this scope, and nobody else.
pub(crate) struct OfKey<S>(PhantomData<S>);

impl<S: KeyScope> Level for OfKey<S> {
    type Who = KeyHolder;
    const ACCEPTS: &'static [&'static str] = S::ACCEPTS_KEYS;

    async fn recognise(credentials: &Credentials<'_>) -> Result<KeyHolder> {
        match credentials.api_key()? {
            Some(key) => credentials.key_holder(key, &S::SCOPE).await,
            None => Err(UNAUTHENTICATED.with_detail("An API key is required, in the header X-API-KEY.")),
        }
    }
}

/// A key with the scope that the operation asks for.
pub(crate) type KeyAlone<S> = Caller<OfKey<S>>;
