//! Chains of records: each is numbered and holds the hash of the one before, so that nothing changes without a trace.

use super::fingerprint::fingerprint;

/// How far a chain was followed, and holds.
#[derive(Debug, Clone)]
pub(crate) struct HashChain {
    /// The number of the link that must come next, from 1.
    next: u64,
    /// The hash of the one before; empty before the first.
    previous: String,
}

impl HashChain {
    /// Before the first link.
    pub(crate) fn start() -> Self {
        Self {
            next: 1,
            previous: String::new(),
        }
    }

    /// The number of the link that must come next.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Whether a link names the one before it.
    pub(crate) fn continues(&self, previous: &str) -> bool {
        self.previous == previous
    }

    /// Follows a link, whose hash is that of its stored bytes.
    ///
    /// # Errors
    /// Why it is not the next one.
    pub(crate) fn follow(&mut self, number: u64, previous: &str, body: &str) -> Result<(), &'static str> {
        if number != self.next {
            return Err("it is missing");
        }
        if !self.continues(previous) {
            return Err("it does not follow from the one before");
        }
        self.jump(number, fingerprint(body));
        Ok(())
    }

    /// Goes on behind a link of that number and hash.
    pub(crate) fn jump(&mut self, number: u64, hash: String) {
        self.next = number.saturating_add(1);
        self.previous = hash;
    }

    /// The hash of the last link.
    pub(crate) fn hash(&self) -> &str {
        &self.previous
    }

    /// Whether so many links were followed, and the last has that hash.
    pub(crate) fn ends(&self, links: u64, hash: &str) -> bool {
        links.saturating_add(1) == self.next && self.previous == hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_changed_removed_or_put_in_between_is_noticed() {
        let mut chain = HashChain::start();
        assert!(chain.ends(0, ""));
        chain.follow(1, "", "a").unwrap();
        let first = fingerprint("a");
        assert!(chain.ends(1, &first) && !chain.ends(0, &first) && !chain.ends(1, ""));
        assert!(chain.clone().follow(3, &first, "c").is_err(), "removed");
        assert!(chain.clone().follow(1, &first, "x").is_err(), "put in between");
        assert!(
            chain.clone().follow(2, &fingerprint("b"), "b").is_err(),
            "changed"
        );
        chain.follow(2, &first, "b").unwrap();
        assert!(chain.ends(2, &fingerprint("b")));
    }
}
