//! Which accounts there are, and whose address is whose.
//!
//! [`Account`] is the model and the record in one: areas change a field of it in the commit that needs it, and what they
//! read is what they replace, so that a second type would repeat every field. The claim on an address stays in here.

mod records;

use std::sync::Arc;

use portcullis_ports::Result;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::RecordStore;

use records::AddressClaim;
pub(crate) use records::{ACCOUNTS, ADDRESS_CLAIMS, Account};

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::table::{Batch, Table, Versioned};

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

/// The claim of an account on an address, proven or not.
pub(crate) struct Claim(Versioned<AddressClaim>);

impl Claim {
    /// The claim on an address in a store.
    pub(crate) async fn find(store: &Arc<dyn RecordStore>, email: &EmailAddress) -> Result<Option<Self>> {
        let table = Table::<AddressClaim>::new(store);
        let found = table.find(email.as_str(), AddressClaim::SORT).await?;
        Ok(found.map(Self))
    }

    /// Whose address it is.
    pub(crate) fn subject(&self) -> &Subject {
        &self.0.subject
    }

    /// Adds that the address is free to a batch.
    pub(crate) fn release_in(&self, batch: &mut Batch) {
        batch.remove(&self.0);
    }
}

/// An address that is claimed, and the account that has it.
pub(crate) struct Claimed {
    claim: Claim,
    pub(crate) account: Option<Versioned<Account>>,
}

impl Claimed {
    /// Adds that the address is free to a batch, if it is claimed by that account.
    pub(crate) fn release_in(&self, batch: &mut Batch, owner: &Subject) {
        if self.claim.subject() == owner {
            self.claim.release_in(batch);
        }
    }

    /// Whether the account has proven the address.
    pub(crate) fn is_proven(&self) -> bool {
        let account = self.account.as_ref();
        account.is_some_and(|account| account.email_verified_at.is_some())
    }

    /// Adds to a batch that the address passes to a new account, and that the former account goes. Gives the subject of
    /// the former.
    pub(crate) fn pass_on_in(self, batch: &mut Batch, owner: &Account) -> Result<Subject> {
        batch.insert(owner)?;
        batch.replace(&self.claim.0, &claim_of(owner))?;
        if let Some(account) = &self.account {
            batch.remove(account);
        }
        Ok(self.claim.0.value.subject)
    }
}

fn claim_of(owner: &Account) -> AddressClaim {
    AddressClaim {
        email: owner.email.clone(),
        subject: owner.subject.clone(),
    }
}

/// Reads accounts, and opens them.
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
        Ok(self.claimed(email).await?.and_then(|claimed| claimed.account))
    }

    /// The claim on that address, and the account that has it.
    pub(crate) async fn claimed(&self, email: &EmailAddress) -> Result<Option<Claimed>> {
        let claim = self
            .context
            .table::<AddressClaim>()
            .find(email.as_str(), AddressClaim::SORT)
            .await?
            .map(Claim);
        // No account is called like an address.
        let subject = claim
            .as_ref()
            .map_or(email.as_str(), |claim| claim.subject().as_str());
        let account = self
            .context
            .table::<Account>()
            .find(subject, Account::SORT)
            .await?;
        Ok(claim.map(|claim| Claimed { claim, account }))
    }

    /// Adds a new account with its claim on its address to a batch, which fails if the address is claimed meanwhile.
    pub(crate) fn open_in(batch: &mut Batch, owner: &Account) -> Result<()> {
        batch.insert(&claim_of(owner))?;
        batch.insert(owner)
    }
}
