//! Which accounts there are, and whose address is whose.

mod records;

use std::sync::Arc;

use portcullis_ports::Result;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::identity::Subject;

pub(crate) use records::{ACCOUNTS, ADDRESS_CLAIMS, Account, AddressClaim};

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::table::Versioned;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        Family::new(ACCOUNTS, Personal::BySubject, &[shape::<Account>("account")]),
        Family::new(
            ADDRESS_CLAIMS,
            Personal::ByDestination,
            &[shape::<AddressClaim>("claim")],
        ),
    ],
    ..Area::EMPTY
};

/// Reads accounts.
#[derive(Clone)]
pub(crate) struct Directory {
    context: Arc<Context>,
}

impl Directory {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self {
            context: Arc::clone(context),
        }
    }

    /// The account of that subject, if it is one of ours.
    pub(crate) async fn account(&self, subject: &Subject) -> Result<Option<Versioned<Account>>> {
        self.context
            .table::<Account>()
            .find(subject.as_str(), Account::SORT)
            .await
    }

    /// The same as it was within the last second.
    pub(crate) async fn recent(&self, subject: &Subject) -> Result<Option<Arc<Account>>> {
        self.context.cache.find(subject.as_str(), Account::SORT).await
    }

    /// The account with that address. As much is read whether or not there is one, so that the time does not tell.
    pub(crate) async fn by_address(&self, email: &EmailAddress) -> Result<Option<Versioned<Account>>> {
        Ok(self.claimed(email).await?.and_then(|(_, account)| account))
    }

    /// The claim on that address, and the account that has it.
    pub(crate) async fn claimed(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<(Versioned<AddressClaim>, Option<Versioned<Account>>)>> {
        let claim = self
            .context
            .table::<AddressClaim>()
            .find(email.as_str(), AddressClaim::SORT)
            .await?;
        // No account is called like an address.
        let subject = claim
            .as_ref()
            .map_or(email.as_str(), |claim| claim.subject.as_str());
        let account = self
            .context
            .table::<Account>()
            .find(subject, Account::SORT)
            .await?;
        Ok(claim.map(|claim| (claim, account)))
    }
}
