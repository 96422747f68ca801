//! Sign-ins with the password hash as it is shipped, beside the bare hash on the same cores.

use std::fs;

use super::Extent;
use super::product::{Ask, Hash, load, start};
use super::requests::{Rounds, sign_up};
use crate::Result;
use crate::hashing::{checks_per_second, product_params};
use crate::process::Cores;
use crate::report::{Goal, Judged, Line};
use crate::samples::{median, median_ratio};

pub(super) fn measure(extent: &Extent) -> Result<Vec<Line>> {
    let cores = Cores::all()?;
    let params = product_params()?;
    let server = start(extent, "sign-in", &cores, Hash::AsShipped)?;
    let sign_ins = extent.folder.join("real-sign-ins.jsonl");
    fs::write(&sign_ins, sign_up(&server, "real", 24)?)?;
    let ask = Ask {
        method: "POST",
        path: "/auth/sign-in",
        vary: Some(&sign_ins),
        connections: 8,
    };
    let (mut product, mut bare) = (Rounds::default(), Vec::new());
    for _ in 0..extent.rounds {
        bare.push(checks_per_second(&params, extent.seconds)?);
        product.push(load(extent, &cores, &server.url, &ask)?);
    }
    Ok(vec![
        Line {
            what: "bare argon2id".to_owned(),
            measured: format!(
                "{:.1}/s (m = {} KiB, t = {}, p = {})",
                median(&bare),
                params.m_cost(),
                params.t_cost(),
                params.p_cost()
            ),
            judged: None,
            goal: None,
        },
        Line {
            what: "sign-in, 8 at a time".to_owned(),
            measured: product.words(),
            judged: Some((
                Judged::Share("bare argon2id"),
                median_ratio(&product.rates(), &bare),
            )),
            goal: Some(Goal::AtLeast(0.95)),
        },
    ])
}
