//! How readers ask the file.

use std::sync::Arc;

use portcullis_ports::Timestamp;
use portcullis_ports::storage::{Collection, Direction, Key, Page, Query, Range, Record};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};

use crate::cache::{Name, Stored};
use crate::schema::version;

/// The bodies of one page, in bytes: a page of a thousand large records must not fill the memory.
const MAX_PAGE_BYTES: usize = 4 << 20;

/// The record of that name, expired or not.
pub(crate) fn find(connection: &Connection, name: Name<'_>) -> rusqlite::Result<Option<Stored>> {
    connection
        .prepare_cached(
            "SELECT version, expires_at, body FROM records WHERE collection = ?1 AND partition = ?2 AND sort = ?3",
        )?
        .query_row(params![name.collection, name.partition, name.sort], |row| {
            stored(row, 0)
        })
        .optional()
}

/// A page of visible records.
pub(crate) fn page(connection: &Connection, query: &Query, now: Timestamp) -> rusqlite::Result<Page> {
    let bounds = Bounds::of(query);
    let (sql, values) = bounds.select(query.direction);
    let mut statement = connection.prepare_cached(&sql)?;
    let fixed = [query.collection.name, query.partition.as_str()];
    let mut parameters: Vec<&dyn rusqlite::ToSql> = Vec::with_capacity(6);
    parameters.extend(fixed.iter().map(|text| text as &dyn rusqlite::ToSql));
    let now = now.millis();
    // One more than asked for tells whether more follow.
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1);
    parameters.push(&now);
    parameters.push(&limit);
    parameters.extend(values.iter().map(|text| text as &dyn rusqlite::ToSql));
    let mut rows = statement.query(params_from_iter(parameters))?;
    let mut records: Vec<Record> = Vec::new();
    let mut bytes = 0;
    let mut more = false;
    while let Some(row) = rows.next()? {
        if records.len() == query.limit || bytes >= MAX_PAGE_BYTES {
            more = true;
            break;
        }
        let found = stored(row, 1)?;
        bytes += found.body.len();
        records.push(Record {
            key: Key {
                collection: query.collection,
                partition: query.partition.clone(),
                sort: row.get(0)?,
            },
            version: found.version,
            expires_at: found.expires_at,
            body: found.body,
        });
    }
    let next = records
        .last()
        .filter(|_| more)
        .map(|record| record.key.sort.clone());
    Ok(Page { records, next })
}

/// Visible records of a whole family behind a key, in the order of keys, `limit` at most.
pub(crate) fn scan(
    connection: &Connection,
    collection: Collection,
    after: &(String, String),
    limit: usize,
    now: Timestamp,
) -> rusqlite::Result<Vec<Record>> {
    let mut statement = connection.prepare_cached(
        "SELECT partition, sort, version, expires_at, body FROM records
         WHERE collection = ?1 AND (partition, sort) > (?2, ?3) AND (expires_at IS NULL OR expires_at > ?4)
         ORDER BY partition, sort LIMIT ?5",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![collection.name, after.0, after.1, now.millis(), limit])?;
    let mut records = Vec::new();
    let mut bytes = 0;
    while bytes < MAX_PAGE_BYTES
        && let Some(row) = rows.next()?
    {
        let found = stored(row, 2)?;
        bytes += found.body.len();
        records.push(Record {
            key: Key {
                collection,
                partition: row.get(0)?,
                sort: row.get(1)?,
            },
            version: found.version,
            expires_at: found.expires_at,
            body: found.body,
        });
    }
    Ok(records)
}

fn stored(row: &Row<'_>, at: usize) -> rusqlite::Result<Stored> {
    let body = row.get_ref(at + 2)?.as_str();
    let body =
        body.map_err(|error| rusqlite::Error::FromSqlConversionFailure(at + 2, Type::Text, Box::new(error)))?;
    Ok(Stored {
        version: version(row.get(at)?),
        expires_at: row.get::<_, Option<i64>>(at + 1)?.map(Timestamp::from_millis),
        body: Arc::from(body),
    })
}

/// The sort keys of a page: where they begin and where they end.
#[derive(Debug, PartialEq, Eq)]
struct Bounds {
    /// The smallest, and whether it belongs to them.
    from: Option<(String, bool)>,
    /// The largest, and whether it belongs to them.
    to: Option<(String, bool)>,
}

impl Bounds {
    fn of(query: &Query) -> Self {
        let (mut from, mut to) = match &query.range {
            Range::All => (None, None),
            Range::Prefix(prefix) => (
                Some((prefix.clone(), true)),
                successor(prefix).map(|end| (end, false)),
            ),
            Range::Between(first, last) => (Some((first.clone(), true)), Some((last.clone(), true))),
        };
        if let Some(after) = &query.after {
            match query.direction {
                Direction::Ascending if from.as_ref().is_none_or(|(first, _)| after >= first) => {
                    from = Some((after.clone(), false));
                }
                Direction::Descending if to.as_ref().is_none_or(|(last, _)| after <= last) => {
                    to = Some((after.clone(), false));
                }
                Direction::Ascending | Direction::Descending => {}
            }
        }
        Self { from, to }
    }

    /// The statement, and what is bound behind its four fixed parameters.
    fn select(&self, direction: Direction) -> (String, Vec<&str>) {
        const SELECT: &str =
            "SELECT sort, version, expires_at, body FROM records WHERE collection = ?1 AND partition = ?2";
        let (from, included) = self
            .from
            .as_ref()
            .map_or(("", true), |(text, included)| (text, *included));
        let mut sql = SELECT.to_owned();
        sql.push_str(if included {
            " AND sort >= ?5"
        } else {
            " AND sort > ?5"
        });
        let mut values = vec![from];
        if let Some((to, included)) = &self.to {
            sql.push_str(if *included {
                " AND sort <= ?6"
            } else {
                " AND sort < ?6"
            });
            values.push(to);
        }
        sql.push_str(" AND (expires_at IS NULL OR expires_at > ?3) ORDER BY sort");
        if direction == Direction::Descending {
            sql.push_str(" DESC");
        }
        sql.push_str(" LIMIT ?4");
        (sql, values)
    }
}

/// The smallest text that is larger than every text with this prefix; none if there is no such text.
fn successor(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // The order of UTF-8 bytes is the order of scalar values, and the range skips what is none.
        let mut greater = last..=char::MAX;
        if let Some(next) = greater.nth(1) {
            text.push(next);
            return Some(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::successor;

    #[test]
    fn the_successor_follows_every_text_with_the_prefix() {
        assert_eq!(successor("a").as_deref(), Some("b"));
        assert_eq!(successor("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(successor("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(successor("\u{7F}").as_deref(), Some("\u{80}"));
        assert_eq!(successor("\u{10FFFF}\u{10FFFF}"), None);
    }
}
