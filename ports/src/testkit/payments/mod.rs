//! A payment vendor in memory for tests of whoever takes payments, and the suite of the port.

mod counterparty;
mod fake;
mod fake_account;
mod fake_counterparty;
mod fake_deeds;
mod fake_money;
mod fake_subscriptions;
#[cfg(test)]
mod fake_tests;
mod fake_vault;
mod faults;
mod posted;
mod simulated_account;
mod suite;
mod suite_events;
mod suite_money;
mod suite_offline;
mod suite_subscriptions;
mod suite_vault;

pub use counterparty::{Behaviour, Counterparty, Deed};
pub use fake::{FakePayments, FakePaymentsTotals};
pub use faults::PaymentFault;
pub use simulated_account::{SimulatedAccount, declined, done, money, not_sent, pending, present, usd};
pub use suite::{PaymentExpectations, conforms};

/// Stored methods of [`FakePayments`], by what happens when they are charged. Any other name is refused as `no_such_method`.
pub mod methods {
    /// Succeeds.
    pub const SUCCEEDS: &str = "pm_succeeds";
    /// Is refused with [`DeclineClass::RetryLater`](crate::payments::DeclineClass::RetryLater).
    pub const INSUFFICIENT_FUNDS: &str = "pm_insufficient_funds";
    /// Is refused with [`DeclineClass::OtherMethod`](crate::payments::DeclineClass::OtherMethod).
    pub const EXPIRED: &str = "pm_expired";
    /// Is refused with [`DeclineClass::Never`](crate::payments::DeclineClass::Never).
    pub const STOLEN: &str = "pm_stolen";
    /// The payer has to confirm: an action if present, else refused with
    /// [`DeclineClass::Authenticate`](crate::payments::DeclineClass::Authenticate).
    pub const AUTHENTICATES: &str = "pm_authenticates";
    /// A bank debit: stays `processing` until `settle` or `bounce`.
    pub const BANK_DEBIT: &str = "pm_bank_debit";
}
