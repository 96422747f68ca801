//! Recovery codes: how many are left, and new ones.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::factors::{FactorKind, RegenerateRecoveryCodes};
use portcullis_core::recovery_codes::{RecoveryCodes, RecoveryOverview};

use crate::answer::{Answer, Answered};
use crate::auth::LiveSession;
use crate::tags::Tag;

pub(crate) struct RecoveryCodesApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(RecoveryCodesApi);

#[OpenApi(tag = "Tag::RecoveryCodes")]
impl RecoveryCodesApi {
    /// Count recovery codes
    ///
    /// How many are left for each factor. The codes themselves cannot be read again.
    #[oai(
        path = "/ui/mfa/recovery",
        method = "get",
        operation_id = "count_recovery_codes"
    )]
    async fn overview(&self, session: LiveSession) -> Answered<RecoveryOverview> {
        let codes = &self.app.recovery_codes;
        Ok(Answer(codes.overview(session.who.subject()).await?))
    }

    /// Replace recovery codes
    ///
    /// Answers with ten new codes for one factor, shown only here; the old ones stop working. Needs a fresh step-up.
    #[oai(
        path = "/ui/mfa/recovery/:factor/regenerate",
        method = "post",
        operation_id = "regenerate_recovery_codes"
    )]
    async fn regenerate(
        &self,
        session: LiveSession,
        /// The factor they stand in for.
        factor: Path<FactorKind>,
    ) -> Answered<RecoveryCodes, RegenerateRecoveryCodes> {
        Ok(Answer(
            self.app
                .factors
                .regenerate_recovery_codes(&session.who, factor.0)
                .await?,
        ))
    }
}
