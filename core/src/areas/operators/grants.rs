//! Granting, revoking and listing.

use std::cmp::Reverse;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::identity::Subject;

use super::events::{OPERATOR_GRANT, OPERATOR_REVOKE, OPERATORS_LIST};
use super::model::MOST;
use super::records::Grant;
use super::{
    ACCOUNT_NOT_FOUND, ADDRESS_NOT_PROVEN, GrantOperator, NOT_AN_OPERATOR, Named, OPERATOR_LIMIT, Operator,
    OperatorList, OperatorView, Operators,
};
use crate::foundation::account_erasure::AccountErasure;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

#[async_trait]
impl AccountErasure for Operators {
    /// Takes the role away, if there is one.
    async fn erase(&self, subject: &Subject, source: &Source) -> Result<()> {
        match self.revoke(&Named::Subject(subject.clone()), source).await {
            Err(error) if error.code() != NOT_AN_OPERATOR => Err(error),
            _ => Ok(()),
        }
    }
}

impl Operators {
    /// Makes somebody an operator, or changes the role of one. Every node knows within a second.
    ///
    /// # Errors
    /// `account-not-found`, `address-not-proven`, `operator-limit`.
    pub async fn grant(&self, command: GrantOperator, source: &Source) -> Result<OperatorView> {
        let subject = self.subject_of(&command.whom).await?;
        let role = command.role;
        let granted = self
            .context
            .retried(|| async {
                let (mut batch, now) = (Batch::default(), self.context.now());
                let new = || Grant {
                    subject: subject.clone(),
                    role,
                    granted_at: now,
                };
                let grants = self.context.table::<Grant>();
                let mut grant = grants.slot(Grant::PARTITION, subject.as_str(), new).await?;
                if grant.is_new() && grants.all(Grant::PARTITION).await?.len() >= MOST {
                    return Err(OPERATOR_LIMIT.error());
                }
                if !grant.is_new() && grant.value.role == role {
                    return Ok(grant.value);
                }
                let mut event = Event::success(OPERATOR_GRANT, source).with("role", role.as_str());
                if !grant.is_new() {
                    event = event.with("former_role", grant.value.role.as_str());
                }
                (grant.value.role, grant.value.granted_at) = (role, now);
                batch.save(&grant)?;
                self.audit.append(&mut batch, &subject, &[event]).await?;
                self.context.commit(batch).await?;
                Ok(grant.value)
            })
            .await?;
        self.view(&granted).await
    }

    /// Takes the role of an operator away. Every node knows within a second. Gives whose it was.
    ///
    /// # Errors
    /// `not-an-operator`; `account-not-found` for an address that is nobody's.
    pub async fn revoke(&self, whom: &Named, source: &Source) -> Result<Subject> {
        let subject = match whom {
            Named::Subject(subject) => subject.clone(),
            // Whoever lost an address is an operator still, and can be revoked by subject.
            Named::Address(address) => self.owner(address).await?.0,
        };
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                let grants = self.context.table::<Grant>();
                let Some(grant) = grants.find(Grant::PARTITION, subject.as_str()).await? else {
                    return Err(NOT_AN_OPERATOR.with_detail(format!("{subject} is no operator.")));
                };
                batch.remove(&grant);
                let event = Event::success(OPERATOR_REVOKE, source).with("former_role", grant.role.as_str());
                self.audit.append(&mut batch, &subject, &[event]).await?;
                self.context.commit(batch).await
            })
            .await?;
        Ok(subject)
    }

    /// Everybody who is an operator, the strongest role first.
    pub async fn list(&self) -> Result<OperatorList> {
        let grants = self.context.table::<Grant>().all(Grant::PARTITION).await?;
        let mut operators = Vec::with_capacity(grants.len());
        for grant in grants {
            operators.push(self.view(&grant).await?);
        }
        operators.sort_by_key(|operator| Reverse(operator.role));
        Ok(OperatorList { operators })
    }

    /// The same for an operator, which stands in their history.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn list_for(&self, operator: &Operator) -> Result<OperatorList> {
        let event = Event::success(OPERATORS_LIST, &operator.who.source);
        self.record(operator, None, &event).await?;
        self.list().await
    }

    async fn view(&self, grant: &Grant) -> Result<OperatorView> {
        let account = self.directory.recent(&grant.subject).await?;
        Ok(OperatorView {
            user_sub: grant.subject.clone(),
            email: account.map(|account| account.email.clone()),
            role: grant.role,
            granted_at: grant.granted_at.seconds(),
            has_factor: !self.enrolled.recent_kinds(&grant.subject).await?.is_empty(),
        })
    }

    /// Whom a grant means. Who only claims an address gets nothing that is meant for its owner.
    async fn subject_of(&self, whom: &Named) -> Result<Subject> {
        match whom {
            Named::Subject(subject) => Ok(subject.clone()),
            Named::Address(address) => match self.owner(address).await? {
                (subject, true) => Ok(subject),
                (_, false) => Err(ADDRESS_NOT_PROVEN.error()),
            },
        }
    }

    /// Who has an address, and whether they proved it.
    async fn owner(&self, address: &EmailAddress) -> Result<(Subject, bool)> {
        let claimed = self.directory.claimed(address).await?;
        let account = claimed.and_then(|claimed| {
            let proven = claimed.is_proven();
            claimed.account.map(|account| (account.value.subject, proven))
        });
        account.ok_or_else(|| ACCOUNT_NOT_FOUND.error())
    }
}
