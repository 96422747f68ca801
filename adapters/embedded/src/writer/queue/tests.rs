//! The bounds of the queue, and its end.

use std::time::{Duration, Instant};

use portcullis_ports::storage::{Collection, Expect, Key, Write};
use tokio::sync::oneshot;

use super::{Caller, MAX_WAITING_BYTES, Queue, Refusal, Request, Taken};

fn request(body: usize) -> (Request, oneshot::Receiver<crate::writer::group::Decision>) {
    let (answer, answered) = oneshot::channel();
    let key = Key {
        collection: Collection {
            name: "things",
            table: "things",
            variable: "THINGS_TABLE",
        },
        partition: "p".to_owned(),
        sort: "s".to_owned(),
    };
    let write = Write::Put {
        key,
        body: "x".repeat(body).into(),
        expires_at: None,
        expect: Expect::Any,
    };
    let caller = Caller {
        since: Instant::now(),
        answer,
    };
    let request = Request {
        writes: vec![write],
        caller,
    };
    (request, answered)
}

#[test]
fn beyond_its_length_the_queue_turns_callers_away() {
    let queue = Queue::new(2);
    assert_eq!(queue.push(request(1).0), Ok(()));
    assert_eq!(queue.push(request(1).0), Ok(()));
    assert_eq!(queue.push(request(1).0), Err(Refusal::Full));
    let mut batch = Vec::new();
    assert_eq!(queue.take(&mut batch, 1, 1, Duration::ZERO), Taken::Requests);
    assert_eq!(queue.push(request(1).0), Ok(()));
    assert_eq!((batch.len(), queue.len()), (1, 2));
}

#[test]
fn beyond_its_bytes_the_queue_turns_callers_away_but_never_all() {
    let queue = Queue::new(100);
    assert_eq!(queue.push(request(MAX_WAITING_BYTES + 1).0), Ok(()));
    assert_eq!(queue.push(request(1).0), Err(Refusal::Full));
    let mut batch = Vec::new();
    assert_eq!(queue.take(&mut batch, 10, 1, Duration::ZERO), Taken::Requests);
    assert_eq!(queue.push(request(1).0), Ok(()));
}

#[test]
fn a_closed_queue_gives_out_what_waits_and_takes_no_more() {
    let queue = Queue::new(2);
    assert_eq!(queue.push(request(1).0), Ok(()));
    queue.close();
    assert_eq!(queue.push(request(1).0), Err(Refusal::Closed));
    let mut batch = Vec::new();
    let patience = Duration::from_mins(1);
    assert_eq!(queue.take(&mut batch, 10, 5, patience), Taken::Requests);
    assert_eq!(queue.take(&mut batch, 10, 1, patience), Taken::Closed);
}

#[test]
fn an_abandoned_queue_tells_those_who_wait() {
    let queue = Queue::new(2);
    let (request, mut answered) = request(1);
    assert_eq!(queue.push(request), Ok(()));
    queue.abandon();
    assert!(matches!(
        answered.try_recv(),
        Err(oneshot::error::TryRecvError::Closed)
    ));
    assert!(!queue.is_open());
}
