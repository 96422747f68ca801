//! Operators: who passes, who does not and is told what to do, and what is written into whose history.

use portcullis_ports::identity::Subject;
use portcullis_ports::{Code, Result};

use crate::areas::accounts::{ResendVerification, VerifyEmail};
use crate::areas::challenges::{StartStepUp, VerifyTotp};
use crate::areas::factors::RemoveTotp;
use crate::areas::operators::*;
use crate::areas::sessions::{Identified, SignedIn};
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::source::Source;
use crate::foundation::testing::{home, secret};
use crate::services::audit::Entry;
use crate::testing::{World, two_nodes, world};

fn command_line() -> Source {
    Source::internal("portcullis operators grant")
}

async fn grant(world: &World, subject: &Subject, role: Role) {
    let command = GrantOperator {
        whom: Named::Subject(subject.clone()),
        role,
    };
    world.app.operators.grant(command, &command_line()).await.unwrap();
}

async fn revoke(world: &World, subject: &Subject) {
    let whom = Named::Subject(subject.clone());
    world.app.operators.revoke(&whom, &command_line()).await.unwrap();
}

async fn refused(world: &World, who: &SignedIn, role: Role) -> Code {
    let authorized = world.app.operators.authorize(who.clone(), role).await;
    authorized.unwrap_err().code()
}

async fn authorized(world: &World, who: &SignedIn, role: Role) -> Result<Operator> {
    world.app.operators.authorize(who.clone(), role).await
}

/// Somebody with an authenticator app.
struct Person {
    who: Identified,
    /// The session in which the app was enrolled: no factor was proven in it.
    first: SignedIn,
    app: String,
}

async fn person(world: &World, email: &str) -> Person {
    let who = world.sign_up(email).await;
    let first = world.session(&who).await;
    let (app, _) = world.enrol_totp(&first).await;
    world.wait(31);
    Person { who, first, app }
}

/// A session that was begun with the app.
async fn signed_in(world: &World, person: &Person) -> SignedIn {
    let opened = world.challenge(&person.who).await;
    let command = VerifyTotp {
        challenge_id: secret(&opened.challenge_id),
        totp_code: secret(&world.totp(&person.app)),
        trust_device: None,
    };
    let progress = world.app.challenges.verify_totp(&person.who, command).await;
    world.wait(31);
    world.resumed(&progress.unwrap().granted.unwrap()).await
}

/// The events in the history of a person, without those of sessions and factors.
/// Somebody who acts as an operator.
pub(super) async fn operator(world: &World, email: &str, role: Role) -> Operator {
    let person = person(world, email).await;
    grant(world, &person.who.subject, role).await;
    world.wait(2);
    let who = signed_in(world, &person).await;
    authorized(world, &who, role).await.unwrap()
}

pub(super) async fn history(world: &World, subject: &Subject) -> Vec<Entry> {
    let entries = world.app.context.table::<Entry>();
    let mut found = Vec::new();
    for number in 1..100 {
        let entry = entries
            .find(subject.as_str(), &format!("entry#{number:012}"))
            .await;
        found.extend(entry.unwrap().map(|entry| entry.value));
    }
    found.retain(|entry| entry.event.starts_with("operator"));
    found
}

#[tokio::test]
async fn a_role_lets_pass_what_it_is_enough_for() {
    let world = world().await;
    let ada = person(&world, "ada@example.com").await;
    let session = signed_in(&world, &ada).await;
    assert_eq!(refused(&world, &session, Role::Viewer).await, NOT_AN_OPERATOR);
    for granted in Role::ALL {
        grant(&world, session.subject(), granted).await;
        world.wait(1);
        for needed in Role::ALL {
            let passed = authorized(&world, &session, needed).await;
            if needed <= granted {
                assert_eq!(passed.unwrap().role, granted);
            } else {
                let refused = passed.unwrap_err();
                assert_eq!(refused.code(), OPERATOR_ROLE_REQUIRED);
                assert!(
                    refused
                        .detail()
                        .contains(&format!("needs the role `{}`", needed.as_str()))
                );
            }
        }
    }
    revoke(&world, session.subject()).await;
    assert_eq!(refused(&world, &session, Role::Viewer).await, NOT_AN_OPERATOR);
    let eve = person(&world, "eve@example.com").await;
    let eve = signed_in(&world, &eve).await;
    grant(&world, session.subject(), Role::Admin).await;
    assert_eq!(
        refused(&world, &eve, Role::Viewer).await,
        NOT_AN_OPERATOR,
        "another's role"
    );
}

#[tokio::test]
async fn an_operator_without_a_second_factor_is_told_to_enrol_and_to_prove_one() {
    let world = world().await;
    let who = world.sign_up("ada@example.com").await;
    let session = world.session(&who).await;
    grant(&world, session.subject(), Role::Admin).await;
    assert_eq!(
        refused(&world, &session, Role::Viewer).await,
        OPERATOR_FACTOR_REQUIRED
    );
    let (app, _) = world.enrol_totp(&session).await;
    world.wait(31);
    assert_eq!(refused(&world, &session, Role::Viewer).await, STEP_UP_REQUIRED);
    let challenges = &world.app.challenges;
    let started = challenges
        .start_step_up(&session, StartStepUp::default())
        .await
        .unwrap();
    let command = VerifyTotp {
        challenge_id: secret(&started.challenge_id.unwrap()),
        totp_code: secret(&world.totp(&app)),
        trust_device: None,
    };
    challenges.verify_totp(&who, command).await.unwrap();
    // What the request brought along is from before the proof, which another node may have taken.
    assert_eq!(
        authorized(&world, &session, Role::Admin).await.unwrap().role,
        Role::Admin
    );
}

#[tokio::test]
async fn a_proof_counts_as_long_as_its_factor() {
    let world = world().await;
    let ada = person(&world, "ada@example.com").await;
    let session = signed_in(&world, &ada).await;
    grant(&world, session.subject(), Role::Support).await;
    authorized(&world, &session, Role::Support).await.unwrap();
    assert_eq!(refused(&world, &ada.first, Role::Viewer).await, STEP_UP_REQUIRED);
    let factors = &world.app.factors;
    let id = factors.totp_devices(&session).await.unwrap().devices[0]
        .device_id
        .clone();
    let command = RemoveTotp {
        totp_code: None,
        recovery_code: None,
    };
    factors.remove_totp(&session, id, command).await.unwrap();
    assert_eq!(
        refused(&world, &session, Role::Viewer).await,
        OPERATOR_FACTOR_REQUIRED
    );
}

#[tokio::test]
async fn every_node_knows_a_grant_and_a_revocation_within_a_second() {
    let [(a, _), (b, _)] = two_nodes().await;
    let ada = person(&a, "ada@example.com").await;
    let session = signed_in(&a, &ada).await;
    for _ in 0..3 {
        // In the worst case the other node has just looked.
        assert_eq!(refused(&b, &session, Role::Viewer).await, NOT_AN_OPERATOR);
        grant(&a, session.subject(), Role::Support).await;
        a.wait(1);
        assert_eq!(
            authorized(&b, &session, Role::Viewer).await.unwrap().role,
            Role::Support
        );
        revoke(&a, session.subject()).await;
        a.wait(1);
    }
    assert_eq!(refused(&b, &session, Role::Viewer).await, NOT_AN_OPERATOR);
}

#[tokio::test]
async fn who_only_claims_an_address_does_not_get_what_is_meant_for_its_owner() {
    let world = world().await;
    let eve = world.sign_up("ada@example.com").await;
    let by_address = || GrantOperator {
        whom: "ada@example.com".parse().unwrap(),
        role: Role::Admin,
    };
    let operators = &world.app.operators;
    let refused = operators.grant(by_address(), &command_line()).await;
    assert_eq!(refused.unwrap_err().code(), ADDRESS_NOT_PROVEN);
    assert_eq!(operators.role(&eve.subject).await.unwrap(), None);
    let nobody = GrantOperator {
        whom: "nobody@example.com".parse().unwrap(),
        role: Role::Admin,
    };
    let refused = operators.grant(nobody, &command_line()).await;
    assert_eq!(refused.unwrap_err().code(), ACCOUNT_NOT_FOUND);
    let accounts = &world.app.accounts;
    let again = ResendVerification {
        email: Some("ada@example.com".parse().unwrap()),
        sign_up_id: None,
    };
    accounts.resend_verification(again, &home()).await.unwrap();
    let command = VerifyEmail {
        email: Some("ada@example.com".parse().unwrap()),
        sign_up_id: None,
        code: secret(&world.code_to("ada@example.com").await),
        password: None,
    };
    accounts.verify_email(command, &home()).await.unwrap();
    let view = operators.grant(by_address(), &command_line()).await.unwrap();
    assert_eq!(
        (view.user_sub, view.role, view.has_factor),
        (eve.subject, Role::Admin, false)
    );
}

#[tokio::test]
async fn what_operators_do_stands_in_their_history_and_in_that_of_whom_it_concerns() {
    let world = world().await;
    let ada = person(&world, "ada@example.com").await;
    let session = signed_in(&world, &ada).await;
    let subject = session.subject().clone();
    for role in [Role::Viewer, Role::Viewer, Role::Admin] {
        grant(&world, &subject, role).await;
        world.wait(1);
    }
    let operator = authorized(&world, &session, Role::Admin).await.unwrap();
    let listed = world.app.operators.list_for(&operator).await.unwrap().operators;
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].role, listed[0].has_factor), (Role::Admin, true));
    let other = person(&world, "grace@example.com").await.who.subject;
    let event = crate::services::audit::Event::success(
        crate::foundation::event_kind::EventKind::new("operator_test", "Something."),
        &session.source,
    );
    world
        .app
        .operators
        .record(&operator, Some(&other), &event)
        .await
        .unwrap();
    revoke(&world, &subject).await;
    let told = |entries: Vec<Entry>| -> Vec<String> {
        let told = |entry: &Entry| format!("{} {} {:?}", entry.event, entry.user_agent, entry.details);
        entries.iter().map(told).collect()
    };
    let command = "portcullis operators grant";
    assert_eq!(
        told(history(&world, &subject).await),
        [
            format!(r#"operator_grant {command} {{"role": "viewer"}}"#),
            format!(r#"operator_grant {command} {{"former_role": "viewer", "role": "admin"}}"#),
            r#"operators_list test browser {"role": "admin"}"#.to_owned(),
            format!(r#"operator_test test browser {{"concerned": "{other}", "role": "admin"}}"#),
            format!(r#"operator_revoke {command} {{"former_role": "admin"}}"#),
        ]
    );
    assert_eq!(
        told(history(&world, &other).await),
        [format!(
            r#"operator_test test browser {{"operator": "{subject}", "role": "admin"}}"#
        )]
    );
}

#[tokio::test]
async fn a_revocation_of_nobody_is_told_and_the_number_of_operators_is_bounded() {
    let world = world().await;
    let operators = &world.app.operators;
    let nobody = Named::Subject(Subject::parse("usr_nobody").unwrap());
    let refused = operators.revoke(&nobody, &command_line()).await.unwrap_err();
    assert_eq!(refused.code(), NOT_AN_OPERATOR);
    for number in 0..200 {
        grant(
            &world,
            &Subject::parse(&format!("usr_{number}")).unwrap(),
            Role::Viewer,
        )
        .await;
    }
    let one_more = GrantOperator {
        whom: nobody,
        role: Role::Viewer,
    };
    let refused = operators.grant(one_more, &command_line()).await.unwrap_err();
    assert_eq!(refused.code(), OPERATOR_LIMIT);
    // Another role for somebody who is one already is none more.
    grant(&world, &Subject::parse("usr_7").unwrap(), Role::Admin).await;
    let listed = operators.list().await.unwrap().operators;
    assert_eq!((listed.len(), listed[0].user_sub.as_str()), (200, "usr_7"));
}
