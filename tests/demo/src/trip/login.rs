//! Logging in: at the demo relying party, whose every hop is looked at, and at the signer.

use super::{Traveller, activate::interaction};
use crate::{
    browser::{Page, origin, query},
    html,
};
use anyhow::{Context, Result, bail, ensure};
use url::Url;

/// Pages a person may have to answer at the IdP in one log-in.
const MOST_PAGES: usize = 4;

/// What the relying party's page showed.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) name: String,
}

/// What a log-in showed on its way.
struct Way {
    page: Page,
    hops: Vec<Url>,
    passkey: bool,
    consent: Option<String>,
}

impl Traveller<'_> {
    /// Logs in at the demo relying party and reads what it has learnt.
    pub(super) async fn log_in_at_rp(&mut self) -> Result<(Shown, String)> {
        let rp = &self.services.rp;
        let home = self.browser.get(rp).await?.html()?;
        ensure!(
            home.contains("href=\"/login\""),
            "the relying party's first page has no way in"
        );
        let way = self.through_idp(&rp.join("/login")?).await?;
        ensure!(way.passkey, "the IdP did not ask for the passkey");
        let consent = way.consent.context("the IdP did not ask for consent")?;
        ensure!(!consent.is_empty(), "the consent page has no heading");
        check_request(
            way.hops.first().context("the relying party did not lead to the IdP")?,
            &origin(rp),
        )?;
        check_answer(&way.hops, &origin(rp), &origin(&self.services.idp))?;
        ensure!(way.page.url.path() == "/me", "logging in ended at {}", way.page.place());
        let me = way.page.html()?;
        let text = |id: &str| {
            html::text_of(&me, id)
                .filter(|text| !text.is_empty())
                .with_context(|| format!("no {id} on /me"))
        };
        let shown = Shown { name: text("name")? };
        text("birth-date")?;
        let checked = format!(
            "code flow with PKCE S256, state, nonce and iss; passkey, then consent (\"{consent}\"); /me shows name, birth date, \
             level \"{}\" and time {}",
            text("level")?,
            text("since")?
        );
        Ok((shown, checked))
    }

    /// Logs in at the signer, an ordinary client of the IdP.
    pub(super) async fn log_in_at_signer(&mut self) -> Result<((), String)> {
        let signer = &self.services.signer;
        let way = self.through_idp(&signer.join("/login")?).await?;
        check_request(
            way.hops.first().context("the signer did not lead to the IdP")?,
            &origin(signer),
        )?;
        check_answer(&way.hops, &origin(signer), &origin(&self.services.idp))?;
        way.page.html()?;
        ensure!(
            origin(&way.page.url) == origin(signer),
            "logging in ended at {}",
            way.page.place()
        );
        let how = if way.passkey {
            "with the passkey"
        } else {
            "by the session at the IdP"
        };
        Ok(((), format!("{how}, back at {}", way.page.place())))
    }

    /// Whether beginning a log-in at this service shows the IdP's log-in page, which it does when no session is left.
    pub(super) async fn must_log_in(&self, start: &Url) -> Result<bool> {
        let (page, _) = self.browser.follow(self.browser.get(start).await?).await?;
        Ok(origin(&page.url) == origin(&self.services.idp) && page.url.path() == "/login")
    }

    async fn through_idp(&mut self, start: &Url) -> Result<Way> {
        let idp = origin(&self.services.idp);
        let first = self.browser.get(start).await?;
        let (mut page, mut hops) = self.browser.follow(first).await?;
        let (mut passkey, mut consent) = (false, None);
        for _ in 0..MOST_PAGES {
            if origin(&page.url) != idp {
                return Ok(Way {
                    page,
                    hops,
                    passkey,
                    consent,
                });
            }
            let answered = match page.url.path() {
                "/login" => {
                    passkey = true;
                    self.answer_login(&page).await?
                }
                "/consent" => {
                    consent = html::heading(&page.html()?);
                    self.allow(&page).await?
                }
                other => bail!("the IdP shows {other}: {}", page.gist()),
            };
            let (next, more) = self.browser.follow(answered).await?;
            (page, hops) = (next, [hops, more].concat());
        }
        bail!("the IdP asks and asks")
    }

    async fn answer_login(&mut self, page: &Page) -> Result<Page> {
        let csrf = html::csrf(&page.html()?)?;
        let options = interaction(&page.url, "/login/passkey/options")?;
        let send = interaction(&page.url, "/login/passkey")?;
        let (_, next) = self.use_passkey(&page.url, &csrf, &options, &send).await?;
        self.browser.get(&next).await
    }

    async fn allow(&self, page: &Page) -> Result<Page> {
        let forms = html::forms(&page.html()?);
        let form = forms
            .into_iter()
            .find(|form| form.method == "post" && form.action.contains("consent"))
            .context("the consent page has no form")?;
        let mut fields = form.fields;
        fields.retain(|(name, _)| name != "decision");
        fields.push(("decision".to_owned(), "allow".to_owned()));
        let answer = self.browser.post_form(&page.url.join(&form.action)?, &fields).await?;
        answer.location().context("the consent was not taken")?;
        Ok(answer)
    }
}

/// The authorization request: code, PKCE S256, state, nonce, the registered address.
fn check_request(url: &Url, client_origin: &str) -> Result<()> {
    let of = |name: &str| query(url, name).unwrap_or_default();
    ensure!(url.path() == "/authorize", "the first hop is {}", url.path());
    ensure!(of("response_type") == "code", "response_type is not code");
    ensure!(
        of("code_challenge_method") == "S256" && !of("code_challenge").is_empty(),
        "no PKCE S256"
    );
    ensure!(!of("state").is_empty() && !of("nonce").is_empty(), "no state or nonce");
    ensure!(
        of("redirect_uri") == format!("{client_origin}/callback"),
        "another redirect address"
    );
    ensure!(
        of("scope").split(' ').any(|scope| scope == "openid"),
        "scope openid is missing"
    );
    Ok(())
}

/// The authorization response: code, the state of the request, the issuer (RFC 9207).
fn check_answer(hops: &[Url], client_origin: &str, issuer: &str) -> Result<()> {
    let callback = hops
        .iter()
        .find(|hop| origin(hop) == client_origin && hop.path() == "/callback")
        .context("the IdP did not lead back to the registered address")?;
    let state = hops.first().and_then(|request| query(request, "state"));
    ensure!(
        query(callback, "code").is_some(),
        "no code: {}",
        query(callback, "error").unwrap_or_default()
    );
    ensure!(query(callback, "state") == state, "another state came back");
    let iss = query(callback, "iss").unwrap_or_default();
    ensure!(iss.trim_end_matches('/') == issuer, "iss is \"{iss}\"");
    Ok(())
}
