//! The trip in a real browser, once in every language: activate, log in at the demo service, consent, enrol for signing, sign
//! a PDF, download it, log out. Every page is inspected and photographed on the way.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use signum_browser::page::Inspector;
use signum_browser::running::{OPEN_DOCUMENTS, Signum, document};
use signum_browser::session::Session;

/// One person's way through the pages.
struct Traveller<'a> {
    signum: &'a Signum,
    browser: Session,
    authenticator: String,
    inspector: Inspector,
}

const PASSKEY: &str = "[data-passkey] button";
/// A name as long as a file system allows, in letters of two octets.
const LONG_NAME: &str = "Vendim për miratimin e rregullores së brendshme të komunës për shërbimet ndaj qytetarëve në gjuhët zyrtare dhe çështje të tjera që lidhen me të, versioni përfundimtar i nënshkruar.pdf";
/// The browser signs another challenge than the page asks for, as a hostile extension could make it.
const OTHER_CHALLENGE: &str = "const get = navigator.credentials.get.bind(navigator.credentials);
    navigator.credentials.get = o => { new Uint8Array(o.publicKey.challenge)[0] ^= 1; return get(o); };";

impl<'a> Traveller<'a> {
    async fn set_out(signum: &'a Signum, language: &'static str) -> Result<Self> {
        let browser = Session::open().await?;
        let authenticator = browser.add_authenticator().await?;
        for service in [&signum.idp, &signum.demo, &signum.signer, &signum.operator] {
            browser
                .goto(&format!("{service}/language?set={language}&next=/"))
                .await?;
        }
        Ok(Self {
            signum,
            browser,
            authenticator,
            inspector: Inspector::new(language)?,
        })
    }

    async fn look(&mut self, page: &str) -> Result<()> {
        self.inspector.look(&self.browser, page).await
    }

    /// Clicks and waits for the address that follows.
    async fn click_to(&self, css: &str, url: &str) -> Result<()> {
        self.browser.click(css).await?;
        self.browser.wait_for_url(url).await
    }

    async fn activate(&mut self, address: &str) -> Result<()> {
        self.browser.goto(address).await?;
        self.look("activate").await?;
        self.click_to(PASSKEY, &format!("{}/activated", self.signum.idp))
            .await?;
        self.look("activated").await
    }

    async fn log_in_at_the_demo_service(&mut self) -> Result<()> {
        self.browser.goto(&format!("{}/", self.signum.demo)).await?;
        self.look("demo-home").await?;
        self.click_to("#log-in", &format!("{}/login", self.signum.idp)).await?;
        self.look("login").await?;
        self.click_to(PASSKEY, &format!("{}/consent", self.signum.idp)).await?;
        self.look("consent").await?;
        self.click_to("button[value=allow]", &format!("{}/me", self.signum.demo))
            .await?;
        self.look("demo-me").await?;
        self.browser.goto(&format!("{}/", self.signum.idp)).await?;
        self.look("idp-home").await
    }

    async fn log_in_at_the_signer(&mut self) -> Result<()> {
        self.browser.goto(&format!("{}/", self.signum.signer)).await?;
        self.look("sign-welcome").await?;
        // The session at the provider is there already: only consent is asked.
        self.click_to("main a[href='/login']", &format!("{}/consent", self.signum.idp))
            .await?;
        self.look("sign-consent").await?;
        self.click_to("button[value=allow]", &format!("{}/", self.signum.signer))
            .await?;
        self.look("sign-home").await
    }

    /// The person's own pages: sessions, services with consent, what happened.
    async fn take_a_consent_back(&mut self) -> Result<()> {
        self.browser.goto(&format!("{}/account", self.signum.idp)).await?;
        self.look("account").await?;
        let withdraw = "button[name=client][value=demo-rp]";
        self.browser.click(withdraw).await?;
        self.browser
            .wait_for_page(&format!("location.hash && !document.querySelector('{withdraw}')"))
            .await?;
        self.look("account-withdrawn").await?;
        self.browser
            .goto(&format!("{}/account/activity", self.signum.idp))
            .await?;
        self.look("account-activity").await?;
        self.browser.click("a[href^='/account/not-me/']").await?;
        self.browser.wait_for_page("document.querySelector('#disown')").await?;
        self.look("not-me").await
    }

    async fn enrol(&mut self) -> Result<()> {
        self.browser.goto(&format!("{}/enrol", self.signum.signer)).await?;
        self.look("enrol").await?;
        self.click_to(
            "main form button[type=submit]",
            &format!("{}/enrol/", self.signum.signer),
        )
        .await?;
        self.look("enrol-passkey").await?;
        self.signum.signal_officers("STOP").await?;
        self.browser.click(PASSKEY).await?;
        self.browser
            .wait_for_page("document.querySelector('[data-poll]')")
            .await?;
        self.look("enrol-waiting").await?;
        self.signum.signal_officers("CONT").await?;
        // The demo officers vouch within seconds; the page asks and loads itself again.
        self.browser
            .wait_for_page("!document.querySelector('[data-passkey]') && !document.querySelector('[data-poll]')")
            .await?;
        self.look("enrolled").await
    }

    async fn sign(&mut self) -> Result<Vec<u8>> {
        self.browser.goto(&format!("{}/", self.signum.signer)).await?;
        self.look("sign-upload").await?;
        self.upload(&document()).await?;
        ensure!(
            self.browser.text().await?.contains("vendim.pdf"),
            "the document's name is shown"
        );
        self.look("confirm").await?;
        self.browser.click(PASSKEY).await?;
        self.browser
            .wait_for_page("location.pathname.endsWith('/done')")
            .await?;
        self.look("done").await?;
        self.browser.click("a[href$='/signed.pdf']").await?;
        self.browser.download().await
    }

    /// Sends a file from the signer's home page.
    async fn upload(&self, file: &Path) -> Result<()> {
        self.browser.goto(&format!("{}/", self.signum.signer)).await?;
        self.browser.choose_file("input[type=file]", file).await?;
        let button = "form[enctype='multipart/form-data'] button[type=submit]";
        self.click_to(button, &format!("{}/documents", self.signum.signer))
            .await
    }

    /// What is said when something does not go as wished: the gesture, the time, the module, the limits, the address.
    async fn be_refused(&mut self, authenticator: &str) -> Result<()> {
        let folder = tempfile::TempDir::with_prefix("signum-browser-long-")?;
        let long = folder.path().join(LONG_NAME);
        std::fs::copy(document(), &long)?;
        self.upload(&long).await?;
        self.look("confirm-long-name").await?;
        self.browser.set_user_verified(authenticator, false).await?;
        self.press("refused-cancelled").await?;
        self.browser.set_user_verified(authenticator, true).await?;
        self.browser.client.execute(OTHER_CHALLENGE, vec![]).await?;
        self.press("refused-gesture").await?;
        self.browser.client.refresh().await?;
        self.signum
            .alter("UPDATE document SET uploaded_at = 0 WHERE state <> 'done'")
            .await?;
        self.press("refused-expired").await?;

        let page = self.browser.url().await?;
        for (state, name) in [
            ("'unknown', next_attempt_at = 9000000000000000", "outcome-unknown"),
            ("'unfinished'", "timestamp-missing"),
            ("'failed', failure = 'outcome_unknown'", "outcome-lost"),
            ("'failed', failure = 'document_altered'", "not-signed"),
        ] {
            let sql = format!("UPDATE document SET state = {state} WHERE state <> 'done'");
            self.signum.alter(&sql).await?;
            self.browser.goto(&format!("{page}/done")).await?;
            self.look(name).await?;
        }
        for _ in 0..OPEN_DOCUMENTS {
            self.upload(&document()).await?;
        }
        self.upload(&document()).await?;
        self.look_at_refusal("refused-quota").await?;
        self.browser.goto(&format!("{}/", self.signum.signer)).await?;
        self.look("sign-home-documents").await?;
        for (address, name) in [
            (format!("{}/nowhere", self.signum.signer), "not-found"),
            (format!("{}/login?i=nothing", self.signum.idp), "idp-expired"),
        ] {
            self.browser.goto(&address).await?;
            self.look_at_refusal(name).await?;
        }
        self.browser.goto(&format!("{}/", self.signum.idp)).await?;
        self.look("idp-home-two-services").await
    }

    /// Presses the passkey button and looks at what it says then.
    async fn press(&mut self, page: &str) -> Result<()> {
        self.browser.click(PASSKEY).await?;
        self.browser
            .wait_for_page("document.querySelector('[data-passkey][data-state=failed]')")
            .await?;
        self.look_at_refusal(page).await
    }

    async fn look_at_refusal(&mut self, page: &str) -> Result<()> {
        self.inspector.look_at_refusal(&self.browser, page).await
    }

    async fn log_out(&mut self) -> Result<()> {
        self.browser.goto(&format!("{}/", self.signum.signer)).await?;
        self.browser.click("form[action='/logout'] button").await?;
        self.browser.wait_for_page("document.readyState === 'complete'").await?;
        self.browser.goto(&format!("{}/enrol", self.signum.signer)).await?;
        let url = self.browser.url().await?;
        ensure!(!url.contains("/enrol/"), "still logged in at the signer: {url}");
        self.browser.goto(&format!("{}/me", self.signum.demo)).await?;
        if self.browser.url().await?.ends_with("/me") {
            self.browser.click("#log-out").await?;
            self.browser.wait_for_page("!location.pathname.endsWith('/me')").await?;
        }
        self.look("logged-out").await
    }

    /// What the person did has left its marks where an operator looks.
    async fn look_over_the_operators_shoulder(&mut self) -> Result<()> {
        self.browser.goto(&format!("{}/", self.signum.operator)).await?;
        let text = self.browser.text().await?;
        for shown in ["qsig", "ocsp-qsig", "tsu"] {
            ensure!(text.contains(shown), "{shown} is not on the operator's page:\n{text}");
        }
        self.look("operator").await
    }

    async fn travel(mut self, activation: &str) -> Result<Vec<u8>> {
        self.activate(activation).await.context("activate")?;
        self.log_in_at_the_demo_service()
            .await
            .context("log in at the demo service")?;
        self.log_in_at_the_signer().await.context("log in at the signer")?;
        self.take_a_consent_back().await.context("take a consent back")?;
        self.enrol().await.context("enrol")?;
        let signed = self.sign().await.context("sign")?;
        let authenticator = self.authenticator.clone();
        self.be_refused(&authenticator).await.context("be refused")?;
        self.log_out().await.context("log out")?;
        self.look_over_the_operators_shoulder()
            .await
            .context("operator's page")?;
        self.browser.close().await?;
        Ok(signed)
    }
}

/// A fictional person for each language.
async fn trip(language: &'static str, given: &str, family: &str) {
    let signum = Signum::start().await.unwrap();
    let activation = signum.new_person(given, family, "9000000001").await.unwrap();
    let traveller = Traveller::set_out(&signum, language).await.unwrap();
    let signed = match traveller.travel(&activation).await {
        Ok(signed) => signed,
        Err(error) => panic!("{language}: {error:?}\n{}", signum.log()),
    };
    assert!(signed.starts_with(b"%PDF-"), "a PDF was downloaded");
    assert!(
        String::from_utf8_lossy(&signed).contains("/ETSI.CAdES.detached"),
        "it is signed"
    );
    signum.stop().await.unwrap();
}

#[tokio::test]
async fn a_citizen_makes_the_trip_in_albanian() {
    trip("sq", "Arta", "Shembulli").await;
}

#[tokio::test]
async fn a_citizen_makes_the_trip_in_serbian_latin() {
    trip("sr-Latn", "Petar", "Primerović").await;
}

#[tokio::test]
async fn a_citizen_makes_the_trip_in_serbian_cyrillic() {
    trip("sr-Cyrl", "Петар", "Примеровић").await;
}

#[tokio::test]
async fn a_citizen_makes_the_trip_in_english() {
    trip("en", "Çelik Ëndërr", "Provë-Šiljak").await;
}
