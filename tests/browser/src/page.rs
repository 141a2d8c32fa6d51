//! What every page must hold, in every language and at both widths; and a picture of each.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use serde_json::{Value as Json, json};

use crate::session::{DESKTOP, Expect, PHONE, Session};

/// Looks at the pages of one journey in one language and numbers their pictures.
pub struct Inspector {
    /// BCP 47, as the page's `lang` attribute says it.
    language: &'static str,
    folder: PathBuf,
    number: u32,
}

/// Facts about the page, read in one call.
const FACTS: &str = "const root = document.documentElement;
    return { lang: root.lang, h1: document.querySelectorAll('h1').length, scroll: root.scrollWidth, client: root.clientWidth,
        title: document.title, inline: document.querySelectorAll('script:not([src]), [onclick], [style]').length,
        unnamed: [...document.querySelectorAll('input:not([type=hidden]), button, a')]
            .filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || (e.labels && e.labels.length) || e.value || e.title)).length }";

impl Inspector {
    /// Pictures go to `target/screenshots/<language>-<width>-<number>-<page>.png`.
    pub fn new(language: &'static str) -> Result<Self> {
        let folder = crate::running::target_folder().join("screenshots");
        std::fs::create_dir_all(&folder)?;
        Ok(Self {
            language,
            folder,
            number: 0,
        })
    }

    /// The same for a page that tells of a refusal: the console repeats its status.
    pub async fn look_at_refusal(&mut self, browser: &Session, page: &str) -> Result<()> {
        let complaints = browser.complaints(Expect::Refusals).await?;
        ensure!(complaints.is_empty(), "{page}: the console says {complaints:#?}");
        self.look(browser, page).await
    }

    /// Checks the page that the browser shows and takes its pictures.
    pub async fn look(&mut self, browser: &Session, page: &str) -> Result<()> {
        self.number += 1;
        for size in [PHONE, DESKTOP] {
            browser.resize(size).await?;
            let facts = browser.client.execute(FACTS, vec![]).await?;
            let file = format!("{}-{}-{:02}-{page}.png", self.language, size.0, self.number);
            browser.screenshot(size, &self.folder.join(file)).await?;
            self.judge(page, size.0, &facts)?;
        }
        let complaints = browser.complaints(Expect::Nothing).await?;
        ensure!(
            complaints.is_empty(),
            "{page} in {}: the console says {complaints:#?}",
            self.language
        );
        Ok(())
    }

    fn judge(&self, page: &str, width: u32, facts: &Json) -> Result<()> {
        let at = format!("{page} in {} at {width} px", self.language);
        ensure!(facts["lang"] == json!(self.language), "{at}: lang is {}", facts["lang"]);
        ensure!(facts["h1"] == json!(1), "{at}: {} level-one headings", facts["h1"]);
        ensure!(facts["title"].as_str().is_some_and(|t| !t.is_empty()), "{at}: no title");
        ensure!(
            facts["scroll"].as_u64() <= facts["client"].as_u64(),
            "{at}: wider than the screen: {facts}"
        );
        ensure!(facts["inline"] == json!(0), "{at}: inline script or style");
        ensure!(facts["unnamed"] == json!(0), "{at}: a control without a name");
        Ok(())
    }
}
