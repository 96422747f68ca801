//! A customer turns automatic payment on, changes it, turns it off, and reads how it stands.

use async_trait::async_trait;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use portcullis_ports::{Result, Timestamp};

use super::model::{AutopayList, AutopayTrigger, AutopayView, BillingSettings, SetAutopay};
use super::notices::Notice;
use super::records::{Rule, Trigger};
use super::run::AUTOPAY;
use super::{Autopay, actions, events};
use crate::areas::sessions::SignedIn;
use crate::foundation::account_erasure::AccountErasure;
use crate::foundation::input::refused;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

#[async_trait]
impl AccountErasure for Autopay {
    /// Removes all rules. What is being collected already comes to its end.
    async fn wind_down(&self, subject: &Subject, _: &Source) -> Result<bool> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                for rule in self.rules.all(subject).await? {
                    batch.remove(&rule);
                }
                self.context.commit(batch).await
            })
            .await?;
        Ok(true)
    }
}

impl Autopay {
    /// The rules of a customer.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn list(&self, subject: &Subject) -> Result<AutopayList> {
        let (rules, now) = (self.rules.all(subject).await?, self.context.now());
        let rules = rules.iter().map(|rule| rule.view(now));
        Ok(AutopayList {
            rules: rules.collect::<Result<_>>()?,
        })
    }

    /// What a customer has set about billing.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn billing_settings(&self, subject: &Subject) -> Result<BillingSettings> {
        let autopay = self.list(subject).await?.rules;
        let methods = self.methods.list(subject).await?;
        let default = methods.into_iter().find(|method| method.is_default);
        let default = default.map(|method| method.payment_method_id);
        let enabled = autopay.iter().find(|rule| rule.enabled);
        Ok(BillingSettings {
            autopay_enabled: enabled.is_some(),
            currency: enabled.map(|rule| rule.currency).or(self.default_currency),
            default_payment_method_id: default.clone(),
            default_payment_token_id: default,
            autopay,
        })
    }

    /// Turns automatic payment on, changes it, or turns it off. What lets it collect more, sooner or with another method needs a
    /// fresh step-up; turning it off and lowering a ceiling never do.
    ///
    /// # Errors
    /// Those of [`SetAutopay`]; `invalid-request`.
    pub async fn set(&self, who: &SignedIn, command: &SetAutopay) -> Result<AutopayView> {
        let subject = who.subject();
        let currency = self.currency_of(subject, command).await?;
        self.context
            .retried(|| self.set_once(who, currency, command))
            .await
    }

    async fn set_once(
        &self,
        who: &SignedIn,
        currency: Currency,
        command: &SetAutopay,
    ) -> Result<AutopayView> {
        let (subject, now) = (who.subject(), self.context.now());
        let mut batch = Batch::default();
        self.sessions.require_in(&mut batch, who).await?;
        let mut slot = self.rules.slot(&batch, subject, currency).await?;
        let wanted = slot.value.wanted(command, now)?;
        if wanted == slot.value || (slot.is_new() && !wanted.enabled) {
            return wanted.view(now);
        }
        let more = wanted.collects_more_than(&slot.value);
        if more {
            self.step_up.require(actions::CHANGE_AUTOPAY, who).await?;
        }
        if wanted.enabled {
            self.freezes.require_thawed(&mut batch, subject).await?;
            let method = self.methods.named(subject, wanted.method.as_ref()).await?;
            self.methods.require_usable(&method, method.instance())?;
        }
        slot.value = Rule {
            changed_at: now,
            ..wanted
        };
        batch.save(&slot)?;
        let rule = &slot.value;
        let kind = if rule.enabled { events::SET } else { events::OFF };
        let ceiling = |ceiling: Option<i64>| ceiling.map_or("none".to_owned(), |most| most.to_string());
        let event = Event::success(kind, &who.source)
            .with("currency", currency)
            .with("payment_ceiling", ceiling(rule.payment_ceiling))
            .with("month_ceiling", ceiling(rule.month_ceiling));
        self.rules.audit.append(&mut batch, subject, &[event]).await?;
        if more {
            self.rules.tell(&mut batch, rule, &Notice::On).await?;
        }
        if rule.enabled {
            // A debit at this moment either is seen by the look, or sees the rule.
            self.ledger.touch(&mut batch, subject, currency).await?;
            let next = rule.next_look(self.rules.notice()).unwrap_or(now);
            self.rules.look_at(&mut batch, rule, next).await?;
        } else if rule.open.is_none() {
            self.rules
                .tasks
                .cancel(&mut batch, &AUTOPAY, rule.id.as_str())
                .await?;
        }
        self.context.commit(batch).await?;
        rule.view(now)
    }

    /// The currency that is named, or that of the only rule or account, or that of the setting.
    async fn currency_of(&self, subject: &Subject, command: &SetAutopay) -> Result<Currency> {
        if let Some(named) = command.currency {
            return Ok(named);
        }
        let rules = self.rules.all(subject).await?;
        if let [only] = rules.as_slice() {
            return Ok(only.currency);
        }
        let accounts = self.ledger.balances(subject).await?;
        let only = match accounts.as_slice() {
            [only] if rules.is_empty() => Some(only.currency),
            _ => None,
        };
        only.or(self.default_currency).ok_or_else(|| {
            refused(
                "/currency",
                "a currency is expected, because there is not one account and `billing.default_currency` is not set",
            )
        })
    }
}

impl Rule {
    /// As its customer wants it.
    fn wanted(&self, command: &SetAutopay, now: Timestamp) -> Result<Self> {
        let bound = |told: Option<i64>, before: Option<i64>| {
            told.map_or(before, |told| Some(told).filter(|most| *most > 0))
        };
        let method = if command.default_method == Some(true) {
            None
        } else {
            command.payment_method_id.clone().or_else(|| self.method.clone())
        };
        let mut wanted = Self {
            enabled: command.enabled,
            method,
            payment_ceiling: bound(command.payment_ceiling, self.payment_ceiling),
            month_ceiling: bound(command.month_ceiling, self.month_ceiling),
            trigger: self.wanted_trigger(command)?,
            zone: command.time_zone.clone().unwrap_or_else(|| self.zone.clone()),
            ..self.clone()
        };
        if let Some(sum) = wanted.month.as_mut().filter(|_| wanted.zone != self.zone) {
            sum.zone.get_or_insert_with(|| self.zone.clone());
        }
        if !wanted.enabled {
            wanted.turn = None;
            wanted.noticed = None;
            wanted.retry_at = None;
            wanted.failures = 0;
            return Ok(wanted);
        }
        let anew = !self.enabled || wanted.trigger != self.trigger || wanted.zone != self.zone;
        if anew {
            wanted.turn = wanted.turn_after(now)?;
            wanted.noticed = None;
        }
        let differs = anew
            || wanted.method != self.method
            || wanted.payment_ceiling != self.payment_ceiling
            || wanted.month_ceiling != self.month_ceiling;
        if differs {
            // What held it back may not any more.
            wanted.retry_at = None;
            wanted.failures = 0;
            wanted.stopped = None;
        }
        Ok(wanted)
    }

    fn wanted_trigger(&self, command: &SetAutopay) -> Result<Trigger> {
        let (day, threshold) = match self.trigger {
            Trigger::Day { day } => (Some(day), None),
            Trigger::Threshold { minor } => (None, Some(minor)),
            Trigger::Due => (None, None),
        };
        let usual = match self.trigger {
            Trigger::Due => AutopayTrigger::Due,
            Trigger::Threshold { .. } => AutopayTrigger::Threshold,
            Trigger::Day { .. } => AutopayTrigger::Day,
        };
        let trigger = command.trigger.unwrap_or(usual);
        if command.day.is_some() && trigger != AutopayTrigger::Day {
            return Err(refused("/day", "a day goes with the trigger `day` alone"));
        }
        if command.threshold.is_some() && trigger != AutopayTrigger::Threshold {
            return Err(refused(
                "/threshold",
                "a threshold goes with the trigger `threshold` alone",
            ));
        }
        Ok(match trigger {
            AutopayTrigger::Due => Trigger::Due,
            AutopayTrigger::Threshold => {
                let minor = command.threshold.or(threshold).filter(|minor| *minor > 0);
                let minor = minor.ok_or_else(|| {
                    refused("/threshold", "an amount in minor units is expected, 1 or more")
                })?;
                Trigger::Threshold { minor }
            }
            AutopayTrigger::Day => {
                let day = command.day.or(day).filter(|day| (1..=31).contains(day));
                let day = day.ok_or_else(|| refused("/day", "a day of the month is expected, 1 to 31"))?;
                Trigger::Day { day }
            }
        })
    }

    /// Whether it lets more be collected, sooner, or with another method.
    fn collects_more_than(&self, before: &Self) -> bool {
        let raised = |now: Option<i64>, before: Option<i64>| match (now, before) {
            (Some(now), Some(before)) => now > before,
            (now, before) => now.is_none() && before.is_some(),
        };
        self.enabled
            && (!before.enabled
                || self.method != before.method
                || self.trigger != before.trigger
                || self.zone != before.zone
                || raised(self.payment_ceiling, before.payment_ceiling)
                || raised(self.month_ceiling, before.month_ceiling))
    }
}
