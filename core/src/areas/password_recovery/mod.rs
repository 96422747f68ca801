//! A way back for whoever forgot the password: a code by mail, a factor on top, a new password.
//!
//! A start is answered before anything looks whether the address has an account: it stores a recovery and asks for a
//! mail, and `PasswordRecovery::work` decides whether there is anybody to write to. Many recoveries of one address
//! wait side by side, each with a handle that only its client holds and a code of its own, so that what a stranger
//! starts neither replaces nor uses up what the owner started.

mod code;
mod confirm;
mod dispatch;
mod events;
mod model;
mod proofs;
mod records;

use std::sync::Arc;

use portcullis_ports::contact::EmailAddress;
use portcullis_ports::notification::{Channel, Destination};
use portcullis_ports::{Result, id};

pub use model::{
    ConfirmRecovery, KnownByCode, ProveRecoveryCode, ProveSentCode, ProveTotp, RECOVERY_CODE_FIRST,
    RECOVERY_FACTOR_REQUIRED, RecoveryProgress, RecoveryStarted, SendRecoveryEmail, SendRecoverySms,
    StartRecovery, VerifyRecovery,
};
pub(crate) use records::{PASSWORD_RECOVERIES, PASSWORD_RECOVERY_QUEUE};
use records::{Recovery, Requested};

use crate::areas::accounts::{Accounts, PasswordVerifier};
use crate::areas::challenges::Challenges;
use crate::areas::enrolled_factors::EnrolledFactors;
use crate::areas::sessions::Sessions;
use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::fingerprint::fingerprint;
use crate::foundation::limit::Limit;
use crate::foundation::proof::CHALLENGE_ENDED;
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, Versioned};
use crate::services::audit::Audit;
use crate::services::budgets::{Budgets, TOO_MANY_ATTEMPTS, TOO_MANY_SENDS, Use};
use crate::services::directory::{Account, Directory};
use crate::services::known_devices::KnownDevices;
use crate::services::outbox::Outbox;
use crate::services::security_notifications::SecurityNotifications;
use crate::services::suppressions::Suppressions;
use dispatch::PASSWORD_RECOVERY;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        Family::new(
            PASSWORD_RECOVERIES,
            Personal::Expiring,
            &[shape::<Recovery>("recovery")],
        )
        .emptied(),
        Family::new(
            PASSWORD_RECOVERY_QUEUE,
            Personal::Expiring,
            &[shape::<Requested>("request")],
        )
        .emptied(),
    ],
    problems: &[RECOVERY_CODE_FIRST, RECOVERY_FACTOR_REQUIRED],
    texts: &[PASSWORD_RECOVERY],
    events: events::ALL,
    ..Area::EMPTY
};

/// What every handle begins with.
const HANDLE: &str = "chal";

/// Leads back into accounts whose password was forgotten.
#[derive(Clone)]
pub struct PasswordRecovery {
    context: Arc<Context>,
    accounts: Arc<Accounts>,
    directory: Directory,
    passwords: PasswordVerifier,
    budgets: Budgets,
    audit: Audit,
    outbox: Outbox,
    suppressions: Suppressions,
    notifications: SecurityNotifications,
    sessions: Sessions,
    enrolled: EnrolledFactors,
    devices: KnownDevices,
    challenges: Challenges,
}

/// How a request names its recovery.
#[derive(Clone, Copy)]
struct Named<'a> {
    handle: &'a str,
    username: Option<&'a EmailAddress>,
}

impl PasswordRecovery {
    pub(crate) fn new(accounts: &Accounts, challenges: &Challenges) -> Self {
        Self {
            context: Arc::clone(&accounts.context),
            accounts: Arc::new(accounts.clone()),
            directory: accounts.directory.clone(),
            passwords: accounts.passwords.clone(),
            budgets: accounts.budgets.clone(),
            audit: accounts.audit.clone(),
            outbox: accounts.outbox.clone(),
            suppressions: accounts.suppressions.clone(),
            notifications: accounts.notifications.clone(),
            sessions: accounts.sessions.clone(),
            enrolled: challenges.enrolled.clone(),
            devices: challenges.devices.clone(),
            challenges: challenges.clone(),
        }
    }

    /// Starts a recovery. Answer and work are the same for every address, whether or not it has an account, and whether
    /// or not a mail can be sent to it.
    ///
    /// # Errors
    /// `channel-unavailable` where no mail can be sent at all, `too-many-sends` by what this network asked for itself.
    pub async fn start(&self, command: StartRecovery, source: &Source) -> Result<RecoveryStarted> {
        self.outbox.require(Channel::Email)?;
        let email = command.username;
        let limits = self.budgets.settings();
        let network = source.network();
        let of = [network.as_str(), email.as_str()];
        let uses = [
            Use {
                name: "recovery-source",
                of: &of[..1],
                limit: limits.recovery_per_source,
            },
            Use {
                name: "recovery-interval",
                of: &of,
                limit: Limit::new(1, limits.send_interval),
            },
            Use {
                name: "recovery-address",
                of: &of,
                limit: limits.sends_per_destination,
            },
        ];
        let handle = id::random(HANDLE, self.context.entropy.as_ref())?;
        let now = self.context.now();
        let expires_at = now + self.accounts.settings.recovery_lifetime.get();
        let recovery = Recovery {
            id_hash: fingerprint(&handle),
            email: email.clone(),
            mac: None,
            attempts: 0,
            proven_at: None,
            epoch: self.sessions.deployment_epoch().await?,
            created_at: now,
            expires_at,
        };
        let requested = Requested {
            id_hash: recovery.id_hash.clone(),
            ip: source.ip.to_string(),
            user_agent: source.user_agent.to_string(),
            devices: source.devices.to_vec(),
            languages: source.languages,
            at: now,
            expires_at,
        };
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                batch.insert(&recovery)?;
                batch.insert(&requested)?;
                batch.wake(dispatch::QUEUE, now);
                self.budgets.take_in(&mut batch, TOO_MANY_SENDS, &uses).await?;
                self.context.commit(batch).await
            })
            .await?;
        Ok(RecoveryStarted {
            status: "ok".into(),
            delivery_medium: "EMAIL".into(),
            delivery_destination: Destination::Email(email).masked(),
            challenge_id: handle.into(),
            required_factors: Vec::new(),
            expires_at: expires_at.seconds(),
            retry_after: limits.send_interval.get().as_secs(),
        })
    }

    /// Counts a request that names a recovery, whatever comes of it.
    async fn count(&self, source: &Source) -> Result<()> {
        let network = source.network();
        let uses = [Use {
            name: "recovery-answers",
            of: &[&network],
            limit: self.budgets.settings().sign_in_per_source,
        }];
        self.budgets.take(TOO_MANY_ATTEMPTS, &uses).await
    }

    /// The recovery of a handle, with or without an account behind it.
    ///
    /// # Errors
    /// `challenge-ended` if there is none, if the epoch of everybody ended since it was started, or if another address is
    /// named with it.
    async fn find(&self, named: Named<'_>) -> Result<Versioned<Recovery>> {
        let ended = || CHALLENGE_ENDED.error();
        if !id::well_formed(HANDLE, named.handle) {
            return Err(ended());
        }
        let found = self.stored(&fingerprint(named.handle)).await?.ok_or_else(ended)?;
        if named.username.is_some_and(|username| *username != found.email)
            || found.epoch != self.sessions.deployment_epoch().await?
        {
            return Err(ended());
        }
        Ok(found)
    }

    async fn stored(&self, id_hash: &str) -> Result<Option<Versioned<Recovery>>> {
        self.context
            .table::<Recovery>()
            .find(id_hash, Recovery::SORT)
            .await
    }

    /// The account that a recovery leads to.
    ///
    /// # Errors
    /// `challenge-ended` if there is none, or a recovery of it was completed since this one was started.
    async fn account(&self, recovery: &Recovery) -> Result<Versioned<Account>> {
        let account = self.directory.by_address(&recovery.email).await?;
        account
            .filter(|account| account.recovered_at.is_none_or(|at| at < recovery.created_at))
            .ok_or_else(|| CHALLENGE_ENDED.error())
    }
}
