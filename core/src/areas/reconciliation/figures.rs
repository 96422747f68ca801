//! What a run found in each currency: the vendor's lines and holdings beside the books, and what nothing explains.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_ports::money::{AMOUNT_OVERFLOW, Currency, Money};
use portcullis_ports::payments::Holding;
use portcullis_ports::{Error, Result};

use super::Reconciliation;
use super::line::ReportedLine;
use super::read::told;
use super::records::Figures;
use super::run::Work;
use crate::areas::ledger::{HouseAccount, InstanceName};
use crate::foundation::guard::GuardedPayments;

/// Sums by currency.
pub(super) type ByCurrency = BTreeMap<Currency, i64>;

/// Adds an amount to the sum of its currency.
pub(super) fn add(sums: &mut ByCurrency, money: Money) -> Result<()> {
    let sum = sums.entry(money.currency).or_default();
    *sum = sum
        .checked_add(money.minor)
        .ok_or_else(|| AMOUNT_OVERFLOW.error())?;
    Ok(())
}

/// The lines of a report, added up.
#[derive(Debug, Default)]
pub(super) struct Sums {
    by_kind: BTreeMap<String, ByCurrency>,
    fees: ByCurrency,
}

impl Sums {
    pub(super) fn add(&mut self, line: &ReportedLine) -> Result<()> {
        add(self.by_kind.entry(line.word()).or_default(), line.amount)?;
        add(&mut self.fees, line.fee)
    }
}

impl Reconciliation {
    /// Compares what lies at the vendor with what the books say, and with what differences explain.
    pub(super) async fn figures(
        &self,
        work: &mut Work,
        vendor: &GuardedPayments,
        listed: &ByCurrency,
    ) -> Result<Vec<Figures>> {
        let holdings = match vendor.holdings().await {
            // A vendor that lists nothing at all does not tell.
            Ok(holdings) if holdings.is_empty() => None,
            Ok(holdings) => Some(held(&holdings)?),
            Err(error) => {
                work.cannot_tell(&format!("what it holds could not be read: {}", told(&error)));
                None
            }
        };
        let instance = &work.run.instance;
        let ledger = self.processor(instance).await?;
        let sums = &work.sums;
        let mut currencies: BTreeSet<Currency> = sums.fees.keys().copied().collect();
        let held = holdings.iter().flat_map(ByCurrency::keys);
        currencies.extend(held.chain(ledger.keys()).chain(listed.keys()));
        let figures = currencies.into_iter().map(|currency| {
            let of = |sums: &ByCurrency| sums.get(&currency).copied().unwrap_or_default();
            let holdings = holdings.as_ref().map(of);
            let (ledger, listed) = (of(&ledger), of(listed));
            let remainder = holdings.map(|holdings| {
                let rest = i128::from(holdings) - i128::from(ledger) - i128::from(listed);
                i64::try_from(rest).map_err(|_| AMOUNT_OVERFLOW.error())
            });
            let lines = sums.by_kind.iter();
            let lines = lines.filter_map(|(kind, sums)| Some((kind.clone(), *sums.get(&currency)?)));
            Ok(Figures {
                currency,
                lines: lines.collect(),
                fees: of(&sums.fees),
                ledger,
                holdings,
                listed,
                remainder: remainder.transpose()?,
            })
        });
        figures.collect()
    }

    /// What the books say that a vendor holds.
    async fn processor(&self, instance: &str) -> Result<ByCurrency> {
        let name = InstanceName::parse(instance).map_err(Error::internal)?;
        let account = HouseAccount::Processor(name);
        let totals = self.ledger.house_totals().await?;
        let own = totals.into_iter().filter(|total| total.account == account);
        Ok(own.map(|total| (total.currency, total.moved.net())).collect())
    }
}

fn held(holdings: &[Holding]) -> Result<ByCurrency> {
    let mut held = ByCurrency::new();
    for holding in holdings {
        add(&mut held, holding.available)?;
        add(&mut held, holding.pending)?;
    }
    Ok(held)
}
