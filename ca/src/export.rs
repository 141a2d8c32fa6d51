//! Writes what outside judges read: certificates, lists, a status answer and a time stamp, as files.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use signum_core::contract::{CertificateStatus, TimeStamping};

use crate::Service;
use crate::authority::{AuthorityName, Role};

/// Why the files could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("{path}: {source}")]
    File {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{0}")]
    Ca(String),
}

impl Service {
    /// Writes `<holder>.pem` of every key of the CA, `leaf-<n>-<profile>.pem` of `leaves` with `leaf-<n>-<profile>.ocsp`,
    /// `<ca>.crl`, and `stamp.tsr` (`stamp-rsa.tsr`) over `stamp.data`, into the folder `dir`. `tests/peers/pki_judges.py` reads them.
    pub async fn export(&self, dir: &Path, leaves: &[(&str, Vec<u8>)]) -> Result<(), ExportError> {
        let wrong = |e: &dyn std::fmt::Display| ExportError::Ca(e.to_string());
        for step in self.ceremony().await.map_err(|e| wrong(&e))?.steps {
            write(
                dir,
                &format!("{}.pem", step.holder),
                pem("CERTIFICATE", &step.certificate).as_bytes(),
            )?;
        }
        for authority in AuthorityName::all() {
            if let Some(list) = self.newest_crl(authority, 0).await.map_err(|e| wrong(&e))? {
                let der = self.crl_der(authority, 0, &list).await.map_err(|e| wrong(&e))?;
                write(dir, &format!("{authority}.crl"), pem("X509 CRL", &der).as_bytes())?;
            }
        }
        for (number, (name, certificate)) in leaves.iter().enumerate() {
            let file = format!("leaf-{number}-{name}");
            write(dir, &format!("{file}.pem"), pem("CERTIFICATE", certificate).as_bytes())?;
            let issuer = self.issuer_of(certificate).await?;
            let answer = self.ocsp(certificate, &issuer).await.map_err(|e| wrong(&e))?;
            write(dir, &format!("{file}.ocsp"), &answer)?;
        }
        let data = b"Signum TEST data to be stamped\n";
        let nonce: [u8; 16] = self.cx.random.bytes();
        let digest = <sha2::Sha256 as sha2::Digest>::digest(data).into();
        let query = signum_pki::tsp_request(&digest, &nonce).map_err(|e| wrong(&e))?;
        let reply = self.time_stamp(&query).await.map_err(|e| wrong(&e))?;
        let stamp = format!("stamp{}", Role::Tsa.of(self.config.algorithms).suffix());
        write(dir, &format!("{stamp}.data"), data)?;
        write(dir, &format!("{stamp}.tsq"), &query)?;
        write(dir, &format!("{stamp}.tsr"), &reply)
    }

    async fn issuer_of(&self, certificate: &[u8]) -> Result<Vec<u8>, ExportError> {
        use der::Decode;
        let wrong = |e: &dyn std::fmt::Display| ExportError::Ca(e.to_string());
        let parsed = x509_cert::Certificate::from_der(certificate).map_err(|e| wrong(&e))?;
        for authority in self.own_authorities().await.map_err(|e| wrong(&e))? {
            if &authority.issuer.subject == parsed.tbs_certificate().issuer() {
                return Ok(authority.certificate.clone());
            }
        }
        Err(ExportError::Ca("not a certificate of ours".to_owned()))
    }
}

/// RFC 7468.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect::<Vec<_>>()
        .join("\n");
    format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n")
}

fn write(dir: &Path, name: &str, octets: &[u8]) -> Result<(), ExportError> {
    let path = dir.join(name);
    std::fs::write(&path, octets).map_err(|source| ExportError::File {
        path: path.display().to_string(),
        source,
    })
}
