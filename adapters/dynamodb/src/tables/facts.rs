//! How a table stands: what the service says of it, and what that means.

use aws_sdk_dynamodb::types::{
    BillingMode, KeyType, PointInTimeRecoveryStatus, ScalarAttributeType, TableDescription, TableStatus,
    TimeToLiveStatus,
};
use portcullis_ports::storage::{StoreError, TableReport, TableState};
use portcullis_ports::{Error, Result};

use super::Workbench;
use crate::failure::{Miss, STORE_ACCESS};
use crate::item::{PK, SK};
use crate::store::no_judgement;

/// A table that is there.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) active: bool,
    pub(super) keys_fit: bool,
    pub(super) on_demand: bool,
    pub(super) ttl: Ttl,
    pub(super) backups: Backups,
}

/// Whether expired items are removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ttl {
    On,
    Off,
    /// It looks at another attribute.
    Elsewhere(String),
    /// Not offered here.
    Unsupported,
}

/// Whether the table can be brought back to an earlier moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backups {
    On,
    Off,
    /// Not offered here, as by emulators.
    Unsupported,
}

/// An emulator that does not know an operation says so in one of these ways.
const UNKNOWN_OPERATION: [&str; 3] = [
    "UnknownOperationException",
    "UnsupportedOperationException",
    "NotImplementedException",
];

/// Explains to the operator why a call about a table was not done.
pub(super) fn cannot(table: &str, error: StoreError) -> Error {
    STORE_ACCESS
        .with_detail(format!("The table {table:?}: {error}."))
        .with_source(error)
}

/// The service's word for why a call was not done, and the error.
pub(super) fn coded<E: std::error::Error>(miss: Miss<E>) -> (String, StoreError) {
    match miss {
        Miss::Never { code, error } => (code, error),
        other => (String::new(), no_judgement(other)),
    }
}

pub(super) fn is_unknown_operation(code: &str) -> bool {
    UNKNOWN_OPERATION.contains(&code)
}

impl Workbench {
    /// What the service says of a table; `None` if there is none.
    pub(super) async fn describe(&self, table: &str) -> Result<Option<TableDescription>> {
        let request = || self.calls.client.describe_table().table_name(table).send();
        let answer = self
            .calls
            .until_answered(&mut Self::retry_budget(), request)
            .await;
        match answer.map_err(coded) {
            Ok(answer) => Ok(answer.table),
            Err((code, _)) if code == "ResourceNotFoundException" => Ok(None),
            Err((_, error)) => Err(cannot(table, error)),
        }
    }

    /// Everything there is to know about a table that is there.
    pub(super) async fn facts(&self, table: &str, description: &TableDescription) -> Result<Facts> {
        let billing = description
            .billing_mode_summary()
            .and_then(|summary| summary.billing_mode());
        Ok(Facts {
            active: description.table_status() == Some(&TableStatus::Active),
            keys_fit: keys_fit(description),
            on_demand: billing == Some(&BillingMode::PayPerRequest),
            ttl: self.ttl(table).await?,
            backups: self.backups(table).await?,
        })
    }

    async fn ttl(&self, table: &str) -> Result<Ttl> {
        let request = || self.calls.client.describe_time_to_live().table_name(table).send();
        let answer = self
            .calls
            .until_answered(&mut Self::retry_budget(), request)
            .await;
        let answer = match answer.map_err(coded) {
            Ok(answer) => answer,
            Err((code, _)) if is_unknown_operation(&code) => return Ok(Ttl::Unsupported),
            Err((_, error)) => return Err(cannot(table, error)),
        };
        let description = answer.time_to_live_description();
        let on = description.filter(|ttl| {
            matches!(
                ttl.time_to_live_status(),
                Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)
            )
        });
        Ok(match on.map(|ttl| ttl.attribute_name().unwrap_or_default()) {
            None => Ttl::Off,
            Some(attribute) if attribute == self.ttl_attribute => Ttl::On,
            Some(other) => Ttl::Elsewhere(other.to_owned()),
        })
    }

    async fn backups(&self, table: &str) -> Result<Backups> {
        let request = || {
            self.calls
                .client
                .describe_continuous_backups()
                .table_name(table)
                .send()
        };
        let answer = self
            .calls
            .until_answered(&mut Self::retry_budget(), request)
            .await;
        let answer = match answer.map_err(coded) {
            Ok(answer) => answer,
            Err((code, _)) if is_unknown_operation(&code) => return Ok(Backups::Unsupported),
            Err((_, error)) => return Err(cannot(table, error)),
        };
        let status = answer
            .continuous_backups_description()
            .and_then(|backups| backups.point_in_time_recovery_description())
            .and_then(|recovery| recovery.point_in_time_recovery_status());
        Ok(if status == Some(&PointInTimeRecoveryStatus::Enabled) {
            Backups::On
        } else {
            Backups::Off
        })
    }

    /// Says how a table stands, and changes nothing.
    pub(super) async fn check(&self, table: &str) -> Result<TableReport> {
        let Some(description) = self.describe(table).await? else {
            return Ok(TableReport {
                table: table.to_owned(),
                state: TableState::Missing,
                notes: vec!["There is no such table; `portcullis tables create` makes it.".to_owned()],
            });
        };
        let facts = self.facts(table, &description).await?;
        let (notes, complete) = self.verdict(&facts);
        Ok(TableReport {
            table: table.to_owned(),
            state: if complete {
                TableState::Ready
            } else {
                TableState::Incomplete
            },
            notes,
        })
    }

    /// What is to be said of a table, and whether it is as it must be.
    pub(super) fn verdict(&self, facts: &Facts) -> (Vec<String>, bool) {
        let mut notes = Vec::new();
        let mut complete = true;
        let mut missing = |note: String| {
            complete = false;
            notes.push(note);
        };
        let attribute = &self.ttl_attribute;
        if !facts.active {
            missing("The table is not active yet; wait a minute and check again.".to_owned());
        }
        if !facts.keys_fit {
            missing(format!(
                "Its keys are not the texts {PK} (partition) and {SK} (sort), which cannot be changed; name another \
                 table in the settings of the store."
            ));
        }
        match &facts.ttl {
            Ttl::On | Ttl::Unsupported => {}
            Ttl::Off => missing(format!(
                "Expired items are not removed; `portcullis tables create` turns that on for the attribute {attribute}."
            )),
            Ttl::Elsewhere(other) => missing(format!(
                "Expired items are removed by the attribute {other}, but the store writes {attribute}; set \
                 `ttl_attribute = \"{other}\"`, or turn it off there, wait an hour and run `portcullis tables create`."
            )),
        }
        if facts.backups == Backups::Off {
            missing(
                "Point-in-time recovery is off; `portcullis tables create` turns it on, so that a mistake can be undone."
                    .to_owned(),
            );
        }
        if facts.ttl == Ttl::Unsupported {
            notes.push("The removal of expired items is not offered here.".to_owned());
        }
        if facts.backups == Backups::Unsupported {
            notes.push("Point-in-time recovery is not offered here.".to_owned());
        }
        if !facts.on_demand {
            notes.push(
                "Its capacity is provisioned: beyond it requests are throttled. On-demand capacity has no such limit."
                    .to_owned(),
            );
        }
        (notes, complete)
    }
}

/// Exactly our two keys, both of them texts.
fn keys_fit(description: &TableDescription) -> bool {
    let keys: Vec<_> = description
        .key_schema()
        .iter()
        .map(|key| (key.attribute_name(), key.key_type()))
        .collect();
    let is_text = |name: &str| {
        description.attribute_definitions().iter().any(|attribute| {
            attribute.attribute_name() == name && attribute.attribute_type() == &ScalarAttributeType::S
        })
    };
    keys == [(PK, &KeyType::Hash), (SK, &KeyType::Range)] && is_text(PK) && is_text(SK)
}
