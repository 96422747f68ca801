//! Page after page gives everything that is wanted once, in order, whatever cannot be read between.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_ports::storage::{Collection, Expect, Key, Range, RecordStore, Write};
use portcullis_ports::testkit::{FakeClock, MemoryStore};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::runtime::Builder;

use super::{PageRequest, Stored, Table};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Item {
    list: u8,
    place: u8,
}

impl Stored for Item {
    const COLLECTION: Collection = Collection {
        name: "items",
        table: "items",
        variable: "ITEMS_TABLE",
    };

    fn key(&self) -> (String, String) {
        (format!("list{}", self.list), format!("{:03}", self.place))
    }
}

/// Puts the items there; every fifth place cannot be read.
async fn filled(items: &BTreeSet<u8>, lists: u8) -> Table<Item> {
    let store: Arc<dyn RecordStore> = Arc::new(MemoryStore::new(Arc::new(FakeClock::default())));
    for place in items {
        let item = Item {
            list: place % lists,
            place: *place,
        };
        let (partition, sort) = item.key();
        let body = if is_readable(*place) {
            super::encode(&item).unwrap()
        } else {
            "nonsense".into()
        };
        let put = Write::Put {
            key: Key {
                collection: Item::COLLECTION,
                partition,
                sort,
            },
            body,
            expires_at: None,
            expect: Expect::Any,
        };
        store.commit(&[put]).await.unwrap();
    }
    Table::new(&store)
}

const fn is_readable(place: u8) -> bool {
    !place.is_multiple_of(5)
}

proptest! {
    #[test]
    fn nothing_is_missed_and_nothing_comes_twice(
        items in prop::collection::btree_set(any::<u8>(), 0..120),
        lists in 1_u8..4,
        limit in 1_usize..9,
        looked_at in 1_usize..30,
        part in 1_u8..4,
    ) {
        let wanted = |place: u8| place.is_multiple_of(part);
        let expected: Vec<u8> = items.iter().rev().copied()
            .filter(|place| is_readable(*place) && wanted(*place)).collect();
        let runtime = Builder::new_current_thread().build().unwrap();
        let (found, pages) = runtime.block_on(async {
            let table = filled(&items, lists).await;
            let partitions: Vec<String> = (0..lists).map(|list| format!("list{list}")).collect();
            let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
            loop {
                let request = PageRequest { partitions: &partitions, range: Range::All, after, limit, looked_at };
                let show = |item: &Item| wanted(item.place).then_some(item.place);
                let page = table.filtered_page(request, show).await.unwrap();
                assert!(page.items.len() <= limit);
                found.extend(page.items);
                pages += 1;
                after = page.next;
                if after.is_none() {
                    return (found, pages);
                }
            }
        });
        prop_assert_eq!(found, expected);
        prop_assert!(pages <= items.len() + 1, "{} pages", pages);
    }
}
