//! Health: a token of each application, and one login at DataLink, which is not repeated while it is locked.

use async_trait::async_trait;
use portcullis_ports::outcome::Reason;
use portcullis_ports::payments::UNAVAILABLE;
use portcullis_ports::probe::Probe;
use portcullis_ports::{Code, Error, Kind, Result};

use crate::datalink::Managed;
use crate::payments::Ccbill;

const CCBILL_ACCESS: Code = Code::new(
    "ccbill-access",
    Kind::Config,
    "CCBill refuses the account's credentials.",
);
/// No subscription has this number, so that the answer tells of the login alone.
const NOBODY: &str = "0";

#[async_trait]
impl Probe for Ccbill {
    async fn check(&self) -> Result<String> {
        for application in [&self.client.frontend, &self.client.backend] {
            self.client.token(application, None).await.map_err(refused)?;
        }
        match self.datalink.status(NOBODY).await {
            Managed::Code(_) | Managed::Values(_) => {
                let mode = if self.terms.live { "live" } else { "test" };
                Ok(format!(
                    "both applications and DataLink let us in, in {mode} mode"
                ))
            }
            Managed::NotSent(reason) => Err(refused(reason)),
            Managed::Unknown => Err(UNAVAILABLE.error().with_context("why", "DataLink did not answer")),
        }
    }
}

fn refused(reason: Reason) -> Error {
    let passing = ["no-connection", "no-token", "no-answer"];
    if passing.contains(&reason.code.as_str()) {
        UNAVAILABLE.error().with_context("why", reason.detail)
    } else {
        CCBILL_ACCESS.with_detail(format!("{}.", reason.detail))
    }
}
