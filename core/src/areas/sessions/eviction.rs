//! Which sessions end where an account has too many: those of the sign-in that began the most.
//!
//! Whoever holds one access token can begin sessions with it, and must not be able to push out those that the owner began
//! elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_ports::id::SessionId;

use super::lines::Listed;

/// What a session grew from in the first place, as far as it is still known.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Root<'a> {
    Token(u64),
    Session(&'a SessionId),
}

/// `surplus` of the live sessions, given oldest first: always the oldest of the largest family. `parent` is spared.
pub(super) fn to_evict<'a>(
    live: &[&'a Listed],
    parent: Option<&SessionId>,
    surplus: usize,
) -> Vec<&'a Listed> {
    let by_id: BTreeMap<&SessionId, &Listed> = live.iter().map(|one| (&one.id, *one)).collect();
    let mut families: BTreeMap<Root<'_>, Vec<&'a Listed>> = BTreeMap::new();
    for one in live.iter().rev().filter(|one| Some(&one.id) != parent) {
        families.entry(root(one, &by_id)).or_default().push(one);
    }
    let mut evicted = Vec::new();
    while evicted.len() < surplus {
        // Of families of one size the one with the oldest session, which stands at the end of each.
        let largest = families.values_mut().max_by(|a, b| {
            let age = |family: &[&Listed]| family.last().map(|one| (one.summary.created_at, one.id.clone()));
            a.len().cmp(&b.len()).then_with(|| age(b).cmp(&age(a)))
        });
        let Some(oldest) = largest.and_then(Vec::pop) else {
            break;
        };
        evicted.push(oldest);
    }
    evicted
}

fn root<'a>(one: &'a Listed, by_id: &BTreeMap<&SessionId, &'a Listed>) -> Root<'a> {
    let mut top = one;
    let mut seen = BTreeSet::new();
    while let Some(parent) = &top.summary.lineage.session {
        match by_id.get(parent) {
            Some(known) if seen.insert(parent) => top = known,
            _ => return Root::Session(parent),
        }
    }
    match top.summary.lineage.token {
        Some(token) => Root::Token(token.0),
        None => Root::Session(&top.id),
    }
}
