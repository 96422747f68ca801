//! What is left of keys that left the list, and of an account that is erased.

use portcullis_ports::storage::{MAX_PAGE, Scan as _};

use super::{ada, history, made, reading, rotation, used};
use crate::areas::api_keys::{
    API_KEY_USES, API_KEYS, Cidr, CreateApiKey, RenameApiKey, RevokeApiKey, SetApiKeyNetworks,
};
use crate::areas::closures::FinalizeClosure;
use crate::areas::families;
use crate::areas::sessions::SignedIn;
use crate::foundation::input::Label;
use crate::foundation::testing::home;
use crate::scenarios::autopay::prove_address;
use crate::scenarios::closures::records_with;
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

/// What of the whole store holds one of these words.
async fn holding(world: &World, words: &[&str]) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for word in words {
        found.extend(records_with(world, word).await);
    }
    found
}

#[tokio::test]
async fn nothing_of_a_key_is_left_when_its_account_is_erased() {
    let world = world().await;
    let who = ada(&world).await;
    prove_address(&world).await;
    let command = CreateApiKey {
        label: Some(Label::parse("Loom of Ada").unwrap()),
        rate_per_minute: Some(7),
        ..reading()
    };
    let key = made(&world, &who, &command).await;
    let keys = &world.app.api_keys;
    let rules = SetApiKeyNetworks {
        key_id: key.key_id.clone(),
        allow_cidrs: Vec::new(),
        deny_cidrs: vec![Cidr::parse("198.51.100.0/24").unwrap()],
    };
    keys.set_networks(&who, &rules).await.unwrap();
    used(&world, &key).await.unwrap();
    let other = crate::areas::invoices::scopes::READ;
    assert!(keys.authenticate(&key.api_key, &other, &home()).await.is_err());
    keys.write_down().await.unwrap();
    keys.rotate(&who, &rotation(&key, 60)).await.unwrap();
    let renamed = RenameApiKey {
        key_id: key.key_id.clone(),
        label: Label::parse("Wheel of Ada").unwrap(),
    };
    keys.rename(&who, &renamed).await.unwrap();
    let words = [key.key_id.as_str(), "of Ada", "198.51.100.0"];
    assert!(holding(&world, &words).await.len() >= 5);
    close(&world, &who).await;
    erased(&world).await;
    assert_eq!(holding(&world, &words).await, []);
}

#[tokio::test]
async fn the_last_use_stays_told_after_a_rotation_and_a_revocation() {
    let world = world().await;
    let who = ada(&world).await;
    let keys = &world.app.api_keys;
    let key = made(&world, &who, &reading()).await;
    used(&world, &key).await.unwrap();
    keys.write_down().await.unwrap();
    let first = keys.list(&who).await.unwrap().keys[0].last_used_at;
    world.wait(20);
    let rotated = keys.rotate(&who, &rotation(&key, 60)).await.unwrap();
    assert_eq!(keys.list(&who).await.unwrap().keys[0].last_used_at, first);
    used(&world, &rotated).await.unwrap();
    // What was noted is written down also if the key is revoked meanwhile.
    let key_id = key.key_id.clone();
    keys.revoke(&who, &RevokeApiKey { key_id }).await.unwrap();
    keys.write_down().await.unwrap();
    let listed = keys.list(&who).await.unwrap().keys;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].last_used_at, first + 20);
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
