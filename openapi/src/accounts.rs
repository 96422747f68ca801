//! Accounts: sign-up, the first factor, the password.

use std::sync::Arc;

use poem_openapi::OpenApi;
use portcullis_core::App;
use portcullis_core::accounts::{
    AccessToken, ChangePassword, PasswordChanged, ResendVerification, SignIn, SignUp, VerifyEmail,
};

use crate::answer::{Answer, Answered};
use crate::auth::{Anyone, LiveSession, SessionAlone};
use crate::body::Body;
use crate::dto::{Dispatched, Done, SignUpAnswer};
use crate::problem::Refusal;
use crate::tags::Tag;

pub(crate) struct AccountsApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(AccountsApi);

#[OpenApi(tag = "Tag::Accounts")]
impl AccountsApi {
    /// Create an account
    ///
    /// Answers with an access token, the proof of the first factor. Where addresses must be proven first, it answers
    /// with 202 for taken and free addresses alike, and the mail says how to go on: keep `sign_up_id` for that.
    #[oai(path = "/auth/sign-up", method = "post", operation_id = "sign_up")]
    async fn sign_up(&self, anyone: Anyone, body: Body<SignUp>) -> Result<SignUpAnswer, Refusal<SignUp>> {
        Ok(self.app.accounts.sign_up(body.0, &anyone.source).await?.into())
    }

    /// Prove the first factor
    ///
    /// The access token is short-lived and opaque. Go on with `POST /ui/session/start`. Where addresses must be proven
    /// first, the right password of a sign-up that still waits is answered with `email-not-verified` and its `sign_up_id`.
    #[oai(path = "/auth/sign-in", method = "post", operation_id = "sign_in")]
    async fn sign_in(&self, anyone: Anyone, body: Body<SignIn>) -> Answered<AccessToken, SignIn> {
        Ok(Answer(self.app.accounts.sign_in(body.0, &anyone.source).await?))
    }

    /// Prove an e-mail address
    ///
    /// Takes the six digits from the verification mail. They prove one sign-up: the one that `sign_up_id` names, or the
    /// only one that waits at the address. An account that claimed the address and never proved it gives way, with all
    /// that was set up in it.
    #[oai(path = "/auth/verify-email", method = "post", operation_id = "verify_email")]
    async fn verify_email(&self, anyone: Anyone, body: Body<VerifyEmail>) -> Answered<Done, VerifyEmail> {
        self.app.accounts.verify_email(body.0, &anyone.source).await?;
        Ok(Answer(Done::OK))
    }

    /// Send the verification mail again
    ///
    /// With `sign_up_id` for that sign-up. With the address alone it answers the same whether or not a mail is sent.
    #[oai(
        path = "/auth/verify-email/resend",
        method = "post",
        operation_id = "resend_verification"
    )]
    async fn resend_verification(
        &self,
        anyone: Anyone,
        body: Body<ResendVerification>,
    ) -> Answered<Dispatched, ResendVerification> {
        self.app
            .accounts
            .resend_verification(body.0, &anyone.source)
            .await?;
        Ok(Answer(Dispatched::SENT))
    }

    /// Change the password
    ///
    /// Ends all other sessions of the account, and all access tokens given out before; the answer holds a new one.
    #[oai(
        path = "/auth/password/change",
        method = "post",
        operation_id = "change_password"
    )]
    async fn change_password(
        &self,
        session: LiveSession,
        body: Body<ChangePassword>,
    ) -> Answered<PasswordChanged, ChangePassword> {
        Ok(Answer(
            self.app.accounts.change_password(&session.who, body.0).await?,
        ))
    }

    /// Get a new access token
    ///
    /// For a client whose session lives on while its access token has expired.
    #[oai(path = "/auth/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(&self, session: SessionAlone) -> Answered<AccessToken> {
        Ok(Answer(self.app.accounts.refresh(&session.who).await?))
    }
}
