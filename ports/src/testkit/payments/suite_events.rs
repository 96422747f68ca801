//! The part of the suite about webhooks.

#![expect(clippy::panic, reason = "a suite fails by panicking, as a test does")]

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::counterparty::Behaviour;
use super::posted;
use super::suite::Case;
use crate::error::Kind;
use crate::inbound::{Delivery, Inbound, Proof};
use crate::outcome::Outcome;
use crate::payments::{EventOrigin, PaymentEvent};
use crate::simulation::Posted;
use crate::testkit::delivery;

impl Case<'_> {
    async fn verified(
        &self,
        inbound: &dyn Inbound<Event = PaymentEvent>,
        posted: &Posted,
    ) -> Result<Delivery, Kind> {
        self.verified_from(inbound, posted, self.counterparty.posts_from(), |token| token)
            .await
    }

    /// The same as if it had come from another address, or to another path.
    async fn verified_from(
        &self,
        inbound: &dyn Inbound<Event = PaymentEvent>,
        posted: &Posted,
        peer: IpAddr,
        path: impl Fn(Option<String>) -> Option<String>,
    ) -> Result<Delivery, Kind> {
        let verified = posted::verified(inbound, posted, (peer, self.now()), path);
        verified.await.map_err(|error| error.kind())
    }

    pub(super) async fn only_what_the_vendor_posted_is_believed_and_repeats_are_the_same(&self) {
        let Some(inbound) = self.connected.inbound.as_deref() else {
            return;
        };
        drop(self.counterparty.posted());
        let Some(order) = self.stored(Behaviour::Succeeds).await else {
            return;
        };
        let made = match self.connected.payments.charge(&order).await {
            Outcome::Done(made) => made,
            other => panic!("a method that succeeds gives {other:?}"),
        };
        let posted = self.counterparty.posted();
        assert!(!posted.is_empty(), "nothing is posted about a payment");
        let (mut ids, mut told) = (BTreeSet::new(), false);
        for one in &posted {
            let Ok(kept) = self.verified(inbound, one).await else {
                panic!("what the vendor posted is not believed");
            };
            let events = split(inbound, &kept);
            assert_eq!(events, split(inbound, &kept), "taken apart again it is the same");
            for event in events {
                assert_eq!(event.origin, EventOrigin::Own, "{event:?}");
                assert!(
                    !event.id.is_empty() && ids.insert(event.id.clone()),
                    "{} comes twice",
                    event.id
                );
                told |= event.payment.is_some()
                    && event.payment == made.theirs
                    && event.attempt.as_ref() == Some(&order.id);
            }
            if kept.proof() == Proof::SharedCredential {
                self.is_refused_without_the_credential(inbound, one).await;
                continue;
            }
            for at in [0, one.body.len() / 2, one.body.len() - 1] {
                let mut altered = one.clone();
                altered.body[at] ^= 1;
                assert_eq!(
                    self.verified(inbound, &altered).await.err(),
                    Some(Kind::Unauthenticated),
                    "byte {at}"
                );
            }
            let bare = Posted {
                headers: Vec::new(),
                ..one.clone()
            };
            assert_eq!(
                self.verified(inbound, &bare).await.err(),
                Some(Kind::Unauthenticated),
                "without its headers"
            );
        }
        assert!(told, "no event names the payment and our attempt");
        for nonsense in [&b""[..], b"{}", b"[1]", b"\xff\xfe", b"{\"id\":1}"] {
            if let Err(error) = inbound.split(&delivery("application/json", "", nonsense)) {
                assert_eq!(error.kind(), Kind::Invalid, "{error:?}");
            }
        }
    }

    /// What the vendor does not sign is believed for the address that it comes from, and the path that only both know.
    async fn is_refused_without_the_credential(
        &self,
        inbound: &dyn Inbound<Event = PaymentEvent>,
        posted: &Posted,
    ) {
        let home = self.counterparty.posts_from();
        let elsewhere = IpAddr::from([198, 51, 100, 9]);
        let altered = |token: Option<String>| token.map(|token| format!("{token}x"));
        for (peer, path, what) in [
            (elsewhere, None, "from another address"),
            (home, Some(true), "to another path"),
            (home, Some(false), "to no path of its own"),
        ] {
            let path = |token| match path {
                None => token,
                Some(true) => altered(token),
                Some(false) => None,
            };
            let answer = self.verified_from(inbound, posted, peer, path).await;
            assert_eq!(answer.err(), Some(Kind::Unauthenticated), "{what}");
        }
    }
}

fn split(inbound: &dyn Inbound<Event = PaymentEvent>, kept: &Delivery) -> Vec<PaymentEvent> {
    inbound
        .split(kept)
        .unwrap_or_else(|error| panic!("a genuine delivery cannot be read: {error:?}"))
}
