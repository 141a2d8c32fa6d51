//! Enrolment: the signing passkey on the signer's own origin, then two officers' vouchers.

use super::Traveller;
use crate::html;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// How often the state is asked for; the step's bound ends the asking.
pub(super) const POLL: Duration = Duration::from_millis(250);

impl Traveller<'_> {
    /// Begins the enrolment and makes the signing passkey; gives the enrolment's page.
    pub(super) async fn enrol(&mut self) -> Result<(Url, String)> {
        let signer = &self.services.signer;
        let page = self.browser.get(&signer.join("/enrol")?).await?;
        let form = html::forms(&page.html()?)
            .into_iter()
            .find(|form| form.method == "post" && (form.action.is_empty() || form.action.ends_with("/enrol")))
            .context("the enrolment page has no form")?;
        let begun = self
            .browser
            .post_form(&page.url.join(&form.action)?, &form.fields)
            .await?;
        let enrolment = begun.location().context("the enrolment was not begun")?;
        ensure!(
            enrolment.path().starts_with("/enrol/"),
            "the enrolment leads to {}",
            enrolment.path()
        );
        let host = signer.host_str().unwrap_or_default().to_owned();
        let (options, send) = (under(&enrolment, "options")?, under(&enrolment, "authenticator")?);
        self.make_passkey(&enrolment, &options, &send, &host).await?;
        let state = self.state(&enrolment).await?;
        ensure!(
            state == "vouchers" || state == "ready",
            "the enrolment is in state \"{state}\""
        );
        Ok((
            enrolment,
            format!("made on {host}, user verification required; the enrolment awaits vouchers"),
        ))
    }

    /// Waits until the officers have vouched and the certificate is there.
    pub(super) async fn await_vouchers(&self, enrolment: &Url) -> Result<((), String)> {
        loop {
            match self.state(enrolment).await?.as_str() {
                "ready" => break,
                "vouchers" => tokio::time::sleep(POLL).await,
                other => bail!("the enrolment is in state \"{other}\"; see the signer's log"),
            }
        }
        let page = self.browser.get(enrolment).await?.html()?;
        let heading = html::heading(&page).unwrap_or_default();
        Ok((
            (),
            format!("set 1 is sealed and the certificate issued; page says \"{heading}\""),
        ))
    }

    async fn state(&self, enrolment: &Url) -> Result<String> {
        let answer = self.browser.get(&under(enrolment, "status")?).await?.json()?;
        Ok(answer
            .get("state")
            .and_then(Value::as_str)
            .context("no state")?
            .to_owned())
    }
}

/// A path below a page's.
pub(super) fn under(page: &Url, name: &str) -> Result<Url> {
    Ok(page.join(&format!("{}/{name}", page.path().trim_end_matches('/')))?)
}
