//! What an operator sets for the OpenID provider; every value has a working default but the address.

use std::time::Duration;

use signum_core::http::{origin_of, public_origin};
use url::Url;

use crate::abuse::Limits;
use crate::client_auth::MtlsSettings;
use crate::clients::RegistrationSettings;
use crate::jose::Algorithm;
use crate::login::CardSettings;
use crate::outbound::OutboundSettings;
use crate::worth::Levels;
use crate::zone::{self, Zone};

signum_core::config! {
    /// The OpenID provider.
    pub struct Config {
        /// Issuer identifier and address of this service: scheme, host and port, no trailing slash. Browsers and relying
        /// parties see exactly this; Host and X-Forwarded-* are never believed. Its host is the WebAuthn RP ID.
        public_url: String = "http://idp.localhost:8081".to_owned(),
        /// Label of the PKCS#11 token with the signing keys.
        hsm_token: String = "signum-idp".to_owned(),
        /// Life of an authorization code in seconds; at most 60.
        code_seconds: u32 = 30,
        /// How long a person may take from the authorization request to the end of consent, in seconds.
        interaction_seconds: u32 = 30 * 60,
        /// A session ends after this many seconds without use.
        session_idle_seconds: u32 = 15 * 60,
        /// A session ends this many seconds after the log-in, however much it is used.
        session_absolute_seconds: u32 = 12 * 60 * 60,
        /// Life of an access token in seconds; at most 300.
        access_token_seconds: u32 = 5 * 60,
        /// Life of an ID token in seconds.
        id_token_seconds: u32 = 5 * 60,
        /// Whether DPoP proofs must bear the nonce that the provider told (RFC 9449 section 8).
        dpop_nonce_required: bool = true,
        /// Days for which a key signs before the next one takes its place.
        signing_key_days: u32 = 90,
        /// Hours for which the next key is published before it signs; at least 24, since relying parties keep a JWKS for a day.
        signing_key_publication_hours: u32 = 48,
        /// Whether tokens can also be signed with PS256 (RSA-3072), for clients that register for it.
        signing_ps256: bool = false,
        /// Types of authorization details (RFC 9396) that clients may register for and ask for; the metadata tell them. None: no
        /// client can ask for details.
        authorization_details_types: Vec<String> = Vec::new(),
        /// How long people can look up what happened with their identity, in years.
        activity_years: u32 = 7,
        /// The zone in which people read times, by its name in the IANA time zone database. Kosovo's clocks are Belgrade's.
        time_zone: String = zone::DEFAULT.to_owned(),
        /// Limits against abuse and overload.
        limits: Limits,
        /// Connections to addresses that clients registered.
        outbound: OutboundSettings,
        /// The port on which clients show certificates.
        mtls: MtlsSettings,
        /// Registration of clients and their promotion.
        registration: RegistrationSettings,
        /// What each means of log-in is worth.
        levels: Levels,
        /// Log-in with the eID card.
        card: CardSettings,
    }
}

impl Config {
    /// Everything at its default, at this address.
    pub fn at(public_url: &str) -> Self {
        Self {
            public_url: public_url.to_owned(),
            ..Self::default()
        }
    }

    /// The address, if it is one that an issuer may have.
    pub(crate) fn origin(&self) -> Result<Url, String> {
        let url = public_origin(&self.public_url)?;
        if self.code_seconds == 0 || self.code_seconds > 60 {
            return Err("code_seconds: from 1 to 60".to_owned());
        }
        if self.access_token_seconds == 0 || self.access_token_seconds > 300 {
            return Err("access_token_seconds: from 1 to 300".to_owned());
        }
        if self.signing_key_publication_hours < 24 {
            return Err("signing_key_publication_hours: at least 24".to_owned());
        }
        if u64::from(self.signing_key_days) * 24 <= u64::from(self.signing_key_publication_hours) {
            return Err("signing_key_days: longer than signing_key_publication_hours".to_owned());
        }
        if self.session_absolute_seconds > 12 * 3600 {
            return Err("session_absolute_seconds: at most 43200, twelve hours".to_owned());
        }
        Zone::named(&self.time_zone)?;
        self.levels.check()?;
        self.card.check()?;
        for (name, address) in [("mtls", &self.mtls.public_url), ("card", &self.card.public_url)] {
            let exact = |url: Url| url.scheme() == "https" && origin_of(&url) == *address;
            if !address.is_empty() && !Url::parse(address).is_ok_and(exact) {
                return Err(format!(
                    "{name}.public_url: https://host[:port], without a trailing slash"
                ));
            }
        }
        // Browsers remember by host name which certificate was shown where, and that they were asked.
        if Url::parse(&self.card.public_url).is_ok_and(|card| card.host_str() == url.host_str()) {
            return Err("card.public_url: a host name of its own".to_owned());
        }
        Ok(url)
    }

    pub(crate) fn signing_algorithms(&self) -> impl Iterator<Item = Algorithm> {
        let ps256 = self.signing_ps256.then_some(Algorithm::Ps256);
        std::iter::once(Algorithm::Es256).chain(ps256)
    }

    pub(crate) fn code_ttl(&self) -> Duration {
        Duration::from_secs(self.code_seconds.into())
    }
    pub(crate) fn interaction_ttl(&self) -> Duration {
        Duration::from_secs(self.interaction_seconds.into())
    }
    pub(crate) fn session_idle(&self) -> Duration {
        Duration::from_secs(self.session_idle_seconds.into())
    }
    pub(crate) fn activity_kept(&self) -> Duration {
        Duration::from_secs(u64::from(self.activity_years) * 366 * 24 * 60 * 60)
    }
    pub(crate) fn session_absolute(&self) -> Duration {
        Duration::from_secs(self.session_absolute_seconds.into())
    }
    pub(crate) fn access_token_ttl(&self) -> Duration {
        Duration::from_secs(self.access_token_seconds.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuer_with_trailing_slash_path_or_plain_http_is_refused() {
        for bad in [
            "http://idp.localhost:8081/",
            "https://idp.example.org/x",
            "http://idp.example.org",
            "https://127.0.0.1",
            "idp",
        ] {
            assert!(Config::at(bad).origin().is_err(), "{bad}");
        }
        assert!(Config::at("http://idp.localhost:8081").origin().is_ok());
        assert!(Config::at("https://idp.example.org").origin().is_ok());
    }
}
