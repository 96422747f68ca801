//! What we send and what the simulator answers, held against CCBill's documents.
//!
//! Where the documents come from and under which licence stands in `contract/LICENCES.md`.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_ports::http::HttpMethod;
use portcullis_ports::id::SetupId;
use portcullis_ports::outcome::Reference;
use portcullis_ports::payments::{Handed, NextAction, SetupOrder, SetupProof, Source};
use portcullis_ports::testkit::contract::Contract;
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use portcullis_provider_ccbill::simulator::{CcbillFault, Token, UsesLeft};
use serde_json::{Map, Value, json};

use crate::account::{Account, declined, done, found, money, pending, present, theirs};

/// Everything that the plugin can ask, with refusals.
async fn everything(account: &Account) {
    let order = account.stored(Token::GOOD);
    let made = done(account.charge(&order).await);
    let sought = account.sought(theirs(&made), &order);
    for declined_by in [(31, "Insufficient Funds"), (24, "Invalid Card")] {
        let token = Token {
            declined: Some(declined_by),
            ..Token::GOOD
        };
        declined(account.charge(&account.stored(token)).await);
    }
    account.vendor.will(CcbillFault::Refuses(400, 100_102));
    declined(account.charge(&account.stored(Token::GOOD)).await);
    account.vendor.will(CcbillFault::ActsThenFails(100_103));
    drop(account.charge(&account.stored(Token::GOOD)).await);
    let secure = Token {
        secure: true,
        ..Token::GOOD
    };
    let confirmed = account.order(Source::Stored(account.method(secure)), present());
    pending(account.charge(&confirmed).await);
    let proof = [
        ("threedsSuccess", "true"),
        ("threedsCardToken", "4111112222223333"),
        ("threedsCavv", "AAABBBCCC"),
        ("threedsEci", "05"),
        ("threedsClientTransactionId", "t-1"),
    ];
    done(account.complete(&confirmed, &proof).await);
    let once = account.stored(Token {
        uses: UsesLeft::Some(1),
        ..Token::GOOD
    });
    let ours = account.sought(Reference::Ours(once.id.to_string()), &once);
    drop(account.look(&ours).await);
    done(account.charge(&once).await);
    found(account.look(&ours).await);
    let vault = account.connected.vault.as_ref().unwrap();
    let setup = SetupOrder {
        id: SetupId::random(&*account.runtime.entropy).unwrap(),
        key: account.key(),
        resend: false,
        customer: None,
        kinds: Vec::new(),
        presence: present(),
    };
    let setup = pending(vault.begin(&setup).await);
    assert!(account.vendor.does(Deed::EntersCard(&setup.theirs)));
    let proof = |handed| SetupProof {
        setup: setup.theirs.clone(),
        customer: None,
        key: account.key(),
        verification: None,
        handed,
        mandate: None,
    };
    let waiting = pending(vault.finish(&proof(Handed::default())).await);
    assert!(waiting.action.is_none(), "no secret for whoever only asks");
    let other = Handed::new(BTreeMap::from([(
        "paymentTokenId".to_owned(),
        "of-nobody".to_owned(),
    )]))
    .unwrap();
    assert_eq!(declined(vault.finish(&proof(other)).await).code, "token-unknown");
    done(vault.finish(&proof(account.vendor.handed(&setup.theirs))).await);

    let page = account.page();
    let Some(NextAction::Form { url }) = pending(account.charge(&page).await).action else {
        panic!("no page");
    };
    account.pays(&url, "4242424242424242");
    pending(account.connected.payments.refund(&account.refund(&made)).await);
    declined(account.connected.payments.refund(&account.refund(&made)).await);
    let contested = done(account.charge(&account.stored(Token::GOOD)).await);
    assert!(account.vendor.does(Deed::Disputes(
        contested.theirs.as_ref().unwrap(),
        portcullis_ports::payments::DisputeKind::Chargeback
    )));
    let refunded = done(account.charge(&account.stored(Token::GOOD)).await);
    assert!(account.vendor.does(Deed::RefundsThere(
        refunded.theirs.as_ref().unwrap(),
        money(100, "USD")
    )));
    crate::subscribing::everything(account).await;
    account.hours_pass(1);
    found(account.look(&sought).await);
    account.connected.probe.check().await.unwrap();
}

/// The leaves of an answer of `DataLink`, or its number.
fn results(xml: &str) -> Value {
    let (_, inner) = xml.split_once("<results>").unwrap();
    let (inner, _) = inner.split_once("</results>").unwrap();
    let leaves = inner
        .split("</")
        .filter_map(|part| part.rsplit_once('<'))
        .map(|(_, leaf)| leaf.split_once('>').unwrap());
    let leaves: Map<String, Value> = leaves
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    if leaves.is_empty() {
        json!(inner)
    } else {
        Value::Object(leaves)
    }
}

#[tokio::test]
async fn requests_and_answers_are_as_the_vendor_documents_them() {
    let rest = Contract::new(include_str!("contract/ccbill.json"));
    let datalink = Contract::new(include_str!("contract/datalink.json"));
    let document: Value = serde_json::from_str(include_str!("contract/datalink.json")).unwrap();
    let account = Account::new().await;
    everything(&account).await;
    let exchanges = account.client.exchanges();
    let mut seen = BTreeSet::new();
    for (request, answer) in &exchanges {
        let (_, address) = request.url.split_once("://").unwrap();
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let body = String::from_utf8(answer.body.clone()).unwrap();
        let said = || serde_json::from_str::<Value>(&body).unwrap();
        let shape = match (request.method, parts.as_slice()) {
            (_, ["ccbill-auth", ..]) => {
                rest.accepts_form("/ccbill-auth/oauth/token", &request.body);
                rest.accepts_answer("post", "/ccbill-auth/oauth/token", answer);
                seen.insert("token");
                continue;
            }
            (_, ["utils", ..]) => {
                datalink.accepts_form("/utils/subscriptionManagement.cgi", &request.body);
                datalink.accepts_object("DataLinkResult", &results(&body));
                seen.insert("manage");
                continue;
            }
            (_, ["data", ..]) => {
                datalink.accepts_query("get", "/data/main.cgi", query);
                // What stands for nothing at all.
                if body.trim() == "1" {
                    continue;
                }
                let mut reader = csv::ReaderBuilder::new()
                    .has_headers(false)
                    .flexible(true)
                    .from_reader(body.as_bytes());
                for record in reader.records() {
                    let record = record.unwrap();
                    let shape = format!("ExtractRow{}", &record[0]);
                    let columns = document["components"]["schemas"][&shape]["x-csv-columns"]
                        .as_array()
                        .unwrap();
                    assert_eq!(columns.len(), record.len(), "{shape}");
                    let cells = columns.iter().zip(&record);
                    let row = cells.map(|(name, cell)| (name.as_str().unwrap().to_owned(), json!(cell)));
                    datalink.accepts_object(&shape, &Value::Object(row.collect()));
                    seen.insert("row");
                }
                continue;
            }
            (HttpMethod::Post, ["transactions", _, "threeds", _]) => {
                rest.accepts_json(
                    "/transactions/payment-tokens/threeds/{payment_token_id}",
                    "application/json",
                    &request.body,
                );
                "TransactionInfoV2"
            }
            (HttpMethod::Post, ["transactions", ..]) => {
                rest.accepts_json(
                    "/transactions/payment-tokens/{paymentTokenId}",
                    "application/json",
                    &request.body,
                );
                "TransactionInfoV2"
            }
            (_, ["transactions", ..]) => {
                rest.accepts_query("get", "/transactions/payment-tokens/{paymentTokenId}", query);
                "PaymentTokenTransaction"
            }
            (_, ["payment-tokens", _, "threeds-required"]) => {
                rest.accepts_query("get", "/payment-tokens/{paymentTokenId}/threeds-required", query);
                "ThreeDSRequired"
            }
            (_, ["payment-tokens", _]) => "PaymentTokenV2",
            (_, other) => panic!("{other:?} is not in the documents"),
        };
        let shape = if answer.is_success() { shape } else { "Error400" };
        rest.accepts_object(shape, &said());
        seen.insert(shape);
    }
    let wanted = [
        "Error400",
        "PaymentTokenTransaction",
        "PaymentTokenV2",
        "ThreeDSRequired",
        "TransactionInfoV2",
        "manage",
        "row",
        "token",
    ];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), wanted);
}

#[tokio::test]
async fn addresses_of_pages_are_as_the_vendor_documents_them() {
    let forms = Contract::new(include_str!("contract/forms.json"));
    let account = Account::new().await;
    let Some(NextAction::Form { url }) = pending(account.charge(&account.page()).await).action else {
        panic!("no page");
    };
    let (address, query) = url.split_once('?').unwrap();
    assert!(address.starts_with("https://api.ccbill.com/wap-frontflex/flexforms/"));
    let own = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| !name.starts_with("portcullis_"));
    let own = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(own)
        .finish();
    forms.accepts_query("get", "/wap-frontflex/flexforms/{flexId}", &own);
}

#[tokio::test]
async fn events_are_as_the_vendor_documents_them() {
    let contract = Contract::new(include_str!("contract/webhooks.json"));
    let account = Account::new().await;
    everything(&account).await;
    let mut kinds = BTreeSet::new();
    for posted in account.vendor.deliver() {
        let (_, query) = posted.url.as_deref().unwrap().split_once('?').unwrap();
        contract.accepts_query("post", "/x-webhook/ccbill", query);
        let kind = form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "eventType")
            .unwrap()
            .1
            .into_owned();
        contract.accepts_object(&kind, &serde_json::from_slice(&posted.body).unwrap());
        kinds.insert(kind);
    }
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        [
            "Cancellation",
            "Chargeback",
            "NewSaleSuccess",
            "Refund",
            "RenewalFailure",
            "RenewalSuccess",
            "UpSaleSuccess",
            "Void"
        ]
    );
}
