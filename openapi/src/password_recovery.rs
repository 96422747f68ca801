//! Password recovery: a new password for whoever forgot theirs.

use std::sync::Arc;

use poem_openapi::OpenApi;
use portcullis_core::App;
use portcullis_core::challenges::CodesSent;
use portcullis_core::factors::FactorKind;
use portcullis_core::password_recovery::{
    ConfirmRecovery, ProveRecoveryCode, ProveSentCode, ProveTotp, RecoveryStarted, SendRecoveryEmail,
    SendRecoverySms, StartRecovery, VerifyRecovery,
};

use crate::answer::{Answer, Answered, WithCookie};
use crate::auth::Anyone;
use crate::body::Body;
use crate::dto::{PasswordSet, RecoveryStanding};
use crate::problem::Refusal;
use crate::tags::Tag;

pub(crate) struct PasswordRecoveryApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(PasswordRecoveryApi);

#[OpenApi(prefix_path = "/ui/password-recovery", tag = "Tag::PasswordRecovery")]
impl PasswordRecoveryApi {
    /// Ask for a new password
    ///
    /// Answers the same for every address. If it has an account, a mail with a code and a link is sent to it; the link
    /// opens a recovery of its own, with the `challenge_id` and the `code` in its fragment. Go on with
    /// `POST /ui/password-recovery/verify`, or with `confirm` at once. `required_factors` is always empty here: what an
    /// account asks for is told to whoever proves the code.
    #[oai(path = "/start", method = "post", operation_id = "start_password_recovery")]
    async fn start(
        &self,
        anyone: Anyone,
        body: Body<StartRecovery>,
    ) -> Answered<RecoveryStarted, StartRecovery> {
        let recovery = &self.app.password_recovery;
        Ok(Answer(recovery.start(body.0, &anyone.source).await?))
    }

    /// Prove the code from the mail
    ///
    /// Uses nothing up, and says which factors the account asks for on top. Device and network are known from now on, so
    /// that whoever is shut out by the guesses of strangers signs in with the old password. After five wrong codes the
    /// recovery is over; the link in the mail still works.
    #[oai(path = "/verify", method = "post", operation_id = "verify_password_recovery")]
    async fn verify(
        &self,
        anyone: Anyone,
        body: Body<VerifyRecovery>,
    ) -> Result<WithCookie<RecoveryStanding>, Refusal<VerifyRecovery>> {
        let recovery = &self.app.password_recovery;
        Ok(recovery.verify(body.0, &anyone.source).await?.into())
    }

    /// Set a new password
    ///
    /// Checks code, factors and password, and uses them up together. Ends all sessions and all access tokens of the
    /// account, and tells its owner on every channel. `recovery-factor-required` says that the code is right and a factor
    /// is missing: prove it below `/ui/password-recovery/challenge`, then send the same request again.
    #[oai(
        path = "/confirm",
        method = "post",
        operation_id = "confirm_password_recovery"
    )]
    async fn confirm(
        &self,
        anyone: Anyone,
        body: Body<ConfirmRecovery>,
    ) -> Result<WithCookie<PasswordSet>, Refusal<ConfirmRecovery>> {
        let recovery = &self.app.password_recovery;
        Ok(recovery.confirm(body.0, &anyone.source).await?.into())
    }

    /// Prove an authenticator app for a new password
    ///
    /// Takes the six digits that the app shows, after the code from the mail was proven.
    #[oai(
        path = "/challenge/totp/verify",
        method = "post",
        operation_id = "verify_recovery_totp"
    )]
    async fn verify_totp(
        &self,
        anyone: Anyone,
        body: Body<ProveTotp>,
    ) -> Result<WithCookie<RecoveryStanding>, Refusal<ProveTotp>> {
        let recovery = &self.app.password_recovery;
        Ok(recovery.prove_totp(body.0, &anyone.source).await?.into())
    }

    /// Send a code by text message for a new password
    ///
    /// To all phone numbers of the account, or to one of them, after the code from the mail was proven.
    #[oai(
        path = "/challenge/sms/begin",
        method = "post",
        operation_id = "send_recovery_sms_code"
    )]
    async fn send_sms(
        &self,
        anyone: Anyone,
        body: Body<SendRecoverySms>,
    ) -> Answered<CodesSent, SendRecoverySms> {
        let recovery = &self.app.password_recovery;
        Ok(Answer(recovery.send_sms(body.0, &anyone.source).await?))
    }

    /// Prove a phone number for a new password
    ///
    /// Takes the code from the text message, after the code from the mail was proven.
    #[oai(
        path = "/challenge/sms/verify",
        method = "post",
        operation_id = "verify_recovery_sms_code"
    )]
    async fn verify_sms(
        &self,
        anyone: Anyone,
        body: Body<ProveSentCode>,
    ) -> Result<WithCookie<RecoveryStanding>, Refusal<ProveSentCode>> {
        let recovery = &self.app.password_recovery;
        let proven = recovery
            .prove_sent(FactorKind::Sms, body.0, &anyone.source)
            .await?;
        Ok(proven.into())
    }

    /// Send a code by e-mail for a new password
    ///
    /// To the e-mail addresses that the account enrolled as a factor, or to one of them; never to the account's own
    /// address, whose mailbox gave the first code.
    #[oai(
        path = "/challenge/email/begin",
        method = "post",
        operation_id = "send_recovery_email_code"
    )]
    async fn send_email(
        &self,
        anyone: Anyone,
        body: Body<SendRecoveryEmail>,
    ) -> Answered<CodesSent, SendRecoveryEmail> {
        let recovery = &self.app.password_recovery;
        Ok(Answer(recovery.send_email(body.0, &anyone.source).await?))
    }

    /// Prove another e-mail address for a new password
    ///
    /// Takes the code from the mail to that address, after the code from the first mail was proven.
    #[oai(
        path = "/challenge/email/verify",
        method = "post",
        operation_id = "verify_recovery_email_code"
    )]
    async fn verify_email(
        &self,
        anyone: Anyone,
        body: Body<ProveSentCode>,
    ) -> Result<WithCookie<RecoveryStanding>, Refusal<ProveSentCode>> {
        let recovery = &self.app.password_recovery;
        let proven = recovery
            .prove_sent(FactorKind::Email, body.0, &anyone.source)
            .await?;
        Ok(proven.into())
    }

    /// Use a recovery code for a new password
    ///
    /// Stands in for a factor whose device is lost. Each code works once; case and dashes do not matter.
    #[oai(
        path = "/challenge/recovery",
        method = "post",
        operation_id = "use_recovery_code_for_password"
    )]
    async fn use_recovery_code(
        &self,
        anyone: Anyone,
        body: Body<ProveRecoveryCode>,
    ) -> Result<WithCookie<RecoveryStanding>, Refusal<ProveRecoveryCode>> {
        let recovery = &self.app.password_recovery;
        let proven = recovery.prove_recovery_code(body.0, &anyone.source).await?;
        Ok(proven.into())
    }
}
