//! E-mail addresses: list, enrol, remove.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::challenges::VerifyCode;
use portcullis_core::factors::{AddEmail, BeginRemoval, ConfirmRemoval, RemovalBegun};
use portcullis_ports::id::DeviceId;

use crate::answer::{Answer, Answered};
use crate::auth::LiveSession;
use crate::body::Body;
use crate::dto::{Confirmed, EmailBegun, EmailConfirmed, EmailList};
use crate::tags::Tag;

pub(crate) struct EmailAddressesApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(EmailAddressesApi);

#[OpenApi(tag = "Tag::EmailAddresses")]
impl EmailAddressesApi {
    /// List e-mail addresses
    ///
    /// Newest first; only their ends are shown.
    #[oai(
        path = "/ui/mfa/email/devices",
        method = "get",
        operation_id = "list_email_devices"
    )]
    async fn list(&self, session: LiveSession) -> Answered<EmailList> {
        Ok(Answer(EmailList {
            devices: self.app.factors.emails(&session.who).await?,
        }))
    }

    /// Begin to add an e-mail address
    ///
    /// Sends a code to it. It counts once the code is confirmed. Needs a fresh step-up.
    #[oai(
        path = "/ui/mfa/email/devices/begin",
        method = "post",
        operation_id = "begin_email_device"
    )]
    async fn begin(&self, session: LiveSession, body: Body<AddEmail>) -> Answered<EmailBegun, AddEmail> {
        Ok(Answer(
            self.app.factors.add_email(&session.who, body.0).await?.into(),
        ))
    }

    /// Confirm an e-mail address
    ///
    /// Takes the code that was sent to it. The first e-mail address of an account brings ten recovery codes, shown only here.
    #[oai(
        path = "/ui/mfa/email/devices/confirm",
        method = "post",
        operation_id = "confirm_email_device"
    )]
    async fn confirm(
        &self,
        session: LiveSession,
        body: Body<VerifyCode>,
    ) -> Answered<EmailConfirmed, VerifyCode> {
        Ok(Answer(
            self.app.factors.confirm_email(&session.who, body.0).await?.into(),
        ))
    }

    /// Begin to remove an e-mail address
    ///
    /// Sends a code to another one, if there is one; `accepts` says what else proves that it is you.
    #[oai(
        path = "/ui/mfa/email/devices/:email_device_id/remove/begin",
        method = "post",
        operation_id = "begin_email_device_removal"
    )]
    async fn begin_removal(
        &self,
        session: LiveSession,
        /// As given in the list.
        email_device_id: Path<DeviceId>,
    ) -> Answered<RemovalBegun, BeginRemoval> {
        Ok(Answer(
            self.app
                .factors
                .begin_email_removal(&session.who, email_device_id.0)
                .await?,
        ))
    }

    /// Remove an e-mail address
    ///
    /// Takes the proof; `factor` says what kind of code it is.
    #[oai(
        path = "/ui/mfa/email/devices/remove/confirm",
        method = "post",
        operation_id = "remove_email_device"
    )]
    async fn confirm_removal(
        &self,
        session: LiveSession,
        body: Body<ConfirmRemoval>,
    ) -> Answered<Confirmed, ConfirmRemoval> {
        self.app
            .factors
            .confirm_email_removal(&session.who, body.0)
            .await?;
        Ok(Answer(Confirmed::OK))
    }
}
