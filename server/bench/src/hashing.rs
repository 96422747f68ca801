//! The yardstick for sign-ins: the bare password hash with the product's own parameters, on every core at once.

use std::num::NonZero;
use std::thread;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use clap::Args;
use portcullis_ports::Secret;
use portcullis_ports::passwords::Passwords;
use serde_json::json;

use crate::Result;
use crate::plugins::connect;

const PASSWORD: &str = "correct horse battery staple";

#[derive(Args)]
pub(crate) struct Options {
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let params = product_params()?;
    println!(
        "m = {} KiB, t = {}, p = {}",
        params.m_cost(),
        params.t_cost(),
        params.p_cost()
    );
    println!(
        "{:.1} checks/s on every core together",
        checks_per_second(&params, options.seconds)?
    );
    Ok(())
}

/// The parameters that the product's hasher uses by default, read from a hash it made.
pub(crate) fn product_params() -> Result<Params> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let hash = runtime.block_on(async {
        let connected = connect::<Passwords>("argon2id", json!({})).await?;
        let hash = connected.hasher.hash(&Secret::new(PASSWORD)).await;
        Ok::<_, crate::Failure>(hash.map_err(|error| format!("hashing: {error:?}"))?.0)
    })?;
    params_of(&hash).ok_or_else(|| format!("{hash} is no argon2id hash").into())
}

/// `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`
fn params_of(hash: &str) -> Option<Params> {
    let mut parts = hash.split('$').skip(1);
    let (Some("argon2id"), Some("v=19")) = (parts.next(), parts.next()) else {
        return None;
    };
    let costs = parts.next()?;
    let cost = |name: char| {
        let value = costs
            .split(',')
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        value.parse::<u32>().ok()
    };
    Params::new(cost('m')?, cost('t')?, cost('p')?, None).ok()
}

/// Checks on all cores for so long, each core on memory that it keeps: as fast as the hash can be.
pub(crate) fn checks_per_second(params: &Params, seconds: u64) -> Result<f64> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let until = Instant::now() + Duration::from_secs(seconds);
    let one = || -> Result<f64> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut memory = vec![Block::default(); params.block_count()];
        let (mut done, mut out, began) = (0_u32, [0; 32], Instant::now());
        while Instant::now() < until {
            argon2
                .hash_password_into_with_memory(
                    PASSWORD.as_bytes(),
                    b"sixteen bytes...",
                    &mut out,
                    &mut memory,
                )
                .map_err(|error| error.to_string())?;
            done += 1;
        }
        Ok(f64::from(done) / began.elapsed().as_secs_f64())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        let mut total = 0.0;
        for worker in workers {
            total += worker.join().map_err(|_| "a hashing thread panicked")??;
        }
        Ok(total)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_costs_are_read_from_a_hash() {
        let params = params_of("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA").expect("a hash");
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (19_456, 2, 1)
        );
        assert!(params_of("$argon2i$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA").is_none());
        assert!(params_of("plain").is_none());
    }
}
