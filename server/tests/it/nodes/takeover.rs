//! Work that a killed node left is done by the other.

use std::time::{Duration, Instant};

use super::pair::{Pair, Person};

/// The lease of the settings, the time in which a worker looks around, and the time a busy machine takes.
const AT_MOST: Duration = Duration::from_secs(20);

#[tokio::test]
async fn messages_of_a_killed_node_are_sent_by_the_other() {
    let Some(pair) = Pair::start() else { return };
    let door = pair.door(0);
    let people = (0..20).map(|at| {
        let door = door.clone();
        async move {
            let email = format!("person{at}@example.com");
            Person::sign_up(&door, &email).await;
            email
        }
    });
    let emails = futures_util::future::join_all(people).await;
    pair.kill(0);
    let killed = Instant::now();
    let other = pair.door(1);
    for email in &emails {
        while other.messages(email).await.is_empty() {
            assert!(killed.elapsed() < AT_MOST, "nobody sends the message to {email}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
