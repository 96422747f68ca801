//! Which instance is meant by whoever names a plugin alone.

use portcullis_ports::Result;

use super::{PaymentVendors, VENDOR_UNCLEAR};
use crate::foundation::guard::GuardedPayments;

impl PaymentVendors {
    /// The name of the only instance of a plugin.
    ///
    /// # Errors
    /// `payment-vendor-unclear` if there is none, or several, naming them.
    pub fn only_of(&self, plugin: &str) -> Result<String> {
        let of_it = self.iter().filter(|one| one.plugin() == plugin);
        let names: Vec<&str> = of_it.map(GuardedPayments::instance).collect();
        match names.as_slice() {
            [only] => Ok((*only).to_owned()),
            [] => Err(VENDOR_UNCLEAR.with_detail(format!("No payment vendor of the plugin `{plugin}` is connected."))),
            several => Err(VENDOR_UNCLEAR.with_detail(format!(
                "Several payment vendors of the plugin `{plugin}` are connected: {}. Use the operation that names one.",
                several.join(", ")
            ))),
        }
    }
}
