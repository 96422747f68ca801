//! The payment vendors that are connected, each behind its guard, and which of them is meant.

mod calls;
mod collecting;
mod config;
mod next_action;
mod of_plugin;

use std::sync::Arc;

use portcullis_ports::connections::Connections;
use portcullis_ports::{Code, Error, Kind, Result};

pub(crate) use calls::{call_key, key_of, order_tag, present, return_state};
pub(crate) use collecting::{CollectionTerms, Pointers, period};
pub use config::{BillingConfig, VendorConfig, VendorCurrency, VendorOffer};
pub use next_action::{NextActionType, NextActionView};

use crate::foundation::area::Area;
use crate::foundation::context::Context;
use crate::foundation::guard::GuardedPayments;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    problems: &[NOT_OFFERED, VENDOR_UNCLEAR],
    ..Area::EMPTY
};

/// The vendor does not do what was asked for.
pub const NOT_OFFERED: Code = Code::new(
    "not-offered-here",
    Kind::Conflict,
    "The payment vendor does not offer this.",
);
/// No vendor is connected, or several are and none was named.
pub const VENDOR_UNCLEAR: Code = Code::new(
    "payment-vendor-unclear",
    Kind::Conflict,
    "It is not clear which payment vendor to use.",
);

/// All of them, in order of preference.
#[derive(Clone)]
pub struct PaymentVendors(Arc<[GuardedPayments]>);

impl PaymentVendors {
    pub(crate) fn new(context: &Arc<Context>, connections: &Connections) -> Self {
        let connected = connections.many();
        let guarded = connected
            .iter()
            .map(|one| GuardedPayments::new(&context.guards, one));
        Self(guarded.collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &GuardedPayments> {
        self.0.iter()
    }

    /// The vendor of that name.
    ///
    /// # Errors
    /// [`VENDOR_UNCLEAR`], naming those that there are.
    pub(crate) fn named(&self, name: &str) -> Result<&GuardedPayments> {
        self.named_at("/vendor", name)
    }

    /// The same for a name that stands somewhere else in a request.
    fn named_at(&self, pointer: &str, name: &str) -> Result<&GuardedPayments> {
        let found = self.0.iter().find(|one| one.instance() == name);
        found.ok_or_else(|| {
            let detail = format!("No payment vendor `{name}` is connected.{}", self.names());
            unclear(pointer, detail)
        })
    }

    /// The vendor that was named, or the only one.
    ///
    /// # Errors
    /// [`VENDOR_UNCLEAR`], naming those that there are.
    pub(crate) fn chosen(&self, name: Option<&str>) -> Result<&GuardedPayments> {
        match (name, &*self.0) {
            (Some(name), _) => self.named(name),
            (None, [only]) => Ok(only),
            (None, []) => Err(VENDOR_UNCLEAR.with_detail("No payment vendor is connected here.")),
            (None, _) => {
                let detail = format!("Several payment vendors are connected: name one.{}", self.names());
                Err(unclear("/vendor", detail))
            }
        }
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.0.iter().map(GuardedPayments::instance).collect();
        if names.is_empty() {
            String::new()
        } else {
            format!(" There are: {}.", names.join(", "))
        }
    }

    /// A refusal of what a vendor does not offer, naming those that do.
    pub(crate) fn not_offered(&self, what: &str, offers: impl Fn(&GuardedPayments) -> bool) -> Error {
        let able = self.0.iter().filter(|one| offers(one));
        let able: Vec<_> = able.map(GuardedPayments::instance).collect();
        let hint = if able.is_empty() {
            "No connected vendor does.".to_owned()
        } else {
            format!("These do: {}.", able.join(", "))
        };
        NOT_OFFERED.with_detail(format!("This payment vendor does not offer {what}. {hint}"))
    }

    /// The same where the request names a vendor, at a pointer.
    pub(crate) fn not_offered_at(
        &self,
        pointer: &str,
        what: &str,
        offers: impl Fn(&GuardedPayments) -> bool,
    ) -> Error {
        let advice = format!("a payment vendor that offers {what} is expected");
        self.not_offered(what, offers).with_field(pointer, advice)
    }
}

fn unclear(pointer: &str, detail: String) -> Error {
    let advice = "the name of a connected payment vendor is expected";
    VENDOR_UNCLEAR.with_detail(detail).with_field(pointer, advice)
}
