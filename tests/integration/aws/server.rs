//! A service on the loopback interface that answers by a script.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What becomes of a request.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// A whole reply; the connection stays open.
    Reply { status: u16, headers: Vec<String>, body: String },
    /// Half a reply, then the end of the connection.
    CutOff(String),
    /// The head of a reply, then as much of a body as is taken.
    Endless { status: u16 },
    /// The head of a reply and a byte of its body, then nothing more for ever.
    Stall,
    /// No reply, and the end of the connection.
    Close,
    /// No reply for ever.
    Hang,
}

impl Act {
    pub(super) fn reply(status: u16, body: &str) -> Self {
        let headers = vec!["content-type: text/xml".to_owned()];
        Self::Reply { status, headers, body: body.to_owned() }
    }

    pub(super) fn with_header(mut self, header: &str) -> Self {
        if let Self::Reply { headers, .. } = &mut self {
            headers.push(header.to_owned());
        }
        self
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Default)]
struct State {
    script: Vec<Act>,
    requests: Vec<Request>,
    connections: usize,
}

/// The server; it stops when it is dropped.
#[derive(Debug)]
pub(super) struct Server {
    port: u16,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Starts a server that does `script`, one act a request.
    pub(super) async fn start(script: Vec<Act>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let listener = TcpListener::from_std(listener).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { script, ..State::default() }));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { port, state, task }
    }

    /// Stops the server; once this is done, its port refuses connections.
    pub(super) async fn stop(mut self) {
        self.task.abort();
        assert!((&mut self.task).await.unwrap_err().is_cancelled());
    }

    /// Leaves out the next acts of the script.
    pub(super) fn skip(&self, acts: usize) {
        self.state.lock().unwrap().script.drain(..acts);
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        let act = {
            let mut state = state.lock().unwrap();
            state.requests.push(request);
            if state.script.is_empty() { Act::Close } else { state.script.remove(0) }
        };
        let written = match act {
            Act::Close => return,
            Act::Hang => return std::future::pending().await,
            Act::Reply { status, headers, body } => {
                let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
                let length = body.len();
                let reply = format!(
                    "HTTP/1.1 {status} -\r\n{headers}content-length: {length}\r\n\r\n{body}"
                );
                stream.write_all(reply.as_bytes()).await
            }
            Act::Endless { status } => {
                let head = format!("HTTP/1.1 {status} -\r\n\r\n<a>");
                let mut written = stream.write_all(head.as_bytes()).await;
                while written.is_ok() {
                    written = stream.write_all(&[b' '; 64 * 1024]).await;
                }
                return;
            }
            Act::Stall => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n<").await.ok();
                return std::future::pending().await;
            }
            Act::CutOff(body) => {
                let (length, half) = (body.len(), &body[..body.len() / 2]);
                let reply = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{half}");
                // The client may have gone; then there is nobody to cut off.
                stream.write_all(reply.as_bytes()).await.ok();
                return;
            }
        };
        if written.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let headers: Vec<(String, String)> = lines
        .get(1..)?
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let body = String::from_utf8_lossy(&body).into_owned();
    Some(Request { line: lines.first()?.clone(), headers, body })
}
