//! What owners are told when a key may do other things than before.

use super::{ada, made, mails, reading};
use crate::areas::api_keys::CreateApiKey;
use crate::areas::api_keys::{Cidr, SetApiKeyNetworks, SetApiKeyRules};
use crate::scenarios::autopay::prove_address;
use crate::testing::world;

#[tokio::test]
async fn the_history_says_what_was_set_and_a_mail_when_that_is_more() {
    let world = world().await;
    let who = ada(&world).await;
    prove_address(&world).await;
    let key = made(&world, &who, &reading()).await;
    let keys = &world.app.api_keys;
    let rules = |rate| SetApiKeyRules {
        key_id: key.key_id.clone(),
        scopes: key.scopes.clone(),
        rate_per_minute: rate,
        daily_quota: Some(5_000),
    };
    let networks = |allow: &[&str]| SetApiKeyNetworks {
        key_id: key.key_id.clone(),
        allow_cidrs: allow.iter().map(|one| Cidr::parse(one).unwrap()).collect(),
        deny_cidrs: vec![Cidr::parse("198.51.100.0/24").unwrap()],
    };
    keys.set_rules(&who, &rules(Some(10))).await.unwrap();
    keys.set_networks(&who, &networks(&["203.0.113.0/24", "192.0.2.0/24"]))
        .await
        .unwrap();
    let widened = "may do more than before";
    assert_eq!(mails(&world, widened).await, 0);
    keys.set_rules(&who, &rules(None)).await.unwrap();
    assert_eq!(mails(&world, widened).await, 1);
    keys.set_networks(&who, &networks(&[])).await.unwrap();
    assert_eq!(mails(&world, widened).await, 2);
    let entries = world.app.audit.entries(who.subject()).await.unwrap();
    let told = |event: &str, detail: &str| {
        let of = entries.iter().filter(|entry| entry.event == event);
        of.map(|entry| entry.details.get(detail).cloned().unwrap_or_default())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told("api_key_rules_set", "scopes"),
        ["entitlements:read", "entitlements:read"]
    );
    assert_eq!(told("api_key_rules_set", "rate_per_minute"), ["10", ""]);
    assert_eq!(told("api_key_rules_set", "daily_quota"), ["5000", "5000"]);
    assert_eq!(
        told("api_key_ip_rules_set", "allow"),
        ["192.0.2.0/24 203.0.113.0/24", ""]
    );
    let deny = "198.51.100.0/24";
    assert_eq!(told("api_key_ip_rules_set", "deny"), [deny, deny]);
}

#[tokio::test]
async fn the_list_says_which_limits_are_those_of_the_owner() {
    let world = world().await;
    let who = ada(&world).await;
    let command = CreateApiKey {
        daily_quota: Some(5_000),
        ..reading()
    };
    made(&world, &who, &command).await;
    let listed = world.app.api_keys.list(&who).await.unwrap().keys.remove(0);
    assert_eq!(
        (listed.rate_per_minute, listed.own_rate_per_minute),
        (6_000, None)
    );
    assert_eq!((listed.daily_quota, listed.own_daily_quota), (5_000, Some(5_000)));
}
