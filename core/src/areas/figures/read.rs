//! Reading figures: what was folded of each day, put together by spans and currencies.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_ports::Result;
use portcullis_ports::money::Currency;
use portcullis_ports::payments::DeclineClass;
use serde::Serialize;

use super::Figures;
use super::days::Days;
use super::money::add;
use super::views::{FailedPayments, FiguresIn, FiguresOf, FiguresView};
use crate::areas::ledger::{HouseDay, LEDGER_BROKEN};
use crate::areas::payments::{
    DISPUTE_LOST, DISPUTE_OPENED, DISPUTE_WON, PAYMENT_CANCELED, PAYMENT_FAILED, PAYMENT_SUCCEEDED,
};
use crate::areas::subscriptions::{RECURRING, SUBSCRIPTION_BEGUN, SUBSCRIPTION_OVER};
use crate::foundation::use_case::{Problems, UseCase};
use crate::services::tallies::{Counted, Tallied};

/// How figures are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "lowercase")
)]
pub enum FiguresBy {
    /// Day by day.
    #[default]
    Day,
    /// Month by month.
    Month,
}

/// Which figures.
#[derive(Debug, Clone, Default)]
pub struct ReadFigures {
    /// From this day on, such as `2026-11-01`; from the first of the month of the last day where it is not said, or, told by
    /// months, of the month eleven months before.
    pub from: Option<String>,
    /// Until this day, which is among them; until today where it is not said. At most twelve months.
    pub to: Option<String>,
    /// How they are told.
    pub by: FiguresBy,
    /// Of this currency alone.
    pub currency: Option<Currency>,
}

impl UseCase for ReadFigures {
    const PROBLEMS: Problems = &[&[LEDGER_BROKEN]];
}

/// What subscriptions stand at.
#[derive(Debug, Clone, Copy, Default)]
struct Level {
    subscriptions: i64,
    recurring: i64,
}

impl Level {
    fn of(tallied: &[&Tallied]) -> Result<Self> {
        let mut level = Self::default();
        for one in tallied {
            match one.what.as_str() {
                SUBSCRIPTION_BEGUN => add(&mut level.subscriptions, one.count)?,
                SUBSCRIPTION_OVER => add(&mut level.subscriptions, -one.count)?,
                RECURRING => add(&mut level.recurring, one.minor)?,
                _ => {}
            }
        }
        Ok(level)
    }

    fn with(self, later: Self) -> Self {
        Self {
            subscriptions: self.subscriptions.saturating_add(later.subscriptions),
            recurring: self.recurring.saturating_add(later.recurring),
        }
    }

    /// The level before these were counted.
    fn without(self, later: Self) -> Self {
        Self {
            subscriptions: self.subscriptions.saturating_sub(later.subscriptions),
            recurring: self.recurring.saturating_sub(later.recurring),
        }
    }
}

/// What happened in one currency, by days.
struct InCurrency<'a> {
    house: BTreeMap<&'a str, Vec<&'a HouseDay>>,
    tallied: BTreeMap<&'a str, Vec<&'a Tallied>>,
    /// When the first of the days begins.
    start: Level,
}

impl<'a> InCurrency<'a> {
    fn new(house: &'a [HouseDay], counted: &'a Counted, currency: Currency) -> Result<Self> {
        let mut by_day: BTreeMap<&str, Vec<&HouseDay>> = BTreeMap::new();
        for day in house.iter().filter(|day| day.currency == currency) {
            by_day.entry(&day.day).or_default().push(day);
        }
        let of = |all: &'a [Tallied]| -> Vec<&'a Tallied> {
            all.iter().filter(|one| one.currency == currency).collect()
        };
        let days = counted.days.iter();
        let tallied: BTreeMap<&str, Vec<&Tallied>> = days.map(|(day, all)| (day.as_str(), of(all))).collect();
        let mut start = Level::of(&of(&counted.all_time))?;
        for day in tallied.values() {
            start = start.without(Level::of(day)?);
        }
        Ok(Self {
            house: by_day,
            tallied,
            start,
        })
    }

    /// What some days came to, which begin at a level.
    fn figures(&self, days: Days, start: &mut Level) -> Result<FiguresOf> {
        let (first, last) = (days.first.to_string(), days.last.to_string());
        let span = || first.as_str()..=last.as_str();
        let mut figures = FiguresOf {
            subscriptions_at_start: start.subscriptions,
            ..FiguresOf::default()
        };
        for day in self.house.range(span()).flat_map(|(_, day)| day) {
            figures.add_house(day)?;
        }
        for (_, day) in self.tallied.range(span()) {
            for one in day {
                figures.add_tallied(one)?;
            }
            *start = start.with(Level::of(day)?);
        }
        let (before, over) = (figures.subscriptions_at_start, figures.subscriptions_over);
        figures.churn_basis_points = (before > 0).then(|| over.saturating_mul(10_000) / before);
        figures.recurring_at_end = start.recurring;
        (figures.from, figures.to) = (first, last);
        Ok(figures)
    }
}

impl FiguresOf {
    fn add_tallied(&mut self, one: &Tallied) -> Result<()> {
        match one.what.as_str() {
            PAYMENT_SUCCEEDED => add(&mut self.payments_succeeded, one.count),
            PAYMENT_CANCELED => add(&mut self.payments_canceled, one.count),
            PAYMENT_FAILED => {
                let reason = one.detail.as_deref().and_then(reason);
                let at = self.failures.iter().position(|known| known.reason == reason);
                let at = at.unwrap_or_else(|| {
                    self.failures.push(FailedPayments { reason, count: 0 });
                    self.failures.len() - 1
                });
                add(&mut self.failures[at].count, one.count)?;
                add(&mut self.payments_failed, one.count)
            }
            DISPUTE_OPENED => add(&mut self.disputes_opened, one.count),
            DISPUTE_WON => add(&mut self.disputes_won, one.count),
            DISPUTE_LOST => add(&mut self.disputes_lost, one.count),
            SUBSCRIPTION_BEGUN => add(&mut self.subscriptions_begun, one.count),
            SUBSCRIPTION_OVER => add(&mut self.subscriptions_over, one.count),
            _ => Ok(()),
        }
    }
}

fn reason(word: &str) -> Option<DeclineClass> {
    serde_json::from_value(serde_json::Value::from(word)).ok()
}

impl Figures {
    /// What the business came to.
    ///
    /// # Errors
    /// `invalid-request` for days that are none, or too many; `ledger-broken`; `store-conflict` where it has to be asked again;
    /// whatever the store answers.
    pub async fn read(&self, command: &ReadFigures) -> Result<FiguresView> {
        let zone = self.ledger.zone();
        let days = Days::of(command, &zone.date_text(self.context.now())?)?;
        let (first, last) = (days.first.to_string(), days.last.to_string());
        let house = self.ledger.house_days(&first, &last).await?;
        let counted = self.tallies.since(&first).await?;
        let mut currencies: BTreeSet<Currency> = house.iter().map(|day| day.currency).collect();
        currencies.extend(counted.all_time.iter().map(|one| one.currency));
        currencies.retain(|currency| command.currency.is_none_or(|wanted| wanted == *currency));
        let told = currencies.into_iter().map(|currency| {
            let made = InCurrency::new(&house, &counted, currency)?;
            let mut level = made.start;
            let spans = days.spans(command.by).into_iter();
            Ok(FiguresIn {
                currency,
                digits: currency.digits(),
                total: made.figures(days, &mut made.start.clone())?,
                spans: spans
                    .map(|span| made.figures(span, &mut level))
                    .collect::<Result<_>>()?,
            })
        });
        Ok(FiguresView {
            from: first,
            to: last,
            by: command.by,
            time_zone: zone.clone(),
            currencies: told.collect::<Result<_>>()?,
        })
    }
}
