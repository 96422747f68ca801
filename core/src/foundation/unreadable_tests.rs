//! Records that cannot be read: set aside where many are read, and told of where one is asked for.

use portcullis_ports::storage::{Collection, Expect, Key, Range, RecordStore, Write};
use portcullis_ports::testkit::{FakeClock, MemoryStore};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::table::{Batch, RECORD_UNREADABLE, Stored, Table};

const NOTES: Collection = Collection {
    name: "notes",
    table: "notes",
    variable: "NOTES_TABLE",
};

/// In the third version. The first had `title` for `text`, the second no `pages`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    at: u32,
    text: String,
    pages: u32,
}

impl Stored for Note {
    const COLLECTION: Collection = NOTES;
    const VERSION: u32 = 3;

    fn key(&self) -> (String, String) {
        ("all".into(), self.at.to_string())
    }

    fn upgrade(from: u32, mut body: serde_json::Value) -> serde_json::Result<Self> {
        if from < 2 {
            body["text"] = body["title"].take();
        }
        if from < 3 {
            body["pages"] = 1.into();
        }
        serde_json::from_value(body)
    }
}

async fn put(store: &dyn RecordStore, collection: Collection, place: (&str, &str), body: &str) {
    let write = Write::Put {
        key: Key {
            collection,
            partition: place.0.to_owned(),
            sort: place.1.to_owned(),
        },
        body: body.into(),
        expires_at: None,
        expect: Expect::Any,
    };
    store.commit(&[write]).await.unwrap();
}

fn store() -> Arc<dyn RecordStore> {
    Arc::new(MemoryStore::new(Arc::new(FakeClock::default())))
}

#[tokio::test]
async fn every_version_is_read_and_todays_is_written() {
    let store = store();
    let bodies = [
        r#"{"at":1,"title":"x"}"#,
        r#"{"v":2,"at":1,"text":"x"}"#,
        r#"{"v":3,"at":1,"text":"x","pages":1}"#,
    ];
    for body in bodies {
        put(store.as_ref(), NOTES, ("all", "1"), body).await;
        let table = Table::<Note>::new(&store);
        let read = table.find("all", "1").await.unwrap().unwrap();
        assert_eq!(read.text, "x");
        let mut batch = Batch::default();
        batch.replace(&read, &read.value).unwrap();
        batch.commit(store.as_ref()).await.unwrap();
        let key = Key {
            collection: NOTES,
            partition: "all".into(),
            sort: "1".into(),
        };
        assert_eq!(&*store.get(&key).await.unwrap().unwrap().body, bodies[2]);
    }
}

#[tokio::test]
async fn a_list_goes_on_past_what_cannot_be_read_and_a_direct_read_says_so() {
    let store = store();
    for (sort, body) in [
        ("1", r#"{"at":1,"title":7}"#),
        ("2", r#"{"v":4,"at":2}"#),
        ("3", r#"{"at":3,"title":"c"}"#),
        ("4", "secret word"),
        ("5", r#"{"at":5,"title":"e"}"#),
    ] {
        put(store.as_ref(), NOTES, ("all", sort), body).await;
    }
    let table = Table::<Note>::new(&store);
    let all = table.all("all").await.unwrap();
    assert_eq!(all.iter().map(|note| note.at).collect::<Vec<_>>(), [3, 5]);
    // They take nobody's place.
    let (first, next) = table.page("all", Range::All, 1, None).await.unwrap();
    assert_eq!(first[0].at, 3);
    let (second, next) = table.page("all", Range::All, 1, next).await.unwrap();
    assert_eq!((second[0].at, next), (5, None));
    assert!(table.complete_page("all", Range::All, 9, None).await.is_err());
    for sort in ["1", "2", "4"] {
        let error = table.find("all", sort).await.unwrap_err();
        assert_eq!(error.code(), RECORD_UNREADABLE);
        let told = format!("{error:?}");
        assert!(told.contains("notes") && !told.contains("secret"), "{told}");
    }
}
