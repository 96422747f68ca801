//! The use cases of Portcullis, one folder per area, over ports and nothing else.

pub mod access;
pub mod accounts;
pub mod audit;
pub mod budgets;
mod cache;
pub mod challenges;
mod day;
mod decoy;
mod deployment;
mod epochs;
pub mod factors;
pub mod former_keys;
pub mod guard;
pub mod input;
mod keyring;
pub mod known_devices;
mod links;
mod messages;
mod notices;
#[cfg(test)]
mod observed_store;
pub mod outbox;
pub mod password_recovery;
pub mod recovery_codes;
pub mod reencryption;
pub mod restoring;
pub mod sessions;
pub mod settings;
pub mod sms_spend;
pub mod store_copy;
mod subject_locks;
pub mod suppressions;
mod table;
#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod testing;

pub use keyring::{check_root_secret, is_unused};

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::identity::IdentityProvider;
use portcullis_ports::keys::KeyManager;
use portcullis_ports::notification::Channel;
use portcullis_ports::passwords::PasswordHasher;
use portcullis_ports::storage::{Collection, RecordStore, Scan};
use portcullis_ports::{Clock, Code, Entropy, Result};

use accounts::{Accounts, Directory, PasswordDesk};
use audit::{Audit, Histories};
use budgets::Budgets;
use cache::Cache;
use challenges::{ChallengeStore, Challenges, Codes};
use deployment::Deployment;
use epochs::Epochs;
use event_listener::Event;
use factors::{EnrolledFactors, Factors};
use guard::{Guard, GuardedIdentity, GuardedKeys};
use keyring::Keyring;
use known_devices::KnownDevices;
use links::Links;
use notices::Notices;
use outbox::{NamedSender, Outbox};
use password_recovery::PasswordRecovery;
use recovery_codes::RecoveryDesk;
use sessions::Sessions;
use settings::Settings;
use sms_spend::SmsSpend;
use subject_locks::SubjectLocks;
use suppressions::Suppressions;

/// The longest time one call of a key manager or an identity provider may take.
const PORT_LIMIT: Duration = Duration::from_secs(5);

/// The ports a deployment stands on.
pub struct Foundation {
    /// Where records are kept.
    pub store: Arc<dyn RecordStore>,
    /// What the operator calls the store, such as `store.main (embedded)`.
    pub store_name: String,
    /// Whether other processes use the same store.
    pub shared: bool,
    /// What seals secrets.
    pub keys: Arc<dyn KeyManager>,
    /// What hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Who else may say who somebody is, in order.
    pub identity: Vec<Arc<dyn IdentityProvider>>,
    /// Who sends messages, in order of preference.
    pub senders: Vec<NamedSender>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Where browsers reach the panel, as scheme, host and port; nothing where that is not known or there is none.
    pub panel: Option<String>,
}

/// All areas of one deployment.
pub struct App {
    /// Accounts and first factors.
    pub accounts: Accounts,
    /// Sessions.
    pub sessions: Sessions,
    /// Devices on which accounts signed in.
    pub known_devices: KnownDevices,
    /// Sign-in and step-up.
    pub challenges: Challenges,
    /// Second factors.
    pub factors: Factors,
    /// Forgotten passwords.
    pub password_recovery: PasswordRecovery,
    /// Recovery codes.
    pub recovery_codes: RecoveryDesk,
    /// Messages on their way.
    pub outbox: Outbox,
    /// Destinations that must not be written to.
    pub suppressions: Suppressions,
    /// The bill for text messages.
    pub sms_spend: SmsSpend,
    /// Histories.
    pub audit: Audit,
    deployment: Arc<Deployment>,
}

impl App {
    /// Opens the root secret and builds all areas.
    ///
    /// # Errors
    /// Whatever store or key manager answer.
    pub async fn open(foundation: Foundation, settings: Settings) -> Result<Self> {
        let Foundation {
            store,
            store_name,
            shared,
            keys,
            hasher,
            identity,
            senders,
            clock,
            entropy,
            panel,
        } = foundation;
        let guard = |port, limit, abreast| Guard::new(port, &clock, limit, abreast);
        let keys: Arc<dyn KeyManager> = Arc::new(GuardedKeys::new(keys, guard("keys", PORT_LIMIT, 64)));
        let named = (&store, store_name.as_str());
        let keyring = Keyring::open(named, keys.as_ref(), clock.as_ref(), entropy.as_ref()).await?;
        let cache = Cache::new(&store, &clock, shared, settings.cache.records);
        let deployment = Arc::new(Deployment {
            store,
            keys,
            hasher,
            clock,
            entropy,
            keyring,
            cache,
            settings,
            links: Links::new(panel),
            locks: SubjectLocks::new(),
            mail: [const { Event::new() }; 4],
        });
        let audit = Audit::new(&deployment);
        let epochs = Epochs::new(&deployment);
        let devices = KnownDevices::new(&deployment, &epochs, &audit);
        let budgets = Budgets::new(&deployment, &devices);
        let directory = Directory::new(&deployment);
        let suppressions = Suppressions::new(&deployment);
        let sms_spend = SmsSpend::new(&deployment);
        let outbox = Outbox::new(&deployment, senders, &suppressions, &sms_spend);
        let notices = Notices::new(&deployment, &directory, &outbox);
        let sessions = Sessions::new(&deployment, &epochs, &audit, &budgets, &devices);
        let passwords = PasswordDesk::new(&deployment, &directory, &budgets, &audit);
        let enrolled = EnrolledFactors::new(&deployment);
        let recovery_codes = RecoveryDesk::new(&deployment, &epochs, &enrolled, &sessions, &audit, &notices);
        let store = ChallengeStore::new(&deployment, &sessions);
        let codes = Codes::new(&deployment, &budgets, &outbox, &suppressions, &sms_spend);
        let factors = Factors {
            deployment: Arc::clone(&deployment),
            epochs: epochs.clone(),
            enrolled,
            directory: directory.clone(),
            sessions: sessions.clone(),
            budgets: budgets.clone(),
            store: store.clone(),
            codes: codes.clone(),
            recovery: recovery_codes.clone(),
            audit: audit.clone(),
            notices: notices.clone(),
            devices: devices.clone(),
        };
        let challenges = Challenges {
            deployment: Arc::clone(&deployment),
            store,
            codes,
            factors: factors.clone(),
            recovery: recovery_codes.clone(),
            sessions: sessions.clone(),
            passwords: passwords.clone(),
            budgets: budgets.clone(),
            audit: audit.clone(),
            notices: notices.clone(),
            devices: devices.clone(),
        };
        let accounts = Accounts {
            deployment: Arc::clone(&deployment),
            directory,
            passwords,
            budgets,
            audit: audit.clone(),
            outbox: outbox.clone(),
            suppressions: suppressions.clone(),
            notices,
            sessions: sessions.clone(),
            others: guarded_identity(identity, &deployment.clock),
        };
        Ok(Self {
            password_recovery: PasswordRecovery::new(&accounts, &challenges),
            accounts,
            sessions,
            known_devices: devices,
            challenges,
            factors,
            recovery_codes,
            outbox,
            suppressions,
            sms_spend,
            audit,
            deployment,
        })
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.deployment.settings
    }

    /// The time this deployment goes by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.deployment.clock
    }

    /// All histories; `scan` reads the store that this deployment uses.
    pub fn histories(&self, scan: Arc<dyn Scan>) -> Histories {
        Histories::new(&self.audit, scan)
    }

    /// The channels that have a sender.
    pub fn channels(&self) -> Vec<Channel> {
        self.outbox.channels()
    }
}

/// Other identity providers behind their guards.
fn guarded_identity(
    identity: Vec<Arc<dyn IdentityProvider>>,
    clock: &Arc<dyn Clock>,
) -> Arc<[Arc<dyn IdentityProvider>]> {
    let guarded = |inner| {
        let guard = Guard::new("identity", clock, PORT_LIMIT, 64);
        Arc::new(GuardedIdentity::new(inner, guard)) as Arc<_>
    };
    identity.into_iter().map(guarded).collect()
}

/// Every family of records, for tools that handle the store as a whole.
pub fn collections() -> Vec<Collection> {
    vec![
        accounts::ACCOUNTS,
        accounts::ADDRESS_CLAIMS,
        accounts::VERIFICATIONS,
        audit::AUDIT,
        budgets::BUDGETS,
        budgets::KNOWN_SOURCES,
        challenges::CHALLENGES,
        epochs::EPOCHS,
        factors::EMAIL,
        factors::SMS,
        factors::TOTP,
        keyring::KEYRING,
        known_devices::KNOWN_DEVICES,
        outbox::OUTBOX,
        outbox::OUTBOX_QUEUE,
        outbox::OUTBOX_RECEIPTS,
        password_recovery::PASSWORD_RECOVERIES,
        password_recovery::PASSWORD_RECOVERY_QUEUE,
        cache::CHANGES,
        recovery_codes::RECOVERY_CODES,
        sessions::ACCOUNT_SESSIONS,
        sessions::SESSIONS,
        sms_spend::SMS_SPEND,
        suppressions::SUPPRESSIONS,
    ]
}

/// Every problem the core and the ports can answer with, by name, for the reference.
pub fn problems() -> Vec<Code> {
    let mut codes = vec![
        access::STEP_UP_REQUIRED,
        accounts::EMAIL_NOT_VERIFIED,
        accounts::EMAIL_TAKEN,
        accounts::NO_PASSWORD,
        accounts::SIGN_UP_AMBIGUOUS,
        accounts::SIGN_UP_CLOSED,
        accounts::SIGN_UP_UNNAMED,
        accounts::WEAK_PASSWORD,
        accounts::WRONG_CREDENTIALS,
        budgets::TOO_MANY_ATTEMPTS,
        budgets::TOO_MANY_SENDS,
        challenges::CHALLENGE_ENDED,
        challenges::FACTOR_NOT_REQUIRED,
        challenges::NOTHING_SENT,
        challenges::WRONG_CODE,
        challenges::WRONG_PURPOSE,
        factors::DEVICE_EXISTS,
        factors::DEVICE_LIMIT,
        factors::DEVICE_NOT_FOUND,
        factors::NO_DEVICE,
        factors::NO_OTHER_PROOF,
        guard::IDENTITY_UNAVAILABLE,
        guard::WEBHOOK_UNAVAILABLE,
        outbox::CHANNEL_UNAVAILABLE,
        outbox::MESSAGE_NOT_FOUND,
        outbox::MESSAGE_EXPIRED,
        password_recovery::RECOVERY_CODE_FIRST,
        password_recovery::RECOVERY_FACTOR_REQUIRED,
        portcullis_ports::inbound::UNREADABLE,
        portcullis_ports::inbound::CERTIFICATE_UNAVAILABLE,
        portcullis_ports::inbound::NOT_CONFIRMED,
        portcullis_ports::passwords::HASHER_BUSY,
        sessions::CSRF,
        sessions::INVALID_CURSOR,
        sessions::SESSION_ENDED,
        sessions::SESSION_NOT_FOUND,
        sms_spend::SMS_DESTINATION_BLOCKED,
        sms_spend::SMS_SPEND_EXHAUSTED,
        suppressions::ADDRESS_SUPPRESSED,
        suppressions::SUPPRESSION_NOT_FOUND,
        portcullis_ports::error::INTERNAL,
        portcullis_ports::identity::UNAUTHENTICATED,
        portcullis_ports::inbound::NOT_VERIFIED,
        portcullis_ports::keys::KEYS_UNAVAILABLE,
        portcullis_ports::keys::NOT_OURS,
        portcullis_ports::storage::STORE_CONFLICT,
        portcullis_ports::storage::STORE_UNAVAILABLE,
    ];
    codes.sort_by_key(|code| code.name());
    codes
}
