//! What an intruder with a session, the password, or a factor of before can do against a recovery: nothing.

use portcullis_ports::Span;

use super::tests::*;
use super::*;
use crate::access::{Identified, SignedIn};
use crate::accounts::{ChangePassword, SignUp, SignedUp};
use crate::challenges::{NameChallenge, SendEmailCode, UseRecoveryCode, VerifyCode, VerifyTotp, WRONG_CODE};
use crate::factors::{AddEmail, AddTotp, ConfirmTotp, FactorKind, RemoveTotp, Requirement};
use crate::sessions::{EndReason, ListSessions, StartSession, Started};
use crate::settings::Settings;
use crate::testing::{PASSWORD, World, elsewhere, home, secret, world, world_with};

/// Somebody with an authenticator app and a recovery whose code is proven: secret of the app, recovery codes, handle,
/// code.
struct Recovering {
    session: SignedIn,
    who: Identified,
    app: String,
    codes: Vec<String>,
    handle: String,
    code: String,
}

impl World {
    async fn recovering(&self) -> Recovering {
        let (who, session) = self.proven(ADA).await;
        let (app, codes) = self.enrol_totp(&session).await;
        self.wait(31);
        let handle = self.started(ADA).await;
        let code = self.newest_code(ADA).await;
        let progress = self.verify(&handle, &code).await.unwrap();
        assert_eq!(progress.remaining, [FactorKind::Totp]);
        Recovering {
            session,
            who,
            app,
            codes,
            handle,
            code,
        }
    }

    async fn recovery_by_code(&self, handle: &str, code: &str) -> Result<RecoveryProgress> {
        let command = ProveRecoveryCode {
            username: None,
            challenge_id: secret(handle),
            factor: FactorKind::Totp,
            recovery_code: secret(code),
        };
        self.app
            .password_recovery
            .prove_recovery_code(command, &home())
            .await
    }

    async fn second_app(&self, session: &SignedIn) -> (portcullis_ports::id::DeviceId, String) {
        let begun = self
            .app
            .factors
            .add_totp(session, AddTotp::default())
            .await
            .unwrap();
        let command = ConfirmTotp {
            device_id: begun.device_id.clone(),
            totp_code: secret(&self.totp(&begun.secret)),
        };
        self.app.factors.confirm_totp(session, command).await.unwrap();
        self.wait(31);
        (begun.device_id, begun.secret)
    }

    async fn remove_app(&self, session: &SignedIn, id: portcullis_ports::id::DeviceId) {
        let command = RemoveTotp {
            totp_code: None,
            recovery_code: None,
        };
        self.app.factors.remove_totp(session, id, command).await.unwrap();
    }
}

#[tokio::test]
async fn ends_of_sessions_by_others_end_no_recovery() {
    let world = world().await;
    let open = world.recovering().await;
    world.app.sessions.revoke_others(&open.session).await.unwrap();
    world.verify(&open.handle, &open.code).await.unwrap();
    let wrong = world.recovery_totp(&open.handle, "000000").await.unwrap_err();
    assert_eq!(wrong.code(), WRONG_CODE);
    let missing = world.confirm(&open.handle, &open.code, NEW).await.unwrap_err();
    assert_eq!(missing.code(), RECOVERY_FACTOR_REQUIRED);
    world
        .recovery_totp(&open.handle, &world.totp(&open.app))
        .await
        .unwrap();
    let command = ChangePassword {
        current_password: secret(PASSWORD),
        new_password: secret("meadow-anvil-quartz"),
    };
    world
        .app
        .accounts
        .change_password(&open.session, command)
        .await
        .unwrap();
    world
        .app
        .sessions
        .end_all_at_once(&open.who.subject, EndReason::Revoked)
        .await
        .unwrap();
    assert!(
        world.verify(&open.handle, &open.code).await.unwrap().complete,
        "what was proven stays proven"
    );
    world.confirm(&open.handle, &open.code, NEW).await.unwrap();
    assert!(world.signs_in_with(ADA, NEW).await);
}

#[tokio::test]
async fn the_end_of_everything_ends_recoveries_and_a_new_one_works() {
    let world = world().await;
    let open = world.recovering().await;
    let deployment = &world.app.deployment;
    let mut batch = Batch::default();
    let parts = (&deployment.store, deployment.now(), deployment.entropy.as_ref());
    crate::epochs::Epochs::end_everybody_in(&mut batch, parts, EndReason::BackupRestored, false)
        .await
        .unwrap();
    deployment.commit(batch).await.unwrap();
    world.wait(31);
    let totp = world.totp(&open.app);
    for ended in [
        world.verify(&open.handle, &open.code).await.err(),
        world.recovery_totp(&open.handle, &totp).await.err(),
        world.confirm(&open.handle, &open.code, NEW).await.err(),
    ] {
        assert_eq!(ended.unwrap().code(), CHALLENGE_ENDED);
    }
    let handle = world.started(ADA).await;
    let code = world.newest_code(ADA).await;
    world.verify(&handle, &code).await.unwrap();
    world.recovery_totp(&handle, &totp).await.unwrap();
    world.confirm(&handle, &code, NEW).await.unwrap();
}

#[tokio::test]
async fn a_proof_of_a_device_is_void_once_the_device_is_removed() {
    let world = world().await;
    let open = world.recovering().await;
    let (stolen, secret_of_stolen) = world.second_app(&open.session).await;
    let proven = world
        .recovery_totp(&open.handle, &world.totp(&secret_of_stolen))
        .await;
    assert!(proven.unwrap().complete);
    world.remove_app(&open.session, stolen).await;
    let refused = world.confirm(&open.handle, &open.code, NEW).await.unwrap_err();
    assert_eq!(refused.code(), RECOVERY_FACTOR_REQUIRED);
    let progress = world.verify(&open.handle, &open.code).await.unwrap();
    assert_eq!(progress.remaining, [FactorKind::Totp], "it is asked for again");
    world.wait(31);
    world
        .recovery_totp(&open.handle, &world.totp(&open.app))
        .await
        .unwrap();
    world.confirm(&open.handle, &open.code, NEW).await.unwrap();
}

#[tokio::test]
async fn a_removal_in_the_middle_of_a_confirmation_wins_or_comes_too_late() {
    for round in 0..8 {
        let world = world().await;
        let open = world.recovering().await;
        let (stolen, secret_of_stolen) = world.second_app(&open.session).await;
        let code = world.totp(&secret_of_stolen);
        world.recovery_totp(&open.handle, &code).await.unwrap();
        let remove = async {
            for _ in 0..round {
                tokio::task::yield_now().await;
            }
            let command = RemoveTotp {
                totp_code: None,
                recovery_code: None,
            };
            world
                .app
                .factors
                .remove_totp(&open.session, stolen.clone(), command)
                .await
        };
        let confirm = world.confirm(&open.handle, &open.code, NEW);
        let (removed, confirmed) = futures_util::join!(remove, confirm);
        assert!(
            removed.is_err() || confirmed.is_err(),
            "{removed:?} {confirmed:?}"
        );
    }
}

#[tokio::test]
async fn a_proof_by_recovery_code_is_void_once_its_set_is_replaced() {
    let world = world().await;
    let open = world.recovering().await;
    assert!(
        world
            .recovery_by_code(&open.handle, &open.codes[0])
            .await
            .unwrap()
            .complete
    );
    let fresh = world
        .app
        .recovery_codes
        .regenerate(&open.session, FactorKind::Totp)
        .await
        .unwrap();
    let refused = world.confirm(&open.handle, &open.code, NEW).await.unwrap_err();
    assert_eq!(refused.code(), RECOVERY_FACTOR_REQUIRED);
    world
        .recovery_by_code(&open.handle, &fresh.recovery_codes[0])
        .await
        .unwrap();
    world.confirm(&open.handle, &open.code, NEW).await.unwrap();
}

#[tokio::test]
async fn a_sign_in_is_not_completed_by_the_proof_of_a_removed_device() {
    let mut settings = Settings::default();
    settings.factors.require = Requirement::All;
    let world = world_with(settings).await;
    let (who, session) = world.proven(ADA).await;
    let (app, codes) = world.enrol_totp(&session).await;
    world.wait(31);
    let (stolen, secret_of_stolen) = world.second_app(&session).await;
    let added = world.add_contact(&session, "second@example.com").await;
    let by_app = |challenge_id: &str, code: String| VerifyTotp {
        challenge_id: secret(challenge_id),
        totp_code: secret(&code),
    };
    let by_mail = async |challenge_id: &str| {
        let command = SendEmailCode {
            challenge_id: secret(challenge_id),
            email_device_id: Some(added.clone()),
        };
        world.app.challenges.send_email(&who, command).await.unwrap();
        let command = VerifyCode {
            challenge_id: secret(challenge_id),
            code: secret(&world.newest_code("second@example.com").await),
        };
        world.app.challenges.verify_email(&who, command).await.unwrap()
    };
    let challenge = world.challenge(&who).await.challenge_id;
    let proof = by_app(&challenge, world.totp(&secret_of_stolen));
    world.app.challenges.verify_totp(&who, proof).await.unwrap();
    world.remove_app(&session, stolen).await;
    let progress = by_mail(&challenge).await;
    assert!(progress.granted.is_none());
    assert_eq!(progress.remaining, [FactorKind::Totp]);
    world.wait(31);
    let proof = by_app(&challenge, world.totp(&app));
    let progress = world.app.challenges.verify_totp(&who, proof).await.unwrap();
    assert!(progress.granted.is_some());

    let challenge = world.challenge(&who).await.challenge_id;
    let command = UseRecoveryCode {
        challenge_id: secret(&challenge),
        recovery_code: secret(&codes[0]),
    };
    world
        .app
        .challenges
        .use_recovery_code(&who, FactorKind::Totp, command)
        .await
        .unwrap();
    world
        .app
        .recovery_codes
        .regenerate(&session, FactorKind::Totp)
        .await
        .unwrap();
    let progress = by_mail(&challenge).await;
    assert!(progress.granted.is_none(), "nor by a code of a replaced set");
}

impl World {
    async fn add_contact(&self, session: &SignedIn, email: &str) -> portcullis_ports::id::DeviceId {
        let command = AddEmail {
            email: email.parse().unwrap(),
            label: None,
        };
        let begun = self.app.factors.add_email(session, command).await.unwrap();
        let command = VerifyCode {
            challenge_id: secret(&begun.challenge_id),
            code: secret(&self.newest_code(email).await),
        };
        self.app.factors.confirm_email(session, command).await.unwrap();
        self.wait(31);
        let roster = &self.app.factors.roster;
        let devices = roster
            .enabled_contacts(session.subject(), FactorKind::Email)
            .await;
        let mut devices = devices.unwrap().into_iter();
        devices
            .find(|device| device.destination.address() == email)
            .unwrap()
            .id
    }
}

#[tokio::test]
async fn nothing_of_a_claimant_is_left_to_who_proves_the_address() {
    let world = world().await;
    let command = SignUp {
        email: ADA.parse().unwrap(),
        password: secret(PASSWORD),
        display_name: Some("Harbour Lamp Thistle".parse().unwrap()),
    };
    let SignedUp::Account(token) = world.app.accounts.sign_up(command, &home()).await.unwrap() else {
        unreachable!("open sign-up makes an account")
    };
    let claimant = world.identified(&token).await;
    let session = world.session(&claimant).await;
    let view = world.app.accounts.view(&claimant.subject).await.unwrap().unwrap();
    let sign_up_id = view.sign_up_id.unwrap();
    world.newest_to(ADA).await;
    world.wait(31);
    let started = world.start(ADA, &elsewhere(9)).await.unwrap().challenge_id;
    let code = world.newest_code(ADA).await;
    // The name that the claimant chose does not weaken the password of the owner.
    let command = ConfirmRecovery {
        username: None,
        challenge_id: secret(&started),
        confirmation_code: secret(&code),
        new_password: secret(NEW),
    };
    world
        .app
        .password_recovery
        .confirm(command, &elsewhere(9))
        .await
        .unwrap();
    let account = world
        .app
        .accounts
        .directory
        .by_address(&ADA.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_ne!(account.subject, claimant.subject);
    assert!(account.email_verified_at.is_some());
    assert_eq!(account.display_name, None);
    let gone = world
        .app
        .accounts
        .directory
        .account(&claimant.subject)
        .await
        .unwrap();
    assert!(gone.is_none());
    let budgets = &world.app.accounts.budgets;
    let known = budgets.knows(&account.subject, &home()).await.unwrap();
    assert_eq!(
        known,
        crate::budgets::Standing::Unknown,
        "the networks of the claimant"
    );
    let known = budgets.knows(&account.subject, &elsewhere(9)).await.unwrap();
    assert_eq!(known, crate::budgets::Standing::Network);
    let sent = world.mails_to(ADA).await;
    world.wait(31);
    let resend = crate::accounts::ResendVerification {
        email: None,
        sign_up_id: Some(secret(&sign_up_id)),
    };
    let over = world
        .app
        .accounts
        .resend_verification(resend, &home())
        .await
        .unwrap_err();
    assert_eq!(over.code(), CHALLENGE_ENDED);
    assert_eq!(world.mails_to(ADA).await, sent);
    let over = world
        .app
        .sessions
        .again(&session.session.id, "x", session_transport());
    assert_eq!(over.await.err().unwrap().code(), crate::sessions::SESSION_ENDED);
    let command = crate::accounts::SignIn {
        email: ADA.parse().unwrap(),
        password: secret(NEW),
    };
    let token = world.app.accounts.sign_in(command, &home()).await.unwrap();
    let owner = world.session(&world.identified(&token).await).await;
    let listed = world
        .app
        .sessions
        .list(&owner, &ListSessions::default())
        .await
        .unwrap();
    assert_eq!(listed.sessions.len(), 1, "only the session of the owner");
}

#[tokio::test]
async fn a_sign_up_that_waits_for_a_claimant_who_gave_way_sends_no_mail() {
    let world = world().await;
    let claimant = world.sign_up(ADA).await;
    let view = world.app.accounts.view(&claimant.subject).await.unwrap().unwrap();
    let sign_up_id = view.sign_up_id.unwrap();
    world.wait(31);
    let handle = world.started(ADA).await;
    let code = world.newest_code(ADA).await;
    let resend = async || {
        let command = crate::accounts::ResendVerification {
            email: None,
            sign_up_id: Some(secret(&sign_up_id)),
        };
        world.app.accounts.resend_verification(command, &home()).await
    };
    let (_, confirmed) = futures_util::join!(resend(), world.confirm(&handle, &code, NEW));
    confirmed.unwrap();
    world.wait(31);
    let over = resend().await.unwrap_err();
    assert_eq!(over.code(), CHALLENGE_ENDED, "whichever of them was faster");
}

#[tokio::test]
async fn mails_of_sign_ups_use_up_no_mail_of_a_recovery() {
    let mut settings = Settings::default();
    settings.budgets.anonymous_sends_in_total = Limit::new(6, Span::hours(1));
    settings.budgets.anonymous_sends_per_source = Limit::new(6, Span::hours(1));
    settings.accounts.sign_up = crate::settings::SignUp::Verified;
    let world = world_with(settings).await;
    let command = |email: &str| SignUp {
        email: email.parse().unwrap(),
        password: secret(PASSWORD),
        display_name: None,
    };
    world.app.accounts.sign_up(command(ADA), &home()).await.unwrap();
    let verify = crate::accounts::VerifyEmail {
        email: Some(ADA.parse().unwrap()),
        sign_up_id: None,
        password: None,
        code: secret(&world.newest_code(ADA).await),
    };
    world.app.accounts.verify_email(verify, &home()).await.unwrap();
    let mut refused = 0;
    for number in 0..8 {
        let email = format!("somebody{number}@example.com");
        let done = world.app.accounts.sign_up(command(&email), &elsewhere(7)).await;
        refused += usize::from(done.is_err());
    }
    assert!(refused > 0, "sign-ups have used up what they share");
    let before = world.mails_to(ADA).await;
    world.start(ADA, &elsewhere(7)).await.unwrap();
    assert_eq!(world.mails_to(ADA).await, before + 1, "the network of the flood");
    world.wait(31);
    world.start(ADA, &elsewhere(8)).await.unwrap();
    assert_eq!(world.mails_to(ADA).await, before + 2, "any other network");
}

#[tokio::test]
async fn answers_at_sign_in_use_up_no_answer_of_a_recovery() {
    let mut settings = Settings::default();
    settings.budgets.attempts_from_unknown = Limit::new(8, Span::hours(1));
    let world = world_with(settings).await;
    let open = world.recovering().await;
    let Started::Challenged(sign_in) = world
        .app
        .challenges
        .start(&open.who, StartSession::default())
        .await
        .unwrap()
    else {
        unreachable!("a factor is enrolled")
    };
    for _ in 0..9 {
        let command = VerifyTotp {
            challenge_id: secret(&sign_in.challenge_id),
            totp_code: secret("000000"),
        };
        world
            .app
            .challenges
            .verify_totp(&open.who, command)
            .await
            .unwrap_err();
        let command = UseRecoveryCode {
            challenge_id: secret(&sign_in.challenge_id),
            recovery_code: secret("none"),
        };
        let used = world
            .app
            .challenges
            .use_recovery_code(&open.who, FactorKind::Totp, command);
        used.await.unwrap_err();
    }
    let wrong = world.recovery_by_code(&open.handle, "none").await.unwrap_err();
    assert_eq!(wrong.code(), WRONG_CODE);
    assert!(
        world
            .recovery_totp(&open.handle, &world.totp(&open.app))
            .await
            .unwrap()
            .complete
    );
    let name = NameChallenge {
        challenge_id: secret(&sign_in.challenge_id),
    };
    let progress = world.app.challenges.finalize(&open.who, name).await.unwrap();
    assert!(progress.granted.is_none());
}

#[tokio::test]
async fn a_recovery_takes_so_many_answers_and_a_right_one_brings_none_back() {
    let world = world().await;
    let open = world.recovering().await;
    let most = world.app.settings().budgets.attempts.most;
    for _ in 1..most {
        let wrong = world.recovery_totp(&open.handle, "000000").await.unwrap_err();
        assert_eq!(wrong.code(), WRONG_CODE);
    }
    world
        .recovery_totp(&open.handle, &world.totp(&open.app))
        .await
        .unwrap();
    world.wait(31);
    let refused = world
        .recovery_totp(&open.handle, &world.totp(&open.app))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), TOO_MANY_ATTEMPTS);
    let other = world.started(ADA).await;
    let code = world.newest_code(ADA).await;
    world.verify(&other, &code).await.unwrap();
    world.recovery_totp(&other, &world.totp(&open.app)).await.unwrap();
    world.confirm(&other, &code, NEW).await.unwrap();
}

#[tokio::test]
async fn codes_sent_at_sign_in_use_up_no_code_of_a_recovery() {
    let mut settings = Settings::default();
    settings.budgets.sends_per_destination = Limit::new(3, Span::hours(1));
    settings.budgets.sends_per_account = Limit::new(4, Span::hours(1));
    settings.budgets.sends_in_total = Limit::new(3, Span::hours(1));
    settings.factors.require = Requirement::All;
    let world = world_with(settings).await;
    let (who, session) = world.proven(ADA).await;
    world.add_contact(&session, "second@example.com").await;
    let sign_in = world.challenge(&who).await.challenge_id;
    let mut refused = 0;
    for _ in 0..5 {
        let command = SendEmailCode {
            challenge_id: secret(&sign_in),
            email_device_id: None,
        };
        let sent = world.app.challenges.send_email(&who, command).await;
        refused += usize::from(sent.is_err());
        world.wait(31);
    }
    assert!(refused > 0, "the codes of sign-ins are used up");
    let handle = world.start(ADA, &elsewhere(8)).await.unwrap().challenge_id;
    let code = world.newest_code(ADA).await;
    world.verify(&handle, &code).await.unwrap();
    let ask = async || {
        let command = SendRecoveryEmail {
            username: None,
            challenge_id: secret(&handle),
            email_device_id: None,
        };
        world.app.password_recovery.send_email(command, &home()).await
    };
    ask().await.unwrap();
    let command = ProveSentCode {
        username: None,
        challenge_id: secret(&handle),
        code: secret(&world.newest_code("second@example.com").await),
    };
    let recovery = &world.app.password_recovery;
    recovery
        .prove_sent(FactorKind::Email, command, &home())
        .await
        .unwrap();
    for _ in 0..2 {
        world.wait(31);
        ask().await.unwrap();
    }
    world.wait(31);
    assert_eq!(
        ask().await.err().unwrap().code(),
        TOO_MANY_SENDS,
        "bounded as well"
    );
    world.confirm(&handle, &code, NEW).await.unwrap();
}
