//! What the very first start makes, and later starts find: officers of the demonstration, secrets of the two clients.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use secrecy::{ExposeSecret, SecretString};
use signum_core::http::CsrfKey;
use signum_core::{Cx, Random};
use signum_idp::clients::{self, NewClient};
use signum_idp::people::{self, NewPerson, Register};
use signum_idp::representation::{Party, Represented, TableRegistry};

use crate::children::ChildProcess;
use crate::config::Config;
use crate::layout::{Layout, keep_secret, write_private};

/// The demonstration's registration officers: software keys in their own folder, public halves in `officers.json`.
pub async fn officers(config: &Config, layout: &Layout) -> Result<()> {
    if !config.demo.enabled || have_log_in_keys(layout)? {
        return Ok(());
    }
    let url = url::Url::parse(&config.signer.public_url).context("signer.public_url")?;
    let host = url.host_str().context("signer.public_url has no host")?;
    let (dir, out) = (
        layout.path("demo/officers").display().to_string(),
        layout.officers().display().to_string(),
    );
    let arguments = [
        "init",
        "--dir",
        &dir,
        "--out",
        &out,
        "--rp-id",
        host,
        "--origin",
        &url.origin().ascii_serialization(),
    ];
    ChildProcess::run("signum-demo-desk", &arguments, &[]).await
}

/// Whether the officers are there, each with a key for the log-in; those of earlier versions had one key for everything.
fn have_log_in_keys(layout: &Layout) -> Result<bool> {
    let file = layout.officers();
    if !file.exists() {
        return Ok(false);
    }
    let officers: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(&file)?).context("officers.json")?;
    Ok(officers.iter().all(|officer| officer.get("log_in").is_some()))
}

/// Registers the signing desk, and the demo service, as clients of the identity provider.
pub async fn clients(config: &Config, layout: &Layout, idp: &Cx) -> Result<()> {
    let signer = client(
        "signer",
        &config.signer.public_url,
        [
            (
                "sq",
                "Sporteli i nënshkrimit",
                "Për të ditur kush nënshkruan dhe për të lëshuar certifikatën e nënshkrimit.",
            ),
            (
                "sr-Latn",
                "Šalter za potpisivanje",
                "Da bi se znalo ko potpisuje i da bi se izdao sertifikat za potpis.",
            ),
            (
                "en",
                "Signing desk",
                "To know who signs, and to issue the signing certificate.",
            ),
        ],
        true,
        secret(layout, "signer", &*idp.random)?,
    );
    clients::register(idp, signer).await?;
    if config.demo.enabled {
        let demo = client(
            "demo-rp",
            &config.demo.public_url,
            [
                (
                    "sq",
                    "Komuna Shembull",
                    "Për t'ju treguar shërbimet komunale që ju takojnë.",
                ),
                (
                    "sr-Latn",
                    "Opština Primer",
                    "Da bi Vam se prikazale opštinske usluge koje Vam pripadaju.",
                ),
                (
                    "en",
                    "Example Municipality",
                    "To show you the municipal services that concern you.",
                ),
            ],
            false,
            secret(layout, "demo-rp", &*idp.random)?,
        );
        clients::register(idp, demo).await?;
    }
    Ok(())
}

fn secret(layout: &Layout, client: &str, random: &dyn Random) -> Result<SecretString> {
    keep_secret(&layout.client_secret(client), || random.token().into())
}

/// The key of a service's CSRF tokens: made once, so that pages opened before a restart, or on another replica, still work.
pub fn csrf_key(layout: &Layout, service: &str, random: &dyn Random) -> Result<CsrfKey> {
    let path = layout.csrf_key(service);
    let text = keep_secret(&path, || CsrfKey::random(random).to_hex().as_str().into())?;
    CsrfKey::from_hex(text.expose_secret())
        .with_context(|| format!("{} does not hold 64 hexadecimal digits", path.display()))
}

/// The name of this data folder's Signum among the replicas on one database: made once, so that a start knows what the
/// process before it left.
pub fn replica(layout: &Layout, random: &dyn Random) -> Result<[u8; 16]> {
    let path = layout.path("run/replica");
    let text = keep_secret(&path, || hex::encode(random.bytes::<16>()).into())?;
    let mut id = [0; 16];
    hex::decode_to_slice(text.expose_secret(), &mut id)
        .with_context(|| format!("{} does not hold 32 hexadecimal digits", path.display()))?;
    Ok(id)
}

fn client(
    id: &str,
    public_url: &str,
    words: [(&str, &str, &str); 3],
    legal_basis_personal_number: bool,
    secret: SecretString,
) -> NewClient {
    let own = |pick: fn(&(&str, &str, &str)) -> String| -> BTreeMap<String, String> {
        words.iter().map(|word| (word.0.to_owned(), pick(word))).collect()
    };
    NewClient {
        client_id: id.to_owned(),
        name: own(|word| word.1.to_owned()),
        purpose: own(|word| word.2.to_owned()),
        redirect_uris: vec![format!("{public_url}/callback")],
        post_logout_redirect_uris: vec![format!("{public_url}/")],
        secret,
        legal_basis_personal_number,
    }
}

/// The demonstration's people; every name and number is invented. `shembull`, `primer`: example.
const PEOPLE: [(&str, &str, &str, &str); 3] = [
    ("Arta", "Shembulli", "1000000007", "1990-04-12"),
    ("Petar", "Primerović", "1000000015", "1984-11-30"),
    ("Çelik Ëndërr", "Provë-Šiljak", "1000000023", "2001-02-28"),
];

/// For whom the demonstration's people may act: invented children and companies.
pub fn mandates() -> TableRegistry {
    let child = |number: &str, given_name: &str, family_name: &str| Represented {
        reference: number.to_owned(),
        party: Party::Natural {
            given_name: given_name.to_owned(),
            family_name: family_name.to_owned(),
        },
        roles: vec!["PARENT".to_owned()],
    };
    let company = |number: &str, name: &str| Represented {
        reference: number.to_owned(),
        party: Party::Legal { name: name.to_owned() },
        roles: vec!["BOARD_MEMBER".to_owned()],
    };
    let [arta, petar, _] = PEOPLE.map(|(_, _, number, _)| number.to_owned());
    TableRegistry::new(vec![
        (arta.clone(), child("2000000006", "Fëmija", "Shembulli")),
        (arta, company("810000001", "Shembull sh.p.k.")),
        (petar, company("810000002", "Primer d.o.o.")),
    ])
}

/// The demonstration's officers vouch for these personal numbers from now on, and for nobody who is not on the list.
pub fn vouch_for(config: &Config, layout: &Layout, numbers: &[&str]) -> Result<()> {
    let file = layout.demo_people();
    let mut text = match std::fs::read_to_string(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read.with_context(|| format!("cannot read {}", file.display()))?,
    };
    for number in numbers {
        // As EN 319 412-1 section 5.1.3 writes a person.
        let person = format!("PNO{}-{number}", config.signer.country);
        if !text.lines().any(|line| line == person) {
            text += &format!("{person}\n");
        }
    }
    write_private(&file, text.as_bytes())
}

/// [`vouch_for`] the people of [`people`].
pub fn vouch_for_people(config: &Config, layout: &Layout) -> Result<()> {
    vouch_for(config, layout, &PEOPLE.map(|(_, _, number, _)| number))
}

/// Adds the demo people that are missing and makes an activation address for each who has no log-in passkey yet.
pub async fn people(config: &Config, idp: &Cx, register: &Register) -> Result<Vec<(String, String)>> {
    let mut addresses = Vec::new();
    for (given, family, number, birthdate) in PEOPLE {
        let person = match register.find_by_number(number).await? {
            Some(person) => person,
            None => register.add(person(given, family, number, birthdate)).await?,
        };
        // They are invented: clients of the sandbox may meet them.
        clients::let_into_sandbox(idp, person.id).await?;
        if people::has_passkey(idp, person.id).await? {
            continue;
        }
        let code = people::activation_code(idp, person.id).await?;
        addresses.push((
            format!("{given} {family}"),
            format!("{}/activate/{code}", config.idp.public_url),
        ));
    }
    Ok(addresses)
}

fn person(given: &str, family: &str, number: &str, birthdate: &str) -> NewPerson {
    NewPerson {
        given_name: given.to_owned(),
        family_name: family.to_owned(),
        personal_number: number.to_owned(),
        birthdate: birthdate.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt;

    use axum::http::HeaderMap;
    use signum_core::OsRandom;
    use signum_core::http::Csrf;

    use super::*;

    fn layout() -> (Layout, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Layout::create(folder.path()).unwrap(), folder)
    }

    #[test]
    fn a_token_of_before_the_restart_is_good_after_it_and_at_no_other_service() {
        let (layout, _folder) = layout();
        let token = Csrf::new(csrf_key(&layout, "idp", &OsRandom).unwrap()).token("session");
        let taken_by = |service| {
            let csrf = Csrf::new(csrf_key(&layout, service, &OsRandom).unwrap());
            csrf.check("session", Some(&token), &HeaderMap::new(), "").is_ok()
        };
        assert!(taken_by("idp"));
        assert!(!taken_by("signer"));
        let mode = std::fs::metadata(layout.csrf_key("idp")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_secret_file_that_cannot_be_used_is_told_and_left_alone() {
        let (layout, _folder) = layout();
        for bad in [&b"short"[..], b"", b"\xff\xfe"] {
            std::fs::write(layout.csrf_key("idp"), bad).unwrap();
            let error = csrf_key(&layout, "idp", &OsRandom).unwrap_err();
            assert!(format!("{error:#}").contains("idp.csrf"), "{error:#}");
            assert_eq!(std::fs::read(layout.csrf_key("idp")).unwrap(), bad);
        }
    }
}
