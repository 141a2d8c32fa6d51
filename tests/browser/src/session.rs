//! One headless browser with a profile of its own and a virtual authenticator.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::chromedriver::Chromedriver;
use crate::commands::Extension;

/// Chromium as root, headless, without calls of its own into the network.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/// Width and height of the viewport in CSS pixels.
pub type Size = (u32, u32);
/// What the console may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    Nothing,
    /// Answers with an error's status.
    Refusals,
}

/// Between two looks at the browser.
const PAUSE: Duration = Duration::from_millis(100);
pub const PHONE: Size = (360, 800);
pub const DESKTOP: Size = (1280, 900);

/// A browser session. [`close`](Self::close) ends it; dropping it kills chromedriver and so Chromium.
pub struct Session {
    pub client: Client,
    pub downloads: std::path::PathBuf,
    _driver: Chromedriver,
    _home: TempDir,
}

/// An eID card's parts for a browser.
pub struct WithCard<'a> {
    /// The extension, unpacked.
    pub extension: &'a Path,
    /// A native-messaging manifest.
    pub host: &'a Path,
    /// For the browser and the programs it starts.
    pub environment: Vec<(String, OsString)>,
}

impl Session {
    pub async fn open() -> Result<Self> {
        Self::begin(None).await
    }

    /// With an extension and a native-messaging host, as a person with an eID card has them.
    pub async fn open_with_card(card: &WithCard<'_>) -> Result<Self> {
        Self::begin(Some(card)).await
    }

    async fn begin(card: Option<&WithCard<'_>>) -> Result<Self> {
        let home = TempDir::with_prefix("signum-browser-")?;
        let downloads = home.path().join("downloads");
        std::fs::create_dir(&downloads)?;
        let mut environment = Vec::new();
        let mut flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        if let Some(card) = card {
            environment.clone_from(&card.environment);
            let extension = card.extension.display();
            flags.push(format!("--disable-extensions-except={extension}"));
            flags.push(format!("--load-extension={extension}"));
            let hosts = home.path().join("profile/NativeMessagingHosts");
            std::fs::create_dir_all(&hosts)?;
            std::fs::copy(card.host, hosts.join(card.host.file_name().context("a manifest")?))?;
        }
        let driver = Chromedriver::start(home.path(), &environment).await?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(flags, home.path(), &downloads))
            .connect(&driver.url)
            .await
            .context("chromedriver did not start Chromium")?;
        Ok(Self {
            client,
            downloads,
            _driver: driver,
            _home: home,
        })
    }

    pub async fn close(self) -> Result<()> {
        Ok(self.client.close().await?)
    }

    /// Adds a fresh virtual authenticator and answers its id.
    pub async fn add_authenticator(&self) -> Result<String> {
        let id = self.client.issue_cmd(Extension::add_authenticator()).await?;
        Ok(id.as_str().context("an authenticator id")?.to_owned())
    }

    pub async fn remove_authenticator(&self, id: &str) -> Result<()> {
        self.client.issue_cmd(Extension::remove_authenticator(id)).await?;
        Ok(())
    }

    pub async fn set_user_verified(&self, id: &str, verified: bool) -> Result<()> {
        self.client.issue_cmd(Extension::user_verified(id, verified)).await?;
        Ok(())
    }

    /// The RP IDs of the credentials the authenticator holds.
    pub async fn relying_parties(&self, id: &str) -> Result<Vec<String>> {
        let credentials = self.client.issue_cmd(Extension::credentials(id)).await?;
        let list = credentials.as_array().context("a list of credentials")?;
        Ok(list
            .iter()
            .filter_map(|c| c["rpId"].as_str().map(str::to_owned))
            .collect())
    }

    pub async fn goto(&self, url: &str) -> Result<()> {
        self.client
            .goto(url)
            .await
            .with_context(|| format!("cannot open {url}"))
    }

    pub async fn url(&self) -> Result<String> {
        Ok(self.client.current_url().await?.to_string())
    }

    /// Waits until the address begins with `prefix`.
    pub async fn wait_for_url(&self, prefix: &str) -> Result<()> {
        let url = url::Url::parse(prefix)?;
        let reached = |now: &url::Url| now.as_str().starts_with(url.as_str());
        for _ in 0..300 {
            if reached(&self.client.current_url().await?) && self.loaded().await? {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        let text = self.text().await.unwrap_or_default();
        bail!(
            "still at {} instead of {prefix}; the page says:\n{text}",
            self.url().await?
        )
    }

    /// Waits until the loaded page makes `condition`, a script expression, true.
    pub async fn wait_for_page(&self, condition: &str) -> Result<()> {
        let script = format!("return document.readyState === 'complete' && !!({condition})");
        for _ in 0..300 {
            // While a page is being replaced there is none to ask.
            if self
                .client
                .execute(&script, vec![])
                .await
                .is_ok_and(|answer| answer == json!(true))
            {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!(
            "never came: {condition}; at {} the page says:\n{}",
            self.url().await?,
            self.text().await?
        )
    }

    /// Puts a file into a file field.
    pub async fn choose_file(&self, css: &str, file: &Path) -> Result<()> {
        let field = self
            .client
            .find(Locator::Css(css))
            .await
            .with_context(|| format!("no {css}"))?;
        Ok(field.send_keys(&file.to_string_lossy()).await?)
    }

    /// The bytes of the one file that was downloaded.
    pub async fn download(&self) -> Result<Vec<u8>> {
        for _ in 0..100 {
            let files: Vec<_> = std::fs::read_dir(&self.downloads)?
                .filter_map(|f| Some(f.ok()?.path()))
                .collect();
            let file = files.iter().find(|file| file.extension().is_some_and(|e| e == "pdf"));
            let bytes = file.map_or(Ok(Vec::new()), std::fs::read)?;
            // The name may be there before the last octets are.
            let arriving = files
                .iter()
                .any(|file| file.extension().is_some_and(|e| e == "crdownload"));
            if !arriving && bytes.trim_ascii_end().ends_with(b"%%EOF") {
                return Ok(bytes);
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("nothing was downloaded from {}", self.url().await?)
    }

    async fn loaded(&self) -> Result<bool> {
        Ok(self
            .client
            .execute("return document.readyState === 'complete'", vec![])
            .await?
            == json!(true))
    }

    /// The visible text of the page.
    pub async fn text(&self) -> Result<String> {
        let text = self
            .client
            .execute("return document.body ? document.body.innerText : ''", vec![])
            .await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    pub async fn click(&self, css: &str) -> Result<()> {
        let element = self
            .client
            .wait()
            .at_most(Duration::from_secs(15))
            .for_element(Locator::Css(css))
            .await;
        let element = match element {
            Ok(element) => element,
            Err(error) => {
                let (url, source) = (self.url().await?, self.client.source().await?);
                bail!("no {css} on {url}: {error}\n{source}")
            }
        };
        element.click().await.with_context(|| format!("cannot click {css}"))
    }

    /// Runs an async function body in the page and answers what it resolves to, or its error's name and message.
    pub async fn evaluate(&self, body: &str) -> Result<Result<Json, String>> {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             (async () => {{ {body} }})().then(ok => done({{ok: ok === undefined ? null : ok}}), e => done({{error: `${{e.name}}: ${{e.message}}`}}))"
        );
        let answer = self.client.execute_async(&script, vec![]).await?;
        Ok(match answer.get("error").and_then(Json::as_str) {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["ok"].clone()),
        })
    }

    pub async fn resize(&self, size: Size) -> Result<()> {
        let metrics = json!({ "width": size.0, "height": size.1, "deviceScaleFactor": 1, "mobile": false });
        self.client
            .issue_cmd(Extension::devtools("Emulation.setDeviceMetricsOverride", metrics))
            .await?;
        Ok(())
    }

    /// A PNG of the whole page, at least as high as the viewport.
    pub async fn screenshot(&self, size: Size, file: &Path) -> Result<()> {
        let height = self
            .client
            .execute("return document.documentElement.scrollHeight", vec![])
            .await?;
        let height = height.as_u64().unwrap_or(0).max(u64::from(size.1));
        let clip = json!({ "x": 0, "y": 0, "width": size.0, "height": height, "scale": 1 });
        let parameters = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let image = self
            .client
            .issue_cmd(Extension::devtools("Page.captureScreenshot", parameters))
            .await?;
        std::fs::write(file, STANDARD.decode(image["data"].as_str().context("an image")?)?)?;
        Ok(())
    }

    /// Errors and warnings of the console since the last call.
    pub async fn complaints(&self, expect: Expect) -> Result<Vec<String>> {
        let entries = self.client.issue_cmd(Extension::console()).await?;
        let entries = entries.as_array().context("console entries")?.clone();
        let is_expected = |entry: &Json| expect == Expect::Refusals && entry["source"] == "network";
        let complains =
            |entry: &&Json| !is_expected(entry) && (entry["level"] == "SEVERE" || entry["source"] == "security");
        Ok(entries
            .iter()
            .filter(complains)
            .map(|e| e["message"].as_str().unwrap_or_default().to_owned())
            .collect())
    }
}

fn capabilities(mut flags: Vec<String>, home: &Path, downloads: &Path) -> Capabilities {
    flags.push(format!("--user-data-dir={}", home.join("profile").display()));
    let preferences = json!({
        "download.default_directory": downloads, "download.prompt_for_download": false,
        "plugins.always_open_pdf_externally": true,
    });
    let wanted = json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "binary": "/usr/bin/chromium", "args": flags, "prefs": preferences },
        "goog:loggingPrefs": { "browser": "ALL" },
        "webauthn:virtualAuthenticators": true,
    });
    wanted.as_object().cloned().unwrap_or_default()
}
