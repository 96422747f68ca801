//! The bare disk: 4 KiB appended and synced, one after the other.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Result;

/// The most that is written in one go; then the file starts again.
const MOST: u32 = 50_000;

pub(super) fn writes_per_second(path: &Path, span: Duration) -> Result<f64> {
    let mut file = File::create(path)?;
    let block = [7; 4096];
    let began = Instant::now();
    let mut done = 0;
    while began.elapsed() < span && done < MOST {
        file.write_all(&block)?;
        file.sync_data()?;
        done += 1;
    }
    let rate = f64::from(done) / began.elapsed().as_secs_f64();
    fs::remove_file(path)?;
    Ok(rate)
}
