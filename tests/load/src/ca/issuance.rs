//! Durable issuance: request checked, linted, intent and certificate stored with their audit events, signed in the HSM.

use std::sync::Arc;

use anyhow::{Context, Result};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::{X509NameBuilder, X509ReqBuilder};
use signum_ca::{Algorithms, Service};
use signum_core::contract::{
    CertificateAuthority, CertificateRequest, IssuedCertificate, KeyOrigin, LeafProfile, PersonName,
};
use signum_hsm_shim::{KeyAlgorithm, SignatureAlgorithm};

use super::Engine;
use super::cost::{self, Meter};
use super::fill;
use super::stand::{PROCESSES, Stand};
use crate::Options;
use crate::callers;
use crate::module::Module;
use crate::rates::{Bare, by_callers, in_turn, median};
use crate::raw::Work;
use crate::subject::Subject;
use crate::token::Prepared;

/// Callers at once, of whom the figures in turn with the limit are taken.
pub const MOST: usize = 64;
const ROUNDS: usize = 5;

/// Rate by number of callers, then most callers and the limit in turn.
pub async fn run(engine: Engine, algorithms: Algorithms, options: &Options) -> Result<()> {
    let stand = Stand::open(engine, algorithms).await?;
    let name = match algorithms {
        Algorithms::Ec => "P-256 leaf, P-384 issuer",
        Algorithms::Rsa => "P-256 leaf, RSA-3072 issuer",
    };
    println!("\nissuance, {}, {name}", engine.name());
    let measure = async |callers| measure(&stand, callers, options).await;
    by_callers(&[1, 8, MOST], &measure).await?;
    let prepared = Prepared::new(&Module::softhsm()).await?;
    let mut bare = Bare::start(
        &prepared,
        subject(algorithms),
        Work::SignVerify,
        PROCESSES,
        options.each,
    )
    .await?;
    in_turn(&mut bare, MOST, options, &measure).await?;
    stand.close().await;
    Ok(())
}

/// Rate with `callers` at once, and the processor time of one certificate in microseconds.
pub async fn measure(stand: &Stand, callers: usize, options: &Options) -> Result<(callers::Figures, f64)> {
    // Making keys and requests is the subscribers' work.
    let requests = Arc::new(requests(most_needed(options))?);
    let (ca, next) = (stand.ca.clone(), Arc::new(std::sync::atomic::AtomicUsize::new(0)));
    let issue = move |_| {
        let (ca, requests, next) = (ca.clone(), requests.clone(), next.clone());
        async move {
            let place = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let pkcs10 = requests.get(place).context("more certificates than requests")?;
            issue(&ca, pkcs10.clone()).await.map(drop)
        }
    };
    let meter = Meter::start(stand)?;
    let figures = callers::measure(callers, options.each, issue).await?;
    let cost = cost::each(meter.used()?, figures.answers);
    Ok((figures, cost))
}

pub async fn issue(ca: &Service, pkcs10: Vec<u8>) -> Result<IssuedCertificate> {
    let mut idempotency_key = [0; 16];
    getrandom::fill(&mut idempotency_key)?;
    let request = CertificateRequest {
        idempotency_key,
        profile: LeafProfile::CitizenSignature,
        person: PersonName {
            given_name: "Ylbërë".to_owned(),
            surname: "Shembulli".to_owned(),
            personal_number: "1234567892".to_owned(),
        },
        pkcs10,
        key_origin: KeyOrigin::Unknown,
    };
    Ok(CertificateAuthority::issue(ca, request).await?)
}

/// More than this machine can issue in that time.
fn most_needed(options: &Options) -> usize {
    (options.each.as_millis() as usize * 5).max(1_000)
}

/// Requests of as many subscribers.
pub fn requests(count: usize) -> Result<Vec<Vec<u8>>> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let name = X509NameBuilder::new()?.build();
    let one = || -> Result<Vec<u8>> {
        let key = PKey::from_ec_key(EcKey::generate(&group)?)?;
        let mut request = X509ReqBuilder::new()?;
        request.set_pubkey(&key)?;
        request.set_subject_name(&name)?;
        request.sign(&key, MessageDigest::sha256())?;
        Ok(request.build().to_der()?)
    };
    (0..count).map(|_| one()).collect()
}

/// The issuer's key as the limit's processes have it.
fn subject(algorithms: Algorithms) -> Subject {
    match algorithms {
        Algorithms::Ec => Subject {
            key: KeyAlgorithm::EcP384,
            algorithm: SignatureAlgorithm::EcdsaSha384,
        },
        Algorithms::Rsa => Subject {
            key: KeyAlgorithm::Rsa3072,
            algorithm: SignatureAlgorithm::RsaPssSha256,
        },
    }
}

/// Rates with more and more certificates stored.
pub async fn flatness(engine: Engine, options: &Options) -> Result<()> {
    let stand = Stand::open(engine, Algorithms::Ec).await?;
    let sizes: &[usize] = if options.short {
        &[100, 1_000]
    } else {
        &[1_000, 10_000, 100_000, 1_000_000]
    };
    println!("\nissuance by certificates stored, {}, {MOST} callers", engine.name());
    println!("     stored   per second   of first   processor us");
    let mut first = None;
    for stored in sizes {
        fill::to(&stand, *stored).await?;
        let mut rates = Vec::new();
        let mut costs = Vec::new();
        for _ in 0..if options.short { 1 } else { ROUNDS } {
            let (figures, cost) = measure(&stand, MOST, options).await?;
            rates.push(figures.per_second);
            costs.push(cost);
        }
        let (rate, cost) = (median(rates), median(costs));
        let share = 100.0 * rate / *first.get_or_insert(rate);
        println!("  {stored:9} {rate:12.0} {share:8.0} % {cost:14.0}");
    }
    stand.close().await;
    Ok(())
}
