//! Capacity units: read from the product's own meters, freed of what an idle node consumes, and written as a table.

use std::time::Instant;

use crate::Result;
use crate::http::{Connection, Url};

/// The price of a write unit in read units, on demand.
const WRITE_PER_READ: f64 = 5.0;
/// What a session check is compared with: one strongly consistent read and one write of a small record.
const READ_AND_WRITE: Units = Units {
    read: 1.0,
    write: 1.0,
};

/// Read and write capacity units.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Units {
    pub(super) read: f64,
    pub(super) write: f64,
}

impl Units {
    /// What they cost, in the price of one read unit.
    pub(super) fn price(self) -> f64 {
        self.read + self.write * WRITE_PER_READ
    }

    fn minus(self, other: Self) -> Self {
        Self {
            read: self.read - other.read,
            write: self.write - other.write,
        }
    }

    pub(super) fn times(self, factor: f64) -> Self {
        Self {
            read: self.read * factor,
            write: self.write * factor,
        }
    }
}

/// The meters of a running product.
pub(super) struct Meter {
    connection: Connection,
    request: Vec<u8>,
}

impl Meter {
    /// Opens a connection of its own.
    pub(super) async fn open(url: &Url) -> Result<Self> {
        Ok(Self {
            connection: Connection::open(url.address, 0).await?,
            request: url.at("/metrics").request("GET", &[], ""),
        })
    }

    /// What was consumed since the product started, and when that was asked.
    pub(super) async fn look(&mut self) -> Result<Look> {
        let (status, body) = self.connection.exchange(&self.request).await?;
        if status != 200 {
            return Err(format!("/metrics answers {status}").into());
        }
        Ok(Look {
            units: consumed(std::str::from_utf8(body)?)?,
            at: Instant::now(),
        })
    }
}

/// One reading of the meters.
pub(super) struct Look {
    units: Units,
    at: Instant,
}

/// What was consumed between two readings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    units: Units,
    seconds: f64,
}

impl Span {
    pub(super) fn between(before: &Look, after: &Look) -> Self {
        Self {
            units: after.units.minus(before.units),
            seconds: after.at.duration_since(before.at).as_secs_f64(),
        }
    }

    /// Units per second.
    pub(super) fn rate(self) -> Units {
        self.units.times(1.0 / self.seconds)
    }
}

/// One use case: how often it was done, and what that consumed.
pub(super) struct Row {
    pub(super) what: &'static str,
    pub(super) times: u32,
    pub(super) span: Span,
}

impl Row {
    /// Units of one of them, without what the node would have consumed anyway.
    pub(super) fn each(&self, idle: Units) -> Units {
        let own = self.span.units.minus(idle.times(self.span.seconds));
        // Patrols come in beats: with little else going on, fewer than usual may fall into a span.
        Units {
            read: own.read.max(0.0),
            write: own.write.max(0.0),
        }
        .times(1.0 / f64::from(self.times))
    }

    /// The price of one of them, in the price of one read and one write.
    pub(super) fn share(&self, idle: Units) -> f64 {
        self.each(idle).price() / READ_AND_WRITE.price()
    }
}

/// The table for `docs/costs.md`.
pub(super) fn table(rows: &[Row], idle: Units) -> String {
    let mut lines = vec![
        "| use case | read units | write units | price, in read units | against one read and one write |"
            .to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    let line = |what: &str, units: Units| {
        let Units { read, write } = units;
        let (price, share) = (units.price(), units.price() / READ_AND_WRITE.price());
        format!("| {what} | {read:.2} | {write:.2} | {price:.1} | {share:.2} |")
    };
    lines.extend(rows.iter().map(|row| line(row.what, row.each(idle))));
    let hour = idle.times(3600.0);
    lines.push(format!(
        "| an idle node, per hour | {:.0} | {:.0} | {:.0} | |",
        hour.read,
        hour.write,
        hour.price()
    ));
    lines.join("\n")
}

/// Adds up the capacity units in the text of `/metrics`, over all operations.
fn consumed(metrics: &str) -> Result<Units> {
    let mut units = Units::default();
    let mut found = false;
    for line in metrics.lines() {
        let Some(rest) = line.strip_prefix("portcullis_store_capacity_units_total{") else {
            continue;
        };
        let (labels, value) = rest.rsplit_once("} ").ok_or("a meter without a value")?;
        let value: f64 = value.trim().parse()?;
        if labels.contains("kind=\"read\"") {
            units.read += value;
        } else {
            units.write += value;
        }
        found = true;
    }
    if found {
        Ok(units)
    } else {
        Err("the product shows no capacity units: does it run on DynamoDB?".into())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn units_are_added_up_over_operations() {
        let text = "# TYPE portcullis_store_capacity_units_total counter\n\
            portcullis_store_capacity_units_total{operation=\"GetItem\",kind=\"read\"} 5\n\
            portcullis_store_capacity_units_total{operation=\"Query\",kind=\"read\"} 2\n\
            portcullis_store_capacity_units_total{operation=\"PutItem\",kind=\"write\"} 3\n\
            portcullis_store_requests_total{operation=\"PutItem\",outcome=\"done\"} 9\n";
        let expected = Units {
            read: 7.0,
            write: 3.0,
        };
        assert_eq!(consumed(text).expect("meters"), expected);
        assert!(consumed("up 1\n").is_err());
    }

    #[test]
    fn what_an_idle_node_consumes_is_nobodys_use_case() {
        let began = Instant::now();
        let look = |read, write, seconds| Look {
            units: Units { read, write },
            at: began + Duration::from_secs(seconds),
        };
        let row = Row {
            what: "check",
            times: 10,
            span: Span::between(&look(100.0, 10.0, 0), &look(140.0, 20.0, 10)),
        };
        let idle = Units {
            read: 2.0,
            write: 0.0,
        };
        let each = Units {
            read: 2.0,
            write: 1.0,
        };
        assert_eq!(row.each(idle), each);
        assert!((row.share(idle) - 7.0 / 6.0).abs() < 1e-9);
        let table = table(&[row], idle);
        assert!(table.contains("| check | 2.00 | 1.00 | 7.0 | 1.17 |"), "{table}");
        assert!(table.contains("per hour | 7200 | 0 | 7200 |"), "{table}");
    }
}
