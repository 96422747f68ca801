//! How often keys may be used.

use std::time::Duration;

use super::{ada, made, reading, used};
use crate::areas::api_keys::{API_KEY_LIMIT, CreateApiKey};
use crate::testing::two_nodes;

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
