//! Challenges: proving factors, to complete a sign-in or to confirm a sensitive action.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::challenges::{
    CodesSent, SendEmailCode, SendSmsCode, StartStepUp, StepUpPassword, StepUpStarted, SteppedUp,
    UseRecoveryCode, VerifySentCode, VerifyTotp,
};
use portcullis_core::factors::FactorKind;

use crate::answer::{Answer, Answered, WithCookie};
use crate::auth::{FirstFactor, LiveSession};
use crate::body::Body;
use crate::dto::{FactorProven, FactorProvenShort};
use crate::problem::Refusal;
use crate::tags::Tag;

pub(crate) struct ChallengesApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(ChallengesApi);

/// A proven factor, perhaps with a session.
type Proven<T, U> = Result<WithCookie<T>, Refusal<U>>;

#[OpenApi(tag = "Tag::Challenges")]
impl ChallengesApi {
    /// Confirm that it is you
    ///
    /// Answers with a challenge for an enrolled factor: any one of them, unless the operator asks for more. Without
    /// enrolled factors it asks for the password instead: `POST /ui/step-up/password`.
    #[oai(path = "/ui/step-up/start", method = "post", operation_id = "start_step_up")]
    async fn start_step_up(
        &self,
        session: LiveSession,
        body: Body<StartStepUp>,
    ) -> Answered<StepUpStarted, StartStepUp> {
        Ok(Answer(
            self.app.challenges.start_step_up(&session.who, body.0).await?,
        ))
    }

    /// Confirm that it is you by password
    ///
    /// Only for accounts without an enrolled factor.
    #[oai(
        path = "/ui/step-up/password",
        method = "post",
        operation_id = "step_up_with_password"
    )]
    async fn step_up_with_password(
        &self,
        session: LiveSession,
        body: Body<StepUpPassword>,
    ) -> Answered<SteppedUp, StepUpPassword> {
        Ok(Answer(
            self.app
                .challenges
                .step_up_with_password(&session.who, body.0)
                .await?,
        ))
    }

    /// Prove an authenticator app
    ///
    /// Takes the six digits that the app shows. Each is accepted once.
    #[oai(path = "/ui/mfa/totp/verify", method = "post", operation_id = "verify_totp")]
    async fn verify_totp(
        &self,
        asking: FirstFactor,
        body: Body<VerifyTotp>,
    ) -> Proven<FactorProven, VerifyTotp> {
        Ok(self.app.challenges.verify_totp(&asking.who, body.0).await?.into())
    }

    /// Send a code by text message
    ///
    /// To all phone numbers of the account, or to one of them.
    #[oai(path = "/ui/mfa/sms/begin", method = "post", operation_id = "send_sms_code")]
    async fn send_sms(
        &self,
        asking: FirstFactor,
        body: Body<SendSmsCode>,
    ) -> Answered<CodesSent, SendSmsCode> {
        Ok(Answer(self.app.challenges.send_sms(&asking.who, body.0).await?))
    }

    /// Prove a phone number
    ///
    /// Takes the code from the text message.
    #[oai(
        path = "/ui/mfa/sms/verify",
        method = "post",
        operation_id = "verify_sms_code"
    )]
    async fn verify_sms(
        &self,
        asking: FirstFactor,
        body: Body<VerifySentCode>,
    ) -> Proven<FactorProven, VerifySentCode> {
        Ok(self.app.challenges.verify_sms(&asking.who, body.0).await?.into())
    }

    /// Send a code by e-mail
    ///
    /// To all e-mail addresses that the account enrolled as a factor, or to one of them.
    #[oai(
        path = "/ui/mfa/email/begin",
        method = "post",
        operation_id = "send_email_code"
    )]
    async fn send_email(
        &self,
        asking: FirstFactor,
        body: Body<SendEmailCode>,
    ) -> Answered<CodesSent, SendEmailCode> {
        Ok(Answer(self.app.challenges.send_email(&asking.who, body.0).await?))
    }

    /// Prove an e-mail address as a factor
    ///
    /// Takes the code from the mail.
    #[oai(
        path = "/ui/mfa/email/verify",
        method = "post",
        operation_id = "verify_email_code"
    )]
    async fn verify_email(
        &self,
        asking: FirstFactor,
        body: Body<VerifySentCode>,
    ) -> Proven<FactorProven, VerifySentCode> {
        Ok(self
            .app
            .challenges
            .verify_email(&asking.who, body.0)
            .await?
            .into())
    }

    /// Use a recovery code
    ///
    /// Stands in for a factor whose device is lost. Each code works once; case and dashes do not matter.
    #[oai(
        path = "/ui/mfa/recovery/:factor",
        method = "post",
        operation_id = "use_recovery_code"
    )]
    async fn use_recovery_code(
        &self,
        asking: FirstFactor,
        /// The factor it stands in for.
        factor: Path<FactorKind>,
        body: Body<UseRecoveryCode>,
    ) -> Proven<FactorProven, UseRecoveryCode> {
        Ok(self
            .app
            .challenges
            .use_recovery_code(&asking.who, factor.0, body.0)
            .await?
            .into())
    }

    /// Use a recovery code (older address)
    ///
    /// The same as `POST /ui/mfa/recovery/{factor}`, with a shorter answer.
    #[oai(
        path = "/ui/recovery/:factor",
        method = "post",
        operation_id = "use_recovery_code_alias",
        deprecated
    )]
    async fn use_recovery_code_alias(
        &self,
        asking: FirstFactor,
        /// The factor it stands in for.
        factor: Path<FactorKind>,
        body: Body<UseRecoveryCode>,
    ) -> Proven<FactorProvenShort, UseRecoveryCode> {
        Ok(self
            .app
            .challenges
            .use_recovery_code(&asking.who, factor.0, body.0)
            .await?
            .into())
    }
}
