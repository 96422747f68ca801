//! Whatever happens to a person's methods: limit, names, order and default hold.

use std::collections::BTreeSet;

use portcullis_ports::Timestamp;
use portcullis_ports::identity::Subject;
use portcullis_ports::payments::{Expiry, MethodKind, MethodRef, Reuse, StoredMethod, VendorRef};
use portcullis_ports::testkit::FakeEntropy;
use proptest::prelude::*;

use super::model::{DeadReason, PaymentMethodId};
use super::records::{CustomerMethods, Method, VendorAccount};
use super::rules::{Adopted, Arrival, LABEL, LAST_PRIORITY, MOST_METHODS, tidied};

pub(super) fn card(theirs: &str, fingerprint: Option<&str>) -> StoredMethod {
    StoredMethod {
        reference: MethodRef {
            theirs: VendorRef::parse(theirs).unwrap(),
            customer: VendorRef::parse("cus_1").ok(),
            kind: MethodKind::Card,
        },
        label: "Visa".to_owned(),
        last4: Some("4242".to_owned()),
        expires: Some(Expiry {
            year: 2040,
            month: 12,
        }),
        reuse: Reuse::Many,
        fingerprint: fingerprint.map(str::to_owned),
        mandate: None,
    }
}

fn nobody() -> CustomerMethods {
    CustomerMethods::none(&Subject::parse("usr_ypqeqcs9v6bq5vzwm86escxfjc").unwrap())
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + seconds)
}

fn arrival(entropy: &FakeEntropy, stored: StoredMethod) -> Arrival<'static> {
    Arrival {
        id: PaymentMethodId::random(entropy).unwrap(),
        instance: "main",
        account: VendorAccount {
            live: false,
            account: None,
        },
        stored,
        now: at(0),
    }
}

/// What happens to a person's methods.
#[derive(Debug, Clone)]
enum Step {
    Adopt(u8),
    Remove(usize),
    Prefer(usize),
    Place(usize, u32),
    Die(usize),
    Forget(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any::<u8>().prop_map(Step::Adopt),
        2 => any::<usize>().prop_map(Step::Remove),
        1 => any::<usize>().prop_map(Step::Prefer),
        1 => (any::<usize>(), 0..=LAST_PRIORITY).prop_map(|(at, to)| Step::Place(at, to)),
        1 => any::<usize>().prop_map(Step::Die),
        1 => any::<usize>().prop_map(Step::Forget),
    ]
}

fn pick(methods: &CustomerMethods, at: usize) -> Option<PaymentMethodId> {
    let count = methods.methods.len();
    (count > 0).then(|| methods.methods[at % count].id.clone())
}

fn run(methods: &mut CustomerMethods, entropy: &FakeEntropy, step: &Step) {
    match step {
        Step::Adopt(name) => {
            // A name is of one card; a card may have several names, and some vendors do not say which it is.
            let fingerprint = (*name < 200).then(|| format!("f{}", name % 30));
            let stored = card(&format!("pm_{name}"), fingerprint.as_deref());
            methods.adopt(arrival(entropy, stored));
        }
        Step::Remove(at_index) => {
            if let Some(id) = pick(methods, *at_index) {
                assert!(
                    methods
                        .remove(&id, |method| method.dead(at(1)).is_none(), at(1))
                        .is_some()
                );
            }
        }
        Step::Prefer(at_index) => methods.default = pick(methods, *at_index).or(methods.default.take()),
        Step::Place(at_index, to) => {
            if let Some(id) = pick(methods, *at_index) {
                let method = methods.methods.iter_mut().find(|method| method.id == id);
                method.unwrap().priority = *to;
            }
        }
        Step::Die(at_index) => {
            if let Some(id) = pick(methods, *at_index) {
                let method = methods.methods.iter_mut().find(|method| method.id == id);
                method.unwrap().dead = Some(DeadReason::Detached);
            }
        }
        Step::Forget(at_index) => {
            let count = methods.forgetting.len();
            if count > 0 {
                methods.forgetting.remove(at_index % count);
            }
        }
    }
}

proptest! {
    #[test]
    fn limit_names_and_default_hold_whatever_happens(steps in proptest::collection::vec(step(), 0..80)) {
        let entropy = FakeEntropy::default();
        let mut methods = nobody();
        for step in &steps {
            run(&mut methods, &entropy, step);
            prop_assert!(methods.methods.len() <= MOST_METHODS);
            let ids: BTreeSet<_> = methods
                .methods
                .iter()
                .map(|method| &method.id)
                .chain(methods.forgetting.iter().map(|one| &one.id))
                .collect();
            prop_assert_eq!(ids.len(), methods.methods.len() + methods.forgetting.len());
            let named = methods.methods.iter().map(|method| &method.stored.reference.theirs);
            let named: BTreeSet<_> = named.collect();
            prop_assert_eq!(named.len(), methods.methods.len(), "no name twice");
            let marks: Vec<_> =
                methods.methods.iter().filter_map(|method| method.stored.fingerprint.as_ref()).collect();
            let distinct: BTreeSet<_> = marks.iter().collect();
            prop_assert_eq!(distinct.len(), marks.len(), "no card twice");
            match &methods.default {
                Some(id) => prop_assert!(methods.method(id).is_some(), "the default is stored"),
                None => prop_assert!(
                    methods.methods.iter().all(|method| method.dead(at(1)).is_some()),
                    "what can be charged gives a default"
                ),
            }
        }
    }

    #[test]
    fn labels_are_one_bounded_line(text in any::<String>()) {
        let stored = StoredMethod {
                label: text,
                ..card("pm_1", None)
            };
            let label = tidied(stored).label;
        prop_assert!(label.chars().count() <= LABEL && !label.chars().any(char::is_control));
    }
}

#[test]
fn the_first_is_the_default_and_the_next_comes_last() {
    let (entropy, mut methods) = (FakeEntropy::default(), nobody());
    for (number, theirs) in ["pm_1", "pm_2", "pm_3"].into_iter().enumerate() {
        let Adopted::Added(id) = methods.adopt(arrival(&entropy, card(theirs, None))) else {
            panic!("{theirs} is new");
        };
        assert_eq!(methods.method(&id).unwrap().priority as usize, number);
    }
    assert_eq!(methods.default, Some(methods.methods[0].id.clone()));
    methods.methods[1].priority = LAST_PRIORITY;
    methods.adopt(arrival(&entropy, card("pm_4", None)));
    assert_eq!(
        methods.methods[3].priority, LAST_PRIORITY,
        "there is nothing behind the last"
    );
}

#[test]
fn the_same_card_takes_the_place_of_the_former() {
    let (entropy, mut methods) = (FakeEntropy::default(), nobody());
    methods.adopt(arrival(&entropy, card("pm_1", Some("f"))));
    let known = methods.methods[0].clone();
    methods.methods[0].dead = Some(DeadReason::Detached);
    let adopted = methods.adopt(arrival(&entropy, card("pm_2", Some("f"))));
    assert_eq!(adopted, Adopted::Replaced(known.id.clone()));
    let now = &methods.methods[0];
    assert_eq!(
        (&now.id, now.dead, now.stored_at),
        (&known.id, None, known.stored_at)
    );
    assert_eq!(methods.forgetting[0].reference, known.stored.reference);
    let again = methods.adopt(arrival(&entropy, card("pm_1", Some("f"))));
    assert_eq!(again, Adopted::Unwanted, "an old event brings nothing back");
    let elsewhere = Arrival {
        instance: "other",
        ..arrival(&entropy, card("pm_3", Some("f")))
    };
    assert!(matches!(methods.adopt(elsewhere), Adopted::Added(_)));
}

#[test]
fn without_a_default_the_first_that_can_be_charged_takes_its_place() {
    let (entropy, mut methods) = (FakeEntropy::default(), nobody());
    let expired = StoredMethod {
        expires: Some(Expiry { year: 2020, month: 1 }),
        ..card("pm_2", None)
    };
    for stored in [card("pm_1", None), expired, card("pm_3", None)] {
        methods.adopt(arrival(&entropy, stored));
    }
    let ids: Vec<_> = methods.methods.iter().map(|method| method.id.clone()).collect();
    let usable = |method: &Method| method.dead(at(0)).is_none();
    methods.remove(&ids[0], usable, at(0));
    assert_eq!(methods.default.as_ref(), Some(&ids[2]), "the second has expired");
    methods.remove(&ids[2], usable, at(0));
    assert_eq!(methods.default, None);
    assert!(methods.remove(&ids[2], usable, at(0)).is_none(), "it is gone");
}

#[test]
fn what_can_be_charged_once_is_dead_when_it_was() {
    let (entropy, mut methods) = (FakeEntropy::default(), nobody());
    let used = StoredMethod {
        reuse: Reuse::None,
        ..card("pm_1", None)
    };
    assert_eq!(methods.adopt(arrival(&entropy, used.clone())), Adopted::Unwanted);
    methods.adopt(arrival(&entropy, card("pm_1", None)));
    methods.methods[0].stored = used;
    assert_eq!(methods.methods[0].dead(at(0)), Some(DeadReason::UsedUp));
}
