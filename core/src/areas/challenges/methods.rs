//! The ways in which the factors of a challenge can be proven, for whoever chooses between them.

use portcullis_ports::Result;

use super::Challenges;
use super::model::{Challenge, Method};
use super::pending::Proofs;
use crate::foundation::factor_kind::FactorKind;

impl Challenges {
    /// The ways to give the proofs that are missing.
    pub(crate) async fn methods_for(&self, proofs: &Proofs) -> Result<Vec<Method>> {
        self.methods(&proofs.0).await
    }

    /// One way for each device that can prove a factor which is still open. Devices on a channel without a sender are
    /// left out.
    pub(super) async fn methods(&self, challenge: &Challenge) -> Result<Vec<Method>> {
        let mut methods = Vec::new();
        for factor in challenge.remaining() {
            if factor == FactorKind::Totp {
                methods.push(Method {
                    factor,
                    device_id: None,
                    sent_to: None,
                    code_sent: false,
                    retry_after: 0,
                });
                continue;
            }
            let devices = self.enrolled.enabled_contacts(&challenge.subject, factor).await?;
            for device in devices.into_iter().filter(|device| self.codes.can_reach(device)) {
                let sent = challenge.codes.iter().find(|code| code.device == device.id);
                methods.push(Method {
                    factor,
                    sent_to: Some(device.destination.masked()),
                    device_id: Some(device.id),
                    code_sent: sent.is_some(),
                    retry_after: sent.map_or(0, |code| self.codes.pause_after(code.sent_at)),
                });
            }
        }
        Ok(methods)
    }
}
