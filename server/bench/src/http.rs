//! Just enough HTTP/1.1 to put load on a server of this machine: kept connections, answers with a content length.

use std::fmt::{self, Write as _};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::Result;

/// The largest answer that is read.
const MOST_BYTES: usize = 4 << 20;

/// Where requests go: an address on this machine and a path.
#[derive(Debug, Clone)]
pub(crate) struct Url {
    pub(crate) address: SocketAddr,
    path: String,
}

impl FromStr for Url {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let rest = text
            .strip_prefix("http://")
            .ok_or_else(|| format!("{text}: http:// is expected"))?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let address: SocketAddr = host
            .replacen("localhost", "127.0.0.1", 1)
            .parse()
            .map_err(|_| format!("{text}: an address with a port is expected, such as 127.0.0.1:8080"))?;
        if !is_loopback(address.ip()) {
            return Err(format!(
                "{text}: load is put on this machine only (127.0.0.0/8 or ::1)"
            ));
        }
        Ok(Self {
            address,
            path: format!("/{path}"),
        })
    }
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.address, self.path)
    }
}

impl Url {
    /// The same server, another path.
    pub(crate) fn at(&self, path: &str) -> Self {
        Self {
            address: self.address,
            path: path.to_owned(),
        }
    }

    /// The bytes of one request.
    pub(crate) fn request(&self, method: &str, headers: &[(String, String)], body: &str) -> Vec<u8> {
        let mut text = format!("{method} {} HTTP/1.1\r\nhost: {}\r\n", self.path, self.address);
        for (name, value) in headers {
            let _infallible = write!(text, "{name}: {value}\r\n");
        }
        if !body.is_empty() {
            let _infallible = write!(
                text,
                "content-type: application/json\r\ncontent-length: {}\r\n",
                body.len()
            );
        }
        text.push_str("\r\n");
        text.push_str(body);
        text.into_bytes()
    }
}

/// An answer: its status; the body stays in the connection's buffer.
#[derive(Debug, Clone, Copy)]
struct Head {
    status: u16,
    length: usize,
    body_at: usize,
}

/// One kept connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects as client number `client`: over IPv4 each comes from an address of its own, as clients do.
    ///
    /// From one address they would all be counted against one budget, and wait for each other there.
    pub(crate) async fn open(address: SocketAddr, client: u16) -> io::Result<Self> {
        let stream = if address.is_ipv4() {
            let [high, low] = client.to_be_bytes();
            let socket = TcpSocket::new_v4()?;
            socket.bind(SocketAddr::from(([127, 1 + (high & 63), low, 1], 0)))?;
            socket.connect(address).await?
        } else {
            TcpStream::connect(address).await?
        };
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(16 << 10),
        })
    }

    /// Sends a request, reads the whole answer, returns its status and body.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<(u16, &[u8])> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let mut head = None;
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
            if head.is_none() {
                head = parse_head(&self.buffer)?;
            }
            if let Some(Head {
                status,
                length,
                body_at,
            }) = head
                && self.buffer.len() >= body_at + length
            {
                return Ok((
                    status,
                    self.buffer.get(body_at..body_at + length).unwrap_or_default(),
                ));
            }
            if self.buffer.len() > MOST_BYTES {
                return Err(io::Error::other("the answer is too large"));
            }
        }
    }

    /// The same for JSON; any other status than `expected` is an error that shows the answer.
    pub(crate) async fn json<T: DeserializeOwned>(&mut self, request: &[u8], expected: u16) -> Result<T> {
        let (status, body) = self.exchange(request).await?;
        if status == expected {
            Ok(serde_json::from_slice(body)?)
        } else {
            let asked = String::from_utf8_lossy(request);
            let first = asked.lines().next().unwrap_or_default();
            Err(format!(
                "{first}: {status} instead of {expected}: {}",
                String::from_utf8_lossy(body)
            )
            .into())
        }
    }
}

fn parse_head(buffer: &[u8]) -> io::Result<Option<Head>> {
    let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let strange = |what: &str| io::Error::other(format!("the answer has {what}"));
    let head = std::str::from_utf8(buffer.get(..end).unwrap_or_default())
        .map_err(|_| strange("a head that is not text"))?;
    let status = head
        .get(9..12)
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| strange("no status"))?;
    let length = head.lines().skip(1).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    let length = match length {
        Some(length) => length,
        None if [204, 304].contains(&status) => 0,
        None => return Err(strange("no content length")),
    };
    Ok(Some(Head {
        status,
        length,
        body_at: end + 4,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_put_under_load() {
        for url in [
            "http://127.0.0.1:80/a",
            "http://[::1]:80",
            "http://localhost:8080/x?y=1",
            "http://127.9.9.9:1/",
        ] {
            assert!(url.parse::<Url>().is_ok(), "{url}");
        }
        for url in [
            "http://10.0.0.1:80/",
            "http://example.org:80/",
            "https://127.0.0.1:80/",
            "http://127.0.0.1/",
            "http://0.0.0.0:80/",
        ] {
            assert!(url.parse::<Url>().is_err(), "{url}");
        }
    }

    #[test]
    fn a_request_carries_its_headers_and_body() {
        let url: Url = "http://127.0.0.1:80/a".parse().expect("a url");
        let request = url.request("POST", &[("x-a".into(), "b".into())], "{}");
        let expected = "POST /a HTTP/1.1\r\nhost: 127.0.0.1:80\r\nx-a: b\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(String::from_utf8(request).expect("text"), expected);
    }

    #[test]
    fn an_answer_is_read_piece_by_piece() {
        assert!(
            parse_head(b"HTTP/1.1 200 OK\r\nContent-Le")
                .expect("fine so far")
                .is_none()
        );
        let head = parse_head(b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello")
            .expect("fine")
            .expect("whole");
        assert_eq!((head.status, head.length, head.body_at), (201, 5, 43));
        assert!(parse_head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
