//! The least that the service must be allowed, as an IAM policy.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::calls::Call;

/// A policy for a service that uses these tables, and perhaps creates them.
pub(super) fn print(region: Option<&str>, tables: &BTreeSet<&str>, creates: bool) -> String {
    let region = region.unwrap_or("REGION");
    let arn = |table: &&str| format!("arn:aws:dynamodb:{region}:ACCOUNT:table/{table}");
    let resources: Vec<String> = tables.iter().map(arn).collect();
    let mut statements = vec![statement("PortcullisRecords", &Call::SERVICE, &resources)];
    if creates {
        statements.push(statement("PortcullisCreatesTables", &Call::CREATE, &resources));
    }
    format!(
        "{:#}",
        json!({ "Version": "2012-10-17", "Statement": statements })
    )
}

fn statement(name: &str, calls: &[Call], resources: &[String]) -> Value {
    let actions: BTreeSet<&str> = calls
        .iter()
        .flat_map(|call| call.permissions())
        .copied()
        .collect();
    json!({ "Sid": name, "Effect": "Allow", "Action": actions, "Resource": resources })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::print;
    use crate::calls::Call;

    fn policy(region: Option<&str>, creates: bool) -> Value {
        serde_json::from_str(&print(region, &["one", "two"].into(), creates)).unwrap()
    }

    #[test]
    fn the_service_may_handle_items_of_its_tables_and_nothing_else() {
        let policy = policy(None, false);
        assert_eq!(policy["Statement"].as_array().map(Vec::len), Some(1));
        assert_eq!(
            policy["Statement"][0]["Action"],
            json!([
                "dynamodb:ConditionCheckItem",
                "dynamodb:DeleteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
                "dynamodb:Scan"
            ])
        );
        assert_eq!(
            policy["Statement"][0]["Resource"],
            json!([
                "arn:aws:dynamodb:REGION:ACCOUNT:table/one",
                "arn:aws:dynamodb:REGION:ACCOUNT:table/two"
            ])
        );
    }

    #[test]
    fn a_service_that_creates_its_tables_may_do_that_too() {
        let policy = policy(Some("eu-central-1"), true);
        let second = &policy["Statement"][1];
        assert!(
            second["Action"]
                .as_array()
                .unwrap()
                .contains(&json!("dynamodb:CreateTable"))
        );
        assert_eq!(
            second["Resource"][0],
            "arn:aws:dynamodb:eu-central-1:ACCOUNT:table/one"
        );
    }

    #[test]
    fn the_manual_names_what_an_operator_needs_to_create_and_delete_tables() {
        let manual = include_str!("../../docs.md");
        for call in Call::CREATE.into_iter().chain(Call::DELETE) {
            for permission in call.permissions() {
                assert!(
                    manual.contains(&format!("`{permission}`")),
                    "{permission} is missing"
                );
            }
        }
    }
}
