//! Tables: created, checked, mended and deleted.

use portcullis_adapter_dynamodb::emulator::Kind;
use portcullis_ports::storage::{Collection, TableReport, TableState};
use serde_json::json;

use crate::proxy::{Fault, Proxy};
use crate::stores::{Place, THINGS, plan, runtime};

const OTHERS: Collection = Collection {
    name: "others",
    table: "others",
    variable: "OTHERS_TABLE",
};

fn states(reports: &[TableReport]) -> Vec<(&str, TableState)> {
    let state = |report: &'_ TableReport| report.state;
    reports
        .iter()
        .map(|report| (report.table.as_str(), state(report)))
        .collect()
}

async fn live_and_die(kind: Kind) {
    let Some(place) = Place::new(kind) else { return };
    let tables = place.tables(json!({ "tables": { "others": "one-more" } }));
    let families = [THINGS, OTHERS];
    let both = |state| vec![("one-more", state), ("portcullis", state)];
    let missing = tables.check(&families).await.unwrap();
    assert_eq!(states(&missing), both(TableState::Missing));
    assert!(missing[0].notes[0].contains("portcullis tables create"));
    let created = tables.create(&families).await.unwrap();
    eprintln!("{kind:?}: {created:?}");
    assert_eq!(states(&created), both(TableState::Created));
    assert_eq!(
        states(&tables.check(&families).await.unwrap()),
        both(TableState::Ready)
    );
    assert_eq!(
        states(&tables.create(&families).await.unwrap()),
        both(TableState::Ready)
    );
    // Another attribute is not what the table looks at.
    let elsewhere = place.tables(json!({ "ttl_attribute": "gone_at" }));
    for reports in [
        elsewhere.check(&[THINGS]).await.unwrap(),
        elsewhere.create(&[THINGS]).await.unwrap(),
    ] {
        assert_eq!(states(&reports), [("portcullis", TableState::Incomplete)]);
        assert!(
            reports[0]
                .notes
                .iter()
                .any(|note| note.contains("ttl_attribute = \"ttl_epoch\""))
        );
    }
    assert_eq!(
        states(&tables.delete(&families).await.unwrap()),
        both(TableState::Deleted)
    );
    assert_eq!(
        states(&tables.delete(&families).await.unwrap()),
        both(TableState::Missing)
    );
}

#[tokio::test]
async fn tables_live_and_die_on_dynamodb_local() {
    live_and_die(Kind::DynamodbLocal).await;
}

#[tokio::test]
async fn tables_live_and_die_on_dynoxide() {
    live_and_die(Kind::Dynoxide).await;
}

/// A table as the service describes it.
fn described(keys: &str) -> Fault {
    let text = format!(
        r#"{{"Table":{{"TableName":"portcullis","TableStatus":"ACTIVE",
            "KeySchema":[{{"AttributeName":"{keys}","KeyType":"HASH"}},{{"AttributeName":"sk","KeyType":"RANGE"}}],
            "AttributeDefinitions":[{{"AttributeName":"{keys}","AttributeType":"S"}},
                                    {{"AttributeName":"sk","AttributeType":"S"}}]}}}}"#
    );
    Fault::Answer(200, text)
}

#[tokio::test]
async fn a_table_without_expiry_and_backups_is_mended() {
    let proxy = Proxy::alone(|operation, before| match operation {
        "DescribeTable" => described("pk"),
        "DescribeTimeToLive" => Fault::Answer(
            200,
            r#"{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}"#.to_owned(),
        ),
        "DescribeContinuousBackups" => Fault::Answer(
            200,
            r#"{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED",
                "PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}}"#
                .to_owned(),
        ),
        "UpdateContinuousBackups" if before == 0 => {
            Fault::error(400, "ContinuousBackupsUnavailableException")
        }
        "UpdateTimeToLive" | "UpdateContinuousBackups" => Fault::Answer(200, "{}".to_owned()),
        other => panic!("{other} was not expected"),
    })
    .await;
    let plan = plan(json!({ "endpoint": proxy.endpoint() }));
    let tables = plan
        .offline(&runtime().runtime())
        .and_then(|tools| tools.tables)
        .unwrap();
    let checked = tables.check(&[THINGS]).await.unwrap();
    assert_eq!(states(&checked), [("portcullis", TableState::Incomplete)]);
    let notes = checked[0].notes.join(" ");
    for word in ["ttl_epoch", "Point-in-time recovery is off", "provisioned"] {
        assert!(notes.contains(word), "{notes}");
    }
    assert_eq!(proxy.count("UpdateTimeToLive"), 0, "a check changes nothing");
    let mended = tables.create(&[THINGS]).await.unwrap();
    assert_eq!(states(&mended), [("portcullis", TableState::Changed)]);
    assert_eq!(
        (
            proxy.count("UpdateTimeToLive"),
            proxy.count("UpdateContinuousBackups")
        ),
        (1, 2)
    );
}

#[tokio::test]
async fn a_table_with_other_keys_is_left_alone() {
    let proxy = Proxy::alone(|operation, _| match operation {
        "DescribeTable" => described("id"),
        "DescribeTimeToLive" | "DescribeContinuousBackups" => Fault::Answer(200, "{}".to_owned()),
        other => panic!("{other} was not expected"),
    })
    .await;
    let plan = plan(json!({ "endpoint": proxy.endpoint() }));
    let tables = plan
        .offline(&runtime().runtime())
        .and_then(|tools| tools.tables)
        .unwrap();
    let reports = tables.create(&[THINGS]).await.unwrap();
    assert_eq!(states(&reports), [("portcullis", TableState::Incomplete)]);
    assert!(reports[0].notes.join(" ").contains("cannot be changed"));
}
