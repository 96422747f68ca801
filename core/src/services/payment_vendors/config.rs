//! What everybody may know of the payment vendors: how a page uses them, and what they take. Nothing secret.

use portcullis_ports::payments::{MethodKind, RefundRule, SetupWay, SourceKind, Terms, Vault};
use serde::Serialize;

use super::PaymentVendors;
use crate::foundation::guard::GuardedPayments;
use crate::foundation::use_case::Documented;

/// What a vendor offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum VendorOffer {
    /// Paying with a method that is entered in our page.
    ChargePresent,
    /// Paying with a stored method.
    ChargeStored,
    /// Paying on a page of the vendor.
    HostedPage,
    /// Paying outside of any vendor, as the payer is told.
    Offline,
    /// Holding money, and taking it later.
    Authorize,
    /// Taking less than is held.
    PartialCapture,
    /// Giving back a part.
    PartialRefund,
    /// Storing a method by the vendor's script in our page.
    SetupInBrowser,
    /// Storing a method on a page of the vendor.
    SetupByRedirect,
    /// Storing a method by a widget of the vendor.
    SetupByWidget,
    /// Bank accounts are proven by small deposits.
    Microdeposits,
    /// Subscriptions that the vendor collects itself.
    Subscriptions,
    /// Letting such a subscription rest.
    PauseSubscriptions,
}

/// Which amounts of a currency a vendor takes, in its smallest unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct VendorCurrency {
    /// Its three letters (ISO 4217).
    pub currency: String,
    /// How many decimal places it is written with.
    pub digits: u32,
    /// The least amount.
    pub min: i64,
    /// The most.
    pub max: i64,
    /// Amounts are multiples of it.
    pub step: i64,
}

/// What everybody may know of one payment vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct VendorConfig {
    /// The name of the instance: what other requests call `vendor`.
    pub name: String,
    /// The id of its plugin.
    pub plugin: String,
    /// Whether real money moves.
    pub live: bool,
    /// The key that the vendor publishes for its script, where it has one.
    pub public_key: Option<String>,
    /// The address of that script.
    pub script: Option<String>,
    /// The origins that a page with it must allow for scripts, frames and requests.
    pub origins: Vec<String>,
    /// What it offers.
    pub offers: Vec<VendorOffer>,
    /// The kinds of methods.
    pub methods: Vec<MethodKind>,
    /// What it takes, by currency.
    pub currencies: Vec<VendorCurrency>,
    /// What has to be known before money is given back, for the operator who is about to do it.
    pub refund_notice: Option<String>,
}

/// How payments are made here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BillingConfig {
    /// In order of preference; empty where nothing can be paid.
    pub vendors: Vec<VendorConfig>,
    /// The public key of the first vendor that has one; `vendors` says of each.
    pub publishable_key: Option<String>,
}

impl Documented for BillingConfig {
    const EXAMPLE: &str = r#"{
  "vendors": [
    {
      "name": "main",
      "plugin": "example",
      "live": false,
      "public_key": "pk_test_1",
      "script": "https://js.vendor.example/v1.js",
      "origins": ["https://js.vendor.example"],
      "offers": ["charge_present", "charge_stored", "setup_in_browser"],
      "methods": ["card", "us_bank_debit"],
      "currencies": [
        { "currency": "USD", "digits": 2, "min": 50, "max": 99999999, "step": 1 }
      ],
      "refund_notice": null
    }
  ],
  "publishable_key": "pk_test_1"
}"#;
}

impl PaymentVendors {
    /// What everybody may know.
    pub fn config(&self) -> BillingConfig {
        let vendors: Vec<VendorConfig> = self.iter().map(config).collect();
        let mut keys = vendors.iter().filter_map(|vendor| vendor.public_key.clone());
        BillingConfig {
            publishable_key: keys.next(),
            vendors,
        }
    }
}

fn config(vendor: &GuardedPayments) -> VendorConfig {
    let terms = vendor.terms();
    let browser = vendor.browser().map(|browser| browser.config().clone());
    let currencies = terms.amounts.iter().map(|(currency, rule)| VendorCurrency {
        currency: currency.to_string(),
        digits: currency.digits(),
        min: rule.min,
        max: rule.max,
        step: rule.step,
    });
    VendorConfig {
        name: vendor.instance().to_owned(),
        plugin: vendor.plugin().to_owned(),
        live: terms.live,
        public_key: browser.as_ref().map(|browser| browser.public_key.clone()),
        script: browser.as_ref().map(|browser| browser.script.clone()),
        origins: browser.map(|browser| browser.origins).unwrap_or_default(),
        offers: offers(vendor, terms),
        methods: terms.methods.clone(),
        currencies: currencies.collect(),
        refund_notice: refund_notice(terms.refunds).map(str::to_owned),
    }
}

/// What a refund does besides giving money back.
const fn refund_notice(rule: RefundRule) -> Option<&'static str> {
    match rule {
        RefundRule::PerPayment { .. } => None,
        RefundRule::LastOfSubscription => Some(
            "A refund gives back the whole of the last charge, cannot be repeated, and also ends the subscription at the \
             vendor.",
        ),
    }
}

fn offers(vendor: &GuardedPayments, terms: &Terms) -> Vec<VendorOffer> {
    let charges = |kind| terms.sources.contains(&kind);
    let way = |way| vendor.vault().is_some_and(|vault| vault.ways().contains(&way));
    let partial = matches!(terms.refunds, RefundRule::PerPayment { partial: true, .. });
    let all = [
        (VendorOffer::ChargePresent, charges(SourceKind::Fresh)),
        (VendorOffer::ChargeStored, charges(SourceKind::Stored)),
        (VendorOffer::HostedPage, charges(SourceKind::HostedPage)),
        (VendorOffer::Offline, charges(SourceKind::Offline)),
        (VendorOffer::Authorize, vendor.has_holds()),
        (
            VendorOffer::PartialCapture,
            vendor.has_holds() && terms.partial_capture,
        ),
        (VendorOffer::PartialRefund, partial),
        (VendorOffer::SetupInBrowser, way(SetupWay::Browser)),
        (VendorOffer::SetupByRedirect, way(SetupWay::Redirect)),
        (VendorOffer::SetupByWidget, way(SetupWay::Widget)),
        (
            VendorOffer::Microdeposits,
            vendor.vault().is_some_and(Vault::microdeposits),
        ),
        (VendorOffer::Subscriptions, vendor.subscription_terms().is_some()),
        (
            VendorOffer::PauseSubscriptions,
            vendor.subscription_terms().is_some_and(|terms| terms.pauses),
        ),
    ];
    all.into_iter()
        .filter(|(_, offered)| *offered)
        .map(|(offer, _)| offer)
        .collect()
}
