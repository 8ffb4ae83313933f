//! The triggerer is killed again and again, with tasks in every state, and nothing is lost, told twice or
//! sent twice.
//!
//! What is done is drawn from a seed: `MAITRED_TEST_KILLS=300 MAITRED_TEST_SEED=7` runs more kills than the few
//! of the default lane, or those of a failure again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use maitred::clock::{Clock as _, SystemClock, Timestamp};
use maitred::runtime::task::CancelRequest;
use maitred::runtime::{SqliteStore, Store as _, TaskId};
use maitred::trigger::CancelReason;
use tempfile::TempDir;

use crate::cli::process::{Maitred, finished};
use crate::support::loopback::{Loopback, Reply};
use crate::support::sample;
use service::Service;
use tasks::{Kind, new_task};

mod checks;
mod service;
mod tasks;

/// A run of the triggerer, from its start to its end.
#[derive(Debug, Clone, Copy)]
struct Run {
    begun: Timestamp,
    killed: Timestamp,
}

/// A store, a service, and what was done to them.
struct Scene {
    rng: fastrand::Rng,
    clock: SystemClock,
    folder: TempDir,
    store: SqliteStore,
    service: Service,
    told: Told,
    /// What is drawn from.
    drawn: &'static [Kind],
    kinds: BTreeMap<TaskId, Kind>,
    /// The tasks that had not ended at the last kill.
    open: BTreeSet<TaskId>,
    cancelled: BTreeMap<TaskId, CancelRequest>,
    runs: Vec<Run>,
    /// What must not change while a deferral lasts, by its task and step.
    deferrals: BTreeMap<(TaskId, u32), checks::Fixed>,
}

/// Who is told of failures, and where things are posted: the bodies of what came to each path.
struct Told {
    server: Loopback,
    bodies: Arc<Mutex<HashMap<String, Vec<String>>>>,
}

impl Told {
    fn start() -> Self {
        let bodies = Arc::<Mutex<HashMap<String, Vec<String>>>>::default();
        let shared = Arc::clone(&bodies);
        let server = Loopback::start(move |request| {
            let path = request.path.clone();
            shared.lock().unwrap().entry(path).or_default().push(request.text());
            // Long enough for a kill to come in between.
            let takes = u64::from(request.path.starts_with("/post/")) * 300;
            std::thread::sleep(Duration::from_millis(takes));
            Reply::json(200, "{}")
        });
        Self { server, bodies }
    }

    fn requests(&self, path: &str) -> Vec<String> {
        self.bodies.lock().unwrap().get(path).cloned().unwrap_or_default()
    }
}

/// When a run is killed.
#[derive(Debug, Clone, Copy)]
enum Point {
    /// Once the service has made a main call and before it has replied.
    MainCall,
    /// So long after the service has had so many calls.
    Calls(usize, Duration),
    /// So long after the start.
    After(Duration),
}

impl Scene {
    fn new(seed: u64, service: Service, drawn: &'static [Kind]) -> Self {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(folder.path().join("tasks.sqlite")).unwrap();
        Self {
            rng: fastrand::Rng::with_seed(seed),
            clock: SystemClock::new(),
            folder,
            store,
            service,
            told: Told::start(),
            drawn,
            kinds: BTreeMap::new(),
            open: BTreeSet::new(),
            cancelled: BTreeMap::new(),
            runs: Vec::new(),
            deferrals: BTreeMap::new(),
        }
    }

    /// Submits a few tasks of kinds that are drawn.
    fn submit(&mut self) {
        for _ in 0..self.rng.usize(3..=5) {
            let kind = self.drawn[self.rng.usize(..self.drawn.len())];
            let name = format!("killed-{}", self.kinds.len());
            self.service.add(&name, kind);
            let now = self.clock.now();
            let task = new_task(kind, &name, &self.service.url(), &self.told.server.url("/"), now);
            let submitted = self.store.submit(&[task], now).unwrap();
            self.kinds.insert(submitted[0].id(), kind);
            self.open.insert(submitted[0].id());
        }
    }

    /// Asks for the end of a task that has not ended, whatever state it is in.
    fn cancel(&mut self) {
        let Some(id) = self.rng.choice(self.open.iter().copied()) else { return };
        let request = CancelRequest::new(CancelReason::User, self.rng.bool());
        // It may have ended meanwhile.
        if self.store.request_cancel(id, request, self.clock.now()).is_ok() {
            self.cancelled.insert(id, request);
        }
    }

    fn point(&mut self) -> Point {
        let short = Duration::from_millis(self.rng.u64(0..40));
        match self.rng.u8(0..10) {
            0..4 => Point::MainCall,
            4..7 => Point::Calls(self.rng.usize(1..60), short),
            7..9 => Point::After(Duration::from_millis(self.rng.u64(0..1500))),
            // Long enough for states to be stored.
            _ => Point::After(Duration::from_millis(self.rng.u64(2500..4000))),
        }
    }

    fn command(&self) -> (Maitred, Vec<String>) {
        let store = self.store.path().to_str().unwrap().to_owned();
        let args = ["triggerer", "--workers", "6", "--until-idle", "--store", &store];
        (Maitred::with_account(), args.map(str::to_owned).to_vec())
    }

    /// Runs the triggerer up to `point`, and kills it there.
    async fn run_and_kill(&mut self, point: Point) {
        let (maitred, args) = self.command();
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let held = matches!(point, Point::MainCall).then(|| self.service.hold_next_main_call());
        let seen = self.service.count();
        let begun = self.clock.now();
        let mut triggerer = maitred.start(&args);
        let reached = async {
            match point {
                Point::MainCall => self.service.until_held().await,
                Point::Calls(count, more) => {
                    self.service.until_calls(seen + count).await;
                    self.clock.sleep(more).await;
                }
                Point::After(time) => self.clock.sleep(time).await,
            }
        };
        // What is waited for may not come: there may be no work left for it.
        tokio::select! {
            () = reached => {}
            () = self.clock.sleep(Duration::from_secs(3)) => {}
            ended = triggerer.wait() => assert!(ended.unwrap().success(), "it ended by itself"),
        }
        // It may have ended by now, because it was idle.
        let _ = triggerer.start_kill();
        let ended = finished(triggerer).await;
        assert!(matches!(ended.code, None | Some(0)), "{ended:?}");
        drop(held);
        self.runs.push(Run { begun, killed: self.clock.now() });
    }

    /// Lets a triggerer come to its end.
    async fn finish(&mut self) {
        let (maitred, args) = self.command();
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let begun = self.clock.now();
        let ran = tokio::select! {
            ran = maitred.run(&args) => ran,
            () = self.clock.sleep(Duration::from_secs(180)) => {
                panic!("tasks did not end: {:#?}", self.store.counts());
            }
        };
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        self.runs.push(Run { begun, killed: self.clock.now() });
    }
}

/// Kills and checks, and lets what is left come to its end.
async fn kill_and_check(service: Service, drawn: &'static [Kind], kills: u64) {
    let seed = sample::seed();
    let mut scene = Scene::new(seed, service, drawn);
    for kill in 0..kills {
        scene.submit();
        if scene.rng.u8(0..3) == 0 {
            scene.cancel();
        }
        let point = scene.point();
        scene.run_and_kill(point).await;
        scene.check_between(&format!("seed {seed}, kill {kill} at {point:?}"));
    }
    scene.finish().await;
    scene.check_end(&format!("seed {seed}, after {kills} kills"));
    assert!(scene.folder.path().exists(), "kept until here: triggerers have used it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_triggerer_loses_nothing_and_sends_nothing_twice() {
    kill_and_check(Service::scripted(), &Kind::ALL, sample::kills()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_one_that_works_on_moto() {
    kill_and_check(Service::moto(), &Kind::OF_MOTO, sample::kills() / 3).await;
}
