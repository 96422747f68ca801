//! Keys under which a client asks for something that must happen once, however often it asks.
//!
//! The key is taken in the commit that does the thing, or plans it. Who asks again with the same key and the same request
//! gets the row that the first one made, in whatever state it is by then.

mod records;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::identity::Subject;
use portcullis_ports::{Code, Error, Kind, Result, text};
use serde::Serialize;

pub(crate) use records::IDEMPOTENCY;
use records::KeyUse;

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::table::Batch;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // A key that was used since the backup must not do the same thing again.
        Family::new(IDEMPOTENCY, Personal::Expiring, &[shape::<KeyUse>("use")]).taken_over(),
    ],
    problems: &[KEY_REQUIRED, KEY_REUSED],
    ..Area::EMPTY
};

/// A request that spends came without a key.
pub const KEY_REQUIRED: Code = Code::new(
    "idempotency-key-required",
    Kind::Invalid,
    "The header Idempotency-Key is missing: without it a repeated request would pay twice.",
);
/// A key was used before for another request.
pub const KEY_REUSED: Code = Code::new(
    "idempotency-key-reused",
    Kind::Invalid,
    "This Idempotency-Key was used for another request: take a new key for a new intent.",
);

/// How long a key is remembered.
const KEPT: Duration = Duration::from_hours(400 * 24);

text!(
    /// What a client calls one intent: 1 to 255 visible ASCII characters, best a random UUID. May stand in quotes, as
    /// draft-ietf-httpapi-idempotency-key-header writes it.
    IdempotencyKey, "idempotency-key", "3f0c6a1e-8f0e-4f0e-9a53-3c1f6a9d2b7e", in "^[\\x21-\\x7e]{1,255}$", |text| {
        let text = text.trim();
        let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        let visible = inner.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
        if visible && (1..=255).contains(&inner.len()) {
            Ok(inner.to_owned())
        } else {
            Err("1 to 255 visible ASCII characters are expected, such as a random UUID")
        }
    }
);

/// A request that a key was not used for yet.
#[must_use]
pub(crate) struct FreshKey {
    name: String,
    request: String,
}

/// What a key stands for.
pub(crate) enum KeyState {
    /// Nothing yet.
    Fresh(FreshKey),
    /// The row that the first request with it made.
    Used { row: String },
}

/// Remembers keys.
#[derive(Clone)]
pub(crate) struct Idempotency {
    context: Arc<Context>,
}

impl Idempotency {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self {
            context: Arc::clone(context),
        }
    }

    /// Looks a key up. `request` is all that makes two requests the same intent.
    ///
    /// # Errors
    /// [`KEY_REUSED`] if it was used by the same person for the same operation with another request.
    pub(crate) async fn look_up(
        &self,
        subject: &Subject,
        operation: &'static str,
        key: &IdempotencyKey,
        request: &(impl Serialize + Sync),
    ) -> Result<KeyState> {
        let keyring = &self.context.keyring;
        let name = keyring.pseudonym("idempotency-key", &[subject.as_str(), operation, key.as_str()])?;
        let request = serde_json::to_string(request)
            .map_err(|error| Error::internal("a request cannot be written").with_source(error))?;
        // Keyed, so that whoever reads the store cannot try what was asked for.
        let request = keyring.pseudonym("idempotency-request", &[&name, &request])?;
        let found = self.context.table::<KeyUse>().find(&name, KeyUse::SORT).await?;
        Ok(match found {
            None => KeyState::Fresh(FreshKey { name, request }),
            Some(used) if used.request == request => KeyState::Used { row: used.value.row },
            Some(_) => return Err(KEY_REUSED.error()),
        })
    }

    /// Takes a key in the commit that makes `row`. Of several that take one at once one wins; the others conflict, look
    /// again, and find the row.
    pub(crate) fn take(&self, batch: &mut Batch, key: FreshKey, row: impl Into<String>) -> Result<()> {
        let now = self.context.now();
        batch.insert(&KeyUse {
            name: key.name,
            request: key.request,
            row: row.into(),
            used_at: now,
            kept_until: now + KEPT,
        })
    }
}
