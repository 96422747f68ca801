//! Proves that nothing of a history was changed, removed or put in between.

use std::collections::BTreeMap;

use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Range;
use portcullis_ports::{Error, Result};

use super::Audit;
use super::records::{Checkpoint, Entry, Head};
use crate::foundation::hash_chain::HashChain;
use crate::foundation::table::{Versioned, set_aside_unreadable};

/// How many entries are read at once.
const PAGE: usize = 500;
/// A history that grows or is pruned while it is read may look broken; then it is read again.
const READINGS: u32 = 3;

/// What an intact history holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verified {
    /// Entries that are there.
    pub entries: u64,
    /// Entries that were pruned in order.
    pub pruned: u64,
}

/// Where a history breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The number of the first entry that does not fit; one more than the last if the end is missing.
    pub number: u64,
    /// What is wrong with it.
    pub why: &'static str,
}

/// One link of the chain, in its order.
pub(super) enum Link<'a> {
    Entry { entry: &'a Entry, hash: &'a str },
    Checkpoint(&'a Versioned<Checkpoint>),
}

/// How far the chain holds.
struct Chain {
    verified: Verified,
    links: HashChain,
}

impl Chain {
    fn breaks(&self, why: &'static str) -> Broken {
        Broken {
            number: self.links.next(),
            why,
        }
    }
}

impl Audit {
    /// Reads a whole history and follows its chain.
    ///
    /// # Errors
    /// Whatever the store answers. That the chain is broken is no error but the answer.
    pub async fn verify(&self, subject: &Subject) -> Result<std::result::Result<Verified, Broken>> {
        self.follow(subject, |_| {}).await
    }

    /// The entries of an intact history.
    ///
    /// # Errors
    /// `internal`, naming in the log the first entry that does not fit.
    pub async fn entries(&self, subject: &Subject) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let followed = self
            .follow(subject, |link| match link {
                None => entries.clear(),
                Some(Link::Entry { entry, .. }) => entries.push(entry.clone()),
                Some(Link::Checkpoint(_)) => {}
            })
            .await?;
        followed.map(|_| entries).map_err(|broken| {
            Error::internal(format!(
                "the history of {subject} breaks at entry {}: {}",
                broken.number, broken.why
            ))
        })
    }

    /// The same, showing every link. `None` means that it begins from the start.
    pub(super) async fn follow(
        &self,
        subject: &Subject,
        mut shown: impl FnMut(Option<Link<'_>>),
    ) -> Result<std::result::Result<Verified, Broken>> {
        let mut reading = 1;
        loop {
            shown(None);
            let outcome = self.follow_once(subject, |link| shown(Some(link))).await?;
            if outcome.is_ok() || reading == READINGS {
                return Ok(outcome);
            }
            reading += 1;
        }
    }

    async fn follow_once(
        &self,
        subject: &Subject,
        mut shown: impl FnMut(Link<'_>),
    ) -> Result<std::result::Result<Verified, Broken>> {
        // The head first: what is written meanwhile lies behind it and is left for the next time.
        let head = self.head(subject).await?;
        let end = head.as_ref().map_or(u64::MAX, |head| head.entries);
        let mut beyond = false;
        let mut checkpoints = self.checkpoints(subject).await?;
        let mut chain = Chain {
            verified: Verified::default(),
            links: HashChain::start(),
        };
        let mut after = None;
        'pages: loop {
            let range = Range::Prefix(Entry::PREFIX.into());
            let (page, next) = self
                .context
                .table::<Entry>()
                .page_with_bodies(subject.as_str(), range, PAGE, after)
                .await?;
            for (entry, body) in page.iter().map(|(entry, body)| (&entry.value, body)) {
                if let Err(broken) = self.pass(&mut chain, &mut checkpoints, subject, &mut shown)? {
                    return Ok(Err(broken));
                }
                if entry.number > end {
                    beyond = true;
                    break 'pages;
                }
                if entry.subject != *subject {
                    return Ok(Err(chain.breaks("it is missing")));
                }
                if let Err(why) = chain.links.follow(entry.number, &entry.previous, body) {
                    return Ok(Err(chain.breaks(why)));
                }
                let hash = chain.links.hash();
                shown(Link::Entry { entry, hash });
                chain.verified.entries += 1;
            }
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        if let Err(broken) = self.pass(&mut chain, &mut checkpoints, subject, &mut shown)? {
            return Ok(Err(broken));
        }
        if !checkpoints.is_empty() {
            return Ok(Err(chain.breaks("a checkpoint stands where none belongs")));
        }
        // Entries behind the head are new, and then the head has moved, or somebody has put them there.
        if beyond && self.head(subject).await?.is_none_or(|head| head.entries <= end) {
            return Ok(Err(chain.breaks("it stands behind the end of the history")));
        }
        match head {
            None if chain.links.next() == 1 => Ok(Ok(chain.verified)),
            None => Ok(Err(chain.breaks("the head of the history is missing"))),
            Some(head) if !chain.links.ends(head.entries, &head.hash) => {
                Ok(Err(chain.breaks("the history does not end where its head says")))
            }
            Some(head) if head.subject != *subject || self.forged_at(&head)?.is_some() => Ok(Err(
                chain.breaks("the head of the history was not written by this deployment")
            )),
            Some(Head {
                broken_at: Some(number),
                ..
            }) => Ok(Err(Broken {
                number,
                why: "the history was broken here, and went on",
            })),
            Some(_) => Ok(Ok(chain.verified)),
        }
    }

    async fn head(&self, subject: &Subject) -> Result<Option<Head>> {
        let heads = self.context.table::<Head>();
        let found = set_aside_unreadable(heads.find(subject.as_str(), Head::SORT).await)?;
        Ok(found.map(|head| head.value))
    }

    /// Passes over what was pruned at this place.
    fn pass(
        &self,
        chain: &mut Chain,
        checkpoints: &mut BTreeMap<u64, Versioned<Checkpoint>>,
        subject: &Subject,
        shown: &mut impl FnMut(Link<'_>),
    ) -> Result<std::result::Result<(), Broken>> {
        while let Some(checkpoint) = checkpoints.remove(&chain.links.next()) {
            let ours = checkpoint.is_ours(&self.context.keyring)?;
            if !ours || checkpoint.subject != *subject || checkpoint.last < checkpoint.first {
                return Ok(Err(chain.breaks("its checkpoint was not made by this deployment")));
            }
            if !chain.links.continues(&checkpoint.previous) {
                return Ok(Err(
                    chain.breaks("its checkpoint does not follow from the one before")
                ));
            }
            shown(Link::Checkpoint(&checkpoint));
            chain.verified.pruned += checkpoint.last - checkpoint.first + 1;
            chain.links.jump(checkpoint.last, checkpoint.value.hash);
        }
        Ok(Ok(()))
    }

    pub(super) async fn checkpoints(
        &self,
        subject: &Subject,
    ) -> Result<BTreeMap<u64, Versioned<Checkpoint>>> {
        let mut found = BTreeMap::new();
        let mut after = None;
        loop {
            let range = Range::Prefix(Checkpoint::PREFIX.into());
            let (page, next) = self
                .context
                .table::<Checkpoint>()
                .page(subject.as_str(), range, PAGE, after)
                .await?;
            found.extend(page.into_iter().map(|one| (one.first, one)));
            match next {
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }
}
