//! Secrets of a key that is rotated, also more than once.

use std::time::Duration;

use super::{ada, made, reading, rotation, used_from};
use crate::areas::api_keys::{API_KEY_OVERLAP, IssuedApiKey};
use crate::areas::sessions::SignedIn;
use crate::foundation::testing::home;
use crate::testing::{World, world};

async fn rotated(world: &World, who: &SignedIn, key: &IssuedApiKey, overlap: u32) -> String {
    let command = rotation(key, overlap);
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
    let first = key.api_key.to_string();
    let lost = rotated(&world, &who, &key, 600).await;
    world.clock.advance(Duration::from_mins(1));
    let second = rotated(&world, &who, &key, 600).await;
    assert_eq!(accepted(&world, &[&first, &lost, &second]).await, [true; 3]);
    // Each ends when it was said to.
    world.clock.advance(Duration::from_mins(9));
    assert_eq!(
        accepted(&world, &[&first, &lost, &second]).await,
        [false, true, true]
    );
}

#[tokio::test]
async fn never_more_than_three_secrets_are_valid_and_none_ends_sooner_unless_that_is_asked_for() {
    let world = world().await;
    let who = ada(&world).await;
    let key = made(&world, &who, &reading()).await;
    let first = key.api_key.to_string();
    let second = rotated(&world, &who, &key, 250).await;
    let third = rotated(&world, &who, &key, 250).await;
    for overlap in [250, 10] {
        let refused = world.app.api_keys.rotate(&who, &rotation(&key, overlap)).await;
        assert_eq!(refused.unwrap_err().code(), API_KEY_OVERLAP);
    }
    assert_eq!(accepted(&world, &[&first, &second, &third]).await, [true; 3]);
    world.clock.advance(Duration::from_secs(250));
    let fourth = rotated(&world, &who, &key, 250).await;
    let fifth = rotated(&world, &who, &key, 10).await;
    let all = [&*first, &second, &third, &fourth, &fifth];
    assert_eq!(accepted(&world, &all).await, [false, false, true, true, true]);
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(accepted(&world, &all).await, [false, false, false, false, true]);
    rotated(&world, &who, &key, 250).await;
    rotated(&world, &who, &key, 250).await;
    let last = rotated(&world, &who, &key, 0).await;
    assert_eq!(accepted(&world, &[&fifth, &last]).await, [false, true]);
}
