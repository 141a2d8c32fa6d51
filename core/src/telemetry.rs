//! Logs to standard error and metrics for Prometheus; fields and promises are in `docs/LOGGING.md`.
//!
//! ```no_run
//! # use signum_core::{http::Health, telemetry};
//! let metrics = telemetry::install(&telemetry::Logging::default())?;
//! let operator_routes = Health::default().router(metrics); // /metrics, /healthz, /readyz
//! # Ok::<(), telemetry::TelemetryError>(())
//! ```

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// How a log line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One line for a person.
    #[default]
    Human,
    /// One JSON object a line, for a log store.
    Json,
}

crate::config! {
    /// The log.
    pub struct Logging {
        /// `human` or `json`.
        format: LogFormat = LogFormat::Human,
        /// What is written: `info`, `debug`, or by module: `info,signum_idp=debug`. Libraries that would log what people
        /// send (HTTP, TLS, database drivers) stay at `warn` whatever stands here.
        filter: String = "info".to_owned(),
    }
}

/// These would write headers, bodies or SQL at their lower levels.
const CAPPED: &[&str] = &[
    "hyper",
    "hyper_util",
    "h2",
    "reqwest",
    "rustls",
    "sqlx",
    "axum",
    "tower_http",
    "openidconnect",
    "oauth2",
];

/// Why logs or metrics could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("logging.filter: {0}")]
    Filter(String),
    #[error("telemetry is installed already")]
    Installed,
    #[error("metrics: {0}")]
    Metrics(String),
}

/// Installs both for the whole process, once; the handle renders `/metrics`.
pub fn install(logging: &Logging) -> Result<PrometheusHandle, TelemetryError> {
    install_log(logging)?;
    let recorder = recorder()?;
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| TelemetryError::Installed)?;
    Ok(handle)
}

/// The log alone, for executables without metrics.
pub fn install_log(logging: &Logging) -> Result<(), TelemetryError> {
    subscriber(logging, std::io::stderr)?
        .try_init()
        .map_err(|_| TelemetryError::Installed)?;
    std::panic::set_hook(Box::new(panicked));
    Ok(())
}

/// Where, at `error`; what it said, which may hold anything, only at `debug`.
fn panicked(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "panicked");
    tracing::debug!(message = panic.payload_as_str(), "panicked");
}

fn recorder() -> Result<metrics_exporter_prometheus::PrometheusRecorder, TelemetryError> {
    let buckets = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
    ];
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &buckets)
        .map_err(|error| TelemetryError::Metrics(error.to_string()))?;
    Ok(builder.build_recorder())
}

fn subscriber<W>(logging: &Logging, writer: W) -> Result<Box<dyn tracing::Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let mut filter = EnvFilter::builder()
        .parse(&logging.filter)
        .map_err(|e| TelemetryError::Filter(e.to_string()))?;
    for library in CAPPED {
        let directive = format!("{library}=warn")
            .parse()
            .map_err(|_| TelemetryError::Filter((*library).to_owned()))?;
        filter = filter.add_directive(directive);
    }
    let common = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    Ok(match logging.format {
        LogFormat::Human => Box::new(
            common
                .with_target(false)
                .with_ansi(std::env::var_os("NO_COLOR").is_none() && is_terminal())
                .finish(),
        ),
        LogFormat::Json => Box::new(
            common
                .json()
                .flatten_event(true)
                .with_span_list(false)
                .with_current_span(true)
                .finish(),
        ),
    })
}

fn is_terminal() -> bool {
    use std::io::IsTerminal;
    std::io::stderr().is_terminal()
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);
    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is written while `say` runs on this thread.
    pub(crate) fn log(logging: &Logging, say: impl FnOnce()) -> String {
        // With one subscriber alive, a line first reached by another test's thread would be cached as unwanted.
        let _spare = tracing::Dispatch::new(subscriber(logging, std::io::sink).unwrap());
        let page = Page::default();
        let writer = page.clone();
        tracing::subscriber::with_default(subscriber(logging, move || writer.clone()).unwrap(), say);
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_json_line_carries_the_request_id_of_its_span() {
        let logging = Logging {
            format: LogFormat::Json,
            ..Logging::default()
        };
        let line = log(&logging, || {
            let span = tracing::info_span!("request", service = "idp", id = "00ff");
            let _inside = span.enter();
            tracing::info!(status = 200, "request");
        });
        let json: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(json["span"]["id"], "00ff");
        assert_eq!(json["status"], 200);
        assert_eq!(json["level"], "INFO");
    }

    #[test]
    fn libraries_stay_quiet_even_when_everything_is_asked_for() {
        let logging = Logging {
            filter: "trace".to_owned(),
            ..Logging::default()
        };
        let lines = log(&logging, || {
            tracing::debug!(target: "sqlx::query", "SELECT secret");
            tracing::trace!(target: "hyper::proto", "cookie: secret");
            tracing::debug!(target: "signum_idp", "kept");
        });
        assert!(lines.contains("kept") && !lines.contains("secret"), "{lines}");
    }

    #[test]
    fn a_broken_filter_is_told() {
        let logging = Logging {
            filter: "=====".to_owned(),
            ..Logging::default()
        };
        assert!(matches!(
            subscriber(&logging, std::io::stderr),
            Err(TelemetryError::Filter(_))
        ));
    }
}
