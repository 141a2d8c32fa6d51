//! The options a page hands to the browser (WebAuthn sections 5.4 and 5.5), with or without the `publicKey` member around them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::{Algorithm, Error};

/// Of `create()`.
pub(crate) struct Creation {
    pub rp_id: String,
    pub challenge: Vec<u8>,
    pub user_handle: Vec<u8>,
    pub exclude: Vec<Vec<u8>>,
    algorithms: Vec<i64>,
}

/// Of `get()`.
pub(crate) struct Request {
    pub rp_id: String,
    pub challenge: Vec<u8>,
    pub allow: Vec<Vec<u8>>,
}

impl Creation {
    pub fn read(options: &Value) -> Result<Self, Error> {
        let options = options.get("publicKey").unwrap_or(options);
        let parameters = options.get("pubKeyCredParams").and_then(Value::as_array);
        let parameters = parameters.ok_or(Error::Options("pubKeyCredParams"))?;
        let user = options.get("user").ok_or(Error::Options("user"))?;
        Ok(Self {
            rp_id: text(options.get("rp").unwrap_or(&Value::Null), "id")?,
            challenge: octets(options, "challenge")?,
            user_handle: octets(user, "id")?,
            exclude: ids(options, "excludeCredentials")?,
            algorithms: parameters.iter().filter_map(|p| p.get("alg")?.as_i64()).collect(),
        })
    }

    /// The first offered that this authenticator knows.
    pub fn algorithm(&self) -> Result<Algorithm, Error> {
        let mut known = self.algorithms.iter().filter_map(|id| Algorithm::from_cose(*id));
        known.next().ok_or(Error::NotAllowed("no algorithm in common"))
    }
}

impl Request {
    pub fn read(options: &Value) -> Result<Self, Error> {
        let options = options.get("publicKey").unwrap_or(options);
        Ok(Self {
            rp_id: text(options, "rpId")?,
            challenge: octets(options, "challenge")?,
            allow: ids(options, "allowCredentials")?,
        })
    }
}

fn text(object: &Value, name: &'static str) -> Result<String, Error> {
    let text = object.get(name).and_then(Value::as_str).ok_or(Error::Options(name))?;
    Ok(text.to_owned())
}

fn octets(object: &Value, name: &'static str) -> Result<Vec<u8>, Error> {
    let text = text(object, name)?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::Options(name))
}

fn ids(options: &Value, name: &'static str) -> Result<Vec<Vec<u8>>, Error> {
    match options.get(name).and_then(Value::as_array) {
        None => Ok(Vec::new()),
        Some(descriptors) => descriptors.iter().map(|d| octets(d, "id")).collect(),
    }
}
