//! Steps 7 and 8: CMS, timestamp, our own check of the result, the finished file. Repeatable: the signature is stored.

use std::time::Duration;

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{DbError, Timestamp, params};

use super::stage::{Signed, Timestamped, is_as_uploaded};
use super::ticket::certified;
use super::{SignError, Stage};
use crate::cms::{self, SignedCms};
use crate::pades;
use crate::service::Signer;

/// The request that signed has this long before the job takes over.
pub(super) const HEAD_START: Duration = Duration::from_secs(15);

/// Timestamps the signature and stores the finished file.
pub(super) async fn finish(signer: &Signer, signed: Signed) -> Result<(), SignError> {
    let timestamped = timestamp(signer, signed).await?;
    let (cx, pdf) = (&signer.cx, &timestamped.pdf);
    let (id, time) = (timestamped.document.id, timestamped.time);
    let event = &Event::new("signature.timestamped", id, json!({"time": time.seconds()}));
    cx.db
        .run::<_, DbError, _, _>("document.done", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE document SET state = 'done', signed_pdf = $1, timestamp_at = $2, prepared = NULL, changed_at = $3
                     WHERE id = $4 AND state = 'signed'",
                    params![pdf, time, cx.now(), id],
                )
                .await?;
            // Otherwise another replica was first; both hold the same signature.
            audit::record_changed(&tx, cx, changed, event).await
        })
        .await?;
    Ok(())
}

async fn timestamp(signer: &Signer, signed: Signed) -> Result<Timestamped, SignError> {
    let certified = &signed.certified;
    let (issuer, root) = (
        certified.chain.iter().take(1).cloned().collect::<Vec<_>>(),
        certified.chain.last().cloned(),
    );
    let attributes = &signed.signature.signed_attributes;
    let signature = &signed.signature.signature;
    let cms = SignedCms::assemble(attributes, signature, &certified.certificate, &issuer)?;
    let content = signed.content().ok_or(SignError::Altered)?;
    // A signature that does not verify gets no timestamp.
    cms::check(
        &cms.to_der()?,
        &content,
        &signed.document.digest,
        &certified.certificate,
    )?;

    let nonce: [u8; 8] = signer.cx.random.bytes();
    let query = cms::query(signature, &nonce).map_err(cms::CmsError::Der)?;
    let response = signer.tsa.time_stamp(&query).await.map_err(SignError::TimeStamping)?;
    let roots: Vec<Vec<u8>> = root.into_iter().collect();
    let token = cms::token(&response, signature, &nonce, &certified.chain, &roots)?;
    let cms = cms.with_timestamp(&token.der)?;

    let checked = cms::check(cms.as_der(), &content, &signed.document.digest, &certified.certificate)?;
    if !checked.timestamped {
        return Err(cms::CmsError::Timestamp.into());
    }
    let range = signed.document.byte_range;
    let pdf = pades::embed(signed.bytes, range, cms.as_der())?;
    // What leaves us is what was signed: read from the finished file, not from memory of it.
    if !is_as_uploaded(&signed.document, &pdf) {
        return Err(SignError::Altered);
    }
    Ok(Timestamped {
        document: signed.document,
        pdf,
        time: Timestamp::from_seconds(token.time),
    })
}

/// From the stored signature; the key is not used again.
pub(super) async fn resume(signer: &Signer, document: super::Document) -> Result<(), SignError> {
    let Stage::Signed(signature, _) = document.stage.clone() else {
        return Err(SignError::Used);
    };
    let certified = certified(signer, &document).await?;
    let row = signer
        .cx
        .db
        .opt(
            "SELECT prepared FROM document WHERE id = $1 AND state = 'signed'",
            params![document.id],
        )
        .await?
        .ok_or(SignError::Used)?;
    let bytes = row.get("prepared")?;
    finish(
        signer,
        Signed {
            document,
            signature,
            certified,
            bytes,
        },
    )
    .await
}
