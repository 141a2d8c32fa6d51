//! What the trip asks of the command line `signum`: a fresh demo person, and a certificate for a key held elsewhere.

use crate::program::{self, Said};
use anyhow::{Context, Result};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// Names of no real person: every family name means "example" or "trial".
const GIVEN: [&str; 6] = ["Arta", "Besnik", "Drita", "Milica", "Stefan", "Jelena"];
const FAMILY: [&str; 6] = ["Shembulli", "Prova", "Testi", "Primerović", "Probić", "Ogledović"];

/// `signum` and its configuration.
pub struct Commands {
    pub signum: PathBuf,
    pub var: PathBuf,
    pub config: Option<PathBuf>,
}

impl Commands {
    /// Adds a fresh demo person; gives the activation address.
    pub(super) async fn add_person(&self) -> Result<(String, String)> {
        let mut random = [0; 12];
        openssl::rand::rand_bytes(&mut random)?;
        let pick = |names: [&'static str; 6], at: usize| {
            names
                .into_iter()
                .cycle()
                .nth(random.get(at).copied().unwrap_or_default().into())
                .unwrap_or_default()
        };
        let (given, family) = (pick(GIVEN, 10), pick(FAMILY, 11));
        // No check digit is expected behind a leading 9.
        let number: String = std::iter::once('9')
            .chain(random.iter().take(9).map(|octet| char::from(b'0' + octet % 10)))
            .collect();
        let arguments = [
            "person",
            "add",
            "--demo",
            "--given-name",
            given,
            "--family-name",
            family,
            "--personal-number",
            &number,
            "--birthdate",
            "1990-05-17",
        ];
        let said = self.run(&arguments.map(OsString::from)).await?;
        said.expect("signum person add", &["/activate/"])?;
        let address = said
            .text
            .lines()
            .map(str::trim)
            .find(|line| line.contains("/activate/"))
            .unwrap_or_default();
        Ok((
            address.to_owned(),
            format!("{given} {family}, who does not exist; an activation address is printed"),
        ))
    }

    /// Has an authentication certificate issued for a PKCS#10 request; `subject` is given name, surname, serialNumber.
    pub(crate) async fn issue_authentication(&self, csr: &Path, out: &Path, subject: &[String; 3]) -> Result<()> {
        let [given, family, serial] = subject;
        let number = serial.rsplit('-').next().unwrap_or_default();
        let mut arguments: Vec<OsString> = [
            "ca",
            "issue",
            "--profile",
            "citizen-authentication",
            "--given-name",
            given,
            "--family-name",
            family,
            "--personal-number",
            number,
        ]
        .map(OsString::from)
        .to_vec();
        arguments.extend(["--csr".into(), std::path::absolute(csr)?.into_os_string()]);
        arguments.extend(["--out".into(), std::path::absolute(out)?.into_os_string()]);
        self.run(&arguments).await?.expect("signum ca issue", &[])
    }

    async fn run(&self, arguments: &[OsString]) -> Result<Said> {
        let here = std::env::current_dir()?;
        let mut all: Vec<OsString> = vec!["--var".into(), self.var.clone().into()];
        if let Some(config) = &self.config {
            all.extend(["--config".into(), config.clone().into()]);
        }
        all.extend_from_slice(arguments);
        program::run(&here, std::path::absolute(&self.signum)?, &all)
            .await
            .context("signum")
    }
}
