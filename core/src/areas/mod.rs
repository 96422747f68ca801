//! The use cases, one folder per area, and the list of areas.

pub mod accounts;
pub mod api_keys;
pub mod autopay;
pub mod carts;
pub mod catalog;
pub mod challenges;
pub mod closures;
pub(crate) mod enrolled_factors;
pub mod entitlements;
pub mod factors;
pub mod figures;
pub mod forward_auth;
pub mod invoices;
pub mod ledger;
pub mod operators;
pub mod orders;
pub mod password_recovery;
pub mod payment_methods;
pub mod payments;
pub mod plans;
pub mod reconciliation;
pub mod recovery_codes;
pub mod sessions;
pub mod step_up;
pub mod subscriptions;

use portcullis_ports::Code;
use portcullis_ports::storage::Collection;

use crate::foundation;
use crate::foundation::area::{Area, Family};
use crate::foundation::event_kind::EventKind;
use crate::foundation::meter::Meter;
use crate::foundation::scope::Scope;
use crate::foundation::step_up_action::StepUpAction;
use crate::foundation::task_kind::TaskKind;
use crate::foundation::texts::Template;
use crate::services;

/// Every area, from the ground up: each knows those before it. A test holds them to that.
const ALL: &[&Area] = &[
    &ledger::AREA,
    &enrolled_factors::AREA,
    &recovery_codes::AREA,
    &sessions::AREA,
    &step_up::AREA,
    &accounts::AREA,
    &challenges::AREA,
    &factors::AREA,
    &password_recovery::AREA,
    &operators::AREA,
    &api_keys::AREA,
    &forward_auth::AREA,
    &payment_methods::AREA,
    &payments::AREA,
    &invoices::AREA,
    &plans::AREA,
    &entitlements::AREA,
    &subscriptions::AREA,
    &autopay::AREA,
    &reconciliation::AREA,
    &catalog::AREA,
    &carts::AREA,
    &orders::AREA,
    &closures::AREA,
    &figures::AREA,
];

/// Areas, services and parts of the foundation. What tools and references do with all of them is a fold over this.
fn all() -> impl Iterator<Item = &'static Area> + Clone {
    let below = foundation::ALL.iter().chain(services::ALL);
    below.chain(ALL).copied()
}

/// Every family of records of every area.
pub(crate) fn families() -> impl Iterator<Item = &'static Family> {
    all().flat_map(|area| area.families)
}

/// Every family of records, by name, for tools that handle the store as a whole.
pub fn collections() -> Vec<Collection> {
    let mut collections: Vec<Collection> = families().map(|family| family.collection).collect();
    collections.sort_by_key(|collection| collection.name);
    collections
}

/// Every text of every area.
pub(crate) fn texts() -> impl Iterator<Item = &'static Template> + Clone {
    all().flat_map(|area| area.texts)
}

/// Every problem the core and the ports can answer with, by name, for the reference.
pub fn problems() -> Vec<Code> {
    let mut codes: Vec<Code> = all().flat_map(|area| area.problems).copied().collect();
    codes.sort_by_key(|code| code.name());
    codes
}

/// Everything that can stand in a history, by name, for the reference.
pub(crate) fn events() -> Vec<EventKind> {
    let mut events: Vec<EventKind> = all().flat_map(|area| area.events).copied().collect();
    events.sort_by_key(|event| event.name);
    events
}

/// Everything that needs factors proven a short while ago, in the order of the areas.
pub fn step_up_actions() -> Vec<StepUpAction> {
    all().flat_map(|area| area.actions).copied().collect()
}

/// Everything that an API key can be allowed to do, in the order of the areas.
pub fn scopes() -> Vec<Scope> {
    all().flat_map(|area| area.scopes).copied().collect()
}

/// Everything that is counted and measured, for whoever describes it to a scraper.
pub fn meters() -> Vec<Meter> {
    all().flat_map(|area| area.meters).copied().collect()
}

/// Every kind of delayed work of every area.
pub(crate) fn tasks() -> impl Iterator<Item = &'static TaskKind> {
    all().flat_map(|area| area.tasks).copied()
}

#[cfg(test)]
mod api_key_fixture_tests;
#[cfg(test)]
mod fixture_tests;
#[cfg(test)]
mod ledger_fixture_tests;
#[cfg(test)]
mod sales_fixture_tests;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::foundation::product::Product;
    use crate::foundation::texts::{Language, Texts};
    use crate::services::sms_spend::segments;

    #[test]
    fn every_text_tells_of_every_event_in_every_language() {
        let product = Product::default();
        let compiled = Texts::compile(texts(), &[], product.language, &product.name);
        let compiled = compiled.unwrap_or_else(|errors| panic!("{errors:#?}"));
        let mut rendered = BTreeSet::new();
        for text in texts() {
            for language in [Language::EN, Language::DE] {
                for sample in (text.samples)() {
                    let read = compiled.render(Some(language), text.name, &sample).unwrap();
                    assert_eq!(read.language, language);
                    if text.name.rsplit('.').next() == Some("sms") {
                        let parts = segments(&read.text);
                        assert_eq!(parts, 1, "{language} {}: {}", text.name, read.text);
                        assert!(!read.text.contains('\n'), "{}", read.text);
                    }
                    for text in [&read.subject, &read.text] {
                        assert!(!text.contains("none") && !text.contains('{'), "{text}");
                    }
                    assert!(!read.text.contains("\n\n\n"), "{}", read.text);
                    let known = !rendered.insert((read.subject, read.text));
                    assert!(
                        !known,
                        "{language} {} tells of two events alike: {sample}",
                        text.name
                    );
                }
            }
        }
    }

    #[test]
    fn no_two_of_a_kind_share_a_name() {
        let families: BTreeSet<&str> = families().map(|family| family.collection.name).collect();
        assert_eq!(families.len(), collections().len());
        let names: BTreeSet<&str> = problems().iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), problems().len());
        let names: BTreeSet<&str> = events().iter().map(|event| event.name).collect();
        assert_eq!(names.len(), events().len());
        let names: BTreeSet<&str> = meters().iter().map(|meter| meter.name).collect();
        assert_eq!(names.len(), meters().len());
        let names: BTreeSet<&str> = step_up_actions().iter().map(|action| action.name).collect();
        assert_eq!(names.len(), step_up_actions().len());
        let names: BTreeSet<&str> = scopes().iter().map(|scope| scope.name).collect();
        assert_eq!(names.len(), scopes().len());
        let names: BTreeSet<&str> = tasks().map(|kind| kind.name).collect();
        assert_eq!(names.len(), tasks().count());
    }
}
