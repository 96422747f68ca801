//! What must come of a schedule, counted by hand.

use std::collections::BTreeMap;

/// One thing that is posted to a customer.
#[derive(Debug, Clone)]
pub(super) enum Move {
    Sale(u32, u32),
    SaleReversed(u32),
    Usage(u32),
    Hold(u32),
    Capture(u32),
    Refund(u32),
    RefundFailed(u32),
    Withdrawn(u32),
    Reinstated(u32),
    Credit(u32),
    Debit(u32),
    WriteOff(u32),
    Adopted(u32),
    /// The pending entry of that place among all that ever were, by an amount of its own.
    Settle(usize, u32),
    Void(usize),
}

/// What must have come of it, counted by hand.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) debits: i128,
    pub(super) credits: i128,
    /// Every pending entry that ever was: its number, debit, credit, and whether it is still pending.
    pub(super) pending: Vec<(u64, i128, i128, bool)>,
    pub(super) entries: u64,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) accounts: BTreeMap<(usize, usize), Account>,
    /// Debits less credits.
    pub(super) house: BTreeMap<(String, usize), i128>,
}

/// What a move does, for the model: what the customer owes more, and from which accounts of the house it comes.
fn effects(step: &Move) -> Vec<(&'static str, i128)> {
    match step {
        Move::Sale(net, 0) | Move::Usage(net) => vec![("revenue", (*net).into())],
        Move::Sale(net, tax) => vec![("revenue", (*net).into()), ("tax", (*tax).into())],
        Move::SaleReversed(net) => vec![("revenue", -i128::from(*net))],
        Move::Hold(amount)
        | Move::Capture(amount)
        | Move::RefundFailed(amount)
        | Move::Reinstated(amount)
        | Move::Settle(_, amount) => {
            vec![("processor/main", -i128::from(*amount))]
        }
        Move::Refund(amount) | Move::Withdrawn(amount) => vec![("processor/main", (*amount).into())],
        Move::Credit(amount) => vec![("goodwill", -i128::from(*amount))],
        Move::Debit(amount) => vec![("goodwill", (*amount).into())],
        Move::WriteOff(amount) => vec![("write_off", -i128::from(*amount))],
        Move::Adopted(amount) => vec![("suspense/main", -i128::from(*amount))],
        Move::Void(_) => vec![],
    }
}

impl Model {
    /// The number of the pending entry that a move means.
    pub(super) fn meant(&self, of: (usize, usize), step: &Move) -> Option<u64> {
        let (Move::Settle(at, _) | Move::Void(at)) = step else {
            return None;
        };
        let pending = &self.accounts.get(&of)?.pending;
        pending.get(at % pending.len().max(1)).map(|entry| entry.0)
    }

    /// Whether all moves of one commit can be done.
    pub(super) fn allows(&self, of: (usize, usize), steps: &[Move]) -> bool {
        let account = self.accounts.get(&of);
        let mut ended = Vec::new();
        steps.iter().all(|step| match step {
            Move::Settle(..) | Move::Void(_) => {
                let number = self.meant(of, step);
                let open = account.is_some_and(|account| {
                    let mut pending = account.pending.iter();
                    pending.any(|(of, .., open)| Some(*of) == number && *open)
                });
                let again = ended.contains(&number);
                ended.push(number);
                open && !again
            }
            _ => true,
        })
    }

    pub(super) fn execute(&mut self, of: (usize, usize), steps: &[(Move, Option<u64>)]) {
        let account = self.accounts.entry(of).or_default();
        for (step, meant) in steps {
            account.entries += 1;
            let effects = effects(step);
            let debit: i128 = effects.iter().map(|(_, owed)| (*owed).max(0)).sum();
            let credit: i128 = effects.iter().map(|(_, owed)| (-*owed).max(0)).sum();
            if matches!(step, Move::Hold(_) | Move::Usage(_)) {
                account.pending.push((account.entries, debit, credit, true));
                continue;
            }
            let mut pending = account.pending.iter_mut();
            if let Some(ended) = pending.find(|entry| Some(entry.0) == *meant) {
                ended.3 = false;
            }
            account.debits += debit;
            account.credits += credit;
            for (house, owed) in effects {
                *self.house.entry((house.to_owned(), of.1)).or_default() -= owed;
            }
        }
    }
}
