//! Status answers over HTTP: from memory, from the table of answers signed in advance, and signed live; by certificates stored.

use anyhow::{Context, Result};
use der::asn1::{Null, OctetString, Uint};
use der::{Decode, Encode};
use signum_ca::{Algorithms, Config};
use signum_core::params;
use signum_hsm_shim::{KeyAlgorithm, SignatureAlgorithm};
use signum_pki::ocsp::cert_id::{CertId, IssuerHashes};
use signum_pki::ocsp::request::OcspRequest;
use signum_pki::oid;
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::ext::Extension;

use super::served::{CONNECTIONS, HEADINGS, Row, Served};
use super::stand::{PROCESSES, Stand};
use super::{Engine, fill};
use crate::Options;
use crate::census;
use crate::module::Module;
use crate::rates::{Bare, median};
use crate::raw::Work;
use crate::subject::Subject;
use crate::token::Prepared;

/// Certificates that are asked about again and again at every size, so that sizes can be compared.
const FEW: usize = 1_000;
/// More of them: what memory holds no longer fits the processor's caches.
const HOT: usize = 50_000;
/// Certificates whose answers are signed in advance in the measured run.
const SIGNED: usize = 1_000;

pub async fn run(engine: Engine, options: &Options) -> Result<()> {
    let stand = Stand::open(engine, Algorithms::Ec).await?;
    let sizes: &[usize] = if options.short {
        &[100, 1_000]
    } else {
        &[1_000, 10_000, 100_000, 1_000_000]
    };
    println!(
        "\nOCSP over HTTP, {}, {CONNECTIONS} connections; clients are on the same processors",
        engine.name()
    );
    let mut first: Option<[f64; 3]> = None;
    for stored in sizes {
        fill::to(&stand, *stored).await?;
        if first.is_none() {
            presign(&stand, options).await?;
        }
        copy_answers(&stand).await?;
        // What filling left to be written back is no part of what is measured.
        std::process::Command::new("sync").status().context("sync")?;
        println!("  {stored} certificates stored");
        println!("{HEADINGS}");
        let rates = at_size(&stand, *stored, options).await?;
        let [memory, table, live] = rates;
        let begun = *first.get_or_insert(rates);
        let [m, t, l] = begun;
        println!(
            "  of the first size: memory {:.0} %, table {:.0} %, live {:.0} %",
            100.0 * memory / m,
            100.0 * table / t,
            100.0 * live / l
        );
    }
    limit(options).await?;
    stand.close().await;
    Ok(())
}

/// The rate of answers from memory, from the table and signed live.
async fn at_size(stand: &Stand, stored: usize, options: &Options) -> Result<[f64; 3]> {
    let issuer = issuer(stand).await?;
    let serials = serials(stand, stored.min(HOT * 4)).await?;
    let asked = |nonce: bool, most: usize| -> Result<Vec<Vec<u8>>> {
        serials
            .iter()
            .take(most)
            .map(|serial| post(&issuer, serial, nonce))
            .collect()
    };
    let with_cache = |megabytes: u32| {
        stand.beside(Config {
            ocsp_cache_megabytes: megabytes,
            ..stand.config.clone()
        })
    };
    let before = census::own()?.memory;
    let memory = rounds(stand, &with_cache(64)?, &asked(false, FEW)?, true, options).await?;
    memory.print(&format!("memory, {} asked about", stored.min(FEW)));
    if stored > FEW {
        let hot = rounds(stand, &with_cache(64)?, &asked(false, HOT)?, true, options).await?;
        hot.print(&format!("memory, {} asked about", stored.min(HOT)));
    }
    let after = census::own()?.memory;
    println!(
        "    memory of the process: {} MB before, {} MB after",
        before / 1024,
        after / 1024
    );
    let table = rounds(stand, &with_cache(0)?, &asked(false, HOT * 4)?, false, options).await?;
    table.print("table (no memory)");
    let live = rounds(stand, &with_cache(64)?, &asked(true, HOT)?, false, options).await?;
    live.print("live (nonce)");
    Ok([memory.per_second, table.per_second, live.per_second])
}

/// The median of some rounds, after one that fills the memory.
async fn rounds(
    stand: &Stand,
    ca: &std::sync::Arc<signum_ca::Service>,
    requests: &[Vec<u8>],
    warm: bool,
    options: &Options,
) -> Result<Row> {
    let mut served = Served::start(ca, requests, options.each).await?;
    let mut asked = 0;
    while warm && asked < requests.len() {
        asked += usize::try_from(served.round(stand).await?.got.answers)?;
    }
    let mut rows = Vec::new();
    for _ in 0..if options.short { 1 } else { 3 } {
        rows.push(served.round(stand).await?);
    }
    rows.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    let middle = rows.len() / 2;
    rows.into_iter().nth(middle).context("no round")
}

/// How fast the job signs, on certificates that are there.
async fn presign(stand: &Stand, options: &Options) -> Result<()> {
    fill::to(stand, if options.short { 200 } else { SIGNED }).await?;
    let began = std::time::Instant::now();
    let made = stand.ca.presign_due().await?;
    let each = began.elapsed().as_secs_f64() / f64::from(made.max(1));
    println!(
        "  signing in advance: {:.0} certificates a second, in both forms (10^6 in {:.0} minutes)",
        1.0 / each,
        each * 1e6 / 60.0
    );
    Ok(())
}

/// Gives every certificate without an answer a copy of one that was signed: whoever serves it does not look into it.
async fn copy_answers(stand: &Stand) -> Result<()> {
    stand
        .cx
        .db
        .run("load.answers", |tx| async move {
            tx.exec(
                "INSERT INTO ocsp_answer (issuer, serial, sequence, responder, this_update, next_update, refresh_at, sha1, sha256)
                 SELECT c.issuer, c.serial, 0, a.responder, a.this_update, a.next_update, a.refresh_at, a.sha1, a.sha256
                 FROM certificate c JOIN (SELECT * FROM ocsp_answer WHERE issuer = 'qsig' LIMIT 1) a ON a.issuer = c.issuer
                 WHERE c.certificate IS NOT NULL AND c.issuer = 'qsig' AND c.profile = 'citizen-signature'
                 ON CONFLICT (issuer, serial) DO NOTHING",
                vec![],
            )
            .await
        })
        .await?;
    Ok(())
}

async fn serials(stand: &Stand, most: usize) -> Result<Vec<Vec<u8>>> {
    let rows = stand
        .cx
        .db
        .all(
            "SELECT serial FROM certificate WHERE issuer = 'qsig' AND profile = 'citizen-signature' AND certificate IS NOT NULL
             ORDER BY spki_sha256 LIMIT $1",
            params![i64::try_from(most)?],
        )
        .await?;
    rows.iter().map(|row| Ok(row.get("serial")?)).collect()
}

async fn issuer(stand: &Stand) -> Result<IssuerHashes> {
    let row = stand
        .cx
        .db
        .opt("SELECT certificate FROM certificate WHERE holder = 'qsig'", vec![])
        .await?
        .context("no issuer")?;
    let certificate = Certificate::from_der(&row.get::<Vec<u8>>("certificate")?)?;
    IssuerHashes::of(&certificate, oid::SHA1).context("no hashes")
}

/// As `openssl ocsp` asks by default.
fn post(issuer: &IssuerHashes, serial: &[u8], nonce: bool) -> Result<Vec<u8>> {
    let id = CertId {
        hash_algorithm: AlgorithmIdentifierOwned {
            oid: oid::SHA1,
            parameters: Some(Null.into()),
        },
        issuer_name_hash: OctetString::new(issuer.name.as_slice())?,
        issuer_key_hash: OctetString::new(issuer.key.as_slice())?,
        serial_number: Uint::new(serial)?.into(),
    };
    let nonce = OctetString::new(serial)?.to_der().map(|value| (nonce, value))?;
    let extension = |value: Vec<u8>| -> der::Result<Extension> {
        Ok(Extension {
            extn_id: oid::OCSP_NONCE,
            critical: false,
            extn_value: OctetString::new(value)?,
        })
    };
    let request = OcspRequest {
        tbs: signum_pki::ocsp::request::TbsRequest {
            version: 0,
            requestor_name: None,
            request_list: vec![signum_pki::ocsp::request::Request {
                cert_id: id,
                extensions: None,
            }],
            extensions: match nonce {
                (true, value) => Some(vec![extension(value)?]),
                (false, _) => None,
            },
        },
        signature: None,
    };
    Ok(http_post("/ocsp/qsig", "application/ocsp-request", &request.to_der()?))
}

/// A whole HTTP request.
pub fn http_post(path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: pki.example.org\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// What live answers are measured against.
async fn limit(options: &Options) -> Result<()> {
    let prepared = Prepared::new(&Module::softhsm()).await?;
    let subject = Subject {
        key: KeyAlgorithm::EcP256,
        algorithm: SignatureAlgorithm::EcdsaSha256,
    };
    let mut bare = Bare::start(&prepared, subject, Work::SignVerify, PROCESSES, options.each).await?;
    let mut limits = Vec::new();
    for _ in 0..if options.short { 1 } else { 3 } {
        limits.push(bare.round().await?.per_second);
    }
    println!(
        "  limit of the HSM (P-256, two bare processes): {:.0} a second",
        median(limits)
    );
    Ok(())
}
