//! The service that `benches/triggers` polls: DescribeClusters of clusters that are being created, on a
//! thread for each connection. It notes how late each poll is. Nothing but the standard library, so that
//! `rustc` alone builds it.
//!
//! `trigger_server CLUSTERS DELAY_MS` prints its URL. `GET /reset` forgets, `GET /stats` tells as JSON.

#![expect(clippy::print_stdout, reason = "who starts it reads where it listens")]
#![expect(clippy::disallowed_methods, reason = "it measures time, and is no part of the crate")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// What is known of the polls, in milliseconds since the start.
struct Polls {
    start: Instant,
    delay: f64,
    /// When each cluster was asked for last.
    last: Vec<Option<f64>>,
    late: Vec<f64>,
    polls: usize,
    seen: Vec<bool>,
}

impl Polls {
    fn note(&mut self, cluster: usize) {
        let now = self.start.elapsed().as_secs_f64() * 1000.0;
        self.polls += 1;
        let Some(last) = self.last.get_mut(cluster) else { return };
        if let Some(before) = last.replace(now) {
            self.late.push(now - before - self.delay);
        }
        self.seen[cluster] = true;
    }

    fn reset(&mut self) {
        self.late.clear();
        self.polls = 0;
        self.seen.fill(false);
    }

    fn stats(&mut self) -> String {
        self.late.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let last = self.late.len().saturating_sub(1);
            let index = (last as f64 * share).round() as usize;
            self.late.get(index).copied().unwrap_or_default()
        };
        let seen = self.seen.iter().filter(|seen| **seen).count();
        format!(
            r#"{{"polls": {}, "seen": {seen}, "late": {}, "p50": {}, "p99": {}, "max": {}}}"#,
            self.polls,
            self.late.len(),
            at(0.5),
            at(0.99),
            at(1.0)
        )
    }
}

fn reply(cluster: usize) -> String {
    let mut members = String::new();
    for (name, text) in [
        ("ClusterStatus", "creating"),
        ("ClusterAvailabilityStatus", "Modifying"),
        ("NodeType", "ra3.xlplus"),
        ("NumberOfNodes", "2"),
        ("MasterUsername", "admin"),
        ("DBName", "dev"),
        ("ClusterCreateTime", "2026-01-15T08:30:00.123Z"),
        ("AutomatedSnapshotRetentionPeriod", "1"),
        ("ManualSnapshotRetentionPeriod", "-1"),
        ("ClusterSubnetGroupName", "default"),
        ("VpcId", "vpc-0123456789abcdef0"),
        ("AvailabilityZone", "eu-west-1a"),
        ("PreferredMaintenanceWindow", "sun:03:30-sun:04:00"),
        ("ClusterVersion", "1.0"),
        ("AllowVersionUpgrade", "true"),
        ("PubliclyAccessible", "false"),
        ("Encrypted", "true"),
        ("EnhancedVpcRouting", "false"),
        ("MaintenanceTrackName", "current"),
    ] {
        members.push_str(&format!("<{name}>{text}</{name}>"));
    }
    format!(
        "<DescribeClustersResponse xmlns=\"http://redshift.amazonaws.com/doc/2012-12-01/\">\
         <DescribeClustersResult><Clusters><Cluster><ClusterIdentifier>cluster-{cluster}\
         </ClusterIdentifier>{members}</Cluster></Clusters></DescribeClustersResult>\
         <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DescribeClustersResponse>"
    )
}

fn serve(stream: TcpStream, polls: &Mutex<Polls>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut answers = stream.try_clone()?;
    let mut requests = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if requests.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut length = 0;
        while line.trim_end() != "" {
            line.clear();
            requests.read_line(&mut line)?;
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        requests.read_exact(&mut body)?;
        let body = String::from_utf8_lossy(&body);
        let cluster = body
            .split('&')
            .find_map(|field| field.strip_prefix("ClusterIdentifier=cluster-"))
            .and_then(|number| number.parse().ok());
        let mut polls = polls.lock().unwrap_or_else(PoisonError::into_inner);
        let (kind, text) = match (cluster, path.as_str()) {
            (Some(cluster), _) => {
                polls.note(cluster);
                ("text/xml", reply(cluster))
            }
            (None, "/stats") => ("application/json", polls.stats()),
            (None, _) => {
                polls.reset();
                ("application/json", "{}".to_owned())
            }
        };
        drop(polls);
        let length = text.len();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
        answers.write_all((head + &text).as_bytes())?;
    }
}

fn main() -> std::io::Result<()> {
    let mut numbers = std::env::args().skip(1).filter_map(|number| number.parse::<usize>().ok());
    // `cargo test --benches` runs it without any.
    let (Some(clusters), Some(delay)) = (numbers.next(), numbers.next()) else { return Ok(()) };
    let polls = Arc::new(Mutex::new(Polls {
        start: Instant::now(),
        delay: delay as f64,
        last: vec![None; clusters],
        late: Vec::new(),
        polls: 0,
        seen: vec![false; clusters],
    }));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let (stream, polls) = (stream?, Arc::clone(&polls));
        // A connection that breaks is the client's affair.
        std::thread::spawn(move || serve(stream, &polls));
    }
    Ok(())
}
