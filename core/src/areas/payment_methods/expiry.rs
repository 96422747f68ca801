//! When a card expires.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp as Instant};
use portcullis_ports::identity::Subject;
use portcullis_ports::payments::Expiry;
use portcullis_ports::{Result, Timestamp};

use super::{PaymentMethodId, PaymentMethods, named};

/// How long before its end a card is said to expire.
const NOTICE: Duration = Duration::from_hours(24 * 30);
/// By how much the last place on earth to see a new month is behind UTC.
const LAST_ZONE: Duration = Duration::from_hours(12);

/// How near the end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nearness {
    Far,
    Near,
    Past,
}

/// How near the end of a card is. One that names no month does not end.
pub(super) fn nearness(expires: Option<Expiry>, now: Timestamp) -> Nearness {
    match expires.and_then(end) {
        Some(end) if now >= end => Nearness::Past,
        Some(end) if now + NOTICE >= end => Nearness::Near,
        _ => Nearness::Far,
    }
}

/// A card that will have expired by some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExpiringCard {
    label: String,
    last4: Option<String>,
    expiry: Expiry,
}

impl ExpiringCard {
    /// As people know it, such as `Visa 4242`.
    pub(crate) fn name(&self) -> String {
        match &self.last4 {
            Some(last4) => format!("{} {last4}", self.label),
            None => self.label.clone(),
        }
    }

    /// Its last month, as it stands on it, such as `12/2026`.
    pub(crate) fn expires(&self) -> String {
        format!("{:02}/{}", self.expiry.month, self.expiry.year)
    }
}

impl PaymentMethods {
    /// The card that will have expired by that moment, if the method that is named, or else the default, is one.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub(crate) async fn expired_by(
        &self,
        subject: &Subject,
        id: Option<&PaymentMethodId>,
        moment: Timestamp,
    ) -> Result<Option<ExpiringCard>> {
        let slot = self.methods(subject).await?;
        let Ok(method) = named(&slot.value, id) else {
            return Ok(None);
        };
        let stored = &method.stored;
        let past = nearness(stored.expires, moment) == Nearness::Past;
        Ok(stored.expires.filter(|_| past).map(|expiry| ExpiringCard {
            label: stored.label.clone(),
            last4: stored.last4.clone(),
            expiry,
        }))
    }
}

/// The moment at which the last month is over everywhere.
fn end(expiry: Expiry) -> Option<Timestamp> {
    let (year, month) = (i16::try_from(expiry.year).ok()?, i8::try_from(expiry.month).ok()?);
    let first = Date::new(year, month, 1).ok()?;
    let next = first.checked_add(Span::new().months(1)).ok()?;
    let instant: Instant = TimeZone::UTC.to_timestamp(next.at(0, 0, 0, 0)).ok()?;
    Some(Timestamp::from_seconds(instant.as_second()) + LAST_ZONE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        let instant: Instant = text.parse().unwrap();
        Timestamp::from_seconds(instant.as_second())
    }

    #[test]
    fn a_card_is_good_to_the_end_of_its_month_everywhere() {
        let expires = Some(Expiry {
            year: 2026,
            month: 12,
        });
        for (now, expected) in [
            ("2026-12-02T11:59:59Z", Nearness::Far),
            ("2026-12-02T12:00:00Z", Nearness::Near),
            ("2027-01-01T11:59:59Z", Nearness::Near),
            ("2027-01-01T12:00:00Z", Nearness::Past),
        ] {
            assert_eq!(nearness(expires, at(now)), expected, "{now}");
        }
    }

    proptest! {
        #[test]
        fn a_card_only_comes_nearer_to_its_end(
            year in any::<u16>(),
            month in any::<u8>(),
            now in any::<i32>(),
            later in 0u32..400_000_000,
        ) {
            let expires = Some(Expiry { year, month });
            let now = Timestamp::from_seconds(now.into());
            let later = now + Duration::from_secs(later.into());
            prop_assert!(nearness(expires, now) <= nearness(expires, later));
            prop_assert_eq!(nearness(None, now), Nearness::Far);
        }
    }
}
