//! Rules in the store, and the looks at them that are planned.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use portcullis_ports::storage::Range;
use portcullis_ports::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::model::AutopayId;
use super::records::Rule;
use super::run::AUTOPAY;
use crate::areas::payments::AutopaySettings;
use crate::foundation::context::Context;
use crate::foundation::table::{Batch, Slot, Versioned};
use crate::services::audit::Audit;
use crate::services::owner_mail::OwnerMail;
use crate::services::tasks::Tasks;

/// The most rules that are listed: there are no more currencies.
const MOST: usize = 200;

/// Which rule a task is about; its id is that of the rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Looked {
    pub(super) subject: Subject,
    pub(super) currency: Currency,
}

/// What rules stand on, below payments: whoever posts and whoever pays tells them.
#[derive(Clone)]
pub(crate) struct AutopayRules {
    pub(super) context: Arc<Context>,
    pub(super) tasks: Tasks,
    pub(super) audit: Audit,
    pub(super) mail: OwnerMail,
    pub(super) settings: AutopaySettings,
}

impl AutopayRules {
    pub(crate) fn new(
        context: &Arc<Context>,
        (tasks, audit): (&Tasks, &Audit),
        mail: &OwnerMail,
        settings: &AutopaySettings,
    ) -> Self {
        Self {
            context: Arc::clone(context),
            tasks: tasks.clone(),
            audit: audit.clone(),
            mail: mail.clone(),
            settings: settings.clone(),
        }
    }

    pub(super) fn notice(&self) -> Duration {
        self.settings.notice.get()
    }

    pub(super) async fn find(
        &self,
        subject: &Subject,
        currency: Currency,
    ) -> Result<Option<Versioned<Rule>>> {
        let rules = self.context.table::<Rule>();
        rules.find(subject.as_str(), &Rule::sort(currency)).await
    }

    pub(super) async fn all(&self, subject: &Subject) -> Result<Vec<Versioned<Rule>>> {
        let rules = self.context.table::<Rule>();
        let range = Range::Prefix(Rule::PREFIX.to_owned());
        let (rules, _) = rules.page(subject.as_str(), range, MOST, None).await?;
        Ok(rules)
    }

    /// As it will be once the batch is done, if there is one.
    pub(super) async fn found(
        &self,
        batch: &Batch,
        subject: &Subject,
        currency: Currency,
    ) -> Result<Option<Slot<Rule>>> {
        let rules = self.context.table::<Rule>();
        rules
            .found_in(batch, subject.as_str(), &Rule::sort(currency))
            .await
    }

    /// As it will be once the batch is done; one that was never turned on where there is none.
    pub(super) async fn slot(
        &self,
        batch: &Batch,
        subject: &Subject,
        currency: Currency,
    ) -> Result<Slot<Rule>> {
        let now = self.context.now();
        let id = AutopayId::time_ordered(now, self.context.entropy.as_ref())?;
        let none = || Rule::none(subject, currency, id, now);
        let rules = self.context.table::<Rule>();
        rules
            .slot_in(batch, subject.as_str(), &Rule::sort(currency), none)
            .await
    }

    /// Adds to a commit that a rule is looked at by then. A commit that says so already says it best.
    pub(super) async fn look_at(&self, batch: &mut Batch, rule: &Rule, due: Timestamp) -> Result<()> {
        let id = rule.id.as_str();
        if Tasks::is_changed_in(batch, &AUTOPAY, id) || self.tasks.move_in(batch, &AUTOPAY, id, due).await? {
            return Ok(());
        }
        let looked = Looked {
            subject: rule.subject.clone(),
            currency: rule.currency,
        };
        self.tasks.plan(batch, &AUTOPAY, id, due, &looked).await.map(drop)
    }
}
