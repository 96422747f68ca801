//! A client that reaches a vendor's stand-in without a network, and can misbehave.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::http::{HttpClient, HttpMethod, HttpRequest, HttpResponse, NoAnswer};
pub use crate::simulation::Vendor;

/// What goes wrong with one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection is refused: the vendor never sees the request.
    Refused,
    /// The vendor acts on the request and its answer is lost.
    AnswerLost,
    /// The vendor does not act and answers with this status and text.
    Answers(u16, String),
    /// The vendor acts and answers with text that means nothing.
    Garbage,
}

/// What one request meets.
struct Scripted {
    /// A part of the address that it waits for.
    at: &'static str,
    /// Nothing if it goes well.
    fault: Option<Fault>,
}

/// A client whose every request goes to one [`Vendor`]. What is scripted is used up first, one per request.
pub struct VendorClient<V> {
    vendor: Arc<V>,
    script: Mutex<VecDeque<Scripted>>,
    sent: Mutex<Vec<HttpRequest>>,
    exchanges: Mutex<Vec<(HttpRequest, HttpResponse)>>,
}

impl<V: Vendor> VendorClient<V> {
    /// A client of `vendor`.
    pub fn new(vendor: Arc<V>) -> Self {
        Self {
            vendor,
            script: Mutex::default(),
            sent: Mutex::default(),
            exchanges: Mutex::default(),
        }
    }

    /// The next request meets this fault, behind what is already scripted.
    pub fn will(&self, fault: Fault) {
        self.will_at("", fault);
    }

    /// The same of the next request to an address with this part; requests to others go well meanwhile.
    pub fn will_at(&self, part: &'static str, fault: Fault) {
        let fault = Some(fault);
        locked(&self.script).push_back(Scripted { at: part, fault });
    }

    /// So many requests go well, behind what is already scripted.
    pub fn passes(&self, requests: usize) {
        let well = std::iter::repeat_with(|| Scripted { at: "", fault: None });
        locked(&self.script).extend(well.take(requests));
    }

    /// Every request that was attempted, in order.
    pub fn sent(&self) -> Vec<HttpRequest> {
        locked(&self.sent).clone()
    }

    /// Every request that the vendor saw, with what it answered, in order.
    pub fn exchanges(&self) -> Vec<(HttpRequest, HttpResponse)> {
        locked(&self.exchanges).clone()
    }

    fn fault_of(&self, request: &HttpRequest) -> Option<Fault> {
        let mut script = locked(&self.script);
        let is_meant = script.front().is_some_and(|next| request.url.contains(next.at));
        if is_meant { script.pop_front()?.fault } else { None }
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl<V: Vendor> HttpClient for VendorClient<V> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        locked(&self.sent).push(request.clone());
        let fault = self.fault_of(&request);
        match fault {
            Some(Fault::Refused) => return Err(NoAnswer::NotSent("connection refused".to_owned())),
            Some(Fault::Answers(status, text)) => {
                return Ok(HttpResponse {
                    status,
                    headers: Vec::new(),
                    body: text.into_bytes(),
                });
            }
            _ => {}
        }
        let answer = self.vendor.answer(&request);
        locked(&self.exchanges).push((request, answer.clone()));
        match fault {
            Some(Fault::AnswerLost) => Err(NoAnswer::Unknown("the connection was lost".to_owned())),
            Some(Fault::Garbage) => Ok(HttpResponse {
                body: b"<html>\xff\xfe".to_vec(),
                ..answer
            }),
            _ => Ok(answer),
        }
    }
}

/// A client that loses the answer to the next request that acts when it is told to: what is only read can be read again.
pub(super) struct LossyClient {
    pub(super) inner: Arc<dyn HttpClient>,
    pub(super) loses: Arc<AtomicBool>,
}

#[async_trait]
impl HttpClient for LossyClient {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let acts = request.method != HttpMethod::Get;
        let answer = self.inner.send(request).await;
        if acts && self.loses.swap(false, Ordering::SeqCst) {
            return Err(NoAnswer::Unknown("the connection was lost".to_owned()));
        }
        answer
    }
}

/// A client that reaches nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNetwork;

#[async_trait]
impl HttpClient for NoNetwork {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        Err(NoAnswer::NotSent("there is no network in this test".to_owned()))
    }
}
