//! What an intruder with a session, the password, or a factor of before can do against a recovery: nothing.

mod another_node;
mod counters;
mod removed_factors;

use portcullis_ports::{Result, Span};

use super::*;
use crate::areas::accounts::{ChangePassword, SignUp, SignedUp};
use crate::areas::challenges::{
    NameChallenge, SendEmailCode, Started, UseRecoveryCode, VerifyCode, VerifyTotp,
};
use crate::areas::factors::{AddEmail, AddTotp, ConfirmTotp, RemoveTotp};
use crate::areas::password_recovery::*;
use crate::areas::sessions::{Identified, ListSessions, SignedIn, StartSession};
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::limit::Limit;
use crate::foundation::proof::{CHALLENGE_ENDED, WRONG_CODE};
use crate::foundation::requirement::Requirement;
use crate::foundation::table::Batch;
use crate::foundation::testing::{PASSWORD, elsewhere, home, secret};
use crate::services::budgets::{TOO_MANY_ATTEMPTS, TOO_MANY_SENDS};
use crate::services::epochs::EndReason;
use crate::settings::Settings;
use crate::testing::{World, world, world_with};

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
        let enrolled = &self.app.factors.enrolled;
        let devices = enrolled
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
    let context = &world.app.context;
    let mut batch = Batch::default();
    let parts = (&context.store, context.now(), context.entropy.as_ref());
    crate::services::epochs::Epochs::end_everybody_in(&mut batch, parts, EndReason::BackupRestored, false)
        .await
        .unwrap();
    context.commit(batch).await.unwrap();
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
        transport: session_transport(),
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
        crate::services::budgets::Standing::Unknown,
        "the networks of the claimant"
    );
    let known = budgets.knows(&account.subject, &elsewhere(9)).await.unwrap();
    assert_eq!(known, crate::services::budgets::Standing::Network);
    let sent = world.mails_to(ADA).await;
    world.wait(31);
    let resend = crate::areas::accounts::ResendVerification {
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
        .again(&session.session.id, &["x".to_owned()], session_transport(), None)
        .await;
    assert_eq!(over.err().unwrap().code(), crate::areas::sessions::SESSION_ENDED);
    let command = crate::areas::accounts::SignIn {
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
        let command = crate::areas::accounts::ResendVerification {
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
