//! What must hold for a write, as DynamoDB reads it. Every name and every value is a placeholder.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use portcullis_ports::Timestamp;
use portcullis_ports::storage::{Expect, Version};

use crate::item::{EXPIRES, Item, PK, VERSION, number};

/// Selects what is visible; needs [`Terms::now`].
const VISIBLE: &str = "(attribute_not_exists(#expires) OR #expires > :now)";

/// The placeholders of an expression.
#[derive(Debug, Clone, Default)]
pub(crate) struct Terms {
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: Item,
}

impl Terms {
    pub(crate) fn name(&mut self, attribute: &str) {
        self.names.insert(format!("#{attribute}"), attribute.to_owned());
    }

    pub(crate) fn value(&mut self, placeholder: impl Into<String>, value: AttributeValue) {
        self.values.insert(placeholder.into(), value);
    }

    /// What must be said of `expires`.
    fn now(&mut self, now: Timestamp) {
        self.name(EXPIRES);
        self.value(":now", number(now.millis()));
    }

    /// The expression that selects visible items.
    pub(crate) fn visible(&mut self, now: Timestamp) -> &'static str {
        self.now(now);
        VISIBLE
    }
}

/// A condition of one write.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    pub(crate) expression: String,
    pub(crate) terms: Terms,
}

impl Condition {
    /// What must hold at `now`, and that the item holds none of the versions in `sent`; `None` if anything will do.
    pub(crate) fn of(expect: Expect, now: Timestamp, sent: &[Version]) -> Option<Self> {
        let mut terms = Terms::default();
        let expected = match expect {
            Expect::Any => None,
            Expect::Absent => {
                terms.name(PK);
                terms.now(now);
                Some("(attribute_not_exists(#pk) OR #expires <= :now)".to_owned())
            }
            Expect::Present => {
                terms.name(PK);
                Some(format!("attribute_exists(#pk) AND {}", terms.visible(now)))
            }
            Expect::Version(version) => {
                terms.name(VERSION);
                terms.value(":version", number(version.0));
                Some(format!("#version = :version AND {}", terms.visible(now)))
            }
        };
        let parts: Vec<String> = expected.into_iter().chain(terms.others(sent)).collect();
        (!parts.is_empty()).then(|| Self {
            expression: parts.join(" AND "),
            terms,
        })
    }
}

impl Terms {
    /// That the item holds none of these versions.
    fn others(&mut self, sent: &[Version]) -> Option<String> {
        if sent.is_empty() {
            return None;
        }
        self.name(VERSION);
        let mut placeholders = Vec::with_capacity(sent.len());
        for (at, version) in sent.iter().enumerate() {
            let placeholder = format!(":sent{at}");
            self.value(placeholder.clone(), number(version.0));
            placeholders.push(placeholder);
        }
        let list = placeholders.join(", ");
        Some(format!(
            "(attribute_not_exists(#version) OR NOT (#version IN ({list})))"
        ))
    }
}

#[cfg(test)]
mod tests {
    use portcullis_ports::Timestamp;
    use portcullis_ports::storage::{Expect, Version};

    use super::Condition;

    const EXPECTATIONS: [Expect; 4] = [
        Expect::Any,
        Expect::Absent,
        Expect::Present,
        Expect::Version(Version(7)),
    ];

    /// Every placeholder in an expression, with the sign before it.
    fn placeholders(expression: &str) -> Vec<String> {
        let ends = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '#' | ':'));
        let words = expression.split(ends).filter(|word| word.starts_with(['#', ':']));
        let mut words: Vec<String> = words.map(str::to_owned).collect();
        words.sort();
        words.dedup();
        words
    }

    #[test]
    fn every_placeholder_is_declared_and_every_declared_one_is_used() {
        for expect in EXPECTATIONS {
            for sent in [&[][..], &[Version(1)], &[Version(1), Version(2)]] {
                let Some(condition) = Condition::of(expect, Timestamp::from_millis(1), sent) else {
                    assert_eq!((expect, sent.len()), (Expect::Any, 0));
                    continue;
                };
                let mut declared: Vec<String> = condition.terms.names.into_keys().collect();
                declared.extend(condition.terms.values.into_keys());
                declared.sort();
                assert_eq!(
                    placeholders(&condition.expression),
                    declared,
                    "{}",
                    condition.expression
                );
            }
        }
    }
}
