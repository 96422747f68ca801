//! The ledger: double entry in whole minor units, per customer and currency, in hash chains that end in signed balances.
//!
//! Every transaction moves amounts of one currency from account to account, so that all accounts of a currency add up to
//! zero. The accounts of customers are guarded: one record holds the balance, and every commit that posts to the account
//! expects it as it was read. The accounts of the house are open: every posting is a record of its own.
//!
//! An account names its customer by the subject, which is no more than a name of this deployment and is given to nobody
//! else: when an account is closed, what ties the subject to a person goes, and the ledger stays.

mod accounts;
mod cause;
mod day_sums;
#[cfg(test)]
mod day_sums_tests;
mod export;
mod figures;
mod folding;
mod holds;
mod house_transaction;
#[cfg(test)]
mod invariant_tests;
mod kind;
mod lines;
#[cfg(test)]
mod lines_tests;
mod listing;
mod meters;
mod observer;
mod post;
#[cfg(test)]
mod post_tests;
mod posting;
mod reading;
#[cfg(test)]
mod reading_tests;
mod records;
pub mod scopes;
mod sign_anew;
mod statement;
#[cfg(test)]
mod tampering_tests;
#[cfg(test)]
pub(crate) mod testing;
mod transaction;
mod verify;
mod verify_house;
mod views;

use std::sync::Arc;

use portcullis_ports::{Code, Kind, Result};

pub use crate::foundation::cursor::SignedCursor;
pub use accounts::{Account, HouseAccount, InstanceName};
pub use cause::{Cause, CauseId, Reason};
use day_sums::DaySum;
pub use day_sums::{HouseDay, KindMoved};
pub use export::{ExportLine, ExportRow};
pub use figures::{EntryPhase, Figures, Movement};
pub(crate) use folding::FOLDING;
pub use folding::Folded;
pub use holds::HoldLimit;
pub use house_transaction::HouseTransaction;
pub use kind::EntryKind;
pub use lines::HouseTotal;
pub use listing::ListCustomerEntries;
pub(crate) use observer::{CreditObserver, DebitObserver};
pub use post::{MAX_PENDING, Posted};
pub use posting::Posting;
pub use reading::{EntryFilter, ListEntries, PAGE};
pub use records::{Entry, HouseEntry, Resolved};
pub use statement::STATEMENT_TOO_LONG;
pub use transaction::{Sale, Transaction};
pub use verify::{Broken, Ledgers, VerifiedAccount};
pub use verify_house::{Finding, Summary};
pub use views::{BalanceList, BalanceView, EntryPage, EntryView, PostingView, ReadBalances};

use lines::{AccountMark, DayMark, LEDGER_OPEN, Line, Lines, Total};
use records::{Balance, LEDGER, LEDGER_HOUSE};

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::calendar::Zone;
use crate::foundation::context::Context;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // It is written in the commits of payments, and has to come back as they do.
        Family::new(
            LEDGER,
            Personal::Retained,
            &[shape::<Entry>("entry"), shape::<Balance>("balance")],
        )
        .taken_over(),
        Family::new(
            LEDGER_HOUSE,
            Personal::Nobody,
            &[shape::<HouseEntry>("transaction")],
        )
        .taken_over(),
        Family::new(
            LEDGER_OPEN,
            Personal::Nobody,
            &[
                shape::<Line>("line"),
                shape::<Total>("total"),
                shape::<DaySum>("sum"),
                shape::<DayMark>("day"),
                shape::<AccountMark>("account"),
            ],
        )
        .taken_over(),
    ],
    problems: &[
        COLLECTING,
        HOLD_EXCEEDS_PAYABLE,
        LEDGER_BROKEN,
        PENDING_ENTRY_ENDED,
        STATEMENT_TOO_LONG,
        TOO_MANY_PENDING,
    ],
    meters: meters::ALL,
    tasks: &[&FOLDING],
    scopes: scopes::ALL,
    ..Area::EMPTY
};

/// What is stored of an account was not written by this deployment. Nothing is booked upon it.
pub const LEDGER_BROKEN: Code = Code::new(
    "ledger-broken",
    Kind::Internal,
    "The ledger of this account cannot be trusted: `portcullis ledger verify` says where it breaks.",
);
/// The entry was settled or voided before, or was never pending.
pub const PENDING_ENTRY_ENDED: Code = Code::new(
    "pending-entry-ended",
    Kind::Conflict,
    "This ledger entry is not pending: it was settled or voided before.",
);
/// So much may not be pending on one account.
pub const TOO_MANY_PENDING: Code = Code::new(
    "too-many-pending",
    Kind::Limited,
    "Too many payments and charges of this account are pending: wait until some of them have ended.",
);
/// A hold would make a customer pay more than is owed.
pub const HOLD_EXCEEDS_PAYABLE: Code = Code::new(
    "hold-exceeds-payable",
    Kind::Conflict,
    "This is more than there is to pay: ask for the balance again, a payment may be under way.",
);
/// Another payment collects the same debt.
pub const COLLECTING: Code = Code::new(
    "collecting",
    Kind::Conflict,
    "Another payment collects this balance: complete or cancel it first.",
);

/// Posts to the ledger and reads it.
#[derive(Clone)]
pub struct Ledger {
    context: Arc<Context>,
    lines: Lines,
    observer: Option<Arc<dyn DebitObserver>>,
}

impl Ledger {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self {
            context: Arc::clone(context),
            lines: Lines::new(context),
            observer: None,
        }
    }

    /// What the accounts of the house hold, by name.
    ///
    /// # Errors
    /// `ledger-broken`; whatever the store answers.
    pub async fn house_totals(&self) -> Result<Vec<HouseTotal>> {
        let mut totals = Vec::new();
        for (account, currency) in self.lines.accounts().await? {
            totals.push(self.lines.total(&account, currency).await?);
        }
        Ok(totals)
    }

    /// Folds lines that are older than an hour into totals and into the sums of their days, so that reading either stays
    /// short. Several nodes may do it at once.
    ///
    /// # Errors
    /// Whatever the store answers. What was folded until then stays folded, and the totals hold.
    pub async fn fold(&self) -> Result<Folded> {
        self.lines.fold().await
    }

    /// The same ledger, whose days begin in this zone; in UTC where none is said.
    #[must_use]
    pub(crate) fn with_days_of(mut self, zone: &Zone) -> Self {
        self.lines.zone = zone.clone();
        self
    }
}
