//! Who asks: the origin the browser names (RFC 6454 section 6.2), https alone.

use url::{Host, Url};

/// Longest host name with scheme and port.
const LONGEST: usize = 270;

/// What origins are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    HttpsAlone,
    /// For developers: plain http on this machine, too.
    AndLocalhost,
}

impl Rule {
    /// `SIGNUM_CARD_DEVELOPMENT=localhost` in the environment is a developer's doing; a page cannot set it.
    pub fn of_this_process() -> Self {
        match std::env::var("SIGNUM_CARD_DEVELOPMENT").as_deref() {
            Ok("localhost") => Self::AndLocalhost,
            _ => Self::HttpsAlone,
        }
    }

    /// The origin, when it is one, written the one way it is signed, and served.
    pub fn read(self, text: &str) -> Option<String> {
        if text.len() > LONGEST {
            return None;
        }
        let url = Url::parse(text).ok()?;
        let served = match url.scheme() {
            "https" => true,
            "http" => self == Self::AndLocalhost && on_this_machine(&url),
            _ => false,
        };
        // Signed is the text: only the serialisation itself will do, without path, user, upper case or default port.
        (served && url.origin().ascii_serialization() == text).then(|| text.to_owned())
    }
}

fn on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
