//! Time-based one-time passwords (RFC 6238): SHA-1, six digits, steps of 30 seconds, one step of drift either way.

use portcullis_ports::{Error, Result, Timestamp};
use qrcode::QrCode;
use qrcode::render::svg;
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

/// The random bytes of a secret: 160 bits, as RFC 4226 recommends.
pub(super) const SECRET_BYTES: usize = 20;
const STEP_SECONDS: u64 = 30;
const DRIFT: u64 = 1;

/// A shared secret with the names an authenticator app shows.
pub(super) struct Generator(Totp);

impl Generator {
    pub(super) fn new(secret: &Zeroizing<Vec<u8>>, issuer: &str, account: &str) -> Result<Self> {
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

    /// The time step a code belongs to, if it is one of the steps around `now` and newer than `last_step`.
    /// An accepted step is never accepted again (RFC 6238 section 5.2).
    pub(super) fn accept(&self, code: &str, now: Timestamp, last_step: u64) -> Option<u64> {
        let digits: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let current = u64::try_from(now.seconds()).ok()? / STEP_SECONDS;
        let mut accepted = None;
        for step in current.saturating_sub(DRIFT)..=current + DRIFT {
            let token = self.0.generate(step * STEP_SECONDS).to_string();
            if portcullis_ports::secret::same_secret(token.as_bytes(), digits.as_bytes()) && step > last_step
            {
                accepted = Some(step);
            }
        }
        accepted
    }

    /// The `otpauth` address for authenticator apps.
    pub(super) fn uri(&self) -> Result<String> {
        self.0
            .to_url()
            .map_err(|error| Error::internal(format!("otpauth address: {error}")))
    }

    /// The secret in base32, for typing.
    pub(super) fn base32(&self) -> String {
        self.0.secret().to_base32()
    }

    /// The address as a picture, as wide as its container.
    pub(super) fn qr_svg(&self) -> Result<String> {
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

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238 appendix B, SHA-1, cut to six digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (2_000_000_000, "279037"),
        ] {
            let now = Timestamp::from_seconds(seconds);
            assert_eq!(
                generator().accept(code, now, 0),
                Some(u64::try_from(seconds).unwrap() / 30),
                "{seconds}"
            );
        }
    }

    #[test]
    fn one_step_of_drift_is_accepted_and_two_are_not() {
        let at = |seconds| Timestamp::from_seconds(seconds);
        assert!(generator().accept("050471", at(1_111_111_111 - 30), 0).is_some());
        assert!(generator().accept("050471", at(1_111_111_111 + 30), 0).is_some());
        assert!(generator().accept("050471", at(1_111_111_111 + 61), 0).is_none());
        assert!(generator().accept("050471", at(1_111_111_111 - 90), 0).is_none());
    }

    #[test]
    fn an_accepted_step_is_not_accepted_again() {
        let now = Timestamp::from_seconds(59);
        let step = generator().accept("287082", now, 0).unwrap();
        assert_eq!(generator().accept("287082", now, step), None);
    }

    #[test]
    fn spaces_are_forgiven_and_other_text_is_not() {
        let now = Timestamp::from_seconds(59);
        assert!(generator().accept("287 082", now, 0).is_some());
        for wrong in ["", "28708", "2870822", "abcdef"] {
            assert_eq!(generator().accept(wrong, now, 0), None);
        }
    }
}
