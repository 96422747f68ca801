//! Which factors an account has: their devices, and proofs by authenticator apps.

mod devices;
mod enrolled;
mod events;
mod list;
mod pending;
mod records;
mod totp;
mod totp_proof;

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::sealed_texts::kind;
pub use devices::NO_DEVICE;
pub(crate) use devices::{ContactDevice, Device, TotpDevice};
pub(crate) use enrolled::{EnrolledApps, EnrolledContacts, EnrolledFactors};
pub(crate) use records::{ContactKind, EMAIL, Emails, Phones, SMS, TOTP};
use records::{Contacts, TotpDevices};
pub(crate) use totp::{Generator, SECRET_BYTES, UsedSteps};
pub(crate) use totp_proof::context;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        Family::new(
            EMAIL,
            Personal::BySubject,
            &[shape::<Contacts<Emails>>("addresses")],
        )
        .taken_over(),
        Family::new(SMS, Personal::BySubject, &[shape::<Contacts<Phones>>("numbers")]).taken_over(),
        Family::new(TOTP, Personal::BySubject, &[shape::<TotpDevices>("devices")])
            .sealed(kind::<TotpDevices>())
            .taken_over(),
    ],
    problems: &[NO_DEVICE],
    events: events::ALL,
    ..Area::EMPTY
};
