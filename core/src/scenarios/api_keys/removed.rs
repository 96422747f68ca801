//! What is left of keys that left the list, and of an account that is erased.

use portcullis_ports::storage::{MAX_PAGE, Scan as _};

use super::{ada, history, made, reading, used};
use crate::areas::api_keys::{API_KEY_USES, API_KEYS, RevokeApiKey};
use crate::areas::closures::FinalizeClosure;
use crate::areas::families;
use crate::areas::sessions::SignedIn;
use crate::foundation::testing::home;
use crate::testing::{World, world};

async fn close(world: &World, who: &SignedIn) {
    let proven = FinalizeClosure { challenge_id: None };
    world.app.closures.finalize(who, &proven).await.unwrap();
}

async fn erased(world: &World) {
    world.wait(14 * 86_400);
    world.app.tasks.drain("account-erasure").await.unwrap();
    for family in families().filter(|family| family.collection.name.contains("api_key")) {
        let page = world
            .store
            .scan(&family.collection, None, MAX_PAGE)
            .await
            .unwrap();
        assert_eq!(page.records.len(), 0, "{}", family.collection.name);
    }
}

#[tokio::test]
async fn nothing_of_a_key_is_left_when_its_account_is_erased() {
    let world = world().await;
    let who = ada(&world).await;
    let key = made(&world, &who, &reading()).await;
    used(&world, &key).await.unwrap();
    world.app.api_keys.write_down().await.unwrap();
    close(&world, &who).await;
    erased(&world).await;
}

#[tokio::test]
async fn nothing_is_left_either_of_keys_that_had_left_the_list_before() {
    let world = world().await;
    let who = ada(&world).await;
    // More than one commit takes out of the list.
    for _ in 0..25 {
        let key = made(&world, &who, &reading()).await;
        used(&world, &key).await.unwrap();
    }
    world.app.api_keys.write_down().await.unwrap();
    close(&world, &who).await;
    world.app.closures.take_back(&who).await.unwrap();
    world.wait(31 * 86_400);
    let token = world.sign_in("ada@example.com", &home()).await.unwrap();
    let who = world.session(&world.identified(&token).await).await;
    let key = made(&world, &who, &reading()).await;
    let listed = world.app.api_keys.list(&who).await.unwrap().keys;
    let listed: Vec<_> = listed.iter().map(|listed| &listed.key_id).collect();
    assert_eq!(listed, [&key.key_id]);
    close(&world, &who).await;
    erased(&world).await;
}

#[tokio::test]
async fn the_list_knows_the_last_use_of_every_key_and_nothing_else_does() {
    let world = world().await;
    let who = ada(&world).await;
    let keys = &world.app.api_keys;
    for _ in 0..130 {
        let key = made(&world, &who, &reading()).await;
        used(&world, &key).await.unwrap();
        keys.write_down().await.unwrap();
        let key_id = key.key_id;
        keys.revoke(&who, &RevokeApiKey { key_id }).await.unwrap();
    }
    let listed = keys.list(&who).await.unwrap().keys;
    assert_eq!(listed.len(), 100);
    assert!(listed.iter().all(|key| key.last_used_at > 0));
    let page = world.store.scan(&API_KEYS, None, MAX_PAGE).await.unwrap();
    assert_eq!(page.records.len(), 100);
    let page = world.store.scan(&API_KEY_USES, None, MAX_PAGE).await.unwrap();
    let last = page
        .records
        .iter()
        .filter(|one| one.key.sort.starts_with("last#"));
    assert_eq!(last.count(), 100);
}

#[tokio::test]
async fn whoever_revokes_a_key_that_was_revoked_with_all_others_changes_nothing() {
    let world = world().await;
    let who = ada(&world).await;
    let key_id = made(&world, &who, &reading()).await.key_id;
    close(&world, &who).await;
    world.app.closures.take_back(&who).await.unwrap();
    let keys = &world.app.api_keys;
    let before = keys.list(&who).await.unwrap();
    world.wait(60);
    keys.revoke(&who, &RevokeApiKey { key_id }).await.unwrap();
    assert_eq!(keys.list(&who).await.unwrap(), before);
    assert_eq!(history(&world, who.subject().as_str(), "api_key_revoke").await, 0);
}
