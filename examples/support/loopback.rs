//! A small HTTP/1.1 server on the loopback interface, for tests and examples.
//!
//! ```ignore
//! let server = Loopback::start(|request| match request.path.as_str() {
//!     "/job" => Reply::json(200, r#"{"state": "done"}"#),
//!     _ => Reply::text(404, "no such job"),
//! });
//! poll(&server.url("/job")).await;
//! assert_eq!(server.requests().len(), 1);
//! ```
//!
//! It binds a port of 127.0.0.1 that the system picks, and stops when it is dropped. Besides
//! answering, a handler can misbehave the way servers do: [`Reply::Hang`], [`Reply::Endless`],
//! [`Reply::Truncate`], [`Reply::Reset`]. A server that is not there yet is a [`RefusingPort`]. Nothing here waits for
//! time to pass, so what a test sees does not depend on how fast the machine is.
//!
//! Only what clients of this crate send is understood: bodies with a `Content-Length`.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{self, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinHandle, JoinSet};

/// What a client sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    /// The method, e.g. `GET`.
    pub(crate) method: String,
    /// The path, without the query, as it was sent.
    pub(crate) path: String,
    /// What follows the `?`, as it was sent; empty without one.
    pub(crate) query: String,
    /// The headers in the order they came; names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// Its place among the requests of its connection, from 0.
    pub(crate) place: usize,
}

impl Request {
    /// The first header of this lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The fields of a body that is a form.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        let pairs = self.body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
                    Some(at) => (&pair[..at], &pair[at + 1..]),
                    None => (pair, &[][..]),
                };
                (percent_decode(name), percent_decode(value))
            })
            .collect()
    }
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// It answers. `Content-Length` is added.
    Full {
        /// The status.
        status: u16,
        /// Headers, sent as they are.
        headers: Vec<(String, String)>,
        /// The body; not sent in reply to `HEAD`.
        body: Vec<u8>,
    },
    /// It never answers, and holds the connection until the client lets go.
    Hang,
    /// It answers with a body that begins so and has no end, such as a stream of events.
    Endless {
        /// The status.
        status: u16,
        /// The content type.
        content_type: &'static str,
        /// How the body begins.
        body: Vec<u8>,
    },
    /// It promises this body, sends half of it, and closes the connection.
    Truncate(Vec<u8>),
    /// It resets the connection without an answer.
    Reset,
}

impl Reply {
    /// An answer with a content type.
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Self::Full { status, headers, body: body.into() }
    }

    /// An answer of JSON.
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::new(status, "application/json", body)
    }

    /// An answer of plain text.
    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body)
    }

    /// The same with one more header; what is no answer stays as it is.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Full { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// What answers requests.
pub(crate) type Handler = Arc<dyn Fn(&Request) -> Reply + Send + Sync>;

/// A server that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Loopback {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Loopback {
    /// Starts a server on a free port. Needs a tokio runtime.
    pub(crate) fn start(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        RefusingPort::reserve().start(handler)
    }

    /// The URL of `path`, which begins with `/`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Every request so far, in the order they came.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many connections were accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        // The task owns its connections, so they end with it.
        self.task.abort();
    }
}

/// A port of 127.0.0.1 that is taken but does not listen: connections are refused, until a server
/// is started on it. A server that appears after three refusals is this, and a call of
/// [`RefusingPort::start`] where the third refusal is seen.
#[derive(Debug)]
pub(crate) struct RefusingPort {
    socket: TcpSocket,
    address: SocketAddr,
}

impl RefusingPort {
    /// Takes a free port.
    pub(crate) fn reserve() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket can be made");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a loopback port is free");
        let address = socket.local_addr().expect("a bound socket has an address");
        Self { socket, address }
    }

    /// The URL of `path`, now and after the start.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Starts a server on this port. Connections are accepted as soon as this returns.
    pub(crate) fn start(
        self,
        handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Loopback {
        let listener = self.socket.listen(128).expect("a bound socket can listen");
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let log = Arc::clone(&requests);
        let recorded = move |request: &Request| {
            log.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
            handler(request)
        };
        let connections = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(accept(listener, Arc::clone(&connections), Arc::new(recorded)));
        Loopback { address: self.address, requests, connections, task }
    }
}

async fn accept(listener: TcpListener, accepted: Arc<AtomicUsize>, handler: Handler) {
    let mut connections = JoinSet::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        accepted.fetch_add(1, Ordering::SeqCst);
        let handler = Arc::clone(&handler);
        connections.spawn(async move {
            if let Ok(End::Reset) = serve(&mut stream, &handler).await {
                // Closing a socket that does not linger sends a reset.
                let _ = stream.set_zero_linger();
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It is closed.
    Close,
    /// It is reset.
    Reset,
}

/// Answers the requests of one connection, one after the other, until either side ends it. For a
/// server over something else than plain TCP, e.g. TLS.
pub(crate) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    handler: &Handler,
) -> io::Result<End> {
    let mut buffer = Vec::new();
    let mut place = 0;
    while let Some(mut request) = receive(&mut stream, &mut buffer).await? {
        request.place = place;
        place += 1;
        match handler(&request) {
            Reply::Full { status, headers, body } => {
                stream.write_all(&head(status, &headers, body.len())).await?;
                if request.method != "HEAD" {
                    stream.write_all(&body).await?;
                }
                stream.flush().await?;
            }
            Reply::Endless { status, content_type, body } => {
                let head =
                    format!("HTTP/1.1 {status} Status\r\nContent-Type: {content_type}\r\n\r\n");
                stream.write_all(&[head.as_bytes(), &body].concat()).await?;
                while stream.read(&mut [0; 1024]).await? > 0 {}
            }
            Reply::Hang => while stream.read(&mut [0; 1024]).await? > 0 {},
            Reply::Truncate(body) => {
                stream.write_all(&head(200, &[], body.len())).await?;
                stream.write_all(&body[..body.len() / 2]).await?;
                stream.shutdown().await?;
                return Ok(End::Close);
            }
            Reply::Reset => return Ok(End::Reset),
        }
    }
    Ok(End::Close)
}

fn head(status: u16, headers: &[(String, String)], length: usize) -> Vec<u8> {
    let lines: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {status} Status\r\n{lines}Content-Length: {length}\r\n\r\n").into_bytes()
}

/// The next request; `buffer` keeps what came after it. `None` when the client is done.
async fn receive(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
) -> io::Result<Option<Request>> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let mut request = parse(&String::from_utf8_lossy(&buffer[..end]));
    let length = request.header("content-length").and_then(|length| length.parse().ok());
    let total = end + length.unwrap_or(0);
    while buffer.len() < total {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    request.body = buffer[end..total].to_vec();
    buffer.drain(..total);
    Ok(Some(request))
}

fn parse(head: &str) -> Request {
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Request {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        ..Request::default()
    }
}

/// Decodes one name or value of a form; what is not a valid escape stays as it is.
fn percent_decode(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        let escape = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = escape.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let (byte, used) = match (first, escaped) {
            (b'%', Some(byte)) => (byte, 3),
            (b'+', _) => (b' ', 1),
            (other, _) => (*other, 1),
        };
        bytes.push(byte);
        rest = &rest[used..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
