//! The signing module as the web tier sees it: seven calls, nothing else.

use async_trait::async_trait;
use signum_activation::ModuleClient;
use signum_activation::protocol::{
    Activation, DocumentSignature, Outcome, Refusal, SealedSet, StoredKey, Ticket, Voucher,
};
use signum_gesture::Authenticator;

/// Why the module did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModuleError {
    /// It looked and said no.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// It is away or its answer was not understood; trying again later is right.
    #[error("away: {0}")]
    Away(String),
}

/// What an activation gave.
#[derive(Clone, Debug)]
pub struct Activated {
    /// In the order of the commitment's documents.
    pub signatures: Vec<DocumentSignature>,
    /// The authenticator's signCount.
    pub counter: u32,
}

/// Sole control lives behind this; nothing here can make a signature without a person's gesture.
#[async_trait]
pub trait SigningModule: Send + Sync + 'static {
    /// Whether the module and its token are there.
    async fn ready(&self) -> Result<(), ModuleError>;
    /// A new key pair of `person`, wrapped, and its PKCS#10 request (DER); `authenticator` alone may be in its set 1.
    async fn create_key(
        &self,
        credential: [u8; 16],
        person: [u8; 32],
        authenticator: Authenticator,
    ) -> Result<(StoredKey, Vec<u8>), ModuleError>;
    /// Set 1 of authenticators for a key, if the vouchers convince the module.
    async fn seal(
        &self,
        key: StoredKey,
        pkcs10: Vec<u8>,
        authenticator: Authenticator,
        vouchers: Vec<Voucher>,
    ) -> Result<SealedSet, ModuleError>;
    /// The module's signed statement where the key of a sealed credential was made, for the CA.
    async fn key_origin(&self, key: StoredKey, pkcs10: Vec<u8>, set: SealedSet) -> Result<Vec<u8>, ModuleError>;
    /// A nonce and deadline for one signature.
    async fn begin(&self) -> Result<Ticket, ModuleError>;
    /// Signatures over what the commitment names, if everything convinces the module.
    async fn activate(&self, activation: Activation) -> Result<Activated, ModuleError>;
    /// What became of the activation of this commitment. One that the module has not seen is spent by the question.
    async fn settle(&self, challenge: [u8; 32]) -> Result<Outcome, ModuleError>;
}

/// Stable name of a refusal, for problems and audit records.
pub(crate) fn code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Gesture(_) => "gesture",
        Refusal::Commitment(_) => "commitment",
        Refusal::Expired => "expired",
        Refusal::Replayed => "replayed",
        Refusal::Set(_) => "authenticator_set",
        Refusal::Voucher(_) => "voucher",
        Refusal::Key(_) => "wrapped_key",
        Refusal::Status(_) => "certificate_status",
        Refusal::Malformed(_) => "malformed",
        Refusal::Hsm(_) => "hsm",
        Refusal::Journal => "journal",
    }
}

/// A refusal that says nothing about the gesture: the HSM or the journal is away, another may succeed later.
fn is_passing(refusal: &Refusal) -> bool {
    use signum_hsm_shim::HsmError;
    matches!(
        refusal,
        Refusal::Journal
            | Refusal::Hsm(
                HsmError::Overloaded { .. }
                    | HsmError::Timeout { .. }
                    | HsmError::SessionLost(_)
                    | HsmError::DeviceDown { .. }
            )
    )
}

/// The real one: a process of its own behind a Unix socket.
#[async_trait]
impl SigningModule for ModuleClient {
    async fn ready(&self) -> Result<(), ModuleError> {
        match ModuleClient::status(self).await {
            Ok(status) if status.ready => Ok(()),
            Ok(_) => Err(ModuleError::Away("its token is not there".to_owned())),
            Err(refusal) => Err(refusal.into()),
        }
    }
    async fn create_key(
        &self,
        credential: [u8; 16],
        person: [u8; 32],
        authenticator: Authenticator,
    ) -> Result<(StoredKey, Vec<u8>), ModuleError> {
        Ok(ModuleClient::create_key(self, credential, person, authenticator).await?)
    }
    async fn key_origin(&self, key: StoredKey, pkcs10: Vec<u8>, set: SealedSet) -> Result<Vec<u8>, ModuleError> {
        Ok(ModuleClient::key_origin(self, key, pkcs10, set).await?)
    }
    async fn seal(
        &self,
        key: StoredKey,
        pkcs10: Vec<u8>,
        authenticator: Authenticator,
        vouchers: Vec<Voucher>,
    ) -> Result<SealedSet, ModuleError> {
        Ok(ModuleClient::seal(self, key, pkcs10, authenticator, vouchers).await?)
    }
    async fn begin(&self) -> Result<Ticket, ModuleError> {
        Ok(ModuleClient::begin(self).await?)
    }
    async fn activate(&self, activation: Activation) -> Result<Activated, ModuleError> {
        let (signatures, counter) = ModuleClient::activate(self, activation).await?;
        Ok(Activated { signatures, counter })
    }
    async fn settle(&self, challenge: [u8; 32]) -> Result<Outcome, ModuleError> {
        Ok(ModuleClient::settle(self, challenge).await?)
    }
}

impl From<Refusal> for ModuleError {
    fn from(refusal: Refusal) -> Self {
        match is_passing(&refusal) {
            true => Self::Away(refusal.to_string()),
            false => Self::Refused(refusal),
        }
    }
}
