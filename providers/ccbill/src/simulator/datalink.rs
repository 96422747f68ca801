//! DataLink: logins that lock, what is done to sales, and the extract.

use std::collections::BTreeMap;
use std::time::Duration;

use portcullis_ports::Timestamp;
use portcullis_ports::http::HttpResponse;
use portcullis_ports::money::Decimal;

use super::asked::{Asked, text, xml};
use super::state::{Sale, State};
use super::{ACCOUNT, CcbillFault, DATALINK_PASSWORD, DATALINK_USER, SUBACCOUNT};
use crate::arizona;

const LOCK: Duration = Duration::from_hours(1);
/// Wrong logins until it locks.
const WRONG: u32 = 3;
/// A sale can be voided until it is settled.
const SETTLED_AFTER: Duration = Duration::from_hours(12);

/// Why somebody is not let in: the number that is said in XML, and the one that an extract says.
enum Refused {
    Address,
    Login,
    Locked,
}

fn log_in(state: &mut State, given: &BTreeMap<String, String>) -> Result<(), Refused> {
    state.logins += 1;
    let address = |fault: &CcbillFault| *fault == CcbillFault::AddressRefused;
    if state.fault(address).is_some() {
        return Err(Refused::Address);
    }
    if state.locked_until.is_some_and(|until| state.now < until) {
        return Err(Refused::Locked);
    }
    let text = |name: &str| given.get(name).map(String::as_str);
    if text("username") == Some(DATALINK_USER) && text("password") == Some(DATALINK_PASSWORD) {
        return Ok(());
    }
    state.wrong_logins += 1;
    if state.wrong_logins.is_multiple_of(WRONG) {
        state.locked_until = Some(state.now + LOCK);
    }
    Err(Refused::Login)
}

pub(super) fn manage(state: &mut State, asked: &Asked) -> HttpResponse {
    let given = asked.form();
    if state.fault(|fault| *fault == CcbillFault::SaysInWords).is_some() {
        return text(200, "Error: authentication failed\n");
    }
    match log_in(state, &given) {
        Ok(()) => {}
        Err(Refused::Address) => return xml("-8"),
        Err(Refused::Login) => return xml("-1"),
        Err(Refused::Locked) => return xml("-12"),
    }
    let word = |name: &str| given.get(name).cloned().unwrap_or_default();
    if word("clientAccnum") != ACCOUNT.to_string() {
        return xml("-4");
    }
    let id = word("subscriptionId");
    let Some(sale) = state.sales.get(&id) else {
        return xml("-3");
    };
    match word("action").as_str() {
        "viewSubscriptionStatus" => xml(&status(sale)),
        "cancelSubscription" => {
            state.cancel(&id);
            xml("1")
        }
        "voidOrRefundTransaction" | "refundTransaction" | "voidTransaction" => {
            let left = sale.last();
            let fresh = state.now.since(sale.at) < SETTLED_AFTER;
            let kind = if fresh { "VOID" } else { "REFUND" };
            let asked_for = given.get("amount").map(|amount| Decimal::parse(amount, 2));
            let amount = match asked_for {
                None => left,
                Some(Ok(amount)) => amount.units(),
                Some(Err(_)) => return xml("-5"),
            };
            if !state.give_back(&id, kind, amount) {
                return xml("-5");
            }
            match state.fault(|fault| *fault == CcbillFault::ActsThenInternalError) {
                Some(_) => xml("-7"),
                None => xml("1"),
            }
        }
        _ => xml("-6"),
    }
}

impl State {
    pub(super) fn cancel(&mut self, id: &str) {
        if let Some(sale) = self.sales.get_mut(id) {
            sale.status = sale.status.min(1);
        }
        self.emit("Cancellation", id, 0);
    }
}

fn status(sale: &Sale) -> String {
    let of = |kind: &str| sale.back.iter().filter(|back| back.kind == kind).count();
    let leaf = |name: &str, value: String| format!("<{name}>{value}</{name}>");
    let next = sale.recurring.filter(|_| sale.status == 2);
    [
        leaf("cancelDate", String::new()),
        leaf("chargebacksIssued", of("CHARGEBACK").to_string()),
        leaf(
            "nextBillingDate",
            next.map_or_else(String::new, |next| {
                arizona::digits(next.next).chars().take(8).collect()
            }),
        ),
        leaf(
            "recurringSubscription",
            u8::from(sale.recurring.is_some() || !sale.rebills.is_empty()).to_string(),
        ),
        leaf("refundsIssued", of("REFUND").to_string()),
        leaf("returnsIssued", of("RETURN").to_string()),
        leaf("signupDate", arizona::digits(sale.at)),
        leaf("subscriptionStatus", sale.status.to_string()),
        leaf("timesRebilled", sale.rebills.len().to_string()),
        leaf("voidsIssued", of("VOID").to_string()),
    ]
    .concat()
}

pub(super) fn extract(state: &mut State, asked: &Asked) -> HttpResponse {
    let given = asked.query();
    match log_in(state, &given) {
        Ok(()) => {}
        Err(Refused::Address) => return text(200, "Error: 04\n"),
        Err(Refused::Login) => return text(200, "Error: 02\n"),
        Err(Refused::Locked) => return text(200, "Error: 01\n"),
    }
    let hour = Duration::from_hours(1);
    if state.extract_at.is_some_and(|at| state.now.since(at) < hour) {
        return text(200, "Error: 01\n");
    }
    state.extract_at = Some(state.now);
    let moment = |name: &str| given.get(name).and_then(|text| arizona::moment(text));
    let (Some(from), Some(to)) = (moment("startTime"), moment("endTime")) else {
        return text(200, "Error: 05\n");
    };
    let kinds: Vec<&str> = given
        .get("transactionTypes")
        .map_or("", String::as_str)
        .split(',')
        .collect();
    let mut lines: Vec<(Timestamp, Vec<String>)> = Vec::new();
    for (id, sale) in &state.sales {
        let head = |kind: &str, at: Timestamp| {
            let subaccount = format!("{SUBACCOUNT:04}");
            vec![
                kind.to_owned(),
                ACCOUNT.to_string(),
                subaccount,
                id.clone(),
                arizona::digits(at),
            ]
        };
        let mut new = head("NEW", sale.at);
        let member = [
            "Ada",
            "Lovelace",
            "ada",
            "member-password",
            "1 High Street",
            "London",
            "",
            "E1",
            "GB",
        ];
        new.extend(member.map(str::to_owned));
        new.extend(["ada@example.com", "", "1"].map(str::to_owned));
        new.extend([
            written(sale.hundredths),
            "30".to_owned(),
            "0.00".to_owned(),
            "0".to_owned(),
            "0".to_owned(),
        ]);
        lines.push((sale.at, new));
        for (transaction, hundredths, at) in &sale.rebills {
            let mut line = head("REBILL", *at);
            line.extend([transaction.clone(), written(*hundredths)]);
            lines.push((*at, line));
        }
        for back in sale.back.iter().filter(|back| back.kind != "RETURN") {
            let mut line = head(back.kind, back.at);
            line.push(written(back.hundredths));
            lines.push((back.at, line));
        }
    }
    lines.sort_by_key(|(at, _)| *at);
    // Its times have seconds, and the last one belongs to the span.
    let within = |at: Timestamp| (from.seconds()..=to.seconds()).contains(&at.seconds());
    let shown = lines
        .iter()
        .filter(|(at, line)| within(*at) && kinds.contains(&line[0].as_str()));
    let quoted = |line: &Vec<String>| {
        let cells: Vec<_> = line
            .iter()
            .map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")))
            .collect();
        cells.join(",")
    };
    let shown: Vec<String> = shown.map(|(_, line)| quoted(line)).collect();
    if shown.is_empty() {
        return text(200, "1");
    }
    text(200, &format!("{}\n", shown.join("\n")))
}

pub(super) fn written(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
