//! A desk for developers: what was sold, time, and what banks and CCBill's own people do.

use portcullis_ports::http::HttpResponse;

use super::asked::{escaped, page};
use super::datalink::written;
use super::state::State;
use crate::arizona;

pub(super) fn show(state: &State, origin: &str) -> HttpResponse {
    let rows: Vec<String> = state
        .sales
        .iter()
        .rev()
        .map(|(id, sale)| {
            let back: Vec<_> = sale
                .back
                .iter()
                .map(|back| format!("{} {}", back.kind, written(back.hundredths)))
                .collect();
            let deed = |deed: &str, word: &str| {
                format!(
                    "<form method=\"post\" action=\"/simulated/{deed}/{id}\"><button>{word}</button></form>"
                )
            };
            format!(
                "<tr><td>{id}</td><td>{} {:03}</td><td>{}</td><td>{}</td><td>{}{}{}{}</td></tr>",
                written(sale.hundredths),
                sale.currency,
                arizona::digits(sale.at),
                escaped(&back.join(", ")),
                deed("refund", "Refund"),
                deed("chargeback", "Chargeback"),
                deed("return", "Bank return"),
                if sale.status == 2 {
                    deed("cancel", "Cancel") + &deed("decline", "Refuse renewals")
                } else {
                    String::new()
                },
            )
        })
        .collect();
    page(
        include_str!("pages/desk.html")
            .replace("{{now}}", &arizona::digits(state.now))
            .replace("{{origin}}", &escaped(origin))
            .replace("{{rows}}", &rows.concat()),
    )
}

pub(super) fn act(state: &mut State, deed: &str, subscription: &str) -> bool {
    let Some(left) = state.sales.get(subscription).map(super::state::Sale::last) else {
        return false;
    };
    match deed {
        "cancel" => {
            state.cancel(subscription);
            true
        }
        "decline" => state.refuse(subscription),
        "refund" => state.give_back(subscription, "REFUND", left),
        "chargeback" => state.give_back(subscription, "CHARGEBACK", left),
        "return" => state.give_back(subscription, "RETURN", left),
        _ => false,
    }
}
