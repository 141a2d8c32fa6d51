//! From an agreed request to a certificate; what a crash or an absent HSM interrupted goes on when the desk asks again.

use der::{Decode, Encode};
use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::contract::IssuedCertificate;
use signum_core::params;
use x509_cert::Certificate;

use super::RegistrationError;
use super::record::{Record, State};
use crate::Service;
use crate::issue::IssueError;

/// What becomes of a request that the CA answered.
enum Outcome {
    Issued(Box<IssuedCertificate>),
    /// For good; a code.
    Refused(String),
}

/// Issues when the request is ready; otherwise it stays as it is.
pub(super) async fn go_on(service: &Service, record: Record) -> Result<Record, RegistrationError> {
    attempt(service, record).await.map(|(record, _)| record)
}

/// The same, with what kept a request that is ready from its certificate.
async fn attempt(service: &Service, record: Record) -> Result<(Record, Option<RegistrationError>), RegistrationError> {
    if record.state != State::Ready {
        return Ok((record, None));
    }
    let outcome = match issue(service, &record).await {
        Ok(issued) => Outcome::Issued(Box::new(issued)),
        Err(error) if error.is_ours() && !matches!(error, RegistrationError::Forged) => {
            // It is agreed to and kept: the desk asks for the certificate again.
            tracing::error!(%error, "a registration waits for the CA");
            return Ok((record, Some(error)));
        }
        Err(error) => Outcome::Refused(error.code().to_owned()),
    };
    Ok((store(service, &record, &outcome).await?, None))
}

/// The idempotency key follows from the request: asked again, the CA gives its first answer.
async fn issue(service: &Service, record: &Record) -> Result<IssuedCertificate, RegistrationError> {
    let officers = service.officers().await?;
    let request = record.verified(officers.list())?;
    let leaf = request.leaf(&record.id)?;
    Ok(service.issue_leaf(&leaf).await?)
}

async fn store(service: &Service, record: &Record, outcome: &Outcome) -> Result<Record, RegistrationError> {
    let cx = &service.cx;
    let id = &record.id;
    let (serial, chain) = match outcome {
        Outcome::Issued(issued) => (Some(serial(issued)?), Some(pem(issued)?)),
        Outcome::Refused(_) => (None, None),
    };
    let (serial, chain) = (&serial, &chain);
    cx.db
        .run("ra.settle", |tx| async move {
            let now = cx.now();
            let (changed, event) = match outcome {
                Outcome::Issued(_) => (
                    tx.exec(
                        "UPDATE registration_request SET state = 'issued', serial = $2, chain = $3, closed_at = $4
                         WHERE id = $1 AND state = 'ready'",
                        params![id, serial.clone(), chain.clone(), now],
                    )
                    .await?,
                    Event::new("registration.issued", hex::encode(id), json!({ "desk": record.desk })),
                ),
                Outcome::Refused(code) => (
                    tx.exec(
                        "UPDATE registration_request SET state = 'refused', reason = $2, closed_at = $3
                         WHERE id = $1 AND state = 'ready'",
                        params![id, code, now],
                    )
                    .await?,
                    Event::new(
                        "registration.refused",
                        hex::encode(id),
                        json!({ "desk": record.desk, "code": code }),
                    ),
                ),
            };
            if changed == 1 {
                audit::record(&tx, cx, &event).await?;
            }
            Record::find(&tx, id).await
        })
        .await
}

fn serial(issued: &IssuedCertificate) -> Result<Vec<u8>, RegistrationError> {
    let certificate = Certificate::from_der(&issued.certificate).map_err(IssueError::from)?;
    Ok(certificate.tbs_certificate().serial_number().as_bytes().to_vec())
}

/// RFC 8555 section 9.1: leaf first, each certificate after it certifies the one before; the root stays out.
fn pem(issued: &IssuedCertificate) -> Result<String, RegistrationError> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let above = issued
        .chain
        .split_last()
        .map_or(&[][..], |(_, intermediate)| intermediate);
    let mut text = String::new();
    for der in std::iter::once(&issued.certificate).chain(above) {
        let checked = Certificate::from_der(der)
            .and_then(|c| c.to_der())
            .map_err(IssueError::from)?;
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let body = STANDARD.encode(checked);
        for (at, letter) in body.chars().enumerate() {
            if at > 0 && at % 64 == 0 {
                text.push('\n');
            }
            text.push(letter);
        }
        text.push_str("\n-----END CERTIFICATE-----\n");
    }
    Ok(text)
}

/// The request whose certificate is collected; one that was interrupted goes on.
pub(super) async fn collect(service: &Service, record: Record) -> Result<Record, RegistrationError> {
    let (record, kept_from) = attempt(service, record).await?;
    match record.state {
        State::Issued => Ok(record),
        State::Ready => Err(match kept_from {
            // What the desk can have mended, it is told.
            Some(told @ RegistrationError::Issue(IssueError::Caa(_))) => told,
            _ => RegistrationError::Issue(IssueError::NoCeremony),
        }),
        State::Waiting | State::Refused | State::Rejected | State::Expired => Err(RegistrationError::State),
    }
}
