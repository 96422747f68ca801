//! Payments through a vendor that answers at once, and the webhooks that follow.

mod charges;
mod webhooks;

use self::charges::Payer;
pub(super) use self::webhooks::delivery;
use super::Extent;
use super::product::{Hash, start_paid};
use crate::Result;
use crate::process::Cores;
use crate::report::Line;
use crate::stripe::Stripe;

/// How many events of the vendor follow a payment with a stored card.
const EVENTS_OF_A_PAYMENT: usize = 3;

pub(super) fn measure(extent: &Extent) -> Result<Vec<Line>> {
    let stripe = Stripe::start()?;
    let server = start_paid(extent, "payments", &Cores::all()?, Hash::Cheap, &stripe)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut payer = Payer::with_a_card(&server.url, &stripe).await?;
        let mut lines = charges::measure(extent, &mut payer, &stripe).await?;
        let burst = if extent.quick { 1_000 } else { 10_000 };
        let paced = webhooks::paced(extent);
        let wanted = (burst + paced) / EVENTS_OF_A_PAYMENT + 1;
        while payer.payments < wanted {
            payer.pay().await?;
        }
        lines.extend(webhooks::measure(extent, &server, &stripe, burst).await?);
        Ok(lines)
    })
}
