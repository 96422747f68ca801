//! What may become of a person's methods: limits, default, order, replacement, death.

use portcullis_ports::Timestamp;
use portcullis_ports::id::SetupId;
use portcullis_ports::payments::{Reuse, StoredMethod, VendorRef};

use super::expiry::{Nearness, nearness};
use super::model::{DeadReason, MethodStatus, PaymentMethodId};
use super::records::{CustomerMethods, Forgetting, Method, Setup, VendorAccount};

/// The most methods of one person.
pub(super) const MOST_METHODS: usize = 20;
/// The most setups of one person that are open.
pub(super) const MOST_SETUPS: usize = 5;
/// How many setups that are over are kept.
pub(super) const SETUPS_OVER: usize = 10;
/// The most removed methods that vendors have yet to forget before no other is added.
pub(super) const MOST_FORGETTING: usize = 100;
/// The last place in the order.
pub(super) const LAST_PRIORITY: u32 = 100_000;
/// The longest label that is kept, in characters.
pub(super) const LABEL: usize = 64;

/// What became of a method that a vendor stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Adopted {
    /// It is new.
    Added(PaymentMethodId),
    /// It was known. `changed` says whether something about it is new.
    Known { id: PaymentMethodId, changed: bool },
    /// It is the same card or account as one that was known, and takes its place.
    Replaced(PaymentMethodId),
    /// There is no room: the vendor has to forget it.
    NoRoom,
    /// It was removed here already, or cannot be charged again.
    Unwanted,
}

/// A method that a vendor stored.
pub(super) struct Arrival<'a> {
    /// What it, or what it takes the place of, is called if that is needed.
    pub(super) id: PaymentMethodId,
    pub(super) instance: &'a str,
    pub(super) account: VendorAccount,
    pub(super) stored: StoredMethod,
    pub(super) now: Timestamp,
}

impl Method {
    /// Why it cannot be charged, by what is known of it.
    pub(super) fn dead(&self, now: Timestamp) -> Option<DeadReason> {
        let expired = || nearness(self.stored.expires, now) == Nearness::Past;
        self.dead
            .or_else(|| (self.stored.reuse == Reuse::None).then_some(DeadReason::UsedUp))
            .or_else(|| expired().then_some(DeadReason::Expired))
    }

    /// What it is good for, if it can be charged at all.
    pub(super) fn status(&self, dead: Option<DeadReason>, now: Timestamp) -> MethodStatus {
        match (dead, nearness(self.stored.expires, now)) {
            (Some(_), _) => MethodStatus::Dead,
            (None, Nearness::Far) => MethodStatus::Active,
            (None, Nearness::Near | Nearness::Past) => MethodStatus::Expiring,
        }
    }

    pub(super) fn is(&self, instance: &str, theirs: &VendorRef) -> bool {
        self.instance == instance && self.stored.reference.theirs == *theirs
    }
}

impl Setup {
    /// Whether it may still become a method, and its time is not over.
    fn is_open_at(&self, now: Timestamp) -> bool {
        self.state.is_open() && now < self.expires_at
    }
}

impl CustomerMethods {
    /// The method of that id.
    pub(super) fn method(&self, id: &PaymentMethodId) -> Option<&Method> {
        self.methods.iter().find(|method| method.id == *id)
    }

    /// The method that a vendor calls so.
    pub(super) fn of_vendor(&mut self, instance: &str, theirs: &VendorRef) -> Option<&mut Method> {
        self.methods.iter_mut().find(|method| method.is(instance, theirs))
    }

    /// All of them, in the order in which they are shown: by priority, then as they were stored.
    pub(super) fn in_order(&self) -> Vec<&Method> {
        let mut methods: Vec<&Method> = self.methods.iter().collect();
        methods.sort_by_key(|method| method.priority);
        methods
    }

    /// Takes in a method that a vendor stored.
    pub(super) fn adopt(&mut self, arrival: Arrival<'_>) -> Adopted {
        let Arrival {
            id,
            instance,
            account,
            stored,
            now,
        } = arrival;
        let stored = tidied(stored);
        let theirs = stored.reference.theirs.clone();
        let is_forgotten = |one: &Forgetting| one.instance == instance && one.reference.theirs == theirs;
        if stored.reuse == Reuse::None || self.forgetting.iter().any(is_forgotten) {
            return Adopted::Unwanted;
        }
        if let Some(known) = self.of_vendor(instance, &theirs) {
            let id = known.id.clone();
            // A vendor that took it away does not give it back under the same name.
            let changed = known.dead.is_none() && known.stored != stored;
            if changed {
                known.stored = stored;
            }
            return Adopted::Known { id, changed };
        }
        let is_same = |known: &&mut Method| {
            known.instance == instance
                && known.account.matches(&account)
                && known.stored.reference.kind == stored.reference.kind
                && known.stored.fingerprint.is_some()
                && known.stored.fingerprint == stored.fingerprint
        };
        if let Some(known) = self.methods.iter_mut().find(is_same) {
            let former = std::mem::replace(&mut known.stored, stored).reference;
            let replaced = known.id.clone();
            known.dead = None;
            self.default.get_or_insert_with(|| replaced.clone());
            self.forgetting.push(Forgetting {
                id,
                instance: instance.to_owned(),
                account,
                reference: former,
                since: now,
            });
            return Adopted::Replaced(replaced);
        }
        if self.methods.len() >= MOST_METHODS {
            self.forgetting.push(Forgetting {
                id,
                instance: instance.to_owned(),
                account,
                reference: stored.reference,
                since: now,
            });
            return Adopted::NoRoom;
        }
        let last = self.methods.iter().map(|method| method.priority).max();
        self.methods.push(Method {
            id: id.clone(),
            instance: instance.to_owned(),
            account,
            stored,
            priority: last.map_or(0, |last| (last + 1).min(LAST_PRIORITY)),
            dead: None,
            stored_at: now,
        });
        self.default.get_or_insert_with(|| id.clone());
        Adopted::Added(id)
    }

    /// Removes a method, which its vendor then has to forget. Of those that are `usable`, the first in the order becomes the
    /// default in place of one that goes.
    pub(super) fn remove(
        &mut self,
        id: &PaymentMethodId,
        usable: impl Fn(&Method) -> bool,
        now: Timestamp,
    ) -> Option<&Forgetting> {
        let at = self.methods.iter().position(|method| method.id == *id)?;
        let removed = self.methods.remove(at);
        if self.default.as_ref() == Some(id) {
            let mut usable = self.in_order().into_iter().filter(|method| usable(method));
            self.default = usable.next().map(|method| method.id.clone());
        }
        self.forgetting.push(Forgetting {
            id: removed.id,
            instance: removed.instance,
            account: removed.account,
            reference: removed.stored.reference,
            since: now,
        });
        self.forgetting.last()
    }

    /// The setup of that id.
    pub(super) fn setup(&self, id: &SetupId) -> Option<&Setup> {
        self.setups.iter().find(|setup| setup.id == *id)
    }

    pub(super) fn setup_mut(&mut self, id: &SetupId) -> Option<&mut Setup> {
        self.setups.iter_mut().find(|setup| setup.id == *id)
    }

    /// Lets go of all but the last few setups that are over. Those whose time is over are kept as well: a payer who is late
    /// at the vendor still gets the method.
    pub(super) fn tidy_setups(&mut self, now: Timestamp) {
        let is_over = |setup: &Setup| !setup.is_open_at(now);
        let over = self.setups.iter().filter(|setup| is_over(setup)).count();
        let mut surplus = over.saturating_sub(SETUPS_OVER);
        self.setups.retain(|setup| {
            let goes = surplus > 0 && is_over(setup);
            surplus -= usize::from(goes);
            !goes
        });
    }

    /// How many methods are being added.
    pub(super) fn open_setups(&self, now: Timestamp) -> usize {
        self.setups.iter().filter(|setup| setup.is_open_at(now)).count()
    }
}

/// A method as it is kept: with a label of one bounded line.
pub(super) fn tidied(stored: StoredMethod) -> StoredMethod {
    StoredMethod {
        label: label(&stored.label),
        ..stored
    }
}

/// A label as a vendor gives it, in one line and bounded.
fn label(text: &str) -> String {
    let printable = text.chars().filter(|c| !c.is_control());
    printable.take(LABEL).collect::<String>().trim().to_owned()
}
