//! Which scopes somebody may grant to a key, and who answers for those that operators alone grant.

use portcullis_ports::Result;

use super::model::MOST_SCOPES;
use super::{ApiKeys, SCOPE_FOR_OPERATORS, ScopeName, scopes};
use crate::areas::operators::{NOT_AN_OPERATOR, Operator, Role};
use crate::areas::sessions::SignedIn;
use crate::foundation::input::refused;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

fn is_for_operators(scope: &str) -> bool {
    scope == scopes::VERIFY.name
}

impl ApiKeys {
    /// The scopes that are asked for, each once.
    ///
    /// # Errors
    /// `invalid-request` for one that there is not.
    pub(super) fn asked_scopes(&self, asked: &[ScopeName]) -> Result<Vec<String>> {
        if asked.len() > MOST_SCOPES {
            return Err(refused(
                "/scopes",
                &format!("at most {MOST_SCOPES} scopes are expected"),
            ));
        }
        let applications = &self.settings.application_scopes;
        for (at, scope) in asked.iter().enumerate() {
            let known = self.scopes.iter().any(|known| known.name == scope.as_str());
            if !known && !applications.contains(scope) {
                return Err(refused(
                    &format!("/scopes/{at}"),
                    "one of the scopes that GET /ui/api_keys/scopes lists is expected",
                ));
            }
        }
        let mut scopes: Vec<String> = asked.iter().map(ToString::to_string).collect();
        scopes.sort_unstable();
        scopes.dedup();
        Ok(scopes)
    }

    /// Whoever grants these scopes, as an operator if one of them needs that.
    ///
    /// # Errors
    /// `scope-for-operators`, `operator-factor-required`, `step-up-required`.
    pub(super) async fn grantor<'a>(
        &self,
        who: &SignedIn,
        scopes: impl IntoIterator<Item = &'a String>,
    ) -> Result<Option<Operator>> {
        if !scopes.into_iter().any(|scope| is_for_operators(scope)) {
            return Ok(None);
        }
        match self.operators.authorize(who.clone(), Role::Viewer).await {
            Err(error) if error.code() == NOT_AN_OPERATOR => Err(SCOPE_FOR_OPERATORS.error()),
            authorized => authorized.map(Some),
        }
    }

    /// Refuses a scope that operators alone grant to whoever is none. One that the key has already needs no more than that.
    ///
    /// # Errors
    /// `scope-for-operators`.
    pub(super) async fn require_role(&self, who: &SignedIn, scopes: &[String]) -> Result<()> {
        let needed = scopes.iter().any(|scope| is_for_operators(scope));
        if needed && self.operators.role(who.subject()).await?.is_none() {
            return Err(SCOPE_FOR_OPERATORS.error());
        }
        Ok(())
    }

    /// Adds what was done to the history of the owner, with the role in which an operator did it.
    pub(super) async fn tell(
        &self,
        batch: &mut Batch,
        who: &SignedIn,
        grantor: Option<&Operator>,
        event: Event<'_>,
    ) -> Result<()> {
        match grantor {
            Some(operator) => self.operators.append(batch, operator, None, &event).await,
            None => self.audit.append(batch, who.subject(), &[event]).await,
        }
    }
}
