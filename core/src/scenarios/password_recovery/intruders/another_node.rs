//! Somebody with a session keeps writing to the account through another node.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use portcullis_ports::storage::STORE_CONFLICT;

use super::*;
use crate::foundation::testing::Observed;
use crate::testing::two_nodes_with;

/// The node of the owner with a recovery under way, and another on which the factors are changed before every commit of
/// the owner's. The count is of the changes that were made.
async fn against_a_loop() -> (World, Arc<Observed>, Recovering, Arc<AtomicUsize>) {
    let mut settings = Settings::default();
    settings.factors.require = Requirement::All;
    let [(owner, store), (other, _)] = two_nodes_with(&settings).await;
    let open = owner.recovering().await;
    let thief = open.session.clone();
    let (other, changed) = (Arc::new(other), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&changed);
    store.before_commits(move |_| {
        let (other, thief, count) = (Arc::clone(&other), thief.clone(), Arc::clone(&count));
        Some(Box::pin(async move {
            // Refused as soon as the owner got through.
            let added = other.app.factors.add_totp(&thief, AddTotp::default()).await;
            count.fetch_add(usize::from(added.is_ok()), Ordering::SeqCst);
        }))
    });
    (owner, store, open, changed)
}

#[tokio::test]
async fn a_right_answer_of_the_owner_gets_through() {
    let (owner, store, open, changed) = Box::pin(against_a_loop()).await;
    let done = owner.recovery_totp(&open.handle, &owner.totp(&open.app)).await;
    assert!(done.unwrap().complete);
    assert!(changed.load(Ordering::SeqCst) > 1, "the loop was in the way");
    store.before_commits(|_| None);
    owner.confirm(&open.handle, &open.code, NEW).await.unwrap();
    assert!(owner.signs_in_with(ADA, NEW).await);

    let (owner, _store, open, _) = Box::pin(against_a_loop()).await;
    let done = owner.recovery_by_code(&open.handle, &open.codes[0]).await;
    assert!(done.unwrap().complete);
}

#[tokio::test]
async fn a_right_code_from_the_mail_gets_through() {
    let (owner, _store, open, changed) = Box::pin(against_a_loop()).await;
    owner.verify(&open.handle, &open.code).await.unwrap();
    assert!(changed.load(Ordering::SeqCst) > 1, "the loop was in the way");
}

#[tokio::test]
async fn a_wrong_answer_ends_no_session() {
    let (owner, _store, open, _) = Box::pin(against_a_loop()).await;
    let wrong = owner.recovery_totp(&open.handle, "000000").await.unwrap_err();
    assert_eq!(wrong.code(), STORE_CONFLICT, "not even the history gets through");
    assert!(owner.app.sessions.lineage(&open.session).await.is_ok());
}
