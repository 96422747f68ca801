//! What the business came to.

use std::sync::Arc;

use poem_openapi::OpenApi;
use portcullis_core::App;
use portcullis_core::figures::{FiguresBy, FiguresView, ReadFigures};
use portcullis_ports::money::Currency;

use crate::answer::{Answer, Answered};
use crate::auth::{OperatorSession, Viewer};
use crate::query::Query;
use crate::tags::Tag;

pub(crate) struct FiguresApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(FiguresApi);

#[OpenApi(tag = "Tag::Billing")]
impl FiguresApi {
    /// Read what the business came to
    ///
    /// Per currency, in all and day by day or month by month: what was taken, given back, disputed and kept by vendors, by the
    /// ledger; payments, disputes and subscriptions by how many there were. Days begin in the zone that the setting
    /// `billing.time_zone` names, and something counts on the day when it was booked. At most twelve months.
    #[oai(
        path = "/api/operator/billing/figures",
        method = "get",
        operation_id = "read_figures"
    )]
    async fn read(
        &self,
        _operator: OperatorSession<Viewer>,
        /// The first day, as 2026-11-01; the first of the month of the last day where it is not said, and told by months of
        /// the month eleven months before.
        from: Query<Option<String>>,
        /// The last day, which is among them; today where it is not said.
        to: Query<Option<String>>,
        /// How they are told; by days where it is not said.
        by: Query<Option<FiguresBy>>,
        /// Only in this currency.
        currency: Query<Option<Currency>>,
    ) -> Answered<FiguresView, ReadFigures> {
        let command = ReadFigures {
            from: from.0,
            to: to.0,
            by: by.0.unwrap_or_default(),
            currency: currency.0,
        };
        Ok(Answer(self.app.figures.read(&command).await?))
    }
}
