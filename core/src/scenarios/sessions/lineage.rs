//! What ends with what: sessions, the tokens they made, the sessions that were begun with those, on every node.

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use portcullis_ports::identity::UNAUTHENTICATED;
use portcullis_ports::{Result, Span};

use crate::areas::accounts::{AccessToken, ChangePassword};
use crate::areas::challenges::{Started, StepUpPassword};
use crate::areas::factors::AddTotp;
use crate::areas::sessions::*;
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::limit::Limit;
use crate::foundation::testing::{Bearer, PASSWORD, elsewhere, home, secret};
use crate::services::budgets::TOO_MANY_ATTEMPTS;
use crate::settings::Settings;
use crate::testing::{World, two_nodes, world, world_with};

async fn refused(world: &World, token: &AccessToken) -> bool {
    let token = Bearer(token.access_token.clone());
    let identified = world.app.accounts.identify(&token, None, &home()).await;
    identified.is_err_and(|error| error.code() == UNAUTHENTICATED)
}

async fn lives(world: &World, who: &SignedIn) -> bool {
    world.app.sessions.lineage(who).await.is_ok()
}

async fn start(world: &World, who: &Identified) -> Result<Started> {
    world.app.challenges.start(who, StartSession::default()).await
}

fn new_password() -> ChangePassword {
    ChangePassword {
        current_password: secret(PASSWORD),
        new_password: secret("walnut-ferry-lantern"),
    }
}

#[tokio::test]
async fn the_tokens_of_the_others_end_with_them() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let here = world.session(&ada).await;
    let thief = world
        .identified(&world.sign_in("ada@example.com", &home()).await.unwrap())
        .await;
    let theirs = world.session(&thief).await;
    let refreshed = world.app.accounts.refresh(&theirs).await.unwrap();
    let inner = world.identified(&refreshed).await;
    assert_eq!(world.app.sessions.revoke_others(&here).await.unwrap(), 1);
    assert!(refused(&world, &refreshed).await);
    for stolen in [&thief, &inner, &ada] {
        assert_eq!(start(&world, stolen).await.unwrap_err().code(), UNAUTHENTICATED);
    }
    assert!(lives(&world, &here).await && !lives(&world, &theirs).await);
    let mine = world.app.accounts.refresh(&here).await.unwrap();
    world.session(&world.identified(&mine).await).await;
}

#[tokio::test]
async fn a_token_of_the_session_that_was_kept_begins_sessions_that_live() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let here = world.session(&ada).await;
    let before = world.app.accounts.refresh(&here).await.unwrap();
    world.app.sessions.revoke_others(&here).await.unwrap();
    let next = world.session(&world.identified(&before).await).await;
    assert!(lives(&world, &next).await);
    world.app.sessions.revoke_others(&here).await.unwrap();
    assert!(!lives(&world, &next).await && lives(&world, &here).await);
}

#[tokio::test]
async fn whatever_grew_from_a_session_ends_with_it() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let here = world.session(&ada).await;
    let thief = world
        .identified(&world.sign_in("ada@example.com", &home()).await.unwrap())
        .await;
    let theirs = world.session(&thief).await;
    let refreshed = world.app.accounts.refresh(&theirs).await.unwrap();
    let child = world.session(&world.identified(&refreshed).await).await;
    let second = world.app.accounts.refresh(&child).await.unwrap();
    let grandchild = world.session(&world.identified(&second).await).await;
    let command = RevokeSession {
        session_id: theirs.session.id.clone(),
    };
    world.app.sessions.revoke(&here, command).await.unwrap();
    for ended in [&theirs, &child, &grandchild] {
        assert!(!lives(&world, ended).await);
    }
    assert!(refused(&world, &refreshed).await && refused(&world, &second).await);
    assert_eq!(
        start(&world, &thief).await.unwrap_err().code(),
        UNAUTHENTICATED,
        "the token that began it"
    );
    assert!(lives(&world, &here).await);
    world.app.sessions.end(&here).await.unwrap();
    assert_eq!(
        start(&world, &ada).await.unwrap_err().code(),
        UNAUTHENTICATED,
        "signing out ends the token"
    );
}

#[tokio::test]
async fn nothing_outruns_a_change_of_the_password() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let here = world.session(&ada).await;
    let (earlier, in_flight) = (
        world
            .identified(&world.sign_in("ada@example.com", &elsewhere(1)).await.unwrap())
            .await,
        {
            let starts = (0..8).map(|_| start(&world, &ada).boxed());
            let signs =
                (0..8).map(|_| async { world.sign_in("ada@example.com", &elsewhere(2)).await }.boxed());
            let change = world.app.accounts.change_password(&here, new_password()).boxed();
            let (starts, signs, changed) = tokio::join!(join_all(starts), join_all(signs), change);
            let fresh = changed.unwrap();
            let fresh = Bearer(fresh.access_token);
            world.app.accounts.identify(&fresh, None, &home()).await.unwrap();
            (starts, signs)
        },
    );
    assert_eq!(start(&world, &earlier).await.unwrap_err().code(), UNAUTHENTICATED);
    for started in in_flight.0.into_iter().flatten() {
        let Started::Granted(granted) = started else {
            unreachable!()
        };
        let resumed = world
            .app
            .sessions
            .resume(granted.credential.expose(), None, &home())
            .await;
        assert_eq!(resumed.unwrap_err().code(), SESSION_ENDED);
    }
    for token in in_flight.1.into_iter().flatten() {
        assert!(
            refused(&world, &token).await,
            "a sign-in with the former password"
        );
    }
    assert!(lives(&world, &here).await);
}

#[tokio::test]
async fn the_owner_gets_a_turn_whoever_asks_meanwhile() {
    let mut settings = Settings::default();
    settings.budgets.session_starts = Limit::new(1000, Span::minutes(10));
    let world = world_with(settings).await;
    let ada = world.sign_up("ada@example.com").await;
    let here = world.session(&ada).await;
    let starts = (0..64).map(|_| start(&world, &ada).boxed());
    let ends = (0..64).map(|_| world.app.sessions.revoke_others(&here).boxed());
    let (_, ends) = tokio::join!(join_all(starts), join_all(ends));
    assert!(ends.iter().all(Result::is_ok), "{ends:?}");
    let list = world
        .app
        .sessions
        .list(&here, &ListSessions::default())
        .await
        .unwrap();
    let live = list.sessions.iter().filter(|view| !view.revoked);
    assert_eq!(live.count(), 1);
}

#[tokio::test]
async fn starts_have_a_budget_and_the_oldest_session_makes_room() {
    let mut settings = Settings::default();
    settings.sessions.limit = 3;
    settings.budgets.session_starts = Limit::new(5, Span::minutes(10));
    let world = world_with(settings).await;
    let ada = world.sign_up("ada@example.com").await;
    let mut begun = Vec::new();
    for _ in 0..5 {
        world.wait(1);
        begun.push(world.session(&ada).await);
    }
    assert_eq!(start(&world, &ada).await.unwrap_err().code(), TOO_MANY_ATTEMPTS);
    let mut alive = Vec::new();
    for who in &begun {
        alive.push(lives(&world, who).await);
    }
    assert_eq!(alive, [false, false, true, true, true]);
    let page = |cursor: Option<String>| ListSessions {
        cursor: cursor.map(|text| PageCursor::parse(&text).unwrap()),
        limit: Some(2),
    };
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let list = world.app.sessions.list(&begun[4], &page(cursor)).await.unwrap();
        seen.extend(list.sessions.into_iter().map(|view| view.session_id));
        cursor = list.next_cursor.map(String::from);
        if cursor.is_none() {
            break;
        }
    }
    let newest_first: Vec<_> = begun.iter().rev().map(|who| who.session.id.clone()).collect();
    assert_eq!(seen, newest_first);
    let wrong = world.app.sessions.list(&begun[4], &page(Some("x".into()))).await;
    assert_eq!(wrong.unwrap_err().code(), INVALID_CURSOR);
}

#[tokio::test]
async fn whoever_begins_the_most_sessions_pushes_out_their_own() {
    let mut settings = Settings::default();
    settings.sessions.limit = 10;
    let world = world_with(settings).await;
    let ada = world.sign_up("ada@example.com").await;
    let here = world.session(&ada).await;
    // Another sign-in, whose sessions beget more: each makes the token that begins the next.
    let signed_in = world.sign_in("ada@example.com", &home()).await.unwrap();
    let mut theirs = world.identified(&signed_in).await;
    for _ in 0..30 {
        world.wait(1);
        let session = world.session(&theirs).await;
        let refreshed = world.app.accounts.refresh(&session).await.unwrap();
        theirs = world.identified(&refreshed).await;
    }
    assert!(lives(&world, &here).await);
    // The same with one token.
    let signed_in = world.sign_in("ada@example.com", &home()).await.unwrap();
    let theirs = world.identified(&signed_in).await;
    for _ in 0..30 {
        world.wait(1);
        world.session(&theirs).await;
    }
    assert!(lives(&world, &here).await);
}

#[tokio::test]
async fn the_list_reads_no_session() {
    let (world, store) = crate::testing::observed(Settings::default()).await;
    let ada = world.sign_up("ada@example.com").await;
    let here = world.session(&ada).await;
    for _ in 0..20 {
        world.session(&ada).await;
    }
    store.work();
    let list = world
        .app
        .sessions
        .list(&here, &ListSessions::default())
        .await
        .unwrap();
    assert_eq!(list.sessions.len(), 21);
    let work = store.work();
    assert_eq!((work.gets, work.queries), (2, 1), "the epochs and the lines");
}

#[tokio::test]
async fn what_one_node_ends_and_makes_the_other_knows() {
    let [(a, _), (b, _)] = two_nodes().await;
    let ada = a.sign_up("ada@example.com").await;
    let Started::Granted(kept) = start(&a, &ada).await.unwrap() else {
        unreachable!()
    };
    let here = a.resumed(&kept).await;
    let Started::Granted(other) = start(&a, &ada).await.unwrap() else {
        unreachable!()
    };
    b.resumed(&other).await;
    b.resumed(&kept).await;
    a.wait(1);
    let changed = a
        .app
        .accounts
        .change_password(&here, new_password())
        .await
        .unwrap();
    let fresh = Bearer(changed.access_token);
    // The other node may not have heard of it, yet it refuses nothing that is new.
    b.app.accounts.identify(&fresh, None, &home()).await.unwrap();
    b.resumed(&kept).await;
    a.wait(1);
    let ended = b
        .app
        .sessions
        .resume(other.credential.expose(), None, &home())
        .await;
    assert_eq!(ended.unwrap_err().code(), SESSION_ENDED);
}

#[tokio::test]
async fn a_step_up_on_one_node_counts_at_once_on_the_other() {
    let [(a, _), (b, _)] = two_nodes().await;
    let ada = a.sign_up("ada@example.com").await;
    let Started::Granted(granted) = start(&a, &ada).await.unwrap() else {
        unreachable!()
    };
    for _ in 0..11 {
        a.wait(60);
        a.resumed(&granted).await;
    }
    let there = b.resumed(&granted).await;
    let refused = b.app.factors.add_totp(&there, AddTotp::default()).await;
    assert_eq!(refused.unwrap_err().code(), STEP_UP_REQUIRED);
    let here = a.resumed(&granted).await;
    let command = StepUpPassword {
        password: secret(PASSWORD),
    };
    a.app
        .challenges
        .step_up_with_password(&here, command)
        .await
        .unwrap();
    b.app.factors.add_totp(&there, AddTotp::default()).await.unwrap();
}
