//! The keys that sign the audit logs' checkpoints: one for each service, all in a token of their own, so that neither the CA's
//! nor the identity provider's PIN signs what is written about them.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use signum_core::audit::{CheckpointSigner, SignerError, VerifierKey};
use signum_hsm_shim::worker::KeyUse;
use signum_hsm_shim::workers::Workers;
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri, SignatureAlgorithm};

use crate::config::Config;
use crate::layout::{Layout, write_private};

/// One service's key.
struct HsmKey {
    hsm: Arc<dyn Hsm>,
    uri: KeyUri,
    verifier: VerifierKey,
}

#[async_trait]
impl CheckpointSigner for HsmKey {
    fn key(&self) -> &VerifierKey {
        &self.verifier
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        let signatures = self
            .hsm
            .sign(&self.uri, SignatureAlgorithm::Ed25519, &[message.to_vec()])
            .await
            .map_err(|error| SignerError(error.to_string()))?;
        match signatures.as_slice() {
            [one] => one.as_slice().try_into().ok(),
            _ => None,
        }
        .ok_or_else(|| SignerError("a signature of another length".to_owned()))
    }
}

/// The services that keep a log.
const SERVICES: [&str; 3] = ["ca", "idp", "signer"];

/// Which keys of its token are used, and made since no auditor has a public half yet.
pub(super) fn key_use(layout: &Layout) -> KeyUse {
    let labels = |services: &mut dyn Iterator<Item = &str>| services.map(label).collect();
    let mut new = SERVICES
        .into_iter()
        .filter(|service| !layout.audit_key(service).exists());
    KeyUse {
        signs: labels(&mut SERVICES.into_iter()),
        makes: labels(&mut new),
    }
}

fn label(service: &str) -> String {
    format!("checkpoint-{service}")
}

/// The keys of the three logs.
pub(super) struct Signers {
    pub ca: Arc<dyn CheckpointSigner>,
    pub idp: Arc<dyn CheckpointSigner>,
    pub signer: Arc<dyn CheckpointSigner>,
}

impl Signers {
    pub(super) async fn start(config: &Config, layout: &Layout, hsm: &Arc<Workers>) -> Result<Self> {
        let of = async |service| signer(service, config, layout, hsm.clone()).await;
        let (ca, idp, signer) = tokio::try_join!(of("ca"), of("idp"), of("signer"))?;
        Ok(Self { ca, idp, signer })
    }
}

/// The key of `service`, made at its first start. Its public half then stands in a file for auditors; a token with another key,
/// or without one, is refused: nobody may begin a new history unnoticed.
async fn signer(
    service: &str,
    config: &Config,
    layout: &Layout,
    hsm: Arc<dyn Hsm>,
) -> Result<Arc<dyn CheckpointSigner>> {
    let uri = KeyUri::new(&config.audit.token, &label(service));
    let file = layout.audit_key(service);
    let known = match file.exists() {
        true => Some(crate::commands::audit::read_key(&file)?),
        false => None,
    };
    let found = match hsm.public_key(&uri).await {
        Err(HsmError::KeyNotFound(_)) if known.is_none() => hsm.generate(&uri, KeyAlgorithm::Ed25519).await,
        other => other,
    };
    let found = found.with_context(|| format!("key of the checkpoints of {service}"))?;
    // Ed25519 keys are the last 32 octets of their SubjectPublicKeyInfo (RFC 8410 section 4).
    let public = found.spki.last_chunk::<32>().context("not an Ed25519 key")?;
    let verifier = VerifierKey::new(&format!("{}/{service}", config.audit.origin), *public)
        .with_context(|| format!("audit.origin: {}", config.audit.origin))?;
    match known {
        None => write_private(&file, format!("{verifier}\n").as_bytes())?,
        Some(known) if known == verifier => {}
        Some(known) => bail!(
            "{} names {known}, the token and audit.origin give {verifier}; put the right token back",
            file.display()
        ),
    }
    Ok(Arc::new(HsmKey { hsm, uri, verifier }))
}
