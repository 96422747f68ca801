//! What a restored backup brings back, with and without the store that it replaces.

mod accounts_and_messages;
mod payments;

use portcullis_ports::identity::UNAUTHENTICATED;
use portcullis_ports::storage::{Collection, Scan};
use portcullis_ports::testkit::{FakeEntropy, MemoryStore};

use super::*;
use crate::areas::accounts::{AccessToken, ChangePassword, SignIn, VerifyEmail};
use crate::areas::challenges::{NameChallenge, Opened, Progress, UseRecoveryCode, VerifyCode, VerifyTotp};
use crate::areas::factors::AddPhone;
use crate::areas::password_recovery::{ConfirmRecovery, StartRecovery};
use crate::areas::sessions::{Granted, Identified, SESSION_ENDED, SignedIn};
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::proof::{CHALLENGE_ENDED, WRONG_CODE};
use crate::foundation::testing::{Bearer, Elsewhere, PASSWORD, home, secret};
use crate::testing::{World, two_nodes, world, world_over};
use crate::tools::key_rotation::{KeyState, Retired};
use crate::tools::store_copy::Reached;

const NEW_PASSWORD: &str = "walnut-ferry-lantern";

fn connected(store: &Arc<MemoryStore>) -> ConnectedStore {
    ConnectedStore {
        records: Arc::clone(store) as Arc<dyn RecordStore>,
        scan: Arc::clone(store) as Arc<dyn Scan>,
        probe: Arc::clone(store) as Arc<dyn portcullis_ports::probe::Probe>,
    }
}

/// A copy of everything.
async fn backup(world: &World) -> Arc<MemoryStore> {
    let copy = Arc::new(MemoryStore::new(world.clock.clone()));
    let copying = StoreCopy::new(&connected(&world.store), &connected(&copy), world.app.clock());
    for family in crate::collections() {
        copying
            .copy(&family, &mut Reached::default(), &mut |_| Ok(()))
            .await
            .unwrap();
    }
    copy
}

/// Puts the copy in the place of a store, and starts on it.
async fn restore(world: &World, copy: Arc<MemoryStore>, replaced: Replaced) -> (World, Knowledge) {
    let entropy: Arc<dyn Entropy> = Arc::new(FakeEntropy::seeded(77 << 32));
    let restoring = RestoreTool::new(world.app.clock(), &entropy, false);
    restoring.prepare(&connected(&copy), &replaced).await.unwrap();
    let knowledge = restoring.knowledge().unwrap().clone();
    (world_over(copy, world.clock.clone()).await, knowledge)
}

/// Ada with an authenticator app, as the backup knows her.
struct Scene {
    world: World,
    copy: Arc<MemoryStore>,
    who: Identified,
    here: SignedIn,
    granted: Granted,
    token: AccessToken,
    open: Opened,
    app: String,
    codes: Vec<String>,
}

async fn scene() -> Scene {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let granted = match world
        .app
        .challenges
        .start(&ada, crate::areas::sessions::StartSession::default())
        .await
    {
        Ok(crate::areas::challenges::Started::Granted(granted)) => granted,
        other => unreachable!("{other:?}"),
    };
    let here = world.resumed(&granted).await;
    let (app, codes) = world.enrol_totp(&here).await;
    let token = world.app.accounts.refresh(&here).await.unwrap();
    let who = world.identified(&token).await;
    let open = world.challenge(&who).await;
    world.wait(90);
    let copy = backup(&world).await;
    Scene {
        world,
        copy,
        who,
        here,
        granted,
        token,
        open,
        app,
        codes,
    }
}

async fn sign_in(world: &World, password: &str) -> Result<AccessToken> {
    let command = SignIn {
        email: "ada@example.com".parse().unwrap(),
        password: secret(password),
    };
    world.app.accounts.sign_in(command, &home()).await
}

async fn with_recovery_code(world: &World, who: &Identified, code: &str) -> Result<Progress> {
    let command = UseRecoveryCode {
        challenge_id: secret(&world.challenge(who).await.challenge_id),
        recovery_code: secret(code),
    };
    world
        .app
        .challenges
        .use_recovery_code(who, FactorKind::Totp, command)
        .await
}

async fn with_totp(world: &World, who: &Identified, code: &str) -> Result<Progress> {
    let command = VerifyTotp {
        challenge_id: secret(&world.challenge(who).await.challenge_id),
        totp_code: secret(code),
        trust_device: None,
    };
    world.app.challenges.verify_totp(who, command).await
}

#[track_caller]
fn is_wrong(done: Result<Progress>) {
    assert_eq!(done.unwrap_err().code(), WRONG_CODE);
}

/// Nothing that was open at the time of the backup is accepted.
async fn all_has_ended(scene: &Scene, restored: &World) {
    let sessions = &restored.app.sessions;
    let resumed = sessions
        .resume(scene.granted.credential.expose(), None, &home())
        .await;
    let error = resumed.unwrap_err();
    assert_eq!(error.code(), SESSION_ENDED);
    assert_eq!(error.members(), [("reason", "backup_restored".to_owned())]);
    let token = Bearer(scene.token.access_token.clone());
    let identified = restored.app.accounts.identify(&token, None, &home()).await;
    assert_eq!(identified.unwrap_err().code(), UNAUTHENTICATED);
    let command = NameChallenge {
        challenge_id: secret(&scene.open.challenge_id),
    };
    let challenge = restored.app.challenges.finalize(&scene.who, command).await;
    assert_eq!(challenge.unwrap_err().code(), CHALLENGE_ENDED);
}

#[tokio::test]
async fn what_ended_after_the_backup_stays_ended_where_the_replaced_store_tells() {
    let scene = scene().await;
    let world = &scene.world;
    with_recovery_code(world, &scene.who, &scene.codes[0])
        .await
        .unwrap();
    let shown = world.totp(&scene.app);
    with_totp(world, &scene.who, &shown).await.unwrap();
    let command = ChangePassword {
        current_password: secret(PASSWORD),
        new_password: secret(NEW_PASSWORD),
    };
    world
        .app
        .accounts
        .change_password(&scene.here, command)
        .await
        .unwrap();
    let replaced = Replaced::Readable(connected(&world.store));
    let (restored, knowledge) = restore(world, Arc::clone(&scene.copy), replaced).await;
    assert_eq!(knowledge, Knowledge::CarriedOver);
    all_has_ended(&scene, &restored).await;
    assert!(sign_in(&restored, PASSWORD).await.is_err());
    let who = restored
        .identified(&sign_in(&restored, NEW_PASSWORD).await.unwrap())
        .await;
    is_wrong(with_totp(&restored, &who, &shown).await);
    is_wrong(with_recovery_code(&restored, &who, &scene.codes[0]).await);
    for code in &scene.codes[1..3] {
        let progress = with_recovery_code(&restored, &who, code).await.unwrap();
        assert!(progress.granted.is_some());
    }
}

#[tokio::test]
async fn a_signing_key_that_was_given_up_after_the_backup_counts_for_histories_alone() {
    let scene = scene().await;
    let world = &scene.world;
    world.app.rotate_signing_key(true).await.unwrap();
    world.wait(60);
    let store = connected(&world.store);
    world.app.retire_signing_key("1", &store).await.unwrap();
    let newest = world.app.signing_keys().await.unwrap().pop().unwrap();
    let (restored, knowledge) = restore(world, Arc::clone(&scene.copy), Replaced::Readable(store)).await;
    assert_eq!(knowledge, Knowledge::CarriedOver);
    let keys = restored.app.signing_keys().await.unwrap();
    assert_eq!(keys.len(), 2);
    assert!(matches!(keys[0].state, KeyState::Revoked { .. }), "{keys:?}");
    assert_eq!(keys[1].id, newest.id);
    restored
        .app
        .audit
        .verify(&scene.who.subject)
        .await
        .unwrap()
        .unwrap();
    let who = restored
        .identified(&sign_in(&restored, PASSWORD).await.unwrap())
        .await;
    let progress = with_recovery_code(&restored, &who, &scene.codes[0])
        .await
        .unwrap();
    assert!(progress.granted.is_some());
    let store = connected(&restored.store);
    let retired = restored.app.retire_signing_key("1", &store).await.unwrap();
    assert!(matches!(retired, Retired::Gone(_)), "{retired:?}");
    restored
        .app
        .audit
        .verify(&scene.who.subject)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_factor_that_was_removed_after_the_backup_stays_removed() {
    let scene = scene().await;
    let world = &scene.world;
    let device = world.app.factors.totp_devices(&scene.here).await.unwrap().devices[0]
        .device_id
        .clone();
    let command = crate::areas::factors::RemoveTotp::default();
    world
        .app
        .factors
        .remove_totp(&scene.here, device, command)
        .await
        .unwrap();
    let replaced = Replaced::Readable(connected(&world.store));
    let (restored, _) = restore(world, Arc::clone(&scene.copy), replaced).await;
    let who = restored
        .identified(&sign_in(&restored, PASSWORD).await.unwrap())
        .await;
    let here = restored.session(&who).await;
    assert!(
        restored
            .app
            .factors
            .totp_devices(&here)
            .await
            .unwrap()
            .devices
            .is_empty()
    );
    assert!(
        restored
            .app
            .recovery_codes
            .overview(here.subject())
            .await
            .unwrap()
            .factors
            .is_empty()
    );
}

#[tokio::test]
async fn where_nobody_knows_what_was_used_one_old_code_uses_up_all() {
    let scene = scene().await;
    let shown = scene.world.totp(&scene.app);
    let (restored, knowledge) = restore(&scene.world, Arc::clone(&scene.copy), Replaced::Nothing).await;
    assert_eq!(knowledge, Knowledge::NothingThere);
    all_has_ended(&scene, &restored).await;
    let who = restored
        .identified(&sign_in(&restored, PASSWORD).await.unwrap())
        .await;
    is_wrong(with_totp(&restored, &who, &shown).await);
    let progress = with_recovery_code(&restored, &who, &scene.codes[0])
        .await
        .unwrap();
    let here = restored.resumed(&progress.granted.unwrap()).await;
    let told = restored.newest_to("ada@example.com").await;
    assert!(told.text.contains('0'), "none is left: {}", told.text);
    let status = restored
        .app
        .recovery_codes
        .overview(here.subject())
        .await
        .unwrap();
    assert!(status.factors[0].outdated && status.factors[0].remaining == 0);
    for code in &scene.codes[..3] {
        is_wrong(with_recovery_code(&restored, &who, code).await);
    }
    restored.wait(61);
    let fresh = restored.totp(&scene.app);
    with_totp(&restored, &who, &fresh).await.unwrap();
    // New ones are worth what codes are worth.
    let issued = restored
        .app
        .factors
        .regenerate_recovery_codes(&here, FactorKind::Totp)
        .await
        .unwrap();
    for code in &issued.recovery_codes[..2] {
        with_recovery_code(&restored, &who, code).await.unwrap();
    }
    let status = restored
        .app
        .recovery_codes
        .overview(here.subject())
        .await
        .unwrap();
    assert!(!status.factors[0].outdated && status.factors[0].remaining == 8);
}

#[tokio::test]
async fn a_store_of_another_deployment_tells_nothing() {
    let scene = scene().await;
    let other = Arc::new(MemoryStore::new(scene.world.clock.clone()));
    let replaced = Replaced::Readable(connected(&other));
    let (restored, knowledge) = restore(&scene.world, Arc::clone(&scene.copy), replaced).await;
    assert_eq!(knowledge, Knowledge::OtherDeployment);
    all_has_ended(&scene, &restored).await;
}

#[tokio::test]
async fn a_store_that_was_restored_by_other_means_is_marked() {
    let mut scene = scene().await;
    let elsewhere = Elsewhere(scene.world.app.clock().now());
    scene.world.wait(2);
    let store = connected(&scene.world.store);
    scene.world.app.mark_restored(&store).await.unwrap();
    all_has_ended(&scene, &scene.world).await;
    let who = scene
        .world
        .identified(&sign_in(&scene.world, PASSWORD).await.unwrap())
        .await;
    with_recovery_code(&scene.world, &who, &scene.codes[0])
        .await
        .unwrap();
    is_wrong(with_recovery_code(&scene.world, &who, &scene.codes[1]).await);
    // What another identity provider proved before is too old as well.
    scene.world.app.accounts.others = Arc::from([Arc::new(elsewhere) as Arc<_>]);
    let before = Bearer("somebody".to_owned());
    let identified = scene.world.app.accounts.identify(&before, None, &home()).await;
    assert_eq!(identified.unwrap_err().code(), UNAUTHENTICATED);
}

#[tokio::test]
async fn an_operator_ends_the_sessions_of_everybody_and_nothing_else() {
    let scene = scene().await;
    let app = &scene.world.app;
    app.end_all_sessions().await.unwrap();
    let resumed = app
        .sessions
        .resume(scene.granted.credential.expose(), None, &home())
        .await;
    assert_eq!(
        resumed.unwrap_err().members(),
        [("reason", "all_ended".to_owned())]
    );
    let who = scene
        .world
        .identified(&sign_in(&scene.world, PASSWORD).await.unwrap())
        .await;
    let shown = scene.world.totp(&scene.app);
    with_totp(&scene.world, &who, &shown).await.unwrap();
    for code in &scene.codes[..2] {
        with_recovery_code(&scene.world, &who, code).await.unwrap();
    }
}

#[tokio::test]
async fn codes_and_links_that_were_under_way_at_the_backup_lead_nowhere() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let address_code = world.code_to("ada@example.com").await;
    world.wait(31);
    let here = world.session(&ada).await;
    let command = AddPhone {
        phone_e164: "+15005550006".parse().unwrap(),
        label: None,
    };
    let phone = world.app.factors.add_phone(&here, command).await.unwrap();
    let phone_code = world.code_to("+15005550006").await;
    let command = StartRecovery {
        username: "ada@example.com".parse().unwrap(),
    };
    let recovery = world.app.password_recovery.start(command, &home()).await.unwrap();
    let recovery_code = world.code_to("ada@example.com").await;
    let copy = backup(&world).await;
    let (restored, _) = restore(&world, copy, Replaced::Nothing).await;

    let command = VerifyEmail {
        email: Some("ada@example.com".parse().unwrap()),
        sign_up_id: None,
        password: None,
        code: secret(&address_code),
    };
    let verified = restored.app.accounts.verify_email(command, &home()).await;
    assert_eq!(verified.unwrap_err().code(), WRONG_CODE);
    let command = ConfirmRecovery {
        username: None,
        challenge_id: secret(&recovery.challenge_id),
        confirmation_code: secret(&recovery_code),
        new_password: secret(NEW_PASSWORD),
        transport: crate::areas::sessions::Transport::Header,
    };
    let recovered = restored.app.password_recovery.confirm(command, &home()).await;
    assert_eq!(recovered.unwrap_err().code(), CHALLENGE_ENDED);
    let token = sign_in(&restored, PASSWORD).await.unwrap();
    let here = restored.session(&restored.identified(&token).await).await;
    let command = VerifyCode {
        challenge_id: secret(&phone.challenge_id),
        code: secret(&phone_code),
    };
    let enrolled = restored.app.factors.confirm_phone(&here, command).await;
    assert_eq!(enrolled.unwrap_err().code(), CHALLENGE_ENDED);
}

#[tokio::test]
async fn every_node_knows_within_a_second_that_the_sessions_of_everybody_ended() {
    let [(a, _), (b, _)] = two_nodes().await;
    let ada = a.sign_up("ada@example.com").await;
    let here = b.session(&ada).await;
    a.app.end_all_sessions().await.unwrap();
    a.wait(1);
    let started = b
        .app
        .challenges
        .start(&ada, crate::areas::sessions::StartSession::default())
        .await;
    assert_eq!(started.unwrap_err().code(), UNAUTHENTICATED);
    assert_eq!(
        b.app.accounts.refresh(&here).await.unwrap_err().code(),
        SESSION_ENDED
    );
    let again = b.sign_in("ada@example.com", &home()).await.unwrap();
    b.session(&b.identified(&again).await).await;
}

/// An event that was applied, as far as its key goes.
#[derive(serde::Serialize, serde::Deserialize)]
struct AppliedEvent;

impl crate::foundation::table::Stored for AppliedEvent {
    const COLLECTION: Collection = crate::services::outbox::OUTBOX_RECEIPTS;

    fn key(&self) -> (String, String) {
        ("an event".into(), "event".into())
    }
}

#[tokio::test]
async fn what_was_proven_heard_and_spent_after_the_backup_is_not_forgotten() {
    let scene = scene().await;
    let world = &scene.world;
    let command = VerifyEmail {
        email: Some("ada@example.com".parse().unwrap()),
        sign_up_id: None,
        code: secret(&world.code_to("ada@example.com").await),
        password: None,
    };
    world.app.accounts.verify_email(command, &home()).await.unwrap();
    let mut batch = Batch::default();
    batch.insert(&AppliedEvent).unwrap();
    batch.commit(world.store.as_ref()).await.unwrap();
    let keys = async |store: &Arc<MemoryStore>| {
        let page = store
            .scan(&crate::services::outbox::OUTBOX_RECEIPTS, None, 100)
            .await
            .unwrap();
        page.records
            .into_iter()
            .map(|record| record.key)
            .collect::<Vec<_>>()
    };
    let known = keys(&world.store).await;
    assert_ne!(known, keys(&scene.copy).await);
    let replaced = Replaced::Readable(connected(&world.store));
    let (restored, _) = restore(world, Arc::clone(&scene.copy), replaced).await;
    assert_eq!(keys(&restored.store).await, known);
    let who = restored
        .identified(&sign_in(&restored, PASSWORD).await.unwrap())
        .await;
    let account = restored.app.accounts.view(&who.subject).await.unwrap().unwrap();
    assert!(account.email_verified);
}
