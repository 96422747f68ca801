//! A client that says exactly what a test wants, byte by byte, on one connection.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection.
pub(crate) struct Conversation {
    stream: TcpStream,
    /// What was read and belongs to the next answer.
    read: Vec<u8>,
}

/// An answer as it stands on the wire.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    /// In lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Said {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self
            .head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn closes(&self) -> bool {
        self.header("connection") == "close"
    }

    /// A problem of this code, as every other problem looks.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let problem: Value = serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"));
        assert_eq!(problem["code"], code, "{self:?}");
        assert_eq!(problem["status"], status, "{self:?}");
        assert_eq!(problem["instance"], self.header("x-request-id"), "{self:?}");
        assert!(!self.header("x-request-id").is_empty(), "{self:?}");
        assert_eq!(self.header("x-content-type-options"), "nosniff", "{self:?}");
    }
}

impl Conversation {
    pub(crate) async fn with(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            read: Vec::new(),
        }
    }

    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Says no more; what the server says is still heard.
    pub(crate) async fn fall_silent(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// The next answer; `None` if the connection ended in good order before one.
    pub(crate) async fn hear(&mut self) -> Option<Said> {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|part| part == b"\r\n\r\n") {
                break end + 4;
            }
            if self.more().await == 0 {
                assert!(self.read.is_empty(), "a head broke off");
                return None;
            }
        };
        let rest = self.read.split_off(end);
        let head = String::from_utf8(std::mem::replace(&mut self.read, rest))
            .unwrap()
            .to_lowercase();
        let mut said = Said {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body: String::new(),
        };
        let length: usize = said.header("content-length").parse().unwrap_or_default();
        while self.read.len() < length {
            assert_ne!(self.more().await, 0, "a body broke off: {said:?}");
        }
        let rest = self.read.split_off(length);
        said.body = String::from_utf8(std::mem::replace(&mut self.read, rest)).unwrap();
        Some(said)
    }

    pub(crate) async fn ask(&mut self, bytes: impl AsRef<[u8]>) -> Said {
        self.say(bytes).await;
        self.hear().await.unwrap()
    }

    async fn more(&mut self) -> usize {
        self.stream.read_buf(&mut self.read).await.unwrap()
    }
}
