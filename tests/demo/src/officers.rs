//! The two demo registration officers and their software keys, which only a demo may have.

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use signum_softauth::{Algorithm, Credential, SoftAuthenticator};
use std::path::{Path, PathBuf};
use url::Url;

/// Identifiers and names; clearly not of real people.
const OFFICERS: [(&str, &str); 2] = [("officer-1", "TEST Officer One"), ("officer-2", "TEST Officer Two")];

/// A key of an officer's and the file that it is kept in.
pub struct Key {
    pub authenticator: SoftAuthenticator,
    file: PathBuf,
}

/// An officer with their two keys: one vouches, the other logs in at the desk and can do nothing else.
pub struct Officer {
    pub id: String,
    pub vouching: Key,
    pub log_in: Key,
}

impl Key {
    /// The key in this file; a new one for `rp_id` when there is no file.
    fn keep(file: PathBuf, id: &str, rp_id: &str) -> Result<Self> {
        if file.exists() {
            return Self::read(file);
        }
        let mut authenticator = SoftAuthenticator::new();
        authenticator
            .credentials
            .push(Credential::make(Algorithm::Es256, rp_id, id.as_bytes())?);
        authenticator.to_file(&file)?;
        Ok(Self { authenticator, file })
    }

    fn read(file: PathBuf) -> Result<Self> {
        let authenticator = SoftAuthenticator::from_file(&file)
            .with_context(|| format!("cannot read {}: run `signum-demo-desk init` first", file.display()))?;
        Ok(Self { authenticator, file })
    }

    /// Makes a gesture on a page of `origin` and keeps the counter.
    pub fn gesture(&mut self, options: &Value, origin: &str) -> Result<Value> {
        let credential = self.authenticator.get(options, origin)?;
        self.authenticator.to_file(&self.file)?;
        Ok(credential)
    }

    /// Its public side, with the relying party that it is for.
    fn public(&self, origin: &Url) -> Result<Value> {
        let credential = self
            .authenticator
            .credentials
            .first()
            .context("an officer's file holds no key")?;
        Ok(json!({
            "rp": { "id": credential.rp_id, "origin": crate::browser::origin(origin) },
            "authenticator": {
                "credential_id": URL_SAFE_NO_PAD.encode(&credential.id),
                "cose_key": URL_SAFE_NO_PAD.encode(credential.cose_key()?),
                "aaguid": hex::encode([0; 16]),
                "backup_eligible": false,
                "counter": 0,
            },
        }))
    }
}

fn files(folder: &Path, id: &str) -> [PathBuf; 2] {
    [
        folder.join(format!("{id}.json")),
        folder.join(format!("{id}-log-in.json")),
    ]
}

/// Where officers log in: a host of its own beside the signer's, `http://desk.sign.localhost:8082`.
pub fn desk(signer: &Url) -> Result<Url> {
    let mut desk = signer.clone();
    let host = signer.host_str().context("the signer's address has no host")?;
    desk.set_host(Some(&format!("desk.{host}")))
        .context("the signer's host is no name that another can stand before")?;
    Ok(desk)
}

/// Makes the officers' keys unless they exist, and writes their public side for the module and the signer.
///
/// Keys of an earlier start, when an officer had one, stay what the module pinned: only a log-in key is added.
pub fn init(folder: &Path, out: &Path, rp_id: &str, origin: &Url) -> Result<()> {
    private_folder(folder)?;
    let desk = desk(origin)?;
    let mut public = Vec::new();
    for (id, name) in OFFICERS {
        let [vouching, log_in] = files(folder, id);
        let mut officer = Key::keep(vouching, id, rp_id)?.public(origin)?;
        let log_in = Key::keep(log_in, id, desk.host_str().unwrap_or_default())?.public(&desk)?;
        if let Some(members) = officer.as_object_mut() {
            members.insert("id".to_owned(), json!(id));
            members.insert("name".to_owned(), json!(name));
            members.insert("log_in".to_owned(), log_in);
        }
        public.push(officer);
    }
    leave_others_alone(out, &public)?;
    let fresh = out.with_extension("new");
    std::fs::write(&fresh, serde_json::to_vec_pretty(&Value::Array(public))?)?;
    std::fs::rename(&fresh, out).with_context(|| format!("cannot write {}", out.display()))
}

/// An officers' file with keys that are not ours is somebody's own work.
fn leave_others_alone(out: &Path, ours: &[Value]) -> Result<()> {
    if !out.exists() {
        return Ok(());
    }
    let here = || format!("{}", out.display());
    let there: Vec<Value> = serde_json::from_slice(&std::fs::read(out)?).with_context(here)?;
    let key = "/authenticator/cose_key";
    let known = |officer: &Value| ours.iter().any(|own| own.pointer(key) == officer.pointer(key));
    ensure!(
        there.iter().all(known),
        "{} lists officers who are not the demonstration's; give each a `log_in` key (docs/OPERATIONS.md, \
         \"Registration officers\") or set demo.enabled = false",
        here()
    );
    Ok(())
}

/// Reads the officers' keys.
pub fn load(folder: &Path) -> Result<Vec<Officer>> {
    OFFICERS
        .iter()
        .map(|(id, _)| {
            let [vouching, log_in] = files(folder, id);
            Ok(Officer {
                id: (*id).to_owned(),
                vouching: Key::read(vouching)?,
                log_in: Key::read(log_in)?,
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

    fn init_in(folder: &Path) -> Result<Value> {
        let (keys, out) = (folder.join("officers"), folder.join("officers.json"));
        init(
            &keys,
            &out,
            "sign.localhost",
            &"http://sign.localhost:8082".parse().unwrap(),
        )?;
        Ok(serde_json::from_slice(&std::fs::read(out).unwrap()).unwrap())
    }

    #[test]
    fn officers_keys_are_made_once_and_stay_private() {
        let folder = tempfile::tempdir().unwrap();
        let public = init_in(folder.path()).unwrap();
        assert_eq!(init_in(folder.path()).unwrap(), public);
        assert_eq!(public[0]["id"], "officer-1");
        assert_eq!(public[1]["rp"]["origin"], "http://sign.localhost:8082");
        assert_eq!(public[1]["log_in"]["rp"]["id"], "desk.sign.localhost");
        assert_eq!(public[1]["log_in"]["rp"]["origin"], "http://desk.sign.localhost:8082");
        let pointers = ["/authenticator/cose_key", "/log_in/authenticator/cose_key"];
        let mut keys: Vec<String> = [0, 1]
            .iter()
            .flat_map(|officer| pointers.map(|key| public[officer].pointer(key).unwrap().to_string()))
            .collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 4, "four different keys");
        let keys = folder.path().join("officers");
        assert_eq!(load(&keys).unwrap().len(), 2);
        for file in ["officer-1.json", "officer-1-log-in.json"] {
            let mode = std::fs::metadata(keys.join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }

    #[test]
    fn officers_of_an_earlier_start_get_a_log_in_key_and_keep_the_one_that_the_module_pinned() {
        let folder = tempfile::tempdir().unwrap();
        let mut earlier = init_in(folder.path()).unwrap();
        for officer in earlier.as_array_mut().unwrap() {
            let id = officer["id"].as_str().unwrap().to_owned();
            std::fs::remove_file(folder.path().join(format!("officers/{id}-log-in.json"))).unwrap();
            officer.as_object_mut().unwrap().remove("log_in");
        }
        std::fs::write(folder.path().join("officers.json"), earlier.to_string()).unwrap();
        let now = init_in(folder.path()).unwrap();
        for officer in [0, 1] {
            assert_eq!(now[officer]["authenticator"], earlier[officer]["authenticator"]);
            assert!(now[officer]["log_in"].is_object());
        }
    }

    #[test]
    fn a_list_of_other_officers_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let own = r#"[{"id":"officer-1","authenticator":{"cose_key":"AQI"}}]"#;
        std::fs::write(folder.path().join("officers.json"), own).unwrap();
        assert!(init_in(folder.path()).is_err());
        let kept = std::fs::read_to_string(folder.path().join("officers.json")).unwrap();
        assert_eq!(kept, own);
    }
}
