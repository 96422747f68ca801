//! Whose something is that a vendor names: how news of a vendor find the person they are about.

use portcullis_ports::id::SetupId;
use portcullis_ports::identity::Subject;
use portcullis_ports::payments::VendorRef;
use portcullis_ports::{Result, Timestamp};

use super::PaymentMethods;
use super::records::MethodName;
use crate::foundation::table::Batch;

/// Something that news are about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Named<'a> {
    /// A customer of the vendor.
    Customer(&'a VendorRef),
    /// A method at the vendor.
    Method(&'a VendorRef),
    /// The adding of a method, by our name.
    Setup(&'a SetupId),
}

impl PaymentMethods {
    fn name(&self, named: Named<'_>, instance: &str) -> Result<String> {
        let (kind, name) = match named {
            Named::Customer(theirs) => ("customer", theirs.as_str()),
            Named::Method(theirs) => ("method", theirs.as_str()),
            Named::Setup(ours) => ("setup", ours.as_str()),
        };
        let keyring = &self.context.keyring;
        keyring.pseudonym("payment-method-name", &[kind, instance, name])
    }

    pub(super) fn add_name(
        &self,
        batch: &mut Batch,
        named: Named<'_>,
        instance: &str,
        subject: &Subject,
        until: Option<Timestamp>,
    ) -> Result<()> {
        batch.overwrite(&MethodName {
            name: self.name(named, instance)?,
            subject: subject.clone(),
            until,
        })
    }

    pub(super) fn clear_name(&self, batch: &mut Batch, named: Named<'_>, instance: &str) -> Result<()> {
        batch.clear::<MethodName>(self.name(named, instance)?, MethodName::SORT.into());
        Ok(())
    }

    pub(super) async fn owner(&self, named: Named<'_>, instance: &str) -> Result<Option<Subject>> {
        let name = self.name(named, instance)?;
        let found = self
            .context
            .table::<MethodName>()
            .find(&name, MethodName::SORT)
            .await?;
        Ok(found.map(|found| found.value.subject))
    }
}
