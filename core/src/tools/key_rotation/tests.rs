//! Signing keys that are rotated while two nodes run, revoked after a leak, and given up.

use std::sync::atomic::Ordering;

use portcullis_ports::identity::{Subject, UNAUTHENTICATED};
use portcullis_ports::money::{Amount, Currency, Money};
use portcullis_ports::storage::{RecordStore, Scan};
use portcullis_ports::testkit::MemoryStore;

use super::*;
use crate::areas::accounts::AccessToken;
use crate::areas::challenges::{NameChallenge, UseRecoveryCode, VerifyTotp};
use crate::areas::ledger::{Cause, CauseId, HouseTransaction, InstanceName, Sale, Transaction};
use crate::areas::sessions::SESSION_ENDED;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::sealed_texts::SealedTexts as _;
use crate::foundation::testing::{Bearer, home, secret};
use crate::services::audit::Retention;
use crate::settings::Settings;
use crate::testing::{World, observed, two_nodes, world, world_over};

const ADA: &str = "ada@example.com";

fn connected(store: &Arc<MemoryStore>) -> ConnectedStore {
    ConnectedStore {
        records: Arc::clone(store) as Arc<dyn RecordStore>,
        scan: Arc::clone(store) as Arc<dyn Scan>,
        probe: Arc::clone(store) as Arc<dyn portcullis_ports::probe::Probe>,
    }
}

async fn rotate(world: &World, revoke: bool) -> KeyView {
    match world.app.rotate_signing_key(revoke).await.unwrap() {
        Rotated::By(key) => key,
        Rotated::TooMany => panic!("too many keys"),
    }
}

async fn refresh(world: &World) {
    world.app.refresh_signing_keys().await.unwrap();
}

async fn retire(world: &World, id: &str) -> Retired {
    let store = connected(&world.store);
    world.app.retire_signing_key(id, &store).await.unwrap()
}

async fn accepted(world: &World, token: &AccessToken) -> Result<()> {
    let bearer = Bearer(token.access_token.clone());
    world
        .app
        .accounts
        .identify(&bearer, None, &home())
        .await
        .map(drop)
}

/// The key that signed a token.
fn key_of(token: &AccessToken) -> &str {
    let signed = token.access_token.strip_prefix("pct_").unwrap();
    signed.split_once('.').map_or("1", |(id, _)| id)
}

async fn sign_in(world: &World) -> AccessToken {
    world.sign_in(ADA, &home()).await.unwrap()
}

async fn verified(world: &World, subject: &Subject) {
    world.app.audit.verify(subject).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_new_key_signs_once_all_nodes_know_it_and_none_refuses_anything_meanwhile() {
    let [(one, _), (other, _)] = two_nodes().await;
    let ada = one.sign_up(ADA).await;
    let session = one.session(&ada).await;
    let csrf = one.app.sessions.csrf_token(&session.session).unwrap();
    let before = sign_in(&one).await;
    let key = rotate(&one, false).await;
    let all = [&one, &other];
    // Nobody else knows it yet.
    assert_eq!(key_of(&sign_in(&one).await), "1");
    one.wait(5);
    refresh(&one).await;
    assert_eq!(key_of(&sign_in(&one).await), "1");
    one.wait(6);
    refresh(&one).await;
    let after = sign_in(&one).await;
    assert_eq!(key_of(&after), key.id);
    // The other node was held up all that time, and reads the key when it meets it.
    for node in all {
        for token in [&before, &after] {
            accepted(node, token).await.unwrap();
        }
        node.app.sessions.check_csrf(&session.session, &csrf).unwrap();
        verified(node, &ada.subject).await;
    }
    // It signs with it itself once it has known it as long.
    assert_eq!(key_of(&sign_in(&other).await), "1");
    other.wait(10);
    refresh(&other).await;
    let there = sign_in(&other).await;
    assert_eq!(key_of(&there), key.id);
    accepted(&one, &there).await.unwrap();
    let keys = one.app.signing_keys().await.unwrap();
    assert_eq!(keys.len(), 2);
    assert!(matches!(keys[0].state, KeyState::Former { .. }), "{keys:?}");
    assert!(matches!(keys[1].state, KeyState::Current { .. }), "{keys:?}");
}

#[tokio::test]
async fn strangers_who_name_keys_that_do_not_exist_cost_one_look_a_second() {
    let (world, store) = observed(Settings::default()).await;
    store.work();
    for at in 0..50 {
        let token = Bearer(format!("pct_0000000{at}.{}", "A".repeat(120)));
        let refused = world.app.accounts.identify(&token, None, &home()).await;
        assert_eq!(refused.unwrap_err().code(), UNAUTHENTICATED);
    }
    assert_eq!(store.work().gets, 1);
}

#[tokio::test]
async fn after_a_revocation_nothing_of_the_former_key_is_accepted_and_histories_hold() {
    let [(one, _), (other, _)] = two_nodes().await;
    let ada = one.sign_up(ADA).await;
    let session = one.session(&ada).await;
    let csrf = one.app.sessions.csrf_token(&session.session).unwrap();
    let before = sign_in(&one).await;
    accepted(&other, &before).await.unwrap();
    let key = rotate(&one, true).await;
    // The other node has not read the key, and knows all the same within a second that everything has ended.
    one.wait(1);
    for node in [&one, &other] {
        assert_eq!(accepted(node, &before).await.unwrap_err().code(), UNAUTHENTICATED);
        let sessions = &node.app.sessions;
        let live = sessions.live(&session.session.id).await.unwrap_err();
        assert_eq!(live.code(), SESSION_ENDED);
        assert_eq!(live.members(), [("reason", "all_ended".to_owned())]);
    }
    refresh(&other).await;
    for node in [&one, &other] {
        assert!(node.app.sessions.check_csrf(&session.session, &csrf).is_err());
        verified(node, &ada.subject).await;
        // The new one signs at once: the former one cannot.
        let token = sign_in(node).await;
        assert_eq!(key_of(&token), key.id);
        accepted(&one, &token).await.unwrap();
        accepted(&other, &token).await.unwrap();
    }
    let Retired::Settling(at) = retire(&one, "1").await else {
        panic!("a node may still sign with it");
    };
    assert!(at > one.app.clock().now());
    one.wait(60);
    assert_eq!(
        retire(&one, "1").await,
        Retired::Gone(0),
        "all was signed anew since"
    );
    verified(&other, &ada.subject).await;
}

#[tokio::test]
async fn a_key_is_given_up_once_nothing_needs_it_and_what_was_named_with_it_is_still_found() {
    let world = world().await;
    let ada = world.sign_up(ADA).await;
    let bob = world.sign_up("bob@example.com").await;
    let (_, codes) = world.enrol_totp(&world.session(&ada).await).await;
    // A checkpoint in the history, and a head above it.
    world.wait(3600);
    let early = Retention::before(world.app.clock().now() - Duration::from_mins(30));
    world.app.audit.prune(&ada.subject, &early, false).await.unwrap();
    let key = rotate(&world, false).await;
    assert_eq!(retire(&world, &key.id).await, Retired::InUse);
    assert_eq!(retire(&world, "nothing").await, Retired::Unknown);
    let Retired::Needed(needed) = retire(&world, "1").await else {
        panic!("it is needed");
    };
    let names: Vec<&str> = needed.iter().map(|(what, _)| *what).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    world.wait(24 * 3600);
    let Retired::Needed(needed) = retire(&world, "1").await else {
        panic!("it is needed");
    };
    assert_eq!(needed.len(), 1, "{needed:?}");
    world.clock.advance(Duration::from_hours(24 * 30));
    assert_eq!(retire(&world, "1").await, Retired::Gone(2));
    assert_eq!(world.app.signing_keys().await.unwrap().len(), 1);
    let again = world_over(world.store.clone(), world.clock.clone()).await;
    for node in [&world, &again] {
        verified(node, &ada.subject).await;
        verified(node, &bob.subject).await;
    }
    // Recovery codes are known by names that the root secret makes, which stays.
    let token = sign_in(&again).await;
    assert_eq!(key_of(&token), key.id);
    let who = again.identified(&token).await;
    let command = UseRecoveryCode {
        challenge_id: secret(&again.challenge(&who).await.challenge_id),
        recovery_code: secret(&codes[0]),
    };
    let challenges = &again.app.challenges;
    let done = challenges
        .use_recovery_code(&who, FactorKind::Totp, command)
        .await;
    assert!(done.unwrap().granted.is_some());
}

#[tokio::test]
async fn a_sign_in_that_was_completed_before_a_rotation_gives_its_session_again() {
    let world = world().await;
    let ada = world.sign_up(ADA).await;
    let (app_secret, _) = world.enrol_totp(&world.session(&ada).await).await;
    world.wait(60);
    let who = world.identified(&sign_in(&world).await).await;
    let raw = world.challenge(&who).await.challenge_id;
    let command = VerifyTotp {
        challenge_id: secret(&raw),
        totp_code: secret(&world.totp(&app_secret)),
        trust_device: None,
    };
    let done = world.app.challenges.verify_totp(&who, command).await.unwrap();
    let first = done.granted.unwrap();
    rotate(&world, false).await;
    world.wait(11);
    refresh(&world).await;
    let command = NameChallenge {
        challenge_id: secret(&raw),
    };
    let again = world.app.challenges.finalize(&who, command).await.unwrap();
    let again = again.granted.unwrap();
    assert_eq!(again.credential.expose(), first.credential.expose());
    world.resumed(&again).await;
}

#[tokio::test]
async fn a_rotation_that_is_lost_or_raced_leaves_whole_keys() {
    let (world, store) = observed(Settings::default()).await;
    world.sign_up(ADA).await;
    store.forgetful.store(true, Ordering::SeqCst);
    world.app.rotate_signing_key(true).await.unwrap_err();
    store.forgetful.store(false, Ordering::SeqCst);
    assert_eq!(world.app.signing_keys().await.unwrap().len(), 1);
    let token = sign_in(&world).await;
    accepted(&world, &token).await.unwrap();
    let both = tokio::join!(rotate(&world, false), rotate(&world, false));
    assert_ne!(both.0.id, both.1.id);
    assert_eq!(world.app.signing_keys().await.unwrap().len(), 3);
    let again = world_over(world.store.clone(), world.clock.clone()).await;
    accepted(&again, &token).await.unwrap();
}

#[tokio::test]
async fn every_key_is_sealed_for_its_own_id_and_there_is_an_end_to_them() {
    let world = world().await;
    for _ in 1..16 {
        rotate(&world, false).await;
    }
    assert_eq!(
        world.app.rotate_signing_key(false).await.unwrap(),
        Rotated::TooMany
    );
    let leaked = world.app.signing_keys().await.unwrap().pop().unwrap();
    let revoked = world.app.rotate_signing_key(true).await.unwrap();
    assert!(matches!(revoked, Rotated::By(_)), "a leak waits for nobody");
    world.wait(60);
    let store = connected(&world.store);
    let retired = world.app.retire_signing_key(&leaked.id, &store).await.unwrap();
    assert!(matches!(retired, Retired::Gone(_)), "{retired:?}");
    let mut read = RootSecret::read(&world.app.context.store).await.unwrap().value;
    let texts = read.sealed_texts();
    assert_eq!(
        texts.len(),
        16,
        "the root secret, and all keys but the first, which it is"
    );
    for (context, sealed) in texts {
        let opened = world.app.context.keys.open(sealed, &context).await.unwrap();
        assert_eq!(opened.len(), 32);
    }
}

#[tokio::test]
async fn the_ledger_outlives_the_key_that_signed_it() {
    let world = world().await;
    let ada = world.sign_up(ADA).await;
    let usd = Currency::parse("USD").unwrap();
    let amount = Amount::new(Money::new(500, usd)).unwrap();
    let main = InstanceName::parse("main").unwrap();
    let cause = || Cause::Order(CauseId::parse("ord_1").unwrap());
    let sale = Transaction::sale(&Sale::untaxed(amount), cause());
    let ledger = &world.app.ledger;
    ledger
        .record(&ada.subject, std::slice::from_ref(&sale))
        .await
        .unwrap();
    ledger
        .record_house(&HouseTransaction::fee(&main, amount, cause()))
        .await
        .unwrap();
    world.clock.advance(Duration::from_hours(24 * 3));
    assert_eq!(ledger.fold().await.unwrap().lines, 3);
    rotate(&world, false).await;
    world.clock.advance(Duration::from_hours(24 * 31));
    // The head of a history, a balance, a transaction of the house, three totals, and as many sums of a day.
    assert_eq!(retire(&world, "1").await, Retired::Gone(9));
    let again = world_over(world.store.clone(), world.clock.clone()).await;
    for node in [&world, &again] {
        node.app
            .ledger
            .record(&ada.subject, std::slice::from_ref(&sale))
            .await
            .unwrap();
        let ledgers = node.app.ledgers(Arc::clone(&node.store) as Arc<dyn Scan>);
        let summary = ledgers
            .verify_all(None, &mut |found| panic!("{found:?}"))
            .await
            .unwrap();
        assert_eq!((summary.accounts, summary.house_transactions), (1, 1));
    }
    assert_eq!(ledger.balance(&ada.subject, usd).await.unwrap().owed, 1500);
}
