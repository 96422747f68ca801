//! One intent, one row.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use portcullis_ports::storage::STORE_CONFLICT;
use proptest::prelude::*;

use super::*;
use crate::services::testing::{Bed, two_beds};

const PAY: &str = "pay";

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

fn subject(name: &str) -> Subject {
    Subject::parse(name).unwrap()
}

/// Makes a row under the key, as a use case does that spends.
async fn spend(bed: &Bed, key: &IdempotencyKey, request: &str, rows: &AtomicU32) -> Result<String> {
    let idempotency = Idempotency::new(&bed.context);
    bed.context
        .retried(|| async {
            match idempotency
                .look_up(&subject("usr_ada"), PAY, key, &request)
                .await?
            {
                KeyState::Used { row } => Ok(row),
                KeyState::Fresh(fresh) => {
                    let mut batch = Batch::default();
                    let row = format!("row {}", rows.fetch_add(1, Ordering::SeqCst));
                    idempotency.take(&mut batch, fresh, &row)?;
                    bed.context.commit(batch).await?;
                    Ok(row)
                }
            }
        })
        .await
}

#[tokio::test]
async fn whoever_asks_at_once_on_two_nodes_gets_one_row() {
    let [a, b] = two_beds().await;
    let (rows, key) = (AtomicU32::new(0), key("one"));
    let asked = (0..16).map(|n| spend(if n % 2 == 0 { &a } else { &b }, &key, "5 USD", &rows));
    let answers: Vec<String> = join_all(asked)
        .await
        .into_iter()
        .map(|row| row.unwrap())
        .collect();
    assert!(answers.iter().all(|row| *row == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn another_request_with_the_key_is_refused_and_another_key_or_person_is_another_intent() {
    let [bed, _] = two_beds().await;
    let (rows, one) = (AtomicU32::new(0), key("one"));
    let row = spend(&bed, &one, "5 USD", &rows).await.unwrap();
    assert_eq!(
        spend(&bed, &one, "6 USD", &rows).await.unwrap_err().code(),
        KEY_REUSED
    );
    assert_eq!(spend(&bed, &one, "5 USD", &rows).await.unwrap(), row);
    assert_ne!(spend(&bed, &key("two"), "5 USD", &rows).await.unwrap(), row);

    let idempotency = Idempotency::new(&bed.context);
    for (who, operation) in [("usr_bob", PAY), ("usr_ada", "refund")] {
        let state = idempotency
            .look_up(&subject(who), operation, &one, &"6 USD")
            .await
            .unwrap();
        assert!(matches!(state, KeyState::Fresh(_)));
    }
}

#[tokio::test]
async fn of_two_who_take_a_key_one_conflicts() {
    let [bed, _] = two_beds().await;
    let idempotency = Idempotency::new(&bed.context);
    let mut batches = Vec::new();
    for row in ["a", "b"] {
        let state = idempotency
            .look_up(&subject("usr_ada"), PAY, &key("one"), &1)
            .await
            .unwrap();
        let KeyState::Fresh(fresh) = state else {
            panic!("nobody used it yet")
        };
        let mut batch = Batch::default();
        idempotency.take(&mut batch, fresh, row).unwrap();
        batches.push(batch);
    }
    let late = batches.pop().unwrap();
    bed.context.commit(batches.pop().unwrap()).await.unwrap();
    assert_eq!(bed.context.commit(late).await.unwrap_err().code(), STORE_CONFLICT);
}

#[test]
fn keys_are_visible_characters_with_or_without_quotes() {
    assert_eq!(key(" \"a-b\" "), key("a-b"));
    for wrong in ["", "\"\"", "a b", "ä", &"x".repeat(256)] {
        assert!(IdempotencyKey::parse(wrong).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn reading_a_key_never_panics(text in ".{0,300}") {
        if let Ok(key) = IdempotencyKey::parse(&text) {
            prop_assert!((1..=255).contains(&key.as_str().len()));
        }
    }
}
