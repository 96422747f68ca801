//! How long a start takes, how much memory an idle server holds, and what a million stored sessions change.

use std::thread;
use std::time::{Duration, Instant};

use super::Extent;
use super::product::{Ask, Hash, data, fill, load, size_mb, start};
use super::requests::Rounds;
use crate::Result;
use crate::process::{Cores, Server};
use crate::report::{Goal, Judged, Line};
use crate::samples::{median, median_ratio};

const STARTS: u32 = 7;

pub(super) fn measure(extent: &Extent) -> Result<Vec<Line>> {
    let cores = Cores::all()?;
    let (mut fresh, mut again, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..STARTS {
        let name = format!("empty-{number}");
        let server = start(extent, &name, &cores, Hash::AsShipped)?;
        fresh.push(millis(&server));
        memory.push(idle_memory(&server)?);
        drop(server);
        again.push(millis(&start(extent, &name, &cores, Hash::AsShipped)?));
    }
    let mut lines = Vec::new();
    lines.push(ready("ready, first start on an empty folder", &fresh));
    lines.push(ready("ready, started again", &again));
    lines.push(Line {
        what: "memory, idle".to_owned(),
        measured: format!("resident, median of {STARTS} starts"),
        judged: Some((Judged::Megabytes, median(&memory))),
        goal: Some(Goal::AtMost(40.0)),
    });
    lines.extend(many(extent, &cores)?);
    Ok(lines)
}

fn many(extent: &Extent, cores: &Cores) -> Result<Vec<Line>> {
    let count = extent.many;
    let (server_core, generator_core) = Cores::two()?;
    let seeded = Instant::now();
    let full = start(extent, "many", cores, Hash::Cheap)?;
    let of_many = fill(extent, &full, count)?;
    let seeded = seeded.elapsed().as_secs_f64();
    drop(full);
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(millis(&start(extent, "many", cores, Hash::Cheap)?));
    }
    let few = start(extent, "few", &server_core, Hash::Cheap)?;
    let of_few = fill(extent, &few, extent.few)?;
    let full = start(extent, "many", &server_core, Hash::Cheap)?;
    let (mut with_few, mut with_many) = (Rounds::default(), Rounds::default());
    for _ in 0..extent.rounds {
        with_few.push(load(
            extent,
            &generator_core,
            &few.url,
            &Ask::session_check(&of_few),
        )?);
        with_many.push(load(
            extent,
            &generator_core,
            &full.url,
            &Ask::session_check(&of_many),
        )?);
    }
    let sessions = count.to_string();
    Ok(vec![
        Line {
            what: format!("{sessions} sessions made by the API"),
            measured: format!(
                "in {seeded:.0} s; {:.0} MB on disk, {:.0} MB resident",
                size_mb(&data(extent, "many"))?,
                full.resident_mb()?
            ),
            judged: None,
            goal: None,
        },
        ready(&format!("ready, {sessions} sessions stored"), &starts),
        Line {
            what: format!("session check, {} stored", extent.few),
            measured: with_few.words(),
            judged: None,
            goal: None,
        },
        Line {
            what: format!("session check, {sessions} stored"),
            measured: with_many.words(),
            judged: Some((
                Judged::Share("the small store"),
                median_ratio(&with_many.rates(), &with_few.rates()),
            )),
            goal: Some(Goal::Within(0.1)),
        },
    ])
}

fn ready(what: &str, millis: &[f64]) -> Line {
    Line {
        what: what.to_owned(),
        measured: format!(
            "median of {} starts, slowest {:.0} ms",
            millis.len(),
            millis.iter().copied().fold(0.0, f64::max)
        ),
        judged: Some((Judged::Millis, median(millis))),
        goal: Some(Goal::AtMost(150.0)),
    }
}

fn millis(server: &Server) -> f64 {
    server.ready_after.as_secs_f64() * 1000.0
}

/// What it holds when the work of the start is over.
fn idle_memory(server: &Server) -> Result<f64> {
    thread::sleep(Duration::from_secs(1));
    server.resident_mb()
}
