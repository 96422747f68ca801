//! A small SMTP server on this machine: it keeps what it accepts, and misbehaves when told to.

mod conversation;

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use portcullis_ports::notification::Senders;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use conversation::{Stream, Wire};

/// Encrypts connections as a server does. Tests bring it, with a certificate of their own making.
#[async_trait]
pub trait Encryption: Send + Sync + 'static {
    /// Shakes hands.
    async fn accept(&self, wire: Wire) -> io::Result<Wire>;
}

/// No encryption, for a server that offers none.
struct Unencrypted;

#[async_trait]
impl Encryption for Unencrypted {
    async fn accept(&self, _: Wire) -> io::Result<Wire> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

portcullis_ports::set_up!(Senders, "smtp", |_folder| {
    let simulator = SmtpSimulator::start(Offer::default(), None).await;
    assert!(simulator.is_ok(), "no port is free");
    simulator
        .ok()
        .map(|simulator| SetUp::new(simulator.settings(), ()))
});

/// Where in a conversation something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before the greeting.
    Greeting,
    /// At `EHLO`.
    Hello,
    /// At `STARTTLS`. Whatever is said instead of the reply, the encryption follows.
    Encrypt,
    /// At `AUTH`, when the password has come.
    SignIn,
    /// At `MAIL`.
    Sender,
    /// At `RCPT`.
    Recipient,
    /// At `DATA`.
    Data,
    /// When the whole message has come.
    Content,
    /// At `NOOP`, with which a client asks whether a kept connection still stands.
    Noop,
}

/// What the server does instead of the right thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conduct {
    /// Says this line, and does not act.
    Says(String),
    /// Says nothing any more, and does not act.
    Hangs,
    /// Closes the connection, and does not act.
    Closes,
    /// Acts, and closes the connection instead of saying so.
    LosesAnswer,
}

/// One mail that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// Headers and body.
    pub mail: String,
    /// Whether it came encrypted.
    pub encrypted: bool,
    /// Who had signed in.
    pub user: Option<String>,
}

/// What the server offers and asks for.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    /// Offers `STARTTLS`.
    pub starttls: bool,
    /// Encrypts from the first byte on.
    pub tls: bool,
    /// Name and password that must be presented before a mail.
    pub credentials: Option<(String, String)>,
    /// The ways to sign in that are offered, such as `PLAIN LOGIN`.
    pub mechanisms: &'static str,
}

/// A running server. It runs until it is stopped or the executor ends.
pub struct SmtpSimulator {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// What all conversations share.
struct Shared {
    offer: Offer,
    encryption: Arc<dyn Encryption>,
    faults: Mutex<VecDeque<(Moment, Conduct)>>,
    accepted: Mutex<Vec<Accepted>>,
    conversations: Mutex<usize>,
}

impl SmtpSimulator {
    /// Starts a server on a free port of 127.0.0.1; one that offers encryption needs some.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start(offer: Offer, encryption: Option<Arc<dyn Encryption>>) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            offer,
            encryption: encryption.unwrap_or_else(|| Arc::new(Unencrypted)),
            faults: Mutex::default(),
            accepted: Mutex::default(),
            conversations: Mutex::default(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self {
            address,
            accepting: tokio::spawn(accept(listener, Arc::clone(&shared))),
            shared,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Misbehaves once, at the next such moment, behind what was told before.
    pub fn will(&self, at: Moment, conduct: Conduct) {
        locked(&self.shared.faults).push_back((at, conduct));
    }

    /// Every mail that was accepted, in order.
    pub fn accepted(&self) -> Vec<Accepted> {
        locked(&self.shared.accepted).clone()
    }

    /// How many connections there were.
    pub fn conversations(&self) -> usize {
        *locked(&self.shared.conversations)
    }

    /// Listens no more, so that connections are refused from now on.
    pub async fn stop(self) {
        self.accepting.abort();
        // Ends with the abortion, which is what was asked for.
        if let Err(error) = self.accepting.await
            && error.is_panic()
        {
            tracing::warn!(%error, "the simulator failed");
        }
    }

    /// Settings with which the plugin reaches this server without encryption.
    pub fn settings(&self) -> Value {
        json!({
            "server": self.address.ip().to_string(),
            "port": self.address.port(),
            "encryption": "none",
            "from": "Example <no-reply@example.com>",
        })
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Ends with the listener, or when the simulator is stopped.
    while let Ok((stream, _)) = listener.accept().await {
        *locked(&shared.conversations) += 1;
        tokio::spawn(conversation::hold(stream, Arc::clone(&shared)));
    }
}

impl Shared {
    /// What was told for this moment, if it is next.
    fn conduct(&self, at: Moment) -> Option<Conduct> {
        let mut faults = locked(&self.faults);
        match faults.front() {
            Some((moment, _)) if *moment == at => faults.pop_front().map(|(_, conduct)| conduct),
            _ => None,
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
