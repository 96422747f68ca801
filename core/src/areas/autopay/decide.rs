//! What a look at a rule comes to, by the rule, the balance and the clock alone.

use std::time::Duration;

use portcullis_ports::{Result, Timestamp};

use super::model::AutopayResult;
use super::records::{Rule, Trigger};

/// How long something is waited for that tells of its end by itself.
pub(super) const PATIENCE: Duration = Duration::from_hours(1);

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing, until a debit plans another look.
    Rest,
    /// Nothing before that moment.
    Wait(Timestamp),
    /// Nothing is due: the turn passes.
    Pass,
    /// The customer is told first, and it is collected then.
    Announce { turn: Timestamp },
    /// More is due than the customer allows.
    HoldBack(AutopayResult),
    /// All that is due is collected.
    Collect,
}

/// What a customer owes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owed {
    /// What may be asked, in minor units.
    pub(super) payable: i64,
    /// Whether another payment collects it.
    pub(super) collecting: bool,
}

/// Looks at a rule.
///
/// # Errors
/// `internal` for moments beyond the calendar.
pub(super) fn decide(rule: &Rule, owed: Owed, now: Timestamp, notice: Duration) -> Result<Step> {
    if rule.open.is_some() {
        return Ok(Step::Wait(now + PATIENCE));
    }
    if !rule.enabled {
        return Ok(Step::Rest);
    }
    if let Some(retry) = rule.retry_at.filter(|retry| *retry > now) {
        return Ok(Step::Wait(retry));
    }
    let again = rule.retry_at.is_some();
    let turn = rule.turn.filter(|_| matches!(rule.trigger, Trigger::Day { .. }));
    if owed.payable <= 0 {
        return Ok(match turn {
            Some(turn) if now < turn && !again => Step::Wait(later(turn, now, notice)),
            _ => Step::Pass,
        });
    }
    match (rule.trigger, turn) {
        _ if again => {}
        (Trigger::Day { .. }, Some(turn)) => {
            if rule.noticed != Some(turn) {
                let (opens, soonest) = (turn - notice, now + notice);
                return Ok(if now < opens {
                    Step::Wait(opens)
                } else {
                    Step::Announce {
                        turn: turn.max(soonest),
                    }
                });
            }
            if now < turn {
                return Ok(Step::Wait(turn));
            }
        }
        (Trigger::Day { .. }, None) => return Ok(Step::Pass),
        (Trigger::Threshold { minor }, _) if owed.payable < minor => return Ok(Step::Rest),
        (Trigger::Threshold { .. } | Trigger::Due, _) => {}
    }
    if owed.collecting {
        return Ok(Step::Wait(now + PATIENCE));
    }
    let exceeded = rule.exceeded(owed.payable, now)?;
    Ok(exceeded.map_or(Step::Collect, Step::HoldBack))
}

/// When a turn is looked at again while nothing is due: when it is to be announced, or else when it is there.
fn later(turn: Timestamp, now: Timestamp, notice: Duration) -> Timestamp {
    let opens = turn - notice;
    if now < opens { opens } else { turn }
}
