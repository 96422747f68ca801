//! Which records are on their way into the file.

use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicBool, Ordering};

use quick_cache::DefaultHashBuilder;

use super::Name;

/// The flags that are raised for a group. Not lowered by dropping: if the writer dies in between, readers must go to
/// the file for ever.
#[must_use]
pub(crate) struct Announced(pub(super) Vec<usize>);

/// Far more than the keys of a usual group, and a power of two.
const FLAGS: usize = 1 << 14;

/// One flag for many keys: one that is raised for another key only costs a look into the file.
pub(super) struct Flags {
    hasher: DefaultHashBuilder,
    flags: Box<[AtomicBool]>,
}

impl Flags {
    pub(super) fn new() -> Self {
        Self {
            hasher: DefaultHashBuilder::default(),
            flags: std::iter::repeat_with(AtomicBool::default).take(FLAGS).collect(),
        }
    }

    fn position(&self, name: Name<'_>) -> usize {
        // The remainder fits whatever the hash is.
        usize::try_from(self.hasher.hash_one(name) % FLAGS as u64).unwrap_or(0)
    }

    pub(super) fn is_raised(&self, name: Name<'_>) -> bool {
        self.flag(self.position(name))
            .is_some_and(|flag| flag.load(Ordering::SeqCst))
    }

    pub(super) fn raise(&self, name: Name<'_>) -> usize {
        let position = self.position(name);
        if let Some(flag) = self.flag(position) {
            flag.store(true, Ordering::SeqCst);
        }
        position
    }

    pub(super) fn lower(&self, announced: Announced) {
        for flag in announced.0.into_iter().filter_map(|position| self.flag(position)) {
            flag.store(false, Ordering::SeqCst);
        }
    }

    fn flag(&self, position: usize) -> Option<&AtomicBool> {
        self.flags.get(position)
    }
}
