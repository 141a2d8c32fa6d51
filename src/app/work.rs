//! What this process does until it stops: listeners, jobs, and the audit logs that are closed at the end.

use std::time::Duration;

use axum::Router;
use signum_core::audit::Log;
use signum_core::http;
use signum_core::http::tls::TlsListener;
use signum_core::jobs::{Job, Runner};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::children::ChildProcess;

#[derive(Default)]
pub(super) struct Work {
    stop: CancellationToken,
    tasks: JoinSet<()>,
    logs: Vec<Log>,
}

impl Work {
    pub(super) fn serve(&mut self, name: &'static str, listener: TcpListener, router: Router) {
        self.until_stop(name, http::serve(name, listener, router, self.stop.clone()));
    }

    pub(super) fn serve_tls(&mut self, name: &'static str, listener: TlsListener, router: Router) {
        self.until_stop(name, http::serve_tls(name, listener, router, self.stop.clone()));
    }

    fn until_stop(&mut self, name: &'static str, server: impl Future<Output = std::io::Result<()>> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(service = name, %error, "ended");
                stop.cancel();
            }
        });
    }

    /// Something that ends by itself when it is told to stop.
    pub(super) fn spawn<F: Future<Output = ()> + Send + 'static>(&mut self, task: impl FnOnce(CancellationToken) -> F) {
        self.tasks.spawn(task(self.stop.clone()));
    }

    /// The service's own jobs and the sequencer of its audit log.
    pub(super) fn run_jobs(&mut self, log: Log, mut jobs: Vec<Job>) {
        let cx = log.cx().clone();
        jobs.push(log.witness_job());
        self.logs.push(log.clone());
        jobs.push(log.job());
        self.tasks.spawn(Runner::new(cx, jobs).run(self.stop.clone()));
    }

    pub(super) fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// Waits until something that must run has ended by itself; says what.
    pub(super) async fn failed(&self, module: Option<&mut ChildProcess>) -> String {
        let mut module = module;
        loop {
            if let Some(end) = module.as_mut().and_then(|module| module.ended()) {
                return end;
            }
            tokio::select! {
                () = self.stop.cancelled() => return "a service ended".to_owned(),
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }

    /// Ends listeners and jobs; what is under way is finished.
    pub(super) async fn end(&mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }

    /// Signs what the logs still hold unsigned; after [`end`](Self::end).
    pub(super) async fn close_logs(&self) {
        for log in &self.logs {
            if let Err(error) = log.close().await {
                tracing::error!(%error, "the last audit events wait unsigned for the next start");
            }
        }
    }
}
