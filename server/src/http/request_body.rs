//! The body of a request, kept in sight: who waits for it, and what is left of it when the answer is ready.
//!
//! An answer that is given before the body was read leaves the rest of it in the connection. Closing then tells the
//! client nothing, and the system throws the answer away with the bytes that nobody read. As Go's server does, a small
//! rest is read before the answer goes out; otherwise the answer says that the connection ends.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::timeout;

/// The most bytes of a rest that are read for the sake of the connection.
const MOST: u64 = 256 << 10;
/// How long the client may take to send them.
const PATIENCE: Duration = Duration::from_millis(500);

/// How far a body has come.
#[derive(Default)]
pub(super) struct BodyState {
    /// Whether anybody ever asked for bytes.
    asked: AtomicBool,
    /// Whether whoever reads it waits for bytes of the client.
    waiting: AtomicBool,
    /// Whether it broke off, so that nobody knows where the next request begins.
    broken: AtomicBool,
    /// What is left of it once nobody reads it any more.
    rest: Mutex<Option<Incoming>>,
}

/// A body that tells how far it has come.
pub(super) struct RequestBody {
    inner: Option<Incoming>,
    state: Arc<BodyState>,
}

impl RequestBody {
    pub(super) fn new(body: Incoming) -> (Self, Arc<BodyState>) {
        let state = Arc::new(BodyState::default());
        let inner = Some(body);
        (
            Self {
                inner,
                state: Arc::clone(&state),
            },
            state,
        )
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        let Some(body) = &mut this.inner else {
            return Poll::Ready(None);
        };
        this.state.asked.store(true, Ordering::Relaxed);
        this.state.waiting.store(true, Ordering::Relaxed);
        let frame = ready!(Pin::new(body).poll_frame(context));
        this.state.waiting.store(false, Ordering::Relaxed);
        if matches!(frame, Some(Err(_))) {
            this.state.broken.store(true, Ordering::Relaxed);
        }
        if !matches!(frame, Some(Ok(_))) {
            this.inner = None;
        }
        Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner
            .as_ref()
            .map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        let rest = self.inner.take().filter(|body| !body.is_end_stream());
        *self.state.rest.lock().unwrap_or_else(PoisonError::into_inner) = rest;
    }
}

impl BodyState {
    /// Whether the client has yet to send what somebody waits for.
    pub(super) fn is_awaited(&self) -> bool {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Reads what is left, if that is little. Says whether the connection can take another request.
    pub(super) async fn finish(&self, expects_continue: bool) -> bool {
        if self.broken.load(Ordering::Relaxed) {
            return false;
        }
        let rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(rest) = rest else { return true };
        // To ask would invite the client to send what nobody wants; and who was too slow once is not waited for again.
        let uninvited = expects_continue && !self.asked.load(Ordering::Relaxed);
        if uninvited || self.is_awaited() || rest.size_hint().lower() > MOST {
            return false;
        }
        timeout(PATIENCE, discard(rest)).await.unwrap_or(false)
    }
}

/// Reads to the end, unless that is too far away.
async fn discard(mut rest: Incoming) -> bool {
    let mut left = MOST;
    while let Some(frame) = rest.frame().await {
        let length = frame
            .ok()
            .map(|frame| frame.data_ref().map_or(0, Bytes::len) as u64);
        match length.and_then(|length| left.checked_sub(length)) {
            Some(fewer) => left = fewer,
            None => return false,
        }
    }
    true
}
