//! Everything that CCBill keeps: tokens, sales, and what is to be posted about them.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use portcullis_ports::Timestamp;

use super::CcbillFault;
use super::deliveries::{DeliveryFault, Event};

/// How often a token can still be charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsesLeft {
    /// Any number of times.
    Many,
    /// So often.
    Some(u32),
}

/// A payment token, and how its card behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// How often it can be charged.
    pub uses: UsesLeft,
    /// What charges are declined with, if they are.
    pub declined: Option<(i64, &'static str)>,
    /// Whether the bank asks for 3-D Secure.
    pub secure: bool,
}

impl Token {
    /// One that is charged as often as one likes.
    pub const GOOD: Self = Self {
        uses: UsesLeft::Many,
        declined: None,
        secure: false,
    };
}

/// A token that was made.
pub(super) struct MadeToken {
    pub(super) token: Token,
    /// What it was charged for last.
    pub(super) used_for: Option<String>,
}

/// Money that went back, or was taken back.
pub(super) struct Back {
    /// As the extract calls it.
    pub(super) kind: &'static str,
    pub(super) hundredths: i64,
    pub(super) at: Timestamp,
}

/// What CCBill charges by itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recurring {
    pub(super) hundredths: i64,
    pub(super) days: u16,
    pub(super) next: Timestamp,
    /// Whether the bank refuses it.
    pub(super) refused: bool,
    /// How often it was refused in a row.
    pub(super) failures: u8,
}

/// How long after a payment that was refused CCBill tries again, and how often it does.
const RETRY: Duration = Duration::from_hours(24 * 3);
const RETRIES: u8 = 3;
const DAY: Duration = Duration::from_hours(24);

/// A sale, which is a subscription in CCBill's words.
pub(super) struct Sale {
    pub(super) hundredths: i64,
    pub(super) currency: u16,
    /// What was passed through.
    pub(super) passed: BTreeMap<String, String>,
    pub(super) at: Timestamp,
    pub(super) status: u8,
    /// What CCBill charges by itself, and how it fares.
    pub(super) recurring: Option<Recurring>,
    /// What CCBill charged by itself since.
    pub(super) rebills: Vec<(String, i64, Timestamp)>,
    pub(super) back: Vec<Back>,
}

impl Sale {
    /// The last charge, and what is left of it.
    pub(super) fn last(&self) -> i64 {
        let charged = self
            .rebills
            .last()
            .map_or(self.hundredths, |(_, hundredths, _)| *hundredths);
        charged - self.back.iter().map(|back| back.hundredths).sum::<i64>()
    }
}

/// What CCBill keeps.
pub(super) struct State {
    pub(super) now: Timestamp,
    pub(super) tokens: BTreeMap<String, MadeToken>,
    pub(super) sales: BTreeMap<String, Sale>,
    /// OAuth tokens: whose, and until when.
    pub(super) issued: BTreeMap<String, (&'static str, Timestamp)>,
    pub(super) faults: VecDeque<CcbillFault>,
    pub(super) logins: u32,
    pub(super) wrong_logins: u32,
    pub(super) locked_until: Option<Timestamp>,
    pub(super) extract_at: Option<Timestamp>,
    pub(super) queue: VecDeque<Event>,
    pub(super) delivery_faults: VecDeque<DeliveryFault>,
    pub(super) forms: bool,
    made: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            now: Timestamp::from_millis(0),
            tokens: BTreeMap::new(),
            sales: BTreeMap::new(),
            issued: BTreeMap::new(),
            faults: VecDeque::new(),
            logins: 0,
            wrong_logins: 0,
            locked_until: None,
            extract_at: None,
            queue: VecDeque::new(),
            delivery_faults: VecDeque::new(),
            forms: false,
            made: 0,
        }
    }
}

impl State {
    /// A number that was not given before, as long as CCBill's.
    pub(super) fn number(&mut self) -> String {
        self.made += 1;
        format!("0126264101{:09}", self.made)
    }

    pub(super) fn make_token(&mut self, token: Token) -> String {
        self.made += 1;
        let id = format!("{:032x}", 0x00c0_ffee_0000_0000_u64 + self.made);
        let made = MadeToken {
            token,
            used_for: None,
        };
        self.tokens.insert(id.clone(), made);
        id
    }

    /// Takes the next fault, if it is one of those.
    pub(super) fn fault(&mut self, fits: impl Fn(&CcbillFault) -> bool) -> Option<CcbillFault> {
        self.faults
            .front()
            .is_some_and(fits)
            .then(|| self.faults.pop_front())
            .flatten()
    }

    /// Makes a sale, and tells of it.
    pub(super) fn sell(
        &mut self,
        kind: &'static str,
        (hundredths, currency): (i64, u16),
        passed: BTreeMap<String, String>,
        recurring: Option<(i64, u16)>,
    ) -> String {
        let id = self.number();
        let sale = Sale {
            hundredths,
            currency,
            passed,
            at: self.now,
            status: if recurring.is_some() { 2 } else { 1 },
            recurring: recurring.map(|(hundredths, days)| Recurring {
                hundredths,
                days,
                next: self.now + DAY * u32::from(days),
                refused: false,
                failures: 0,
            }),
            rebills: Vec::new(),
            back: Vec::new(),
        };
        self.sales.insert(id.clone(), sale);
        self.emit(kind, &id, hundredths);
        id
    }

    /// Charges every period that is due until a moment, each at its own.
    pub(super) fn pass_time(&mut self, until: Timestamp) {
        loop {
            let due = |(id, sale): (&String, &Sale)| {
                let recurring = sale.recurring.filter(|_| sale.status == 2)?;
                Some((recurring.next, id.clone()))
            };
            let next = self.sales.iter().filter_map(due).min();
            let Some((at, id)) = next.filter(|(at, _)| *at <= until) else {
                break;
            };
            self.now = self.now.max(at);
            self.rebill(&id, at);
        }
        self.now = self.now.max(until);
    }

    fn rebill(&mut self, id: &str, at: Timestamp) {
        let transaction = self.number();
        let Some((sale, mut recurring)) = self
            .sales
            .get_mut(id)
            .and_then(|sale| Some((sale.recurring?, sale)))
            .map(|(recurring, sale)| (sale, recurring))
        else {
            return;
        };
        let event = if recurring.refused {
            recurring.failures += 1;
            recurring.next = at + RETRY;
            if recurring.failures > RETRIES {
                sale.status = 0;
                "Expiration"
            } else {
                "RenewalFailure"
            }
        } else {
            recurring.failures = 0;
            recurring.next = at + DAY * u32::from(recurring.days);
            sale.rebills.push((transaction.clone(), recurring.hundredths, at));
            "RenewalSuccess"
        };
        sale.recurring = Some(recurring);
        self.emit_as(event, id, recurring.hundredths, transaction);
    }

    /// The bank of a subscription's payer refuses what is charged from now on.
    pub(super) fn refuse(&mut self, id: &str) -> bool {
        let recurring = self.sales.get_mut(id).and_then(|sale| sale.recurring.as_mut());
        recurring.map(|recurring| recurring.refused = true).is_some()
    }

    /// Gives the last charge back, or takes it back, and ends the subscription.
    pub(super) fn give_back(&mut self, id: &str, kind: &'static str, hundredths: i64) -> bool {
        let now = self.now;
        let Some(sale) = self
            .sales
            .get_mut(id)
            .filter(|sale| hundredths > 0 && hundredths <= sale.last())
        else {
            return false;
        };
        sale.status = 0;
        sale.back.push(Back {
            kind,
            hundredths,
            at: now,
        });
        let event = match kind {
            "REFUND" => "Refund",
            "VOID" => "Void",
            "RETURN" => "Return",
            _ => "Chargeback",
        };
        self.emit(event, id, hundredths);
        true
    }
}
