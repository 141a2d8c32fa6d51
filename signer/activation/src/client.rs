//! The web tier's side of the socket: one method for each request.

use std::path::Path;
use std::time::Duration;

use signum_gesture::Authenticator;
use signum_hsm_shim::HsmError;
use signum_hsm_shim::frames::{Client, FrameError, Peers};

use crate::protocol::{
    Activation, DocumentSignature, Outcome, Refusal, Request, Response, SealedSet, StoredKey, Ticket, Voucher,
};

/// Longest wait for an answer; the HSM's own queue gives up earlier.
const DEADLINE: Duration = Duration::from_secs(10);

/// Speaks to a running `signum-signing-module`; a connection that broke is made anew by the next call.
///
/// A module that is away shows as [`Refusal::Hsm`] with [`HsmError::DeviceDown`] or [`HsmError::Timeout`]; whether the last
/// request was carried out is then unknown, and a gesture must be made anew.
pub struct ModuleClient {
    client: Client,
}

/// What [`ModuleClient::status`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleStatus {
    /// Whether the token can sign now.
    pub ready: bool,
    pub version: String,
    /// SHA-256 over the pinned officers.
    pub officers: [u8; 32],
    /// Public half (SubjectPublicKeyInfo, DER) of the key that signs key origin statements; a CA pins it.
    pub statement_key: Vec<u8>,
}

impl ModuleClient {
    /// To a module of our own user.
    pub async fn connect(socket: &Path) -> Result<Self, Refusal> {
        Self::connect_to(socket, &[]).await
    }

    /// To a module that runs as one of these users, or as our own.
    pub async fn connect_to(socket: &Path, users: &[u32]) -> Result<Self, Refusal> {
        let peers = Peers {
            users: users.to_vec(),
            group: None,
        };
        let client = Client::connect_to(socket, peers).await.map_err(away)?;
        Ok(Self { client })
    }

    pub async fn status(&self) -> Result<ModuleStatus, Refusal> {
        match self.call(Request::Status).await? {
            Response::Status {
                ready,
                version,
                officers,
                statement_key,
            } => Ok(ModuleStatus {
                ready,
                version,
                officers,
                statement_key,
            }),
            other => Err(unexpected(other)),
        }
    }

    /// Makes a key pair for `person`, whose set 1 can have `authenticator` alone; answers with the wrapped key and its PKCS#10
    /// request (DER).
    pub async fn create_key(
        &self,
        credential: [u8; 16],
        person: [u8; 32],
        authenticator: Authenticator,
    ) -> Result<(StoredKey, Vec<u8>), Refusal> {
        let request = Request::CreateKey {
            credential,
            person,
            authenticator,
        };
        match self.call(request).await? {
            Response::Key { key, pkcs10 } => Ok((key, pkcs10)),
            other => Err(unexpected(other)),
        }
    }

    /// Seals set 1 against two officers' vouchers.
    pub async fn seal(
        &self,
        key: StoredKey,
        pkcs10: Vec<u8>,
        authenticator: Authenticator,
        vouchers: Vec<Voucher>,
    ) -> Result<SealedSet, Refusal> {
        let request = Request::Seal {
            key,
            pkcs10,
            authenticator,
            vouchers,
        };
        match self.call(request).await? {
            Response::Sealed(set) => Ok(set),
            other => Err(unexpected(other)),
        }
    }

    /// The module's signed statement about the key of a sealed credential (DER of `signum_pki::key_origin`).
    pub async fn key_origin(&self, key: StoredKey, pkcs10: Vec<u8>, set: SealedSet) -> Result<Vec<u8>, Refusal> {
        match self.call(Request::StateOrigin { key, pkcs10, set }).await? {
            Response::KeyOrigin(statement) => Ok(statement),
            other => Err(unexpected(other)),
        }
    }

    /// A nonce and deadline for a commitment.
    pub async fn begin(&self) -> Result<Ticket, Refusal> {
        match self.call(Request::Begin).await? {
            Response::Ticket(ticket) => Ok(ticket),
            other => Err(unexpected(other)),
        }
    }

    /// Signs what was committed to, in order; the counter is the authenticator's new signCount.
    pub async fn activate(&self, activation: Activation) -> Result<(Vec<DocumentSignature>, u32), Refusal> {
        match self.call(Request::Activate(Box::new(activation))).await? {
            Response::Signed { signatures, counter } => Ok((signatures, counter)),
            other => Err(unexpected(other)),
        }
    }

    /// What became of the activation of this commitment; see [`Request::Settle`].
    pub async fn settle(&self, challenge: [u8; 32]) -> Result<Outcome, Refusal> {
        match self.call(Request::Settle { challenge }).await? {
            Response::Outcome(outcome) => Ok(outcome),
            other => Err(unexpected(other)),
        }
    }

    async fn call(&self, request: Request) -> Result<Response, Refusal> {
        self.client.call(&request, DEADLINE).await.map_err(away)
    }
}

fn away(error: FrameError) -> Refusal {
    Refusal::Hsm(HsmError::from(error))
}

fn unexpected(response: Response) -> Refusal {
    match response {
        Response::Refused(refusal) => refusal,
        _ => Refusal::Malformed("an answer to another question".into()),
    }
}
