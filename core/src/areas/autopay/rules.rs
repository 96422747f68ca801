//! How a rule changes: payments begin and end, turns pass, ceilings are counted.

use std::time::Duration;

use portcullis_ports::id::PaymentId;
use portcullis_ports::payments::DeclineClass;
use portcullis_ports::{Result, Span, Timestamp};

use super::model::{AutopayResult, AutopayTrigger, AutopayView, LastAutopay, StoppedBy};
use super::records::{MonthSum, OpenPayment, Rule, Trigger};
use crate::foundation::calendar::Zone;

/// The hour at which a day of collection begins, as clocks in the zone of the rule show it.
const HOUR_OF_DAY: i8 = 9;

impl Rule {
    /// What its payments of a month took, or may still take.
    pub(super) fn taken(&self, month: &str) -> i64 {
        let sum = self.month.as_ref().filter(|sum| sum.month == month);
        sum.map_or(0, |sum| sum.minor)
    }

    /// The month that a moment counts for. One that has begun ends in the zone in which it began, and none begins twice:
    /// another zone makes no second month of it.
    pub(super) fn month_at(&self, moment: Timestamp) -> Result<String> {
        let here = self.zone.month(moment)?;
        let Some(sum) = &self.month else {
            return Ok(here);
        };
        let over = sum.zone_in(self).month(moment)? > sum.month;
        Ok(if over && here > sum.month {
            here
        } else {
            sum.month.clone()
        })
    }

    /// When the month of a moment is over.
    pub(super) fn next_month(&self, moment: Timestamp) -> Result<Timestamp> {
        let month = self.month_at(moment)?;
        let here = self.zone.next_month(moment)?;
        let there = match &self.month {
            Some(sum) => sum.zone_in(self).next_month(moment)?,
            None => here,
        };
        // Here the month may not even have begun.
        let last = self.zone.next_month(here)?;
        for end in [here.min(there), here.max(there)] {
            if self.month_at(end)? > month {
                return Ok(end);
            }
        }
        Ok(last)
    }

    /// Which ceiling a payment of so much would exceed now.
    pub(super) fn exceeded(&self, minor: i64, now: Timestamp) -> Result<Option<AutopayResult>> {
        if self.payment_ceiling.is_some_and(|most| minor > most) {
            return Ok(Some(AutopayResult::AbovePaymentCeiling));
        }
        let taken = self.taken(&self.month_at(now)?).saturating_add(minor);
        let above = self.month_ceiling.is_some_and(|most| taken > most);
        Ok(above.then_some(AutopayResult::AboveMonthCeiling))
    }

    /// Counts an amount in a month; a month that is over is counted no more.
    pub(super) fn count(&mut self, month: &str, minor: i64) {
        match &mut self.month {
            Some(sum) if sum.month == month => sum.minor = sum.minor.saturating_add(minor).max(0),
            Some(sum) if sum.month.as_str() > month => {}
            _ => {
                self.month = Some(MonthSum {
                    month: month.to_owned(),
                    minor: minor.max(0),
                    zone: Some(self.zone.clone()),
                });
            }
        }
    }

    /// The next day of collection after a moment, where it has such days.
    pub(super) fn turn_after(&self, moment: Timestamp) -> Result<Option<Timestamp>> {
        match self.trigger {
            Trigger::Day { day } => self.zone.next_day_of_month(day, HOUR_OF_DAY, moment).map(Some),
            Trigger::Due | Trigger::Threshold { .. } => Ok(None),
        }
    }

    /// The turn is over.
    pub(super) fn pass(&mut self, now: Timestamp) -> Result<()> {
        self.failures = 0;
        self.retry_at = None;
        if self.turn.is_none_or(|turn| turn <= now) {
            self.turn = self.turn_after(now)?;
            self.noticed = None;
        }
        Ok(())
    }

    /// A payment of it is accepted.
    pub(super) fn begin(&mut self, id: &PaymentId, minor: i64, now: Timestamp) -> Result<()> {
        let month = self.month_at(now)?;
        self.count(&month, minor);
        self.payments = self.payments.saturating_add(1);
        self.open = Some(OpenPayment {
            id: id.clone(),
            month,
            minor,
            asked: false,
        });
        // A try again belongs to the turn that has passed.
        if self.retry_at.take().is_none() {
            self.turn = self.turn_after(now)?;
            self.noticed = None;
        }
        Ok(())
    }

    /// Its payment ended with so much.
    pub(super) fn succeeded(&mut self, open: &OpenPayment, captured: i64, now: Timestamp) {
        self.open = None;
        self.failures = 0;
        self.count(&open.month, captured.saturating_sub(open.minor));
        self.last = Some(LastAutopay {
            payment_id: Some(open.id.clone()),
            ..LastAutopay::new(now, AutopayResult::Succeeded, captured)
        });
    }

    /// Its payment brought nothing. `class` says what would help, if anybody knows.
    pub(super) fn failed(
        &mut self,
        open: &OpenPayment,
        class: Option<DeclineClass>,
        (now, retry): (Timestamp, &[Span]),
    ) -> AutopayResult {
        self.open = None;
        self.count(&open.month, open.minor.saturating_neg());
        let result = match class {
            Some(DeclineClass::RetryLater | DeclineClass::OurSide) => self.refused(now, retry),
            Some(DeclineClass::OtherMethod | DeclineClass::Never) => {
                self.stop(StoppedBy::HardDecline);
                AutopayResult::Stopped
            }
            // Called off, because its payer did not confirm.
            Some(DeclineClass::Authenticate) | None => {
                self.failures = 0;
                AutopayResult::NeedsCustomer
            }
        };
        self.last = Some(LastAutopay {
            payment_id: Some(open.id.clone()),
            decline: class,
            ..LastAutopay::new(now, result, open.minor)
        });
        result
    }

    fn refused(&mut self, now: Timestamp, retry: &[Span]) -> AutopayResult {
        let failed = usize::try_from(self.failures).unwrap_or(usize::MAX);
        if let Some(wait) = retry.get(failed) {
            self.failures = self.failures.saturating_add(1);
            self.retry_at = Some(now + wait.get());
            AutopayResult::Retrying
        } else {
            self.failures = 0;
            AutopayResult::Failed
        }
    }

    /// It collects nothing any more, and its customer did not say so.
    pub(super) fn stop(&mut self, by: StoppedBy) {
        self.enabled = false;
        self.stopped = Some(by);
        self.failures = 0;
        self.retry_at = None;
        self.turn = None;
        self.noticed = None;
    }

    /// When it is looked at next by itself.
    pub(super) fn next_look(&self, notice: Duration) -> Option<Timestamp> {
        if !self.enabled || self.open.is_some() {
            return None;
        }
        self.retry_at.or_else(|| {
            let told = self.turn.is_some() && self.noticed == self.turn;
            self.turn.map(|turn| if told { turn } else { turn - notice })
        })
    }

    /// As its customer sees it.
    pub(super) fn view(&self, now: Timestamp) -> Result<AutopayView> {
        let (trigger, day, threshold) = match self.trigger {
            Trigger::Due => (AutopayTrigger::Due, None, None),
            Trigger::Threshold { minor } => (AutopayTrigger::Threshold, None, Some(minor)),
            Trigger::Day { day } => (AutopayTrigger::Day, Some(day), None),
        };
        let next = self.retry_at.or(self.turn).filter(|_| self.enabled);
        Ok(AutopayView {
            ok: true,
            currency: self.currency,
            digits: self.currency.digits(),
            enabled: self.enabled,
            payment_method_id: self.method.clone(),
            payment_ceiling: self.payment_ceiling,
            month_ceiling: self.month_ceiling,
            month_taken: self.taken(&self.month_at(now)?),
            trigger,
            day,
            threshold,
            time_zone: self.zone.clone(),
            next_at: next.filter(|_| self.open.is_none()).map(Timestamp::seconds),
            open_payment_id: self.open.as_ref().map(|open| open.id.clone()),
            last: self.last.clone(),
            stopped_by: self.stopped,
            changed_at: self.changed_at.seconds(),
        })
    }
}

impl MonthSum {
    /// Where it ends.
    fn zone_in<'a>(&'a self, rule: &'a Rule) -> &'a Zone {
        self.zone.as_ref().unwrap_or(&rule.zone)
    }
}
