//! Memory of the running program: what a wave of clients took goes back to the system.
#![cfg(target_os = "linux")]

use std::fs;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::program::{PATIENCE, Program, Store};

/// Enough to be seen, and fewer than any machine allows.
const CLIENTS: usize = 800;
/// What the wave must take at least, or the test would see nothing; in KiB.
const WAVE: u64 = 4 << 10;

/// The memory of a process that no file stands for, in KiB.
fn anonymous(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn memory_of_closed_connections_goes_back() {
    let folder = TempDir::new().unwrap();
    let program = Program::start(folder.path(), Store::Embedded);
    let address = program.url.strip_prefix("http://").unwrap().to_owned();
    let before = anonymous(program.id());
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = TcpStream::connect(&address).await.unwrap();
        client
            .write_all(b"GET /api/ping HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .await
            .unwrap();
        let mut first = [0; 12];
        client.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        clients.push(client);
    }
    let wave = anonymous(program.id()).saturating_sub(before);
    assert!(wave > WAVE, "{CLIENTS} clients took only {wave} KiB");
    drop(clients);
    let closed = Instant::now();
    loop {
        let left = anonymous(program.id()).saturating_sub(before);
        if left < wave / 2 {
            break;
        }
        assert!(closed.elapsed() < PATIENCE, "{left} of {wave} KiB are still held");
        // Asked now and then, as anybody would: an allocator may work only when it is used.
        sleep(Duration::from_millis(200)).await;
    }
}
