//! A scripted stand-in for Amazon Redshift on the loopback interface.
//!
//! It speaks the query protocol (form in, XML out) for the calls that waiting on clusters needs:
//! DescribeClusters, CreateCluster, PauseCluster, ResumeCluster, DeleteCluster,
//! DescribeClusterSnapshots, CreateClusterSnapshot, DeleteClusterSnapshot. A call that changes a cluster puts a list of states in front of it,
//! which it then walks through at a [`Pace`]. Signatures are not checked.
//!
//! ```ignore
//! let redshift = FakeRedshift::start(Pace::Describes(2));
//! redshift.cluster("analytics", &["available"]);
//! redshift.fail_poll(3, Fault::Throttle);
//! // point a client's endpoint at redshift.url()
//! ```

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::loopback::{Loopback, Reply, Request};

/// When something goes on to its next state.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// After it was described this many times in a state (at least 1): nothing depends on time.
    Describes(u32),
    /// After this long in a state, on tokio's clock.
    Elapsed(Duration),
}

/// What goes wrong with a poll.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// 400 `Throttling`.
    Throttle,
    /// 400 `InvalidClusterState`.
    Busy,
    /// 403 `AccessDenied`.
    Deny,
    /// 503 with an HTML page, as a load balancer sends it.
    Unavailable,
    /// The connection is reset.
    Reset,
    /// No answer comes.
    Hang,
    /// The answer ends half-way.
    Truncate,
}

/// The service. It stops when it is dropped.
#[derive(Debug)]
pub(crate) struct FakeRedshift {
    server: Loopback,
    state: Arc<Mutex<State>>,
}

impl FakeRedshift {
    /// Starts the service without clusters. Needs a tokio runtime.
    pub(crate) fn start(pace: Pace) -> Self {
        Self::observed(pace, |_| false)
    }

    /// The same for one who sees every call after the service has acted on it, and may have the reply
    /// withheld: on `true` the client never gets it.
    pub(crate) fn observed(
        pace: Pace,
        withheld: impl Fn(&Request) -> bool + Send + Sync + 'static,
    ) -> Self {
        let state = State {
            pace,
            clusters: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            faults: HashMap::new(),
            polls: 0,
            made: vec!["creating", "available"],
            refusals: Vec::new(),
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let server = Loopback::start(move |request| {
            let reply = lock(&shared).answer(request);
            if withheld(request) { Reply::Hang } else { reply }
        });
        Self { server, state }
    }

    /// The endpoint.
    pub(crate) fn url(&self) -> String {
        self.server.url("/")
    }

    /// Adds a cluster that walks through `states` and stays in the last.
    pub(crate) fn cluster(&self, identifier: &str, states: &[&'static str]) {
        let walk = Walk::new(states.iter().copied().map(Some));
        lock(&self.state).clusters.insert(identifier.to_owned(), walk);
    }

    /// Adds a snapshot of `cluster` that walks through `states`.
    pub(crate) fn snapshot(&self, identifier: &str, cluster: &str, states: &[&'static str]) {
        let walk = Walk::new(states.iter().copied().map(Some));
        lock(&self.state).snapshots.insert(identifier.to_owned(), (cluster.to_owned(), walk));
    }

    /// Makes the `number`th Describe call, counted from 1, go wrong. A poll that goes wrong moves
    /// nothing on.
    pub(crate) fn fail_poll(&self, number: usize, fault: Fault) {
        lock(&self.state).faults.insert(number, fault);
    }

    /// Makes clusters and snapshots that are created from now on walk through `states`.
    pub(crate) fn creates(&self, states: &[&'static str]) {
        lock(&self.state).made = states.to_vec();
    }

    /// Makes the next call of `action` that is not yet spoken for go wrong: before anything has
    /// happened, or, if it is `done`, after it.
    pub(crate) fn fail_call(&self, action: &str, fault: Fault, done: bool) {
        lock(&self.state).refusals.push((action.to_owned(), fault, done));
    }

    /// The parameters of every call of `action` so far.
    pub(crate) fn calls(&self, action: &str) -> Vec<HashMap<String, String>> {
        let forms = self.server.requests().iter().map(Request::form).collect::<Vec<_>>();
        let of_action =
            forms.into_iter().filter(|form| field(form, "Action").as_deref() == Some(action));
        of_action.map(|form| form.into_iter().collect()).collect()
    }

    /// The place of every call of `action` so far among the requests of its connection.
    pub(crate) fn places(&self, action: &str) -> Vec<usize> {
        let requests = self.server.requests();
        let of_action =
            |request: &&Request| field(&request.form(), "Action").as_deref() == Some(action);
        requests.iter().filter(of_action).map(|request| request.place).collect()
    }

    /// The `Action` of every call so far.
    pub(crate) fn actions(&self) -> Vec<String> {
        let requests = self.server.requests();
        requests.iter().filter_map(|request| field(&request.form(), "Action")).collect()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn field(form: &[(String, String)], name: &str) -> Option<String> {
    form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

/// The states ahead of a cluster or a snapshot; `None` is the end of its life.
#[derive(Debug)]
struct Walk {
    states: Vec<Option<&'static str>>,
    at: usize,
    described: u32,
    since: Instant,
    /// Whether a call has made it; then it is younger than anything that asks.
    young: bool,
}

impl Walk {
    fn new(states: impl IntoIterator<Item = Option<&'static str>>) -> Self {
        let states = states.into_iter().collect();
        Self { states, at: 0, described: 0, since: Instant::now(), young: false }
    }

    fn state(&self) -> Option<&'static str> {
        self.states.get(self.at).copied().flatten()
    }

    /// The state that a Describe call sees.
    fn describe(&mut self, pace: Pace) -> Option<&'static str> {
        self.settle(pace);
        self.described += 1;
        self.state()
    }

    fn settle(&mut self, pace: Pace) {
        while self.at + 1 < self.states.len() {
            match pace {
                Pace::Describes(count) if self.described < count.max(1) => return,
                Pace::Elapsed(each) if self.since.elapsed() < each => return,
                Pace::Describes(_) => {}
                // The next state began when this one ended, not when somebody looked.
                Pace::Elapsed(each) => self.since += each,
            }
            self.described = 0;
            self.at += 1;
            if matches!(pace, Pace::Describes(_)) {
                return;
            }
        }
    }
}

#[derive(Debug)]
struct State {
    pace: Pace,
    clusters: BTreeMap<String, Walk>,
    snapshots: BTreeMap<String, (String, Walk)>,
    faults: HashMap<usize, Fault>,
    polls: usize,
    made: Vec<&'static str>,
    refusals: Vec<(String, Fault, bool)>,
}

impl State {
    fn answer(&mut self, request: &Request) -> Reply {
        let form = request.form();
        let action = field(&form, "Action").unwrap_or_default();
        let cluster = field(&form, "ClusterIdentifier");
        if action.starts_with("Describe") {
            self.polls += 1;
            if let Some(fault) = self.faults.get(&self.polls) {
                return fault.reply();
            }
        }
        let refused = self.refusals.iter().position(|(wanted, ..)| *wanted == action);
        let refused = refused.map(|index| self.refusals.remove(index));
        if let Some((_, fault, false)) = refused {
            return fault.reply();
        }
        let reply = self.act(&action, &form, cluster);
        refused.map_or(reply, |(_, fault, _)| fault.reply())
    }

    fn act(&mut self, action: &str, form: &[(String, String)], cluster: Option<String>) -> Reply {
        let named = cluster.clone().unwrap_or_default();
        let result = match action {
            "DescribeClusters" => self.describe_clusters(cluster.as_deref()),
            "DescribeClusterSnapshots" => self.describe_snapshots(form),
            "CreateCluster" => self.create(&named),
            "PauseCluster" => self.change(&named, "available", &["pausing", "paused"]),
            "ResumeCluster" => self.change(&named, "paused", &["resuming", "available"]),
            "DeleteCluster" => self.delete(&named, form),
            "CreateClusterSnapshot" => self.create_snapshot(&named, form),
            "DeleteClusterSnapshot" => self.delete_snapshot(form),
            _ => Err(error(400, "InvalidAction", &format!("Could not find operation {action}"))),
        };
        result.map_or_else(|error| error, |xml| success(action, &xml))
    }

    fn describe_clusters(&mut self, identifier: Option<&str>) -> Result<String, Reply> {
        let mut members = String::new();
        let pace = self.pace;
        for (name, walk) in &mut self.clusters {
            if identifier.is_none_or(|identifier| identifier == name)
                && let Some(state) = walk.describe(pace)
            {
                members += &cluster_xml(name, state, walk.young);
            }
        }
        match identifier {
            Some(identifier) if members.is_empty() => Err(cluster_not_found(identifier)),
            _ => Ok(format!("<Clusters>{members}</Clusters>")),
        }
    }

    fn describe_snapshots(&mut self, form: &[(String, String)]) -> Result<String, Reply> {
        let wanted = (field(form, "SnapshotIdentifier"), field(form, "ClusterIdentifier"));
        let mut members = String::new();
        let pace = self.pace;
        for (name, (cluster, walk)) in &mut self.snapshots {
            let is_wanted = wanted.0.as_ref().is_none_or(|wanted| wanted == name)
                && wanted.1.as_ref().is_none_or(|wanted| wanted == cluster);
            if is_wanted && let Some(state) = walk.describe(pace) {
                members += &snapshot_xml(name, cluster, state, walk.young);
            }
        }
        match wanted.0 {
            Some(name) if members.is_empty() => {
                Err(error(404, "ClusterSnapshotNotFound", &format!("Snapshot {name} not found.")))
            }
            _ => Ok(format!("<Snapshots>{members}</Snapshots>")),
        }
    }

    fn create(&mut self, identifier: &str) -> Result<String, Reply> {
        let exists = |walk: &Walk| walk.state().is_some();
        if self.clusters.get(identifier).is_some_and(exists) {
            return Err(error(400, "ClusterAlreadyExists", "Cluster already exists"));
        }
        let mut walk = Walk::new(self.made.iter().copied().map(Some));
        walk.young = true;
        self.clusters.insert(identifier.to_owned(), walk);
        Ok(cluster_xml(identifier, "creating", true))
    }

    fn create_snapshot(&mut self, of: &str, form: &[(String, String)]) -> Result<String, Reply> {
        let name = field(form, "SnapshotIdentifier").unwrap_or_default();
        let cluster = self.clusters.get(of).and_then(Walk::state);
        match cluster {
            Some("available") => {}
            Some(_) => {
                let message = "You can take a snapshot only of a cluster that is available.";
                return Err(error(400, "InvalidClusterState", message));
            }
            None => return Err(cluster_not_found(of)),
        }
        if self.snapshots.get(&name).is_some_and(|(_, walk)| walk.state().is_some()) {
            return Err(error(400, "ClusterSnapshotAlreadyExists", "Snapshot already exists"));
        }
        let mut walk = Walk::new(self.made.iter().copied().map(Some));
        walk.young = true;
        let xml = snapshot_xml(&name, of, "creating", true);
        self.snapshots.insert(name, (of.to_owned(), walk));
        Ok(xml)
    }

    fn delete_snapshot(&mut self, form: &[(String, String)]) -> Result<String, Reply> {
        let name = field(form, "SnapshotIdentifier").unwrap_or_default();
        let gone = || error(404, "ClusterSnapshotNotFound", &format!("Snapshot {name} not found."));
        let pace = self.pace;
        let (cluster, walk) = self.snapshots.get_mut(&name).ok_or_else(gone)?;
        walk.settle(pace);
        match walk.state() {
            None => Err(gone()),
            Some("creating") => {
                Err(error(400, "InvalidClusterSnapshotState", "The snapshot is being taken."))
            }
            Some(state) => {
                *walk = Walk::new([Some(state), None]);
                Ok(snapshot_xml(&name, cluster, "deleted", true))
            }
        }
    }

    fn change(
        &mut self,
        identifier: &str,
        from: &str,
        states: &[&'static str],
    ) -> Result<String, Reply> {
        let walk =
            self.clusters.get_mut(identifier).ok_or_else(|| cluster_not_found(identifier))?;
        walk.settle(self.pace);
        match walk.state() {
            Some(state) if state == from => {
                *walk = Walk::new(states.iter().copied().map(Some));
                Ok(cluster_xml(identifier, states.first().copied().unwrap_or(from), false))
            }
            Some(_) => {
                let message = format!("You can do this only to a cluster that is {from}.");
                Err(error(400, "InvalidClusterState", &message))
            }
            None => Err(cluster_not_found(identifier)),
        }
    }

    fn delete(&mut self, identifier: &str, form: &[(String, String)]) -> Result<String, Reply> {
        let walk =
            self.clusters.get_mut(identifier).ok_or_else(|| cluster_not_found(identifier))?;
        walk.settle(self.pace);
        if walk.state().is_none() {
            return Err(cluster_not_found(identifier));
        }
        let last = field(form, "FinalClusterSnapshotIdentifier");
        let first = if last.is_some() { "final-snapshot" } else { "deleting" };
        *walk = Walk::new([Some("deleting"), None]);
        if let Some(name) = last {
            walk.states.insert(0, Some(first));
            let snapshot = Walk::new([Some("creating"), Some("available")]);
            self.snapshots.insert(name, (identifier.to_owned(), snapshot));
        }
        Ok(cluster_xml(identifier, first, false))
    }
}

impl Fault {
    fn reply(self) -> Reply {
        match self {
            Self::Throttle => error(400, "Throttling", "Rate exceeded"),
            Self::Busy => {
                let message = "There is an operation running on the cluster.";
                error(400, "InvalidClusterState", message)
            }
            Self::Deny => {
                error(403, "AccessDenied", "User is not authorized to perform this operation")
            }
            Self::Unavailable => Reply::new(
                503,
                "text/html",
                "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>",
            ),
            Self::Reset => Reply::Reset,
            Self::Hang => Reply::Hang,
            Self::Truncate => Reply::Truncate(b"<DescribeClustersResponse><Clust".repeat(64)),
        }
    }
}

const NAMESPACE: &str = "http://redshift.amazonaws.com/doc/2012-12-01/";
const REQUEST_ID: &str = "00000000-1111-2222-3333-444444444444";

fn success(action: &str, result: &str) -> Reply {
    let xml = format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></{action}Response>"
    );
    Reply::new(200, "text/xml", xml).header("x-amzn-RequestId", REQUEST_ID)
}

fn error(status: u16, code: &str, message: &str) -> Reply {
    let message = escape(message);
    let xml = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
    );
    Reply::new(status, "text/xml", xml).header("x-amzn-RequestId", REQUEST_ID)
}

fn cluster_not_found(identifier: &str) -> Reply {
    error(404, "ClusterNotFound", &format!("Cluster {identifier} not found."))
}

/// When things were made that were there from the beginning, and those that a call has made.
const OLD: &str = "2026-01-15T08:30:00.123Z";
const YOUNG: &str = "2999-12-31T23:59:59.456Z";

/// A cluster as large as real ones are.
fn cluster_xml(identifier: &str, state: &str, young: bool) -> String {
    let name = escape(identifier);
    let availability = match state {
        "available" => "Available",
        "paused" | "pausing" => "Paused",
        _ => "Modifying",
    };
    let mut xml = String::from("<Cluster>");
    element(&mut xml, "ClusterIdentifier", &name);
    element(&mut xml, "ClusterStatus", state);
    element(&mut xml, "ClusterAvailabilityStatus", availability);
    element(&mut xml, "NodeType", "ra3.xlplus");
    element(&mut xml, "NumberOfNodes", "2");
    element(&mut xml, "MasterUsername", "admin");
    element(&mut xml, "DBName", "dev");
    if state != "creating" {
        let host = format!("{name}.cexample0000.eu-west-1.redshift.amazonaws.com");
        element(&mut xml, "Endpoint", &format!("<Address>{host}</Address><Port>5439</Port>"));
    }
    element(&mut xml, "ClusterCreateTime", if young { YOUNG } else { OLD });
    element(&mut xml, "AutomatedSnapshotRetentionPeriod", "1");
    element(&mut xml, "ManualSnapshotRetentionPeriod", "-1");
    element(&mut xml, "ClusterSecurityGroups", "");
    let group = "<VpcSecurityGroupId>sg-0a1b2c3d4e5f</VpcSecurityGroupId><Status>active</Status>";
    let groups = format!("<VpcSecurityGroup>{group}</VpcSecurityGroup>");
    element(&mut xml, "VpcSecurityGroups", &groups);
    let group = "<ParameterGroupName>default.redshift-1.0</ParameterGroupName>\
                 <ParameterApplyStatus>in-sync</ParameterApplyStatus>";
    let groups = format!("<ClusterParameterGroup>{group}</ClusterParameterGroup>");
    element(&mut xml, "ClusterParameterGroups", &groups);
    element(&mut xml, "ClusterSubnetGroupName", "default");
    element(&mut xml, "VpcId", "vpc-0123456789abcdef0");
    element(&mut xml, "AvailabilityZone", "eu-west-1a");
    element(&mut xml, "PreferredMaintenanceWindow", "sun:03:30-sun:04:00");
    element(&mut xml, "PendingModifiedValues", "");
    element(&mut xml, "ClusterVersion", "1.0");
    element(&mut xml, "AllowVersionUpgrade", "true");
    element(&mut xml, "PubliclyAccessible", "false");
    element(&mut xml, "Encrypted", "true");
    element(&mut xml, "EnhancedVpcRouting", "false");
    element(&mut xml, "IamRoles", "");
    element(&mut xml, "MaintenanceTrackName", "current");
    element(&mut xml, "TotalStorageCapacityInMegaBytes", "262144000");
    let tag = "<Tag><Key>team</Key><Value>data &amp; analytics</Value></Tag>";
    element(&mut xml, "Tags", tag);
    xml + "</Cluster>"
}

fn snapshot_xml(identifier: &str, cluster: &str, state: &str, young: bool) -> String {
    let mut xml = String::from("<Snapshot>");
    element(&mut xml, "SnapshotIdentifier", &escape(identifier));
    element(&mut xml, "ClusterIdentifier", &escape(cluster));
    element(&mut xml, "Status", state);
    element(&mut xml, "SnapshotType", "manual");
    element(&mut xml, "SnapshotCreateTime", if young { YOUNG } else { OLD });
    element(&mut xml, "ClusterCreateTime", "2026-01-15T08:30:00.123Z");
    element(&mut xml, "NodeType", "ra3.xlplus");
    element(&mut xml, "NumberOfNodes", "2");
    element(&mut xml, "DBName", "dev");
    element(&mut xml, "Port", "5439");
    element(&mut xml, "AvailabilityZone", "eu-west-1a");
    element(&mut xml, "Encrypted", "true");
    element(&mut xml, "TotalBackupSizeInMegaBytes", "120.0");
    element(&mut xml, "Tags", "");
    xml + "</Snapshot>"
}

fn element(xml: &mut String, name: &str, content: &str) {
    // Writing to a string cannot fail.
    let _ = write!(xml, "<{name}>{content}</{name}>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
