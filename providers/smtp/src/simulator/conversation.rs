//! The server's side of one conversation (RFC 5321, RFC 3207, RFC 4954).

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use data_encoding::BASE64;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::{Accepted, Conduct, Moment, Shared, locked};

/// The longest line and the longest message that are read, in bytes.
const MAX_LINE: u64 = 4096;
const MAX_MAIL: usize = 1 << 20;

/// Bytes both ways.
pub trait Stream: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Stream for T {}

/// A connection, encrypted or not.
pub type Wire = Pin<Box<dyn Stream>>;

struct Conversation {
    wire: BufReader<Wire>,
    shared: Arc<Shared>,
    encrypted: bool,
    user: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

/// Why a conversation does not go on.
enum End {
    /// The client left, or the server was told to close.
    Closed,
    /// The client asked for encryption.
    Encrypt,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Closed
    }
}

/// Talks until the client leaves.
pub(super) async fn hold(stream: TcpStream, shared: Arc<Shared>) {
    let mut wire: Wire = Box::pin(stream);
    let mut encrypted = false;
    if shared.offer.tls {
        match shared.encryption.accept(wire).await {
            Ok(tls) => wire = tls,
            Err(_) => return,
        }
        encrypted = true;
    }
    let mut conversation = Conversation {
        wire: BufReader::new(wire),
        shared,
        encrypted,
        user: None,
        from: None,
        to: Vec::new(),
    };
    let greeted = conversation
        .act(Moment::Greeting, |_| "220 simulator ESMTP".to_owned())
        .await;
    if greeted.is_err() {
        return;
    }
    while let Err(End::Encrypt) = conversation.talk().await {
        let encryption = Arc::clone(&conversation.shared.encryption);
        match encryption.accept(conversation.wire.into_inner()).await {
            Ok(tls) => conversation.wire = BufReader::new(tls),
            Err(_) => return,
        }
        conversation.encrypted = true;
    }
}

impl Conversation {
    async fn talk(&mut self) -> Result<(), End> {
        loop {
            let line = self.line().await?;
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => self.act(Moment::Hello, Self::offers).await?,
                "STARTTLS" if self.shared.offer.starttls && !self.encrypted => {
                    match self.shared.conduct(Moment::Encrypt) {
                        Some(Conduct::Says(reply)) => self.say(&reply).await?,
                        Some(_) => return Err(End::Closed),
                        None => self.say("220 2.0.0 go ahead").await?,
                    }
                    return Err(End::Encrypt);
                }
                "AUTH" => self.sign_in(rest).await?,
                "MAIL" if self.shared.offer.credentials.is_some() && self.user.is_none() => {
                    self.say("530 5.7.0 authentication required").await?;
                }
                "MAIL" => {
                    let from = path(rest);
                    let act = |this: &mut Self| {
                        (this.from, this.to) = (Some(from), Vec::new());
                        "250 2.1.0 ok".to_owned()
                    };
                    self.act(Moment::Sender, act).await?;
                }
                "RCPT" if self.from.is_some() => {
                    let to = path(rest);
                    let act = |this: &mut Self| {
                        this.to.push(to);
                        "250 2.1.5 ok".to_owned()
                    };
                    self.act(Moment::Recipient, act).await?;
                }
                "DATA" if !self.to.is_empty() => self.data().await?,
                "NOOP" => self.act(Moment::Noop, |_| "250 2.0.0 ok".to_owned()).await?,
                "RSET" => self.say("250 2.0.0 ok").await?,
                "QUIT" => return self.say("221 2.0.0 bye").await,
                _ => self.say("503 5.5.1 bad sequence of commands").await?,
            }
        }
    }

    fn offers(&mut self) -> String {
        let offer = &self.shared.offer;
        let mut lines = vec!["simulator".to_owned(), "8BITMIME".to_owned()];
        if offer.starttls && !self.encrypted {
            lines.push("STARTTLS".to_owned());
        }
        if !offer.mechanisms.is_empty() {
            lines.push(format!("AUTH {}", offer.mechanisms));
        }
        let last = lines.pop().unwrap_or_default();
        let before = lines.iter().flat_map(|line| ["250-", line, "\r\n"]);
        before.chain(["250 ", &last]).collect()
    }

    async fn sign_in(&mut self, rest: &str) -> Result<(), End> {
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let presented = match mechanism {
            "PLAIN" => {
                let text = decode(initial);
                let mut parts = text.split('\0').skip(1).map(str::to_owned);
                parts.next().zip(parts.next())
            }
            "LOGIN" => {
                self.say("334 VXNlcm5hbWU6").await?;
                let user = decode(&self.line().await?);
                self.say("334 UGFzc3dvcmQ6").await?;
                Some((user, decode(&self.line().await?)))
            }
            _ => None,
        };
        self.act(Moment::SignIn, |this| {
            if presented.is_some() && presented == this.shared.offer.credentials {
                this.user = presented.map(|(user, _)| user);
                "235 2.7.0 welcome".to_owned()
            } else {
                "535 5.7.8 authentication credentials invalid".to_owned()
            }
        })
        .await
    }

    async fn data(&mut self) -> Result<(), End> {
        let mut asked = false;
        self.act(Moment::Data, |_| {
            asked = true;
            "354 go ahead".to_owned()
        })
        .await?;
        if !asked {
            return Ok(());
        }
        let mut mail = String::new();
        loop {
            let line = self.line().await?;
            if line == "." {
                break;
            }
            if mail.len() > MAX_MAIL {
                return Err(End::Closed);
            }
            mail.push_str(line.strip_prefix('.').unwrap_or(&line));
            mail.push_str("\r\n");
        }
        self.act(Moment::Content, |this| {
            let accepted = Accepted {
                from: this.from.take().unwrap_or_default(),
                to: std::mem::take(&mut this.to),
                mail,
                encrypted: this.encrypted,
                user: this.user.clone(),
            };
            let mut all = locked(&this.shared.accepted);
            all.push(accepted);
            format!("250 2.0.0 ok: queued as {}", all.len())
        })
        .await
    }

    /// Acts and says so, unless told otherwise for this moment.
    async fn act(&mut self, at: Moment, act: impl FnOnce(&mut Self) -> String) -> Result<(), End> {
        match self.shared.conduct(at) {
            None => {
                let reply = act(self);
                self.say(&reply).await
            }
            Some(Conduct::Says(line)) => self.say(&line).await,
            Some(Conduct::Hangs) => {
                // Reads and never answers, until the client gives up.
                while self.line().await.is_ok() {}
                Err(End::Closed)
            }
            Some(Conduct::Closes) => Err(End::Closed),
            Some(Conduct::LosesAnswer) => {
                act(self);
                Err(End::Closed)
            }
        }
    }

    async fn say(&mut self, reply: &str) -> Result<(), End> {
        self.wire.write_all(format!("{reply}\r\n").as_bytes()).await?;
        Ok(self.wire.flush().await?)
    }

    async fn line(&mut self) -> Result<String, End> {
        let mut bytes = Vec::new();
        let read = (&mut self.wire)
            .take(MAX_LINE)
            .read_until(b'\n', &mut bytes)
            .await?;
        if read == 0 || bytes.pop() != Some(b'\n') || bytes.pop() != Some(b'\r') {
            return Err(End::Closed);
        }
        String::from_utf8(bytes).map_err(|_| End::Closed)
    }
}

/// The address between the angle brackets of `FROM:<…>` or `TO:<…>`.
fn path(rest: &str) -> String {
    let inner = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(address, _)| address.to_owned()).unwrap_or_default()
}

fn decode(text: &str) -> String {
    let bytes = BASE64.decode(text.as_bytes()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
