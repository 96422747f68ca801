//! Creating, mending and deleting a table.

use std::time::Duration;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, PointInTimeRecoverySpecification,
    ScalarAttributeType, TableStatus, Tag, TimeToLiveSpecification,
};
use portcullis_ports::storage::{TableReport, TableState};
use portcullis_ports::{Error, Result};
use tokio::time::{Instant, sleep};

use super::Workbench;
use super::facts::{Backups, Facts, Ttl, cannot, coded};
use crate::failure::STORE_TABLE;
use crate::item::{PK, SK};

/// Usually it takes ten seconds.
const LONGEST_WAIT: Duration = Duration::from_mins(2);
const FIRST_LOOK: Duration = Duration::from_millis(20);
const LAST_LOOK: Duration = Duration::from_secs(2);
/// By this tag the costs of the tables are found.
const TAG: (&str, &str) = ("application", "portcullis");

/// What one attempt to mend something led to.
enum Mended {
    Yes,
    /// It cannot be changed yet.
    NotYet,
}

impl Workbench {
    /// Creates a table, or mends what is missing of one that is there.
    pub(super) async fn create(&self, table: &str) -> Result<TableReport> {
        let created = self.describe(table).await?.is_none();
        if created {
            self.order(table).await?;
        }
        let facts = self.once_active(table).await?;
        let mut done = Vec::new();
        if facts.ttl == Ttl::Off && facts.keys_fit {
            self.expire(table).await?;
            done.push(format!(
                "Expired items are removed now, by the attribute {}.",
                self.ttl_attribute
            ));
        }
        if facts.backups == Backups::Off && facts.keys_fit {
            self.back_up(table).await?;
            done.push("Point-in-time recovery is on now.".to_owned());
        }
        let mended = Facts {
            ttl: if facts.ttl == Ttl::Off && facts.keys_fit {
                Ttl::On
            } else {
                facts.ttl
            },
            backups: match facts.backups {
                Backups::Off if facts.keys_fit => Backups::On,
                other => other,
            },
            ..facts
        };
        let (notes, complete) = self.verdict(&mended);
        let state = match (complete, created, done.is_empty()) {
            (false, _, _) => TableState::Incomplete,
            (true, true, _) => TableState::Created,
            (true, false, false) => TableState::Changed,
            (true, false, true) => TableState::Ready,
        };
        done.extend(notes);
        Ok(TableReport {
            table: table.to_owned(),
            state,
            notes: done,
        })
    }

    /// Asks for a table; fine if somebody else has just done so.
    async fn order(&self, table: &str) -> Result<()> {
        let attribute = |name: &str| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
        };
        let key = |name: &str, kind| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(kind)
                .build()
        };
        let attributes = vec![
            attribute(PK).map_err(unbuildable)?,
            attribute(SK).map_err(unbuildable)?,
        ];
        let keys = vec![
            key(PK, KeyType::Hash).map_err(unbuildable)?,
            key(SK, KeyType::Range).map_err(unbuildable)?,
        ];
        let tag = Tag::builder()
            .key(TAG.0)
            .value(TAG.1)
            .build()
            .map_err(unbuildable)?;
        let request = || {
            self.calls
                .client
                .create_table()
                .table_name(table)
                .billing_mode(BillingMode::PayPerRequest)
                .set_attribute_definitions(Some(attributes.clone()))
                .set_key_schema(Some(keys.clone()))
                .tags(tag.clone())
                .send()
        };
        let answer = self
            .calls
            .until_answered(&mut Self::retry_budget(), request)
            .await;
        match answer.map_err(coded) {
            Ok(_) => Ok(()),
            Err((code, _)) if code == "ResourceInUseException" => Ok(()),
            Err((_, error)) => Err(cannot(table, error)),
        }
    }

    /// Waits until a table can be used, and looks at it.
    async fn once_active(&self, table: &str) -> Result<Facts> {
        let mut look = Look::new();
        loop {
            if let Some(description) = self.describe(table).await?
                && description.table_status() == Some(&TableStatus::Active)
            {
                return self.facts(table, &description).await;
            }
            look.again(table, "is not active").await?;
        }
    }

    async fn expire(&self, table: &str) -> Result<()> {
        let specification = TimeToLiveSpecification::builder()
            .enabled(true)
            .attribute_name(&self.ttl_attribute)
            .build()
            .map_err(unbuildable)?;
        let request = || {
            self.calls
                .client
                .update_time_to_live()
                .table_name(table)
                .time_to_live_specification(specification.clone())
                .send()
        };
        let answer = self
            .calls
            .until_answered(&mut Self::retry_budget(), request)
            .await;
        answer.map_err(|miss| cannot(table, coded(miss).1)).map(drop)
    }

    /// A new table takes a while until its backups can be turned on.
    async fn back_up(&self, table: &str) -> Result<()> {
        let mut look = Look::new();
        while let Mended::NotYet = self.try_back_up(table).await? {
            look.again(table, "does not let its backups be turned on").await?;
        }
        Ok(())
    }

    async fn try_back_up(&self, table: &str) -> Result<Mended> {
        let specification = PointInTimeRecoverySpecification::builder()
            .point_in_time_recovery_enabled(true)
            .build()
            .map_err(unbuildable)?;
        let request = || {
            self.calls
                .client
                .update_continuous_backups()
                .table_name(table)
                .point_in_time_recovery_specification(specification.clone())
                .send()
        };
        let answer = self
            .calls
            .until_answered(&mut Self::retry_budget(), request)
            .await;
        match answer.map_err(coded) {
            Ok(_) => Ok(Mended::Yes),
            Err((code, _)) if code == "ContinuousBackupsUnavailableException" => Ok(Mended::NotYet),
            Err((_, error)) => Err(cannot(table, error)),
        }
    }

    /// Deletes a table with all that it holds.
    pub(super) async fn delete(&self, table: &str) -> Result<TableReport> {
        let request = || self.calls.client.delete_table().table_name(table).send();
        let answer = self
            .calls
            .until_answered(&mut Self::retry_budget(), request)
            .await;
        let state = match answer.map_err(coded) {
            Ok(_) => {
                self.once_gone(table).await?;
                TableState::Deleted
            }
            Err((code, _)) if code == "ResourceNotFoundException" => TableState::Missing,
            Err((_, error)) => return Err(cannot(table, error)),
        };
        Ok(TableReport {
            table: table.to_owned(),
            state,
            notes: Vec::new(),
        })
    }

    async fn once_gone(&self, table: &str) -> Result<()> {
        let mut look = Look::new();
        while self.describe(table).await?.is_some() {
            look.again(table, "is still being deleted").await?;
        }
        Ok(())
    }
}

/// Looking again, less and less often, but not forever.
struct Look {
    until: Instant,
    wait: Duration,
}

impl Look {
    fn new() -> Self {
        Self {
            until: Instant::now() + LONGEST_WAIT,
            wait: FIRST_LOOK,
        }
    }

    async fn again(&mut self, table: &str, how: &str) -> Result<()> {
        if Instant::now() + self.wait > self.until {
            return Err(STORE_TABLE.with_detail(format!(
                "After {} s the table {table:?} {how}. Look at it in the AWS console, then try again.",
                LONGEST_WAIT.as_secs()
            )));
        }
        sleep(self.wait).await;
        self.wait = (self.wait * 2).min(LAST_LOOK);
        Ok(())
    }
}

fn unbuildable(error: BuildError) -> Error {
    Error::internal(error.to_string())
}
