//! Pausing and resuming a cluster.

use serde_json::{Value, json};

use super::hook::main_call;
use super::{
    CALL_AGAIN, Called, RedshiftHook, Waiting, aws_operator, call_again, cluster_waiter,
    default_max_attempts, default_poll_interval,
};
use maitred_core::client::Call;
use maitred_runtime::connection::ClientSettings;
use maitred_runtime::operator::Flow;
use maitred_runtime::operator::Intent;
use maitred_runtime::operator::Operator;
use maitred_runtime::operator::OperatorContext;
use maitred_runtime::operator::OperatorError;
use maitred_runtime::operator::Reconciled;
use maitred_runtime::operator::Resumed;
use maitred_runtime::operator::UndoCall;
use maitred_runtime::operator::arguments_of;
use maitred_runtime::trigger::Level;

aws_operator! {
    /// Pauses a cluster. A cluster that is paused already is a success; one that cannot be paused is a
    /// failure at once.
    pub struct PauseCluster {
        /// The cluster.
        pub cluster_identifier: String,
        /// Whether the task ends when the cluster is paused, or as soon as the call is accepted. Default: false.
        #[serde(default)]
        pub wait_for_completion: bool,
        /// Whether the wait leaves the worker. Default: false.
        #[serde(default)]
        pub deferrable: bool,
        /// Seconds between two polls. Default: 30.
        #[serde(default = "default_poll_interval")]
        pub poll_interval: f64,
        /// How many polls at most. Default: 30.
        #[serde(default = "default_max_attempts")]
        pub max_attempts: u64,
    }
}

aws_operator! {
    /// Resumes a paused cluster. A cluster that is available already is a success; one that cannot be
    /// resumed is a failure at once.
    pub struct ResumeCluster {
        /// The cluster.
        pub cluster_identifier: String,
        /// Whether the task ends when the cluster is available, or as soon as the call is accepted. Default: false.
        #[serde(default)]
        pub wait_for_completion: bool,
        /// Whether the wait leaves the worker. Default: false.
        #[serde(default)]
        pub deferrable: bool,
        /// Seconds between two polls. Default: 30.
        #[serde(default = "default_poll_interval")]
        pub poll_interval: f64,
        /// How many polls at most. Default: 30.
        #[serde(default = "default_max_attempts")]
        pub max_attempts: u64,
    }
}

/// The two are mirror images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Pause,
    Resume,
}

impl Direction {
    /// The main call's name.
    fn call(self) -> &'static str {
        match self {
            Self::Pause => "pause_cluster",
            Self::Resume => "resume_cluster",
        }
    }

    fn waiter(self) -> &'static str {
        match self {
            Self::Pause => "cluster_paused",
            Self::Resume => "cluster_resumed",
        }
    }

    /// The status at which there is nothing left to do.
    fn done(self) -> &'static str {
        match self {
            Self::Pause => "paused",
            Self::Resume => "available",
        }
    }

    /// The status on the way there.
    fn under_way(self) -> &'static str {
        match self {
            Self::Pause => "pausing",
            Self::Resume => "resuming",
        }
    }

    fn undo(self, cluster: &str, client: ClientSettings) -> UndoCall {
        let (verb, operation) = match self {
            Self::Pause => ("resume", "ResumeCluster"),
            Self::Resume => ("pause", "PauseCluster"),
        };
        let input = [("ClusterIdentifier".to_owned(), Value::from(cluster))];
        UndoCall {
            description: format!("{verb} cluster {cluster}"),
            call: Call {
                service: "redshift".to_owned(),
                operation: operation.to_owned(),
                input: input.into_iter().collect(),
            },
            client,
        }
    }
}

/// A cluster in one of these states never gets to another one that can be paused or resumed.
const LOST: [&str; 3] = ["deleting", "final-snapshot", "hardware-failure"];

/// What both operators do, with the arguments of either.
struct Change<'a> {
    direction: Direction,
    cluster: &'a str,
    wait: bool,
    deferrable: bool,
    poll_interval: f64,
    max_attempts: u64,
    client: ClientSettings,
}

impl Change<'_> {
    async fn begin(&self, ctx: &OperatorContext, kwargs: &Value) -> Result<Flow, OperatorError> {
        let hook = RedshiftHook::open(ctx.clients(), &self.client).await?;
        let (verb, cluster) = (self.direction.call(), self.cluster);
        let status = hook.cluster_status(cluster).await?;
        match status.as_deref() {
            None => {
                let message = format!("{verb}: there is no cluster {cluster}");
                return Err(OperatorError::fatal(message));
            }
            Some(status) if status == self.direction.done() => {
                ctx.log(Level::Info, format!("cluster {cluster} is {status} already"));
                return Ok(self.finished());
            }
            Some(status) if status == self.direction.under_way() => {
                ctx.log(Level::Info, format!("cluster {cluster} is {status} already"));
                return self.wait(ctx, false).await;
            }
            Some(status) if LOST.contains(&status) => {
                let message = format!("{verb}: cluster {cluster} is {status}");
                return Err(OperatorError::fatal(message));
            }
            Some(_) => {}
        }
        let details = json!({ "cluster_identifier": cluster });
        let called = match self.direction {
            Direction::Pause => {
                let call = hook.once().pause_cluster().cluster_identifier(cluster);
                main_call(ctx, verb, details, call.send()).await?
            }
            Direction::Resume => {
                let call = hook.once().resume_cluster().cluster_identifier(cluster);
                main_call(ctx, verb, details, call.send()).await?
            }
        };
        match called {
            Called::Accepted => self.wait(ctx, true).await,
            Called::Busy(reason) => call_again(ctx, verb, &reason, kwargs),
            Called::NotFound(reason) | Called::UnderWay(reason) => {
                Err(OperatorError::fatal(reason))
            }
        }
    }

    /// Waits, if that is asked for, for what is under way; `own` if this task has started it.
    async fn wait(&self, ctx: &OperatorContext, own: bool) -> Result<Flow, OperatorError> {
        if !self.wait {
            return Ok(self.finished());
        }
        let client = self.client.clone();
        let waiting = Waiting {
            trigger: cluster_waiter(self.direction.waiter(), self.cluster, client.clone()),
            method: "execute_complete",
            deferrable: self.deferrable,
            poll_interval: self.poll_interval,
            max_attempts: self.max_attempts,
            undo: own.then(|| self.direction.undo(self.cluster, client)),
        };
        match waiting.begin(ctx).await? {
            Ok(deferral) => Ok(Flow::Defer(deferral)),
            Err(resumed) => self.complete(resumed),
        }
    }

    fn complete(&self, with: Resumed) -> Result<Flow, OperatorError> {
        with.success()?;
        Ok(self.finished())
    }

    fn finished(&self) -> Flow {
        Flow::Done(json!({ "cluster_identifier": self.cluster }))
    }

    async fn resume(
        &self,
        ctx: &OperatorContext,
        method: &str,
        kwargs: Value,
        with: Resumed,
    ) -> Result<Flow, OperatorError> {
        if method == CALL_AGAIN {
            with.event()?;
            return self.begin(ctx, &kwargs).await;
        }
        self.complete(with)
    }

    /// The call was made if the cluster is where it leads, or on the way there.
    async fn reconcile(&self, ctx: &OperatorContext) -> Result<Reconciled, OperatorError> {
        let hook = RedshiftHook::open(ctx.clients(), &self.client).await?;
        let made = |status: &Option<String>| {
            let status = status.as_deref();
            status == Some(self.direction.done()) || status == Some(self.direction.under_way())
        };
        let mut status = hook.cluster_status(self.cluster).await?;
        if !made(&status) {
            // The service may not show yet what it has just accepted.
            ctx.clock().sleep(super::SETTLE).await;
            status = hook.cluster_status(self.cluster).await?;
        }
        if made(&status) {
            return Ok(Reconciled::Found(json!(Called::Accepted)));
        }
        Ok(Reconciled::NotStarted)
    }
}

macro_rules! operator {
    ($name:ident, $direction:expr, $id:literal, $summary:literal) => {
        impl $name {
            fn change(&self) -> Change<'_> {
                Change {
                    direction: $direction,
                    cluster: &self.cluster_identifier,
                    wait: self.wait_for_completion,
                    deferrable: self.deferrable,
                    poll_interval: self.poll_interval,
                    max_attempts: self.max_attempts,
                    client: self.client_settings(),
                }
            }
        }

        impl Operator for $name {
            const NAME: &'static str = $id;
            const SUMMARY: &'static str = $summary;

            fn arguments() -> Value {
                arguments_of::<Self>()
            }

            fn check(&self) -> Result<(), OperatorError> {
                super::check(&self.cluster_identifier, self.poll_interval, self.max_attempts)
            }

            async fn execute(&self, ctx: &OperatorContext) -> Result<Flow, OperatorError> {
                self.change().begin(ctx, &Value::Null).await
            }

            async fn resume(
                &self,
                ctx: &OperatorContext,
                method: &str,
                kwargs: Value,
                with: Resumed,
            ) -> Result<Flow, OperatorError> {
                self.change().resume(ctx, method, kwargs, with).await
            }

            async fn reconcile(
                &self,
                ctx: &OperatorContext,
                _intent: &Intent,
            ) -> Result<Reconciled, OperatorError> {
                self.change().reconcile(ctx).await
            }
        }
    };
}

operator!(PauseCluster, Direction::Pause, "redshift.pause_cluster", "Pause a cluster");
operator!(ResumeCluster, Direction::Resume, "redshift.resume_cluster", "Resume a paused cluster");
