//! Known devices: list, forget.

use std::sync::Arc;

use poem_openapi::OpenApi;
use portcullis_core::App;
use portcullis_core::known_devices::{KnownDeviceList, RevokeKnownDevice};

use crate::answer::{Answer, Answered};
use crate::auth::LiveSession;
use crate::body::Body;
use crate::dto::Done;
use crate::tags::Tag;

pub(crate) struct KnownDevicesApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(KnownDevicesApi);

#[OpenApi(tag = "Tag::KnownDevices")]
impl KnownDevicesApi {
    /// List the known devices of the account
    ///
    /// Browsers and apps on which the account signed in, and until when they are trusted. The one used last comes first.
    #[oai(
        path = "/ui/known-devices",
        method = "get",
        operation_id = "list_known_devices"
    )]
    async fn list(&self, session: LiveSession) -> Answered<KnownDeviceList> {
        let devices = &self.app.known_devices;
        Ok(Answer(
            devices.list(session.who.subject(), &session.who.source).await?,
        ))
    }

    /// Forget a known device
    ///
    /// The next sign-in on it asks for a factor, and its attempts are those of a stranger. Sessions on it go on.
    #[oai(
        path = "/ui/known-devices/revoke",
        method = "post",
        operation_id = "revoke_known_device"
    )]
    async fn revoke(
        &self,
        session: LiveSession,
        body: Body<RevokeKnownDevice>,
    ) -> Answered<Done, RevokeKnownDevice> {
        let devices = &self.app.known_devices;
        devices
            .revoke(session.who.subject(), &session.who.source, body.0)
            .await?;
        Ok(Answer(Done::OK))
    }
}
