//! What operators ask for about reconciliation.

use poem_openapi::Object;
use portcullis_core::reconciliation::BeginReconciliation;
use portcullis_core::use_case::{Documented, Problems, UseCase};
use portcullis_ports::Timestamp;
use serde::Deserialize;

/// The books are to be compared with what a vendor reports.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComparePayments {
    /// The vendor; the only one where none is named.
    pub(crate) vendor: Option<String>,
    /// The first moment, in Unix seconds; a day before the end of the last complete run where it is not said.
    pub(crate) from: Option<i64>,
    /// The first moment that does not belong to it any more, in Unix seconds; as far as reports tell by now where it is not
    /// said. The span is 92 days at most.
    pub(crate) to: Option<i64>,
}

impl Documented for ComparePayments {
    const EXAMPLE: &str = r#"{ "vendor": "main", "from": 1789000000, "to": 1790000000 }"#;
}

impl UseCase for ComparePayments {
    const PROBLEMS: Problems = BeginReconciliation::PROBLEMS;
}

impl From<ComparePayments> for BeginReconciliation {
    fn from(body: ComparePayments) -> Self {
        Self {
            vendor: body.vendor,
            from: body.from.map(Timestamp::from_seconds),
            to: body.to.map(Timestamp::from_seconds),
        }
    }
}
