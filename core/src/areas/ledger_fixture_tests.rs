//! The bytes of records of the accounts of the house and of figures, as they lie in stores.

use super::fixture_tests::Fixture;

/// As those of all other records.
pub(super) const LEDGER: &[Fixture] = &[
    (
        "ledger_open",
        "account",
        1,
        r#"{"account":"processor/main","currency":"USD"}"#,
    ),
    (
        "ledger_open",
        "day",
        1,
        r#"{"account":"fees/main","currency":"USD","begins_at":1789948800000}"#,
    ),
    (
        "ledger_open",
        "line",
        1,
        r#"{"account":"processor/main","currency":"USD","transaction":"txn_06gc8m3c03c0ezt3nn1xx8yq64","at":1790000000000,"moved":{"debits":30,"credits":0}}"#,
    ),
    (
        "ledger_open",
        "total",
        1,
        r#"{"account":"processor/main","currency":"USD","moved":{"debits":30,"credits":3},"lines":2,"mac":"xfBHPG65Zs8scvkVn-JdOnp_03uo47qTg0HRN32yuuw"}"#,
    ),
    (
        "ledger_open",
        "sum",
        1,
        r#"{"account":"processor/main","currency":"USD","day":"2026-09-21","kinds":[{"kind":"capture","lines":2,"moved":{"debits":30,"credits":0}},{"lines":1,"moved":{"debits":0,"credits":3}}],"mac":"xfBHPG65Zs8scvkVn-JdOnp_03uo47qTg0HRN32yuuw"}"#,
    ),
    (
        "tallies",
        "line",
        1,
        r#"{"id":"tly_06gc8m3c03c0ezt3nn1xx8yq64","at":1790000000000,"happened":[{"what":"payment_failed","currency":"USD","detail":"retry_later","count":1,"minor":0},{"what":"recurring","currency":"USD","count":0,"minor":3000}]}"#,
    ),
    (
        "tallies",
        "sums",
        1,
        r#"{"name":"2026-09-21","sums":[{"what":"payment_succeeded","currency":"USD","count":12,"minor":0}],"lines":12}"#,
    ),
];
