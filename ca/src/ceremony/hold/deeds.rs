//! What ceremonies make: certificates, requests and the root's list, each announced, made and told.

use der::{Decode, Encode};
use sha2::{Digest, Sha256};
use signum_core::Timestamp;
use signum_hsm_shim::Hsm;
use x509_cert::Certificate;
use x509_cert::crl::TbsCertList;

use super::room::Room;
use crate::authority::{Authority, Issuer, SigningKey};
use crate::ceremony::CeremonyFault;
use crate::ceremony::folder::sha256;
use crate::ceremony::linted::{LintedAuthority, Wanted};
use crate::ceremony::offline::common_name;
use crate::ceremony::plan::{PlannedIssuer, PlannedKey, PlannedList, PlannedRequest};
use crate::ceremony::transcript::Deed;
use crate::ceremony::{request, root_list};
use crate::lint;
use crate::profile::Profile;

impl Room<'_> {
    pub async fn root(&mut self, planned: &PlannedKey, days: i64, list: &PlannedList) -> Result<(), CeremonyFault> {
        let key = self.key(planned).await?;
        let mut issuer = Issuer {
            name: planned.authority,
            subject: planned.subject.clone(),
            key: key.clone(),
            validity: None,
            serial: None,
        };
        let wanted = Wanted {
            profile: planned.profile(),
            subject: &planned.subject,
            spki: &key.spki,
            days,
        };
        let certificate = self.certificate(&issuer, planned.authority.as_str(), &wanted).await?;
        let parsed = Certificate::from_der(&certificate)?;
        let (from, to) = signum_pki::certificate::validity_seconds(&parsed);
        issuer.validity = Some((Timestamp::from_seconds(from), Timestamp::from_seconds(to)));
        self.list(&issuer, list).await
    }

    pub async fn issuing(&mut self, planned: &PlannedKey) -> Result<(), CeremonyFault> {
        let key = self.key(planned).await?;
        let (authority, file) = (planned.authority.as_str(), format!("{}.p10", planned.authority));
        let told = self.script.find(|deed| match deed {
            Deed::RequestSigned {
                authority: a, sha256, ..
            } if a == authority => Some(sha256.clone()),
            _ => None,
        });
        if told.is_some_and(|told| self.again(&file, &told).is_some()) {
            return Ok(());
        }
        let octets = request::sign(&self.hsm, &key, &planned.subject).await?;
        let made = self.put(file, &octets)?;
        self.script.tell(Deed::RequestSigned {
            authority: authority.to_owned(),
            subject: planned.subject.to_string(),
            public_key: sha256(&key.spki),
            file: made.file,
            sha256: made.sha256,
        })
    }

    /// The root whose certificate the file names, its key found in the token.
    pub async fn issuer(&mut self, planned: &PlannedIssuer) -> Result<Issuer, CeremonyFault> {
        let der = self.folder.read("in/root.der")?;
        if <[u8; 32]>::from(Sha256::digest(&der)) != planned.certificate {
            return Err(CeremonyFault::Input(
                "in/root.der is not the certificate that the file names".to_owned(),
            ));
        }
        let real = Authority::from_stored(planned.authority, &self.plan.config, &planned.label, der)?;
        let written = self.plan.file.issuer.as_ref().map(|issuer| issuer.common_name.as_str());
        if written != Some(common_name(&real.issuer.subject).as_str()) {
            return Err(CeremonyFault::Input(
                "in/root.der has another common name than the file says".to_owned(),
            ));
        }
        let authority = match self.rehearsal {
            true => self.stand_in(real).await?,
            false => real,
        };
        let (issuer, label) = (authority.issuer, &planned.label);
        if self.hsm.public_key(&issuer.key.uri).await?.spki != issuer.key.spki {
            return Err(CeremonyFault::KeyMismatch(label.clone()));
        }
        let report = self.attributes(label)?;
        self.script.tell(Deed::KeyUsed {
            label: label.clone(),
            public_key: sha256(&issuer.key.spki),
            certificate: hex::encode(planned.certificate),
            report: Box::new(report),
        })?;
        Ok(issuer)
    }

    /// In a rehearsal: a root of the same name and validity with a key of the empty token.
    async fn stand_in(&mut self, real: Authority) -> Result<Authority, CeremonyFault> {
        let (issuer, config) = (real.issuer, &self.plan.config);
        let public = self.hsm.generate(&issuer.key.uri, issuer.key.algorithm).await?;
        self.stand_in = Some(issuer.key.uri.object.clone());
        let (from, to) = issuer.validity.unwrap_or((self.now(), self.now()));
        let own = Issuer {
            key: SigningKey {
                spki: public.spki.clone(),
                ..issuer.key.clone()
            },
            validity: None,
            ..issuer
        };
        let profile = crate::profile::of_authority(own.name.role);
        let wanted = Wanted {
            profile,
            subject: &own.subject,
            spki: &public.spki,
            days: (to.seconds() - from.seconds() + 1) / crate::profile::DAY,
        };
        let tbs = wanted.build(config, &own, self.now(), self.script.desk.random)?;
        let linted = LintedAuthority::lint(tbs, config, &own, profile, self.now())?;
        let der = linted.sign(&self.hsm, &own).await?;
        Ok(Authority::from_stored(own.name, config, &own.key.uri.object, der)?)
    }

    pub async fn certify(&mut self, root: &Issuer, planned: &PlannedRequest) -> Result<(), CeremonyFault> {
        let file = format!("in/{}.p10", planned.authority);
        let pkcs10 = self.folder.read(&file)?;
        if <[u8; 32]>::from(Sha256::digest(&pkcs10)) != planned.request {
            return Err(CeremonyFault::Input(format!(
                "{file} is not the request that the file names"
            )));
        }
        let spki = request::read(&pkcs10, &planned.subject)?;
        let wanted = Wanted {
            profile: planned.profile(),
            subject: &planned.subject,
            spki: &spki,
            days: planned.days,
        };
        self.certificate(root, planned.authority.as_str(), &wanted)
            .await
            .map(drop)
    }

    /// Built, linted, told, signed, told: or taken up where it stands.
    async fn certificate(
        &mut self,
        issuer: &Issuer,
        authority: &str,
        wanted: &Wanted<'_>,
    ) -> Result<Vec<u8>, CeremonyFault> {
        let file = format!("{authority}.der");
        let signed = self.script.find(|deed| match deed {
            Deed::CertificateSigned {
                authority: a, sha256, ..
            } if a == authority => Some(sha256.clone()),
            _ => None,
        });
        if let Some(octets) = signed.and_then(|told| self.again(&file, &told)) {
            return Ok(octets);
        }
        let announced = self.script.find(|deed| match deed {
            Deed::CertificateLinted { authority: a, tbs, .. } if a == authority => hex::decode(tbs).ok(),
            _ => None,
        });
        let (config, now) = (&self.plan.config, self.now());
        let tbs = match &announced {
            Some(tbs) => tbs.clone(),
            None => wanted.build(config, issuer, now, self.script.desk.random)?,
        };
        let linted = LintedAuthority::lint(tbs, config, issuer, wanted.profile, now)?;
        if announced.is_none() {
            self.script
                .tell(linted_deed(authority, issuer, wanted.profile, &linted)?)?;
        }
        let tbs_sha256 = linted.hash();
        let octets = linted.sign(&self.hsm, issuer).await?;
        let made = self.put(file, &octets)?;
        self.script.tell(Deed::CertificateSigned {
            authority: authority.to_owned(),
            tbs_sha256,
            file: made.file,
            sha256: made.sha256,
        })?;
        Ok(octets)
    }

    pub async fn list(&mut self, root: &Issuer, planned: &PlannedList) -> Result<(), CeremonyFault> {
        let file = format!("{}.crl", root.name);
        let signed = self.script.find(|deed| match deed {
            Deed::ListSigned { sha256, .. } => Some(sha256.clone()),
            _ => None,
        });
        if signed.is_some_and(|told| self.again(&file, &told).is_some()) {
            return Ok(());
        }
        let announced = self.script.find(|deed| match deed {
            Deed::ListIntended { tbs, .. } => hex::decode(tbs).ok(),
            _ => None,
        });
        let list = match &announced {
            Some(tbs) => TbsCertList::from_der(tbs)?,
            None => {
                let now = self.now();
                let (list, next) = root_list::build(&self.plan.config, root, planned, now)?;
                let tbs = list.to_der()?;
                self.script.tell(Deed::ListIntended {
                    number: planned.number,
                    this_update: Timestamp::from_seconds(now.seconds()).to_string(),
                    next_update: next.to_string(),
                    revoked: planned.entries.iter().map(|entry| hex::encode(&entry.0)).collect(),
                    tbs_sha256: sha256(&tbs),
                    tbs: hex::encode(&tbs),
                })?;
                list
            }
        };
        let octets = root_list::sign(&self.hsm, root, &list).await?;
        let made = self.put(file, &octets)?;
        self.script.tell(Deed::ListSigned {
            number: planned.number,
            tbs_sha256: sha256(&list.to_der()?),
            file: made.file,
            sha256: made.sha256,
        })
    }
}

fn linted_deed(
    authority: &str,
    issuer: &Issuer,
    profile: &Profile,
    linted: &LintedAuthority,
) -> Result<Deed, CeremonyFault> {
    let tbs = crate::tbs::Tbs::from_der(linted.tbs())?;
    let at = |time: x509_cert::time::Time| {
        Timestamp::from_seconds(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)).to_string()
    };
    Ok(Deed::CertificateLinted {
        authority: authority.to_owned(),
        profile: profile.id.to_owned(),
        subject: tbs.subject.to_string(),
        issuer: issuer.subject.to_string(),
        serial: hex::encode(tbs.serial_number.as_bytes()),
        not_before: at(tbs.validity.not_before),
        not_after: at(tbs.validity.not_after),
        public_key: sha256(&tbs.spki.to_der()?),
        tbs_sha256: linted.hash(),
        tbs: hex::encode(linted.tbs()),
        rules: lint::RULE_COUNT,
        findings: Vec::new(),
    })
}
