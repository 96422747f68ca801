//! How a record lies in a table.
//!
//! The partition key is the name of the family, `#` and the partition; `%` and `#` in the name are escaped, so the first
//! `#` ends the name and two families never share a key. A table of one family has the same keys, so that a family is
//! moved by copying its items.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use portcullis_ports::Timestamp;
use portcullis_ports::storage::{Collection, Key, Record, StoreError, Version};

/// The partition key.
pub(crate) const PK: &str = "pk";
/// The sort key: the sort of the record as it is.
pub(crate) const SK: &str = "sk";
/// The version of the state.
pub(crate) const VERSION: &str = "version";
/// When the record becomes invisible, in milliseconds since 1970; missing if never.
pub(crate) const EXPIRES: &str = "expires";
/// JSON text.
pub(crate) const BODY: &str = "body";
/// Every attribute with a fixed name; one more tells DynamoDB when to remove the item.
pub(crate) const ATTRIBUTES: [&str; 5] = [PK, SK, VERSION, EXPIRES, BODY];

/// The longest partition key that DynamoDB takes, in bytes.
const MAX_PK: usize = 2048;
const END_OF_NAME: char = '#';

/// An item, or the key of one.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// What the partition keys of a family begin with, and no others.
pub(crate) fn family(collection: &Collection) -> String {
    let mut text = collection.name.replace('%', "%25").replace(END_OF_NAME, "%23");
    text.push(END_OF_NAME);
    text
}

/// The partition key of a partition.
pub(crate) fn partition_key(collection: &Collection, partition: &str) -> Result<String, StoreError> {
    let mut text = family(collection);
    text.push_str(partition);
    if text.len() > MAX_PK {
        return Err(StoreError::Refused(format!(
            "the name of the family {} is too long for a key",
            collection.name
        )));
    }
    Ok(text)
}

/// The key of a record.
pub(crate) fn key(key: &Key) -> Result<Item, StoreError> {
    Ok(raw_key(
        partition_key(&key.collection, &key.partition)?,
        key.sort.clone(),
    ))
}

/// A key of these two.
pub(crate) fn raw_key(pk: String, sk: String) -> Item {
    HashMap::from([
        (PK.to_owned(), AttributeValue::S(pk)),
        (SK.to_owned(), AttributeValue::S(sk)),
    ])
}

/// A number attribute.
pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The state of a record as an item.
pub(crate) fn encode(
    of: &Key,
    version: Version,
    expires_at: Option<Timestamp>,
    body: &str,
    ttl_attribute: &str,
) -> Result<Item, StoreError> {
    let mut item = key(of)?;
    item.insert(VERSION.to_owned(), number(version.0));
    item.insert(BODY.to_owned(), AttributeValue::S(body.to_owned()));
    if let Some(end) = expires_at {
        item.insert(EXPIRES.to_owned(), number(end.millis()));
        // The first whole second behind it: the service must not remove what can still be read.
        item.insert(ttl_attribute.to_owned(), number(end.seconds().saturating_add(1)));
    }
    Ok(item)
}

/// The record that an item of this family holds.
pub(crate) fn decode(collection: Collection, mut item: Item) -> Result<Record, StoreError> {
    let (pk, sort) = (take(&mut item, PK)?, take(&mut item, SK)?);
    let broken = |what: &str| {
        StoreError::Corrupt(format!(
            "an item of {} has no readable attribute {what:?}; did another program write to the table?",
            collection.name
        ))
    };
    let partition = pk.strip_prefix(&family(&collection)).ok_or_else(|| broken(PK))?;
    let expires_at = match item.get(EXPIRES) {
        None => None,
        Some(end) => Some(Timestamp::from_millis(
            parsed(end).ok_or_else(|| broken(EXPIRES))?,
        )),
    };
    Ok(Record {
        version: version(&item).ok_or_else(|| broken(VERSION))?,
        expires_at,
        body: Arc::from(take(&mut item, BODY).map_err(|_| broken(BODY))?),
        key: Key {
            collection,
            partition: partition.to_owned(),
            sort,
        },
    })
}

/// The version in an item.
pub(crate) fn version(item: &Item) -> Option<Version> {
    item.get(VERSION).and_then(parsed).map(Version)
}

/// Both parts of a key.
pub(crate) fn key_texts(mut key: Item) -> Result<(String, String), StoreError> {
    Ok((take(&mut key, PK)?, take(&mut key, SK)?))
}

fn parsed<T: std::str::FromStr>(value: &AttributeValue) -> Option<T> {
    value.as_n().ok()?.parse().ok()
}

fn take(item: &mut Item, attribute: &str) -> Result<String, StoreError> {
    match item.remove(attribute) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(StoreError::Corrupt(format!(
            "an item has no text in the attribute {attribute:?}; did another program write to the table?"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use portcullis_ports::Timestamp;
    use portcullis_ports::storage::{Collection, Key, MAX_PARTITION, StoreError, Version};

    use super::{BODY, EXPIRES, Item, VERSION, decode, encode, number, partition_key};

    fn collection(name: &'static str) -> Collection {
        Collection {
            name,
            table: name,
            variable: "THINGS_TABLE",
        }
    }

    fn item() -> (Key, Item) {
        let key = Key {
            collection: collection("things"),
            partition: "p#%".to_owned(),
            sort: "s".to_owned(),
        };
        let end = Timestamp::from_millis(1_999);
        let item = encode(&key, Version(u64::MAX), Some(end), "{}", "ttl").unwrap();
        (key, item)
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        let (key, item) = item();
        assert_eq!(item["ttl"], number(2));
        let record = decode(key.collection, item).unwrap();
        assert_eq!(record.key, key);
        assert_eq!(record.version, Version(u64::MAX));
        assert_eq!(record.expires_at, Some(Timestamp::from_millis(1_999)));
        assert_eq!(&*record.body, "{}");
    }

    #[test]
    fn an_item_may_be_removed_only_when_nobody_can_read_it() {
        let (key, _) = item();
        for (millis, ttl) in [(0, 1), (999, 1), (1000, 2), (1001, 2), (-1, 0)] {
            let end = Some(Timestamp::from_millis(millis));
            assert_eq!(
                encode(&key, Version(1), end, "1", "ttl").unwrap()["ttl"],
                number(ttl)
            );
        }
    }

    #[test]
    fn families_and_partitions_that_look_alike_have_different_keys() {
        let pairs = [
            ("a", "b#c"),
            ("a#b", "c"),
            ("a%23b", "c"),
            ("a%2523b", "c"),
            ("a", "%23b#c"),
        ];
        let keys: std::collections::BTreeSet<String> = pairs
            .iter()
            .map(|(name, partition)| partition_key(&collection(name), partition).unwrap())
            .collect();
        assert_eq!(keys.len(), pairs.len());
    }

    #[test]
    fn a_name_that_leaves_no_room_for_the_partition_is_refused() {
        let name: &'static str = Box::leak("n".repeat(1100).into_boxed_str());
        let partition = "p".repeat(MAX_PARTITION);
        let refused = partition_key(&collection(name), &partition);
        assert!(matches!(refused, Err(StoreError::Refused(_))));
    }

    #[test]
    fn an_item_that_is_not_ours_is_told_apart_from_none() {
        for attribute in ["pk", "sk", VERSION, BODY] {
            let (key, mut item) = item();
            item.remove(attribute);
            let outcome = decode(key.collection, item);
            assert!(
                matches!(outcome, Err(StoreError::Corrupt(_))),
                "{attribute}: {outcome:?}"
            );
        }
        let (key, mut item) = item();
        item.insert(EXPIRES.to_owned(), number("1.5"));
        assert!(matches!(
            decode(key.collection, item),
            Err(StoreError::Corrupt(_))
        ));
        let (_, other) = self::item();
        assert!(matches!(
            decode(collection("other"), other),
            Err(StoreError::Corrupt(_))
        ));
    }
}
