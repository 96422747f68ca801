//! What a payment plugin may offer beyond the contract, and how that is seen on what it brings.

use super::ConnectedPayments;
use super::terms::{RefundRule, SourceKind};
use super::vault::SetupWay;

/// What a payment plugin may offer. Each is visible on what the plugin brings, in a trait or a figure of its terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentCapability {
    /// Charges a method that a payer who is present enters: [`super::Source::Fresh`].
    ChargePresent,
    /// Charges a stored method: [`super::Source::Stored`].
    ChargeStored,
    /// Charges by a page of the vendor: [`super::Source::HostedPage`].
    HostedPage,
    /// Takes payments outside of any vendor, of which operators say what came: [`super::Source::Offline`].
    ChargeOffline,
    /// Goes on after the payer acted, and calls off what waits for a payer: [`super::Approval`].
    Approval,
    /// Holds money and takes it later: [`super::Holds`].
    Authorize,
    /// Takes less than is held.
    PartialCapture,
    /// Gives back less than was taken.
    PartialRefund,
    /// Keeps customers: [`super::Customers`].
    Customers,
    /// Keeps methods: [`super::Vault`].
    Vault,
    /// Methods are entered in the vendor's script in our page.
    SetupInBrowser,
    /// Methods are entered at a page of the vendor.
    SetupByRedirect,
    /// Methods are entered in a widget of the vendor.
    SetupByWidget,
    /// Bank accounts are proven by small deposits.
    Microdeposits,
    /// Has a part in the browser: [`super::Browser`].
    Browser,
    /// Collects subscriptions by itself: [`super::VendorSubscriptions`].
    Subscriptions,
    /// Lets subscriptions that it collects rest and go on.
    PauseSubscriptions,
    /// Tells of disputes: [`super::Disputes`].
    Disputes,
    /// Takes evidence.
    Evidence,
    /// Takes files as evidence: [`super::Disputes::files`].
    EvidenceFiles,
    /// Reports what moved: [`super::Reports`].
    Reports,
    /// Finds an attempt by our name for it.
    FindByOurs,
    /// Posts events: [`crate::inbound::Inbound`].
    Events,
}

/// Every capability, with whether it can be seen.
pub(super) fn offered(connected: &ConnectedPayments) -> Vec<(PaymentCapability, bool)> {
    use PaymentCapability as C;
    let terms = connected.payments.terms();
    let charges = |kind| terms.sources.contains(&kind);
    let vault = connected.vault.as_deref();
    let way = |way| vault.is_some_and(|vault| vault.ways().contains(&way));
    let partial = matches!(terms.refunds, RefundRule::PerPayment { partial: true, .. });
    vec![
        (C::ChargePresent, charges(SourceKind::Fresh)),
        (C::ChargeStored, charges(SourceKind::Stored)),
        (C::HostedPage, charges(SourceKind::HostedPage)),
        (C::ChargeOffline, charges(SourceKind::Offline)),
        (C::Approval, connected.approval.is_some()),
        (C::Authorize, connected.holds.is_some()),
        (
            C::PartialCapture,
            connected.holds.is_some() && terms.partial_capture,
        ),
        (C::PartialRefund, partial),
        (C::Customers, connected.customers.is_some()),
        (C::Vault, vault.is_some()),
        (C::SetupInBrowser, way(SetupWay::Browser)),
        (C::SetupByRedirect, way(SetupWay::Redirect)),
        (C::SetupByWidget, way(SetupWay::Widget)),
        (C::Microdeposits, vault.is_some_and(super::Vault::microdeposits)),
        (C::Browser, connected.browser.is_some()),
        (C::Subscriptions, connected.subscriptions.is_some()),
        (
            C::PauseSubscriptions,
            connected
                .subscriptions
                .as_ref()
                .is_some_and(|subscriptions| subscriptions.terms().pauses),
        ),
        (C::Disputes, connected.disputes.is_some()),
        (
            C::Evidence,
            connected
                .disputes
                .as_ref()
                .is_some_and(|disputes| disputes.takes_evidence()),
        ),
        (
            C::EvidenceFiles,
            connected
                .disputes
                .as_ref()
                .is_some_and(|disputes| disputes.files().is_some()),
        ),
        (C::Reports, connected.reports.is_some()),
        (C::FindByOurs, terms.find_by_ours),
        (C::Events, connected.inbound.is_some()),
    ]
}
