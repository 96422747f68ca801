//! The keys of an account, and the scopes that keys can have.

use futures_util::future::{try_join, try_join_all};
use portcullis_ports::identity::Subject;
use portcullis_ports::{Result, Timestamp};

use super::records::{AccountKeys, ApiKey};
use super::usage::LastUse;
use super::views::Standing;
use super::{
    ApiKeyId, ApiKeyList, ApiKeyStatus, ApiKeyView, ApiKeys, ScopeList, ScopeName, ScopeView, scopes,
};
use crate::areas::sessions::SignedIn;

impl ApiKeys {
    /// The keys of an account, also those that ended a short while ago.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn list(&self, who: &SignedIn) -> Result<ApiKeyList> {
        let subject = who.subject();
        let held = self.held(subject).await?.value;
        let now = self.context.now();
        let kept = held.keys.iter().filter(|key| key.is_kept(now));
        let reads = kept.map(|key| self.with_last_use(subject, &key.id));
        let found = try_join_all(reads).await?;
        let mut keys: Vec<(ApiKey, Option<LastUse>)> = found.into_iter().flatten().collect();
        keys.sort_by(|(a, _), (b, _)| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        let lost = self.epochs.uses_lost_at().await?;
        let views = keys
            .iter()
            .map(|(key, used)| self.seen(key, used.as_ref(), &held, lost));
        Ok(ApiKeyList {
            keys: views.collect(),
        })
    }

    async fn with_last_use(
        &self,
        subject: &Subject,
        id: &ApiKeyId,
    ) -> Result<Option<(ApiKey, Option<LastUse>)>> {
        let (keys, last_uses) = (self.context.table::<ApiKey>(), self.context.table::<LastUse>());
        let sort = LastUse::sort(id);
        let key = keys.find(id.as_str(), ApiKey::SORT);
        let (key, used) = try_join(key, last_uses.find(subject.as_str(), &sort)).await?;
        Ok(key.map(|key| (key.value, used.map(|used| used.value))))
    }

    /// A key as its owner sees it.
    pub(super) async fn view(&self, key: &ApiKey) -> Result<ApiKeyView> {
        let held = self.held(&key.subject).await?.value;
        let lost = self.epochs.uses_lost_at().await?;
        let table = self.context.table::<LastUse>();
        let sort = LastUse::sort(&key.id);
        let used = table.find(key.subject.as_str(), &sort).await?;
        Ok(self.seen(key, used.as_deref(), &held, lost))
    }

    fn seen(
        &self,
        key: &ApiKey,
        used: Option<&LastUse>,
        held: &AccountKeys,
        lost: Option<Timestamp>,
    ) -> ApiKeyView {
        let now = self.context.now();
        let status = key.status(Some(held), now, lost);
        let with_all = held.all_revoked_at.filter(|at| key.created_at <= *at);
        let standing = Standing {
            status,
            revoked_at: key.revoked_at.or(with_all),
            now,
            most: (self.settings.rate_per_minute, self.settings.daily_quota),
        };
        debug_assert_eq!(status == ApiKeyStatus::Revoked, standing.revoked_at.is_some());
        ApiKeyView::of(key, used, &standing)
    }

    /// Every scope that somebody can give to a key.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn scopes(&self, subject: &Subject) -> Result<ScopeList> {
        let is_operator = self.operators.role(subject).await?.is_some();
        let own = self
            .scopes
            .iter()
            .filter(|scope| is_operator || **scope != scopes::VERIFY);
        let own = own.filter_map(|scope| {
            Some(ScopeView {
                name: ScopeName::parse(scope.name).ok()?,
                summary: Some(scope.summary.to_owned()),
            })
        });
        let of_application = self.settings.application_scopes.iter().map(|name| ScopeView {
            name: name.clone(),
            summary: None,
        });
        Ok(ScopeList {
            scopes: own.chain(of_application).collect(),
        })
    }
}
