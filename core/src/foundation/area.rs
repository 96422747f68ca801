//! What an area or a service declares of itself, in one constant of its own.

use portcullis_ports::Code;
use portcullis_ports::storage::Collection;

use super::event_kind::EventKind;
use super::meter::Meter;
use super::scope::Scope;
use super::sealed_texts::SealedKind;
use super::step_up_action::StepUpAction;
use super::table::{Memory, Stored};
use super::task_kind::TaskKind;
use super::texts::Template;

/// An area, a service or a part of the foundation that keeps records or answers with problems.
pub(crate) struct Area {
    /// Everything it keeps.
    pub(crate) families: &'static [Family],
    /// Everything that only it answers with.
    pub(crate) problems: &'static [Code],
    /// Everything that it sends to people.
    pub(crate) texts: &'static [Template],
    /// Everything that it writes into the history of an account.
    pub(crate) events: &'static [EventKind],
    /// Everything that it lets nobody do without a fresh proof.
    pub(crate) actions: &'static [StepUpAction],
    /// Everything that it lets an API key be allowed to do.
    pub(crate) scopes: &'static [Scope],
    /// Everything that it counts and measures.
    pub(crate) meters: &'static [Meter],
    /// Everything that it does later.
    pub(crate) tasks: &'static [&'static TaskKind],
}

impl Area {
    /// What declares nothing.
    pub(crate) const EMPTY: Self = Self {
        families: &[],
        problems: &[],
        texts: &[],
        events: &[],
        actions: &[],
        scopes: &[],
        meters: &[],
        tasks: &[],
    };
}

/// One family of records, and what tools must know to treat it as they do all others.
pub(crate) struct Family {
    pub(crate) collection: Collection,
    pub(crate) personal: Personal,
    /// Every type of record in it.
    pub(crate) shapes: &'static [Shape],
    /// Present if its records hold sealed texts.
    pub(crate) sealed: Option<SealedKind>,
    pub(crate) restored: Restored,
}

/// One type of record, for tools that do not know it.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    /// Whether nodes keep such records in memory.
    pub(crate) remembered: bool,
    /// Reads a body of any version, and gives it back as it would be stored today.
    #[cfg(test)]
    pub(crate) rewrite: fn(&str) -> std::result::Result<String, String>,
}

/// The shape of a type, under the name that fixtures and the reference have for it.
pub(crate) const fn shape<T: Stored>(name: &'static str) -> Shape {
    Shape {
        name,
        version: T::VERSION,
        remembered: !matches!(T::MEMORY, Memory::No),
        #[cfg(test)]
        rewrite: |body| {
            let value: T = super::table::decode_body(body).map_err(|why| format!("{why:?}"))?;
            let body = super::table::encode(&value).map_err(|error| format!("{error:?}"))?;
            Ok(body.to_string())
        },
    }
}

/// How the records of one person are found among those of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Personal {
    /// They are about nobody.
    Nobody,
    /// Their partition key is the subject.
    BySubject,
    /// Their sort key is the subject.
    BySort,
    /// Their partition key is an address or a number of the person.
    ByDestination,
    /// They name a person inside, or by a pseudonym, and expire by themselves.
    Expiring,
    /// Their partition key begins with the subject, and they stay when the account is erased: because the law asks for them,
    /// or so that what the account had does not count again. They hold nothing that tells who the subject is.
    Retained,
    /// They name a person inside, by the subject alone, and stay with what they lead to.
    RetainedInside,
}

impl Personal {
    /// In words for the reference.
    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self::Nobody => "none",
            Self::BySubject => "by account",
            Self::BySort => "by account, in the sort key",
            Self::ByDestination => "by address or number",
            Self::Expiring => "expires by itself",
            Self::Retained => "by account, kept when it is closed",
            Self::RetainedInside => "named inside by the account, kept when it is closed",
        }
    }
}

/// What a restored store has of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restored {
    /// What the backup has.
    Backup,
    /// What the replaced store has, because it says which credentials still count or what was spent. Records of accounts
    /// that the backup does not know do no harm: no subject is given out twice.
    Replaced,
    /// Nothing: it waits for a code or a link that was sent before the backup.
    Nothing,
}

impl Family {
    /// A family without sealed texts that a restored store has as it was backed up.
    pub(crate) const fn new(collection: Collection, personal: Personal, shapes: &'static [Shape]) -> Self {
        Self {
            collection,
            personal,
            shapes,
            sealed: None,
            restored: Restored::Backup,
        }
    }

    /// Whether nodes keep records of it in memory.
    pub(crate) fn is_remembered(&self) -> bool {
        self.shapes.iter().any(|shape| shape.remembered)
    }

    /// The same with sealed texts.
    pub(crate) const fn sealed(self, kind: SealedKind) -> Self {
        Self {
            sealed: Some(kind),
            ..self
        }
    }

    /// The same, empty in a restored store.
    pub(crate) const fn emptied(self) -> Self {
        Self {
            restored: Restored::Nothing,
            ..self
        }
    }

    /// The same, taken over from the store that a restored one replaces.
    pub(crate) const fn taken_over(self) -> Self {
        Self {
            restored: Restored::Replaced,
            ..self
        }
    }
}
