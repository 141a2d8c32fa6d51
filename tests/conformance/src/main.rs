//! `signum-conformance`: the provider with the form log-in on loopback. Prints one line of JSON (issuer, element ids, test people,
//! clients with their keys) when it serves, and ends when its standard input does.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::Parser;
use metrics_exporter_prometheus::PrometheusBuilder;
use signum_conformance::clients::Addresses;
use signum_conformance::target::{Options, Target};
use signum_core::SystemClock;

/// The identity provider with a form-only test log-in, on loopback.
#[derive(Parser)]
struct Arguments {
    /// A loopback address.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The issuer, when a TLS proxy stands in front.
    #[arg(long)]
    issuer: Option<String>,
    /// An empty folder for token and database; otherwise one that goes away at the end.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// An empty PostgreSQL database instead of SQLite.
    #[arg(long)]
    database: Option<String>,
    /// Redirect URIs of every client.
    #[arg(long = "redirect-uri", default_values_t = ["https://localhost:8765/callback".to_owned()])]
    redirect_uris: Vec<String>,
    #[arg(long = "post-logout-redirect-uri", default_values_t = ["https://localhost:8765/logged-out".to_owned()])]
    post_logout_redirect_uris: Vec<String>,
    /// Where the first client of gov-basic is told of log-outs.
    #[arg(long)]
    backchannel_logout_uri: Option<String>,
    /// Processes of the HSM.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// So many people more, `load-0` and on.
    #[arg(long, default_value_t = 0)]
    people: usize,
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let temporary = tempfile::Builder::new().prefix("signum-conformance").tempdir()?;
    let options = Options {
        listen: arguments.listen,
        issuer: arguments.issuer,
        folder: arguments.folder.unwrap_or_else(|| temporary.path().to_owned()),
        database: arguments.database,
        addresses: Addresses {
            redirect_uris: arguments.redirect_uris,
            post_logout_redirect_uris: arguments.post_logout_redirect_uris,
            backchannel_logout_uri: arguments.backchannel_logout_uri,
        },
        workers: arguments.workers,
        people: arguments.people,
        metrics: PrometheusBuilder::new().install_recorder()?,
        clock: Arc::new(SystemClock),
    };
    let target = Target::start(&options).await?;
    let mut output = std::io::stdout().lock();
    writeln!(output, "{}", target.description)?;
    output.flush()?;
    drop(output);
    tokio::select! {
        _ = end_of_input() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    target.stop().await;
    Ok(())
}

/// A thread of its own reads, which no end of the program has to wait for.
fn end_of_input() -> tokio::sync::oneshot::Receiver<()> {
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _until_then = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _gone = ended.send(());
    });
    end
}
