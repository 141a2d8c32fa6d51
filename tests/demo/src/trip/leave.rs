//! Logging out, and a look whether anything is left of the sessions.

use super::Traveller;
use crate::{browser::origin, html};
use anyhow::{Context, Result, ensure};
use url::Url;

impl Traveller<'_> {
    /// Logs out at the signer.
    pub(super) async fn leave_signer(&self) -> Result<((), String)> {
        let signer = &self.services.signer;
        let end = self.log_out(signer).await?;
        let (after, _) = self
            .browser
            .follow(self.browser.get(&signer.join("/enrol")?).await?)
            .await?;
        let inside = origin(&after.url) == origin(signer) && after.url.path() == "/enrol";
        ensure!(!inside, "the signer's pages are still open after logging out");
        Ok(((), format!("the signer's pages are closed; ended at {end}")))
    }

    /// Logs out at the relying party, which logs the person out at the IdP too.
    pub(super) async fn leave_rp(&self) -> Result<((), String)> {
        let rp = &self.services.rp;
        let end = self.log_out(&rp.join("/me")?).await?;
        let me = self.browser.get(&rp.join("/me")?).await?;
        ensure!(me.status.is_redirection(), "/me is still shown after logging out");
        ensure!(
            self.must_log_in(&rp.join("/login")?).await?,
            "the session at the IdP is still alive"
        );
        Ok((
            (),
            format!("/me is closed, and the IdP asks for the passkey again; ended at {end}"),
        ))
    }

    /// Submits a page's log-out form and answers the IdP's question, if it asks; gives where it ended.
    async fn log_out(&self, page: &Url) -> Result<String> {
        let shown = self.browser.get(page).await?.html()?;
        let answer = self
            .submit_logout(page, &shown)
            .await?
            .context("the page has no log-out form")?;
        let (mut end, _) = self.browser.follow(answer).await?;
        if origin(&end.url) == origin(&self.services.idp)
            && let Some(confirmed) = self.submit_logout(&end.url, &end.html()?).await?
        {
            end = self.browser.follow(confirmed).await?.0;
        }
        end.html()?;
        Ok(end.place())
    }

    async fn submit_logout(&self, page: &Url, shown: &str) -> Result<Option<crate::browser::Page>> {
        let form = html::forms(shown)
            .into_iter()
            .find(|form| form.method == "post" && form.action.contains("logout"));
        let Some(form) = form else { return Ok(None) };
        Ok(Some(
            self.browser.post_form(&page.join(&form.action)?, &form.fields).await?,
        ))
    }
}
