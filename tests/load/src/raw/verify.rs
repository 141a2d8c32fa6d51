//! Verification with OpenSSL, as anyone would write it who uses the module without our layer.

use anyhow::{Result, bail};
use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::Session;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::ecdsa::EcdsaSig;
use openssl::md::Md;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Verifier};
use signum_hsm_shim::{KeyAlgorithm, SignatureAlgorithm};

/// DER OBJECT IDENTIFIER prime256v1.
pub const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// DER OBJECT IDENTIFIER secp384r1.
pub const P384: [u8; 7] = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];

pub fn holds(key: &PKey<Public>, algorithm: SignatureAlgorithm, input: &[u8], signature: &[u8]) -> Result<bool> {
    Ok(match algorithm {
        SignatureAlgorithm::EcdsaSha256 | SignatureAlgorithm::EcdsaSha384 => {
            let (r, s) = signature.split_at(signature.len() / 2);
            let signature = EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
            signature.verify(input, key.ec_key()?.as_ref())?
        }
        SignatureAlgorithm::Ed25519 => Verifier::new_without_digest(key)?.verify_oneshot(signature, input)?,
        SignatureAlgorithm::RsaPssSha256 | SignatureAlgorithm::RsaPkcs1Sha256 => {
            let mut context = PkeyCtx::new(key)?;
            context.verify_init()?;
            context.set_rsa_padding(Padding::PKCS1_PSS)?;
            context.set_signature_md(Md::sha256())?;
            context.set_rsa_mgf1_md(Md::sha256())?;
            context.set_rsa_pss_saltlen(RsaPssSaltlen::custom(32))?;
            context.verify(input, signature)?
        }
    })
}

/// The public key of a public-key object.
pub fn public_key(session: &Session, object: ObjectHandle, key: KeyAlgorithm) -> Result<PKey<Public>> {
    let (mut point, mut modulus, mut exponent) = (vec![], vec![], vec![]);
    for attribute in session.get_attributes(object, &super::PUBLIC)? {
        match attribute {
            Attribute::EcPoint(value) => point = value,
            Attribute::Modulus(value) => modulus = value,
            Attribute::PublicExponent(value) => exponent = value,
            _ => {}
        }
    }
    let curve = match key {
        KeyAlgorithm::EcP256 => Nid::X9_62_PRIME256V1,
        KeyAlgorithm::EcP384 => Nid::SECP384R1,
        KeyAlgorithm::Rsa3072 => {
            let key = Rsa::from_public_components(BigNum::from_slice(&modulus)?, BigNum::from_slice(&exponent)?)?;
            return Ok(PKey::from_rsa(key)?);
        }
        KeyAlgorithm::Ed25519 => bail!("Ed25519 keys are not wrapped"),
    };
    let group = EcGroup::from_curve_name(curve)?;
    // The point comes as it is or in a DER OCTET STRING of two octets' head.
    let bare = point
        .strip_prefix(&[4])
        .filter(|_| point.len() % 2 == 1 && point.len() == 99 || point.len() == 67);
    let bare = bare
        .and_then(|rest| rest.split_first())
        .map_or(point.as_slice(), |(_, bare)| bare);
    let point = EcPoint::from_bytes(&group, bare, &mut *BigNumContext::new()?)?;
    Ok(PKey::from_ec_key(EcKey::from_public_key(&group, &point)?)?)
}
