//! What Stripe posts: in any order, some twice, some late; and again, signed anew, when the program was dead.

use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use portcullis_ports::Clock as _;
use portcullis_provider_stripe::simulator::WEBHOOK_SECRET;
use sha2::Sha256;

use super::shop::{Shop, locked};
use crate::program::Door;

const WEBHOOK: &str = "/webhooks/payments/main";

/// The bodies that are to be posted.
#[derive(Default)]
pub(super) struct Deliveries(Mutex<Vec<Vec<u8>>>);

/// What Stripe writes under a body that it posts at this second.
fn signature(at: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes()).unwrap();
    mac.update(format!("{at}.").as_bytes());
    mac.update(body);
    format!("t={at},v1={}", HEXLOWER.encode(&mac.finalize().into_bytes()))
}

impl Deliveries {
    /// Posts until the program is gone.
    pub(super) async fn post(&self, shop: &Shop, door: &Door) {
        while !shop.over.load(Ordering::Relaxed) {
            if self.round(shop, door, shop.chance.once_in(3)).await.is_none() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }

    /// Posts what there is, once, and with disorder holds some of it back for another time, or posts it once more then.
    /// `None` if the program is gone.
    pub(super) async fn round(&self, shop: &Shop, door: &Door, disorder: bool) -> Option<()> {
        let fresh = shop.stripe.simulator.deliver();
        let mut waiting = std::mem::take(&mut *locked(&self.0));
        waiting.extend(fresh.into_iter().map(|posted| posted.body));
        if disorder {
            waiting.reverse();
        }
        while let Some(body) = waiting.pop() {
            if disorder && shop.chance.once_in(20) {
                locked(&self.0).push(body);
                continue;
            }
            let at = shop.stripe.clock.now().seconds();
            let request = door
                .client
                .post(format!("{}{WEBHOOK}", door.url))
                .header("content-type", "application/json; charset=utf-8")
                .header("stripe-signature", signature(at, &body));
            let Ok(answer) = request.body(body.clone()).send().await else {
                waiting.push(body);
                locked(&self.0).append(&mut waiting);
                return None;
            };
            assert_eq!(answer.status(), 204, "{}", String::from_utf8_lossy(&body));
            shop.tally.delivered.fetch_add(1, Ordering::Relaxed);
            if disorder && shop.chance.once_in(4) {
                locked(&self.0).push(body);
            }
        }
        Some(())
    }
}
