//! The settings of the store and what they become when checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::plugin::{ConfigError, Plan, Runtime, Settings};
use portcullis_ports::storage::{Collection, ConnectedStore, Storage, StoreTools};
use portcullis_ports::{Endpoint, Result, Span};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::item;
use crate::store::DynamoStore;
use crate::tables::DynamoTables;

/// Longer than any answer worth waiting for.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// Settings of the store in DynamoDB. Credentials are found as every program for AWS finds them: in the environment, in
/// a profile, or from the machine or container it runs on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DynamodbSettings {
    /// The table that holds every record whose family has no table of its own. `portcullis tables create` makes it.
    #[serde(default = "default_table")]
    #[schemars(length(min = 3, max = 255), regex(pattern = r"^[a-zA-Z0-9_.-]+$"))]
    pub table: String,
    /// Families with a table of their own: the name of the family, and the name of its table.
    #[serde(default)]
    #[schemars(extend("x-by-collection" = true))]
    pub tables: BTreeMap<String, String>,
    /// The AWS region. Without it the usual places are asked, such as `AWS_REGION`.
    #[serde(default)]
    #[schemars(example = "eu-central-1")]
    pub region: Option<String>,
    /// The address of the service, if it is not the public one of the region: a VPC endpoint or an emulator. An
    /// `http://` address on this machine is taken for an emulator, for which no credentials and no region are needed.
    #[serde(default)]
    #[schemars(example = "http://127.0.0.1:8000")]
    pub endpoint: Option<String>,
    /// The attribute from which DynamoDB learns when an item may be removed, in seconds since 1970.
    #[serde(default = "default_ttl_attribute")]
    #[schemars(length(min = 1, max = 255), extend("x-env" = ["DDB_TTL_ATTR"]))]
    pub ttl_attribute: String,
    /// How long one request may take before it is given up and tried again, up to a minute.
    #[serde(default = "default_timeout")]
    pub timeout: Span,
    /// How long one read or commit may take with all its retries, up to a minute. Then the store counts as unavailable.
    #[serde(default = "default_deadline")]
    pub deadline: Span,
    /// Whether missing tables are created at start. For development and tests: a service in production should not be
    /// allowed to.
    #[serde(default)]
    #[schemars(extend("x-development" = true))]
    pub create_missing: bool,
}

fn default_table() -> String {
    "portcullis".to_owned()
}

fn default_ttl_attribute() -> String {
    "ttl_epoch".to_owned()
}

fn default_timeout() -> Span {
    Span::seconds(2)
}

fn default_deadline() -> Span {
    Span::seconds(4)
}

/// Which family lives where.
#[derive(Debug, Clone)]
pub(crate) struct TableNames {
    shared: String,
    own: BTreeMap<String, String>,
}

impl TableNames {
    /// The table of a family.
    pub(crate) fn of(&self, collection: &Collection) -> &str {
        self.own.get(collection.name).unwrap_or(&self.shared)
    }

    /// The tables of these families, each once.
    pub(crate) fn of_all(&self, collections: &[Collection]) -> BTreeSet<&str> {
        collections.iter().map(|collection| self.of(collection)).collect()
    }

    /// Every table that is named in the settings, each once.
    pub(crate) fn all(&self) -> BTreeSet<&str> {
        self.own
            .values()
            .chain([&self.shared])
            .map(String::as_str)
            .collect()
    }
}

/// How the service is reached.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) region: Option<String>,
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) timeout: Duration,
    pub(crate) deadline: Duration,
}

/// A store that is ready to be connected.
#[derive(Debug, Clone)]
pub struct DynamodbPlan {
    pub(crate) access: Access,
    pub(crate) names: TableNames,
    pub(crate) ttl_attribute: String,
    pub(crate) create_missing: bool,
}

impl Settings<Storage> for DynamodbSettings {
    type Plan = DynamodbPlan;

    fn plan(self) -> std::result::Result<DynamodbPlan, Vec<ConfigError>> {
        let mut mistakes = Vec::new();
        mistakes.extend(table_mistake("table", &self.table));
        for (family, table) in &self.tables {
            if family.is_empty() {
                mistakes.push(ConfigError::at(
                    "tables",
                    "the name of a family must not be empty",
                ));
            }
            mistakes.extend(table_mistake(&format!("tables.{family}"), table));
        }
        if let Some(region) = &self.region
            && !names_region(region)
        {
            let problem = format!("a region such as eu-central-1 is expected, not {region:?}");
            mistakes.push(ConfigError::at("region", problem));
        }
        let endpoint = self.endpoint.as_deref().and_then(|text| text.parse().ok());
        if let (Some(text), None) = (&self.endpoint, &endpoint) {
            let expected = "an address such as https://dynamodb.eu-central-1.amazonaws.com is expected";
            mistakes.push(ConfigError::at("endpoint", format!("{expected}, not {text:?}")));
        }
        mistakes.extend(ttl_mistake(&self.ttl_attribute));
        let (timeout, deadline) = (self.timeout.get(), self.deadline.get());
        for (field, wait) in [("timeout", timeout), ("deadline", deadline)] {
            if wait.is_zero() || wait > MAX_WAIT {
                mistakes.push(ConfigError::at(
                    field,
                    "a length of time from 1s to 60s is expected",
                ));
            }
        }
        if timeout > deadline {
            let problem = "it must not be longer than `deadline`, which holds for all tries together";
            mistakes.push(ConfigError::at("timeout", problem));
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(DynamodbPlan {
            access: Access {
                region: self.region,
                endpoint,
                timeout,
                deadline,
            },
            names: TableNames {
                shared: self.table,
                own: self.tables,
            },
            ttl_attribute: self.ttl_attribute,
            create_missing: self.create_missing,
        })
    }
}

/// Source: the naming rules of the DynamoDB developer guide.
fn table_mistake(field: &str, name: &str) -> Option<ConfigError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let problem = "a table name of 3 to 255 letters, digits, dots, dashes and underscores is expected";
    (!(3..=255).contains(&name.len()) || !name.chars().all(fits))
        .then(|| ConfigError::at(field, format!("{problem}, not {name:?}")))
}

fn ttl_mistake(name: &str) -> Option<ConfigError> {
    let problem = if name.is_empty() || name.len() > 255 {
        "the name of an attribute has 1 to 255 bytes".to_owned()
    } else if item::ATTRIBUTES.contains(&name) {
        format!("{name:?} is an attribute of every item already; choose another name, such as \"ttl_epoch\"")
    } else {
        return None;
    };
    Some(ConfigError::at("ttl_attribute", problem))
}

fn names_region(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.len() <= 63 && text.chars().all(fits)
}

#[async_trait]
impl Plan<Storage> for DynamodbPlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedStore> {
        let store = Arc::new(Box::pin(DynamoStore::connect(*self, runtime)).await?);
        Ok(ConnectedStore {
            records: Arc::clone(&store) as Arc<_>,
            scan: Arc::clone(&store) as Arc<_>,
            probe: store,
        })
    }

    fn offline(&self, runtime: &Runtime) -> Option<StoreTools> {
        let tables = DynamoTables::new(self.clone(), Arc::clone(&runtime.entropy));
        Some(StoreTools {
            archive: None,
            tables: Some(Arc::new(tables)),
        })
    }
}

#[cfg(test)]
mod tests {
    use portcullis_ports::plugin::Settings as _;

    use super::DynamodbSettings;

    fn settings(json: &str) -> DynamodbSettings {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn nothing_has_to_be_set() {
        let plan = settings("{}").plan().unwrap();
        assert_eq!(plan.names.all().into_iter().collect::<Vec<_>>(), ["portcullis"]);
        assert_eq!(plan.ttl_attribute, "ttl_epoch");
        assert!(!plan.create_missing);
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let settings = settings(
            r#"{"table": "a b", "tables": {"sessions": "no", "": "fine"}, "region": "Frankfurt",
                "endpoint": "localhost:8000", "ttl_attribute": "body", "timeout": "0s", "deadline": "2m"}"#,
        );
        let mistakes = settings.plan().err().unwrap();
        let fields: Vec<&str> = mistakes.iter().map(|mistake| mistake.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "table",
                "tables",
                "tables.sessions",
                "region",
                "endpoint",
                "ttl_attribute",
                "timeout",
                "deadline"
            ]
        );
    }

    #[test]
    fn one_try_may_not_take_longer_than_all() {
        let mistakes = settings(r#"{"timeout": "9s", "deadline": "3s"}"#)
            .plan()
            .err()
            .unwrap();
        assert_eq!(mistakes[0].field, "timeout");
    }
}
