//! Secrets of a key that is rotated, also more than once.

use std::time::Duration;

use super::{ada, made, reading, used_from};
use crate::areas::api_keys::{ApiKeyId, RotateApiKey};
use crate::areas::sessions::SignedIn;
use crate::foundation::testing::home;
use crate::testing::{World, world};

async fn rotated(world: &World, who: &SignedIn, key_id: &ApiKeyId, overlap: u32) -> String {
    let command = RotateApiKey {
        key_id: key_id.clone(),
        overlap_seconds: Some(overlap),
        expires_at: None,
    };
    let issued = world.app.api_keys.rotate(who, &command).await.unwrap();
    issued.api_key.to_string()
}

/// Which of them are accepted.
async fn accepted(world: &World, secrets: &[&str]) -> Vec<bool> {
    let mut accepted = Vec::new();
    for secret in secrets {
        accepted.push(used_from(world, secret, &home()).await.is_ok());
    }
    accepted
}

#[tokio::test]
async fn a_rotation_that_is_asked_for_again_leaves_the_secret_that_is_in_use() {
    let world = world().await;
    let who = ada(&world).await;
    let key = made(&world, &who, &reading()).await;
    let (id, first) = (&key.key_id, key.api_key.to_string());
    let lost = rotated(&world, &who, id, 600).await;
    world.clock.advance(Duration::from_secs(60));
    let second = rotated(&world, &who, id, 600).await;
    assert_eq!(accepted(&world, &[&first, &lost, &second]).await, [true; 3]);
    // Each ends when it was said to.
    world.clock.advance(Duration::from_secs(540));
    assert_eq!(
        accepted(&world, &[&first, &lost, &second]).await,
        [false, true, true]
    );
}

#[tokio::test]
async fn never_more_than_three_secrets_are_valid_and_a_shorter_overlap_is_that_of_all() {
    let world = world().await;
    let who = ada(&world).await;
    let key = made(&world, &who, &reading()).await;
    let (id, first) = (&key.key_id, key.api_key.to_string());
    let second = rotated(&world, &who, id, 600).await;
    let third = rotated(&world, &who, id, 600).await;
    let fourth = rotated(&world, &who, id, 10).await;
    let all = [&*first, &second, &third, &fourth];
    assert_eq!(accepted(&world, &all).await, [false, true, true, true]);
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(accepted(&world, &all).await, [false, false, false, true]);
    let fifth = rotated(&world, &who, id, 0).await;
    assert_eq!(accepted(&world, &[&fourth, &fifth]).await, [false, true]);
}
