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

/// One flag. Tests give another kind, whose every use is a point where a scheduler may let somebody else go first.
pub(crate) trait Flag: Default {
    fn is_raised(&self) -> bool;
    fn set(&self, raised: bool);
}

impl Flag for AtomicBool {
    fn is_raised(&self) -> bool {
        self.load(Ordering::SeqCst)
    }

    fn set(&self, raised: bool) {
        self.store(raised, Ordering::SeqCst);
    }
}

/// One flag for many keys: one that is raised for another key only costs a look into the file.
pub(super) struct Flags<F> {
    hasher: DefaultHashBuilder,
    flags: Box<[F]>,
}

impl<F: Flag> Flags<F> {
    pub(super) fn new() -> Self {
        Self::of(FLAGS)
    }

    pub(super) fn of(count: usize) -> Self {
        Self {
            hasher: DefaultHashBuilder::default(),
            flags: std::iter::repeat_with(F::default).take(count).collect(),
        }
    }

    fn position(&self, name: Name<'_>) -> usize {
        // The remainder fits whatever the hash is.
        usize::try_from(self.hasher.hash_one(name) % self.flags.len() as u64).unwrap_or(0)
    }

    pub(super) fn is_raised(&self, name: Name<'_>) -> bool {
        self.flag(self.position(name)).is_some_and(F::is_raised)
    }

    pub(super) fn raise(&self, name: Name<'_>) -> usize {
        let position = self.position(name);
        if let Some(flag) = self.flag(position) {
            flag.set(true);
        }
        position
    }

    pub(super) fn lower(&self, announced: Announced) {
        for flag in announced.0.into_iter().filter_map(|position| self.flag(position)) {
            flag.set(false);
        }
    }

    fn flag(&self, position: usize) -> Option<&F> {
        self.flags.get(position)
    }
}
