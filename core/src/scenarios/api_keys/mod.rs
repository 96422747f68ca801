//! API keys on one node and on several: what counts, what is told, what is left.

mod limits;
mod machine;
mod nodes;
mod restored;
mod told;

use portcullis_ports::Result;

use crate::areas::api_keys::{CreateApiKey, IssuedApiKey, KeyHolder, ScopeName};
use crate::areas::entitlements::scopes::READ;
use crate::areas::sessions::SignedIn;
use crate::foundation::source::Source;
use crate::foundation::testing::home;
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

async fn ada(world: &World) -> SignedIn {
    let who = world.sign_up("ada@example.com").await;
    world.session(&who).await
}
