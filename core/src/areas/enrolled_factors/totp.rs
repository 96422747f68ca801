//! Time-based one-time passwords (RFC 6238): SHA-1, six digits, steps of 30 seconds, one step of drift either way.

use portcullis_ports::secret::same_secret;
use portcullis_ports::{Error, Result, Timestamp};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::{Deserialize, Serialize};
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

use crate::foundation::input;

/// The random bytes of a secret: 160 bits, as RFC 4226 recommends.
pub(crate) const SECRET_BYTES: usize = 20;
const STEP_SECONDS: u64 = 30;
const DRIFT: u64 = 1;
/// How many accepted steps are remembered one by one.
const REMEMBERED: usize = 32;

/// Which steps of a device were accepted. None is accepted again, nor any before the last (RFC 6238, section 5.2).
///
/// The last one says it as long as clocks run forward. Where one was ahead and set back, the last one lies in the
/// future and would refuse every code until then: it is set aside, and the steps that were accepted meanwhile are
/// refused one by one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UsedSteps {
    /// The step that was accepted last.
    #[serde(rename = "last_step")]
    last: u64,
    /// The steps that were accepted lately, oldest first.
    #[serde(rename = "recent_steps", default)]
    recent: Vec<u64>,
}

impl UsedSteps {
    /// Notes a step that was accepted.
    pub(crate) fn add(&mut self, step: u64) {
        // A record from before steps were remembered one by one names the last one only.
        for used in [self.last, step] {
            if used > 0 && !self.recent.contains(&used) {
                self.recent.push(used);
            }
        }
        let surplus = self.recent.len().saturating_sub(REMEMBERED);
        self.recent.drain(..surplus);
        self.last = step;
    }
}

/// A code that was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) step: u64,
    /// Whether an earlier step from the future was set aside for it.
    pub(crate) clamped: bool,
}

impl Accepted {
    /// Whether the same code may have been accepted before nobody knew any more what was used.
    pub(crate) fn may_be_used(self, now: Timestamp, uses_lost_at: Option<Timestamp>) -> bool {
        let newest = |at| step_of(at).map_or(0, |step| step + DRIFT);
        let lost = uses_lost_at.map_or(0, newest);
        // A moment in the future was written by a clock that was ahead, and tells nothing.
        self.step <= lost && lost <= newest(now)
    }
}

fn step_of(time: Timestamp) -> Option<u64> {
    Some(u64::try_from(time.seconds()).ok()? / STEP_SECONDS)
}

/// A shared secret with the names an authenticator app shows.
pub(crate) struct Generator(Totp);

impl Generator {
    pub(crate) fn new(secret: &Zeroizing<Vec<u8>>, issuer: &str, account: &str) -> Result<Self> {
        let readable = |text: &str| text.replace(':', " ");
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_step_duration(STEP_SECONDS)
            .with_secret(secret.to_vec())
            .with_issuer(Some(readable(issuer)))
            .with_account_name(readable(account))
            .build()
            .map(Self)
            .map_err(|error| Error::internal(format!("TOTP parameters: {error}")))
    }

    /// The time step a code belongs to, if it is one of the steps around `now` that `used` still allows.
    pub(crate) fn accept(&self, code: &str, now: Timestamp, used: &UsedSteps) -> Option<Accepted> {
        let digits = input::code(code);
        let newest = step_of(now)? + DRIFT;
        // A step later than any that the clock allows was used while the clock was ahead.
        let clamped = used.last > newest;
        let mut accepted = None;
        for step in newest.saturating_sub(2 * DRIFT)..=newest {
            let token = self.0.generate(step * STEP_SECONDS).to_string();
            let allowed = (clamped || step > used.last) && !used.recent.contains(&step);
            if same_secret(token.as_bytes(), digits.as_bytes()) && allowed {
                accepted = Some(Accepted { step, clamped });
            }
        }
        accepted
    }

    /// The `otpauth` address for authenticator apps.
    pub(crate) fn uri(&self) -> Result<String> {
        self.0
            .to_url()
            .map_err(|error| Error::internal(format!("otpauth address: {error}")))
    }

    /// The secret in base32, for typing.
    pub(crate) fn base32(&self) -> String {
        self.0.secret().to_base32()
    }

    /// The address as a picture, as wide as its container.
    pub(crate) fn qr_svg(&self) -> Result<String> {
        let code = QrCode::new(self.uri()?).map_err(|error| Error::internal(format!("QR code: {error}")))?;
        Ok(code.render::<svg::Color>().min_dimensions(240, 240).build())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generator() -> Generator {
        Generator::new(
            &Zeroizing::new(b"12345678901234567890".to_vec()),
            "Portcullis",
            "ada@example.com",
        )
        .unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn accept(code: &str, now: i64, used: &UsedSteps) -> Option<Accepted> {
        generator().accept(code, at(now), used)
    }

    fn shown(seconds: i64) -> String {
        generator()
            .0
            .generate(u64::try_from(seconds).unwrap())
            .to_string()
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238 appendix B, SHA-1, cut to six digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (2_000_000_000, "279037"),
        ] {
            let step = u64::try_from(seconds).unwrap() / 30;
            let clamped = false;
            assert_eq!(
                accept(code, seconds, &UsedSteps::default()),
                Some(Accepted { step, clamped }),
                "{seconds}"
            );
        }
    }

    #[test]
    fn one_step_of_drift_is_accepted_and_two_are_not() {
        let none = UsedSteps::default();
        assert!(accept("050471", 1_111_111_111 - 30, &none).is_some());
        assert!(accept("050471", 1_111_111_111 + 30, &none).is_some());
        assert!(accept("050471", 1_111_111_111 + 61, &none).is_none());
        assert!(accept("050471", 1_111_111_111 - 90, &none).is_none());
    }

    #[test]
    fn an_accepted_step_is_not_accepted_again_nor_any_before_it() {
        let mut used = UsedSteps::default();
        used.add(accept("287082", 59, &used).unwrap().step);
        assert_eq!(accept("287082", 59, &used), None);
        assert_eq!(accept(&shown(29), 59, &used), None, "older than the last");
        assert!(accept(&shown(89), 59, &used).is_some());
    }

    #[test]
    fn a_clock_that_was_ahead_locks_nobody_out_and_no_code_works_twice() {
        let (now, hour) = (1_790_000_010, 3600);
        let mut used = UsedSteps::default();
        for ahead in [hour, hour + 30] {
            let accepted = accept(&shown(now + ahead), now + ahead, &used).unwrap();
            assert!(!accepted.clamped);
            used.add(accepted.step);
        }
        let accepted = accept(&shown(now), now, &used).unwrap();
        assert!(accepted.clamped, "the step of the future is set aside");
        used.add(accepted.step);
        assert_eq!(accept(&shown(now), now, &used), None);
        let next = accept(&shown(now + 30), now + 30, &used).unwrap();
        assert!(!next.clamped, "set aside once");
        used.add(next.step);
        for ahead in [hour, hour + 30] {
            assert_eq!(
                accept(&shown(now + ahead), now + ahead, &used),
                None,
                "used while ahead"
            );
        }
        assert!(accept(&shown(now + hour + 60), now + hour + 60, &used).is_some());
    }

    #[test]
    fn a_record_without_recent_steps_is_read_and_its_last_step_kept() {
        let mut used: UsedSteps = serde_json::from_str(r#"{"last_step":40000000}"#).unwrap();
        let accepted = accept("287082", 59, &used).unwrap();
        assert!(accepted.clamped);
        used.add(accepted.step);
        assert_eq!(accept(&shown(1_200_000_000), 1_200_000_000, &used), None);
    }

    #[test]
    fn codes_of_the_moment_before_uses_were_lost_are_refused_and_later_ones_are_not() {
        let lost = 1_790_000_010;
        let none = UsedSteps::default();
        let used = |shown_at: i64, now: i64| {
            let accepted = accept(&shown(shown_at), now, &none).unwrap();
            accepted.may_be_used(at(now), Some(at(lost)))
        };
        for before in [-30, 0, 30] {
            assert!(used(lost + before, lost), "{before}");
        }
        assert!(used(lost + 30, lost + 60));
        assert!(!used(lost + 60, lost + 60));
        assert!(!used(lost - 3600, lost - 3600), "the clock was ahead");
        let accepted = accept(&shown(lost), lost, &none).unwrap();
        assert!(!accepted.may_be_used(at(lost), None));
    }

    #[test]
    fn memory_of_steps_is_bounded() {
        let mut used = UsedSteps::default();
        (1..1000).for_each(|step| used.add(step));
        assert_eq!((used.recent.len(), used.recent.last()), (REMEMBERED, Some(&999)));
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        let none = UsedSteps::default();
        for right in ["287 082", "２８７０８２", "287-082"] {
            assert!(accept(right, 59, &none).is_some(), "{right}");
        }
        for wrong in ["", "28708", "2870822", "abcdef"] {
            assert_eq!(accept(wrong, 59, &none), None);
        }
    }
}
