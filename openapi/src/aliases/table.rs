//! Every path of the replaced service that has another name now, in one table.
//!
//! Of its other paths below `/api/billing` these live on under their names: config, settings, autopay, balance, ledger,
//! payments, payment methods with their priority, default and removal, subscriptions. Nothing is served of what is not here:
//! the steps in which `PayPal` and `CCBill` had methods stored and orders captured: today's operations
//! take them by the id of a setup or a payment, which those requests do not tell; and the step in which a browser wrote a
//! purchase down with the sum that it named: purchases are written by what was paid.

/// A path that is deprecated.
pub(crate) struct Alias {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// What to call instead.
    pub(crate) successor: &'static str,
    /// The plugin that it names; it means the only instance of it.
    pub(crate) plugin: Option<&'static str>,
    /// Whether it answers.
    pub(crate) served: bool,
}

const fn served(
    method: &'static str,
    path: &'static str,
    successor: &'static str,
    plugin: Option<&'static str>,
) -> Alias {
    Alias {
        method,
        path,
        successor,
        plugin,
        served: true,
    }
}

const fn not_served(
    method: &'static str,
    path: &'static str,
    successor: &'static str,
    plugin: Option<&'static str>,
) -> Alias {
    Alias {
        served: false,
        ..served(method, path, successor, plugin)
    }
}

const STRIPE: Option<&str> = Some("stripe");
const PAYPAL: Option<&str> = Some("paypal");
const CCBILL: Option<&str> = Some("ccbill");

const PAYMENTS: &str = "/api/billing/payments";
const SUBSCRIPTIONS: &str = "/api/billing/subscriptions";
const METHODS: &str = "/api/billing/payment-methods";
const SETUPS: &str = "/api/billing/payment-methods/setups";
const COMPLETE_SETUP: &str = "/api/billing/payment-methods/setups/{setup_id}/complete";
const ADJUSTMENTS: &str = "/api/operator/billing/customers/{user_sub}/adjustments";
const WEBHOOK: &str = "/webhooks/payments/{instance}";

/// All of them.
#[rustfmt::skip]
pub(crate) const ALIASES: &[Alias] = &[
    // Verbs of the neutral prefix.
    served("POST", "/api/billing/charge-once", PAYMENTS, None),
    served("POST", "/api/billing/pay-balance", PAYMENTS, None),
    served("POST", "/api/billing/subscribe-monthly", SUBSCRIPTIONS, None),
    // Only on a developer's machine.
    served("POST", "/api/billing/_dev/add-charge", ADJUSTMENTS, None),
    // Named after a vendor.
    served("POST", "/api/billing/setup-intent/card", SETUPS, STRIPE),
    served("POST", "/api/billing/setup-intent/us-bank", SETUPS, STRIPE),
    served("POST", "/api/billing/us-bank/verify-microdeposits", COMPLETE_SETUP, STRIPE),
    served("POST", "/api/billing/checkout_session", PAYMENTS, STRIPE),
    served("POST", "/api/stripe/webhook", WEBHOOK, STRIPE),
    not_served("POST", "/api/billing/payment-methods/paypal/setup-token", SETUPS, PAYPAL),
    not_served("POST", "/api/billing/payment-methods/paypal/exchange-token", COMPLETE_SETUP, PAYPAL),
    not_served("POST", "/api/billing/paypal/capture-order", "/api/billing/payments/{payment_id}/complete", PAYPAL),
    served("POST", "/api/billing/subscriptions/cancel", "/api/billing/subscriptions/{subscription_id}/cancel", None),
    served("POST", "/api/paypal/webhook", WEBHOOK, PAYPAL),
    not_served("POST", "/api/billing/ccbill/frontend-oauth", SETUPS, CCBILL),
    not_served("POST", "/api/billing/payment-methods/ccbill-token", COMPLETE_SETUP, CCBILL),
    // The page of the panel answers there.
    not_served("GET", "/billing", "/billing", CCBILL),
    served("POST", "/api/ccbill/webhook", "/webhooks/payments/{instance}/{token}", CCBILL),
    // The prefix of the panel for Stripe.
    served("GET", "/ui/billing/config", "/api/billing/config", STRIPE),
    served("GET", "/ui/billing/settings", "/api/billing/settings", STRIPE),
    served("POST", "/ui/billing/autopay", "/api/billing/autopay", STRIPE),
    served("GET", "/ui/billing/balance", "/api/billing/balance", STRIPE),
    served("POST", "/ui/billing/setup-intent/card", SETUPS, STRIPE),
    served("POST", "/ui/billing/setup-intent/us-bank", SETUPS, STRIPE),
    served("POST", "/ui/billing/us-bank/verify-microdeposits", COMPLETE_SETUP, STRIPE),
    served("GET", "/ui/billing/payment-methods", METHODS, STRIPE),
    served("POST", "/ui/billing/payment-methods/priority", "/api/billing/payment-methods/priority", STRIPE),
    served("POST", "/ui/billing/payment-methods/default", "/api/billing/payment-methods/default", STRIPE),
    served("DELETE", "/ui/billing/payment-methods/{payment_method_id}", "/api/billing/payment-methods/{payment_method_id}", STRIPE),
    served("POST", "/ui/billing/pay-balance", PAYMENTS, STRIPE),
    served("POST", "/ui/billing/charge-once", PAYMENTS, STRIPE),
    served("POST", "/ui/billing/checkout_session", PAYMENTS, STRIPE),
    served("POST", "/ui/billing/_dev/add-charge", ADJUSTMENTS, STRIPE),
    served("GET", "/ui/billing/ledger", "/api/billing/ledger", STRIPE),
    served("GET", "/ui/billing/payments", PAYMENTS, STRIPE),
    served("GET", "/ui/billing/subscriptions", SUBSCRIPTIONS, None),
    // A browser would say itself how much money was paid.
    not_served("POST", "/ui/purchase-history/transactions", "/ui/shoppingcart/carts/{cart_id}/purchase", None),
];

/// All of them for people who move to the names of today.
pub fn reference() -> String {
    let mut text = String::from(
        "# Paths of the replaced service\n\nThey take what they took and answer as they did, each with the headers \
         `Deprecation` and `Link: <…>; rel=\"successor-version\"`. Those that name a vendor mean the only instance of its \
         plugin, and answer 409 where there are several. `CCBill` signs nothing: its path here takes the token of the \
         successor as `?token=`. Money without a key: an equal payment that is still open is \
         refused with 409.\n\n| Path | Call instead | Vendor | |\n|---|---|---|---|\n",
    );
    let rows = ALIASES.iter().map(|row| {
        let Alias {
            method,
            path,
            successor,
            plugin,
            served,
        } = row;
        let plugin = plugin.unwrap_or("any");
        let served = if *served { "" } else { "not served" };
        format!("| `{method} {path}` | `{successor}` | {plugin} | {served} |\n")
    });
    text.extend(rows);
    text
}

/// The row of a path that is served.
pub(crate) fn find(method: &str, path: &str) -> Option<&'static Alias> {
    let mut rows = ALIASES.iter().filter(|row| row.served);
    rows.find(|row| row.method == method && row.path == path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::document::document;

    fn operation<'a>(document: &'a Value, method: &str, path: &str) -> Option<&'a Value> {
        document["paths"].get(path)?.get(method.to_lowercase())
    }

    #[test]
    fn every_row_is_served_as_deprecated_or_not_at_all() {
        let document = document();
        let mut known = BTreeSet::new();
        for row in ALIASES {
            assert!(known.insert((row.method, row.path)), "{} stands twice", row.path);
            let documented = operation(&document, row.method, row.path);
            assert_eq!(documented.is_some(), row.served, "{} {}", row.method, row.path);
            if let Some(operation) = documented {
                assert_eq!(operation["deprecated"], true, "{}", row.path);
                let paths = document["paths"].as_object().expect("paths");
                let fits = |known: &String| {
                    let mask = |path: &str| -> Vec<String> {
                        let mut parts = path.split('/');
                        let parts = parts
                            .by_ref()
                            .map(|part| part.split('{').next().unwrap_or_default());
                        parts.map(str::to_owned).collect()
                    };
                    mask(known).len() == mask(row.successor).len()
                        && mask(known)
                            .iter()
                            .zip(mask(row.successor))
                            .all(|(one, other)| *one == other || one.is_empty())
                };
                assert!(paths.keys().any(fits), "{} leads nowhere", row.successor);
            }
        }
        assert_eq!(known.len(), 37);
    }

    #[test]
    fn every_deprecated_path_of_billing_has_a_row() {
        let document = document();
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let vendor = ["stripe", "paypal", "ccbill"]
                    .iter()
                    .any(|name| path.contains(name));
                let billing = path.contains("billing") || vendor;
                if billing && operation["deprecated"] == true {
                    assert!(find(&method.to_uppercase(), path).is_some(), "{method} {path}");
                }
            }
        }
    }
}
