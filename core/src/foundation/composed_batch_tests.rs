//! Batches that several areas add to, who change one record one after another.

use std::sync::Arc;

use portcullis_ports::Kind;
use portcullis_ports::storage::{Collection, RecordStore, STORE_CONFLICT};
use portcullis_ports::testkit::{FakeClock, MemoryStore};
use serde::{Deserialize, Serialize};

use crate::foundation::table::{Batch, Stored, Table};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    name: String,
    steps: Vec<u32>,
}

impl Count {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            steps: Vec::new(),
        }
    }
}

impl Stored for Count {
    const COLLECTION: Collection = Collection {
        name: "counts",
        table: "counts",
        variable: "COUNTS_TABLE",
    };

    fn key(&self) -> (String, String) {
        (self.name.clone(), "count".to_owned())
    }
}

struct Bed {
    store: Arc<dyn RecordStore>,
    table: Table<Count>,
}

fn bed() -> Bed {
    let store: Arc<dyn RecordStore> = Arc::new(MemoryStore::new(Arc::new(FakeClock::default())));
    Bed {
        table: Table::new(&store),
        store,
    }
}

impl Bed {
    /// What an area does that changes a record in the commit of another.
    async fn step(&self, batch: &mut Batch, number: u32) {
        let mut slot = self
            .table
            .slot_in(batch, "a", "count", || Count::new("a"))
            .await
            .unwrap();
        slot.value.steps.push(number);
        batch.save(&slot).unwrap();
    }

    async fn steps(&self) -> Option<Vec<u32>> {
        let found = self.table.find("a", "count").await.unwrap();
        found.map(|found| found.value.steps)
    }

    async fn commit(&self, batch: Batch) -> Result<(), &'static str> {
        let done = batch.commit(self.store.as_ref()).await;
        done.map_err(|error| error.code().name())
    }
}

#[tokio::test]
async fn steps_of_one_commit_build_on_each_other_and_are_one_write() {
    let bed = bed();
    for round in [&[1, 2, 3][..], &[1, 2, 3, 4, 5]] {
        let mut batch = Batch::default();
        let known = bed.steps().await.map_or(0, |steps| steps.len());
        for number in &round[known..] {
            bed.step(&mut batch, *number).await;
        }
        assert_eq!(batch.len(), 1);
        bed.commit(batch).await.unwrap();
        assert_eq!(bed.steps().await.as_deref(), Some(round));
    }
}

#[tokio::test]
async fn the_state_that_was_read_first_decides_over_all_steps() {
    let bed = bed();
    let mut late = Batch::default();
    bed.step(&mut late, 1).await;
    let mut faster = Batch::default();
    bed.step(&mut faster, 7).await;
    bed.commit(faster).await.unwrap();
    bed.step(&mut late, 2).await;
    assert_eq!(bed.commit(late).await, Err(STORE_CONFLICT.name()));
    assert_eq!(bed.steps().await, Some(vec![7]));
}

#[tokio::test]
async fn parts_that_go_by_different_states_are_a_conflict_before_the_store_is_asked() {
    let bed = bed();
    let mut batch = Batch::default();
    bed.step(&mut batch, 1).await;
    bed.commit(batch).await.unwrap();
    let old = bed.table.find("a", "count").await.unwrap().unwrap();
    let mut batch = Batch::default();
    bed.step(&mut batch, 2).await;
    bed.commit(batch).await.unwrap();

    let mut torn = Batch::default();
    bed.step(&mut torn, 3).await;
    torn.replace(&old, &old.value).unwrap();
    assert_eq!(bed.commit(torn).await, Err(STORE_CONFLICT.name()));
    let mut torn = Batch::default();
    torn.check(&old);
    bed.step(&mut torn, 3).await;
    assert_eq!(bed.commit(torn).await, Err(STORE_CONFLICT.name()));
    assert_eq!(bed.steps().await, Some(vec![1, 2]));
}

#[tokio::test]
async fn what_a_commit_removes_it_may_add_again_and_what_it_adds_it_may_not_add_twice() {
    let bed = bed();
    let mut batch = Batch::default();
    bed.step(&mut batch, 1).await;
    bed.commit(batch).await.unwrap();

    let found = bed.table.find("a", "count").await.unwrap().unwrap();
    let mut batch = Batch::default();
    batch.remove(&found);
    bed.step(&mut batch, 5).await;
    assert_eq!(batch.len(), 1);
    bed.commit(batch).await.unwrap();
    assert_eq!(bed.steps().await, Some(vec![5]));

    let found = bed.table.find("a", "count").await.unwrap().unwrap();
    let mut batch = Batch::default();
    batch.remove(&found);
    batch.insert(&Count::new("a")).unwrap();
    bed.commit(batch).await.unwrap();
    assert_eq!(bed.steps().await, Some(vec![]));

    let mut batch = Batch::default();
    batch.insert(&Count::new("b")).unwrap();
    let twice = batch.insert(&Count::new("b")).unwrap_err();
    assert_eq!(twice.kind(), Kind::Internal);
}

#[tokio::test]
async fn a_record_that_is_written_unread_is_not_built_upon() {
    let bed = bed();
    let mut batch = Batch::default();
    batch.overwrite(&Count::new("a")).unwrap();
    let read = bed.table.slot_in(&batch, "a", "count", || Count::new("a")).await;
    assert_eq!(read.unwrap_err().kind(), Kind::Internal);
}
