//! What is measured: one operation as a relying party and its person know it, with all its requests.

use anyhow::{Result, ensure};
use serde_json::Value as Json;

use super::visitor::Visitor;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Discovery,
    Jwks,
    /// A code and its tokens for somebody who is logged in and has agreed before (`prompt=none`).
    Sso,
    /// The same, and the person's data.
    SsoUserinfo,
    /// Log-in with name and password, code, tokens.
    LogIn,
    Refresh,
    ClientCredentials,
    Introspection,
}

pub const WORKS: [Work; 8] = [
    Work::Sso,
    Work::SsoUserinfo,
    Work::LogIn,
    Work::Refresh,
    Work::ClientCredentials,
    Work::Introspection,
    Work::Discovery,
    Work::Jwks,
];

impl Work {
    pub fn name(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Jwks => "jwks",
            Self::Sso => "sso",
            Self::SsoUserinfo => "sso + userinfo",
            Self::LogIn => "login",
            Self::Refresh => "refresh",
            Self::ClientCredentials => "client_credentials",
            Self::Introspection => "introspection",
        }
    }

    /// What has to be there before the clock starts.
    pub async fn prepare(self, visitor: &mut Visitor) -> Result<()> {
        if matches!(self, Self::Discovery | Self::Jwks | Self::ClientCredentials) {
            return Ok(());
        }
        let code = visitor.code(None).await?;
        visitor.redeem(&code).await
    }

    pub async fn once(self, visitor: &mut Visitor) -> Result<()> {
        match self {
            Self::Discovery => {
                let page = visitor.plain("/.well-known/openid-configuration").await?.expect(200)?;
                ensure!(page.body.contains("\"issuer\""), "no metadata");
            }
            Self::Jwks => {
                let path = visitor.path("jwks_uri")?;
                let page = visitor.plain(&path).await?.expect(200)?;
                ensure!(page.body.contains("\"keys\""), "no keys");
            }
            Self::Sso | Self::SsoUserinfo => {
                let code = visitor.code(Some("none")).await?;
                visitor.redeem(&code).await?;
                if self == Self::SsoUserinfo {
                    visitor.userinfo().await?;
                }
            }
            Self::LogIn => {
                visitor.forget();
                let code = visitor.code(None).await?;
                visitor.redeem(&code).await?;
            }
            Self::Refresh => {
                let (path, old) = (visitor.path("token_endpoint")?, visitor.refresh_token.clone());
                let fields = [("grant_type", "refresh_token"), ("refresh_token", &old)];
                let tokens = visitor.post_as_client(&path, &fields).await?;
                ensure!(tokens.get("access_token").is_some(), "no access token");
                // Where it is not replaced, it goes on.
                if let Some(next) = tokens.get("refresh_token").and_then(Json::as_str) {
                    visitor.refresh_token = next.to_owned();
                }
            }
            Self::ClientCredentials => {
                let path = visitor.path("token_endpoint")?;
                let tokens = visitor
                    .post_as_client(&path, &[("grant_type", "client_credentials")])
                    .await?;
                ensure!(tokens.get("access_token").is_some(), "no access token");
            }
            Self::Introspection => {
                let (path, token) = (visitor.path("introspection_endpoint")?, visitor.access_token.clone());
                let told = visitor.post_as_client(&path, &[("token", &token)]).await?;
                ensure!(told.get("active") == Some(&Json::Bool(true)), "the token is not active");
            }
        }
        Ok(())
    }
}
