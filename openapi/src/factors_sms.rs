//! Phone numbers: list, enrol, remove.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::challenges::VerifyCode;
use portcullis_core::factors::{AddPhone, BeginRemoval, ConfirmRemoval, RemovalBegun};
use portcullis_ports::id::DeviceId;

use crate::answer::{Answer, Answered};
use crate::auth::LiveSession;
use crate::body::Body;
use crate::dto::{Confirmed, PhoneBegun, PhoneConfirmed, PhoneList};
use crate::tags::Tag;

pub(crate) struct PhoneNumbersApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(PhoneNumbersApi);

#[OpenApi(tag = "Tag::PhoneNumbers")]
impl PhoneNumbersApi {
    /// List phone numbers
    ///
    /// Newest first; only their ends are shown.
    #[oai(
        path = "/ui/mfa/sms/devices",
        method = "get",
        operation_id = "list_sms_devices"
    )]
    async fn list(&self, session: LiveSession) -> Answered<PhoneList> {
        Ok(Answer(PhoneList {
            devices: self.app.factors.phones(&session.who).await?,
        }))
    }

    /// Begin to add a phone number
    ///
    /// Sends a code to it. It counts once the code is confirmed. Needs a fresh step-up.
    #[oai(
        path = "/ui/mfa/sms/devices/begin",
        method = "post",
        operation_id = "begin_sms_device"
    )]
    async fn begin(&self, session: LiveSession, body: Body<AddPhone>) -> Answered<PhoneBegun, AddPhone> {
        Ok(Answer(
            self.app.factors.add_phone(&session.who, body.0).await?.into(),
        ))
    }

    /// Confirm a phone number
    ///
    /// Takes the code that was sent to it. The first phone number of an account brings ten recovery codes, shown only here.
    #[oai(
        path = "/ui/mfa/sms/devices/confirm",
        method = "post",
        operation_id = "confirm_sms_device"
    )]
    async fn confirm(
        &self,
        session: LiveSession,
        body: Body<VerifyCode>,
    ) -> Answered<PhoneConfirmed, VerifyCode> {
        Ok(Answer(
            self.app.factors.confirm_phone(&session.who, body.0).await?.into(),
        ))
    }

    /// Begin to remove a phone number
    ///
    /// Sends a code to another one, if there is one; `accepts` says what else proves that it is you.
    #[oai(
        path = "/ui/mfa/sms/devices/:sms_device_id/remove/begin",
        method = "post",
        operation_id = "begin_sms_device_removal"
    )]
    async fn begin_removal(
        &self,
        session: LiveSession,
        /// As given in the list.
        sms_device_id: Path<DeviceId>,
    ) -> Answered<RemovalBegun, BeginRemoval> {
        Ok(Answer(
            self.app
                .factors
                .begin_phone_removal(&session.who, sms_device_id.0)
                .await?,
        ))
    }

    /// Remove a phone number
    ///
    /// Takes the proof; `factor` says what kind of code it is.
    #[oai(
        path = "/ui/mfa/sms/devices/remove/confirm",
        method = "post",
        operation_id = "remove_sms_device"
    )]
    async fn confirm_removal(
        &self,
        session: LiveSession,
        body: Body<ConfirmRemoval>,
    ) -> Answered<Confirmed, ConfirmRemoval> {
        self.app
            .factors
            .confirm_phone_removal(&session.who, body.0)
            .await?;
        Ok(Answer(Confirmed::OK))
    }
}
