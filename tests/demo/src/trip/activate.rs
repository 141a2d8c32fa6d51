//! The activation page: a person makes their log-in passkey on the IdP's origin.

use super::Traveller;
use crate::{
    browser::{origin, query},
    html,
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use url::Url;

impl Traveller<'_> {
    /// Opens the activation page and makes the log-in passkey.
    pub(super) async fn activate(&mut self, code: &str) -> Result<((), String)> {
        let idp = &self.services.idp;
        let code = code
            .trim()
            .rsplit('/')
            .next()
            .filter(|code| !code.is_empty())
            .context("no activation code")?;
        let page = idp.join(&format!("/activate/{code}"))?;
        let options = idp.join(&format!("/activate/{code}/options"))?;
        let host = idp.host_str().unwrap_or_default().to_owned();
        let next = self.make_passkey(&page, &options, &page, &host).await?;
        let done = self.browser.get(&next).await?.html()?;
        let heading = html::heading(&done).unwrap_or_default();
        let again = self.browser.get(&page).await?;
        ensure!(!again.status.is_success(), "the activation address works a second time");
        Ok((
            (),
            format!("log-in passkey made on {host}, page says \"{heading}\", the address works once"),
        ))
    }

    /// What the script of a registration page does: options, `create()`, the credential sent back; gives `next`.
    pub(super) async fn make_passkey(&mut self, page: &Url, options: &Url, send: &Url, rp_id: &str) -> Result<Url> {
        let csrf = html::csrf(&self.browser.get(page).await?.html()?)?;
        let options = self.browser.post_json(options, &csrf, &json!({})).await?.json()?;
        let asked = |pointer: &str| options.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        ensure!(
            asked("/publicKey/rp/id") == rp_id,
            "the passkey would be for \"{}\"",
            asked("/publicKey/rp/id")
        );
        let verification = asked("/publicKey/authenticatorSelection/userVerification");
        ensure!(
            verification == "required",
            "user verification is \"{verification}\", not required"
        );
        let credential = self.device.create(&options, &origin(page))?;
        let answer = self.browser.post_json(send, &csrf, &credential).await?.json()?;
        next(page, &answer)
    }

    /// What the script of an assertion page does; gives the credential that was sent and `next`.
    pub(super) async fn use_passkey(
        &mut self,
        page: &Url,
        csrf: &str,
        options: &Url,
        send: &Url,
    ) -> Result<(Value, Url)> {
        let options = self.browser.post_json(options, csrf, &json!({})).await?.json()?;
        let asked = |pointer: &str| options.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        ensure!(
            asked("/publicKey/rpId") == page.host_str().unwrap_or_default(),
            "the RP ID is another host's"
        );
        ensure!(
            asked("/publicKey/userVerification") == "required",
            "user verification is not required"
        );
        let credential = self.device.get(&options, &origin(page))?;
        let answer = self.browser.post_json(send, csrf, &credential).await?.json()?;
        Ok((credential, next(page, &answer)?))
    }
}

fn next(page: &Url, answer: &Value) -> Result<Url> {
    let next = answer
        .get("next")
        .and_then(Value::as_str)
        .context("the answer has no `next`")?;
    Ok(page.join(next)?)
}

/// The `i` parameter of the IdP's interaction pages, carried on to another path.
pub(super) fn interaction(page: &Url, path: &str) -> Result<Url> {
    let mut url = page.join(path)?;
    let i = query(page, "i").context("the page has no interaction")?;
    url.query_pairs_mut().append_pair("i", &i);
    Ok(url)
}
