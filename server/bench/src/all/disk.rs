//! Durable commits: the store beside the bare engine and the bare disk.

use super::Extent;
use crate::Result;
use crate::commits;
use crate::report::{Goal, Judged, Line};

pub(super) fn measure(extent: &Extent) -> Result<Vec<Line>> {
    let rows = commits::measure(&extent.folder, &[1, 8, 64], extent.seconds * 300, extent.rounds)?;
    let one = rows
        .iter()
        .find(|row| row.writers == 1)
        .map_or(f64::NAN, |row| row.store);
    let mut lines = Vec::new();
    for row in &rows {
        let commits::Row {
            writers,
            disk,
            engine,
            store,
            ratio,
        } = row;
        lines.push(Line {
            what: format!("{writers} writer{}", if *writers == 1 { "" } else { "s" }),
            measured: format!("{store:.0}/s; bare engine {engine:.0}/s, bare disk {disk:.0}/s"),
            judged: Some((Judged::Share("bare engine"), *ratio)),
            goal: (*writers == 64).then_some(Goal::AtLeast(0.8)),
        });
    }
    if let Some(row) = rows.iter().find(|row| row.writers == 64) {
        lines.push(Line {
            what: "64 writers against one".to_owned(),
            measured: format!("{:.0}/s against {one:.0}/s", row.store),
            judged: Some((Judged::Times("one writer"), row.store / one)),
            goal: Some(Goal::AtLeast(3.0)),
        });
    }
    Ok(lines)
}
