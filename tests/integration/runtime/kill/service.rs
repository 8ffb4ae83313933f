//! A Redshift, watched: the scripted one, or moto's.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use maitred::clock::{Clock as _, SystemClock, Timestamp};
use tokio::sync::watch;

use super::tasks::Kind;
use crate::support::loopback::{Loopback, Reply, Request};
use crate::support::moto::Moto;
use crate::support::redshift::{FakeRedshift, Pace};

/// A call that the service had.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) at: Timestamp,
    pub(super) action: String,
}

impl Seen {
    pub(super) fn is_main(&self) -> bool {
        !self.action.starts_with("Describe")
    }
}

/// What is known outside of the service while it runs.
struct Log {
    clock: SystemClock,
    /// The calls of each cluster.
    calls: Mutex<HashMap<String, Vec<Seen>>>,
    count: watch::Sender<usize>,
    hold: AtomicBool,
    held: watch::Sender<usize>,
}

impl Log {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            clock: SystemClock::new(),
            calls: Mutex::default(),
            count: watch::Sender::new(0),
            hold: AtomicBool::new(false),
            held: watch::Sender::new(0),
        })
    }

    /// Notes a call; whether its reply is held.
    fn note(&self, request: &Request) -> bool {
        let form = request.form();
        let field = |name: &str| {
            let found = form.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let (action, cluster) = (field("Action"), field("ClusterIdentifier"));
        let seen = Seen { at: self.clock.now(), action };
        let held = seen.is_main() && self.hold.swap(false, Ordering::SeqCst);
        self.calls.lock().unwrap().entry(cluster).or_default().push(seen);
        self.count.send_modify(|count| *count += 1);
        if held {
            self.held.send_modify(|count| *count += 1);
        }
        held
    }
}

pub(super) struct Service {
    redshift: Redshift,
    log: Arc<Log>,
}

enum Redshift {
    Scripted(FakeRedshift),
    /// What is asked goes through this door, to be seen.
    Moto(Arc<Moto>, Loopback),
}

/// While this lives, the next main call gets no reply.
pub(super) struct Hold(Arc<Log>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.hold.store(false, Ordering::SeqCst);
    }
}

impl Service {
    pub(super) fn scripted() -> Self {
        let log = Log::new();
        let shared = Arc::clone(&log);
        let pace = Pace::Elapsed(Duration::from_millis(700));
        let redshift = FakeRedshift::observed(pace, move |request| shared.note(request));
        Self { redshift: Redshift::Scripted(redshift), log }
    }

    pub(super) fn moto() -> Self {
        let log = Log::new();
        let (moto, shared) = (Moto::shared(), Arc::clone(&log));
        let address = moto.endpoint().to_owned();
        let door = Loopback::start(move |request| {
            let reply = forward(&address, request);
            if shared.note(request) { Reply::Hang } else { reply }
        });
        Self { redshift: Redshift::Moto(moto, door), log }
    }

    pub(super) fn url(&self) -> String {
        match &self.redshift {
            Redshift::Scripted(redshift) => redshift.url(),
            Redshift::Moto(_, door) => door.url("/"),
        }
    }

    /// Makes the cluster that a task of this kind works on.
    pub(super) fn add(&self, cluster: &str, kind: Kind) {
        let moto = match &self.redshift {
            Redshift::Scripted(redshift) => return redshift.cluster(cluster, kind.cluster()),
            Redshift::Moto(moto, _) => moto,
        };
        let create =
            "CreateCluster&NodeType=dc2.large&MasterUsername=admin&MasterUserPassword=Abc12345";
        let actions: &[&str] = match kind.cluster() {
            [] => &[],
            ["paused"] => &[create, "PauseCluster"],
            _ => &[create],
        };
        for action in actions {
            let body = format!("Action={action}&Version=2012-12-01&ClusterIdentifier={cluster}");
            let scope = "Credential=testing/20260101/eu-west-1/redshift/aws4_request";
            let headers = [
                (
                    "authorization",
                    format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"),
                ),
                ("content-type", "application/x-www-form-urlencoded".to_owned()),
                ("content-length", body.len().to_string()),
            ];
            let request = Request {
                method: "POST".to_owned(),
                path: "/".to_owned(),
                headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
                body: body.into_bytes(),
                ..Request::default()
            };
            let reply = forward(moto.endpoint(), &request);
            assert!(matches!(reply, Reply::Full { status: 200, .. }), "{reply:?}");
        }
    }

    /// Every call for a cluster so far.
    pub(super) fn calls(&self, cluster: &str) -> Vec<Seen> {
        self.log.calls.lock().unwrap().get(cluster).cloned().unwrap_or_default()
    }

    /// How many calls there were so far.
    pub(super) fn count(&self) -> usize {
        *self.log.count.borrow()
    }

    pub(super) fn hold_next_main_call(&self) -> Hold {
        self.log.hold.store(true, Ordering::SeqCst);
        Hold(Arc::clone(&self.log))
    }

    /// Waits until the service has made the main call whose reply it holds.
    pub(super) async fn until_held(&self) {
        let mut held = self.log.held.subscribe();
        let before = *held.borrow_and_update();
        if !self.log.hold.load(Ordering::SeqCst) {
            return;
        }
        held.wait_for(|count| *count > before).await.unwrap();
    }

    pub(super) async fn until_calls(&self, number: usize) {
        self.log.count.subscribe().wait_for(|count| *count >= number).await.unwrap();
    }
}

/// Sends a request on to the server at `endpoint`, and its answer back.
fn forward(endpoint: &str, request: &Request) -> Reply {
    let address = endpoint.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    let kept =
        request.headers.iter().filter(|(name, _)| !["host", "connection"].contains(&&**name));
    let headers: String = kept.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let Request { method, path, .. } = request;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&request.body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply::new(status, "text/xml", body)
}
