//! A backup was restored, and nobody knows which keys had been revoked since.

use portcullis_ports::identity::UNAUTHENTICATED;

use super::{ada, made, reading, rotation, used, used_from};
use crate::areas::api_keys::ApiKeyStatus;
use crate::foundation::table::Batch;
use crate::foundation::testing::home;
use crate::services::epochs::{EndReason, Epochs};
use crate::testing::world;

#[tokio::test]
async fn keys_of_before_are_valid_again_once_their_owner_rotates_them() {
    let world = world().await;
    let key = made(&world, &ada(&world).await, &reading()).await;
    used(&world, &key).await.unwrap();
    world.wait(1);
    let context = &world.app.context;
    let mut batch = Batch::default();
    let store = (&context.store, context.now(), context.entropy.as_ref());
    Epochs::end_everybody_in(&mut batch, store, EndReason::BackupRestored, true)
        .await
        .unwrap();
    context.commit(batch).await.unwrap();
    world.wait(1);

    assert_eq!(used(&world, &key).await.unwrap_err().code(), UNAUTHENTICATED);
    let token = world.sign_in("ada@example.com", &home()).await.unwrap();
    let who = world.session(&world.identified(&token).await).await;
    let keys = &world.app.api_keys;
    let listed = keys.list(&who).await.unwrap().keys.remove(0);
    assert_eq!(listed.status, ApiKeyStatus::Restored);
    let rotated = keys.rotate(&who, &rotation(&key, 3_600)).await.unwrap();
    used_from(&world, &rotated.api_key, &home()).await.unwrap();
    assert!(used(&world, &key).await.is_err(), "the one of before stays out");
    let new = made(&world, &who, &reading()).await;
    used(&world, &new).await.unwrap();
}
