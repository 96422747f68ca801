//! How reconciliation stands, for whoever watches.

use std::collections::BTreeMap;

use portcullis_ports::Result;
use portcullis_ports::storage::Range;

use super::Reconciliation;
use super::meters;
use super::model::DifferenceState;
use super::records::{DifferenceLine, RunRecord};

/// The most open differences that are counted.
const MOST: usize = 1_000;

impl Reconciliation {
    /// Sets the gauges of every vendor.
    ///
    /// # Errors
    /// If the store cannot be asked; what was measured until then stays.
    pub async fn measure(&self) -> Result<()> {
        let now = self.context.now();
        let table = self.context.table::<DifferenceLine>();
        let partition = DifferenceLine::partition(DifferenceState::Open);
        let (open, _) = table.page(&partition, Range::All, MOST, None).await?;
        let vendors = self.vendors.iter().filter(|one| one.has_reports());
        let none = vendors.map(|one| (one.instance().to_owned(), (0_u32, 0_u64)));
        let mut by_vendor: BTreeMap<String, (u32, u64)> = none.collect();
        for line in open {
            let (count, oldest) = by_vendor.entry(line.instance.clone()).or_default();
            *count += 1;
            *oldest = (*oldest).max(now.since(line.found_at).as_secs());
        }
        for (vendor, (count, oldest)) in by_vendor {
            let until = self.until(&vendor).await?;
            let complete = until.as_ref().map_or(0, |until| until.completed_at.seconds());
            if let Some(until) = &until {
                self.measure_remainder(&vendor, until.run.as_str()).await?;
            }
            metrics::gauge!(meters::OPEN.name, "vendor" => vendor.clone()).set(f64::from(count));
            #[expect(
                clippy::cast_precision_loss,
                reason = "seconds, far below the point where it matters"
            )]
            for (meter, value) in [
                (meters::OLDEST, oldest as f64),
                (meters::COMPLETE, complete as f64),
            ] {
                metrics::gauge!(meter.name, "vendor" => vendor.clone()).set(value);
            }
        }
        Ok(())
    }

    async fn measure_remainder(&self, vendor: &str, run: &str) -> Result<()> {
        let table = self.context.table::<RunRecord>();
        let run = table.find(RunRecord::PARTITION, run).await?;
        for figures in run.iter().flat_map(|run| &run.figures) {
            if let Some(remainder) = figures.remainder {
                let (vendor, currency) = (vendor.to_owned(), figures.currency.to_string());
                #[expect(clippy::cast_precision_loss, reason = "a gauge is no account")]
                metrics::gauge!(meters::REMAINDER.name, "vendor" => vendor, "currency" => currency)
                    .set(remainder as f64);
            }
        }
        Ok(())
    }
}
