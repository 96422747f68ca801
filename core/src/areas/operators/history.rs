//! What operators do, in their own history and in that of whom it concerned.

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;

use super::{Operator, Operators};
use crate::foundation::table::Batch;
use crate::services::audit::Event;

impl Operators {
    /// Adds an action to the commit that does it: the history of the operator names whom it concerned, and the history of
    /// that person the operator.
    pub(crate) async fn append(
        &self,
        batch: &mut Batch,
        operator: &Operator,
        concerned: Option<&Subject>,
        event: &Event<'_>,
    ) -> Result<()> {
        let role = operator.role.as_str();
        let mut own = event.clone().with("role", role);
        if let Some(concerned) = concerned {
            own = own.with("concerned", concerned);
        }
        self.audit.append(batch, operator.subject(), &[own]).await?;
        match concerned.filter(|concerned| *concerned != operator.subject()) {
            Some(concerned) => {
                let theirs = event
                    .clone()
                    .with("role", role)
                    .with("operator", operator.subject());
                self.audit.append(batch, concerned, &[theirs]).await
            }
            None => Ok(()),
        }
    }

    /// Writes an action that changes nothing, such as a look at something.
    pub(crate) async fn record(
        &self,
        operator: &Operator,
        concerned: Option<&Subject>,
        event: &Event<'_>,
    ) -> Result<()> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.append(&mut batch, operator, concerned, event).await?;
                self.context.commit(batch).await
            })
            .await
    }
}
