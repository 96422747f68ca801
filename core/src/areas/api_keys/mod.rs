//! API keys: what programs of people prove with who they are, and what they may do.
//!
//! A key is one word with its id in front, so that a check is one read, and of its secret only a code is stored that cannot
//! be made without the root secret. Checks write nothing: uses are counted by leases that a node takes in advance, and what
//! is told of them is noted in memory and written down now and then.

mod actions;
mod alerts;
mod change;
mod check;
mod cidr;
mod create;
mod end;
mod events;
mod granted_scopes;
mod holder;
mod key_text;
mod leases;
mod limits;
mod list;
mod meters;
mod model;
mod networks;
mod notices;
mod records;
mod rotate;
mod scope_name;
pub mod scopes;
mod settings;
mod usage;
mod usage_log;
mod verify;
mod views;

use std::sync::Arc;

use alerts::KnownNetworks;
use portcullis_ports::identity::Subject;
use portcullis_ports::{Code, Kind, Result};

pub use cidr::Cidr;
pub use holder::{Asking, KeyHolder, Requester};
pub use key_text::{ApiKeyId, PREFIX};
use leases::Limits;
pub use limits::ApiKeyLimit;
pub use model::{
    ACCOUNT_CLOSED, API_KEY_ENDED, API_KEY_NOT_FOUND, API_KEY_OVERLAP, ApiKeyForm, ApiKeyNetworks,
    CreateApiKey, IssuedApiKey, RenameApiKey, RevokeApiKey, RotateApiKey, SCOPE_FOR_OPERATORS,
    SetApiKeyNetworks, SetApiKeyRules, TOO_MANY_API_KEYS,
};
pub(crate) use records::{ACCOUNT_API_KEYS, API_KEYS};
use records::{AccountKeys, ApiKey};
pub use scope_name::ScopeName;
pub use settings::Settings;
pub(crate) use usage::API_KEY_USES;
pub use usage::{ApiKeyUsage, MOST_DAYS, Outcome, ReadApiKeyUsage};
use usage_log::UsageLog;
pub use verify::{VerifiedApiKey, VerifyApiKey};
pub use views::{ApiKeyList, ApiKeyStatus, ApiKeyView, ScopeList, ScopeView};

use crate::areas::operators::Operators;
use crate::areas::sessions::Sessions;
use crate::areas::step_up::StepUp;
use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::scope::Scope;
use crate::foundation::table::{Slot, Versioned};
use crate::services::audit::Audit;
use crate::services::billing_freezes::BillingFreezes;
use crate::services::budgets::Budgets;
use crate::services::epochs::Epochs;
use crate::services::owner_mail::OwnerMail;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // Which keys are valid is said by the store that was in use, not by the backup.
        Family::new(
            ACCOUNT_API_KEYS,
            Personal::BySubject,
            &[shape::<AccountKeys>("keys")],
        )
        .taken_over(),
        Family::new(
            API_KEY_USES,
            Personal::BySubject,
            &[
                shape::<usage::LastUse>("last use"),
                shape::<usage::UsageDay>("day"),
                shape::<usage::KnownNetwork>("network"),
            ],
        ),
        Family::new(API_KEYS, Personal::Expiring, &[shape::<ApiKey>("key")]).taken_over(),
    ],
    problems: &[
        API_KEY_NOT_FOUND,
        API_KEY_ENDED,
        API_KEY_OVERLAP,
        API_KEY_SCOPE,
        API_KEY_NETWORK,
        API_KEY_FROZEN,
        API_KEY_LIMIT,
        TOO_MANY_API_KEYS,
        SCOPE_FOR_OPERATORS,
        ACCOUNT_CLOSED,
    ],
    texts: &[notices::NOTICE],
    events: events::ALL,
    actions: actions::ALL,
    meters: meters::ALL,
    scopes: scopes::ALL,
    ..Area::EMPTY
};

/// The key is good, and may not do this.
pub const API_KEY_SCOPE: Code = Code::new(
    "api-key-scope",
    Kind::Forbidden,
    "This API key may not do this: its owner can give it the scope.",
);
/// The key is good, and may not be used from there.
pub const API_KEY_NETWORK: Code = Code::new(
    "api-key-network",
    Kind::Forbidden,
    "This API key may not be used from this network.",
);
/// The key is good, and its account is frozen.
pub const API_KEY_FROZEN: Code = Code::new(
    "api-key-frozen",
    Kind::Forbidden,
    "The account of this API key is frozen. Ask whoever runs the service.",
);
/// The key is good, and was used too often.
pub const API_KEY_LIMIT: Code = Code::new(
    "api-key-limit",
    Kind::Limited,
    "This API key was used as often as it may be: please wait.",
);

/// What whoever shows a key may be told, besides that it is not valid.
pub const KEY_PROBLEMS: [Code; 4] = [API_KEY_SCOPE, API_KEY_NETWORK, API_KEY_FROZEN, API_KEY_LIMIT];

/// What this stands on.
pub(crate) struct Below<'a> {
    pub(crate) sessions: &'a Sessions,
    pub(crate) step_up: &'a StepUp,
    pub(crate) operators: &'a Operators,
    pub(crate) epochs: &'a Epochs,
    pub(crate) freezes: &'a BillingFreezes,
    pub(crate) budgets: &'a Budgets,
    pub(crate) audit: &'a Audit,
    pub(crate) mail: &'a OwnerMail,
    /// All there are.
    pub(crate) scopes: Vec<Scope>,
}

/// Makes, checks, lists and ends API keys.
#[derive(Clone)]
pub struct ApiKeys {
    context: Arc<Context>,
    sessions: Sessions,
    step_up: StepUp,
    operators: Operators,
    epochs: Epochs,
    freezes: BillingFreezes,
    budgets: Budgets,
    audit: Audit,
    mail: OwnerMail,
    limits: Limits,
    log: UsageLog,
    known_networks: KnownNetworks,
    scopes: Arc<[Scope]>,
    settings: Arc<Settings>,
}

impl ApiKeys {
    pub(crate) fn new(context: &Arc<Context>, below: Below<'_>, settings: &Settings) -> Self {
        Self {
            context: Arc::clone(context),
            sessions: below.sessions.clone(),
            step_up: below.step_up.clone(),
            operators: below.operators.clone(),
            epochs: below.epochs.clone(),
            freezes: below.freezes.clone(),
            budgets: below.budgets.clone(),
            audit: below.audit.clone(),
            mail: below.mail.clone(),
            limits: Limits::new(context, below.budgets),
            log: UsageLog::default(),
            known_networks: KnownNetworks::default(),
            scopes: below.scopes.into(),
            settings: Arc::new(settings.clone()),
        }
    }

    /// The code of a secret. The root secret is never rotated, and neither does a key end with a signing key.
    fn mac(&self, id: &str, secret: &str) -> Result<String> {
        self.context.keyring.pseudonym("api-key", &[id, secret])
    }

    /// The keys of an account, as the store has them now.
    async fn held(&self, subject: &Subject) -> Result<Slot<AccountKeys>> {
        let table = self.context.table::<AccountKeys>();
        let none = || AccountKeys::none(subject);
        table.slot(subject.as_str(), AccountKeys::SORT, none).await
    }

    /// A key of this account.
    ///
    /// # Errors
    /// `api-key-not-found`.
    async fn own(&self, subject: &Subject, id: &ApiKeyId) -> Result<Versioned<ApiKey>> {
        let table = self.context.table::<ApiKey>();
        let found = table.find(id.as_str(), ApiKey::SORT).await?;
        let own = found.filter(|key| key.subject == *subject);
        own.ok_or_else(|| API_KEY_NOT_FOUND.error())
    }
}
