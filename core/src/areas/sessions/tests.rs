//! Sessions: how long they live, how they end, and what their list gives away.

use portcullis_ports::identity::Subject;

use super::testing::{sessions, sessions_with};
use super::*;
use crate::foundation::testing::{elsewhere, home};

#[tokio::test]
async fn a_session_ends_when_it_is_not_used() {
    let bed = sessions().await;
    let ada = bed.first_factor("ada").await;
    let granted = bed.granted(&ada).await;
    let credential = granted.credential.expose();
    for _ in 0..5 {
        bed.base.wait(15 * 60);
        bed.sessions
            .resume(credential, Some(&ada), &home())
            .await
            .unwrap();
    }
    bed.base.wait(15 * 60 + 1);
    let late = bed.sessions.resume(credential, Some(&ada), &home()).await;
    assert_eq!(late.unwrap_err().code(), SESSION_ENDED);
}

#[tokio::test]
async fn a_session_ends_at_its_time_however_busy_it_is() {
    let bed = sessions().await;
    let ada = bed.first_factor("ada").await;
    let granted = bed.granted(&ada).await;
    let source = home();
    let resume = || bed.sessions.resume(granted.credential.expose(), None, &source);
    let quarters = 30 * 24 * 4;
    for _ in 1..quarters {
        bed.base.wait(15 * 60);
        resume().await.unwrap();
    }
    bed.base.wait(15 * 60);
    assert_eq!(resume().await.unwrap_err().code(), SESSION_ENDED);
}

#[tokio::test]
async fn use_is_written_down_once_a_minute() {
    let bed = sessions().await;
    let ada = bed.first_factor("ada").await;
    let who = bed.session(&ada).await;
    let version = async || bed.sessions.read(&who.session.id).await.unwrap().unwrap().version;
    let before = version().await;
    bed.base.wait(59);
    bed.sessions.touch(&who.session.id).await.unwrap();
    assert_eq!(version().await, before);
    bed.base.wait(1);
    bed.sessions.touch(&who.session.id).await.unwrap();
    assert_ne!(version().await, before);
}

#[tokio::test]
async fn only_the_whole_credential_of_the_right_account_is_accepted() {
    let bed = sessions().await;
    let ada = bed.first_factor("ada").await;
    let granted = bed.granted(&ada).await;
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
        let answer = bed.sessions.resume(wrong, None, &home()).await;
        assert_eq!(answer.unwrap_err().code(), SESSION_ENDED, "{wrong}");
    }
    let answer = bed.sessions.resume(&whole, Some(&other), &home()).await;
    assert_eq!(answer.unwrap_err().code(), SESSION_ENDED);
    bed.sessions.resume(&whole, Some(&ada), &home()).await.unwrap();
}

#[tokio::test]
async fn lists_say_where_a_known_address_is_and_nothing_of_others() {
    let bed = sessions().await;
    let ada = bed.first_factor("ada").await;
    let here = bed.session(&ada).await;
    let command = ListSessions::default();
    let list = bed.sessions.list(&here, &command).await.unwrap();
    let location = list.sessions[0].location.clone().unwrap();
    assert_eq!(
        (location.country.as_deref(), location.city.as_deref()),
        (Some("GB"), Some("London"))
    );
    let mut stranger = ada.clone();
    stranger.source = elsewhere(7);
    bed.base.wait(5);
    let there = bed.session(&stranger).await;
    let list = bed.sessions.list(&there, &command).await.unwrap();
    assert_eq!(list.sessions[0].ip, "198.51.100.7");
    assert_eq!(list.sessions[0].location, None);
}

#[tokio::test]
async fn the_list_shows_sessions_and_nothing_that_opens_one() {
    let bed = sessions().await;
    let ada = bed.first_factor("ada").await;
    let first = bed.session(&ada).await;
    bed.base.wait(5);
    let second = bed.session(&ada).await;
    let list = bed
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
            bed.sessions
                .resume(view.session_id.as_str(), None, &home())
                .await
                .is_err()
        );
    }
}

#[tokio::test]
async fn revoking_works_once_for_ones_own_sessions_and_at_once() {
    let bed = sessions().await;
    let ada = bed.first_factor("ada").await;
    let eve = bed.first_factor("eve").await;
    let (here, there) = (bed.session(&ada).await, bed.session(&ada).await);
    let stranger = bed.session(&eve).await;
    let revoke = |id: &SessionId| RevokeSession {
        session_id: id.clone(),
    };
    let foreign = bed.sessions.revoke(&stranger, revoke(&here.session.id)).await;
    assert_eq!(foreign.unwrap_err().code(), SESSION_NOT_FOUND);
    bed.sessions
        .revoke(&here, revoke(&there.session.id))
        .await
        .unwrap();
    bed.sessions
        .revoke(&here, revoke(&there.session.id))
        .await
        .unwrap();
    let ended = bed
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
    bed.sessions.end(&here).await.unwrap();
    assert!(
        !bed.sessions
            .is_live(&bed.sessions.read(&here.session.id).await.unwrap().unwrap())
    );
}

#[tokio::test]
async fn revoking_others_reaches_every_page_and_counts_once() {
    let settings = Settings {
        limit: 200,
        ..Settings::default()
    };
    let bed = sessions_with(settings).await;
    let ada = bed.first_factor("ada").await;
    let here = bed.session(&ada).await;
    for _ in 0..120 {
        bed.session(&ada).await;
    }
    assert_eq!(bed.sessions.revoke_others(&here).await.unwrap(), 120);
    assert_eq!(bed.sessions.revoke_others(&here).await.unwrap(), 0);
}

#[tokio::test]
async fn a_page_of_ours_is_told_from_a_foreign_one() {
    let bed = sessions().await;
    let ada = bed.first_factor("ada").await;
    let (here, there) = (bed.session(&ada).await, bed.session(&ada).await);
    let token = bed.sessions.csrf_token(&here.session).unwrap();
    bed.sessions.check_csrf(&here.session, &token).unwrap();
    assert_eq!(
        bed.sessions
            .check_csrf(&there.session, &token)
            .unwrap_err()
            .code(),
        CSRF
    );
    assert_eq!(
        bed.sessions.check_csrf(&here.session, "").unwrap_err().code(),
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
