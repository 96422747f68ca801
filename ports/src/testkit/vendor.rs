//! Stand-ins for vendors: state and answers without a network, and a client that reaches them and can misbehave.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::http::{HttpClient, HttpRequest, HttpResponse, NoAnswer};

/// A vendor's API as far as a provider uses it: it keeps state and answers as the vendor would.
pub trait Vendor: Send + Sync + 'static {
    /// Acts on one request and answers it.
    fn answer(&self, request: &HttpRequest) -> HttpResponse;
}

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

/// A client whose every request goes to one [`Vendor`]; scripted faults are used up first, one per request.
pub struct VendorClient<V> {
    vendor: Arc<V>,
    faults: Mutex<VecDeque<Fault>>,
    sent: Mutex<Vec<HttpRequest>>,
}

impl<V: Vendor> VendorClient<V> {
    /// A client of `vendor`.
    pub fn new(vendor: Arc<V>) -> Self {
        Self {
            vendor,
            faults: Mutex::default(),
            sent: Mutex::default(),
        }
    }

    /// The next request meets this fault, behind those already scripted.
    pub fn will(&self, fault: Fault) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.push_back(fault);
    }

    /// Every request that was attempted, in order.
    pub fn sent(&self) -> Vec<HttpRequest> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl<V: Vendor> HttpClient for VendorClient<V> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let fault = {
            let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            sent.push(request.clone());
            let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
            faults.pop_front()
        };
        match fault {
            None => Ok(self.vendor.answer(&request)),
            Some(Fault::Refused) => Err(NoAnswer::NotSent("connection refused".to_owned())),
            Some(Fault::AnswerLost) => {
                self.vendor.answer(&request);
                Err(NoAnswer::Unknown("the connection was lost".to_owned()))
            }
            Some(Fault::Answers(status, text)) => Ok(HttpResponse {
                status,
                headers: Vec::new(),
                body: text.into_bytes(),
            }),
            Some(Fault::Garbage) => {
                let answer = self.vendor.answer(&request);
                Ok(HttpResponse {
                    body: b"<html>\xff\xfe".to_vec(),
                    ..answer
                })
            }
        }
    }
}

/// A client that loses an answer when it is told to.
pub(super) struct LossyClient {
    pub(super) inner: Arc<dyn HttpClient>,
    pub(super) loses: Arc<AtomicBool>,
}

#[async_trait]
impl HttpClient for LossyClient {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let answer = self.inner.send(request).await;
        if self.loses.swap(false, Ordering::SeqCst) {
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
