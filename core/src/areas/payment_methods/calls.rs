//! What a vendor is asked, made of what is stored alone, so that a repeat is the same.

use portcullis_ports::identity::Subject;
use portcullis_ports::outcome::Reason;
use portcullis_ports::payments::{
    CallKey, CustomerOrder, Handed, Presence, SetupOrder, SetupProof, SetupWay, VendorRef, Verification,
};
use portcullis_ports::{Error, Result, Retry};

use super::PaymentMethods;
use super::model::VENDOR_UNAVAILABLE;
use super::records::Setup;
use crate::foundation::guard::GuardedPayments;
use crate::services::payment_vendors::{NOT_OFFERED, call_key};

/// The page to which a payer comes back from a page of the vendor.
const METHODS_PAGE: &str = "/billing";

impl PaymentMethods {
    fn key(&self, instance: &str, step: &str, row: &str, number: u32) -> Result<CallKey> {
        call_key(
            &self.context,
            "payment-method-call",
            (instance, step, row, number),
        )
    }

    pub(super) fn customer_order(
        &self,
        instance: &str,
        subject: &Subject,
        generation: u32,
    ) -> Result<CustomerOrder> {
        let keyring = &self.context.keyring;
        Ok(CustomerOrder {
            key: self.key(instance, "customer", subject.as_str(), generation)?,
            ours: keyring.pseudonym("payment-customer", &[subject.as_str()])?,
            email: None,
        })
    }

    /// # Errors
    /// [`NOT_OFFERED`] where the vendor sends payers away and nobody knows where to bring them back to.
    pub(super) fn setup_order(
        &self,
        vendor: &GuardedPayments,
        setup: &Setup,
        resend: bool,
    ) -> Result<SetupOrder> {
        let back = self
            .context
            .links
            .to(METHODS_PAGE, &[("setup", setup.id.as_str())]);
        let leaves = |way: &SetupWay| *way == SetupWay::Redirect;
        if back.is_none()
            && vendor
                .vault()
                .is_some_and(|vault| vault.ways().iter().any(leaves))
        {
            let what =
                "Payers come back from this vendor to an address that is not known: set server.public_url.";
            return Err(NOT_OFFERED.with_detail(what));
        }
        Ok(SetupOrder {
            id: setup.id.clone(),
            key: self.key(&setup.instance, "setup", setup.id.as_str(), setup.number)?,
            resend,
            customer: setup.customer.clone(),
            kinds: setup.kinds.clone(),
            presence: Presence::Present {
                return_url: back.unwrap_or_default(),
                cancel_url: None,
                ip: Some(setup.ip),
            },
        })
    }

    pub(super) fn setup_proof(
        &self,
        setup: &Setup,
        theirs: &VendorRef,
        verification: Option<Verification>,
        handed: &Handed,
    ) -> Result<SetupProof> {
        Ok(SetupProof {
            setup: theirs.clone(),
            customer: setup.customer.clone(),
            key: self.key(&setup.instance, "setup-proof", setup.id.as_str(), setup.proofs)?,
            verification,
            handed: handed.clone(),
            mandate: None,
        })
    }
}

/// The vendor was not asked, for this reason.
pub(super) fn not_asked(reason: &Reason) -> Error {
    let error = VENDOR_UNAVAILABLE
        .error()
        .with_context("reason", reason.code.clone())
        .with_context("detail", reason.detail.clone());
    match reason.retry {
        Retry::Later(wait) => error.retry_after(wait),
        Retry::Never | Retry::Unknown => error,
    }
}
