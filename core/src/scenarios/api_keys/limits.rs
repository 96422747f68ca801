//! How often keys may be used.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use portcullis_ports::storage::{MAX_PAGE, Scan as _};
use portcullis_ports::{Clock as _, Error};

use super::{ada, made, reading, used};
use crate::areas::api_keys::{API_KEY_LIMIT, API_KEYS, ApiKeys, CreateApiKey, IssuedApiKey, SetApiKeyRules};
use crate::areas::entitlements::scopes::READ;
use crate::areas::sessions::SignedIn;
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::input::INVALID_REQUEST;
use crate::foundation::testing::home;
use crate::settings::Settings;
use crate::testing::{World, observed, two_nodes, world, world_with};

#[tokio::test]
async fn two_nodes_together_accept_exactly_as_many_uses_as_a_key_has() {
    let [(a, _), (b, _)] = two_nodes().await;
    let who = ada(&a).await;
    let command = CreateApiKey {
        rate_per_minute: Some(50),
        daily_quota: Some(120),
        ..reading()
    };
    let key = made(&a, &who, &command).await;
    for expected in [50, 50, 20, 0] {
        let mut accepted = 0;
        for turn in 0..200 {
            let node = if turn % 3 == 0 { &a } else { &b };
            match used(node, &key).await {
                Ok(_) => accepted += 1,
                Err(error) => assert_eq!(error.code(), API_KEY_LIMIT),
            }
        }
        assert_eq!(accepted, expected);
        a.clock.advance(Duration::from_mins(1));
    }
    // The next day (UTC) it has all of them again.
    a.clock.advance(Duration::from_hours(24));
    used(&b, &key).await.unwrap();
}

#[tokio::test]
async fn a_use_that_is_refused_counts_for_nothing() {
    let [(a, _), _] = two_nodes().await;
    let who = ada(&a).await;
    let command = CreateApiKey {
        rate_per_minute: Some(2),
        ..reading()
    };
    let key = made(&a, &who, &command).await;
    let other = crate::areas::invoices::scopes::READ;
    for _ in 0..20 {
        let source = crate::foundation::testing::home();
        let refused = a.app.api_keys.authenticate(&key.api_key, &other, &source).await;
        assert!(refused.is_err());
    }
    used(&a, &key).await.unwrap();
    used(&a, &key).await.unwrap();
    let refused = used(&a, &key).await.unwrap_err();
    assert_eq!(refused.code(), API_KEY_LIMIT);
}

fn rules(key: &IssuedApiKey, rate: Option<u32>, quota: Option<u32>) -> SetApiKeyRules {
    SetApiKeyRules {
        key_id: key.key_id.clone(),
        scopes: key.scopes.clone(),
        rate_per_minute: rate,
        daily_quota: quota,
    }
}

async fn limited(world: &World, who: &SignedIn, key: &IssuedApiKey, rate: Option<u32>, quota: Option<u32>) {
    let command = rules(key, rate, quota);
    world.app.api_keys.set_rules(who, &command).await.unwrap();
    world.clock.advance(Duration::from_secs(2));
}

/// Of which limit there is nothing left.
fn used_up(error: &Error) -> String {
    assert_eq!(error.code(), API_KEY_LIMIT);
    let members = error.members().iter();
    let limit = members.filter(|(name, _)| *name == "limit");
    limit.map(|(_, value)| value.as_str()).collect()
}

/// How many of so many uses are accepted, one after another.
async fn accepted(world: &World, key: &IssuedApiKey, uses: usize) -> usize {
    let mut accepted = 0;
    for _ in 0..uses {
        match used(world, key).await {
            Ok(_) => accepted += 1,
            Err(error) => assert_eq!(error.code(), API_KEY_LIMIT),
        }
    }
    accepted
}

#[tokio::test]
async fn a_new_limit_counts_what_was_used_and_not_what_was_leased() {
    let world = world().await;
    let who = ada(&world).await;
    let key = made(&world, &who, &reading()).await;
    used(&world, &key).await.unwrap();
    limited(&world, &who, &key, None, Some(40)).await;
    assert_eq!(accepted(&world, &key, 20).await, 20);
    limited(&world, &who, &key, Some(90), Some(50)).await;
    // Of a day 21 uses are gone; a limit that is set again brings none of them back.
    assert_eq!(accepted(&world, &key, 10).await, 10);
    limited(&world, &who, &key, Some(90), Some(45)).await;
    assert_eq!(accepted(&world, &key, 60).await, 14);
    limited(&world, &who, &key, Some(90), Some(44)).await;
    let refused = used(&world, &key).await.unwrap_err();
    assert!(used_up(&refused).contains("daily_quota"), "{refused:?}");
    limited(&world, &who, &key, Some(90), Some(1_000)).await;
    assert_eq!(accepted(&world, &key, 60).await, 45, "the rate counts as well");
}

#[tokio::test]
async fn a_node_that_is_idle_gives_back_its_leases() {
    let [(a, _), (b, _)] = two_nodes().await;
    let who = ada(&a).await;
    let key = made(&a, &who, &reading()).await;
    used(&b, &key).await.unwrap();
    limited(&a, &who, &key, None, Some(100)).await;
    accepted(&a, &key, 1).await;
    a.clock.advance(Duration::from_mins(1));
    b.app.api_keys.write_down().await.unwrap();
    assert_eq!(accepted(&a, &key, 150).await, 99);
}

#[tokio::test]
async fn of_simultaneous_first_uses_exactly_as_many_are_accepted_as_there_are() {
    let (world, store) = observed(Settings::default()).await;
    let who = ada(&world).await;
    let command = CreateApiKey {
        rate_per_minute: Some(90),
        ..reading()
    };
    let key = made(&world, &who, &command).await;
    store.before_commits(|_| Some(tokio::task::yield_now().boxed()));
    let keys: &ApiKeys = &world.app.api_keys;
    for _ in 0..3 {
        let source = home();
        let uses = (0..200).map(|_| keys.authenticate(&key.api_key, &READ, &source).boxed());
        let answers = join_all(uses).await;
        let accepted = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(accepted, 90);
        for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            assert!(used_up(refused).contains("rate_per_minute"), "{refused:?}");
        }
        world.clock.advance(Duration::from_mins(1));
    }
}

#[tokio::test]
async fn limits_are_numbers_of_the_document_and_stored_as_far_as_the_service_allows() {
    let mut settings = Settings::default();
    settings.api_keys.rate_per_minute = 60;
    let world = world_with(settings).await;
    let who = ada(&world).await;
    let key = made(&world, &who, &reading()).await;
    let keys = &world.app.api_keys;
    for wrong in [0, 1_000_000_001] {
        let both = [
            (Some(wrong), None, "/rate_per_minute"),
            (None, Some(wrong), "/daily_quota"),
        ];
        for (rate, quota, field) in both {
            let refused = keys.set_rules(&who, &rules(&key, rate, quota)).await.unwrap_err();
            assert_eq!(refused.code(), INVALID_REQUEST);
            assert_eq!(refused.fields()[0].pointer, field);
            let command = CreateApiKey {
                rate_per_minute: rate,
                daily_quota: quota,
                ..reading()
            };
            let refused = keys.create(&who, &command).await.unwrap_err();
            assert_eq!(refused.code(), INVALID_REQUEST);
        }
    }
    keys.set_rules(&who, &rules(&key, Some(5_000), None))
        .await
        .unwrap();
    let page = world.store.scan(&API_KEYS, None, MAX_PAGE).await.unwrap();
    let stored = &page.records[0].body;
    assert!(
        stored.contains("\"rate_per_minute\":60,"),
        "a later, wider setting widens no key: {stored}"
    );
    // What raises the limit that holds is asked for a fresh proof, and nothing else is.
    world.wait(700);
    for same in [None, Some(60), Some(6_000)] {
        keys.set_rules(&who, &rules(&key, same, None)).await.unwrap();
    }
    keys.set_rules(&who, &rules(&key, Some(10), None)).await.unwrap();
    for wider in [None, Some(11), Some(6_000)] {
        let refused = keys.set_rules(&who, &rules(&key, wider, None)).await;
        assert_eq!(refused.unwrap_err().code(), STEP_UP_REQUIRED);
    }
}

#[tokio::test]
async fn a_daily_quota_opens_at_midnight_and_not_before() {
    let world = world().await;
    let until_ten_seconds_before_midnight = 86_390 - world.clock.now().seconds().rem_euclid(86_400);
    world.wait(u64::try_from(until_ten_seconds_before_midnight).unwrap());
    let who = ada(&world).await;
    let command = CreateApiKey {
        daily_quota: Some(1),
        ..reading()
    };
    let key = made(&world, &who, &command).await;
    world.clock.advance(Duration::from_millis(300));
    used(&world, &key).await.unwrap();
    world.clock.advance(Duration::from_millis(9_400));
    let refused = used(&world, &key).await.unwrap_err();
    assert!(used_up(&refused).contains("daily_quota"), "{refused:?}");
    world.clock.advance(Duration::from_millis(300));
    used(&world, &key).await.unwrap();
}
