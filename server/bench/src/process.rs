//! Programs under measurement: started on chosen cores, watched until they are ready, ended without a trace.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::http::Url;

/// The longest that a program may take to get ready.
const PATIENCE: Duration = Duration::from_mins(1);

/// Which cores a program may use, as `taskset` takes them.
#[derive(Debug, Clone)]
pub(crate) struct Cores(String);

impl Cores {
    /// Every core of the machine.
    pub(crate) fn all() -> Result<Self> {
        let last = thread::available_parallelism()?.get() - 1;
        Ok(Self(format!("0-{last}")))
    }

    /// The one for the server and the one for the generator; the same one on a machine with only one.
    pub(crate) fn two() -> Result<(Self, Self)> {
        let last = thread::available_parallelism()?.get().min(2) - 1;
        Ok((Self("0".to_owned()), Self(last.to_string())))
    }

    /// A command that stays on these cores.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("taskset");
        command
            .arg("--cpu-list")
            .arg(&self.0)
            .arg(program)
            .stdin(Stdio::null());
        command
    }
}

/// A server that runs; dropping it ends it.
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
    pub(crate) url: Url,
    /// From the start of the process to its ready line.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts it and waits for the line that says `ready` and its address.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let output = File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
        let began = Instant::now();
        let child = command
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .map_err(|error| format!("{} does not start: {error}", command.get_program().display()))?;
        // Stands before the wait, so that a server that never gets ready is ended as well.
        let url = "http://127.0.0.1:1/".parse()?;
        let mut server = Self {
            child,
            log: log.to_owned(),
            url,
            ready_after: PATIENCE,
        };
        loop {
            if let Some(url) = ready_line(log)? {
                (server.url, server.ready_after) = (url, began.elapsed());
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                return Err(format!(
                    "the server ended before it was ready ({status}):\n{}",
                    server.last_words()
                )
                .into());
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("no ready line within {PATIENCE:?}:\n{}", server.last_words()).into());
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Resident memory, in MB.
    pub(crate) fn resident_mb(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .ok_or("no VmRSS")?;
        let kib: u32 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(f64::from(kib) * 1024.0 / 1e6)
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines
            .get(lines.len().saturating_sub(20)..)
            .unwrap_or_default()
            .join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let asked = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .is_some_and(|id| rustix::process::kill_process(id, rustix::process::Signal::TERM).is_ok());
        let until = Instant::now() + Duration::from_secs(20);
        while asked && Instant::now() < until {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let killed = self.child.kill().and_then(|()| self.child.wait());
        eprintln!("the server did not end when asked and was killed ({killed:?})");
    }
}

/// The address in the first line of the log that says `ready`. A line without its end is still being written.
fn ready_line(log: &Path) -> Result<Option<Url>> {
    let text = fs::read_to_string(log)?;
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    Ok(whole
        .filter(|line| line.to_lowercase().contains("ready"))
        .find_map(address_in))
}

fn address_in(line: &str) -> Option<Url> {
    let (_, rest) = line.split_once("127.0.0.1:")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    format!("http://127.0.0.1:{digits}/").parse().ok()
}

/// The processor time this process has used.
pub(crate) fn own_cpu_time() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit_once(')').ok_or("no process statistics")?.1;
    let ticks = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse::<u64>)
        .sum::<std::result::Result<u64, std::num::ParseIntError>>()?;
    // Linux counts in hundredths of a second here, whatever the kernel's own tick.
    Ok(Duration::from_millis(ticks * 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_the_ready_line() {
        for line in [
            "ready at 127.0.0.1:4711\n",
            "ready: http://127.0.0.1:4711/ in 12 ms\n",
            "Ready url=\"http://127.0.0.1:4711\"\n",
        ] {
            let url = address_in(line).expect("an address");
            assert_eq!(url.address.port(), 4711, "{line}");
        }
        assert!(address_in("ready soon").is_none());
    }

    #[test]
    fn processor_time_goes_on() {
        let before = own_cpu_time().expect("linux");
        assert!(own_cpu_time().expect("linux") >= before);
    }
}
