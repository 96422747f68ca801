//! Sessions: how long they live, how they end, and what their list gives away.

use crate::areas::challenges::Started;
use portcullis_ports::Span;
use portcullis_ports::identity::Subject;

use super::*;
use crate::foundation::limit::Limit;
use crate::foundation::testing::{elsewhere, home};
use crate::settings::Settings;
use crate::testing::{world, world_with};

#[tokio::test]
async fn a_session_ends_when_it_is_not_used() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let Started::Granted(granted) = world
        .app
        .challenges
        .start(&ada, StartSession::default())
        .await
        .unwrap()
    else {
        unreachable!()
    };
    let credential = granted.credential.expose();
    for _ in 0..5 {
        world.wait(15 * 60);
        world
            .app
            .sessions
            .resume(credential, Some(&ada), &home())
            .await
            .unwrap();
    }
    world.wait(15 * 60 + 1);
    let late = world.app.sessions.resume(credential, Some(&ada), &home()).await;
    assert_eq!(late.unwrap_err().code(), SESSION_ENDED);
}

#[tokio::test]
async fn a_session_ends_at_its_time_however_busy_it_is() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let Started::Granted(granted) = world
        .app
        .challenges
        .start(&ada, StartSession::default())
        .await
        .unwrap()
    else {
        unreachable!()
    };
    let source = home();
    let resume = || {
        world
            .app
            .sessions
            .resume(granted.credential.expose(), None, &source)
    };
    let quarters = 30 * 24 * 4;
    for _ in 1..quarters {
        world.wait(15 * 60);
        resume().await.unwrap();
    }
    world.wait(15 * 60);
    assert_eq!(resume().await.unwrap_err().code(), SESSION_ENDED);
}

#[tokio::test]
async fn use_is_written_down_once_a_minute() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let who = world.session(&ada).await;
    let version = async || {
        world
            .app
            .sessions
            .read(&who.session.id)
            .await
            .unwrap()
            .unwrap()
            .version
    };
    let before = version().await;
    world.wait(59);
    world.app.sessions.touch(&who.session.id).await.unwrap();
    assert_eq!(version().await, before);
    world.wait(1);
    world.app.sessions.touch(&who.session.id).await.unwrap();
    assert_ne!(version().await, before);
}

#[tokio::test]
async fn only_the_whole_credential_of_the_right_account_is_accepted() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let Started::Granted(granted) = world
        .app
        .challenges
        .start(&ada, StartSession::default())
        .await
        .unwrap()
    else {
        unreachable!()
    };
    let whole = granted.credential.expose().to_owned();
    let id = granted.session.id.to_string();
    let other = Identified {
        subject: Subject::parse("somebody-else").unwrap(),
        ..ada.clone()
    };
    for wrong in [
        "",
        ".",
        &id,
        &format!("{id}."),
        whole.strip_suffix(|_: char| true).unwrap(),
        &format!("{whole}x"),
        "rl#verify_email",
        "chal_x.y",
    ] {
        let answer = world.app.sessions.resume(wrong, None, &home()).await;
        assert_eq!(answer.unwrap_err().code(), SESSION_ENDED, "{wrong}");
    }
    let answer = world.app.sessions.resume(&whole, Some(&other), &home()).await;
    assert_eq!(answer.unwrap_err().code(), SESSION_ENDED);
    world
        .app
        .sessions
        .resume(&whole, Some(&ada), &home())
        .await
        .unwrap();
}

#[tokio::test]
async fn lists_say_where_a_known_address_is_and_nothing_of_others() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let here = world.session(&ada).await;
    let command = ListSessions::default();
    let list = world.app.sessions.list(&here, &command).await.unwrap();
    let location = list.sessions[0].location.clone().unwrap();
    assert_eq!(
        (location.country.as_deref(), location.city.as_deref()),
        (Some("GB"), Some("London"))
    );
    let mut stranger = ada.clone();
    stranger.source = elsewhere(7);
    world.wait(5);
    let there = world.session(&stranger).await;
    let list = world.app.sessions.list(&there, &command).await.unwrap();
    assert_eq!(list.sessions[0].ip, "198.51.100.7");
    assert_eq!(list.sessions[0].location, None);
}

#[tokio::test]
async fn the_list_shows_sessions_and_nothing_that_opens_one() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let first = world.session(&ada).await;
    world.wait(5);
    let second = world.session(&ada).await;
    let list = world
        .app
        .sessions
        .list(&second, &ListSessions::default())
        .await
        .unwrap()
        .sessions;
    assert_eq!(
        list.iter().map(|view| &view.session_id).collect::<Vec<_>>(),
        [&second.session.id, &first.session.id]
    );
    assert_eq!(
        list.iter().map(|view| view.is_current).collect::<Vec<_>>(),
        [true, false]
    );
    for view in &list {
        assert!(
            world
                .app
                .sessions
                .resume(view.session_id.as_str(), None, &home())
                .await
                .is_err()
        );
    }
}

#[tokio::test]
async fn revoking_works_once_for_ones_own_sessions_and_at_once() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let eve = world.sign_up("eve@example.com").await;
    let (here, there) = (world.session(&ada).await, world.session(&ada).await);
    let stranger = world.session(&eve).await;
    let revoke = |id: &SessionId| RevokeSession {
        session_id: id.clone(),
    };
    let foreign = world
        .app
        .sessions
        .revoke(&stranger, revoke(&here.session.id))
        .await;
    assert_eq!(foreign.unwrap_err().code(), SESSION_NOT_FOUND);
    world
        .app
        .sessions
        .revoke(&here, revoke(&there.session.id))
        .await
        .unwrap();
    world
        .app
        .sessions
        .revoke(&here, revoke(&there.session.id))
        .await
        .unwrap();
    let ended = world
        .app
        .sessions
        .list(&here, &ListSessions::default())
        .await
        .unwrap()
        .sessions;
    assert!(
        ended
            .iter()
            .any(|view| view.session_id == there.session.id && view.revoked && view.revoked_at > 0)
    );
    world.app.sessions.end(&here).await.unwrap();
    assert!(
        !world
            .app
            .sessions
            .is_live(&world.app.sessions.read(&here.session.id).await.unwrap().unwrap())
    );
}

#[tokio::test]
async fn revoking_others_reaches_every_page_and_counts_once() {
    let mut settings = Settings::default();
    settings.sessions.limit = 200;
    settings.budgets.session_starts = Limit::new(200, Span::minutes(10));
    let world = world_with(settings).await;
    let ada = world.sign_up("ada@example.com").await;
    let here = world.session(&ada).await;
    for _ in 0..120 {
        world.session(&ada).await;
    }
    assert_eq!(world.app.sessions.revoke_others(&here).await.unwrap(), 120);
    assert_eq!(world.app.sessions.revoke_others(&here).await.unwrap(), 0);
}

#[tokio::test]
async fn a_page_of_ours_is_told_from_a_foreign_one() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let (here, there) = (world.session(&ada).await, world.session(&ada).await);
    let token = world.app.sessions.csrf_token(&here.session).unwrap();
    world.app.sessions.check_csrf(&here.session, &token).unwrap();
    assert_eq!(
        world
            .app
            .sessions
            .check_csrf(&there.session, &token)
            .unwrap_err()
            .code(),
        CSRF
    );
    assert_eq!(
        world
            .app
            .sessions
            .check_csrf(&here.session, "")
            .unwrap_err()
            .code(),
        CSRF
    );
}

#[test]
fn one_source_is_an_address_or_the_network_a_client_moves_in() {
    let network = |ip: &str| Source::new(ip.parse().unwrap(), "").network();
    assert_eq!(elsewhere(7).network(), "198.51.100.7");
    assert_eq!(network("::ffff:198.51.100.7"), "198.51.100.7");
    assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
    assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
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
    let token = crate::foundation::testing::Bearer(token.access_token);
    let identified = world.app.accounts.identify(&token, None, &home()).await;
    assert_eq!(identified.unwrap_err().code(), UNAUTHENTICATED);
    let started = world.app.challenges.start(&ada, StartSession::default()).await;
    assert_eq!(started.unwrap_err().code(), UNAUTHENTICATED);
}
