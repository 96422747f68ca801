//! The end of sessions against whoever writes meanwhile, dies on the way, or has a clock of their own; and what is told of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use portcullis_ports::identity::UNAUTHENTICATED;
use portcullis_ports::storage::STORE_UNAVAILABLE;
use portcullis_ports::{Result, Span};

use crate::areas::accounts::{AccessToken, ChangePassword};
use crate::areas::challenges::Started;
use crate::areas::sessions::*;
use crate::foundation::limit::Limit;
use crate::foundation::table::Batch;
use crate::foundation::testing::{Bearer, Elsewhere, PASSWORD, elsewhere, home, secret};
use crate::settings::Settings;
use crate::testing::{World, observed, two_nodes_with, world, world_with};

const PLENTY: Limit = Limit::new(10_000, Span::minutes(10));

fn unhurried() -> Settings {
    let mut settings = Settings::default();
    settings.budgets.session_starts = PLENTY;
    settings
}

async fn start(world: &World, who: &Identified) -> Result<Started> {
    world.app.challenges.start(who, StartSession::default()).await
}

async fn granted(world: &World, who: &Identified) -> Granted {
    match start(world, who).await.unwrap() {
        Started::Granted(granted) => granted,
        Started::Challenged(_) => unreachable!("no factor is enrolled"),
    }
}

async fn signed_in_again(world: &World) -> Identified {
    let token = world.sign_in("ada@example.com", &elsewhere(1)).await.unwrap();
    world.identified(&token).await
}

async fn lives(world: &World, who: &SignedIn) -> bool {
    world.app.sessions.lineage(who).await.is_ok()
}

async fn accepted(world: &World, token: &AccessToken) -> bool {
    let token = Bearer(token.access_token.clone());
    world.app.accounts.identify(&token, None, &home()).await.is_ok()
}

fn new_password() -> ChangePassword {
    ChangePassword {
        current_password: secret(PASSWORD),
        new_password: secret("walnut-ferry-lantern"),
    }
}

fn named(who: &SignedIn) -> RevokeSession {
    RevokeSession {
        session_id: who.session.id.clone(),
    }
}

/// Why a credential is refused, as whoever holds it is told.
async fn why(world: &World, credential: &Credential) -> Option<EndReason> {
    let resumed = world
        .app
        .sessions
        .resume(credential.expose(), None, &home())
        .await;
    let error = resumed.unwrap_err();
    assert_eq!(error.code(), SESSION_ENDED);
    let (member, value) = error.members().first()?;
    assert_eq!(*member, "reason");
    EndReason::of(value)
}

/// The owner at one node, and somebody at the other who begins a session before every commit of the owner.
async fn against_a_loop() -> (World, SignedIn, SignedIn) {
    let [(owner, store), (other, _)] = two_nodes_with(&unhurried()).await;
    let here = owner.session(&owner.sign_up("ada@example.com").await).await;
    let thief = signed_in_again(&other).await;
    let theirs = other.session(&thief).await;
    let other = Arc::new(other);
    store.before_commits(move |_| {
        let (other, thief) = (Arc::clone(&other), thief.clone());
        // Refused as soon as the owner got through.
        Some(Box::pin(async move { drop(start(&other, &thief).await) }))
    });
    (owner, here, theirs)
}

#[tokio::test]
async fn the_owner_wins_against_a_loop_on_another_node() {
    let (owner, here, theirs) = Box::pin(against_a_loop()).await;
    assert!(owner.app.sessions.revoke_others(&here).await.unwrap() > 1);
    assert!(lives(&owner, &here).await && !lives(&owner, &theirs).await);

    let (owner, here, theirs) = Box::pin(against_a_loop()).await;
    owner
        .app
        .accounts
        .change_password(&here, new_password())
        .await
        .unwrap();
    assert!(lives(&owner, &here).await && !lives(&owner, &theirs).await);

    let (owner, here, theirs) = Box::pin(against_a_loop()).await;
    owner.app.sessions.revoke(&here, named(&theirs)).await.unwrap();
    assert!(lives(&owner, &here).await && !lives(&owner, &theirs).await);
    let history = owner.app.audit.verify(here.subject()).await;
    assert!(history.is_ok(), "{history:?}");
}

/// A session, and so many that grew from it.
async fn with_descendants(world: &World, count: usize) -> (SignedIn, SignedIn, Vec<SignedIn>, AccessToken) {
    let here = world.session(&world.sign_up("ada@example.com").await).await;
    let theirs = world.session(&signed_in_again(world).await).await;
    let token = world.app.accounts.refresh(&theirs).await.unwrap();
    let inner = world.identified(&token).await;
    let mut grown = Vec::new();
    for _ in 0..count {
        grown.push(world.session(&inner).await);
    }
    (here, theirs, grown, token)
}

#[tokio::test]
async fn a_crash_in_the_middle_leaves_nothing_alive_that_grew_from_an_ended_session() {
    let (world, store) = observed(unhurried()).await;
    let (here, theirs, grown, token) = with_descendants(&world, 90).await;
    let (commits, dying) = (AtomicUsize::new(0), Arc::downgrade(&store));
    store.before_commits(move |_| {
        if commits.fetch_add(1, Ordering::SeqCst) > 0
            && let Some(store) = dying.upgrade()
        {
            store.forgetful.store(true, Ordering::SeqCst);
        }
        None
    });
    let died = world.app.sessions.revoke(&here, named(&theirs)).await;
    assert_eq!(
        died.unwrap_err().code(),
        STORE_UNAVAILABLE,
        "more than one commit"
    );
    store.forgetful.store(false, Ordering::SeqCst);
    store.before_commits(|_| None);
    for ended in grown.iter().chain([&theirs]) {
        assert!(!lives(&world, ended).await);
    }
    assert!(!accepted(&world, &token).await && lives(&world, &here).await);
    // What was left is tidied up when somebody asks again.
    world.app.sessions.revoke(&here, named(&theirs)).await.unwrap();
    assert_eq!(world.app.sessions.marked_as_ended(here.subject()).await, 91);
}

#[tokio::test]
async fn what_begins_on_another_node_while_its_origin_ends_does_not_live() {
    let [(owner, store), (other, _)] = two_nodes_with(&unhurried()).await;
    let here = owner.session(&owner.sign_up("ada@example.com").await).await;
    let theirs = other.session(&signed_in_again(&other).await).await;
    let inner = other
        .identified(&other.app.accounts.refresh(&theirs).await.unwrap())
        .await;
    let (other, begun) = (Arc::new(other), Arc::new(std::sync::Mutex::new(Vec::new())));
    let seen = Arc::clone(&begun);
    store.before_commits(move |_| {
        let (other, inner, begun) = (Arc::clone(&other), inner.clone(), Arc::clone(&begun));
        Some(Box::pin(async move {
            if let Ok(Started::Granted(granted)) = start(&other, &inner).await {
                begun.lock().unwrap().push(granted);
            }
        }))
    });
    owner.app.sessions.revoke(&here, named(&theirs)).await.unwrap();
    let begun = std::mem::take(&mut *seen.lock().unwrap());
    assert!(!begun.is_empty());
    for granted in begun {
        assert_eq!(why(&owner, &granted.credential).await, Some(EndReason::Revoked));
    }
}

#[tokio::test]
async fn a_clock_that_was_ahead_revokes_nothing_that_is_made_afterwards() {
    let mut world = world().await;
    let here = world.session(&world.sign_up("ada@example.com").await).await;
    world.clock.advance(Duration::from_hours(1));
    let ahead = world.session(&signed_in_again(&world).await).await;
    world.app.sessions.revoke_others(&ahead).await.unwrap();
    world.clock.set_back(Duration::from_hours(1));
    let token = world.sign_in("ada@example.com", &home()).await.unwrap();
    let again = world.session(&world.identified(&token).await).await;
    assert!(accepted(&world, &token).await && lives(&world, &again).await && !lives(&world, &here).await);
    let refreshed = world.app.accounts.refresh(&again).await.unwrap();
    assert!(accepted(&world, &refreshed).await);
    // Nor what another identity provider proves now.
    world.app.accounts.others = Arc::from([Arc::new(Elsewhere(world.app.clock().now())) as Arc<_>]);
    let subject = Bearer(here.subject().to_string());
    let identified = world.app.accounts.identify(&subject, None, &home()).await;
    assert!(identified.is_ok(), "{identified:?}");
}

#[tokio::test]
async fn whoever_holds_an_ended_session_is_told_why_and_nobody_else_is() {
    let mut settings = unhurried();
    settings.sessions.limit = 3;
    let world = world_with(settings).await;
    let ada = world.sign_up("ada@example.com").await;
    let idle = granted(&world, &ada).await;
    world.clock.advance(Duration::from_mins(16));
    assert_eq!(why(&world, &idle.credential).await, Some(EndReason::Idle));
    let guessed = Credential(format!("{}.{}", idle.session.id, "a".repeat(43)));
    assert_eq!(why(&world, &guessed).await, None, "the secret is wrong");
    let other = signed_in_again(&world).await;
    let grace = world.sign_up("grace@example.com").await;
    let beside = world
        .app
        .sessions
        .resume(idle.credential.expose(), Some(&grace), &home())
        .await;
    assert!(beside.unwrap_err().members().is_empty(), "somebody else");

    let first = granted(&world, &other).await;
    let left = granted(&world, &other).await;
    let ended = granted(&world, &other).await;
    world.wait(1);
    let here = granted(&world, &other).await;
    assert_eq!(why(&world, &first.credential).await, Some(EndReason::TooMany));
    let who = world.resumed(&here).await;
    let theirs = world.resumed(&ended).await;
    world.app.sessions.revoke(&who, named(&theirs)).await.unwrap();
    assert_eq!(why(&world, &ended.credential).await, Some(EndReason::Revoked));
    let leaving = world.resumed(&left).await;
    world.app.sessions.end(&leaving).await.unwrap();
    assert_eq!(why(&world, &left.credential).await, Some(EndReason::SignedOut));

    let other = signed_in_again(&world).await;
    let another = granted(&world, &other).await;
    world.app.sessions.revoke_others(&who).await.unwrap();
    assert_eq!(
        why(&world, &another.credential).await,
        Some(EndReason::OthersEnded)
    );
    let another = granted(&world, &signed_in_again(&world).await).await;
    world
        .app
        .accounts
        .change_password(&who, new_password())
        .await
        .unwrap();
    assert_eq!(
        why(&world, &another.credential).await,
        Some(EndReason::PasswordChanged)
    );
    assert_eq!(
        why(&world, &ended.credential).await,
        Some(EndReason::Revoked),
        "the first end counts"
    );
}

#[tokio::test]
async fn a_session_that_lasted_its_time_has_expired() {
    let mut settings = Settings::default();
    settings.sessions.idle = settings.sessions.lifetime;
    let world = world_with(settings).await;
    let here = granted(&world, &world.sign_up("ada@example.com").await).await;
    world.clock.advance(Duration::from_hours(30 * 24));
    assert_eq!(why(&world, &here.credential).await, Some(EndReason::Expired));
    world.clock.advance(Duration::from_hours(24));
    assert_eq!(why(&world, &here.credential).await, None, "forgotten");
}

#[tokio::test]
async fn the_end_of_everything_is_one_write_and_leaves_nothing() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let token = world.sign_in("ada@example.com", &home()).await.unwrap();
    let here = world.session(&ada).await;
    for _ in 0..20 {
        world.session(&ada).await;
    }
    let mut batch = Batch::default();
    let sessions = &world.app.sessions;
    assert_eq!(
        sessions
            .end_all_in(&mut batch, &ada.subject, EndReason::AllEnded)
            .await
            .unwrap()
            .revoked,
        21
    );
    assert_eq!(batch.len(), 1, "however many there are");
    world.app.context.commit(batch).await.unwrap();
    let ended = sessions.lineage(&here).await;
    assert_eq!(ended.unwrap_err().code(), SESSION_ENDED);
    let token = Bearer(token.access_token);
    let identified = world.app.accounts.identify(&token, None, &home()).await;
    assert_eq!(identified.unwrap_err().code(), UNAUTHENTICATED);
    let started = world.app.challenges.start(&ada, StartSession::default()).await;
    assert_eq!(started.unwrap_err().code(), UNAUTHENTICATED);
}
