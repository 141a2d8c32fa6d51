//! The two demo registration officers and their software keys, which only a demo may have.

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use signum_softauth::{Algorithm, Credential, SoftAuthenticator};
use std::path::{Path, PathBuf};
use url::Url;

/// Identifiers and names; clearly not of real people.
const OFFICERS: [(&str, &str); 2] = [("officer-1", "TEST Officer One"), ("officer-2", "TEST Officer Two")];

/// An officer and what their key is kept in.
pub struct Officer {
    pub id: String,
    pub authenticator: SoftAuthenticator,
    file: PathBuf,
}

impl Officer {
    /// Keeps the counter after a gesture.
    pub fn save(&self) -> Result<()> {
        Ok(self.authenticator.to_file(&self.file)?)
    }
}

fn file(folder: &Path, id: &str) -> PathBuf {
    folder.join(format!("{id}.json"))
}

/// Makes the officers' keys unless they exist, and writes their public side for the module and the signer.
pub fn init(folder: &Path, out: &Path, rp_id: &str, origin: &Url) -> Result<()> {
    private_folder(folder)?;
    let mut public = Vec::new();
    for (id, name) in OFFICERS {
        let file = file(folder, id);
        let authenticator = if file.exists() {
            SoftAuthenticator::from_file(&file)?
        } else {
            let mut fresh = SoftAuthenticator::new();
            fresh
                .credentials
                .push(Credential::make(Algorithm::Es256, rp_id, id.as_bytes())?);
            fresh.to_file(&file)?;
            fresh
        };
        let credential = authenticator
            .credentials
            .first()
            .context("an officer's file holds no key")?;
        public.push(json!({
            "id": id,
            "name": name,
            "rp": { "id": rp_id, "origin": crate::browser::origin(origin) },
            "authenticator": {
                "credential_id": URL_SAFE_NO_PAD.encode(&credential.id),
                "cose_key": URL_SAFE_NO_PAD.encode(credential.cose_key()?),
                "aaguid": hex::encode([0; 16]),
                "backup_eligible": false,
                "counter": 0,
            },
        }));
    }
    let fresh = out.with_extension("new");
    std::fs::write(&fresh, serde_json::to_vec_pretty(&Value::Array(public))?)?;
    std::fs::rename(&fresh, out).with_context(|| format!("cannot write {}", out.display()))
}

/// Reads the officers' keys.
pub fn load(folder: &Path) -> Result<Vec<Officer>> {
    OFFICERS
        .iter()
        .map(|(id, _)| {
            let file = file(folder, id);
            let authenticator = SoftAuthenticator::from_file(&file)
                .with_context(|| format!("cannot read {}: run `signum-demo-desk init` first", file.display()))?;
            Ok(Officer {
                id: (*id).to_owned(),
                authenticator,
                file,
            })
        })
        .collect()
}

fn private_folder(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir_all(folder)?;
    Ok(std::fs::set_permissions(
        folder,
        std::fs::Permissions::from_mode(0o700),
    )?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn officers_keys_are_made_once_and_stay_private() {
        let folder = tempfile::tempdir().unwrap();
        let (keys, out) = (folder.path().join("officers"), folder.path().join("officers.json"));
        let origin: Url = "http://sign.localhost:8082".parse().unwrap();
        init(&keys, &out, "sign.localhost", &origin).unwrap();
        let first = std::fs::read(&out).unwrap();
        init(&keys, &out, "sign.localhost", &origin).unwrap();
        assert_eq!(std::fs::read(&out).unwrap(), first);
        let public: Value = serde_json::from_slice(&first).unwrap();
        assert_eq!(public[0]["id"], "officer-1");
        assert_eq!(public[1]["rp"]["origin"], "http://sign.localhost:8082");
        assert_ne!(
            public[0]["authenticator"]["cose_key"],
            public[1]["authenticator"]["cose_key"]
        );
        assert_eq!(load(&keys).unwrap().len(), 2);
        let mode = std::fs::metadata(keys.join("officer-1.json"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
