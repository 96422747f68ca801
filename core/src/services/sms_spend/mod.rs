//! The brake on the bill for text messages: costs are counted before a message is queued, shared by all nodes.

mod records;
mod segments;
mod settings;
#[cfg(test)]
pub(crate) use segments::segments;

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_ports::contact::PhoneNumber;
use portcullis_ports::money::Currency;
use portcullis_ports::storage::Range;
use portcullis_ports::{Code, Kind, Result};

use crate::foundation::meter::Meter;
pub use crate::foundation::prefix::Prefix;
pub use crate::foundation::price::Price;
pub(crate) use records::SMS_SPEND;
use records::Spent;
pub use settings::Settings;

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::day::Day;
use crate::foundation::input::country_prefix;
use crate::foundation::table::{Batch, Slot};
use crate::services::budgets::Lines;

/// What was spent. Set by whoever runs the worker.
pub const TODAY: Meter = Meter::gauge(
    "portcullis_sms_spend_today",
    "What the text messages of this day in UTC cost so far, in whole units of the currency.",
);
/// What may be spent. Set by whoever runs the worker.
pub const LIMIT: Meter = Meter::gauge(
    "portcullis_sms_spend_limit",
    "The most that the text messages of a day may cost.",
);

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[Family::new(SMS_SPEND, Personal::Expiring, &[shape::<Spent>("spent")]).taken_over()],
    problems: &[SMS_DESTINATION_BLOCKED, SMS_SPEND_EXHAUSTED],
    meters: &[TODAY, LIMIT],
    ..Area::EMPTY
};

/// The operator's limit on the cost of text messages is reached.
pub const SMS_SPEND_EXHAUSTED: Code = Code::new(
    "sms-spend-exhausted",
    Kind::Limited,
    "No more text messages can be sent today: use another factor, or try again tomorrow.",
);
/// The operator sends no text messages to numbers of this kind.
pub const SMS_DESTINATION_BLOCKED: Code = Code::new(
    "sms-destination-blocked",
    Kind::Forbidden,
    "Text messages are not sent to numbers of this country: use another number or another factor.",
);

/// What was spent today.
#[derive(Debug, Clone)]
pub struct Spending {
    /// The day in UTC, as `2026-11-01`.
    pub day: String,
    /// In total.
    pub total: Price,
    /// The most that may be spent in a day, if that is limited.
    pub limit: Option<Price>,
    /// By country or prefix, in the order of their numbers.
    pub by_prefix: Vec<(String, Price)>,
}

/// For whom text messages are sent: it decides how much of a limit they may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Priority {
    /// Codes for somebody who proved the first factor, to a number that the account has proven to own: they may use the
    /// whole limit.
    Proven,
    /// Everything else: it leaves `sign_in_reserve` alone.
    Other,
}

/// What some messages will cost.
pub(crate) struct Quote {
    /// Number, prefix, units.
    parts: Vec<(PhoneNumber, String, u64)>,
}

/// One sum that a quote adds to.
#[derive(Clone, Copy)]
struct Sum {
    units: u64,
    limit: Option<u64>,
}

/// Counts what text messages cost.
#[derive(Clone)]
pub struct SmsSpend {
    context: Arc<Context>,
    settings: Arc<Settings>,
    lines: Lines,
}

impl SmsSpend {
    pub(crate) fn new(context: &Arc<Context>, settings: &Settings) -> Self {
        Self {
            context: Arc::clone(context),
            settings: Arc::new(settings.clone()),
            lines: Lines::default(),
        }
    }

    /// The currency in which is counted, if anything is limited.
    fn counted_in(&self) -> Option<Currency> {
        let limits = &self.settings;
        limits.currency().filter(|_| limits.is_limited())
    }

    /// What messages with these texts cost.
    ///
    /// # Errors
    /// `sms-destination-blocked`.
    pub(crate) fn quote<'a>(
        &self,
        messages: impl IntoIterator<Item = (&'a PhoneNumber, &'a str)>,
    ) -> Result<Quote> {
        let limits = &self.settings;
        let mut parts = Vec::new();
        for (number, text) in messages {
            let listed = |list: &[Prefix]| list.iter().any(|prefix| prefix.covers(number));
            if listed(&limits.deny) || !(limits.allow.is_empty() || listed(&limits.allow)) {
                return Err(SMS_DESTINATION_BLOCKED.error());
            }
            let listed = crate::foundation::prefix::longest(&limits.per_segment, number);
            let price = listed.map(|(_, price)| price).or(limits.default_price.as_ref());
            let units = price.map_or(0, |price| price.units);
            let prefix = listed.map_or_else(|| country_prefix(number), |(prefix, _)| prefix.to_string());
            parts.push((
                number.clone(),
                prefix,
                units.saturating_mul(segments::segments(text)),
            ));
        }
        Ok(Quote { parts })
    }

    /// Counts the cost in a commit of its own, all or nothing. A refusal counts nothing.
    ///
    /// # Errors
    /// As [`SmsSpend::take_in`].
    #[cfg(test)]
    pub(crate) async fn take(&self, quote: &Quote, priority: Priority) -> Result<()> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.take_in(&mut batch, quote, priority).await?;
                self.context.commit(batch).await
            })
            .await
    }

    /// Adds the cost to the commit that sends the messages, so that a failure costs nothing. To be called last before
    /// the commit: until that is done, others in this process wait.
    ///
    /// # Errors
    /// `sms-spend-exhausted` with the time until midnight UTC.
    pub(crate) async fn take_in(&self, batch: &mut Batch, quote: &Quote, priority: Priority) -> Result<()> {
        if self.counted_in().is_none() || quote.parts.is_empty() {
            return Ok(());
        }
        self.lines.join(batch, std::iter::once("sms-spend")).await;
        for slot in self.added(quote, priority).await? {
            batch.save(&slot)?;
        }
        Ok(())
    }

    /// The sums as they are with the quote.
    async fn added(&self, quote: &Quote, priority: Priority) -> Result<Vec<Slot<Spent>>> {
        let now = self.context.now();
        let day = Day::of(now);
        let table = self.context.table::<Spent>();
        let mut slots = Vec::new();
        for ((partition, sort), sum) in self.sums(quote, day, priority)? {
            let empty = || Spent {
                partition: partition.clone(),
                sort: sort.clone(),
                units: 0,
                until: day.end(),
            };
            let mut slot = table.slot(&partition, &sort, empty).await?;
            slot.value.units = slot.value.units.saturating_add(sum.units);
            if sum.limit.is_some_and(|limit| slot.value.units > limit) {
                return Err(SMS_SPEND_EXHAUSTED.error().retry_after(day.end().since(now)));
            }
            slots.push(slot);
        }
        Ok(slots)
    }

    /// What the quote adds, by partition and sort key. What is not [`Priority::Proven`] is summed up a second time, below
    /// the limits less the reserve.
    fn sums(&self, quote: &Quote, day: Day, priority: Priority) -> Result<BTreeMap<(String, String), Sum>> {
        let limits = &self.settings;
        let units = |price: &Option<Price>| price.as_ref().map(|price| price.units);
        let mut sums = BTreeMap::new();
        let mut add = |partition: String, sort: String, more: u64, limit: Option<u64>| {
            let sum = sums.entry((partition, sort)).or_insert(Sum { units: 0, limit });
            sum.units = sum.units.saturating_add(more);
        };
        for (number, prefix, cost) in &quote.parts {
            let today = day.to_string();
            add(today.clone(), Spent::TOTAL.into(), *cost, units(&limits.per_day));
            let by_prefix = format!("{}{prefix}", Spent::PREFIX);
            add(today.clone(), by_prefix, *cost, units(&limits.per_prefix_day));
            if limits.per_number_day.is_some() {
                let pseudonym = self.context.keyring.pseudonym("sms-spend", &[number.as_str()])?;
                add(
                    format!("number:{pseudonym}"),
                    today,
                    *cost,
                    units(&limits.per_number_day),
                );
            }
        }
        if priority == Priority::Other {
            let unreserved = |((partition, sort), sum): ((String, String), Sum)| {
                let limit = sum.limit.map(|limit| limits.unreserved(limit));
                (
                    (format!("{}{partition}", Spent::UNRESERVED), sort),
                    Sum { limit, ..sum },
                )
            };
            let below: Vec<_> = sums
                .clone()
                .into_iter()
                .filter(|(_, sum)| sum.limit.is_some())
                .map(unreserved)
                .collect();
            sums.extend(below);
        }
        Ok(sums)
    }

    /// What was spent today; `None` where nothing is limited, so that nothing is counted.
    pub async fn today(&self) -> Result<Option<Spending>> {
        let Some(currency) = self.counted_in() else {
            return Ok(None);
        };
        let day = Day::of(self.context.now()).to_string();
        let table = self.context.table::<Spent>();
        let total = table.find(&day, Spent::TOTAL).await?;
        let (found, _) = table
            .page(&day, Range::Prefix(Spent::PREFIX.into()), 1000, None)
            .await?;
        let by_prefix = found.into_iter().filter_map(|spent| {
            let prefix = spent.sort.strip_prefix(Spent::PREFIX)?.to_owned();
            Some((prefix, Price::of(spent.units, currency)))
        });
        Ok(Some(Spending {
            day,
            total: Price::of(total.map_or(0, |spent| spent.units), currency),
            limit: self.settings.per_day,
            by_prefix: by_prefix.collect(),
        }))
    }
}
