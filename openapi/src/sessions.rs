//! Sessions: start, look, list, end.

use std::sync::Arc;

use poem_openapi::OpenApi;
use portcullis_core::App;
use portcullis_core::challenges::NameChallenge;
use portcullis_core::sessions::{ListSessions, PageCursor, RevokeSession, SessionList, StartSession};

use crate::answer::{Answer, Answered, WithCookie};
use crate::auth::{FirstFactor, LiveSession, SessionToEnd};
use crate::body::Body;
use crate::cookie::Changes;
use crate::dto::{Done, Finalized, Me, RevokedOthers, SessionStarted};
use crate::problem::Refusal;
use crate::query::Query;
use crate::tags::Tag;

pub(crate) struct SessionsApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(SessionsApi);

#[OpenApi(tag = "Tag::Sessions")]
impl SessionsApi {
    /// Start a session
    ///
    /// Without enrolled factors, or on a device that its owner trusts, the session begins at once. Otherwise the answer names a challenge: prove as many of
    /// the required factors as `factors_needed` says, through `/ui/mfa/…`; the last proof answers with the session.
    #[oai(path = "/ui/session/start", method = "post", operation_id = "start_session")]
    async fn start(
        &self,
        asking: FirstFactor,
        body: Body<StartSession>,
    ) -> Result<WithCookie<SessionStarted>, Refusal<StartSession>> {
        Ok(self.app.challenges.start(&asking.who, body.0).await?.into())
    }

    /// Complete a sign-in
    ///
    /// Says where a challenge stands, and answers with the session once enough is proven. The last proof does the
    /// same, so that only a client that missed its answer or was loaded anew needs this.
    #[oai(
        path = "/ui/session/finalize",
        method = "post",
        operation_id = "finalize_session"
    )]
    async fn finalize(
        &self,
        asking: FirstFactor,
        body: Body<NameChallenge>,
    ) -> Result<WithCookie<Finalized>, Refusal<NameChallenge>> {
        Ok(self.app.challenges.finalize(&asking.who, body.0).await?.into())
    }

    /// Who am I?
    ///
    /// The account, its factors, and how long the session lasts. Browsers that use the session cookie also get the
    /// CSRF token that everything else asks for.
    #[oai(path = "/ui/me", method = "get", operation_id = "me")]
    async fn me(&self, session: LiveSession) -> Answered<Me> {
        Ok(Answer(Me::read(&self.app, &session).await?))
    }

    /// List the sessions of the account
    ///
    /// Newest first, ended ones included until they are forgotten, in pages of up to 100.
    #[oai(path = "/ui/sessions", method = "get", operation_id = "list_sessions")]
    async fn list(
        &self,
        session: LiveSession,
        /// Behind which session to go on, as given by the page before.
        cursor: Query<Option<PageCursor>>,
        /// How many sessions at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<usize>>,
    ) -> Answered<SessionList, ListSessions> {
        let page = ListSessions {
            cursor: cursor.0,
            limit: limit.0,
        };
        Ok(Answer(self.app.sessions.list(&session.who, &page).await?))
    }

    /// End one session
    ///
    /// It is not accepted any more as soon as this is answered, nor is what grew from it: its access tokens, and sessions
    /// that were started with them. Ending an ended session changes nothing.
    #[oai(
        path = "/ui/sessions/revoke",
        method = "post",
        operation_id = "revoke_session"
    )]
    async fn revoke(&self, session: LiveSession, body: Body<RevokeSession>) -> Answered<Done, RevokeSession> {
        self.app.sessions.revoke(&session.who, body.0).await?;
        Ok(Answer(Done::OK))
    }

    /// End all other sessions
    ///
    /// The one that asks goes on. All access tokens are refused from now on, except beside it.
    #[oai(
        path = "/ui/sessions/revoke_others",
        method = "post",
        operation_id = "revoke_other_sessions"
    )]
    async fn revoke_others(&self, session: LiveSession) -> Answered<RevokedOthers> {
        Ok(Answer(RevokedOthers::new(
            self.app.sessions.revoke_others(&session.who).await?,
        )))
    }

    /// Sign out
    ///
    /// Ends the session that asks, with all that grew from it, and clears the session cookie. A session that is over
    /// already is answered alike. The device stays known.
    #[oai(path = "/auth/sign-out", method = "post", operation_id = "sign_out")]
    async fn sign_out(&self, session: SessionToEnd) -> Result<WithCookie<Done>, Refusal> {
        if let Some(who) = &session.who {
            self.app.sessions.end(who).await?;
        }
        Ok(WithCookie::new(Done::OK, Changes::clear()))
    }
}
