//! The wall clock is set under a process; the monotonic one goes on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::process::{Maitred, finished, read_until};
use super::signals::send;
use crate::support::loopback::{Loopback, Reply};

/// Adds the seconds in the file `CLOCK_OFFSET` to the wall clock.
const SHIM: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
    int failed = syscall(SYS_clock_gettime, clock, time);
    FILE *file;
    long offset;
    if (failed || clock != CLOCK_REALTIME) return failed;
    file = fopen(getenv("CLOCK_OFFSET"), "r");
    if (!file) return 0;
    if (fscanf(file, "%ld", &offset) == 1) time->tv_sec += offset;
    fclose(file);
    return 0;
}
"#;

/// A wall clock that can be set for processes that are told of it.
struct WallClock {
    folder: TempDir,
}

impl WallClock {
    fn new() -> Self {
        let clock = Self { folder: TempDir::new().unwrap() };
        let source = clock.folder.path().join("shim.c");
        std::fs::write(&source, SHIM).unwrap();
        let built = std::process::Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&clock.shim(), &source])
            .status()
            .unwrap();
        assert!(built.success());
        clock.set(0);
        clock
    }

    fn shim(&self) -> PathBuf {
        self.folder.path().join("shim.so")
    }

    /// Sets it so many seconds off the right time.
    fn set(&self, seconds: i64) {
        // A reader must not find it empty.
        let next = self.folder.path().join("next");
        std::fs::write(&next, seconds.to_string()).unwrap();
        std::fs::rename(next, self.offset()).unwrap();
    }

    fn offset(&self) -> PathBuf {
        self.folder.path().join("offset")
    }

    fn told_to(&self, maitred: Maitred) -> Maitred {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        maitred
            .variable("LD_PRELOAD", &text(&self.shim()))
            .variable("CLOCK_OFFSET", &text(&self.offset()))
    }
}

async fn soon<T>(act: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), act).await.unwrap()
}

#[tokio::test]
async fn a_triggerer_runs_new_tasks_when_the_wall_clock_was_set() {
    let clock = WallClock::new();
    let maitred = clock.told_to(Maitred::new());
    let api = Loopback::start(|_| Reply::json(200, "{}"));
    let args = json!({"endpoint": api.url("/"), "method": "GET"}).to_string();
    let submit = ["tasks", "submit", "http.request", "--args", &args];
    let mut triggerer = maitred.start(&["triggerer"]);
    read_until(&mut triggerer, |said| said.contains("running the tasks")).await;
    for offset in [0, 3600, -3600, 0] {
        clock.set(offset);
        let submitted = soon(maitred.run(&submit)).await;
        let id = submitted.stdout.trim().to_owned();
        let ended = soon(maitred.run(&["tasks", "watch", &id])).await;
        assert_eq!(ended.code, Some(0), "at {offset}: {}", ended.stderr);
    }
    send(&triggerer, "-TERM");
    assert_eq!(soon(finished(triggerer)).await.code, Some(0));
}

#[tokio::test]
async fn a_wait_ends_when_the_wall_clock_has_passed_its_time_out() {
    let clock = WallClock::new();
    let maitred = clock.told_to(Maitred::new());
    let api = Loopback::start(|_| Reply::json(503, "{}"));
    let url = api.url("/");
    let wait = ["wait", "http", "up", "--url", &url, "--delay", "600", "--timeout", "20m"];
    let mut waits = maitred.start(&wait);
    read_until(&mut waits, |said| said.contains("attempt 1")).await;
    clock.set(3600);
    let ended = soon(finished(waits)).await;
    assert!(matches!(ended.code, Some(3 | 5)), "{}", ended.stderr);
}
