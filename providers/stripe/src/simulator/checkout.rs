//! Pages of Checkout: their payment is made when the payer pays.

use serde_json::{Value, json};

use super::answers::{Answer, refuse, show};
use super::asked::{Asked, text};
use super::errors;
use super::happenings::Happening;
use super::intents::Confirming;
use super::state::State;

/// How long a page is open, in seconds.
const OPEN: i64 = 24 * 3600;

pub(super) fn create(state: &mut State, asked: &Asked) -> Answer {
    let items = asked.fields["line_items"].as_array().cloned().unwrap_or_default();
    let figure = |value: &Value| text(value).and_then(|text| text.parse::<i64>().ok());
    let total: Option<i64> = items
        .iter()
        .map(|item| {
            Some(figure(&item["price_data"]["unit_amount"])? * figure(&item["quantity"]).unwrap_or(1))
        })
        .sum();
    let Some(total) = total.filter(|total| *total > 0) else {
        return refuse(400, &errors::needed("line_items"));
    };
    let customer = match state.named_customer(asked) {
        Ok(customer) => customer,
        Err(refusal) => return refusal,
    };
    let id = state.id("cs_test");
    let session = json!({
        "id": id,
        "object": "checkout.session",
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": { "enabled": false },
        "cancel_url": asked.text("cancel_url"),
        "client_reference_id": asked.text("client_reference_id"),
        "created": state.now,
        "currency": text(&items[0]["price_data"]["currency"]),
        "custom_fields": [],
        "custom_text": {},
        "customer": customer,
        "expires_at": state.now + OPEN,
        "livemode": false,
        "metadata": State::metadata(&asked.fields["metadata"]),
        "mode": "payment",
        "payment_intent": null,
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "shipping_options": [],
        "status": "open",
        "success_url": asked.text("success_url"),
        "url": format!("{}/simulated/pay/{id}", state.origin),
    });
    state.add(session);
    state
        .page_data
        .insert(id.clone(), asked.fields["payment_intent_data"].clone());
    state
        .due
        .push((state.now + OPEN, Happening::PageExpires(id.clone())));
    show(state.written(&id, asked))
}

pub(super) fn expire(state: &mut State, id: &str) -> Answer {
    if !state.is("checkout.session", id) {
        return refuse(404, &errors::missing("checkout.session", "session"));
    }
    if state.word(id, "status") != "open" {
        return refuse(400, &errors::unexpected_state("resource_state", None));
    }
    state.expire_page(id);
    show(state.get(id).cloned().unwrap_or_default())
}

impl State {
    /// The payer enters a method on a page. An error is what the page shows.
    pub(super) fn pay_page(&mut self, id: &str, entered: &Value) -> Result<(), Value> {
        if self.word(id, "status") != "open" {
            return Err(errors::unexpected_state("resource_state", None));
        }
        let method = self.make_method(entered)?;
        let made = self.word(id, "payment_intent");
        let intent = if made.is_empty() {
            self.page_intent(id)
        } else {
            made
        };
        let how = Confirming {
            method,
            off_session: false,
            return_url: Some(self.word(id, "success_url")),
            authenticated: false,
        };
        self.confirm_intent(&intent, &how)?;
        self.complete_page(&intent);
        Ok(())
    }

    /// The intent of a page.
    fn page_intent(&mut self, id: &str) -> String {
        let data = self.page_data.get(id).cloned().unwrap_or_default();
        let session = self.get(id).cloned().unwrap_or_default();
        let intent = self.make_intent(json!({
            "amount": session["amount_total"],
            "currency": session["currency"],
            "customer": session["customer"],
            "description": text(&data["description"]),
            "capture_method": text(&data["capture_method"]).unwrap_or_else(|| "automatic".to_owned()),
            "metadata": State::metadata(&data["metadata"]),
            "payment_method_types": ["card"],
            "payment_method": null,
            "status": "requires_payment_method",
        }));
        self.set(id, json!({ "payment_intent": intent }));
        intent
    }

    /// Nobody can pay on a page any more, if it was still open.
    pub(super) fn expire_page(&mut self, id: &str) {
        if self.word(id, "status") == "open" {
            self.set(id, json!({ "status": "expired", "url": null }));
            self.emit("checkout.session.expired", id);
        }
    }

    /// The open page that made an intent.
    pub(super) fn open_page(&self, intent: &str) -> Option<String> {
        let mut pages = self.newest("checkout.session");
        let page = pages.find(|page| page["payment_intent"] == intent && page["status"] == "open");
        page.and_then(|page| text(&page["id"]))
    }

    /// The page of an intent is done with when its payment is.
    pub(super) fn complete_page(&mut self, intent: &str) {
        let status = self.word(intent, "status");
        let page = self.open_page(intent);
        let paid = match status.as_str() {
            "succeeded" => "paid",
            "requires_capture" | "processing" => "unpaid",
            _ => return,
        };
        if let Some(page) = page {
            self.set(
                &page,
                json!({ "status": "complete", "payment_status": paid, "url": null }),
            );
            self.emit("checkout.session.completed", &page);
        }
    }
}
