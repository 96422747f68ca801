//! Connections that are kept for the next message, and never more than so many.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::response::Response;
use portcullis_ports::{Clock, Timestamp};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::connection::{Cause, Door, Failure, Server, Step, address, content};

/// How long an unused connection is kept; servers close them after minutes.
const IDLE: Duration = Duration::from_secs(30);
/// How long a kept connection may take to show that it still stands.
const ANSWERS: Duration = Duration::from_secs(1);

/// The connections to one server.
pub(crate) struct Pool {
    door: Door,
    connections: u8,
    permits: Semaphore,
    parked: Mutex<Vec<Parked>>,
    clock: Arc<dyn Clock>,
}

struct Parked {
    connection: AsyncSmtpConnection,
    since: Timestamp,
}

impl Pool {
    pub(crate) fn new(door: Door, connections: u8, clock: Arc<dyn Clock>) -> Self {
        Self {
            door,
            connections,
            permits: Semaphore::new(usize::from(connections)),
            parked: Mutex::default(),
            clock,
        }
    }

    /// The most connections at the same time.
    pub(crate) fn connections(&self) -> usize {
        usize::from(self.connections)
    }

    pub(crate) fn server(&self) -> &Server {
        self.door.server()
    }

    /// Sends one mail, once. A connection that failed is closed, so that no late reply meets another message.
    pub(crate) async fn send(&self, envelope: &Envelope, mail: &[u8]) -> Result<Response, Failure> {
        let limit = self.server().limit;
        let addressed = async {
            let permit = self.permits.acquire().await;
            let mut connection = self.connection().await?;
            address(&mut connection, envelope).await?;
            Ok((permit, connection))
        };
        let addressed = timeout(limit, addressed).await;
        let (_permit, mut connection) =
            addressed.unwrap_or_else(|_| Err(Step::Connect.failed(Cause::Late)))?;
        let accepted = timeout(limit, content(&mut connection, mail)).await;
        let response = accepted.unwrap_or_else(|_| Err(Step::Content.failed(Cause::Late)))?;
        self.park(connection);
        Ok(response)
    }

    /// Whether a connection can be had. Gives what the server calls itself.
    pub(crate) async fn greet(&self) -> Result<String, Failure> {
        let greeted = async {
            let _permit = self.permits.acquire().await;
            let connection = self.connection().await?;
            let name = connection.server_info().name().to_owned();
            self.park(connection);
            Ok(name)
        };
        let greeted = timeout(self.server().limit, greeted).await;
        greeted.unwrap_or_else(|_| Err(Step::Connect.failed(Cause::Late)))
    }

    /// A kept connection that still answers, or a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, Failure> {
        while let Some(mut connection) = self.parked() {
            if matches!(timeout(ANSWERS, connection.test_connected()).await, Ok(true)) {
                return Ok(connection);
            }
        }
        self.door.enter().await
    }

    fn parked(&self) -> Option<AsyncSmtpConnection> {
        let now = self.clock.now();
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        parked.retain(|kept| now.since(kept.since) < IDLE);
        parked.pop().map(|kept| kept.connection)
    }

    fn park(&self, connection: AsyncSmtpConnection) {
        let since = self.clock.now();
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        parked.push(Parked { connection, since });
    }
}
