//! A CA certificate of a ceremony: built after its profile, linted on its exact octets, then signable and not before.

use der::asn1::{Any, BitString};
use der::{Decode, Encode};
use sha2::{Digest, Sha256};
use signum_core::{Random, Timestamp};
use signum_hsm_shim::Hsm;
use x509_cert::name::Name;

use super::CeremonyFault;
use crate::authority::Issuer;
use crate::config::Config;
use crate::issue::fresh_serial;
use crate::lint::{self, Context};
use crate::profile::{DAY, Profile};
use crate::signing::{self, Signable};
use crate::tbs::{Particulars, SignedCertificate, Tbs};

/// Relying parties' clocks may be this much behind (P-02 allows an hour).
const BACKDATE: i64 = 60;

/// What a certificate shall say.
pub(super) struct Wanted<'a> {
    pub profile: &'static Profile,
    pub subject: &'a Name,
    /// SubjectPublicKeyInfo DER.
    pub spki: &'a [u8],
    pub days: i64,
}

/// Proof that the linter accepted these octets: nothing else makes a CA certificate signable in a ceremony.
pub(crate) struct LintedAuthority {
    tbs: Vec<u8>,
}

impl Wanted<'_> {
    /// The octets that will be signed.
    pub fn build(
        &self,
        config: &Config,
        issuer: &Issuer,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Vec<u8>, CeremonyFault> {
        let serial = fresh_serial(config, random);
        let whole = Timestamp::from_seconds(now.seconds() - BACKDATE);
        let not_before = issuer.validity.map_or(whole, |(from, _)| whole.max(from));
        let not_after = Timestamp::from_seconds(not_before.seconds() + self.days * DAY - 1);
        let particulars = Particulars {
            serial: &serial,
            subject: self.subject,
            spki: self.spki,
            not_before,
            not_after,
            in_qscd: false,
            shard: 0,
            names: &[],
        };
        Ok(Tbs::build(config, issuer, self.profile, &particulars)?.to_der()?)
    }
}

impl LintedAuthority {
    /// Reads the octets with the linter, whether they were built now or before a crash.
    pub fn lint(
        tbs: Vec<u8>,
        config: &Config,
        issuer: &Issuer,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<Self, CeremonyFault> {
        let context = Context {
            config,
            issuer,
            profile,
            in_qscd: false,
            now,
        };
        let named = |findings: Vec<lint::Finding>| {
            let rules: Vec<_> = findings.iter().map(|finding| finding.rule).collect();
            CeremonyFault::Lint(rules.join(" "))
        };
        lint::lint(&tbs, &context).map_err(named)?;
        Ok(Self { tbs })
    }

    pub fn tbs(&self) -> &[u8] {
        &self.tbs
    }

    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(&self.tbs))
    }

    /// Has the issuer's key sign them; consumes the proof. DER.
    pub async fn sign(self, hsm: &dyn Hsm, issuer: &Issuer) -> Result<Vec<u8>, CeremonyFault> {
        let signature = signing::sign(hsm, &issuer.key, &Signable::authority(&self)).await?;
        let algorithm = issuer.key.algorithm_identifier().ok_or(der::ErrorKind::Failed);
        let certificate = SignedCertificate {
            tbs: Any::from_der(&self.tbs)?,
            algorithm: algorithm.map_err(der::Error::from)?,
            signature: BitString::from_bytes(&signature)?,
        };
        Ok(certificate.to_der()?)
    }
}
