//! `signum-demo-rp`: starts the demo relying party and serves it until standard input closes or Ctrl-C.

use anyhow::{Context, Result};
use clap::Parser;
use signum_demo_rp::{App, Settings, router};
use std::{net::SocketAddr, path::PathBuf, process::ExitCode};
use tokio::sync::oneshot;
use url::Url;

/// A demo relying party: Komuna Shembull / Opština Primer / Example Municipality.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8083")]
    listen: SocketAddr,
    /// Address under which browsers reach this service; must be the one registered with the provider.
    #[arg(long, default_value = "http://demo.localhost:8083")]
    public_url: Url,
    /// The OpenID provider's issuer identifier, exactly as in its discovery document.
    #[arg(long, default_value = "http://idp.localhost:8081")]
    issuer: String,
    /// The identifier the provider gave this service.
    #[arg(long, default_value = "demo-rp")]
    client_id: String,
    /// File that holds the client secret (text; surrounding white space is ignored).
    #[arg(long)]
    client_secret_file: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn,signum_demo_rp=info".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    match serve(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("signum-demo-rp: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> Result<()> {
    let secret = std::fs::read_to_string(&arguments.client_secret_file).with_context(|| {
        format!(
            "cannot read the client secret {}",
            arguments.client_secret_file.display()
        )
    })?;
    let app = App::new(Settings {
        public_url: arguments.public_url.clone(),
        issuer: arguments.issuer,
        client_id: arguments.client_id,
        client_secret: secret.trim().to_owned(),
    })?;
    let listener = tokio::net::TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}: is the port taken?", arguments.listen))?;
    tracing::info!(address = %arguments.public_url, "the demo relying party is ready");
    axum::serve(listener, router(app))
        .with_graceful_shutdown(end_of_work())
        .await?;
    Ok(())
}

/// Resolves when standard input closes (the parent has gone) or Ctrl-C is pressed.
async fn end_of_work() {
    let (closed, parent_gone) = oneshot::channel();
    // A plain thread: a read of standard input cannot be cancelled, and must not hold up the end of the runtime.
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = closed.send(());
    });
    tokio::select! {
        _ = parent_gone => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
