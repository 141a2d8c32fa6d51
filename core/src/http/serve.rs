//! Listening and stopping.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::tls::{Peer, TlsListener};

/// How long requests under way may take after the stop was asked for.
pub const GRACE: Duration = Duration::from_secs(5);

/// Why a service cannot listen; the message says what to change.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error("port {} on {} is taken by another program. Stop it, or choose another: set `{setting}` in the configuration, or {} in the environment",
        .address.port(), .address.ip(), environment_name(.setting))]
    Taken { address: SocketAddr, setting: String },
    #[error(
        "{address} would be reachable from other machines. Nothing listens beyond loopback unless `allow_public = true` is configured beside `{setting}`"
    )]
    Public { address: SocketAddr, setting: String },
    #[error("cannot listen on {address} (`{setting}`): {source}")]
    Other {
        address: SocketAddr,
        setting: String,
        source: std::io::Error,
    },
}

/// Listens on `address`, which `setting` (`idp.listen`) configures.
pub async fn bind(address: SocketAddr, allow_public: bool, setting: &str) -> Result<TcpListener, BindError> {
    let setting = setting.to_owned();
    if !address.ip().is_loopback() && !allow_public {
        return Err(BindError::Public { address, setting });
    }
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => BindError::Taken { address, setting },
        _ => BindError::Other {
            address,
            setting,
            source,
        },
    })
}

/// `idp.listen` is `SIGNUM__IDP__LISTEN` in the environment.
fn environment_name(setting: &str) -> String {
    format!("SIGNUM__{}", setting.to_uppercase().replace('.', "__"))
}

/// Serves until `shutdown` is cancelled, then lets requests under way finish within [`GRACE`]. Handlers learn the peer's address
/// by `ConnectInfo<SocketAddr>`.
pub async fn serve(
    name: &'static str,
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    if let Ok(address) = listener.local_addr() {
        tracing::info!(service = name, %address, "listening");
    }
    let stop = shutdown.clone();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move { stop.cancelled().await });
    until(name, server.into_future(), shutdown).await
}

/// [`serve`] over TLS; handlers learn who is there by `ConnectInfo<tls::Peer>`.
pub async fn serve_tls(
    name: &'static str,
    listener: TlsListener,
    router: Router,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    tracing::info!(service = name, address = %listener.address(), "listening, TLS");
    let stop = shutdown.clone();
    let service = router.into_make_service_with_connect_info::<Peer>();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move { stop.cancelled().await });
    until(name, server.into_future(), shutdown).await
}

async fn until(
    name: &'static str,
    server: impl Future<Output = std::io::Result<()>>,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let out_of_patience = async {
        shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        result = server => result?,
        () = out_of_patience => tracing::warn!(service = name, "requests under way were cut off"),
    }
    tracing::info!(service = name, "stopped");
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_way_to_change_it() {
        let first = bind("127.0.0.1:0".parse().unwrap(), false, "idp.listen").await.unwrap();
        let address = first.local_addr().unwrap();
        let message = bind(address, false, "idp.listen").await.unwrap_err().to_string();
        assert!(message.contains(&format!("port {}", address.port())), "{message}");
        assert!(message.contains("SIGNUM__IDP__LISTEN"), "{message}");
    }

    #[tokio::test]
    async fn nothing_listens_beyond_loopback_unless_allowed() {
        let error = bind("0.0.0.0:0".parse().unwrap(), false, "idp.listen")
            .await
            .unwrap_err();
        assert!(matches!(error, BindError::Public { .. }));
    }

    #[tokio::test]
    async fn a_request_under_way_is_finished_after_the_stop() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = bind("127.0.0.1:0".parse().unwrap(), false, "x").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let inside = stop.clone();
        // The handler itself asks for the stop, so the answer is surely still to come.
        let stopper = async move || {
            inside.cancel();
            "done"
        };
        let router = Router::new().route("/", axum::routing::get(stopper));
        let server = tokio::spawn(serve("test", listener, router, stop));
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("done"), "{answer}");
        server.await.unwrap().unwrap();
    }
}
