//! API keys on one node and on several: what is valid, what is told, what is left.

mod changed;
mod for_operators;
mod limits;
mod machine;
mod nodes;
mod removed;
mod restored;
mod rotated;
mod told;

use portcullis_ports::Result;

use crate::areas::api_keys::{CreateApiKey, IssuedApiKey, KeyHolder, RotateApiKey, ScopeName};
use crate::areas::entitlements::scopes::READ;
use crate::areas::sessions::SignedIn;
use crate::foundation::source::Source;
use crate::foundation::testing::home;
use crate::services::outbox::Lane;
use crate::testing::World;

/// A key that may read entitlements.
fn reading() -> CreateApiKey {
    CreateApiKey {
        scopes: vec![ScopeName::parse(READ.name).unwrap()],
        ..CreateApiKey::default()
    }
}

async fn made(world: &World, who: &SignedIn, command: &CreateApiKey) -> IssuedApiKey {
    world.app.api_keys.create(who, command).await.unwrap()
}

async fn used(world: &World, key: &IssuedApiKey) -> Result<KeyHolder> {
    used_from(world, &key.api_key, &home()).await
}

async fn used_from(world: &World, key: &str, source: &Source) -> Result<KeyHolder> {
    world.app.api_keys.authenticate(key, &READ, source).await
}

fn rotation(key: &IssuedApiKey, overlap: u32) -> RotateApiKey {
    RotateApiKey {
        key_id: key.key_id.clone(),
        overlap_seconds: Some(overlap),
        expires_at: None,
    }
}

async fn ada(world: &World) -> SignedIn {
    let who = world.sign_up("ada@example.com").await;
    world.session(&who).await
}

async fn mails(world: &World, about: &str) -> usize {
    world.app.outbox.drain(Lane::Notices).await.unwrap();
    let sent = world.post.sent();
    let about = sent.iter().filter(|message| message.text.contains(about));
    about.count()
}

async fn history(world: &World, of: &str, event: &str) -> usize {
    let entries = world.app.audit.entries(&of.parse().unwrap()).await.unwrap();
    entries.iter().filter(|entry| entry.event == event).count()
}
