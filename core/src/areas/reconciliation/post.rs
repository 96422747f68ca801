//! Lines that belong to no payment and are posted from the report itself, once: payouts, and fees that stand alone.

use portcullis_ports::money::{Amount, Money};
use portcullis_ports::payments::ActivityKind;
use portcullis_ports::{Error, Result};

use super::Reconciliation;
use super::line::ReportedLine;
use super::records::LineMark;
use crate::areas::ledger::{Cause, CauseId, HouseTransaction, InstanceName};
use crate::foundation::fingerprint::fingerprint;
use crate::foundation::table::Batch;

impl Reconciliation {
    /// Posts a payout or a fee, unless an earlier run did. Whether it did.
    ///
    /// # Errors
    /// Whatever ledger and store answer.
    pub(super) async fn post_once(&self, instance: &str, line: &ReportedLine) -> Result<bool> {
        let name = InstanceName::parse(instance).map_err(Error::internal)?;
        let parts = [instance, line.theirs.as_str()];
        let key = self.context.keyring.pseudonym("reconciled-line", &parts)?;
        let table = self.context.table::<LineMark>();
        self.context
            .retried(|| async {
                if table.find(&key, LineMark::SORT).await?.is_some() {
                    return Ok(false);
                }
                let mut batch = Batch::default();
                for transaction in transactions(&name, line)? {
                    self.ledger.post_house(&mut batch, &transaction).await?;
                }
                batch.insert(&LineMark {
                    key: key.clone(),
                    posted_at: self.context.now(),
                })?;
                self.context.commit(batch).await?;
                Ok(true)
            })
            .await
    }
}

/// What a line without a payment means for the books.
fn transactions(instance: &InstanceName, line: &ReportedLine) -> Result<Vec<HouseTransaction>> {
    let cause = cause(line)?;
    let gone = line.amount.negated()?;
    let own = match line.kind {
        ActivityKind::Payout => payout(instance, gone, &cause)?,
        _ => HouseTransaction::fee_of(instance, gone, cause.clone())?,
    };
    let kept = HouseTransaction::fee_of(instance, line.fee, cause.clone())?;
    Ok(own.into_iter().chain(kept).collect())
}

fn payout(instance: &InstanceName, gone: Money, cause: &Cause) -> Result<Option<HouseTransaction>> {
    Ok(match gone.minor {
        0 => None,
        1.. => Some(HouseTransaction::payout(
            instance,
            Amount::new(gone)?,
            cause.clone(),
        )),
        _ => {
            let back = Amount::new(gone.negated()?)?;
            Some(HouseTransaction::payout_returned(instance, back, cause.clone()))
        }
    })
}

/// The vendor's name for a line, as the ledger keeps it.
pub(super) fn cause(line: &ReportedLine) -> Result<Cause> {
    let name = CauseId::parse(line.theirs.as_str());
    // A name that is too long for the ledger is told by its fingerprint.
    let name = name.or_else(|_| CauseId::parse(&fingerprint(line.theirs.as_str())));
    name.map(Cause::Vendor).map_err(Error::internal)
}
