//! What owners are told of their keys, what stands in the log, and what is left of an erased account.

use std::time::Duration;

use super::{ada, history, made, mails, reading, used, used_from};
use crate::areas::api_keys::{ReadApiKeyUsage, ScopeName, VerifyApiKey};
use crate::foundation::input::{INVALID_REQUEST, SecretInput};
use crate::foundation::source::Source;
use crate::scenarios::autopay::prove_address;
use crate::testing::world;

fn from(last: u8) -> Source {
    Source::new([203, 0, 113, last].into(), "curl/8.15.0")
}

#[tokio::test]
async fn the_owner_is_told_of_every_new_network_once_and_of_a_flood_of_them_not() {
    let world = world().await;
    let who = ada(&world).await;
    prove_address(&world).await;
    let key = made(&world, &who, &reading()).await;
    assert_eq!(mails(&world, "was made for your account").await, 1);
    for _ in 0..3 {
        used_from(&world, &key.api_key, &from(1)).await.unwrap();
    }
    assert_eq!(mails(&world, "had not been used before").await, 1);
    // Also when it is used again a month later, by a process that knows nothing of it.
    world.clock.advance(Duration::from_hours(24 * 30));
    used_from(&world, &key.api_key, &from(1)).await.unwrap();
    assert_eq!(mails(&world, "had not been used before").await, 1);
    for last in 2..=40 {
        used_from(&world, &key.api_key, &from(last)).await.unwrap();
    }
    assert_eq!(mails(&world, "had not been used before").await, 11);
    let subject = who.subject().as_str();
    assert_eq!(history(&world, subject, "api_key_new_network").await, 11);
    for text in world.post.sent() {
        assert!(!text.text.contains(&*key.api_key), "a key is shown once");
    }
}

#[tokio::test]
async fn uses_are_written_down_now_and_then_by_day_place_and_outcome() {
    let world = world().await;
    let who = ada(&world).await;
    let key = made(&world, &who, &reading()).await;
    for _ in 0..5 {
        used_from(&world, &key.api_key, &from(1)).await.unwrap();
    }
    let other = crate::areas::invoices::scopes::READ;
    let keys = &world.app.api_keys;
    for _ in 0..3 {
        let refused = keys.authenticate(&key.api_key, &other, &from(2)).await;
        assert!(refused.is_err());
    }
    assert_eq!(keys.list(&who).await.unwrap().keys[0].last_used_at, 0);
    keys.write_down().await.unwrap();
    keys.write_down().await.unwrap();
    let listed = keys.list(&who).await.unwrap().keys.remove(0);
    assert_eq!(listed.last_used_ip.as_deref(), Some("203.0.113.1"));
    assert_eq!(listed.last_used_client.as_deref(), Some("curl/8.15.0"));
    let command = ReadApiKeyUsage { days: Some(2) };
    let usage = keys.usage(&who, &key.key_id, command).await.unwrap();
    let sums: Vec<_> = usage.days.iter().map(|day| (day.accepted, day.refused)).collect();
    assert_eq!(sums, [(0, 0), (5, 3)]);
    assert_eq!(usage.entries.len(), 2);
}

#[tokio::test]
async fn a_refusal_stands_in_the_history_once_a_day() {
    let world = world().await;
    let who = ada(&world).await;
    let key = made(&world, &who, &reading()).await;
    let other = crate::areas::invoices::scopes::READ;
    let keys = &world.app.api_keys;
    let subject = who.subject().as_str();
    for day in 1..=2 {
        for turn in 0..3 {
            let refused = keys.authenticate(&key.api_key, &other, &from(turn)).await;
            assert!(refused.is_err());
            keys.write_down().await.unwrap();
            world.clock.advance(Duration::from_secs(5));
        }
        assert_eq!(history(&world, subject, "api_key_refused").await, day);
        world.clock.advance(Duration::from_hours(24));
    }
}

#[tokio::test]
async fn a_flood_of_refusals_costs_one_write_every_few_seconds() {
    let (world, store) = crate::testing::observed(crate::settings::Settings::default()).await;
    let who = ada(&world).await;
    let key = made(&world, &who, &reading()).await;
    let other = crate::areas::invoices::scopes::READ;
    let keys = &world.app.api_keys;
    for turn in 0..100 {
        store.work();
        for last in 0..60 {
            let source = Source::new([198, 51, 100, last].into(), &format!("client {turn}"));
            assert!(keys.authenticate(&key.api_key, &other, &source).await.is_err());
        }
        assert_eq!(store.work().writes, 0);
        keys.write_down().await.unwrap();
        let work = store.work();
        assert!(work.commits <= 2 && work.writes <= 6, "{work:?}");
        world.clock.advance(Duration::from_secs(36));
    }
    let told = history(&world, who.subject().as_str(), "api_key_refused").await;
    assert!(told <= 2, "{told}");
}

#[tokio::test]
async fn what_cannot_be_written_down_is_kept_for_the_next_time() {
    let (world, store) = crate::testing::observed(crate::settings::Settings::default()).await;
    let who = ada(&world).await;
    let key = made(&world, &who, &reading()).await;
    used(&world, &key).await.unwrap();
    store.forgetful.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(world.app.api_keys.write_down().await.is_err());
    store.forgetful.store(false, std::sync::atomic::Ordering::SeqCst);
    world.app.api_keys.write_down().await.unwrap();
    let command = ReadApiKeyUsage { days: Some(1) };
    let usage = world.app.api_keys.usage(&who, &key.key_id, command).await;
    assert_eq!(usage.unwrap().days[0].accepted, 1);
}

#[tokio::test]
async fn uses_beyond_the_rows_are_told_of_as_others_and_the_last_use_is_the_last_one() {
    let world = world().await;
    let who = ada(&world).await;
    let key = made(&world, &who, &reading()).await;
    let keys = &world.app.api_keys;
    for turn in 0..60 {
        let source = Source::new([203, 0, 113, 1].into(), &format!("client {turn}"));
        used_from(&world, &key.api_key, &source).await.unwrap();
    }
    let last = Source::new([198, 51, 100, 7].into(), "the last one");
    used_from(&world, &key.api_key, &last).await.unwrap();
    keys.write_down().await.unwrap();
    let listed = keys.list(&who).await.unwrap().keys.remove(0);
    assert_eq!(listed.last_used_ip.as_deref(), Some("198.51.100.7"));
    assert_eq!(listed.last_used_client.as_deref(), Some("the last one"));
    let command = ReadApiKeyUsage { days: Some(1) };
    let usage = keys.usage(&who, &key.key_id, command).await.unwrap();
    assert_eq!(usage.days[0].accepted, 61);
    let (others, own): (Vec<_>, Vec<_>) = usage.entries.iter().partition(|entry| entry.scope == "other");
    assert!(
        own.len() >= 49 && own.iter().all(|entry| entry.count == 1),
        "{own:?}"
    );
    assert_eq!(others.len(), 1);
    assert_eq!((others[0].ip.as_deref(), others[0].client.as_str()), (None, ""));
    assert_eq!(
        others[0].count + own.iter().map(|entry| entry.count).sum::<u64>(),
        61
    );
}

#[tokio::test]
async fn a_verification_without_an_address_is_noted_without_one() {
    let world = world().await;
    let who = ada(&world).await;
    let key = made(&world, &who, &reading()).await;
    let asking = used(&world, &made(&world, &who, &reading()).await).await.unwrap();
    let verify = VerifyApiKey {
        api_key: SecretInput::new(key.api_key.to_string()),
        scope: Some(ScopeName::parse("entitlements:read").unwrap()),
        ip: None,
        client: Some("curl/8.15.0".into()),
    };
    let keys = &world.app.api_keys;
    assert!(keys.verify(&asking, &verify).await.unwrap().valid);
    let other = VerifyApiKey {
        scope: Some(ScopeName::parse("invoices:read").unwrap()),
        ..verify.clone()
    };
    assert!(!keys.verify(&asking, &other).await.unwrap().valid);
    keys.write_down().await.unwrap();
    let command = ReadApiKeyUsage { days: Some(1) };
    let usage = keys.usage(&who, &key.key_id, command).await.unwrap();
    assert_eq!((usage.days[0].accepted, usage.days[0].refused), (1, 1));
    assert!(
        usage
            .entries
            .iter()
            .all(|entry| entry.ip.is_none() && entry.client == "curl/8.15.0")
    );
    let listed = keys.list(&who).await.unwrap().keys;
    let listed = listed.iter().find(|listed| listed.key_id == key.key_id).unwrap();
    assert!(listed.last_used_at > 0);
    assert_eq!(
        (listed.last_used_ip.as_deref(), listed.last_used_client.as_deref()),
        (None, Some("curl/8.15.0"))
    );
    assert_eq!(
        history(&world, who.subject().as_str(), "api_key_new_network").await,
        1,
        "of the other key"
    );
    for wrong in ["x".repeat(1025), "a\nb".to_owned()] {
        let command = VerifyApiKey {
            client: Some(wrong),
            ..verify.clone()
        };
        let refused = keys.verify(&asking, &command).await.unwrap_err();
        assert_eq!(refused.code(), INVALID_REQUEST);
        assert_eq!(refused.fields()[0].pointer, "/client");
    }
}
