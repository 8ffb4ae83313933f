//! moto's server: an AWS that answers without an account.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::time::Duration;

use super::python::python;

/// How long the server may take to say that it listens; it takes about two seconds.
const START: Duration = Duration::from_secs(120);

/// A server of its own, ended on drop.
#[derive(Debug)]
pub(crate) struct Moto {
    server: Child,
    endpoint: String,
}

impl Moto {
    /// The server that tests share which mind only what they make themselves; the last of them ends it.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Moto>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let moto = Arc::new(Self::start());
            *shared = Arc::downgrade(&moto);
            moto
        })
    }

    /// Starts a server on a free port of the loopback interface, and waits until it listens.
    ///
    /// # Panics
    /// When it does not start, with what it printed.
    pub(crate) fn start() -> Self {
        let mut server = Command::new(python())
            .args(["-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", "0"])
            // Certificates are validated after so many seconds.
            .env("MOTO_ACM_VALIDATION_WAIT", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the interpreter of the tests runs");
        let log = server.stderr.take().expect("stderr is piped");
        let (sender, listening) = mpsc::channel();
        // Goes on reading to the end: a full pipe would stop the server.
        std::thread::spawn(move || {
            let mut printed = Vec::new();
            let mut lines = BufReader::new(log).lines().map_while(Result::ok);
            let endpoint = lines.find_map(|line| {
                let address = line.split_once("Running on ").map(|(_, url)| url.trim().to_owned());
                printed.push(line);
                address
            });
            // Nobody listens any more when the start timed out.
            let _ = sender.send(endpoint.ok_or_else(|| printed.join("\n")));
            lines.for_each(drop);
        });
        let endpoint = listening.recv_timeout(START);
        let mut moto = Self { server, endpoint: String::new() };
        match endpoint {
            Ok(Ok(endpoint)) => moto.endpoint = endpoint,
            Ok(Err(printed)) => panic!("moto's server did not start:\n{printed}"),
            Err(error) => panic!("moto's server did not say that it listens: {error}"),
        }
        moto
    }

    /// Where it listens, e.g. `http://127.0.0.1:34567`.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about a failure here.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
