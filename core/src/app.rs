//! The list of areas, and the opening of an application over its ports.

use std::sync::Arc;

use portcullis_ports::identity::IdentityProvider;
use portcullis_ports::keys::KeyManager;
use portcullis_ports::notification::Channel;
use portcullis_ports::passwords::PasswordHasher;
use portcullis_ports::storage::{Collection, RecordStore, Scan};
use portcullis_ports::{Clock, Code, Entropy, Result};

use crate::areas::access;
use crate::areas::accounts::{self, Accounts, Directory, PasswordDesk};
use crate::areas::challenges::{self, ChallengeStore, Challenges, Codes};
use crate::areas::factors::{self, EnrolledFactors, Factors};
use crate::areas::known_devices::{self, KnownDevices};
use crate::areas::password_recovery::{self, PasswordRecovery};
use crate::areas::recovery_codes::{self, RecoveryDesk};
use crate::areas::sessions::{self, Sessions};
use crate::foundation::cache::{self, Cache};
use crate::foundation::context::Context;
use crate::foundation::guard::{self, Guard, GuardedIdentity, GuardedKeys, PORT_LIMIT};
use crate::foundation::keyring::{self, Keyring};
use crate::foundation::links::Links;
use crate::foundation::subject_locks::SubjectLocks;
use crate::services::audit::{self, Audit, Histories};
use crate::services::budgets::{self, Budgets};
use crate::services::epochs::{self, Epochs};
use crate::services::notices::Notices;
use crate::services::outbox::{self, NamedSender, Outbox};
use crate::services::sms_spend::{self, SmsSpend};
use crate::services::suppressions::{self, Suppressions};
use crate::settings::Settings;
use event_listener::Event;

/// The ports a deployment stands on.
pub struct Dependencies {
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
    pub(crate) context: Arc<Context>,
}

impl App {
    /// Opens the root secret and builds all areas.
    ///
    /// # Errors
    /// Whatever store or key manager answer.
    pub async fn open(dependencies: Dependencies, settings: Settings) -> Result<Self> {
        let Dependencies {
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
        } = dependencies;
        let guard = |port, limit, abreast| Guard::new(port, &clock, limit, abreast);
        let keys: Arc<dyn KeyManager> = Arc::new(GuardedKeys::new(keys, guard("keys", PORT_LIMIT, 64)));
        let named = (&store, store_name.as_str());
        let keyring = Keyring::open(named, keys.as_ref(), clock.as_ref(), entropy.as_ref()).await?;
        let cache = Cache::new(&store, &clock, shared, settings.cache.records);
        let context = Arc::new(Context {
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
        let audit = Audit::new(&context);
        let epochs = Epochs::new(&context);
        let devices = KnownDevices::new(&context, &epochs, &audit);
        let budgets = Budgets::new(&context, &devices);
        let directory = Directory::new(&context);
        let suppressions = Suppressions::new(&context);
        let sms_spend = SmsSpend::new(&context);
        let outbox = Outbox::new(&context, senders, &suppressions, &sms_spend);
        let notices = Notices::new(&context, &directory, &outbox);
        let sessions = Sessions::new(&context, &epochs, &audit, &budgets, &devices);
        let passwords = PasswordDesk::new(&context, &directory, &budgets, &audit);
        let enrolled = EnrolledFactors::new(&context);
        let recovery_codes = RecoveryDesk::new(&context, &epochs, &enrolled, &sessions, &audit, &notices);
        let store = ChallengeStore::new(&context, &sessions);
        let codes = Codes::new(&context, &budgets, &outbox, &suppressions, &sms_spend);
        let factors = Factors {
            context: Arc::clone(&context),
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
            context: Arc::clone(&context),
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
            context: Arc::clone(&context),
            directory,
            passwords,
            budgets,
            audit: audit.clone(),
            outbox: outbox.clone(),
            suppressions: suppressions.clone(),
            notices,
            sessions: sessions.clone(),
            others: guarded_identity(identity, &context.clock),
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
            context,
        })
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.context.settings
    }

    /// The time this deployment goes by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.context.clock
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
