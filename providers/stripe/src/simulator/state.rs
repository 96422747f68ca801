//! Everything that Stripe keeps: objects by their ids, in the order in which they were made.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value, json};

use super::StripeFault;
use super::answers::{Answer, refuse, show};
use super::asked::Asked;
use super::cards::Behaviour;
use super::deliveries::Deliveries;
use super::errors;
use super::happenings::Happening;
use super::keys::Kept;

/// What Stripe keeps.
#[derive(Default)]
pub(super) struct State {
    /// Its present second.
    pub(super) now: i64,
    pub(super) origin: String,
    objects: BTreeMap<String, Value>,
    /// Ids by kind, in the order in which they were made.
    order: BTreeMap<String, Vec<String>>,
    /// How stored methods behave. The numbers themselves are not kept.
    pub(super) behaviours: BTreeMap<String, Behaviour>,
    pub(super) keys: BTreeMap<String, Kept>,
    pub(super) faults: VecDeque<StripeFault>,
    pub(super) due: Vec<(i64, Happening)>,
    pub(super) deliveries: Deliveries,
    /// Where payers go back to from their banks, by intent.
    pub(super) backs: BTreeMap<String, String>,
    /// What the payment of a page will be made of.
    pub(super) page_data: BTreeMap<String, Value>,
    made: u64,
    requests: u64,
}

impl State {
    /// An id that was not given before.
    pub(super) fn id(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}_1Sim{:08}Test", self.made)
    }

    pub(super) fn request_id(&mut self) -> String {
        self.requests += 1;
        format!("req_{:014}", self.requests)
    }

    pub(super) fn get(&self, id: &str) -> Option<&Value> {
        self.objects.get(id)
    }

    /// A member of an object as text; empty if there is none.
    pub(super) fn word(&self, id: &str, member: &str) -> String {
        let value = self.objects.get(id).map(|object| &object[member]);
        value.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// A member of an object as a number; 0 if there is none.
    pub(super) fn figure(&self, id: &str, member: &str) -> i64 {
        let value = self.objects.get(id).map(|object| &object[member]);
        value.and_then(Value::as_i64).unwrap_or_default()
    }

    pub(super) fn is(&self, kind: &str, id: &str) -> bool {
        self.objects
            .get(id)
            .is_some_and(|object| object["object"] == kind)
    }

    /// Keeps a new object, and gives its id.
    pub(super) fn add(&mut self, object: Value) -> String {
        let id = object["id"].as_str().unwrap_or_default().to_owned();
        let kind = object["object"].as_str().unwrap_or_default().to_owned();
        self.order.entry(kind).or_default().push(id.clone());
        self.objects.insert(id.clone(), object);
        id
    }

    /// Changes members of an object.
    pub(super) fn set(&mut self, id: &str, members: Value) {
        if let (Some(Value::Object(object)), Value::Object(members)) = (self.objects.get_mut(id), members) {
            object.extend(members);
        }
    }

    /// Puts another object in the place of one.
    pub(super) fn replace(&mut self, id: &str, object: Value) {
        self.objects.insert(id.to_owned(), object);
    }

    /// Objects of a kind, newest first.
    pub(super) fn newest<'a>(&'a self, kind: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        let ids = self.order.get(kind).map(Vec::as_slice).unwrap_or_default();
        ids.iter().rev().filter_map(|id| self.objects.get(id))
    }

    /// One object as an answer.
    pub(super) fn show(&mut self, kind: &str, id: &str, asked: &Asked) -> Answer {
        if !self.is(kind, id) {
            return refuse(404, &errors::missing(&kind.replace('.', "_"), "id"));
        }
        show(self.written(id, asked))
    }

    /// An object with what shall be written out in it.
    pub(super) fn written(&self, id: &str, asked: &Asked) -> Value {
        let mut object = self.objects.get(id).cloned().unwrap_or_default();
        self.expand(&mut object, "", asked);
        object
    }

    pub(super) fn expand(&self, object: &mut Value, prefix: &str, asked: &Asked) {
        let Value::Object(members) = object else { return };
        let names: Vec<String> = members.keys().cloned().collect();
        for name in names {
            let path = if prefix.is_empty() {
                name.clone()
            } else {
                format!("{prefix}.{name}")
            };
            if !asked.expands(&path) {
                continue;
            }
            let Some(inner) = members.get_mut(&name) else {
                continue;
            };
            if let Some(found) = inner.as_str().and_then(|id| self.objects.get(id)) {
                *inner = found.clone();
            }
            self.expand(inner, &path, asked);
        }
    }

    /// Free fields of a request.
    pub(super) fn metadata(asked: &Value) -> Value {
        let given = asked.as_object().cloned().unwrap_or_default();
        Value::Object(
            given
                .into_iter()
                .filter(|(_, value)| value.is_string())
                .collect::<Map<_, _>>(),
        )
    }

    /// Whether nothing that is kept holds a run of more than eight digits that a card or bank account has.
    pub(super) fn keeps_no_number(&self) -> bool {
        let all = json!(self.objects).to_string();
        super::cards::numbers().all(|number| !all.contains(number))
    }
}
