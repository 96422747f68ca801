//! The ports a deployment stands on, and what is opened over them before any area is.

use std::sync::Arc;

use portcullis_ports::connections::{Connection, Connections};
use portcullis_ports::identity::{Identity, IdentityProvider};
use portcullis_ports::{Clock, Entropy, Result};

use crate::areas::{collections, texts};
use crate::foundation::context::{Context, ContextParts};
use crate::foundation::guard::{GuardedIdentity, Guards};
use crate::foundation::texts::{TextError, TextFile, Texts};
use crate::settings::Settings;

/// The ports a deployment stands on.
pub struct Dependencies {
    /// The connected plugins.
    pub connections: Connections,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Where browsers reach the panel, as scheme, host and port; nothing where that is not known or there is none.
    pub panel: Option<String>,
    /// Where this service is reached, as scheme, host and port; nothing where that is not known.
    pub public_url: Option<String>,
    /// What is sent to people, compiled by [`compile_texts`].
    pub texts: Texts,
}

/// The texts of all areas, with those of a deployment in place of those that are built in.
///
/// # Errors
/// Everything that is wrong with `files`.
pub fn compile_texts(files: &[TextFile], settings: &Settings) -> Result<Texts, Vec<TextError>> {
    let product = &settings.product;
    Texts::compile(texts(), files, product.language, &product.name)
}

/// What all areas stand on.
pub(crate) async fn open_context(
    dependencies: Dependencies,
    connections: &Connections,
    settings: &Settings,
) -> Result<Arc<Context>> {
    Context::open(ContextParts {
        connections,
        clock: dependencies.clock,
        entropy: dependencies.entropy,
        panel: dependencies.panel,
        public_url: dependencies.public_url,
        texts: dependencies.texts,
        cached: settings.cache.records,
        collections: collections(),
    })
    .await
}

/// Other identity providers behind their guards.
pub(crate) fn guarded_identity(
    identity: &[&Connection<Identity>],
    guards: &Guards,
) -> Arc<[Arc<dyn IdentityProvider>]> {
    let guarded = |one: &&Connection<Identity>| {
        let (inner, guard) = (Arc::clone(&one.provider), guards.around(one));
        Arc::new(GuardedIdentity { inner, guard }) as Arc<_>
    };
    identity.iter().map(guarded).collect()
}
