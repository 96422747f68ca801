//! Saying where accounts stand.

use std::io::Write;

use portcullis_core::ledger::{BalanceView, HouseTotal};

use super::{BalanceArguments, account, shown};
use crate::commands::with_reader;
use crate::environment::Environment;
use crate::exit::Failure;

pub(super) fn run(
    arguments: BalanceArguments,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let BalanceArguments {
        settings,
        account: id,
        json,
    } = arguments;
    if let Some(subject) = account(id.as_deref())? {
        let balances = with_reader(settings, environment, async |app, _| {
            Ok(app.ledger.balances(&subject).await?)
        })?;
        let none = format!("Nothing was ever posted to {subject}.");
        return list(&balances, (json, &none), customer, out);
    }
    let totals = with_reader(settings, environment, async |app, _| {
        Ok(app.ledger.house_totals().await?)
    })?;
    list(&totals, (json, "Nothing was ever posted."), house, out)
}

/// Writes one line each, or all as JSON.
fn list<T: serde::Serialize>(
    list: &[T],
    (json, none): (bool, &str),
    line: fn(&T) -> String,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    if json {
        let text = serde_json::to_string_pretty(list).map_err(|error| Failure::Other(error.to_string()))?;
        return Ok(writeln!(out, "{text}")?);
    }
    for one in list {
        writeln!(out, "{}", line(one))?;
    }
    if list.is_empty() {
        writeln!(out, "{none}")?;
    }
    Ok(())
}

fn customer(balance: &BalanceView) -> String {
    let currency = balance.currency;
    let owed = if balance.owed < 0 {
        format!(
            "{} to the customer's credit",
            shown(-i128::from(balance.owed), currency)
        )
    } else {
        format!("{} owed", shown(balance.owed.into(), currency))
    };
    let held = match balance.credits_pending {
        0 => String::new(),
        held => format!(", {} held by payments under way", shown(held.into(), currency)),
    };
    let collecting = balance
        .collecting
        .as_ref()
        .map_or_else(String::new, |payment| format!(", collected by {payment}"));
    format!(
        "{owed}, {} payable{held}{collecting}; {} entries",
        shown(balance.payable.into(), currency),
        balance.entries
    )
}

fn house(total: &HouseTotal) -> String {
    let net = i128::from(total.moved.debits) - i128::from(total.moved.credits);
    let account = total.account.to_string();
    format!("{account:24} {}", shown(net, total.currency))
}
