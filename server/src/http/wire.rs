//! The bytes of a connection on their way out.
//!
//! What hyper answers by itself, a bare status to a head that it cannot read, is replaced by a problem; and the end
//! comes so that the client can read the last answer. hyper has no hook for these answers. They are recognised by what all of ours have and none of them: the request id.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use poem::http::StatusCode;
use portcullis_openapi::problem::{HEADERS_TOO_LARGE, MALFORMED_REQUEST, URI_TOO_LONG};
use portcullis_ports::{Code, Error};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::refusals::Refusals;
use super::request_id::REQUEST_ID;

/// hyper's own answers are shorter, ours are longer.
const BARE: usize = 256;
/// How long a client may go on sending after the last answer, and how much.
const LINGER: Duration = Duration::from_secs(5);
const LINGER_MOST: usize = 16 << 20;
/// The bytes that are thrown away at a time.
const SCRAP: usize = 4 << 10;

/// A connection as hyper sees it.
pub(super) struct Wire {
    stream: TcpStream,
    refusals: Arc<Refusals>,
    /// A problem on its way, and how much of it has been sent.
    pending: Vec<u8>,
    sent: usize,
    has_refused: bool,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, refusals: Arc<Refusals>) -> Self {
        Self {
            stream,
            refusals,
            pending: Vec::new(),
            sent: 0,
            has_refused: false,
        }
    }

    /// Whether a problem was sent in the place of hyper's own answer.
    pub(super) fn has_refused(&self) -> bool {
        self.has_refused
    }

    /// Sends a problem to a client whose request hyper gave up without a word.
    ///
    /// # Errors
    /// When the client is gone.
    pub(super) async fn refuse(&mut self, error: &Error) -> io::Result<()> {
        let answer = self.refusals.write(error);
        self.stream.write_all(&answer).await
    }

    /// Ends the connection: says so, and reads what the client is still sending. Otherwise the system would answer
    /// that with a reset, which also takes away an answer that the client did not read yet (RFC 9112, section 9.6).
    pub(super) async fn close(mut self) {
        // Whoever is gone, or was told before, needs no telling.
        if let Err(error) = self.stream.shutdown().await {
            tracing::trace!(%error, "the other side is gone");
            return;
        }
        if timeout(LINGER, self.throw_away()).await.is_err() {
            tracing::debug!("a client went on sending after the last answer");
        }
    }

    async fn throw_away(&self) {
        let mut left = LINGER_MOST;
        while left > 0 && self.stream.readable().await.is_ok() {
            let mut scrap = [0; SCRAP];
            match self.stream.try_read(&mut scrap) {
                Ok(0) => return,
                Ok(length) => left = left.saturating_sub(length),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }

    /// Takes hyper's own answer away and has a problem sent. Says whether it was one.
    fn replaces(&mut self, bytes: &[u8]) -> bool {
        let Some(code) = automatic(bytes) else {
            return false;
        };
        self.pending = self.refusals.write(&code.error());
        self.sent = 0;
        self.has_refused = true;
        true
    }

    fn poll_pending(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.pending.get(self.sent..).filter(|rest| !rest.is_empty()) {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(context, rest))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += sent;
        }
        Poll::Ready(Ok(()))
    }
}

/// The problem that says what hyper says with a bare status.
fn automatic(bytes: &[u8]) -> Option<Code> {
    let [status @ .., _] = bytes.strip_prefix(b"HTTP/1.")?.get(2..6)? else {
        return None;
    };
    let is_bare = bytes.len() < BARE && bytes.ends_with(b"\r\n\r\n") && status.starts_with(b"4");
    let id = REQUEST_ID;
    let id = id.as_str().as_bytes();
    if !is_bare || bytes.windows(id.len()).any(|part| part == id) {
        return None;
    }
    Some(match StatusCode::from_bytes(status).ok()? {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => HEADERS_TOO_LARGE,
        StatusCode::URI_TOO_LONG => URI_TOO_LONG,
        _ => MALFORMED_REQUEST,
    })
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_pending(context))?;
        if this.replaces(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut this.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_pending(context))?;
        let mut filled = pieces.iter().filter(|piece| !piece.is_empty());
        // hyper's own answers have no body, so that they are one piece.
        if let (Some(only), None) = (filled.next(), filled.next())
            && this.replaces(only)
        {
            return Poll::Ready(Ok(only.len()));
        }
        Pin::new(&mut this.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_pending(context))?;
        Pin::new(&mut this.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_pending(context))?;
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_refusal_is_replaced() {
        let bare = |status: &str| {
            format!(
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"
            )
        };
        for (status, code) in [
            ("400 Bad Request", MALFORMED_REQUEST),
            ("414 URI Too Long", URI_TOO_LONG),
            ("431 Request Header Fields Too Large", HEADERS_TOO_LARGE),
        ] {
            assert_eq!(automatic(bare(status).as_bytes()), Some(code), "{status}");
            let earlier = bare(status).replace("HTTP/1.1", "HTTP/1.0");
            assert_eq!(automatic(earlier.as_bytes()), Some(code), "{earlier}");
        }
        let ours = bare("400 Bad Request").replace("date", "x-request-id: a\r\ndate");
        let with_a_body = format!("{}{{}}", bare("400 Bad Request"));
        let (fine, go_on) = (bare("200 OK"), "HTTP/1.1 100 Continue\r\n\r\n".to_owned());
        for other in [
            ours,
            with_a_body,
            fine,
            go_on,
            String::new(),
            "HTTP/1.".to_owned(),
        ] {
            assert_eq!(automatic(other.as_bytes()), None, "{other}");
        }
    }
}
