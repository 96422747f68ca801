//! The bytes of every version of every type of record, as they lie in stores.

use std::collections::BTreeSet;

use super::api_key_fixture_tests::API_KEYS;
use super::families;
use super::ledger_fixture_tests::LEDGER;
use super::sales_fixture_tests::SALES;

/// Family, type, version, body. Bodies of older versions are never changed.
pub(super) type Fixture = (&'static str, &'static str, u32, &'static str);

fn all() -> impl Iterator<Item = &'static Fixture> {
    FIXTURES.iter().chain(LEDGER).chain(SALES).chain(API_KEYS)
}

const FIXTURES: &[Fixture] = &[
    (
        "account_sessions",
        "line",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","session":"ses_v03qygxd8ffa7nshmv9qm43agw","expires_at":1792592000000,"summary":{"created_at":1790000000000,"last_seen_at":1790000000000,"ip":"192.0.2.1","user_agent":"test browser","revoked_at":null,"lineage":{"epoch":0,"deployment":0,"token":5901866339943367398,"foreign":false}}}"#,
    ),
    (
        "accounts",
        "account",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","email":"ada@example.com","email_verified_at":null,"display_name":null,"password":"quick:plum-kettle-orbit","created_at":1790000000000,"recovered_at":null}"#,
    ),
    (
        "address_claims",
        "claim",
        1,
        r#"{"email":"ada@example.com","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc"}"#,
    ),
    (
        "audit",
        "checkpoint",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","first":1,"last":3,"previous":"","hash":"a351dd0265bc1d4b6ef5bdc96f1672df175dc9120848cc06d15e7097c7367422","at":1790000000000,"mac":"EEJkGv-w4havkLcdJCZGsrHi7z05NxLmVxHk4jxnzZI"}"#,
    ),
    (
        "audit",
        "entry",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","number":1,"at":1790000000000,"event":"sign_up","outcome":"success","ip":"192.0.2.1","user_agent":"test browser","details":{},"previous":""}"#,
    ),
    (
        "audit",
        "head",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","entries":6,"hash":"a351dd0265bc1d4b6ef5bdc96f1672df175dc9120848cc06d15e7097c7367422","failures":{"since":1790000000000,"written":{"sign_in":2},"left_out":0}}"#,
    ),
    (
        "audit",
        "head",
        2,
        r#"{"v":2,"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","entries":6,"hash":"a351dd0265bc1d4b6ef5bdc96f1672df175dc9120848cc06d15e7097c7367422","signed_after":0,"mac":"EEJkGv-w4havkLcdJCZGsrHi7z05NxLmVxHk4jxnzZI"}"#,
    ),
    (
        "autopay_rules",
        "rule",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","currency":"USD","id":"atp_01h2xcejqtf2nbrexx3vqjhp41","enabled":true,"method":null,"payment_ceiling":10000,"month_ceiling":25000,"trigger":{"kind":"day","day":15},"zone":"Europe/Berlin","turn":1792058400000,"noticed":null,"retry_at":null,"failures":0,"payments":1,"open":{"id":"pay_01h2xcejqtf2nbrexx3vqjhp41","month":"2026-09","minor":1999},"month":{"month":"2026-09","minor":1999},"last":{"at":1790000000,"result":"retrying","amount":1999,"payment_id":"pay_01h2xcejqtf2nbrexx3vqjhp41","decline":"retry_later"},"stopped":null,"changed_at":1790000000000}"#,
    ),
    (
        "billing_customers",
        "customers",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","vendors":{"main":{"generation":1,"unanswered":0,"made":[{"live":false,"account":"acct_1","theirs":"cus_1","made_at":1790000000000}]}}}"#,
    ),
    (
        "billing_freezes",
        "freeze",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","frozen":{"since":1790000000000,"operator":"usr_grace","reason":"Stolen cards"}}"#,
    ),
    (
        "budgets",
        "counter",
        1,
        r#"{"key":"083a543e213968764599e41d91e28c4c5bf232d754bc397db17810668540fefd","used":1,"until":1790000600000}"#,
    ),
    (
        "challenges",
        "challenge",
        1,
        r#"{"id_hash":"a7b1996b474ebfa3688e9b2adf7341a838a3eb15accbe93efe0c4a14b36eae29","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","purpose":"sign_in","state":"open","require":"any","factors":{"totp":false},"given_by":{},"codes":[],"transport":"header","remember_device":false,"trust_device":false,"known_device":null,"device":null,"session":null,"lineage":{"epoch":0,"deployment":0,"token":5901866339943367398,"foreign":false},"created_at":1790000000000,"expires_at":1790000300000}"#,
    ),
    (
        "changes",
        "change",
        1,
        r#"{"at":1790000000000,"mark":"140e061c6233475d","records":[["totp","usr_ypqeqcs9v6bq5vzwm86escxfjc","devices"]]}"#,
    ),
    (
        "closures",
        "closure",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","state":"pending","asked_at":1790000000000,"erases_at":1791209600000,"moved_at":1790000000000}"#,
    ),
    (
        "decoys",
        "decoy",
        1,
        r#"{"key":"1223750d937d8e0343782c5f4a73eb6bbde9f09b18e86620251ebd35227cc6ea","sort":"head","filling":"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000","until":1790000060000}"#,
    ),
    (
        "differences",
        "difference",
        1,
        r#"{"id":"dif_01h2xcejqtf2nbrexx3vqjhp41","instance":"main","kind":"missing_here","name":"txn_1","line":{"theirs":"txn_1","kind":"payment","source":"ch_1","payment":"pi_1","ours":null,"amount":{"minor":500,"currency":"USD"},"fee":{"minor":15,"currency":"USD"},"at":1789990000000},"payment":"pay_01h2xcejqtf2nbrexx3vqjhp41","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","reported":{"minor":500,"currency":"USD"},"booked":null,"state":"adopted","found_at":1790000000000,"run":"rcn_01h2xcejqtf2nbrexx3vqjhp41","changed_at":1790000060000,"decided":{"by":"usr_ypqeqcs9v6bq5vzwm86escxfjc","at":1790000060000,"reason":"As agreed","adopted_for":"usr_ypqeqcs9v6bq5vzwm86escxfjc"}}"#,
    ),
    (
        "differences",
        "line",
        1,
        r#"{"state":"open","found_at":1790000000000,"id":"dif_01h2xcejqtf2nbrexx3vqjhp41","instance":"main"}"#,
    ),
    (
        "email",
        "addresses",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","devices":[{"id":"dev_rmmma3dbnn8bkg9v8dzmmwf4fm","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","destination":{"email":"ada@example.com"},"label":null,"created_at":1790000000000,"pending_until":1790000600000,"last_used_at":null}]}"#,
    ),
    (
        "epochs",
        "of a person",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","id":7,"changed_at":1790000000000,"kept":{"session":"ses_v03qygxd8ffa7nshmv9qm43agw","with_tokens":true},"revoked":[{"token":9,"until":1790000600000}],"former":[{"id":3,"kept":null,"ended_at":1790000000000,"reason":"signed_out"}],"ended":[{"session":"ses_v03qygxd8ffa7nshmv9qm43agw","until":1792592000000}]}"#,
    ),
    (
        "epochs",
        "of everybody",
        1,
        r#"{"id":7,"changed_at":1790000000000,"reason":"backup_restored","uses_lost_at":1790000000000}"#,
    ),
    (
        "keyring",
        "root secret",
        1,
        r#"{"sealed":"0000000000000009686973746f7269657300000000000000067369676e65640000000000000007707572706f7365000000000000000c6b657972696e672d726f6f74.3ff9b010e9b720d8380182a31a5a2cc43dbd5657dd5fad37d52a4221899757af","signs_all_histories":true}"#,
    ),
    (
        "keyring",
        "root secret",
        2,
        r#"{"v":2,"sealed":"0000000000000009686973746f7269657300000000000000067369676e65640000000000000007707572706f7365000000000000000c6b657972696e672d726f6f74.3ff9b010e9b720d8380182a31a5a2cc43dbd5657dd5fad37d52a4221899757af","signs_all_histories":true,"keys":[{"id":"1","revoked":true},{"id":"8w5r0x2c","sealed":"00000000000000026964000000000000000838773572307832630000000000000007707572706f736500000000000000136b657972696e672d7369676e696e672d6b6579.6fd9b010e9b720d8380182a31a5a2cc43dbd5657dd5fad37d52a4221899757af","made_at":1790000000000}]}"#,
    ),
    (
        "idempotency",
        "use",
        1,
        r#"{"name":"083a543e213968764599e41d91e28c4c5bf232d754bc397db17810668540fefd","request":"a351dd0265bc1d4b6ef5bdc96f1672df175dc9120848cc06d15e7097c7367422","row":"pay_01h2xcejqtf2nbrexx3vqjhp41","used_at":1790000000000,"kept_until":1824560000000}"#,
    ),
    (
        "known_devices",
        "devices",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","devices":[{"id":"kdev_01h2xcejqtf2nbrexx3vqjhp41","secret_hash":"0103","by_code":false,"former_hash":null,"created_at":1790000000000,"last_used_at":1790000000000,"expires_at":1797776000000,"ip":"192.0.2.1","user_agent":"test browser","lineage":{"epoch":0,"deployment":0,"foreign":false},"token":null,"session":null,"trust":null}]}"#,
    ),
    (
        "known_sources",
        "source",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","network":"a21378eb062da343c5fa0cf9c6474d085069257bfba19ec083a650a3ae74c4dc","by_code":false,"until":1797776000000}"#,
    ),
    (
        "ledger",
        "balance",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","currency":"USD","figures":{"debits_posted":107,"debits_pending":0,"credits_posted":30,"credits_pending":50},"entries":5,"hash":"edfb2e41ab902c97eb280047a4fe35aeeb6eb110e841f730e72e36f62b28c60b","last_at":1790000000000,"open":[{"number":3,"held":{"debits":0,"credits":50}}],"collecting":"pay_01h2xcejqtf2nbrexx3vqjhp41","mac":"SesrIlE25SOcLTcY5PHDqX2JW4uZ4lILK5Yd3b3OyYI"}"#,
    ),
    (
        "ledger",
        "entry",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","currency":"USD","number":4,"transaction":"txn_06gc8m3c03c0ezt3nn1xx8yq64","at":1790000000000,"kind":"capture","phase":"posted","postings":[{"debit":"processor/main","credit":"customer","minor":30}],"resolves":{"number":2,"released":{"debits":0,"credits":30}},"cause":{"payment":"pay_01h2xcejqtf2nbrexx3vqjhp41"},"reason":"Two days without service","after":{"debits_posted":100,"debits_pending":0,"credits_posted":30,"credits_pending":50},"previous":"3de73dd68bb04f1690de23b96a54bb877cf0ecce6f53d726f60648d97f63a71d"}"#,
    ),
    (
        "ledger_house",
        "transaction",
        1,
        r#"{"transaction":"txn_06gc8m3c02b1bsdyhx3m8h6hb8","at":1790000000000,"kind":"fee","currency":"USD","postings":[{"debit":"fees/main","credit":"processor/main","minor":3}],"cause":{"payment":"pay_01h2xcejqtf2nbrexx3vqjhp41"},"mac":"tDoJzcFJbJSIm7t1c03As0VG2QKOjUXrOs167rDAwPg"}"#,
    ),
    (
        "operators",
        "grant",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","role":"support","granted_at":1790000000000}"#,
    ),
    (
        "outbox",
        "message",
        1,
        r#"{"id":"msg_pg0kjt30tz5thhgp95y1snzn04","to":{"email":"ada@example.com"},"subject":"Portcullis: confirm your e-mail address","words":null,"lane":"codes","delivery":"delivered","attempts":[{"at":1790000000000,"sender":"main","outcome":"done","detail":""}],"reference":"msg_pg0kjt30tz5thhgp95y1snzn04","report":null,"parked":null,"created_at":1790000000000,"deliver_by":1790003600000,"kept_until":1792592000000}"#,
    ),
    (
        "outbox_queue",
        "place",
        1,
        r#"{"lane":"codes","channel":"email","due":1790000000000,"message":"msg_pg0kjt30tz5thhgp95y1snzn04","tries":0,"until":null}"#,
    ),
    (
        "outbox_receipts",
        "event",
        1,
        r#"{"pseudonym":"0103","until":1792592000000}"#,
    ),
    (
        "outbox_receipts",
        "name",
        1,
        r#"{"pseudonym":"0103","message":"msg_pg0kjt30tz5thhgp95y1snzn04","early":[{"sender":"main","state":"sent","reported_at":1790000000000,"detail":""}],"until":1792592000000}"#,
    ),
    (
        "password_recoveries",
        "recovery",
        1,
        r#"{"id_hash":"86cfb116de83a479b6734639d5915c1567b604a52c7c37587fd1f85cef1a3109","email":"ada@example.com","mac":null,"attempts":0,"proven_at":null,"epoch":0,"created_at":1790000000000,"expires_at":1790003600000}"#,
    ),
    (
        "password_recovery_queue",
        "request",
        1,
        r#"{"id_hash":"86cfb116de83a479b6734639d5915c1567b604a52c7c37587fd1f85cef1a3109","ip":"192.0.2.1","user_agent":"test browser","devices":[],"at":1790000000000,"expires_at":1790003600000}"#,
    ),
    (
        "payment_method_names",
        "name",
        1,
        r#"{"name":"083a543e213968764599e41d91e28c4c5bf232d754bc397db17810668540fefd","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","until":null}"#,
    ),
    (
        "payment_methods",
        "methods",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","default":"pm_01h2xcejqtf2nbrexx3vqjhp41","methods":[{"id":"pm_01h2xcejqtf2nbrexx3vqjhp41","instance":"main","live":false,"account":"acct_1","stored":{"reference":{"theirs":"pm_1","customer":"cus_1","kind":"card"},"label":"Visa","last4":"4242","expires":{"year":2040,"month":12},"reuse":"many","fingerprint":null,"mandate":null},"priority":0,"dead":null,"stored_at":1790000000000}],"forgetting":[{"id":"pm_01h2xcejqtf2nbrexx3vqjhp42","instance":"main","live":false,"account":null,"reference":{"theirs":"pm_0","customer":null,"kind":"us_bank_debit"},"since":1790000000000}],"setups":[{"id":"stp_01h2xcejqtf2nbrexx3vqjhp41","instance":"main","live":false,"account":"acct_1","customer":"cus_1","kinds":["card"],"ip":"192.0.2.1","theirs":"seti_1","state":"requires_action","number":1,"unanswered":0,"proofs":0,"deposits":{"kind":"amounts","arrives":1790000000000},"method":null,"begun_at":1790000000000,"expires_at":1790086400000}]}"#,
    ),
    (
        "payment_days",
        "line",
        1,
        r#"{"list":"2026-11-27#3","id":"pay_01h2xcejqtf2nbrexx3vqjhp41","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc"}"#,
    ),
    (
        "payment_names",
        "name",
        1,
        r#"{"name":"083a543e213968764599e41d91e28c4c5bf232d754bc397db17810668540fefd","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","payment":"pay_01h2xcejqtf2nbrexx3vqjhp41"}"#,
    ),
    (
        "invoices",
        "invoice",
        1,
        r#"{"id":"inv_01h2xcejqtf2nbrexx3vqjhp41","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","state":"open","currency":"USD","lines":[{"text":"Plum kettle","quantity":2,"unit_price":5000,"tax_code":"standard","amount":10000,"net":10000,"tax":2000}],"taxes":[{"code":"standard","name":"VAT","percent":"20","inclusive":false,"net":10000,"tax":2000}],"net":10000,"tax":2000,"total":12000,"number":{"series":"INV","number":42},"origin":{"kind":"operator","operator":"usr_grace"},"carried":30,"rolled_over":0,"from_balance":500,"from_payments":0,"received":0,"refunded":0,"reversed":0,"written_off":0,"collecting":"pay_01h2xcejqtf2nbrexx3vqjhp41","payments":["pay_01h2xcejqtf2nbrexx3vqjhp41"],"reason":null,"due_at":1791209600000,"created_at":1790000000000,"issued_at":1790000000000,"paid_at":null,"ended_at":null,"updated_at":1790000000000}"#,
    ),
    (
        "invoices",
        "invoice",
        2,
        r#"{"v":2,"id":"inv_01h2xcejqtf2nbrexx3vqjhp41","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","state":"open","currency":"USD","lines":[{"text":"Plum kettle","quantity":2,"unit_price":5000,"tax_code":"standard","amount":10000,"net":10000,"tax":2000}],"taxes":[{"code":"standard","name":"VAT","percent":"20","inclusive":false,"net":10000,"tax":2000}],"net":10000,"tax":2000,"total":12000,"number":{"series":"INV","number":42},"origin":{"kind":"operator","operator":"usr_grace"},"carried":30,"rolled_over":0,"from_balance":500,"from_payments":0,"received":0,"refunded":0,"reversed":0,"credited":0,"written_off":0,"collecting":"pay_01h2xcejqtf2nbrexx3vqjhp41","payments":["pay_01h2xcejqtf2nbrexx3vqjhp41"],"reason":null,"due_at":1791209600000,"created_at":1790000000000,"issued_at":1790000000000,"paid_at":null,"ended_at":null,"updated_at":1790000000000}"#,
    ),
    (
        "invoices",
        "account",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","open":[{"id":"inv_01h2xcejqtf2nbrexx3vqjhp41","currency":"USD","due":11530,"collecting":true}],"rolled_over":{"EUR":30}}"#,
    ),
    (
        "invoice_numbers",
        "number",
        1,
        r#"{"series":"INV","number":42,"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","invoice":"inv_01h2xcejqtf2nbrexx3vqjhp41"}"#,
    ),
    ("invoice_numbers", "series", 1, r#"{"series":"INV","last":42}"#),
    (
        "payments",
        "payment",
        1,
        r#"{"id":"pay_01h2xcejqtf2nbrexx3vqjhp41","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","instance":"main","purpose":{"kind":"purchase","reference":"order-1"},"amount":{"minor":10000,"currency":"USD"},"capture_later":false,"source":{"fresh":{"save":false}},"description":"","customer":null,"status":"succeeded","attempts":[{"theirs":"pi_1","captured":10000,"capturable":0,"fee":{"minor":59,"currency":"USD"}}],"call":null,"calls":1,"hold":null,"refunds":["rfd_00000000000000000000000001"],"disputes":["dsp_00000000000000000000000002"],"ip":null,"late":false,"findings":["refund_from_elsewhere","given_back_too_much"],"looks":0,"created_at":1000000,"updated_at":1000000}"#,
    ),
    (
        "payments",
        "refund",
        1,
        r#"{"id":"rfd_00000000000000000000000001","payment":"pay_01h2xcejqtf2nbrexx3vqjhp41","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","amount":{"minor":100,"currency":"USD"},"origin":"vendor","reason":null,"state":"succeeded","booked":true,"theirs":"re_0","call":null,"failure":null,"created_at":2000000,"updated_at":5000000}"#,
    ),
    (
        "payments",
        "dispute",
        1,
        r#"{"id":"dsp_00000000000000000000000002","payment":"pay_01h2xcejqtf2nbrexx3vqjhp41","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","theirs":"dp_0","kind":"chargeback","status":"needs_response","amount":{"minor":10000,"currency":"USD"},"withdrawn":10000,"reinstated":0,"fee":null,"written_off":0,"reason":"fraudulent","respond_by":null,"answered":false,"created_at":3000000,"updated_at":5000000}"#,
    ),
    (
        "payments",
        "timeline entry",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","payment":"pay_01h2xcejqtf2nbrexx3vqjhp41","place":2,"key":{"commit":2},"at":1790000000000,"by":"client","changes":[{"change":"status","from":"sending","to":"succeeded"},{"change":"posted","kind":"fee","currency":"USD","transaction":"txn_06gc8m3c02b1bsdyhx3m8h6hb8","postings":[{"debit":"fees/main","credit":"processor/main","minor":3}]}]}"#,
    ),
    (
        "reconciled_lines",
        "posted",
        1,
        r#"{"key":"083a543e213968764599e41d91e28c4c5bf232d754bc397db17810668540fefd","posted_at":1790000000000}"#,
    ),
    (
        "reconciliations",
        "run",
        1,
        r#"{"id":"rcn_01h2xcejqtf2nbrexx3vqjhp41","instance":"main","trigger":{"operator":"usr_ypqeqcs9v6bq5vzwm86escxfjc"},"from":1789827200000,"to":1790000000000,"state":"incomplete","reason":"the report could not be read","begun_at":1790000000000,"ended_at":1790000004000,"lines":3,"opened":1,"explained":0,"posted":1,"figures":[{"currency":"USD","lines":[["payment",3998],["payout",-1000]],"fees":176,"ledger":2822,"holdings":2822,"listed":0,"remainder":0}]}"#,
    ),
    (
        "reconciliations",
        "until",
        1,
        r#"{"instance":"main","until":1790000000000,"completed_at":1790000004000,"run":"rcn_01h2xcejqtf2nbrexx3vqjhp41"}"#,
    ),
    (
        "recovery_codes",
        "set",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","factor":"totp","codes":[{"mac":"13d694b6c4cf977cb8fe3b8dc73d8655bbfa992584946bc431df8a1f4c8ddd6f","used_at":null},{"mac":"87e05a3e80e039c385dcfd8fdecce8421b9e55f951abf67cd4ae716f890a9206","used_at":null}],"issued_at":1790000000000,"replaced_in":null}"#,
    ),
    (
        "sessions",
        "session",
        1,
        r#"{"id":"ses_v03qygxd8ffa7nshmv9qm43agw","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","secret_hash":"0103087355774657020b952aa00456f5cf889227faeea199cded3435f6de8220","created_at":1790000000000,"last_seen_at":1790000000000,"expires_at":1792592000000,"stepped_up_at":1790000000000,"proofs":{},"given_by":{},"ip":"192.0.2.1","user_agent":"test browser","revoked_at":null,"lineage":{"epoch":0,"deployment":0,"token":5901866339943367398,"foreign":false}}"#,
    ),
    (
        "sms",
        "numbers",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","devices":[{"id":"dev_rmmma3dbnn8bkg9v8dzmmwf4fm","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","destination":{"sms":"+4915112345678"},"label":null,"created_at":1790000000000,"pending_until":1790000600000,"last_used_at":null}]}"#,
    ),
    (
        "sms_spend",
        "spent",
        1,
        r#"{"partition":"2026-09-21","sort":"total","units":750,"until":1790172800000}"#,
    ),
    (
        "suppressions",
        "destination",
        1,
        r#"{"pseudonym":"0103","masked":"a***@example.com","entries":[],"until":1792592000000}"#,
    ),
    (
        "totp",
        "devices",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","devices":[{"id":"dev_rmmma3dbnn8bkg9v8dzmmwf4fm","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","label":null,"secret":"0000000000000006646576696365000000000000001e6465765f726d6d6d613364626e6e38626b67397638647a6d6d776634666d0000000000000007707572706f73650000000000000004746f747000000000000000077375626a656374000000000000001e7573725f79707165716373397636627135767a776d383665736378666a63.4bcf6db2cde8b2de1c060f2096192bf54e3417f2","created_at":1790000000000,"pending_until":null,"last_used_at":1790000000000,"last_step":59666666,"recent_steps":[59666666]}]}"#,
    ),
    (
        "verifications",
        "place",
        1,
        r#"{"id":"ver_gjb7sy3xc0gvfxzwg7zvz9p9nc","email":"ada@example.com","expires_at":1790003600000}"#,
    ),
    (
        "verifications",
        "waiting",
        1,
        r#"{"email":"ada@example.com","pending":[{"id":"ver_gjb7sy3xc0gvfxzwg7zvz9p9nc","mac":"cefd98684a10f683ed2445d6090f60424ec17551fd5640f42064ae1893a4d52d","then":{"confirm":"usr_ypqeqcs9v6bq5vzwm86escxfjc"},"network":"660c19c6ae1106a78a09870e929d78bd196b3962f28459904781a5d07099d26d","expires_at":1790003600000}],"expires_at":1790003600000}"#,
    ),
    (
        "inbox",
        "delivery",
        1,
        r#"{"id":"whk_01jzpcq2ah2nbrexx3vqjhp41a","port":"payments","instance":"main","sealed":["v1.c2VhbGVk"],"until":1792592000000}"#,
    ),
    (
        "inbox",
        "event",
        1,
        r#"{"key":"083a543e213968764599e41d91e28c4c5bf232d754bc397db17810668540fefd","port":"payments","instance":"main","id":"evt_1","name":"charge.refunded","state":"dead","delivery":"whk_01jzpcq2ah2nbrexx3vqjhp41a","received_at":1790000000000,"proof":"signed_with_time","decided_at":1790000060000,"parked_since":1790000030000,"failure":"internal: it failed"}"#,
    ),
    (
        "inbox",
        "line",
        1,
        r#"{"state":"dead","received_at":1790000000000,"event":"083a543e213968764599e41d91e28c4c5bf232d754bc397db17810668540fefd","until":1792592000000}"#,
    ),
    (
        "plans",
        "plan",
        1,
        r#"{"id":"pro-monthly","name":"Pro","description":"For teams","interval":{"unit":"month","count":1},"anchor_day":31,"zone":"Europe/Berlin","trial_days":14,"tax_code":"standard","entitlements":{"export":null,"projects":20},"prices":{"USD":{"id":"price_01jzpcq2ah2nbrexx3vqjhp41a","plan":"pro-monthly","amount":{"minor":1999,"currency":"USD"},"created_at":1790000000000}},"archived":false,"created_at":1790000000000,"updated_at":1790000060000}"#,
    ),
    (
        "plans",
        "price",
        1,
        r#"{"id":"price_01jzpcq2ah2nbrexx3vqjhp41a","plan":"pro-monthly","amount":{"minor":1999,"currency":"USD"},"created_at":1790000000000}"#,
    ),
    (
        "entitlements",
        "entitlements",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","grants":{"sub_01jzpcq2ah2nbrexx3vqjhp41a":{"plan":"pro-monthly","access":"granted","entitlements":{"export":null,"projects":20}},"sub_01jzpcq2ah2nbrexx3vqjhp41b":{"plan":"free","access":{"until":1790000060000},"entitlements":{}}}}"#,
    ),
    (
        "subscriptions",
        "subscription",
        1,
        r#"{"id":"sub_01jzpcq2ah2nbrexx3vqjhp41a","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","status":"past_due","terms":{"plan":"pro-monthly","name":"Pro","price":"price_01jzpcq2ah2nbrexx3vqjhp41a","amount":{"minor":1999,"currency":"USD"},"interval":{"unit":"month","count":1},"anchor_day":31,"tax_code":"standard","entitlements":{"export":null,"projects":20}},"anchor":{"local":"2026-08-31T00:00:00","zone":"Europe/Berlin"},"next":2,"period":{"start":1790000000000,"end":1793401200000,"whole_from":1790719200000,"trial":false},"billed_through":1793401200000,"method":"pm_01jzpcq2ah2nbrexx3vqjhp41a","change":null,"owed":[{"invoice":"inv_01jzpcq2ah2nbrexx3vqjhp41a","since":1790000000000,"tries":1,"next_try":1790086400000}],"restricted":false,"expiry_told":null,"because":null,"created_at":1790000000000,"updated_at":1790000060000,"canceled_at":null,"ended_at":null}"#,
    ),
    (
        "subscriptions",
        "subscription",
        2,
        r#"{"v":2,"id":"sub_01jzpcq2ah2nbrexx3vqjhp41a","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","status":"past_due","terms":{"plan":"pro-monthly","name":"Pro","price":"price_01jzpcq2ah2nbrexx3vqjhp41a","amount":{"minor":1999,"currency":"USD"},"interval":{"unit":"month","count":1},"anchor_day":31,"zone":"Europe/Berlin","tax_code":"standard","entitlements":{"export":null,"projects":20}},"anchor":{"local":"2026-08-31T00:00:00","zone":"Europe/Berlin"},"next":2,"period":{"start":1790000000000,"end":1793401200000,"whole_from":1790719200000,"trial":false},"billed":["inv_01jzpcq2ah2nbrexx3vqjhp41a"],"set_off":500,"billed_through":1793401200000,"method":"pm_01jzpcq2ah2nbrexx3vqjhp41a","change":null,"owed":[{"invoice":"inv_01jzpcq2ah2nbrexx3vqjhp41a","since":1790000000000,"tries":1,"next_try":1790086400000,"attempt":2,"anew_since":1790000030000,"held_up":{"since":1790000040000,"by":"outage"}}],"restricted":false,"expiry_told":null,"because":null,"created_at":1790000000000,"updated_at":1790000060000,"canceled_at":null,"ended_at":null}"#,
    ),
    (
        "subscription_names",
        "name",
        1,
        r#"{"name":"7a0f","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","subscription":"sub_01jzpcq2ah2nbrexx3vqjhp41a"}"#,
    ),
    (
        "tasks",
        "id",
        1,
        r#"{"kind":"audit-pruning","shard":0,"id":"audit-pruning","sort":"001790000000000#audit-pruning"}"#,
    ),
    (
        "tasks",
        "task",
        1,
        r#"{"kind":"audit-pruning","shard":0,"id":"audit-pruning","due":1790000060000,"planned_for":1790000000000,"body":null,"runs":1,"failures":1,"lease":{"holder":"910a2dec89025cc1","since":1790000000000},"begun":true,"wanted_at":1790000030000,"last_failure":"store-unavailable: The store cannot be reached."}"#,
    ),
    (
        "trials",
        "trials",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","plans":["pro-monthly"]}"#,
    ),
    (
        "vendor_offers",
        "offer",
        1,
        r#"{"name":"7a0f","theirs":"P-5ML4271244454362WXNWU5NQ"}"#,
    ),
];

#[test]
fn every_version_of_every_type_of_record_is_read() {
    let mut used = BTreeSet::new();
    let mut complaints = Vec::new();
    for family in families() {
        let name = family.collection.name;
        assert!(!family.shapes.is_empty(), "{name} declares no type of record");
        for shape in family.shapes {
            for version in 1..=shape.version {
                let is_it =
                    |fixture: &&Fixture| (fixture.0, fixture.1, fixture.2) == (name, shape.name, version);
                let Some((.., body)) = all().find(is_it) else {
                    complaints.push(format!("{name}/{}: version {version} has no fixture", shape.name));
                    continue;
                };
                used.insert((name, shape.name, version));
                match (shape.rewrite)(body) {
                    Err(why) => complaints.push(format!("{name}/{}: version {version}: {why}", shape.name)),
                    Ok(now) if version == shape.version && now != *body => complaints.push(format!(
                        "{name}/{}: the shape changed; raise its VERSION, write an arm of upgrade, and keep the old \
                         fixture beside a new one:\n  {body}\n  {now}",
                        shape.name
                    )),
                    Ok(_) => {}
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert_eq!(used.len(), all().count(), "fixtures of nothing: {used:?}");
}

#[test]
fn no_type_has_a_first_member_that_looks_like_a_version() {
    for (family, name, version, body) in all() {
        assert_eq!(body.starts_with("{\"v\":"), *version > 1, "{family}/{name}");
    }
}

#[test]
fn a_record_of_a_newer_program_is_not_misread() {
    for family in families() {
        for shape in family.shapes {
            let why = (shape.rewrite)("{\"v\":4294967295,\"at\":0}").unwrap_err();
            assert!(why.contains("Newer"), "{}: {why}", family.collection.name);
            let why = (shape.rewrite)("{\"v\":\"x\"}").unwrap_err();
            assert!(why.contains("Version"), "{}: {why}", family.collection.name);
        }
    }
}
