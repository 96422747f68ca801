//! Replacing the recovery codes of a factor.

use portcullis_ports::Result;

use super::Factors;
use super::actions::REGENERATE_RECOVERY_CODES;
use super::events;
use crate::areas::enrolled_factors::NO_DEVICE;
use crate::areas::recovery_codes::RecoveryCodes;
use crate::areas::sessions::SignedIn;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::security_notifications::SecurityEvent;

impl Factors {
    /// Replaces the codes of an enrolled factor.
    ///
    /// # Errors
    /// `step-up-required`; `no-device` if the factor is not enrolled; `session-ended` if it ended meanwhile.
    pub async fn regenerate_recovery_codes(
        &self,
        who: &SignedIn,
        factor: FactorKind,
    ) -> Result<RecoveryCodes> {
        self.step_up.require(REGENERATE_RECOVERY_CODES, who).await?;
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.sessions.require_in(&mut batch, who).await?;
                if !self.enrolled.kinds(who.subject()).await?.contains(&factor) {
                    return Err(NO_DEVICE.with_detail(
                        "Recovery codes stand in for a factor: enrol a device of this kind first.",
                    ));
                }
                let session = Some(who.session.id.clone());
                let recovery_codes = self
                    .recovery
                    .issue_in(&mut batch, who.subject(), factor, session)?;
                let event = Event::success(events::RECOVERY_CODES_REGENERATE, &who.source)
                    .with("factor", factor.as_str());
                self.audit.append(&mut batch, who.subject(), &[event]).await?;
                self.notifications
                    .add(
                        &mut batch,
                        who.subject(),
                        &SecurityEvent::RecoveryCodesReplaced(factor),
                    )
                    .await?;
                self.context.commit(batch).await?;
                Ok(RecoveryCodes {
                    factor,
                    recovery_codes,
                })
            })
            .await
    }
}
