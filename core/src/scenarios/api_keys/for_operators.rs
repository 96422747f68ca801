//! Scopes that operators alone can give.

use super::{ada, history, made, reading, rotation};
use crate::areas::api_keys::{CreateApiKey, SCOPE_FOR_OPERATORS, ScopeName, SetApiKeyRules, scopes};
use crate::areas::operators::{GrantOperator, Named, OPERATOR_FACTOR_REQUIRED, Role};
use crate::areas::sessions::SignedIn;
use crate::foundation::source::Source;
use crate::scenarios::operators::operator;
use crate::testing::{World, world};

fn verifying() -> CreateApiKey {
    CreateApiKey {
        scopes: vec![ScopeName::parse(scopes::VERIFY.name).unwrap()],
        ..CreateApiKey::default()
    }
}

fn rules(key: &crate::areas::api_keys::IssuedApiKey) -> SetApiKeyRules {
    SetApiKeyRules {
        key_id: key.key_id.clone(),
        scopes: verifying().scopes,
        rate_per_minute: Some(10),
        daily_quota: None,
    }
}

async fn grant(world: &World, who: &SignedIn) {
    let command = GrantOperator {
        whom: Named::Subject(who.subject().clone()),
        role: Role::Viewer,
    };
    let source = Source::internal("portcullis operators grant");
    world.app.operators.grant(command, &source).await.unwrap();
    world.wait(2);
}

#[tokio::test]
async fn a_role_without_a_proven_factor_is_not_enough() {
    let world = world().await;
    let who = ada(&world).await;
    let keys = &world.app.api_keys;
    let refused = keys.create(&who, &verifying()).await.unwrap_err();
    assert_eq!(refused.code(), SCOPE_FOR_OPERATORS);
    grant(&world, &who).await;
    let refused = keys.create(&who, &verifying()).await.unwrap_err();
    assert_eq!(refused.code(), OPERATOR_FACTOR_REQUIRED);
    let key = made(&world, &who, &reading()).await;
    let refused = keys.set_rules(&who, &rules(&key)).await.unwrap_err();
    assert_eq!(refused.code(), OPERATOR_FACTOR_REQUIRED);
}

#[tokio::test]
async fn what_an_operator_does_with_such_a_key_stands_in_the_history_with_the_role() {
    let world = world().await;
    let who = operator(&world, "grace@example.com", Role::Viewer).await.who;
    let keys = &world.app.api_keys;
    let subject = who.subject().as_str();
    let plain = made(&world, &who, &reading()).await;
    let key = made(&world, &who, &verifying()).await;
    keys.set_rules(&who, &rules(&plain)).await.unwrap();
    keys.rotate(&who, &rotation(&key, 60)).await.unwrap();
    let entries = world.app.audit.entries(who.subject()).await.unwrap();
    let roles = |event: &str| {
        let of = entries.iter().filter(|entry| entry.event == event);
        of.map(|entry| entry.details.get("role").map(String::as_str))
            .collect::<Vec<_>>()
    };
    assert_eq!(roles("api_key_create"), [None, Some("viewer")]);
    assert_eq!(roles("api_key_rules_set"), [Some("viewer")]);
    assert_eq!(roles("api_key_rotate"), [Some("viewer")]);
    // Whoever is no operator any more gets no new secret for it.
    let whom = Named::Subject(who.subject().clone());
    let source = Source::internal("portcullis operators revoke");
    world.app.operators.revoke(&whom, &source).await.unwrap();
    world.wait(2);
    let refused = keys.rotate(&who, &rotation(&key, 60)).await.unwrap_err();
    assert_eq!(refused.code(), SCOPE_FOR_OPERATORS);
    assert_eq!(history(&world, subject, "api_key_rotate").await, 1);
}
