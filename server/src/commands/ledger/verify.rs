//! Proving the ledger.

use std::io::Write;
use std::time::Duration;

use portcullis_core::App;
use portcullis_core::ledger::{Broken, Finding, Ledgers, Summary, VerifiedAccount};
use portcullis_ports::identity::Subject;
use serde_json::{Value, json};

use super::{VerifyArguments, account, shown};
use crate::commands::with_reader;
use crate::environment::Environment;
use crate::exit::Failure;

/// Something is wrong.
const BROKEN: u8 = 1;
/// No commit takes so long.
const UNDER_WAY: Duration = Duration::from_mins(1);

pub(super) fn run(
    arguments: VerifyArguments,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let subject = account(arguments.account.as_deref())?;
    let VerifyArguments {
        settings,
        complete,
        json,
        ..
    } = arguments;
    let findings = with_reader(settings, environment, async |app, store| {
        let ledgers = app.ledgers(store.scan.clone());
        match &subject {
            Some(subject) => one(&ledgers, subject, json, out).await,
            None => all(app, &ledgers, complete, json, out).await,
        }
    })?;
    if findings > 0 {
        return Err(Failure::Ended(BROKEN));
    }
    Ok(())
}

async fn one(ledgers: &Ledgers, subject: &Subject, json: bool, out: &mut dyn Write) -> Result<u64, Failure> {
    let (mut findings, mut entries, mut accounts) = (Vec::new(), 0, 0);
    for (subject, currency) in ledgers.accounts_of(subject).await? {
        accounts += 1;
        match ledgers.verify(&subject, currency).await? {
            Ok(VerifiedAccount { entries: some, .. }) => entries += some,
            Err(broken) => findings.push(Finding::Account {
                subject,
                currency,
                broken,
            }),
        }
    }
    let count = findings.len() as u64;
    if json {
        let findings: Vec<Value> = findings.iter().map(finding_in_json).collect();
        let text = json!({ "accounts": accounts, "entries": entries, "findings": findings });
        writeln!(out, "{text:#}")?;
    } else {
        for finding in &findings {
            writeln!(out, "{}", told(finding))?;
        }
        writeln!(
            out,
            "{accounts} accounts with {entries} entries: {}.",
            verdict(count)
        )?;
    }
    Ok(count)
}

async fn all(
    app: &App,
    ledgers: &Ledgers,
    complete: bool,
    json: bool,
    out: &mut dyn Write,
) -> Result<u64, Failure> {
    let until = (!complete).then(|| app.clock().now() - UNDER_WAY);
    let mut findings = Vec::new();
    let mut lines = Vec::new();
    let summary = ledgers
        .verify_all(until, &mut |finding| {
            if json {
                findings.push(finding_in_json(finding));
            } else {
                lines.push(told(finding));
            }
        })
        .await?;
    if json {
        writeln!(out, "{:#}", summary_in_json(&summary, &findings))?;
        return Ok(summary.findings);
    }
    for line in lines {
        writeln!(out, "{line}")?;
    }
    for total in &summary.house {
        let net = i128::from(total.moved.debits) - i128::from(total.moved.credits);
        let account = total.account.to_string();
        writeln!(out, "{account:24} {}", shown(net, total.currency))?;
    }
    for (currency, owed) in &summary.customers {
        writeln!(out, "{:24} {}", "customers", shown(*owed, *currency))?;
    }
    let recent = match until {
        Some(_) => " The sums leave out the last minute, the chains do not.",
        None => "",
    };
    writeln!(
        out,
        "{} accounts with {} entries, {} transactions of the house: {}.{recent}",
        summary.accounts,
        summary.entries,
        summary.house_transactions,
        verdict(summary.findings)
    )?;
    Ok(summary.findings)
}

fn verdict(findings: u64) -> String {
    match findings {
        0 => "all intact".to_owned(),
        _ => format!("{findings} findings"),
    }
}

fn told(finding: &Finding) -> String {
    match finding {
        Finding::Account {
            subject,
            currency,
            broken: Broken { number, why },
        } => format!("{subject} in {currency}: BROKEN at entry {number}: {why}"),
        Finding::Record { key, why } => format!("{key}: BROKEN: {why}"),
        Finding::House {
            account,
            currency,
            posted,
            lines,
        } => {
            let net = |debits: u64, credits: u64| i128::from(debits) - i128::from(credits);
            format!(
                "{account} in {currency}: BROKEN: its lines add up to {}, its transactions to {}",
                shown(net(lines.debits, lines.credits), *currency),
                shown(net(posted.debits, posted.credits), *currency)
            )
        }
        Finding::Sum {
            currency,
            customers,
            house,
        } => format!(
            "{currency}: BROKEN: all customers owe {}, and the house holds {}",
            shown(*customers, *currency),
            shown(*house, *currency)
        ),
    }
}

fn finding_in_json(finding: &Finding) -> Value {
    match finding {
        Finding::Account {
            subject,
            currency,
            broken: Broken { number, why },
        } => json!({ "account": subject, "currency": currency, "entry": number, "why": why }),
        Finding::Record { key, why } => json!({ "record": key, "why": why }),
        Finding::House {
            account,
            currency,
            posted,
            lines,
        } => json!({ "house": account, "currency": currency, "posted": posted, "lines": lines }),
        Finding::Sum {
            currency,
            customers,
            house,
        } => json!({
            "sum": currency,
            "customers": customers.to_string(),
            "house": house.to_string()
        }),
    }
}

fn summary_in_json(summary: &Summary, findings: &[Value]) -> Value {
    let customer = |(currency, owed): &(portcullis_ports::money::Currency, i128)| {
        // As text: the sum of many accounts may not fit into a number of JSON.
        json!({ "currency": currency, "owed": owed.to_string() })
    };
    let customers: Vec<Value> = summary.customers.iter().map(customer).collect();
    json!({
        "accounts": summary.accounts,
        "entries": summary.entries,
        "house_transactions": summary.house_transactions,
        "findings": findings,
        "house": summary.house,
        "customers": customers,
    })
}
