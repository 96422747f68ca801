//! Authenticator apps: list, enrol, remove.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::factors::{AddTotp, ConfirmTotp, RemoveTotp, TotpBegun, TotpConfirmed, TotpList};
use portcullis_ports::id::DeviceId;

use crate::answer::{Answer, Answered};
use crate::auth::LiveSession;
use crate::body::Body;
use crate::dto::Confirmed;
use crate::tags::Tag;

pub(crate) struct AuthenticatorAppsApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(AuthenticatorAppsApi);

#[OpenApi(tag = "Tag::AuthenticatorApps")]
impl AuthenticatorAppsApi {
    /// List authenticator apps
    ///
    /// Newest first.
    #[oai(
        path = "/ui/mfa/totp/devices",
        method = "get",
        operation_id = "list_totp_devices"
    )]
    async fn list(&self, session: LiveSession) -> Answered<TotpList> {
        Ok(Answer(self.app.factors.totp_devices(&session.who).await?))
    }

    /// Begin to add an authenticator app
    ///
    /// Answers with the secret as a link, as text and as a picture. It counts once its first code is confirmed. Needs a
    /// fresh step-up.
    #[oai(
        path = "/ui/mfa/totp/devices/begin",
        method = "post",
        operation_id = "begin_totp_device"
    )]
    async fn begin(&self, session: LiveSession, body: Body<AddTotp>) -> Answered<TotpBegun, AddTotp> {
        Ok(Answer(self.app.factors.add_totp(&session.who, body.0).await?))
    }

    /// Confirm an authenticator app
    ///
    /// Takes the first code that the app shows. The first app of an account brings ten recovery codes, shown only here.
    #[oai(
        path = "/ui/mfa/totp/devices/confirm",
        method = "post",
        operation_id = "confirm_totp_device"
    )]
    async fn confirm(
        &self,
        session: LiveSession,
        body: Body<ConfirmTotp>,
    ) -> Answered<TotpConfirmed, ConfirmTotp> {
        Ok(Answer(self.app.factors.confirm_totp(&session.who, body.0).await?))
    }

    /// Remove an authenticator app
    ///
    /// Needs a code of an app, a recovery code, or a fresh step-up.
    #[oai(
        path = "/ui/mfa/totp/devices/:device_id/remove",
        method = "post",
        operation_id = "remove_totp_device"
    )]
    async fn remove(
        &self,
        session: LiveSession,
        /// As given in the list.
        device_id: Path<DeviceId>,
        body: Body<RemoveTotp>,
    ) -> Answered<Confirmed, RemoveTotp> {
        self.app
            .factors
            .remove_totp(&session.who, device_id.0, body.0)
            .await?;
        Ok(Answer(Confirmed::OK))
    }
}
