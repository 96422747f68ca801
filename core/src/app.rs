//! Opening an application over its ports.

use std::sync::Arc;

use portcullis_ports::connections::{Connection, Connections};
use portcullis_ports::identity::{Identity, IdentityProvider};
use portcullis_ports::notification::Channel;
use portcullis_ports::storage::Scan;
use portcullis_ports::{Clock, Entropy, Result};

use crate::areas::accounts::{Accounts, PasswordVerifier};
use crate::areas::challenges::{ChallengeStore, Challenges, Codes};
use crate::areas::enrolled_factors::EnrolledFactors;
use crate::areas::factors::Factors;
use crate::areas::password_recovery::PasswordRecovery;
use crate::areas::recovery_codes::RecoveryCodeStore;
use crate::areas::sessions::Sessions;
use crate::areas::step_up::StepUp;
use crate::areas::{collections, texts};
use crate::foundation::context::{Context, ContextParts};
use crate::foundation::guard::{GuardedIdentity, Guards};
use crate::foundation::texts::{TextError, TextFile, Texts};
use crate::services::Services;
use crate::services::audit::{Audit, Histories};
use crate::services::known_devices::KnownDevices;
use crate::services::outbox::Outbox;
use crate::services::sms_spend::SmsSpend;
use crate::services::suppressions::Suppressions;
use crate::services::webhooks::Webhooks;
use crate::settings::Settings;

/// The ports a deployment stands on.
pub struct Dependencies {
    /// The connected plugins.
    pub connections: Connections,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Where browsers reach the panel, as scheme, host and port; nothing where that is not known or there is none.
    pub panel: Option<String>,
    /// What is sent to people, compiled by [`compile_texts`].
    pub texts: Texts,
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
    pub recovery_codes: RecoveryCodeStore,
    /// Messages on their way.
    pub outbox: Outbox,
    /// Destinations that must not be written to.
    pub suppressions: Suppressions,
    /// The bill for text messages.
    pub sms_spend: SmsSpend,
    /// What vendors post.
    pub webhooks: Webhooks,
    /// Histories.
    pub audit: Audit,
    pub(crate) context: Arc<Context>,
    settings: Settings,
}

impl App {
    /// Opens the root secret and builds all areas.
    ///
    /// # Errors
    /// Whatever store or key manager answer.
    pub async fn open(dependencies: Dependencies, settings: Settings) -> Result<Self> {
        let connections = dependencies.connections.clone();
        let context = open_context(dependencies, &connections, &settings).await?;
        let Services {
            audit,
            epochs,
            known_devices: devices,
            budgets,
            directory,
            suppressions,
            sms_spend,
            outbox,
            webhooks,
            notifications,
        } = Services::open(&context, &connections, &settings.services())?;
        let sessions = Sessions::new(&context, &epochs, &audit, &budgets, &devices, &settings.sessions);
        let min_length = settings.accounts.password_min_length;
        let passwords = PasswordVerifier::new(&context, &directory, &budgets, &audit, min_length);
        let enrolled = EnrolledFactors::new(&context, &epochs);
        let recovery_codes = RecoveryCodeStore::new(&context, &epochs);
        let step_up = StepUp::new(
            &context,
            &sessions,
            &enrolled,
            &recovery_codes,
            settings.step_up_rules(),
        );
        let store = ChallengeStore::new(&context, &sessions, &settings.challenges);
        let codes = Codes::new(&context, &budgets, &outbox, &suppressions, &sms_spend);
        let factors = Factors {
            context: Arc::clone(&context),
            enrolled: enrolled.clone(),
            step_up: step_up.clone(),
            directory: directory.clone(),
            sessions: sessions.clone(),
            budgets: budgets.clone(),
            store: store.clone(),
            codes: codes.clone(),
            recovery: recovery_codes.clone(),
            audit: audit.clone(),
            notifications: notifications.clone(),
            devices: devices.clone(),
            settings: Arc::new(settings.factors.clone()),
        };
        let challenges = Challenges {
            context: Arc::clone(&context),
            store,
            codes,
            enrolled,
            step_up,
            recovery: recovery_codes.clone(),
            sessions: sessions.clone(),
            passwords: passwords.clone(),
            budgets: budgets.clone(),
            audit: audit.clone(),
            notifications: notifications.clone(),
            devices: devices.clone(),
            require: settings.factors.require,
            recovery_lifetime: settings.accounts.recovery_lifetime.get(),
        };
        let accounts = Accounts {
            context: Arc::clone(&context),
            directory,
            passwords,
            budgets,
            audit: audit.clone(),
            outbox: outbox.clone(),
            suppressions: suppressions.clone(),
            notifications,
            sessions: sessions.clone(),
            others: guarded_identity(&connections.many(), &context.guards),
            settings: Arc::new(settings.accounts.clone()),
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
            webhooks,
            audit,
            context,
            settings,
        })
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The time this deployment goes by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.context.clock
    }

    /// All histories; `scan` reads the store that this deployment uses.
    pub fn histories(&self, scan: Arc<dyn Scan>) -> Histories {
        Histories::new(&self.audit, scan)
    }

    /// Sets the gauges that follow from the time at which they are read.
    pub fn record_gauges(&self) {
        self.context.guards.record_circuits();
    }

    /// The channels that have a sender.
    pub fn channels(&self) -> Vec<Channel> {
        self.outbox.channels()
    }
}

/// The texts of all areas, with those of a deployment in place of those that are built in.
///
/// # Errors
/// Everything that is wrong with `files`.
pub fn compile_texts(files: &[TextFile], settings: &Settings) -> Result<Texts, Vec<TextError>> {
    let product = &settings.product;
    Texts::compile(texts(), files, product.language, &product.name)
}

/// What all areas stand on.
async fn open_context(
    dependencies: Dependencies,
    connections: &Connections,
    settings: &Settings,
) -> Result<Arc<Context>> {
    Context::open(ContextParts {
        connections,
        clock: dependencies.clock,
        entropy: dependencies.entropy,
        panel: dependencies.panel,
        texts: dependencies.texts,
        cached: settings.cache.records,
        collections: collections(),
    })
    .await
}

/// Other identity providers behind their guards.
fn guarded_identity(identity: &[&Connection<Identity>], guards: &Guards) -> Arc<[Arc<dyn IdentityProvider>]> {
    let guarded = |one: &&Connection<Identity>| {
        let (inner, guard) = (Arc::clone(&one.provider), guards.around(one));
        Arc::new(GuardedIdentity { inner, guard }) as Arc<_>
    };
    identity.iter().map(guarded).collect()
}
