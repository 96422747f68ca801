//! Whatever is done with keys, in whatever order: on both nodes exactly those secrets are valid that should be.

use std::time::Duration;

use portcullis_ports::{Clock as _, Span, Timestamp};
use proptest::prelude::*;
use tokio::runtime::Builder;

use super::{ada, reading, used_from};
use crate::areas::api_keys::{ApiKeyId, CreateApiKey, RevokeApiKey, RotateApiKey};
use crate::areas::closures::FinalizeClosure;
use crate::areas::sessions::SignedIn;
use crate::foundation::testing::home;
use crate::settings::Settings;
use crate::testing::{World, two_nodes_with};

/// The most former secrets that are valid beside the newest.
const BESIDE: usize = 2;
/// Among so many a key is picked.
const KEYS: usize = 4;

#[derive(Debug, Clone)]
enum Act {
    /// Makes a key that ends after so many seconds.
    Create(u64),
    /// Rotates a key, with so many seconds of overlap, and with another end for some.
    Rotate(usize, u32, Option<u64>),
    Revoke(usize),
    Close,
    TakeBack,
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let seconds = || prop_oneof![Just(2), 3_u64..400];
    prop_oneof![
        3 => (60_u64..2_000).prop_map(Act::Create),
        4 => (0..KEYS, prop_oneof![Just(0), 1_u32..600], prop::option::of(60_u64..2_000))
            .prop_map(|(key, overlap, end)| Act::Rotate(key, overlap, end)),
        2 => (0..KEYS).prop_map(Act::Revoke),
        1 => Just(Act::Close),
        1 => Just(Act::TakeBack),
        3 => seconds().prop_map(Act::Wait),
    ]
}

/// A key as it should be.
struct Key {
    id: ApiKeyId,
    ends_at: Timestamp,
    revoked: bool,
    /// Every one there ever was, and when it ends before the key.
    secrets: Vec<(String, Option<Timestamp>)>,
}

impl Key {
    fn is_valid(&self, now: Timestamp) -> bool {
        !self.revoked && now < self.ends_at
    }
}

struct Model {
    keys: Vec<Key>,
    closed: bool,
}

impl Model {
    fn picked(&mut self, at: usize) -> Option<&mut Key> {
        let at = at.checked_rem(self.keys.len())?;
        self.keys.get_mut(at)
    }

    async fn apply(&mut self, act: &Act, node: &World, who: &SignedIn) {
        let (keys, now) = (&node.app.api_keys, node.clock.now());
        let later = |seconds: u64| Timestamp::from_seconds(now.seconds()) + Duration::from_secs(seconds);
        match act {
            Act::Create(seconds) => {
                let ends_at = later(*seconds);
                let command = CreateApiKey {
                    expires_at: Some(ends_at.seconds()),
                    ..reading()
                };
                let created = keys.create(who, &command).await;
                assert_eq!(created.is_ok(), !self.closed, "{:?}", created.err());
                if let Ok(issued) = created {
                    self.keys.push(Key {
                        id: issued.key_id.clone(),
                        ends_at,
                        revoked: false,
                        secrets: vec![(issued.api_key.to_string(), None)],
                    });
                }
            }
            Act::Rotate(at, overlap, end) => {
                let Some(key) = self.picked(*at) else { return };
                let ends_at = end.map(later);
                let command = RotateApiKey {
                    key_id: key.id.clone(),
                    overlap_seconds: Some(*overlap),
                    expires_at: ends_at.map(Timestamp::seconds),
                };
                let rotated = keys.rotate(who, &command).await;
                let overlap_until = now + Duration::from_secs(u64::from(*overlap));
                let sooner =
                    |end: &Option<Timestamp>| end.map_or(overlap_until, |end| end.min(overlap_until));
                let kept = key.secrets.iter().filter(|(_, end)| now < sooner(end)).count();
                let may = key.is_valid(now) && kept <= BESIDE;
                assert_eq!(rotated.is_ok(), may, "{:?}", rotated.err());
                if let Ok(issued) = rotated {
                    for (_, end) in &mut key.secrets {
                        *end = Some(sooner(end));
                    }
                    key.secrets.push((issued.api_key.to_string(), None));
                    key.ends_at = ends_at.unwrap_or(key.ends_at);
                }
            }
            Act::Revoke(at) => {
                let Some(key) = self.picked(*at) else { return };
                let key_id = key.id.clone();
                keys.revoke(who, &RevokeApiKey { key_id }).await.unwrap();
                key.revoked |= key.is_valid(now);
            }
            Act::Close => {
                let proven = FinalizeClosure { challenge_id: None };
                let closures = &node.app.closures;
                closures.finalize(who, &proven).await.unwrap();
                self.closed = true;
                self.keys.iter_mut().for_each(|key| key.revoked = true);
            }
            Act::TakeBack => {
                let taken_back = node.app.closures.take_back(who).await;
                assert_eq!(taken_back.is_ok(), self.closed);
                self.closed = false;
            }
            Act::Wait(seconds) => node.wait(*seconds),
        }
    }

    async fn check(&self, nodes: [&World; 2]) {
        let now = nodes[0].clock.now();
        for key in &self.keys {
            for (text, end) in &key.secrets {
                let should = key.is_valid(now) && end.is_none_or(|end| now < end);
                for (at, node) in nodes.iter().enumerate() {
                    let answer = used_from(node, text, &home()).await;
                    assert_eq!(answer.is_ok(), should, "node {at}: {:?}", answer.err());
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exactly_those_secrets_are_valid_that_should_be(acts in prop::collection::vec((act(), any::<bool>()), 1..24)) {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            // Nobody signs in again meanwhile.
            let mut settings = Settings::default();
            (settings.sessions.idle, settings.sessions.step_up) = (Span::days(1), Span::days(1));
            let [(a, _), (b, _)] = two_nodes_with(&settings).await;
            let who = ada(&a).await;
            let mut model = Model { keys: Vec::new(), closed: false };
            for (act, first) in &acts {
                let node = if *first { &a } else { &b };
                model.apply(act, node, &who).await;
                a.clock.advance(Duration::from_secs(1));
                model.check([&a, &b]).await;
            }
        });
    }
}
