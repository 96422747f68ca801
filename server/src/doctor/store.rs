//! Whether keys and store fit each other, and whether the store is what it was.

use std::time::Duration;

use portcullis_core::former_keys::key_manager;
use portcullis_core::{check_root_secret, is_unused};
use portcullis_ports::connections::Connections;
use portcullis_ports::keys::Keys;
use portcullis_ports::plugin::Port as _;
use portcullis_ports::storage::{STORE_LOST, Storage};

use super::{Finding, Status};
use crate::exit::in_full;

/// Whether the keys fit the store, as every start needs.
///
/// Nothing is said while one of the key managers is not connected: it may be the one that is needed.
pub(super) async fn root_secret(
    connections: &Connections,
    failed: &[&str],
    limit: Duration,
) -> Option<Finding> {
    if failed.contains(&Keys::NAME) {
        return None;
    }
    let store = connections.one::<Storage>().ok()?;
    let keys = key_manager(connections).ok()?;
    let checked = check_root_secret(&store.records, keys.as_ref());
    Some(match tokio::time::timeout(limit, checked).await {
        Ok(Ok(())) => Finding::new("starts", Status::Ok, "the keys fit the store"),
        Ok(Err(error)) => {
            let detail = format!(
                "the root secret of the store cannot be opened: {}",
                in_full(&error)
            );
            Finding::new("starts", Status::Failed, detail)
        }
        Err(_) => {
            let detail = format!("the root secret: no answer within {} s", limit.as_secs());
            Finding::new("starts", Status::Failed, detail)
        }
    })
}

/// Whether the store is empty: before the first start that is as it must be, later it is a disaster.
pub(super) async fn contents(connections: &Connections, limit: Duration) -> Option<Finding> {
    let store = connections.one::<Storage>().ok()?;
    let keys = connections.one::<Keys>().ok()?;
    let name = store.name();
    let asked = is_unused(&store.records, &name, keys.keys.as_ref());
    match tokio::time::timeout(limit, asked).await {
        Ok(Ok(true)) => Some(Finding::new(
            "advice",
            Status::Warning,
            format!(
                "{name} is empty, as it is before the first start; if the service has run with these keys before, this is \
                 another folder, table or region, or the data is lost: restore a backup before you start"
            ),
        )),
        Ok(Err(error)) => Some(Finding::new(
            if error.code() == STORE_LOST {
                "starts"
            } else {
                "healthy"
            },
            Status::Failed,
            format!("{name}: {}", in_full(&error)),
        )),
        // A store or keys that do not answer were named by their probes.
        Ok(Ok(false)) | Err(_) => None,
    }
}
