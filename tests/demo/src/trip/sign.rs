//! Signing a document: upload, the page that shows what will be signed, the gesture, the result.

use super::{
    Document, Traveller,
    enrol::{POLL, under},
};
use crate::html;
use anyhow::{Context, Result, bail, ensure};
use reqwest::{
    StatusCode,
    multipart::{Form, Part},
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

/// A gesture that was made and used.
pub(crate) struct Gesture {
    send: Url,
    csrf: String,
    credential: Value,
}

impl Traveller<'_> {
    /// Uploads the document; gives the page that asks for the gesture.
    pub(super) async fn upload(&self, document: &Document) -> Result<(Url, String)> {
        let home = self.browser.get(&self.services.signer).await?.html()?;
        let csrf = html::csrf(&home)?;
        let file = Part::bytes(document.bytes.clone())
            .file_name(document.name.clone())
            .mime_str("application/pdf")?;
        let form = Form::new().text("csrf", csrf).part("file", file);
        let answer = self
            .browser
            .post_multipart(&self.services.signer.join("/documents")?, form)
            .await?;
        let page = answer.location().context("the document was not taken")?;
        let shown = html::text(&self.browser.get(&page).await?.html()?);
        let digest = hex::encode(Sha256::digest(&document.bytes));
        let folded: String = shown
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>()
            .to_lowercase();
        ensure!(
            shown.contains(&document.name),
            "the page does not show the document's name"
        );
        ensure!(
            folded.contains(&digest),
            "the page does not show the document's SHA-256 digest"
        );
        let pages = pages(&document.bytes);
        ensure!(
            shown.split(|c: char| !c.is_ascii_digit()).any(|n| n == pages),
            "the page does not show {pages} pages"
        );
        let start = digest.get(..16).unwrap_or_default();
        Ok((
            page,
            format!("the page shows {}, {pages} pages and digest {start}…", document.name),
        ))
    }

    /// Makes the gesture with the signing passkey.
    pub(super) async fn sign(&mut self, page: &Url) -> Result<(Gesture, String)> {
        let csrf = html::csrf(&self.browser.get(page).await?.html()?)?;
        let (options, send) = (under(page, "options")?, under(page, "sign")?);
        let (credential, next) = self.use_passkey(page, &csrf, &options, &send).await?;
        self.await_result(page).await?;
        let done = self.browser.get(&next).await?.html()?;
        let heading = html::heading(&done).unwrap_or_default();
        Ok((
            Gesture { send, csrf, credential },
            format!("the page says \"{heading}\""),
        ))
    }

    /// Waits for the timestamp, which may come after the answer; the step's bound ends the waiting.
    async fn await_result(&self, page: &Url) -> Result<()> {
        loop {
            let answer = self.browser.get(&under(page, "status")?).await?.json()?;
            match answer.get("state").and_then(Value::as_str) {
                Some("done") => return Ok(()),
                Some("working") => tokio::time::sleep(POLL).await,
                other => bail!("the document is in state {other:?}; see the signer's log"),
            }
        }
    }

    /// Sends the gesture a second time, which may not sign.
    pub(super) async fn sign_again(&self, gesture: &Gesture) -> Result<((), String)> {
        let answer = self
            .browser
            .post_json(&gesture.send, &gesture.csrf, &gesture.credential)
            .await?;
        ensure!(
            answer.status.is_client_error(),
            "a used gesture was answered with {}",
            answer.status
        );
        let problem: Value = serde_json::from_slice(&answer.body).context("the refusal is no problem document")?;
        let kind = problem.get("type").and_then(Value::as_str).unwrap_or_default();
        ensure!(kind.starts_with("urn:signum:problem:"), "the refusal has no type");
        Ok(((), format!("refused with {} {kind}", answer.status.as_u16())))
    }

    /// Fetches the signed document and the evidence.
    pub(super) async fn fetch(&self, page: &Url, document: &Document) -> Result<((Vec<u8>, Vec<u8>), String)> {
        let pdf = self.browser.get(&under(page, "signed.pdf")?).await?;
        ensure!(pdf.status == StatusCode::OK, "signed.pdf answered {}", pdf.status);
        ensure!(
            pdf.header("content-type").starts_with("application/pdf"),
            "signed.pdf is not sent as a PDF"
        );
        ensure!(
            pdf.body.starts_with(&document.bytes),
            "the uploaded octets were changed"
        );
        let evidence = self.browser.get(&under(page, "evidence.json")?).await?;
        evidence.json()?;
        let more = pdf.body.len() - document.bytes.len();
        let checked = format!("the uploaded octets stand unchanged, {more} were added; evidence is JSON");
        Ok(((pdf.body, evidence.body), checked))
    }
}

/// How many pages a plainly written PDF has: its `/Type /Page` objects.
fn pages(pdf: &[u8]) -> String {
    let text = String::from_utf8_lossy(pdf).replace("/Type /Page", "/Type/Page");
    let count = text.match_indices("/Type/Page").filter(|(at, name)| {
        !text
            .get(at + name.len()..)
            .unwrap_or_default()
            .starts_with(|c: char| c.is_ascii_alphanumeric())
    });
    count.count().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decision_has_three_pages() {
        assert_eq!(pages(super::super::DECISION), "3");
    }
}
