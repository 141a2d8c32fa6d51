//! `signum client register`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use secrecy::ExposeSecret;
use serde_json::{Map, Value as Json};
use signum_core::Cx;
use signum_idp::clients::{self, Document};

use crate::layout::write_private;

#[derive(Args)]
pub struct Register {
    /// 1 to 64 of a-z 0-9 . _ -
    id: String,
    /// JSON file: `redirect_uris`, `client_name#sq`, `client_name#sr-Latn`, `client_name#en`, `purpose#...` in the same languages,
    /// `profile` (fapi2, fapi2-ms, gov-basic, native; fapi2 unless told), `jwks` or `jwks_uri`, and whatever else RFC 7591 knows.
    file: PathBuf,
    /// The law that lets the service have the personal number; without it the service does not get it.
    #[arg(long)]
    legal_basis: Option<String>,
    /// Where the client's secret is written (mode 0600), if its method is one by secret.
    #[arg(long)]
    secret_out: Option<PathBuf>,
}

impl Register {
    pub(super) async fn run(self, cx: &Cx) -> Result<()> {
        let octets = std::fs::read(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
        let given: Map<String, Json> = serde_json::from_slice(&octets).context("the file is no JSON object")?;
        let document = Document::parse(&given).map_err(anyhow::Error::msg)?;
        if by_secret(&document) && self.secret_out.is_none() {
            bail!("the client gets a secret: say with --secret-out where it is written");
        }
        let secret = clients::by_operator(cx, &self.id, document, self.legal_basis.as_deref()).await?;
        if let (Some(secret), Some(out)) = (secret, &self.secret_out) {
            write_private(out, secret.expose_secret().as_bytes())?;
            println!("the secret is in {}: hand it over and delete the file", out.display());
        }
        println!(
            "{} is registered. `signum client show {}` tells what is in force.",
            self.id, self.id
        );
        Ok(())
    }
}

fn by_secret(document: &Document) -> bool {
    use signum_idp::client_auth::AuthMethod::{ClientSecretBasic, ClientSecretPost};
    matches!(
        document.metadata.token_endpoint_auth_method,
        ClientSecretBasic | ClientSecretPost
    )
}
