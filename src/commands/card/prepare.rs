//! PINs, keys and requests of a blank card.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result};
use signum_card::personalise::{Object, generate, request, store};
use signum_card::{CardError, Inserted, Key, Letter, Secret};
use signum_core::{OsRandom, Random};

/// What the CA is asked: PKCS#10, DER.
pub struct Requests {
    pub authentication: Vec<u8>,
    pub signature: Vec<u8>,
}

/// Does it, and writes what it comes to into the new folder `out`.
pub fn run(card: &mut Inserted, out: &Path) -> Result<Requests> {
    let mut folder = DirBuilder::new();
    folder
        .mode(0o700)
        .create(out)
        .with_context(|| format!("cannot make the folder {}", out.display()))?;
    let letter = Letter::draw(|octets| OsRandom.fill(octets));
    // Before the card has them: a card whose PINs nobody knows would be lost.
    write(&out.join("letter.txt"), letter.text().as_bytes())?;
    let requests = card.alone(|card| {
        let missing = || CardError::Missing("a PIN");
        for secret in [Secret::Pin1, Secret::Pin2, Secret::Puk] {
            let pin = letter.pin(secret).ok_or_else(missing)?;
            store(card, Object::Secret(secret, &pin))?;
        }
        let [authentication, signature] = [Key::Authentication, Key::Signature].map(|key| {
            let pin = letter.pin(key.secret()).ok_or_else(missing)?;
            let point = generate(card, key)?;
            request(card, key, &point, &pin)
        });
        Ok(Requests {
            authentication: authentication?,
            signature: signature?,
        })
    })?;
    for (name, der) in [
        ("authentication.csr", &requests.authentication),
        ("signature.csr", &requests.signature),
    ] {
        let pem = der::pem::encode_string("CERTIFICATE REQUEST", der::pem::LineEnding::LF, der);
        let pem = pem.map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
        write(&out.join(name), pem.as_bytes())?;
    }
    Ok(requests)
}

/// For this user alone, and never over an older one.
pub fn write(path: &Path, contents: &[u8]) -> Result<()> {
    let written = || {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(contents)?;
        file.sync_all()
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}
