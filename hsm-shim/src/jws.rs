//! JSON Web Signatures in compact form (RFC 7515 section 7.1), signed in the HSM.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::HsmError;
use crate::key::{KeyUri, SignatureAlgorithm};
use crate::signer::signing_input;
use crate::{Hsm, SignRequest};

/// `header.payload.signature` of a header and a payload in JSON.
///
/// The header's `alg` must be [`SignatureAlgorithm::name`]; the caller writes the header. `expected` is the
/// SubjectPublicKeyInfo that relying parties know, if the caller has it at hand.
pub async fn compact(
    hsm: &dyn Hsm,
    key: &KeyUri,
    algorithm: SignatureAlgorithm,
    expected: Option<&[u8]>,
    header: &str,
    payload: &[u8],
) -> Result<String, HsmError> {
    let mut token = String::with_capacity((header.len() + payload.len()) * 4 / 3 + 128);
    URL_SAFE_NO_PAD.encode_string(header, &mut token);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let inputs = [signing_input(algorithm, token.as_bytes())?];
    let request = SignRequest {
        expected,
        ..SignRequest::new(key, algorithm, &inputs)
    };
    let signature = hsm
        .sign_request(request)
        .await?
        .pop()
        .ok_or(HsmError::SelfCheckFailed)?;
    token.push('.');
    // RFC 7518 section 3.4: r || s, which is how PKCS#11 gives it.
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}
