//! Known devices: the steps that every test begins with.

mod strangers;
mod tokens;
mod trust;

use crate::areas::sessions::SignedIn;
use std::net::IpAddr;

use portcullis_ports::storage::RecordStore as _;

use crate::areas::accounts::{ChangePassword, SignIn, WRONG_CREDENTIALS};
use crate::areas::challenges::Started;
use crate::areas::challenges::{
    NameChallenge, Opened, Progress, StepUpPassword, UseRecoveryCode, VerifyTotp,
};
use crate::areas::factors::{AddTotp, RemoveTotp};
use crate::areas::password_recovery::{ConfirmRecovery, ProveTotp, StartRecovery, VerifyRecovery};
use crate::areas::sessions::Identified;
use crate::areas::sessions::Transport;
use crate::areas::sessions::{Granted, RevokeSession, StartSession};
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::proof::DEVICE_NOT_FOUND;
use crate::foundation::proof::WRONG_CODE;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::foundation::testing::Bearer;
use crate::foundation::testing::{PASSWORD, elsewhere, home, secret};
use crate::services::budgets::TOO_MANY_ATTEMPTS;
use crate::services::known_devices::*;
use crate::settings::Settings;
use crate::testing::{World, observed, world, world_with};
use portcullis_ports::Result;

const ADA: &str = "ada@example.com";

fn browser() -> StartSession {
    StartSession {
        transport: Transport::Cookie,
        remember_device: None,
    }
}

fn wrong(email: &str) -> SignIn {
    SignIn {
        email: email.parse().unwrap(),
        password: secret("not the password"),
    }
}

fn token(granted: &Granted) -> String {
    granted.device.as_ref().unwrap().expose().to_owned()
}

/// Somebody who gives the right password there.
async fn first_factor(world: &World, email: &str, source: &Source) -> Result<Identified> {
    let token = world.sign_in(email, source).await?;
    let bearer = Bearer(token.access_token);
    world.app.accounts.identify(&bearer, None, source).await
}

async fn start(world: &World, who: &Identified) -> Started {
    world.app.challenges.start(who, browser()).await.unwrap()
}

fn granted(started: Started) -> Granted {
    match started {
        Started::Granted(granted) => granted,
        Started::Challenged(_) => panic!("a factor is asked for"),
    }
}

fn challenged(started: Started) -> Opened {
    match started {
        Started::Challenged(opened) => opened,
        Started::Granted(_) => panic!("no factor is asked for"),
    }
}

async fn signed_in(world: &World, granted: &Granted, source: &Source) -> SignedIn {
    let credential = granted.credential.expose();
    world.app.sessions.resume(credential, None, source).await.unwrap()
}

/// Wrong passwords from many networks, until no stranger is listened to.
async fn guesses_of_strangers(world: &World, email: &str) {
    for network in 1..=25 {
        for _ in 0..4 {
            let guess = world
                .app
                .accounts
                .sign_in(wrong(email), &elsewhere(network))
                .await;
            assert_eq!(guess.unwrap_err().code(), WRONG_CREDENTIALS);
        }
    }
    let guess = world.app.accounts.sign_in(wrong(email), &elsewhere(26)).await;
    assert_eq!(guess.unwrap_err().code(), TOO_MANY_ATTEMPTS);
}

/// Ada with an authenticator app, and the browser that she trusts.
struct Trusting {
    world: World,
    app: String,
    recovery_codes: Vec<String>,
    granted: Granted,
    token: String,
}

impl Trusting {
    async fn new(settings: Settings) -> Self {
        let world = Box::pin(world_with(settings)).await;
        let ada = world.sign_up(ADA).await;
        world.code_to(ADA).await;
        let session = world.session(&ada).await;
        let (app, recovery_codes) = world.enrol_totp(&session).await;
        world.wait(30);
        let opened = challenged(start(&world, &ada).await);
        let proven = prove(&world, &ada, &opened, &app, Some(true)).await.unwrap();
        let granted = proven.granted.unwrap();
        let token = token(&granted);
        Self {
            world,
            app,
            recovery_codes,
            granted,
            token,
        }
    }

    /// A sign-in with the password alone, and what the browser presents.
    async fn again(&self, presented: &str) -> Started {
        let source = elsewhere(7).presenting([presented]);
        let who = first_factor(&self.world, ADA, &source).await.unwrap();
        start(&self.world, &who).await
    }

    async fn session(&self) -> SignedIn {
        let source = home().presenting([self.token.as_str()]);
        signed_in(&self.world, &self.granted, &source).await
    }

    async fn listed(&self) -> Vec<KnownDeviceView> {
        let session = self.session().await;
        self.world
            .app
            .known_devices
            .list(session.subject(), &session.source)
            .await
            .unwrap()
            .devices
    }
}

async fn prove(
    world: &World,
    who: &Identified,
    opened: &Opened,
    app: &str,
    trust_device: Option<bool>,
) -> Result<Progress> {
    let command = VerifyTotp {
        challenge_id: secret(&opened.challenge_id),
        totp_code: secret(&world.totp(app)),
        trust_device,
    };
    world.app.challenges.verify_totp(who, command).await
}

/// Makes the address of the account proven, so that its factors count for a new password.
async fn prove_address(world: &World) {
    let mut batch = Batch::default();
    let directory = &world.app.accounts.directory;
    let account = directory
        .by_address(&ADA.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let proven = crate::services::directory::Account {
        email_verified_at: Some(world.app.clock().now()),
        ..account.value.clone()
    };
    batch.replace(&account, &proven).unwrap();
    world.app.context.commit(batch).await.unwrap();
}
