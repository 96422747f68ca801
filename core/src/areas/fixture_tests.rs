//! The bytes of every version of every type of record, as they lie in stores.

use std::collections::BTreeSet;

use super::families;

/// Family, type, version, body. Bodies of older versions are never changed.
const FIXTURES: &[(&str, &str, u32, &str)] = &[
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
    ("audit", "last pruning", 1, r#"{"at":1790000000000}"#),
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
        "decoys",
        "decoy",
        1,
        r#"{"key":"1223750d937d8e0343782c5f4a73eb6bbde9f09b18e86620251ebd35227cc6ea","sort":"head","filling":"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000","until":1790000060000}"#,
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
                let is_it = |fixture: &&(&str, &str, u32, &str)| {
                    (fixture.0, fixture.1, fixture.2) == (name, shape.name, version)
                };
                let Some((.., body)) = FIXTURES.iter().find(is_it) else {
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
    assert_eq!(used.len(), FIXTURES.len(), "fixtures of nothing: {used:?}");
}

#[test]
fn no_type_has_a_first_member_that_looks_like_a_version() {
    for (family, name, version, body) in FIXTURES {
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
