//! One conversation with the server, step by step, so that every failure says how far it came (RFC 5321, section 3).

use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use portcullis_ports::error::{Code, Kind};
use portcullis_ports::{Result, Secret};

use crate::config::Encryption;

/// The longest time to connect to one of a host's addresses: a dead one must not keep the others from being tried.
const ONE_ADDRESS: Duration = Duration::from_secs(3);
/// The largest file of certificates, in bytes.
const MAX_AUTHORITIES: u64 = 1 << 20;

/// The certificates that are trusted cannot be used.
pub(crate) const TRUSTED_CA: Code = Code::new(
    "smtp-trusted-ca",
    Kind::Config,
    "The certificates that the SMTP server's is checked with cannot be used.",
);

/// Where the server is and how it is spoken to.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) encryption: Encryption,
    pub(crate) credentials: Option<(String, Secret)>,
    pub(crate) hello_name: Option<String>,
    /// The longest time up to the message, and again for the message.
    pub(crate) limit: Duration,
}

/// How far a conversation came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Connecting, greeting, encrypting.
    Connect,
    /// Presenting user name and password.
    SignIn,
    /// Naming the sender.
    Sender,
    /// Naming the recipient.
    Recipient,
    /// Asking whether the message may come.
    Data,
    /// The message is on its way: without a reply nobody knows what became of it.
    Content,
}

/// Why a conversation ended early.
#[derive(Debug)]
pub(crate) enum Cause {
    /// The server refused, fell silent or spoke nonsense.
    Smtp(SmtpError),
    /// It took too long.
    Late,
    /// The server does not offer to encrypt.
    NoEncryption,
    /// The server does not offer a way to sign in with a password.
    NoSignIn,
    /// A reply that does not belong to what was said: somebody may have slipped one in before the encryption began.
    OutOfStep,
}

/// A conversation that ended early.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) step: Step,
    pub(crate) cause: Cause,
}

impl Step {
    pub(crate) fn failed(self, cause: Cause) -> Failure {
        Failure { step: self, cause }
    }

    fn because(self) -> impl Fn(SmtpError) -> Failure {
        move |error| self.failed(Cause::Smtp(error))
    }
}

/// A server with everything that a connection to it needs.
pub(crate) struct Door {
    server: Server,
    hello_name: ClientId,
    tls: Option<TlsParameters>,
}

impl Server {
    /// Reads the certificates, which takes a while, once.
    pub(crate) async fn open(self, trusted_ca: Option<PathBuf>) -> Result<Door> {
        let tls = match self.encryption {
            Encryption::None => None,
            Encryption::Starttls | Encryption::Tls => {
                let host = self.host.clone();
                let read = tokio::task::spawn_blocking(move || trust(host, trusted_ca.as_deref()));
                let tls = read
                    .await
                    .map_err(|error| TRUSTED_CA.with_detail("reading was cut short").with_source(error))?;
                Some(tls?)
            }
        };
        Ok(Door {
            hello_name: self.hello_name.clone().map_or_else(ClientId::default, hello),
            server: self,
            tls,
        })
    }
}

/// A greeting by address is written in brackets (RFC 5321, section 4.1.3).
fn hello(name: String) -> ClientId {
    match name.parse() {
        Ok(std::net::IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(std::net::IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_) => ClientId::Domain(name),
    }
}

fn trust(host: String, trusted_ca: Option<&Path>) -> Result<TlsParameters> {
    let mut tls = TlsParameters::builder(host);
    if let Some(file) = trusted_ca {
        let unusable = |why: String| {
            let shown = file.display();
            TRUSTED_CA.with_detail(format!("trusted_ca: {shown} cannot be used: {why}"))
        };
        let size = std::fs::metadata(file)
            .map_err(|error| unusable(error.to_string()))?
            .len();
        if size > MAX_AUTHORITIES {
            return Err(unusable("it is larger than 1 MiB".to_owned()));
        }
        let text = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
        if !String::from_utf8_lossy(&text).contains("-----BEGIN CERTIFICATE-----") {
            return Err(unusable("it holds no certificate in PEM form".to_owned()));
        }
        let authorities = Certificate::from_pem(&text).map_err(|error| unusable(error.to_string()))?;
        tls = tls.add_root_certificate(authorities);
    }
    tls.build()
        .map_err(|error| TRUSTED_CA.with_detail(format!("the certificates cannot be used: {error}")))
}

impl Door {
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Connects, encrypts, and signs in.
    pub(crate) async fn enter(&self) -> Result<AsyncSmtpConnection, Failure> {
        let server = &self.server;
        let at_once = self.tls.clone().filter(|_| server.encryption == Encryption::Tls);
        let address = (server.host.as_str(), server.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, Some(ONE_ADDRESS), &self.hello_name, at_once, None)
                .await
                .map_err(Step::Connect.because())?;
        if let (Encryption::Starttls, Some(tls)) = (server.encryption, &self.tls) {
            if !connection.can_starttls() {
                return Err(Step::Connect.failed(Cause::NoEncryption));
            }
            connection
                .starttls(tls.clone(), &self.hello_name)
                .await
                .map_err(Step::Connect.because())?;
        }
        if let Some((username, password)) = &server.credentials {
            let info = connection.server_info();
            if info.get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
                return Err(Step::SignIn.failed(Cause::NoSignIn));
            }
            let credentials = Credentials::new(username.clone(), password.expose().to_owned());
            connection
                .auth(DEFAULT_MECHANISMS, &credentials)
                .await
                .map_err(Step::SignIn.because())?;
        }
        Ok(connection)
    }
}

/// Names sender and recipients. After this the server waits for the message.
pub(crate) async fn address(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
) -> Result<(), Failure> {
    // Addresses are ASCII: the settings and the port's parser accept no others.
    let from = Mail::new(envelope.from().cloned(), Vec::new());
    let said = connection.command(from).await;
    expect(&[250], Step::Sender, said)?;
    for to in envelope.to() {
        let said = connection.command(Rcpt::new(to.clone(), Vec::new())).await;
        expect(&[250, 251], Step::Recipient, said)?;
    }
    let said = connection.command(Data).await;
    expect(&[354], Step::Data, said)?;
    Ok(())
}

/// Hands the message over.
pub(crate) async fn content(connection: &mut AsyncSmtpConnection, mail: &[u8]) -> Result<Response, Failure> {
    let said = connection.message(mail).await;
    expect(&[250], Step::Content, said)
}

/// The replies with which each step succeeds (RFC 5321, section 4.3.2).
fn expect(codes: &[u16], step: Step, said: Result<Response, SmtpError>) -> Result<Response, Failure> {
    let reply = said.map_err(step.because())?;
    if codes.iter().any(|code| reply.has_code(*code)) {
        Ok(reply)
    } else {
        Err(step.failed(Cause::OutOfStep))
    }
}
