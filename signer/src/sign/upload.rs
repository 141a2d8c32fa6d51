//! Step 1: the upload gets an incremental update with room for the signature; nothing of it is ever rewritten.

use serde_json::json;
use sha2::{Digest, Sha256};
use signum_core::audit::{self, Event};
use signum_core::{Id, params};

use super::quota::{self, Refused};
use super::{Document, Quota, SignError};
use crate::enrol::{self, Stage as Enrolment};
use crate::pades::{self, Limits, PdfRefused, Prepared};
use crate::person::Reference;
use crate::service::Signer;

/// Longest name that is shown and committed to, in characters.
const NAME_MAX: usize = 120;
/// The same in octets of UTF-8: the signing module takes no longer label.
const NAME_OCTETS: usize = 255;
/// Stands for what was left out of a long name.
const LEFT_OUT: char = '…';

/// What the browser sent.
pub(crate) struct Upload {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Prepares and stores a document; returns its id.
pub(crate) async fn upload(signer: &Signer, person: &Reference, upload: Upload) -> Result<Id<Document>, SignError> {
    let cx = &signer.cx;
    let enrolment = enrol::of_person(cx, person).await?.ok_or(SignError::NotEnrolled)?;
    let Enrolment::Ready(_) = enrolment.stage else {
        return Err(SignError::NotEnrolled);
    };
    let id: Id<Document> = Id::new(&*cx.random);
    if let Err(refused) = quota::admit(cx, &signer.config, person, upload.bytes.len()).await {
        return Err(over_quota(signer, id, refused).await?);
    }
    let (original, size, name) = (
        Sha256::digest(&upload.bytes).to_vec(),
        upload.bytes.len(),
        shown_name(&upload.name),
    );
    let prepared = match prepare(signer, upload.bytes).await {
        Ok(prepared) => prepared,
        Err(error) => {
            if let SignError::Pdf(refused) = &error {
                let detail = json!({"why": refused.code(), "size": size});
                signer.record(&Event::new("document.refused", id, detail)).await?;
            }
            return Err(error);
        }
    };
    let (prepared, original, name) = (&prepared, &original, &name);
    let [_, first, second, length] = prepared
        .byte_range
        .numbers()
        .map(|n| i64::try_from(n).unwrap_or(i64::MAX));
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let detail = json!({"sha256": hex::encode(original), "size": size, "pages": prepared.pages});
    let event = &Event::new("document.uploaded", id, detail);
    let stored = cx
        .db
        .run::<_, Refused, _, _>("document.upload", |tx| async move {
            quota::tally(&tx, cx.now(), person, 0).await?;
            quota::room(&tx, cx.now(), &signer.config, person).await?;
            tx.exec(
                "INSERT INTO document (id, person, credential, name, size, pages, original_digest, prepared, first_length,
                     second_start, second_length, digest, state, uploaded_at, changed_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'prepared', $13, $13)",
                params![
                    id,
                    person,
                    enrolment.credential,
                    name,
                    size,
                    prepared.pages,
                    original,
                    &prepared.bytes,
                    first,
                    second,
                    length,
                    prepared.digest,
                    cx.now()
                ],
            )
            .await?;
            audit::record(&tx, cx, event).await?;
            Ok(())
        })
        .await;
    match stored {
        Ok(()) => Ok(id),
        Err(refused) => Err(over_quota(signer, id, refused).await?),
    }
}

/// Records a refusal for quota; answers it as the flow's error.
async fn over_quota(signer: &Signer, id: Id<Document>, refused: Refused) -> Result<SignError, SignError> {
    if let Refused::Quota(quota) = &refused {
        let why = match quota {
            Quota::OpenDocuments(_) => "open_documents",
            Quota::Octets { .. } => "daily_upload",
        };
        let event = Event::new("document.refused", id, json!({"why": why}));
        signer.record(&event).await?;
    }
    Ok(refused.into())
}

/// Reads the PDF on a blocking thread; only so many at once, since hostile ones take memory.
async fn prepare(signer: &Signer, bytes: Vec<u8>) -> Result<Prepared, SignError> {
    let permit = signer
        .readers
        .clone()
        .acquire_owned()
        .await
        .map_err(|_| SignError::Busy)?;
    let limits = Limits {
        max_size: signer.config.max_upload,
    };
    let now = signer.cx.now();
    // The permit goes with the work: a request that is given up does not make room while its work goes on.
    let work = move || {
        let _permit = permit;
        pades::prepare(&bytes, now, limits)
    };
    let prepared = tokio::task::spawn_blocking(work).await;
    Ok(prepared.map_err(|_| PdfRefused::Malformed("unreadable"))??)
}

/// The file's name as a person reads it: no path, no control or formatting characters that could make it look like another.
pub(super) fn shown_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown: String = last.chars().filter(|c| !is_deceptive(*c)).collect();
    match shown.trim() {
        "" => "document.pdf".to_owned(),
        trimmed => shortened(trimmed),
    }
}

/// A name that is too long loses its middle, visibly; its end stays, because it says what kind of file it is. What is shown
/// is what is stored and signed over.
fn shortened(name: &str) -> String {
    if fits(name) {
        return name.to_owned();
    }
    let characters: Vec<char> = name.chars().collect();
    let dot = characters.iter().rposition(|c| *c == '.');
    let ending = dot
        .and_then(|dot| characters.get(dot..))
        .filter(|ending| ending.len() <= 8);
    let ending: String = ending.unwrap_or_default().iter().collect();
    let whole = |length: &usize| characters.get(*length).is_none_or(|next| !is_mark(*next));
    let short = |length: usize| {
        let beginning: String = characters.iter().take(length).collect();
        format!("{}{LEFT_OUT}{ending}", beginning.trim_end())
    };
    // A letter is not parted from its accent.
    let lengths = (0..characters.len()).rev().filter(whole);
    lengths
        .map(short)
        .find(|name| fits(name))
        .unwrap_or_else(|| "document.pdf".to_owned())
}

fn fits(name: &str) -> bool {
    name.len() <= NAME_OCTETS && name.chars().count() <= NAME_MAX
}

/// Combining marks that belong to the letter before them (the blocks of Latin, Cyrillic and general use).
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

/// Control characters, and what reorders or hides text (Unicode Bidi_Control, Default_Ignorable_Code_Point).
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(u32::from(c), 0xe0000..=0xe0fff)
}
