//! PKCS#11 URIs (RFC 7512): the attributes by which Signum finds a module, a token and a key, and nothing it would ignore.
//!
//! An attribute that is not understood would silently widen what an address matches, so it is refused by name; so is a
//! repeated one, and `pin-value`, because a PIN does not belong in an address. Vendor attributes begin with `x-`.

use std::fmt::{self, Write};
use std::path::PathBuf;

use crate::capabilities::TokenFacts;
use crate::error::HsmError;

/// What `type=` may say (section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectType {
    Public,
    Private,
    SecretKey,
    Cert,
    Data,
}

/// A parsed address; an absent attribute matches anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pkcs11Uri {
    pub token: Option<String>,
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    pub serial: Option<String>,
    pub slot_id: Option<u64>,
    pub object: Option<String>,
    /// CKA_ID.
    pub id: Option<Vec<u8>>,
    pub kind: Option<ObjectType>,
    pub module_path: Option<PathBuf>,
    /// Where the PIN is: `file:/path`, `credential:NAME`.
    pub pin_source: Option<String>,
    /// Vendor attributes in their order, name and value.
    pub vendor: Vec<(String, String)>,
}

impl Pkcs11Uri {
    /// Whether a token answers to the path attributes that concern tokens.
    pub fn matches(&self, token: &TokenFacts, slot: u64) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        same(&self.token, &token.label)
            && same(&self.manufacturer, &token.manufacturer)
            && same(&self.model, &token.model)
            && same(&self.serial, &token.serial)
            && self.slot_id.is_none_or(|wanted| wanted == slot)
    }

    fn set_path(&mut self, name: &str, value: &str) -> Result<(), String> {
        let taken = match name {
            "token" => self.token.replace(text(value)?).is_some(),
            "manufacturer" => self.manufacturer.replace(text(value)?).is_some(),
            "model" => self.model.replace(text(value)?).is_some(),
            "serial" => self.serial.replace(text(value)?).is_some(),
            "object" => self.object.replace(text(value)?).is_some(),
            "id" => self.id.replace(octets(value)?).is_some(),
            "type" => self.kind.replace(object_type(value)?).is_some(),
            "slot-id" => self.slot_id.replace(number(value)?).is_some(),
            vendor if vendor.starts_with("x-") => {
                let repeated = self.vendor.iter().any(|(known, _)| known == vendor);
                self.vendor.push((vendor.to_owned(), text(value)?));
                repeated
            }
            other => return Err(format!("{other} is not understood")),
        };
        once(name, taken)
    }

    fn set_query(&mut self, name: &str, value: &str) -> Result<(), String> {
        let taken = match name {
            "module-path" => self.module_path.replace(PathBuf::from(text(value)?)).is_some(),
            "pin-source" => self.pin_source.replace(text(value)?).is_some(),
            "pin-value" => return Err("a PIN does not belong in an address; use pin-source".into()),
            // Section 2.3: in the query, vendor attributes may be repeated.
            vendor if vendor.starts_with("x-") => {
                self.vendor.push((vendor.to_owned(), text(value)?));
                false
            }
            other => return Err(format!("{other} is not understood")),
        };
        once(name, taken)
    }
}

impl std::str::FromStr for Pkcs11Uri {
    type Err = HsmError;

    fn from_str(uri: &str) -> Result<Self, HsmError> {
        // Neither value is repeated in the message: it may hold what should not be logged.
        let wrong = |why: String| HsmError::Misconfigured(format!("PKCS#11 address: {why}"));
        let (scheme, rest) = uri.split_once(':').unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("pkcs11") {
            return Err(wrong("it begins with pkcs11:".into()));
        }
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let mut parsed = Self::default();
        for part in path.split(';').filter(|_| !path.is_empty()) {
            let (name, value) = pair(part, b":[]@!$'()*+,=&").map_err(wrong)?;
            parsed.set_path(name, value).map_err(wrong)?;
        }
        for part in query.iter().flat_map(|query| query.split('&')) {
            let (name, value) = pair(part, b":[]@!$'()*+,=/?|").map_err(wrong)?;
            parsed.set_query(name, value).map_err(wrong)?;
        }
        Ok(parsed)
    }
}

impl fmt::Display for Pkcs11Uri {
    /// Path attributes, then query attributes, in the order of the fields; everything not unreserved is percent-encoded.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let some = |name: &'static str, value: &Option<String>| value.as_ref().map(|v| (name, percent(v.as_bytes())));
        let path = [
            some("token", &self.token),
            some("manufacturer", &self.manufacturer),
            some("model", &self.model),
            some("serial", &self.serial),
            self.slot_id.map(|slot| ("slot-id", slot.to_string())),
            some("object", &self.object),
            self.id.as_ref().map(|id| ("id", percent(id))),
            self.kind.map(|kind| ("type", type_name(kind).to_owned())),
        ];
        f.write_str("pkcs11:")?;
        for (at, (name, value)) in path.into_iter().flatten().enumerate() {
            write!(f, "{}{name}={value}", if at == 0 { "" } else { ";" })?;
        }
        let module = self.module_path.as_ref();
        let query = [
            module.map(|path| ("module-path", percent(path.as_os_str().as_encoded_bytes()))),
            some("pin-source", &self.pin_source),
        ];
        let vendor = self
            .vendor
            .iter()
            .map(|(name, value)| (name.as_str(), percent(value.as_bytes())));
        for (at, (name, value)) in query.into_iter().flatten().chain(vendor).enumerate() {
            write!(f, "{}{name}={value}", if at == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

/// Name and raw value of one attribute; only characters that section 2.3 allows unencoded.
fn pair<'a>(part: &'a str, allowed: &[u8]) -> Result<(&'a str, &'a str), String> {
    let (name, value) = part.split_once('=').ok_or("an attribute is NAME=VALUE")?;
    let good = |b: u8| b.is_ascii_alphanumeric() || b"-._~%".contains(&b) || allowed.contains(&b);
    if !value.bytes().all(good) {
        return Err(format!("{name} has a character that must be percent-encoded"));
    }
    Ok((name, value))
}

fn once(name: &str, taken: bool) -> Result<(), String> {
    if taken {
        Err(format!("{name} is there twice"))
    } else {
        Ok(())
    }
}

fn text(value: &str) -> Result<String, String> {
    String::from_utf8(octets(value)?).map_err(|_| "a value is not UTF-8".into())
}

fn number(value: &str) -> Result<u64, String> {
    if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) {
        return Err("slot-id is a number".into());
    }
    value.parse().map_err(|_| "slot-id is too large".into())
}

fn object_type(value: &str) -> Result<ObjectType, String> {
    let all = [
        ObjectType::Public,
        ObjectType::Private,
        ObjectType::SecretKey,
        ObjectType::Cert,
        ObjectType::Data,
    ];
    let known = all.into_iter().find(|kind| type_name(*kind) == value);
    known.ok_or_else(|| "type is public, private, secret-key, cert or data".into())
}

fn type_name(kind: ObjectType) -> &'static str {
    match kind {
        ObjectType::Public => "public",
        ObjectType::Private => "private",
        ObjectType::SecretKey => "secret-key",
        ObjectType::Cert => "cert",
        ObjectType::Data => "data",
    }
}

/// Everything but unreserved characters (RFC 3986 section 2.3) as `%XX`.
fn percent(bytes: &[u8]) -> String {
    let mut out = String::new();
    for b in bytes {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(*b)),
            // Writing to a string cannot fail.
            other => _ = write!(out, "%{other:02X}"),
        }
    }
    out
}

fn octets(value: &str) -> Result<Vec<u8>, String> {
    let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
    let mut out = Vec::with_capacity(value.len());
    let mut bytes = value.bytes();
    while let Some(b) = bytes.next() {
        if b != b'%' {
            out.push(b);
            continue;
        }
        match (digit(bytes.next()), digit(bytes.next())) {
            (Some(high), Some(low)) => out.push((high * 16 + low) as u8),
            _ => return Err("a percent sign without two hexadecimal digits".into()),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
