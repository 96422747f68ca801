//! An authenticator app: six digits that change with the clock (RFC 6238).

use std::time::Duration;

use portcullis_ports::Clock as _;
use portcullis_server::system::SystemClock;
use tokio::time::sleep;
use totp_rs::{Algorithm, Builder, Secret};

use crate::Result;

/// How long a code is shown, in seconds.
const SECONDS: u64 = 30;

/// Which code: each is taken once, and the neighbours of the one shown are taken too.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Before,
    Now,
    After,
}

/// What the app shows of a secret, showed a step ago, or will show a step later.
pub(super) fn code(secret: &str, step: Step) -> Result<String> {
    let now = u64::try_from(SystemClock.now().seconds())?;
    let moment = match step {
        Step::Before => now - SECONDS,
        Step::Now => now,
        Step::After => now + SECONDS,
    };
    let code = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(SECONDS)
        .with_secret(Secret::try_from_base32(secret)?)
        .build()?
        .generate(moment);
    Ok(code.to_string())
}

/// Waits until the code that is shown stays for at least so long.
pub(super) async fn early_in_a_step(least: Duration) -> Result<()> {
    let step = u128::from(SECONDS) * 1000;
    let into = u128::try_from(SystemClock.now().millis())? % step;
    if into + least.as_millis() > step {
        sleep(Duration::from_millis(u64::try_from(step - into)?)).await;
    }
    Ok(())
}
