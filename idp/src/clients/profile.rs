//! Profiles of clients: which rules of OAuth hold for whom (FAPI 2.0 Security Profile, FAPI 2.0 Message Signing, RFC 8252).

use serde::{Deserialize, Serialize};

use crate::client_auth::AuthMethod;
use crate::jose::Algorithm;

/// The set of rules a client was registered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// FAPI 2.0 Security Profile; what a new registration gets.
    #[default]
    Fapi2,
    /// FAPI 2.0 Message Signing: signed requests and answers besides.
    Fapi2Ms,
    /// For libraries that cannot do FAPI: code flow with PKCE, also with a client secret.
    GovBasic,
    /// An application on a person's device: no secret, PKCE, DPoP (RFC 8252).
    Native,
}

impl Profile {
    pub const ALL: [Self; 4] = [Self::Fapi2, Self::Fapi2Ms, Self::GovBasic, Self::Native];

    /// As it is stored and configured.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fapi2 => "fapi2",
            Self::Fapi2Ms => "fapi2-ms",
            Self::GovBasic => "gov-basic",
            Self::Native => "native",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// Authorization requests are taken at /par alone (RFC 9126).
    pub fn requires_par(self) -> bool {
        matches!(self, Self::Fapi2 | Self::Fapi2Ms)
    }
    /// The pushed request is a signed request object (RFC 9101).
    pub fn requires_jar(self) -> bool {
        self == Self::Fapi2Ms
    }
    /// The authorization response is a signed JWT.
    pub fn requires_jarm(self) -> bool {
        self == Self::Fapi2Ms
    }
    /// Tokens work only with the client's key or certificate (RFC 9449, RFC 8705).
    pub fn requires_sender_constraint(self) -> bool {
        self != Self::GovBasic
    }
    /// The port of a loopback redirect address may be any (RFC 8252 section 7.3).
    pub fn allows_loopback_port(self) -> bool {
        self == Self::Native
    }
    /// How a client of this profile may prove itself; the first is what it gets when it names none.
    pub fn client_auth_methods(self) -> &'static [AuthMethod] {
        use AuthMethod::*;
        match self {
            Self::Fapi2 | Self::Fapi2Ms => &[PrivateKeyJwt, TlsClientAuth, SelfSignedTlsClientAuth],
            Self::GovBasic => &[
                ClientSecretBasic,
                ClientSecretPost,
                PrivateKeyJwt,
                TlsClientAuth,
                SelfSignedTlsClientAuth,
            ],
            Self::Native => &[Public],
        }
    }
    /// What the client's own JWTs may be signed with.
    pub fn signing_algs(self) -> &'static [Algorithm] {
        match self {
            Self::GovBasic => &Algorithm::ALL,
            Self::Fapi2 | Self::Fapi2Ms | Self::Native => &Algorithm::FAPI,
        }
    }
}

/// Where a client lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Realm {
    /// Registered by itself, for trying out: it meets test people alone.
    Sandbox,
    /// Approved by an officer: it meets everybody.
    Production,
}

impl Realm {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Production => "production",
        }
    }
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Sandbox, Self::Production]
            .into_iter()
            .find(|realm| realm.name() == name)
    }
}

/// The kill switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Active,
    /// Nothing is done for it: it is answered like a client that does not exist.
    Disabled,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Active, Self::Disabled]
            .into_iter()
            .find(|status| status.name() == name)
    }
}
