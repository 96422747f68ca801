//! What counts of what subscriptions grant, and when.

use std::time::Duration;

use portcullis_ports::Timestamp;
use portcullis_ports::identity::Subject;

use super::model::{Access, Grant, SubscriptionId};
use super::records::Granted;
use super::*;
use crate::areas::plans::{EntitlementName, Entitlements, PlanId};
use crate::foundation::testing::Node;
use crate::services::testing::{Bed, BedSettings, Office, bed_on};

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn id(last: char) -> SubscriptionId {
    SubscriptionId::parse(&format!("sub_01h2xcejqtf2nbrexx3vqjhp4{last}")).unwrap()
}

fn ada() -> Subject {
    Subject::parse("usr_ada").unwrap()
}

fn grant(plan: &str, access: Access, entitlements: &[(&str, Option<u64>)]) -> Grant {
    let named = |(name, limit): &(&str, Option<u64>)| (EntitlementName::parse(name).unwrap(), *limit);
    Grant {
        plan: PlanId::parse(plan).unwrap(),
        access,
        entitlements: entitlements.iter().map(named).collect::<Entitlements>(),
    }
}

fn shown(grants: &[Grant], now: Timestamp) -> Vec<(String, Option<u64>, Option<i64>)> {
    let mut granted = Granted::none(&ada());
    for (grant, last) in grants.iter().zip('0'..) {
        granted.grants.insert(id(last), grant.clone());
    }
    let list = granted.list(now);
    let shown = list.entitlements.into_iter();
    shown
        .map(|one| (one.name.to_string(), one.limit, one.until))
        .collect()
}

#[test]
fn of_several_plans_the_highest_limit_counts_for_as_long_as_it_lasts() {
    let end = NOW + Duration::from_mins(1);
    let small = grant(
        "small",
        Access::Granted,
        &[("projects", Some(3)), ("export", None)],
    );
    let large = grant("large", Access::Until(end), &[("projects", Some(20))]);
    let both = [small.clone(), large.clone()];
    let export = ("export".to_owned(), None, None);
    assert_eq!(
        shown(&both, NOW),
        [
            export.clone(),
            ("projects".to_owned(), Some(20), Some(end.seconds()))
        ]
    );
    assert_eq!(
        shown(&both, end),
        [export, ("projects".to_owned(), Some(3), None)]
    );
    let unlimited = grant("all", Access::Granted, &[("projects", None)]);
    let joined = shown(&[large, unlimited], NOW);
    assert_eq!(joined, [("projects".to_owned(), None, None)]);
}

#[test]
fn what_is_withheld_or_over_gives_nothing() {
    let withheld = grant("small", Access::Withheld, &[("projects", Some(3))]);
    let over = grant("large", Access::Until(NOW), &[("projects", Some(20))]);
    assert!(shown(&[withheld, over], NOW).is_empty());
}

async fn bed() -> (EntitlementRecords, Bed) {
    let node = Node {
        areas: &[&super::AREA],
        ..Node::default()
    };
    let base = bed_on(&node, BedSettings::default(), vec![Office::new("main")]).await;
    (EntitlementRecords::new(&base.context), base)
}

#[tokio::test]
async fn two_who_look_for_room_at_once_cannot_both_take_it() {
    let (records, base) = bed().await;
    let plan = PlanId::parse("small").unwrap();
    let mut first = Batch::default();
    let mut second = Batch::default();
    for batch in [&mut first, &mut second] {
        assert!(records.live(batch, &ada()).await.unwrap().is_empty());
    }
    let given = grant("small", Access::Granted, &[("export", None)]);
    records
        .keep(&mut first, &ada(), &id('1'), Some(given.clone()))
        .await
        .unwrap();
    records
        .keep(&mut second, &ada(), &id('2'), Some(given))
        .await
        .unwrap();
    base.context.commit(first).await.unwrap();
    let lost = base.context.commit(second).await.unwrap_err();
    assert_eq!(lost.code(), portcullis_ports::storage::STORE_CONFLICT);
    let mut batch = Batch::default();
    assert_eq!(records.live(&mut batch, &ada()).await.unwrap(), [id('1')]);
    assert_eq!(records.of(&ada()).await.unwrap().plans, [plan]);
    records.keep(&mut batch, &ada(), &id('1'), None).await.unwrap();
    base.context.commit(batch).await.unwrap();
    let none = records.of(&ada()).await.unwrap();
    assert!(none.plans.is_empty() && none.entitlements.is_empty());
}

#[tokio::test]
async fn a_store_that_fails_entitles_to_nothing_and_says_so() {
    let (records, base) = bed().await;
    let mut batch = Batch::default();
    let given = grant("small", Access::Granted, &[("export", None)]);
    records
        .keep(&mut batch, &ada(), &id('1'), Some(given))
        .await
        .unwrap();
    base.context.commit(batch).await.unwrap();
    base.store.fail_next(1);
    let failed = records.of(&ada()).await.unwrap_err();
    assert_eq!(failed.kind(), portcullis_ports::Kind::Unavailable);
    assert_eq!(records.of(&ada()).await.unwrap().entitlements.len(), 1);
}
