//! The offline check of a held ceremony: file, officers, approvals, every line, every key's proof, every certificate and list,
//! and the auditor's signature. It needs the published genesis hash and nothing of us besides.

mod octets;
mod sequence;

use std::collections::BTreeMap;

use super::approval;
use super::auditor::verify_countersignature;
use super::folder::{Folder, sha256};
use super::hold::opening_of;
use super::plan::{Plan, PlannedKey, Work};
use super::prove;
use super::render;
use super::request;
use super::transcript::{Deed, KeyAttributes, KeyInToken, Transcript};
use crate::authority::{Authority, AuthorityName, Issuer};
use crate::officer::{ListHash, Officers};
use octets::{certificate_holds, key_of, list_holds};
use sequence::{expected, told};

/// What the check found. Only a report without problems says anything.
#[derive(Debug)]
pub struct Report {
    pub plan: Plan,
    pub transcript: Transcript,
    /// What does not hold, each in a sentence.
    pub problems: Vec<String>,
    /// Certificates of authorities that came of it, DER.
    pub(crate) certificates: Vec<(AuthorityName, Vec<u8>)>,
    /// The root's list, DER.
    pub(crate) list: Option<Vec<u8>>,
    /// The root that signed: made here, or named by the file.
    pub(crate) root: Option<Vec<u8>>,
}

/// Checks everything in the folder. An error means that file or transcript cannot even be read.
pub fn verify(folder: &Folder, genesis: ListHash) -> Result<Report, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let plan = Plan::read(&folder.read(Folder::CEREMONY).map_err(|e| said(&e))?).map_err(|e| said(&e))?;
    let text = folder.read(Folder::TRANSCRIPT).map_err(|e| said(&e))?;
    let (transcript, _) = Transcript::read(&text, &plan.hash, false).map_err(|e| said(&e))?;
    let mut check = Check {
        folder,
        report: Report {
            plan,
            transcript,
            problems: Vec::new(),
            certificates: Vec::new(),
            list: None,
            root: None,
        },
        public_keys: BTreeMap::new(),
    };
    check.officers(genesis);
    check.sequence();
    check.keys();
    check.files();
    check.authorities();
    check.proofs();
    check.auditor(&text);
    check.renderings();
    Ok(check.report)
}

struct Check<'a> {
    folder: &'a Folder,
    report: Report,
    /// SubjectPublicKeyInfo by its SHA-256, of every certificate and request.
    public_keys: BTreeMap<String, Vec<u8>>,
}

impl Check<'_> {
    fn problem(&mut self, problem: impl std::fmt::Display) {
        self.report.problems.push(problem.to_string());
    }

    fn read(&mut self, relative: &str) -> Option<Vec<u8>> {
        match self.folder.read(relative) {
            Ok(octets) => Some(octets),
            Err(error) => {
                self.problem(error);
                None
            }
        }
    }

    /// Approvals of the list in force, and the first line that tells of them.
    fn officers(&mut self, genesis: ListHash) {
        let checked = || -> Result<(Officers, Vec<approval::Approval>), String> {
            let lists = self.folder.lists().map_err(|e| e.to_string())?;
            let officers = approval::officers(&self.report.plan, genesis, &lists).map_err(|e| e.to_string())?;
            let approvals = self.folder.approvals().map_err(|e| e.to_string())?;
            approval::check(&self.report.plan, &officers, &approvals).map_err(|e| e.to_string())?;
            Ok((officers, approvals))
        };
        match checked() {
            Ok((officers, approvals)) => {
                let expected = opening_of(&self.report.plan, &officers, &approvals);
                if self.report.transcript.opening() != Some(&expected) {
                    self.problem("line 1 does not say what file, officers and approvals say");
                }
            }
            Err(problem) => self.problem(problem),
        }
        let (from, until) = (self.report.plan.from.to_string(), self.report.plan.until.to_string());
        let times: Vec<String> = self.report.transcript.entries.iter().map(|e| e.at.clone()).collect();
        // RFC 3339 in UTC with whole seconds: their order is that of their text.
        if times.first().is_none_or(|first| *first < from || *first >= until) {
            self.problem("it was not opened in the time that the file allows");
        }
        if !times.is_sorted() {
            self.problem("its times go backwards");
        }
    }

    /// Exactly the deeds that the file asks for, in their order.
    fn sequence(&mut self) {
        let expected = expected(&self.report.plan);
        let told: Vec<String> = self.report.transcript.deeds().filter_map(told).collect();
        if told != expected {
            let at = told.iter().zip(&expected).take_while(|(a, b)| a == b).count();
            let (said, asked) = (told.get(at), expected.get(at));
            self.problem(format!("the file asks for {asked:?}, the transcript tells of {said:?}"));
        }
        let wanted = &self.report.plan.file.token;
        let another = self.report.transcript.deeds().any(|deed| match deed {
            Deed::Token { token, .. } => {
                token.label != wanted.label || wanted.serial.as_ref().is_some_and(|serial| *serial != token.serial)
            }
            _ => false,
        });
        if another {
            self.problem("the token is not the one that the file names");
        }
        let attributes = |deed: &Deed| match deed {
            Deed::KeyMade { label, report, .. } | Deed::KeyUsed { label, report, .. } => {
                (!KeyAttributes::never_left(report)).then(|| label.clone())
            }
            _ => None,
        };
        let bad: Vec<String> = self.report.transcript.deeds().filter_map(attributes).collect();
        for label in bad {
            self.problem(format!("key {label} may have left the token"));
        }
    }

    /// Every key that lies in the token at the end lay there at the beginning or was made by the ceremony.
    fn keys(&mut self) {
        let (mut known, mut left): (Option<Vec<KeyInToken>>, Vec<KeyInToken>) = (None, Vec::new());
        for deed in self.report.transcript.deeds() {
            match deed {
                Deed::Token { keys, .. } => {
                    known.get_or_insert_with(|| keys.clone());
                }
                Deed::KeyMade { label, public_key, .. } => known.get_or_insert_default().push(KeyInToken {
                    label: label.clone(),
                    public_key: Some(public_key.clone()),
                }),
                Deed::Closed { keys, .. } => left.clone_from(keys),
                _ => {}
            }
        }
        let known = known.unwrap_or_default();
        for key in left.iter().filter(|key| !known.contains(key)) {
            self.problem(format!("nobody tells where the token has key {} from", key.label));
        }
    }

    /// The closing line names every file, and each is as it was.
    fn files(&mut self) {
        let Some(files) = self.report.transcript.files().map(<[_]>::to_vec) else {
            return self.problem("the ceremony was not brought to its end");
        };
        let mut named: Vec<(String, String)> = Vec::new();
        for deed in self.report.transcript.deeds() {
            if let Deed::RequestSigned { file, sha256, .. }
            | Deed::CertificateSigned { file, sha256, .. }
            | Deed::ListSigned { file, sha256, .. } = deed
            {
                named.push((file.clone(), sha256.clone()));
            }
        }
        if !files
            .iter()
            .map(|made| (&made.file, &made.sha256))
            .eq(named.iter().map(|(f, h)| (f, h)))
        {
            self.problem("the closing line names other files than the lines before it");
        }
        for made in files {
            if let Some(octets) = self.read(&format!("out/{}", made.file))
                && sha256(&octets) != made.sha256
            {
                self.problem(format!("out/{} was changed", made.file));
            }
        }
    }

    fn authorities(&mut self) {
        match self.report.plan.work.clone() {
            Work::Root { key, days, .. } => {
                let root = self.certificate(None, key.authority, &key.subject, days);
                self.report.root.clone_from(&root);
                let issuer = root.and_then(|der| self.issuer(key.authority, &key.label, der));
                self.list(issuer.as_ref());
            }
            Work::Issuing(keys) => keys.iter().for_each(|key| self.request(key)),
            Work::Sign { issuer, requests, list } => {
                let root = self.root(issuer.certificate, issuer.authority, &issuer.label);
                for wanted in &requests {
                    self.certificate(root.as_ref(), wanted.authority, &wanted.subject, wanted.days);
                }
                if list.is_some() {
                    self.list(root.as_ref());
                }
            }
            Work::List { issuer, .. } => {
                let root = self.root(issuer.certificate, issuer.authority, &issuer.label);
                self.list(root.as_ref());
            }
        }
    }

    fn issuer(&mut self, name: AuthorityName, label: &str, der: Vec<u8>) -> Option<Issuer> {
        match Authority::from_stored(name, &self.report.plan.config, label, der) {
            Ok(authority) => {
                let spki = authority.issuer.key.spki.clone();
                self.public_keys.insert(sha256(&spki), spki);
                Some(authority.issuer)
            }
            Err(error) => {
                self.problem(format!("certificate of {name}: {error}"));
                None
            }
        }
    }

    /// The root that the file names.
    fn root(&mut self, pinned: [u8; 32], name: AuthorityName, label: &str) -> Option<Issuer> {
        let der = self.read("in/root.der")?;
        if sha256(&der) != hex::encode(pinned) {
            self.problem("in/root.der is not the certificate that the file names");
            return None;
        }
        self.report.root = Some(der.clone());
        self.issuer(name, label, der)
    }

    fn request(&mut self, key: &PlannedKey) {
        let file = format!("out/{}.p10", key.authority);
        let Some(octets) = self.read(&file) else { return };
        match request::read(&octets, &key.subject) {
            Ok(spki) => {
                let hash = sha256(&spki);
                let told = self.told_key(&key.label);
                if told.as_ref() != Some(&hash) {
                    self.problem(format!("{file} names another key than the transcript"));
                }
                self.public_keys.insert(hash, spki);
            }
            Err(error) => self.problem(format!("{file}: {error}")),
        }
    }

    fn told_key(&self, wanted: &str) -> Option<String> {
        self.report.transcript.deeds().find_map(|deed| match deed {
            Deed::KeyMade { label, public_key, .. } if label == wanted => Some(public_key.clone()),
            _ => None,
        })
    }

    /// The certificate is the octets that were linted, lints still, is signed by its issuer and says what the file asks for.
    fn certificate(
        &mut self,
        issuer: Option<&Issuer>,
        name: AuthorityName,
        subject: &x509_cert::name::Name,
        days: i64,
    ) -> Option<Vec<u8>> {
        let der = self.read(&format!("out/{name}.der"))?;
        match certificate_holds(&self.report, issuer, name, subject, days, &der) {
            Ok(spki) => {
                self.public_keys.insert(sha256(&spki), spki);
                self.report.certificates.push((name, der.clone()));
            }
            Err(problem) => self.problem(format!("out/{name}.der: {problem}")),
        }
        Some(der)
    }

    fn list(&mut self, issuer: Option<&Issuer>) {
        let Some(issuer) = issuer else { return };
        let Some(der) = self.read(&format!("out/{}.crl", issuer.name)) else {
            return;
        };
        match list_holds(&self.report, issuer, &der) {
            Ok(()) => self.report.list = Some(der),
            Err(problem) => self.problem(format!("out/{}.crl: {problem}", issuer.name)),
        }
    }

    /// Each new key was proven by a fresh process's signature.
    fn proofs(&mut self) {
        let proofs: Vec<_> = self
            .report
            .transcript
            .deeds()
            .filter_map(|deed| match deed {
                Deed::KeyProven {
                    label,
                    public_key,
                    signature,
                } => Some((label.clone(), public_key.clone(), signature.clone())),
                _ => None,
            })
            .collect();
        for (label, public_key, signature) in proofs {
            let holds = || -> Option<bool> {
                let spki = self.public_keys.get(&public_key)?;
                let key = key_of(spki)?;
                let message = prove::proof_message(&self.report.plan.hash, spki);
                let made = self.told_key(&label)? == public_key;
                Some(made && prove::verifies(&key, &message, &hex::decode(&signature).ok()?))
            };
            if holds() != Some(true) {
                self.problem(format!("the proof of key {label} does not hold"));
            }
        }
    }

    fn auditor(&mut self, transcript: &[u8]) {
        if !self.folder.exists(Folder::COUNTERSIGNATURE) {
            return self.problem("the auditor's signature is missing");
        }
        let (Some(signature), Some(certificate)) = (self.read(Folder::COUNTERSIGNATURE), self.read(Folder::AUDITOR))
        else {
            return;
        };
        if let Err(error) = verify_countersignature(transcript, &signature, &certificate, &self.report.plan.auditor) {
            self.problem(error);
        }
    }

    /// What people read says what the lines say.
    fn renderings(&mut self) {
        for (file, expected) in render::files(&self.report.plan, &self.report.transcript) {
            if let Some(octets) = self.read(&file)
                && octets != expected.as_bytes()
            {
                self.problem(format!("{file} does not say what the transcript says"));
            }
        }
    }
}
