//! `signum client keys` and `signum client secret`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;
use secrecy::ExposeSecret;
use signum_core::Cx;
use signum_idp::clients;
use signum_idp::jose::Jwk;

use crate::layout::write_private;

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Add public keys; those the client has go on working. Retire the old one when the client signs with the new one.
    Add {
        id: String,
        /// JSON file: a public JWK, or a set of them (`{"keys": [...]}`).
        file: PathBuf,
    },
    /// Take a key away: what it signs counts for nothing from now on. The only key is not taken away.
    Retire {
        id: String,
        /// `kid` or thumbprint, from `signum client show`.
        key: String,
    },
}

#[derive(Subcommand)]
pub enum SecretCommand {
    /// Make another secret; the one before is worth nothing from now on.
    Renew {
        id: String,
        /// Where the new secret is written (mode 0600).
        #[arg(long)]
        out: PathBuf,
    },
}

impl KeysCommand {
    pub(super) async fn run(self, cx: &Cx) -> Result<()> {
        let keys = match self {
            Self::Add { id, file } => {
                let octets = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
                let new = serde_json::from_slice(&octets).context("the file is no JSON")?;
                clients::add_keys(cx, &id, &new).await?
            }
            Self::Retire { id, key } => clients::retire_key(cx, &id, &key).await?,
        };
        println!("in force from now on:");
        for jwk in &keys {
            println!("  {}", line(jwk));
        }
        Ok(())
    }
}

fn line(jwk: &Jwk) -> String {
    format!("{}  {}", jwk.thumbprint(), jwk.kid.as_deref().unwrap_or("(no kid)"))
}

impl SecretCommand {
    pub(super) async fn run(self, cx: &Cx) -> Result<()> {
        let Self::Renew { id, out } = self;
        // A place that cannot be written must not cost the client its secret.
        write_private(&out, b"")?;
        let secret = clients::renew_secret(cx, &id).await?;
        write_private(&out, secret.expose_secret().as_bytes())?;
        println!("the secret is in {}: hand it over and delete the file", out.display());
        Ok(())
    }
}
