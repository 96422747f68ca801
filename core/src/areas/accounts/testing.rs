//! The test bed of accounts: they over sessions and the services, and what people do with an account alone.

use std::sync::Arc;

use portcullis_ports::Result;
use portcullis_ports::notification::Message;

use super::{AccessToken, Accounts, PasswordVerifier, Settings, SignIn, SignUp, SignedUp};
use crate::areas::sessions::testing::{begun, opened, resumed};
use crate::areas::sessions::{self, Identified, Sessions, SignedIn};
use crate::foundation::source::Source;
use crate::foundation::testing::{Bearer, Node, Observed, PASSWORD, home, secret};
use crate::services::testing::{Bed, BedSettings, Office, bed_on, code_in, newest_to};

/// The settings of a bed.
#[derive(Clone, Default)]
pub(super) struct AccountsSettings {
    pub(super) accounts: Settings,
    pub(super) services: BedSettings,
}

/// Accounts, and nothing that stands on them.
pub(super) struct AccountsBed {
    pub(super) accounts: Accounts,
    pub(super) sessions: Sessions,
    pub(super) base: Bed,
}

pub(super) async fn accounts() -> AccountsBed {
    accounts_with(AccountsSettings::default()).await
}

pub(super) async fn accounts_with(settings: AccountsSettings) -> AccountsBed {
    accounts_on(Node::default(), settings).await
}

/// Accounts, and what they ask the store.
pub(super) async fn observed(settings: AccountsSettings) -> (AccountsBed, Arc<Observed>) {
    let (node, observed) = Node::observed();
    (accounts_on(node, settings).await, observed)
}

async fn accounts_on(node: Node, settings: AccountsSettings) -> AccountsBed {
    let node = Node {
        areas: &[&sessions::AREA, &super::AREA],
        ..node
    };
    let base = bed_on(&node, settings.services, vec![Office::new("main")]).await;
    let (context, services) = (&base.context, &base.services);
    let sessions = opened(&base, &sessions::Settings::default());
    let passwords = PasswordVerifier::new(
        context,
        &services.directory,
        &services.budgets,
        &services.audit,
        settings.accounts.password_min_length,
    );
    let accounts = Accounts {
        context: Arc::clone(context),
        directory: services.directory.clone(),
        passwords,
        budgets: services.budgets.clone(),
        audit: services.audit.clone(),
        outbox: services.outbox.clone(),
        suppressions: services.suppressions.clone(),
        notifications: services.notifications.clone(),
        sessions: sessions.clone(),
        others: Arc::from([]),
        settings: Arc::new(settings.accounts),
    };
    AccountsBed {
        accounts,
        sessions,
        base,
    }
}

/// A new account that has just given its password.
pub(crate) async fn signed_up(accounts: &Accounts, email: &str) -> Identified {
    let command = SignUp {
        email: email.parse().unwrap(),
        password: secret(PASSWORD),
        display_name: None,
    };
    match accounts.sign_up(command, &home()).await.unwrap() {
        SignedUp::Account(token) => identified(accounts, &token).await,
        SignedUp::VerificationSent { .. } => unreachable!("open sign-up makes an account"),
    }
}

pub(crate) async fn signed_in(accounts: &Accounts, email: &str, source: &Source) -> Result<AccessToken> {
    let command = SignIn {
        email: email.parse().unwrap(),
        password: secret(PASSWORD),
    };
    accounts.sign_in(command, source).await
}

pub(crate) async fn identified(accounts: &Accounts, token: &AccessToken) -> Identified {
    let token = Bearer(token.access_token.clone());
    accounts.identify(&token, None, &home()).await.unwrap()
}

impl AccountsBed {
    pub(super) fn wait(&self, seconds: u64) {
        self.base.wait(seconds);
    }

    pub(super) async fn sign_up(&self, email: &str) -> Identified {
        signed_up(&self.accounts, email).await
    }

    pub(super) async fn sign_in(&self, email: &str, source: &Source) -> Result<AccessToken> {
        signed_in(&self.accounts, email, source).await
    }

    /// A session of somebody who needs no other factor.
    pub(super) async fn session(&self, who: &Identified) -> SignedIn {
        let granted = begun(&self.base, &self.sessions, who).await.unwrap();
        resumed(&self.sessions, &granted).await
    }

    pub(super) async fn newest_to(&self, address: &str) -> Message {
        newest_to(&self.base.services.outbox, &self.base.post, address).await
    }

    pub(super) async fn code_to(&self, address: &str) -> String {
        code_in(&self.newest_to(address).await)
    }
}
