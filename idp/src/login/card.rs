//! The eID card as a means of log-in: what its authentication certificate must be, who holds it, and what that is worth. How the
//! card is asked, by Web eID or in the TLS handshake, is [`web_eid`](super::web_eid)'s and
//! [`client_certificate`](super::client_certificate)'s.
//!
//! In this order: certificate, chain, status, proof of possession, person. The person comes last, so that nobody but the card's
//! holder can learn anything by it.

pub(crate) mod certificate;
pub(crate) mod holder;
pub(crate) mod refusal;
pub(crate) mod settings;
mod status;
pub(crate) mod used;

use std::path::Path;

use signum_core::{Cx, DbError};
use url::Url;

pub(crate) use certificate::Authentic;
pub(crate) use refusal::Refusal;
use settings::{CardSettings, Issuer, Policies};
use status::Status;

use super::Outcome;
use crate::level::Level;
use crate::outbound::{Outbound, OutboundSettings};
use crate::service::Idp;
use crate::worth::{Authenticator, Levels};

/// The name of this means in the audit log and in addresses.
pub(crate) const NAME: &str = "card";

/// What the provider believes of cards.
pub(crate) struct Cards {
    issuers: Vec<Issuer>,
    /// Authorities of the signing certificates that a token may carry; empty: the authentication certificate's own.
    pub signing_issuers: Vec<Vec<u8>>,
    policies: Policies,
    status: Status,
}

impl Cards {
    /// Reads the certificates; `None` where cards are no means of log-in. The error is for the operator.
    pub(crate) fn read(settings: &CardSettings, outbound: &OutboundSettings) -> Result<Option<Self>, String> {
        let issuers = settings.issuers()?;
        if issuers.is_empty() {
            return Ok(None);
        }
        let responders: Vec<Url> = issuers.iter().map(|issuer| issuer.responder.clone()).collect();
        let signing = settings.signing_issuers.iter();
        Ok(Some(Self {
            signing_issuers: signing
                .map(|file| settings::certificate(Path::new(file)))
                .collect::<Result<_, _>>()?,
            policies: settings.policies()?,
            status: Status::new(Outbound::to_the_operators(outbound, &responders)?, settings)?,
            issuers,
        }))
    }

    /// Steps "certificate", "chain" and "status" for the DER of an authentication certificate.
    pub(crate) async fn authentic(&self, cx: &Cx, der: &[u8]) -> Result<Authentic, Refusal> {
        let (certificate, issuer) = self.certified(der, cx.now().seconds())?;
        self.status.check(cx, &certificate, issuer).await?;
        Ok(certificate)
    }

    /// The same, and the responder is asked even when it has just answered: the log-in ends only when the browser has come back.
    pub(crate) async fn authentic_now(&self, cx: &Cx, der: &[u8]) -> Result<Authentic, Refusal> {
        let (certificate, issuer) = self.certified(der, cx.now().seconds())?;
        self.status.ask(cx, &certificate, issuer).await?;
        Ok(certificate)
    }

    /// The steps that need nobody else.
    fn certified(&self, der: &[u8], now: i64) -> Result<(Authentic, &Issuer), Refusal> {
        let certificate = Authentic::read(der, &self.policies, now)?;
        let issuer = certificate::issuer_of(der, &self.issuers, now)?;
        Ok((certificate, issuer))
    }

    /// Whether one of the authorities, or those for signing certificates, issued this certificate.
    pub(crate) fn issued(&self, der: &[u8], now: i64) -> bool {
        let known = self.issuers.iter().map(|issuer| &issuer.certificate);
        known
            .chain(&self.signing_issuers)
            .any(|authority| certificate::is_issued_by(der, authority, now))
    }
}

/// What a log-in with this card is worth: no more than the table says of cards asked in this way, nor than its policy stands for.
fn level(levels: &Levels, asked: Authenticator, certificate: &Authentic) -> Level {
    levels.worth(asked).level.min(certificate.level)
}

/// Who was there, once the card's key has answered; the way it was asked says which `amr` is true.
pub(crate) async fn outcome(
    idp: &Idp,
    certificate: &Authentic,
    asked: Authenticator,
    amr: &[&str],
) -> Result<Option<Outcome>, DbError> {
    // Where there is no number one is looked for all the same, so that both take equally long, and whoever is found is nobody.
    let number = holder::personal_number(&certificate.parsed);
    let looked_for = number.clone().unwrap_or_else(|| "0".repeat(10));
    let found = idp.people.find_by_number(&looked_for).await?;
    let person = found.filter(|_| number.is_some());
    Ok(person.map(|person| Outcome {
        person: person.id,
        level: level(&idp.config.levels, asked, certificate),
        amr: amr.iter().map(|&name| name.to_owned()).collect(),
    }))
}
