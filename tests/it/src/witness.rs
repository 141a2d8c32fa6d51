//! A small witness of audit logs: C2SP tlog-witness over HTTP, with its memory in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use signum_core::audit::{Checkpoint, Hash, TreeHead, VerifierKey, consistent};
use signum_core::{Clock, SystemClock};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const NAME: &str = "witness.example/w1";

/// Running until it is dropped.
pub struct Witness {
    pub key: VerifierKey,
    /// `http://127.0.0.1:PORT`
    pub address: String,
    state: Arc<Seen>,
    task: JoinHandle<()>,
}

struct Seen {
    secret: PKey<Private>,
    key: VerifierKey,
    /// Known logs by origin.
    logs: Mutex<HashMap<String, (VerifierKey, TreeHead)>>,
}

/// RFC 6962 section 2.1: the root of nothing.
const EMPTY: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

impl Witness {
    pub async fn start() -> Self {
        let secret = PKey::generate_ed25519().expect("a key");
        let public = secret.raw_public_key().expect("a key").try_into().expect("32 octets");
        let key = VerifierKey::new(NAME, public).expect("a name");
        let state = Arc::new(Seen {
            secret,
            key: key.clone(),
            logs: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new()
            .route("/add-checkpoint", post(add_checkpoint))
            .with_state(state.clone());
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Self {
            key,
            address,
            state,
            task,
        }
    }

    /// Watches this log from here on.
    pub fn watch(&self, log: &VerifierKey) {
        let root = STANDARD.decode(EMPTY).expect("base64").try_into().expect("a hash");
        let nothing = TreeHead { size: 0, root };
        let mut logs = self.state.logs.lock().expect("whole");
        logs.insert(log.name().to_owned(), (log.clone(), nothing));
    }

    /// The setting of `audit.witnesses`.
    pub fn setting(&self) -> String {
        format!("{} {}", self.key, self.address)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn add_checkpoint(State(seen): State<Arc<Seen>>, body: String) -> Response {
    match answer(&seen, &body) {
        Ok(line) => line.into_response(),
        Err((StatusCode::CONFLICT, size)) => {
            let kind = [(header::CONTENT_TYPE, "text/x.tlog.size")];
            (StatusCode::CONFLICT, kind, format!("{size}\n")).into_response()
        }
        Err((status, _)) => status.into_response(),
    }
}

fn answer(seen: &Seen, body: &str) -> Result<String, (StatusCode, u64)> {
    let bad = (StatusCode::BAD_REQUEST, 0);
    let (lines, note) = body.split_once("\n\n").ok_or(bad)?;
    let mut lines = lines.lines();
    let old = lines.next().and_then(|line| line.strip_prefix("old ")).ok_or(bad)?;
    let old: u64 = old.parse().map_err(|_| bad)?;
    let proof: Vec<Hash> = lines
        .map(|line| {
            STANDARD
                .decode(line)
                .ok()
                .and_then(|hash| hash.try_into().ok())
                .ok_or(bad)
        })
        .collect::<Result<_, _>>()?;
    let mut logs = seen.logs.lock().expect("whole");
    let origin = note.lines().next().unwrap_or_default();
    let (key, known) = logs.get_mut(origin).ok_or((StatusCode::NOT_FOUND, 0))?;
    let new = Checkpoint::open(note, key).map_err(|_| (StatusCode::FORBIDDEN, 0))?;
    if old > new.head.size {
        return Err(bad);
    }
    if old != known.size || old == new.head.size && known.root != new.head.root {
        return Err((StatusCode::CONFLICT, known.size));
    }
    if !consistent(known, &new.head, &proof) {
        return Err((StatusCode::UNPROCESSABLE_ENTITY, 0));
    }
    *known = new.head;
    let cosigned = Checkpoint {
        at: SystemClock.now(),
        ..new
    };
    let mut signer = Signer::new_without_digest(&seen.secret).expect("a key");
    let signature = signer.sign_oneshot_to_vec(&cosigned.message()).expect("a signature");
    Ok(cosigned.signature_line(&seen.key, &signature.try_into().expect("64 octets")))
}
