//! Reading a page of one partition.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use portcullis_ports::storage::{Direction, MAX_SORT, Page, Query, Range, StoreError};

use crate::condition::Terms;
use crate::item;
use crate::paging::Filling;
use crate::store::{DynamoStore, no_judgement};

impl DynamoStore {
    pub(crate) async fn page(&self, query: &Query) -> Result<Page, StoreError> {
        let pk = item::partition_key(&query.collection, &query.partition)?;
        let Some(plan) = KeyPlan::of(query) else {
            return Ok(Page {
                records: Vec::new(),
                next: None,
            });
        };
        let mut terms = Terms::default();
        let filter = terms.visible(self.clock.now());
        let condition = plan.condition(&pk, &mut terms);
        let start = plan.start.map(|sort| item::raw_key(pk.clone(), sort.to_owned()));
        let table = self.names.of(&query.collection);
        let mut retry_budget = self.retry_budget();
        // One more than asked for tells whether more follow.
        let mut filling = Filling::new(query.limit + 1, start);
        while let Some((step, start)) = filling.step() {
            let request = || {
                self.calls
                    .client
                    .query()
                    .table_name(table)
                    .consistent_read(true)
                    .key_condition_expression(&condition)
                    .filter_expression(filter)
                    .set_expression_attribute_names(Some(terms.names.clone()))
                    .set_expression_attribute_values(Some(terms.values.clone()))
                    .scan_index_forward(query.direction == Direction::Ascending)
                    .limit(step)
                    .set_exclusive_start_key(start.clone())
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
            };
            let answer = self.calls.until_answered(&mut retry_budget, request).await;
            let answer = answer.map_err(no_judgement)?;
            filling.add(answer.items, answer.last_evaluated_key);
        }
        let (mut items, next) = filling.finish();
        let surplus = items.len() > query.limit;
        items.truncate(query.limit);
        let records: Vec<_> = items
            .into_iter()
            .map(|item| item::decode(query.collection, item))
            .collect::<Result<_, _>>()?;
        let next = match next {
            _ if surplus => records.last().map(|record| record.key.sort.clone()),
            None => None,
            Some(key) => Some(item::key_texts(key)?.1),
        };
        Ok(Page { records, next })
    }
}

/// The sort keys of a page, as the service takes them: one condition, and a key to start behind.
#[derive(Debug, PartialEq, Eq)]
struct KeyPlan<'a> {
    sorts: Sorts<'a>,
    start: Option<&'a str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sorts<'a> {
    All,
    Prefix(&'a str),
    Between(&'a str, &'a str),
    UpTo(&'a str),
}

impl<'a> KeyPlan<'a> {
    /// `None` if no record can be meant.
    fn of(query: &'a Query) -> Option<Self> {
        let sorts = match &query.range {
            Range::All => Sorts::All,
            Range::Prefix(prefix) if prefix.len() > MAX_SORT => return None,
            Range::Prefix(prefix) => Sorts::Prefix(prefix),
            // The service refuses an empty text in a key, and no key is empty.
            Range::Between(_, to) if to.is_empty() => return None,
            Range::Between(from, to) if from.is_empty() => Sorts::UpTo(fitting(to)),
            Range::Between(from, to) => Sorts::Between(fitting(from), fitting(to)),
        };
        let Some(after) = query.after.as_deref() else {
            return Some(Self { sorts, start: None });
        };
        let after = fitting(after);
        let ascending = query.direction == Direction::Ascending;
        // The service refuses to start behind a key outside the condition.
        let start = match (sorts.place(after), ascending) {
            (Place::Inside, _) if after.is_empty() => {
                if !ascending {
                    return None;
                }
                None
            }
            (Place::Inside, _) => Some(after),
            (Place::Before, true) | (Place::Behind, false) => None,
            (Place::Before, false) | (Place::Behind, true) => return None,
        };
        Some(Self { sorts, start })
    }

    fn condition(&self, pk: &str, terms: &mut Terms) -> String {
        terms.name(item::PK);
        terms.value(":pk", AttributeValue::S(pk.to_owned()));
        let mut value = |placeholder: &str, text: &str| {
            terms.value(placeholder, AttributeValue::S(text.to_owned()));
        };
        let sorts = match self.sorts {
            Sorts::All => return "#pk = :pk".to_owned(),
            Sorts::Prefix(prefix) => {
                value(":prefix", prefix);
                "begins_with(#sk, :prefix)"
            }
            Sorts::Between(from, to) => {
                value(":from", from);
                value(":to", to);
                "#sk BETWEEN :from AND :to"
            }
            Sorts::UpTo(to) => {
                value(":to", to);
                "#sk <= :to"
            }
        };
        terms.name(item::SK);
        format!("#pk = :pk AND {sorts}")
    }
}

/// Where a text lies, seen from the sort keys of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Inside,
    Behind,
}

impl Sorts<'_> {
    fn place(self, text: &str) -> Place {
        match self {
            Self::Prefix(prefix) if text.starts_with(prefix) => Place::Inside,
            Self::Prefix(prefix) | Self::Between(prefix, _) if text < prefix => Place::Before,
            Self::Prefix(_) => Place::Behind,
            Self::Between(_, to) | Self::UpTo(to) if text > to => Place::Behind,
            Self::All | Self::Between(..) | Self::UpTo(_) => Place::Inside,
        }
    }
}

/// A text that is longer than every sort key, cut to what the service takes: it lies between the same two keys.
fn fitting(text: &str) -> &str {
    let end = text.floor_char_boundary(MAX_SORT + 4);
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use portcullis_ports::storage::{Collection, Direction, MAX_SORT, Query, Range};

    use super::{KeyPlan, Sorts, fitting};

    fn query(range: Range, direction: Direction, after: Option<&str>) -> Query {
        Query {
            collection: Collection {
                name: "things",
                table: "things",
                variable: "THINGS_TABLE",
            },
            partition: "p".to_owned(),
            range,
            direction,
            limit: 10,
            after: after.map(str::to_owned),
        }
    }

    /// What is asked for.
    #[derive(Debug, PartialEq, Eq)]
    enum Asked {
        Nothing,
        All,
        Behind(&'static str),
    }

    fn asked(range: Range, direction: Direction, after: &'static str) -> Asked {
        let query = query(range, direction, Some(after));
        match KeyPlan::of(&query) {
            None => Asked::Nothing,
            Some(KeyPlan { start: None, .. }) => Asked::All,
            Some(KeyPlan { start, .. }) => {
                assert_eq!(start, Some(after));
                Asked::Behind(after)
            }
        }
    }

    #[test]
    fn a_cursor_is_a_start_only_inside_what_is_asked_for() {
        let between = || Range::Between("c".to_owned(), "e".to_owned());
        let prefix = || Range::Prefix("d".to_owned());
        let (up, down) = (Direction::Ascending, Direction::Descending);
        for (range, direction, after, wanted) in [
            (Range::All, up, "x", Asked::Behind("x")),
            (Range::All, up, "", Asked::All),
            (Range::All, down, "", Asked::Nothing),
            (between(), up, "b", Asked::All),
            (between(), up, "d", Asked::Behind("d")),
            (between(), up, "f", Asked::Nothing),
            (between(), down, "f", Asked::All),
            (between(), down, "b", Asked::Nothing),
            (prefix(), up, "c", Asked::All),
            (prefix(), up, "d\u{10FFFF}", Asked::Behind("d\u{10FFFF}")),
            (prefix(), up, "e", Asked::Nothing),
            (prefix(), down, "e", Asked::All),
            (prefix(), down, "c", Asked::Nothing),
        ] {
            let what = format!("{range:?} {direction:?} {after:?}");
            assert_eq!(asked(range, direction, after), wanted, "{what}");
        }
    }

    #[test]
    fn what_no_key_can_be_is_not_asked_for() {
        let sorts = |range: Range| {
            let query = query(range, Direction::Ascending, None);
            KeyPlan::of(&query).map(|plan| format!("{:?}", plan.sorts))
        };
        let between = |from: &str, to: &str| Range::Between(from.to_owned(), to.to_owned());
        assert_eq!(sorts(between("", "")), None);
        assert_eq!(sorts(between("", "b")), Some(format!("{:?}", Sorts::UpTo("b"))));
        assert_eq!(sorts(Range::Prefix("p".repeat(MAX_SORT + 1))), None);
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(fitting("short"), "short");
        let long = "é".repeat(400);
        assert!(long.starts_with(fitting(&long)));
        assert!((MAX_SORT + 1..=MAX_SORT + 4).contains(&fitting(&long).len()));
    }
}
