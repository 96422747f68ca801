//! Whether what gave a proof still belongs to the account when the proof is used.

use portcullis_ports::Result;

use super::Challenges;
use super::model::Challenge;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::proof::GivenBy;
use crate::foundation::table::Batch;

impl Challenges {
    /// Withdraws the proofs of devices that were removed and of recovery codes whose set was replaced, and says whether
    /// there were any. The commit fails if that happens to another one meanwhile.
    ///
    /// What the batch writes already is not looked at: its proof was given in the same commit.
    pub(super) async fn withdraw_void(
        &self,
        batch: &mut Batch,
        challenge: &mut Challenge,
        given_now: Option<FactorKind>,
    ) -> Result<bool> {
        let mut withdrawn = false;
        for factor in challenge.passed() {
            if Some(factor) == given_now {
                continue;
            }
            let stands = match challenge.given_by.get(&factor) {
                Some(GivenBy::Device(device)) => {
                    let enrolled = &self.enrolled;
                    enrolled
                        .require_in(batch, &challenge.subject, factor)
                        .await?
                        .contains(device)
                }
                Some(GivenBy::RecoveryCode(mac)) => {
                    self.recovery
                        .require_in(batch, &challenge.subject, factor, mac)
                        .await?
                }
                None => false,
            };
            if !stands {
                challenge.withdraw(factor);
                withdrawn = true;
            }
        }
        Ok(withdrawn)
    }
}
