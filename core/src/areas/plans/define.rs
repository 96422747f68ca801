//! Operators make plans and change them.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use portcullis_ports::Result;
use portcullis_ports::money::{Currency, Money};

use super::commands::{ChangePlan, CreatePlan, NewPrice};
use super::model::{Entitlements, Plan, PlanId, Price, PriceId};
use super::records::{PlanRecord, PriceRecord};
use super::views::{EntitlementView, PlanStatus, PlanView};
use super::{PLAN_EXISTS, PLAN_LIMIT, PLAN_NOT_FOUND, Plans, actions, events};
use crate::areas::operators::Operator;
use crate::foundation::calendar::{Interval, Unit, Zone};
use crate::foundation::input::refused;
use crate::foundation::table::Batch;
use crate::foundation::taxes::TaxCode;
use crate::services::audit::Event;
use crate::services::payment_vendors::{CollectionTerms, Pointers};

/// The most plans, archived ones included.
const MOST: usize = 500;
/// The most that a period costs, in minor units.
const MOST_COSTLY: i64 = 1_000_000_000_000;
/// The longest description, in characters.
const LONGEST: usize = 500;
/// The longest trial, in days.
const LONGEST_TRIAL: u16 = 730;
/// The longest period, in its unit.
const LONGEST_PERIOD: u16 = 366;
/// The most things that a plan entitles to.
const MOST_ENTITLEMENTS: usize = 100;
/// The highest limit: beyond it, clients that count in doubles see another one.
const HIGHEST: u64 = (1 << 53) - 1;

impl Plans {
    /// Makes a plan.
    ///
    /// # Errors
    /// `step-up-required`, `plan-exists`, `plan-limit`; `invalid-request` for what does not fit together.
    pub async fn create(&self, operator: &Operator, command: &CreatePlan) -> Result<PlanView> {
        self.step_up.require(actions::MANAGE_PLANS, &operator.who).await?;
        let draft = self.drafted(command)?;
        self.context
            .retried(|| async {
                let plans = self.all().await?;
                if plans.iter().any(|plan| plan.0.id == draft.id) {
                    return Err(PLAN_EXISTS.error());
                }
                if plans.len() >= MOST {
                    return Err(PLAN_LIMIT.error());
                }
                let mut batch = Batch::default();
                let mut plan = draft.clone();
                self.price(&mut batch, &mut plan, &command.prices)?;
                self.collectable(&plan)?;
                batch.insert(&PlanRecord(plan.clone()))?;
                let event = Event::success(events::PLAN_CREATED, &operator.who.source).with("plan", &plan.id);
                let event = prices_told(event, &plan);
                self.operators.append(&mut batch, operator, None, &event).await?;
                self.context.commit(batch).await?;
                Ok(PlanView::of(&plan))
            })
            .await
    }

    /// Changes a plan.
    ///
    /// # Errors
    /// `step-up-required`, `plan-not-found`; `invalid-request` for what does not fit together.
    pub async fn change(&self, operator: &Operator, id: &PlanId, command: &ChangePlan) -> Result<PlanView> {
        self.step_up.require(actions::MANAGE_PLANS, &operator.who).await?;
        self.context
            .retried(|| async {
                let read = self.find(id).await?.ok_or_else(|| PLAN_NOT_FOUND.error())?;
                let mut batch = Batch::default();
                let mut plan = read.value.0.clone();
                if let Some(name) = &command.name {
                    plan.name = name.clone();
                }
                if let Some(text) = &command.description {
                    plan.description = described(Some(text))?;
                }
                if let Some(days) = command.trial_days {
                    plan.trial_days = trial(days)?;
                }
                if let Some(code) = &command.tax_code {
                    plan.tax_code = Some(self.known(code)?);
                }
                if let Some(entitlements) = &command.entitlements {
                    plan.entitlements = entitled(entitlements)?;
                }
                if let Some(prices) = &command.prices {
                    self.price(&mut batch, &mut plan, prices)?;
                }
                if let Some(status) = command.status {
                    plan.archived = status == PlanStatus::Archived;
                }
                let before = &read.value.0;
                if (&plan.prices, plan.trial_days) != (&before.prices, before.trial_days) {
                    self.collectable(&plan)?;
                }
                if plan == read.value.0 {
                    return Ok(PlanView::of(&plan));
                }
                plan.updated_at = self.context.now();
                batch.replace(&read, &PlanRecord(plan.clone()))?;
                let event = Event::success(events::PLAN_CHANGED, &operator.who.source)
                    .with("plan", id)
                    .with("archived", plan.archived);
                let event = prices_told(event, &plan);
                self.operators.append(&mut batch, operator, None, &event).await?;
                self.context.commit(batch).await?;
                Ok(PlanView::of(&plan))
            })
            .await
    }

    /// A plan without prices.
    fn drafted(&self, command: &CreatePlan) -> Result<Plan> {
        let now = self.context.now();
        let count = command.interval_count.unwrap_or(1);
        let count = NonZeroU16::new(count).filter(|count| count.get() <= LONGEST_PERIOD);
        let count = count.ok_or_else(|| refused("/interval_count", "a number of 1 to 366 is expected"))?;
        let anchor_day = match command.anchor_day {
            None => None,
            Some(day) => Some(anchored(day, command.interval)?),
        };
        Ok(Plan {
            id: command.plan_id.clone(),
            name: command.name.clone(),
            description: described(command.description.as_deref())?,
            interval: Interval {
                unit: command.interval,
                count,
            },
            anchor_day,
            zone: command.time_zone.clone().unwrap_or_else(Zone::utc),
            trial_days: trial(command.trial_days.unwrap_or(0))?,
            tax_code: command
                .tax_code
                .as_ref()
                .map(|code| self.known(code))
                .transpose()?,
            collector: command.collector.clone(),
            entitlements: entitled(command.entitlements.as_deref().unwrap_or_default())?,
            prices: BTreeMap::new(),
            archived: false,
            created_at: now,
            updated_at: now,
        })
    }

    /// Refuses what the vendor that is to collect it would not collect. Taxes that come on top are in the sum of each
    /// subscription.
    fn collectable(&self, plan: &Plan) -> Result<()> {
        let Some(collector) = &plan.collector else {
            return Ok(());
        };
        for price in plan.prices.values() {
            let wanted = CollectionTerms {
                interval: plan.interval,
                anchored: plan.anchor_day.is_some(),
                trial_days: plan.trial_days,
                amount: price.amount,
                pointers: Pointers::PLAN,
            };
            self.vendors.require_collected(collector, &wanted)?;
        }
        Ok(())
    }

    /// A tax code that the configuration declares: without its rate nothing could be billed.
    fn known(&self, code: &TaxCode) -> Result<TaxCode> {
        if self.settings.taxes.contains_key(code) {
            return Ok(code.clone());
        }
        Err(refused(
            "/tax_code",
            "a name that `billing.taxes` declares is expected",
        ))
    }

    /// Adds rows for the prices that are other than those of a plan.
    fn price(&self, batch: &mut Batch, plan: &mut Plan, wanted: &[NewPrice]) -> Result<()> {
        let now = self.context.now();
        let mut seen: Vec<Currency> = Vec::new();
        for (at, price) in wanted.iter().enumerate() {
            if seen.contains(&price.currency) {
                let advice = "each currency once is expected";
                return Err(refused(&format!("/prices/{at}/currency"), advice));
            }
            seen.push(price.currency);
            let Some(minor) = price.amount else {
                plan.prices.remove(&price.currency);
                continue;
            };
            if !(0..=MOST_COSTLY).contains(&minor) {
                let advice = "0 to 1000000000000 minor units are expected";
                return Err(refused(&format!("/prices/{at}/amount"), advice));
            }
            let amount = Money::new(minor, price.currency);
            if plan
                .prices
                .get(&price.currency)
                .is_some_and(|known| known.amount == amount)
            {
                continue;
            }
            let row = Price {
                id: PriceId::time_ordered(now, self.context.entropy.as_ref())?,
                plan: plan.id.clone(),
                amount,
                created_at: now,
            };
            batch.insert(&PriceRecord(row.clone()))?;
            plan.prices.insert(price.currency, row);
        }
        if plan.prices.is_empty() {
            return Err(refused("/prices", "a price in one currency at least is expected"));
        }
        Ok(())
    }
}

/// The amounts of today, for histories.
fn prices_told<'a>(event: Event<'a>, plan: &Plan) -> Event<'a> {
    let prices: Vec<String> = plan
        .prices
        .values()
        .map(|price| price.amount.to_string())
        .collect();
    event.with("prices", prices.join(", "))
}

fn anchored(day: u8, unit: Unit) -> Result<i8> {
    let day = i8::try_from(day).ok().filter(|day| (1..=31).contains(day));
    let day = day.ok_or_else(|| refused("/anchor_day", "a day of 1 to 31 is expected"))?;
    if unit != Unit::Month {
        return Err(refused("/anchor_day", "it goes with periods of months alone"));
    }
    Ok(day)
}

fn described(text: Option<&str>) -> Result<Option<String>> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > LONGEST || text.chars().any(char::is_control)) {
        let advice = "at most 500 characters in one line are expected";
        return Err(refused("/description", advice));
    }
    Ok(text.map(str::to_owned))
}

fn trial(days: u16) -> Result<u16> {
    if days > LONGEST_TRIAL {
        return Err(refused("/trial_days", "at most 730 days are expected"));
    }
    Ok(days)
}

fn entitled(listed: &[EntitlementView]) -> Result<Entitlements> {
    if listed.len() > MOST_ENTITLEMENTS {
        return Err(refused("/entitlements", "at most 100 of them are expected"));
    }
    let mut entitlements = Entitlements::new();
    for (at, one) in listed.iter().enumerate() {
        if one.limit.is_some_and(|limit| limit > HIGHEST) {
            let advice = "at most 9007199254740991 is expected, or null for no limit";
            return Err(refused(&format!("/entitlements/{at}/limit"), advice));
        }
        if entitlements.insert(one.name.clone(), one.limit).is_some() {
            let advice = "each name once is expected";
            return Err(refused(&format!("/entitlements/{at}/name"), advice));
        }
    }
    Ok(entitlements)
}
