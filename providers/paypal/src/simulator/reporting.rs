//! Reports: transactions, hours late, and balances.

use std::collections::BTreeMap;

use portcullis_ports::Timestamp;
use portcullis_ports::money::Money;
use serde_json::{Value, json};

use super::MERCHANT;
use super::answers::{Answer, Problem, refuse, show};
use super::asked::Asked;
use super::state::{State, Transaction};
use crate::terms::{REPORT_LAG, REPORT_SPAN, from_time, to_paypal, to_time};

/// Times as reports have them: without a colon in the zone.
fn written(at: Timestamp) -> String {
    to_time(at).replace('Z', "+0000")
}

pub(super) fn transactions(state: &State, asked: &Asked) -> Answer {
    let time = |name: &str| asked.field(name).and_then(from_time);
    let (Some(from), Some(to)) = (time("start_date"), time("end_date")) else {
        return refuse(Problem::Malformed, "MISSING_REQUIRED_PARAMETER");
    };
    if to < from || to.since(from) > REPORT_SPAN {
        return refuse(Problem::Malformed, "INVALID_DATE_RANGE");
    }
    let number = |name: &str, otherwise: usize| {
        let given = asked.field(name).map(str::parse::<usize>);
        given.map_or(Some(otherwise), Result::ok)
    };
    let (Some(size @ 1..=500), Some(page @ 1..)) = (number("page_size", 100), number("page", 1)) else {
        return refuse(Problem::Malformed, "INVALID_PARAMETER_VALUE");
    };
    let refreshed = state.now - REPORT_LAG;
    let all = asked.field("balance_affecting_records_only") == Some("N");
    let is_in = |line: &&Transaction| {
        let at = line.at.seconds();
        at >= from.seconds() && at <= to.seconds() && line.at <= refreshed && (all || line.moves)
    };
    let found: Vec<&Transaction> = state.transactions.iter().filter(is_in).collect();
    if found.len() > state.report_limit {
        return refuse(Problem::Malformed, "RESULTSET_TOO_LARGE");
    }
    let lines = found.iter().skip((page - 1) * size).take(size);
    show(
        200,
        json!({
            "transaction_details": lines.map(|one| line(one)).collect::<Vec<_>>(),
            "account_number": MERCHANT,
            "start_date": written(from),
            "end_date": written(to),
            "last_refreshed_datetime": written(refreshed),
            "page": page,
            "total_items": found.len(),
            "total_pages": found.len().div_ceil(size),
        }),
    )
}

fn line(line: &Transaction) -> Value {
    let mut info = json!({
        "paypal_account_id": "BUYERACC22222",
        "transaction_id": line.id,
        "transaction_event_code": line.code,
        "transaction_initiation_date": written(line.at),
        "transaction_updated_date": written(line.at),
        "transaction_amount": to_paypal(line.amount),
        "transaction_status": line.status,
    });
    if line.fee.is_positive() {
        info["fee_amount"] = to_paypal(Money::new(-line.fee.minor, line.fee.currency));
    }
    if !line.custom.is_empty() {
        info["custom_field"] = json!(line.custom);
    }
    json!({ "transaction_info": info })
}

pub(super) fn balances(state: &State) -> Answer {
    let mut sums: BTreeMap<_, (i64, i64)> = BTreeMap::new();
    for line in state
        .transactions
        .iter()
        .filter(|line| line.moves && line.status != "D")
    {
        let (total, held) = sums.entry(line.amount.currency).or_default();
        let net = line.amount.minor - line.fee.minor;
        *total += net;
        *held += if line.status == "P" { net } else { 0 };
    }
    let balance = |(currency, (total, held)): (_, (i64, i64))| {
        let of = |minor| to_paypal(Money::new(minor, currency));
        json!({
            "currency": currency.as_str(),
            "total_balance": of(total),
            "available_balance": of(total - held),
            "withheld_balance": of(held),
        })
    };
    let balances: Vec<Value> = sums.into_iter().map(balance).collect();
    show(
        200,
        json!({ "balances": balances, "account_id": MERCHANT, "as_of_time": written(state.now) }),
    )
}
