//! The contract over real TLS: everything that goes in comes out at the other end, refusals and outages included.

#![allow(clippy::unwrap_used)]
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use signum_core::contract::{
    AskedBy, CertificateAuthority, CertificateRequest, CertificateState, CertificateStatus, ContractError,
    IssuedCertificate, KeyOrigin, LeafProfile, PersonName, StatusAction, StatusAt, StatusChange, TimeStamping,
};
use signum_core::http::serve_tls;
use signum_core::{OsRandom, Timestamp};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::*;

/// Remembers what it was asked and answers with what is at hand.
#[derive(Default)]
struct Recorded(Mutex<Vec<String>>);

#[async_trait]
impl CertificateAuthority for Recorded {
    async fn issue(&self, request: CertificateRequest) -> Result<IssuedCertificate, ContractError> {
        self.0.lock().unwrap().push(format!("{request:?}"));
        Ok(IssuedCertificate {
            certificate: vec![0, 1, 255],
            chain: vec![vec![2], vec![3]],
        })
    }

    async fn change_status(&self, change: StatusChange) -> Result<(), ContractError> {
        self.0.lock().unwrap().push(format!("{change:?}"));
        Err(ContractError::Refused {
            code: "no".to_owned(),
            message: "because".to_owned(),
        })
    }
}

#[async_trait]
impl CertificateStatus for Recorded {
    async fn ocsp(&self, certificate: &[u8], issuer: &[u8]) -> Result<Vec<u8>, ContractError> {
        Ok([issuer, certificate].concat())
    }

    async fn status_at(&self, _serial: &[u8], at: Timestamp) -> Result<StatusAt, ContractError> {
        Ok(StatusAt {
            at,
            state: CertificateState::Suspended { since: at },
            expired: false,
        })
    }
}

#[async_trait]
impl TimeStamping for Recorded {
    async fn time_stamp(&self, request: &[u8]) -> Result<Vec<u8>, ContractError> {
        match request {
            [] => Err(ContractError::NotFound),
            [1] => Err(ContractError::Internal),
            other => Ok(other.to_vec()),
        }
    }
}

struct Pair {
    ca: Arc<Recorded>,
    remote: RemoteAuthority,
    address: url::Url,
    signer: (tempfile::TempDir, Layout),
    stop: CancellationToken,
}

fn layout() -> (tempfile::TempDir, Layout) {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    (folder, layout)
}

fn acquaint(a: &Layout, b: &Layout) {
    let config = config::Contract::default();
    let (certificate, _) = make_certificate(&config, a).unwrap();
    std::fs::copy(certificate, b.root().join(&config.peers)).unwrap();
}

async fn pair() -> Pair {
    let (config, ca, signer) = (config::Contract::default(), layout(), layout());
    acquaint(&ca.1, &signer.1);
    acquaint(&signer.1, &ca.1);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap()).parse().unwrap();
    let listener = Machine::read(&config, &ca.1).unwrap().listen(listener).unwrap();
    let (recorded, stop) = (Arc::new(Recorded::default()), CancellationToken::new());
    let routes = router(Authority::of(recorded.clone()), Arc::new(OsRandom));
    tokio::spawn(serve_tls("contract", listener, routes, stop.clone()));
    let remote = Machine::read(&config, &signer.1).unwrap().authority(&address).unwrap();
    Pair {
        ca: recorded,
        remote,
        address,
        signer,
        stop,
    }
}

#[tokio::test]
async fn every_call_of_the_contract_arrives_as_it_was_made() {
    let pair = pair().await;
    let request = CertificateRequest {
        idempotency_key: [7; 16],
        profile: LeafProfile::CitizenSignature,
        person: PersonName {
            given_name: "Çelik".to_owned(),
            surname: "Ëndërr".to_owned(),
            personal_number: "1000000007".to_owned(),
        },
        pkcs10: vec![0, 128, 255],
        key_origin: KeyOrigin::SigningModule { statement: vec![9] },
    };
    let issued = pair.remote.issue(request.clone()).await.unwrap();
    assert_eq!(
        (issued.certificate, issued.chain),
        (vec![0, 1, 255], vec![vec![2], vec![3]])
    );
    let change = StatusChange::new(
        &[1, 2],
        StatusAction::Revoke { reason: 1 },
        AskedBy::Holder("e-1".to_owned()),
    );
    let refused = pair.remote.change_status(change.clone()).await.unwrap_err();
    assert!(matches!(refused, ContractError::Refused { code, message } if code == "no" && message == "because"));
    assert_eq!(
        *pair.ca.0.lock().unwrap(),
        [format!("{request:?}"), format!("{change:?}")]
    );
    assert_eq!(pair.remote.ocsp(&[1], &[2, 3]).await.unwrap(), [2, 3, 1]);
    let at = Timestamp::from_seconds(5);
    assert_eq!(pair.remote.status_at(&[1], at).await.unwrap().at, at);
    assert_eq!(pair.remote.time_stamp(&[5; 3]).await.unwrap(), [5; 3]);
    assert!(matches!(
        pair.remote.time_stamp(&[]).await,
        Err(ContractError::NotFound)
    ));
    assert!(matches!(
        pair.remote.time_stamp(&[1]).await,
        Err(ContractError::Internal)
    ));
}

#[tokio::test]
async fn a_machine_that_is_not_pinned_is_not_served_and_finds_the_ca_away() {
    let pair = pair().await;
    let (config, stranger) = (config::Contract::default(), layout());
    std::fs::copy(
        pair.signer.1.root().join(&config.peers),
        stranger.1.root().join(&config.peers),
    )
    .unwrap();
    let stranger = Machine::read(&config, &stranger.1)
        .unwrap()
        .authority(&pair.address)
        .unwrap();
    let outcome = stranger.time_stamp(&[5]).await;
    assert!(matches!(outcome, Err(ContractError::Unavailable(_))), "{outcome:?}");
    pair.stop.cancel();
}

#[tokio::test]
async fn without_the_peers_certificates_nothing_starts_and_the_way_is_told() {
    let (_folder, layout) = layout();
    let error = Machine::read(&config::Contract::default(), &layout).err().unwrap();
    assert!(
        format!("{error:#}").contains("signum contract certificate"),
        "{error:#}"
    );
}

#[test]
fn a_certificate_is_made_once_and_its_key_belongs_to_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, layout) = layout();
    let config = config::Contract::default();
    let (certificate, key) = make_certificate(&config, &layout).unwrap();
    let first = std::fs::read(&certificate).unwrap();
    make_certificate(&config, &layout).unwrap();
    assert_eq!(std::fs::read(&certificate).unwrap(), first);
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}
