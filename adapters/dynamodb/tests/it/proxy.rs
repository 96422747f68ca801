//! A proxy before a service: it sees every request, and can lose answers, answer by itself, or say nothing at all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What happens to a request.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// It is done and answered.
    Pass,
    /// It is done, and the answer is lost.
    LoseAnswer,
    /// It is not done, and the connection ends.
    LoseRequest,
    /// It is not done; this status and this text are the answer.
    Answer(u16, String),
    /// Nobody ever answers.
    Silence,
    /// It is done when the second rings; the first tells that it came.
    Wait(Arc<Notify>, Arc<Notify>),
}

impl Fault {
    /// An error as the service words it.
    pub(crate) fn error(status: u16, code: &str) -> Self {
        let name = format!("com.amazonaws.dynamodb.v20120810#{code}");
        Self::Answer(
            status,
            format!("{{\"__type\":\"{name}\",\"message\":\"as the test wants\"}}"),
        )
    }
}

type Decide = dyn Fn(&str, usize) -> Fault + Send + Sync;

struct Inner {
    /// Host and port behind the proxy.
    behind: Option<String>,
    decide: Box<Decide>,
    /// How many requests of each operation came.
    seen: Mutex<BTreeMap<String, usize>>,
}

/// A proxy that is open as long as its runtime lives.
pub(crate) struct Proxy {
    endpoint: String,
    inner: Arc<Inner>,
}

impl Proxy {
    /// Before a service; `decide` gets the operation and how many of it came before.
    pub(crate) async fn before(
        endpoint: &str,
        decide: impl Fn(&str, usize) -> Fault + Send + Sync + 'static,
    ) -> Self {
        Self::open(endpoint.strip_prefix("http://").map(str::to_owned), decide).await
    }

    /// Without anything behind it.
    pub(crate) async fn alone(decide: impl Fn(&str, usize) -> Fault + Send + Sync + 'static) -> Self {
        Self::open(None, decide).await
    }

    async fn open(
        behind: Option<String>,
        decide: impl Fn(&str, usize) -> Fault + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner {
            behind,
            decide: Box::new(decide),
            seen: Mutex::default(),
        });
        let at_gate = Arc::clone(&inner);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inner = Arc::clone(&at_gate);
                tokio::spawn(async move { drop(inner.serve(stream).await) });
            }
        });
        Self { endpoint, inner }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// How many requests of each operation came.
    pub(crate) fn seen(&self) -> BTreeMap<String, usize> {
        self.inner.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, operation: &str) -> usize {
        self.seen().get(operation).copied().unwrap_or_default()
    }
}

impl Inner {
    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        while let Some(request) = message(&mut stream).await? {
            let operation = operation(&request);
            let before = {
                let mut seen = self.seen.lock().unwrap();
                let count = seen.entry(operation.clone()).or_default();
                *count += 1;
                *count - 1
            };
            match (self.decide)(&operation, before) {
                Fault::Pass => stream.write_all(&self.forward(&request).await?).await?,
                Fault::LoseAnswer => {
                    self.forward(&request).await?;
                    return Ok(());
                }
                Fault::LoseRequest => return Ok(()),
                Fault::Answer(status, text) => {
                    let head = format!(
                        "HTTP/1.1 {status} Said\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n",
                        text.len()
                    );
                    stream.write_all(format!("{head}{text}").as_bytes()).await?;
                }
                Fault::Silence => std::future::pending().await,
                Fault::Wait(came, go) => {
                    came.notify_one();
                    go.notified().await;
                    stream.write_all(&self.forward(&request).await?).await?;
                }
            }
        }
        Ok(())
    }

    /// Asks the service behind the proxy.
    async fn forward(&self, request: &[u8]) -> std::io::Result<Vec<u8>> {
        let behind = self.behind.as_ref().expect("there is nothing behind this proxy");
        let mut stream = TcpStream::connect(behind).await?;
        stream.write_all(request).await?;
        Ok(message(&mut stream).await?.unwrap_or_default())
    }
}

/// One whole message with its head and its body; `None` at the end of the stream.
async fn message(stream: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 16 * 1024];
    let mut whole = None;
    while whole.is_none_or(|length| bytes.len() < length) {
        let count = stream.read(&mut chunk).await?;
        if count == 0 {
            return Ok((!bytes.is_empty()).then_some(bytes));
        }
        bytes.extend_from_slice(&chunk[..count]);
        if whole.is_none()
            && let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n")
        {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            assert!(!head.contains("transfer-encoding: chunked"), "{head}");
            let length = header(&head, "content-length").map_or(0, |text| text.parse().unwrap());
            whole = Some(end + 4 + length);
        }
    }
    Ok(Some(bytes))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map(str::trim)
}

/// The operation, as the client names it in a header; whatever is asked otherwise has no name.
fn operation(request: &[u8]) -> String {
    let text = String::from_utf8_lossy(request);
    let mut lines = text.lines();
    let target = lines.find(|line| line.to_lowercase().starts_with("x-amz-target:"));
    let name = target.and_then(|line| line.rsplit('.').next());
    name.unwrap_or_default().trim().to_owned()
}
