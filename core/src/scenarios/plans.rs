//! Plans: what operators make of them, and what becomes of their prices.

use std::num::NonZeroU16;

use portcullis_ports::Code;
use portcullis_ports::money::Currency;

use crate::areas::operators::{Operator, Role};
use crate::areas::plans::*;
use crate::foundation::calendar::{Unit, Zone};
use crate::foundation::input::{INVALID_REQUEST, Label};
use crate::scenarios::operators::{history, operator};
use crate::testing::{World, world};

pub(super) fn plan_id(text: &str) -> PlanId {
    PlanId::parse(text).unwrap()
}

pub(super) fn price(currency: &str, amount: i64) -> NewPrice {
    NewPrice {
        currency: Currency::parse(currency).unwrap(),
        amount: Some(amount),
    }
}

pub(super) fn entitlement(name: &str, limit: Option<u64>) -> EntitlementView {
    EntitlementView {
        name: EntitlementName::parse(name).unwrap(),
        limit,
    }
}

/// A plan for a month, for so many cents.
pub(super) fn monthly(id: &str, cents: i64) -> CreatePlan {
    CreatePlan {
        plan_id: plan_id(id),
        name: Label::parse("Pro").unwrap(),
        description: None,
        interval: Unit::Month,
        interval_count: None,
        anchor_day: None,
        time_zone: Some(Zone::parse("Europe/Berlin").unwrap()),
        trial_days: None,
        tax_code: None,
        collector: None,
        entitlements: Some(vec![entitlement("projects", Some(20))]),
        prices: vec![price("USD", cents)],
    }
}

async fn office() -> (World, Operator) {
    let world = world().await;
    let admin = operator(&world, "grace@example.com", Role::Admin).await;
    (world, admin)
}

async fn refused(world: &World, admin: &Operator, plan: CreatePlan) -> Code {
    let refused = world.app.plans.create(admin, &plan).await;
    refused.unwrap_err().code()
}

#[tokio::test]
async fn a_plan_is_made_once_and_shown_to_people() {
    let (world, admin) = office().await;
    let plans = &world.app.plans;
    let made = plans.create(&admin, &monthly("pro", 1_999)).await.unwrap();
    assert_eq!((made.interval, made.interval_count), (Unit::Month, 1));
    assert_eq!(made.prices[0].amount, 1_999);
    assert_eq!(plans.list().await.unwrap().plans, [made]);
    assert_eq!(refused(&world, &admin, monthly("pro", 1)).await, PLAN_EXISTS);
    let history = history(&world, admin.subject()).await;
    let told = history.iter().any(|entry| entry.event == "operator_plan_create");
    assert!(told, "{history:?}");
}

#[tokio::test]
async fn another_price_is_another_row_and_the_first_one_stays() {
    let (world, admin) = office().await;
    let plans = &world.app.plans;
    let made = plans.create(&admin, &monthly("pro", 1_999)).await.unwrap();
    let change = |prices| ChangePlan {
        prices: Some(prices),
        ..ChangePlan::default()
    };
    let id = plan_id("pro");
    let dearer = change(vec![price("USD", 2_499), price("EUR", 2_299)]);
    let changed = plans.change(&admin, &id, &dearer).await.unwrap();
    assert_eq!(changed.prices.len(), 2);
    let dollars = changed.prices.iter().find(|price| price.amount == 2_499).unwrap();
    assert_ne!(dollars.price_id, made.prices[0].price_id);
    // The same once more makes no row.
    assert_eq!(plans.change(&admin, &id, &dearer).await.unwrap(), changed);
    let rows = plans.prices_ever(&id).await.unwrap();
    let amounts: Vec<i64> = rows.iter().map(|row| row.amount.minor).collect();
    assert_eq!(amounts.len(), 3, "{amounts:?}");
    assert!(
        rows.iter()
            .any(|row| row.id == made.prices[0].price_id && row.amount.minor == 1_999)
    );
    let withdrawn = NewPrice {
        amount: None,
        ..price("USD", 0)
    };
    let left = plans.change(&admin, &id, &change(vec![withdrawn])).await.unwrap();
    assert_eq!(left.prices.len(), 1);
    let none = NewPrice {
        amount: None,
        ..price("EUR", 0)
    };
    let refused = plans.change(&admin, &id, &change(vec![none])).await.unwrap_err();
    assert_eq!(refused.fields()[0].pointer, "/prices");
    assert_eq!(plans.prices_ever(&id).await.unwrap().len(), 3);
}

#[tokio::test]
async fn who_cannot_subscribe_any_more_is_not_shown_it() {
    let (world, admin) = office().await;
    let plans = &world.app.plans;
    plans.create(&admin, &monthly("pro", 1_999)).await.unwrap();
    let archive = ChangePlan {
        status: Some(PlanStatus::Archived),
        ..ChangePlan::default()
    };
    let archived = plans.change(&admin, &plan_id("pro"), &archive).await.unwrap();
    assert_eq!(archived.status, PlanStatus::Archived);
    assert!(plans.list().await.unwrap().plans.is_empty());
    assert_eq!(plans.list_all().await.unwrap().plans, [archived]);
    let unknown = plans.change(&admin, &plan_id("other"), &archive).await;
    assert_eq!(unknown.unwrap_err().code(), PLAN_NOT_FOUND);
}

#[tokio::test]
async fn what_does_not_fit_together_is_refused_by_name() {
    let (world, admin) = office().await;
    let base = || monthly("pro", 1_999);
    let twice = vec![entitlement("projects", None), entitlement("projects", Some(2))];
    for (plan, field) in [
        (
            CreatePlan {
                interval_count: Some(0),
                ..base()
            },
            "/interval_count",
        ),
        (
            CreatePlan {
                anchor_day: Some(32),
                ..base()
            },
            "/anchor_day",
        ),
        (
            CreatePlan {
                anchor_day: Some(1),
                interval: Unit::Week,
                ..base()
            },
            "/anchor_day",
        ),
        (
            CreatePlan {
                trial_days: Some(731),
                ..base()
            },
            "/trial_days",
        ),
        (
            CreatePlan {
                prices: Vec::new(),
                ..base()
            },
            "/prices",
        ),
        (
            CreatePlan {
                prices: vec![price("USD", 1), price("USD", 2)],
                ..base()
            },
            "/prices/1/currency",
        ),
        (
            CreatePlan {
                prices: vec![price("USD", -1)],
                ..base()
            },
            "/prices/0/amount",
        ),
        (
            CreatePlan {
                description: Some("one\ntwo".to_owned()),
                ..base()
            },
            "/description",
        ),
        (
            CreatePlan {
                entitlements: Some(twice.clone()),
                ..base()
            },
            "/entitlements/1/name",
        ),
    ] {
        let refused = world.app.plans.create(&admin, &plan).await.unwrap_err();
        assert_eq!(refused.code(), INVALID_REQUEST);
        assert_eq!(refused.fields()[0].pointer, field);
    }
    assert!(world.app.plans.list_all().await.unwrap().plans.is_empty());
    let longest = CreatePlan {
        interval_count: Some(366),
        interval: Unit::Day,
        ..base()
    };
    let made = world.app.plans.create(&admin, &longest).await.unwrap();
    assert_eq!(NonZeroU16::new(made.interval_count), NonZeroU16::new(366));
}
