//! The records of API keys, as they lie in stores.

use super::fixture_tests::Fixture;

pub(super) const API_KEYS: &[Fixture] = &[
    (
        "account_api_keys",
        "keys",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","keys":[{"id":"pck_01h2xcejqtf2nbrexx3vqjhp41","ends_at":1821536000000}],"all_revoked_at":1790000000000,"is_closed":false}"#,
    ),
    (
        "api_key_uses",
        "day",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","key":"pck_01h2xcejqtf2nbrexx3vqjhp41","day":"2026-09-21","accepted":1200,"refused":2,"entries":[{"outcome":"accepted","scope":"entitlements:read","ip":"203.0.113.7","client":"curl/8.15.0","count":1200,"first_at":1790000000000,"last_at":1790003600000}],"until":1797811200000}"#,
    ),
    (
        "api_key_uses",
        "last use",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","key":"pck_01h2xcejqtf2nbrexx3vqjhp41","at":1790000000000,"ip":"203.0.113.7","client":"curl/8.15.0"}"#,
    ),
    (
        "api_key_uses",
        "network",
        1,
        r#"{"subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","key":"pck_01h2xcejqtf2nbrexx3vqjhp41","network":"203.0.113.7","first_at":1790000000000,"last_at":1790000000000}"#,
    ),
    (
        "api_keys",
        "key",
        1,
        r#"{"id":"pck_01h2xcejqtf2nbrexx3vqjhp41","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","label":"Back end","secrets":[{"mac":"a351dd0265bc1d4b6ef5bdc96f1672df175dc9120848cc06d15e7097c7367422","issued_at":1790000000000,"ends_at":1790086400000},{"mac":"c351dd0265bc1d4b6ef5bdc96f1672df175dc9120848cc06d15e7097c7367422","issued_at":1790000000000}],"scopes":["entitlements:read"],"networks":{"allow":["203.0.113.0/24"],"deny":["203.0.113.200/32"]},"rate_per_minute":600,"daily_quota":null,"created_at":1790000000000,"expires_at":1821536000000,"revoked_at":1790000000000}"#,
    ),
];
