//! Drafts: a ceremony file with every line explained, to be read, completed and approved by people.

use std::fmt::Write;

use signum_core::Timestamp;

use super::file::{FORM, Kind, Reason};
use super::folder::sha256;
use super::offline::RootState;
use crate::authority::{AuthorityName, Role};
use crate::config::Config;
use crate::name;
use crate::profile::{self, DAY};

/// What a draft is filled with.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    pub kind: Kind,
    pub title: &'a str,
    /// The settings that certificates depend on.
    pub config: &'a Config,
    pub from: Timestamp,
    pub until: Timestamp,
    pub nonce: [u8; 32],
    /// Hexadecimal hashes.
    pub genesis: &'a str,
    pub list: &'a str,
    pub binary: &'a str,
    pub auditor: &'a str,
    /// Label of the token.
    pub token: &'a str,
    /// What the service knows of its root; for the kinds that an existing root signs.
    pub root: Option<&'a RootState>,
    /// Authority and octets of each request; for `sign`.
    pub requests: &'a [(String, Vec<u8>)],
    /// Authorities that are meant: of `re-key` and `revoke`; all of them where it is empty.
    pub authorities: &'a [String],
    pub reason: Reason,
}

/// The file's text. Where something is missing it says so in a way that no check accepts.
pub fn draft(draft: &Draft<'_>) -> String {
    let mut out = head(draft);
    match draft.kind {
        Kind::Root => {
            root(&mut out, draft);
            list(&mut out, draft);
        }
        Kind::Issuing | Kind::ReKey => keys(&mut out, draft),
        Kind::Sign => {
            issuer(&mut out, draft);
            requests(&mut out, draft);
        }
        Kind::RootList | Kind::Revoke => {
            issuer(&mut out, draft);
            list(&mut out, draft);
            if draft.kind == Kind::Revoke {
                revoke(&mut out, draft);
            }
        }
    }
    out
}

/// A YAML string, whatever is in it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn head(draft: &Draft<'_>) -> String {
    let config = draft.config;
    let tls = match config.tls_country.as_str() {
        "" => String::new(),
        country => format!(
            "  # C of the TLS CA's name, where it differs.\n  tls_country: {}\n",
            quoted(country)
        ),
    };
    let algorithms = match config.algorithms {
        crate::config::Algorithms::Ec => "ec",
        crate::config::Algorithms::Rsa => "rsa",
    };
    format!(
        "# A key ceremony of Signum. Everything that will be done stands here and nowhere else.
# Read it aloud, compare its SHA-256 (`signum ceremony check`), then approve it; any change afterwards, of a comment too,
# is another file.
form: {FORM}

# root: the root's key, certificate and first list (offline)     issuing: issuing CAs' keys and requests (online)
# re-key: the same for the next generation (online)              sign: certify requests (offline)
# root-list: the root's list anew (offline)                      revoke: revoke issuing CAs (offline)
kind: {kind}
title: {title}

# When it may begin: from the first time on, before the second (UTC).
from: {from}
until: {until}

# Makes this ceremony one of its kind: it is held once.
nonce: {nonce}

officers:
  # SHA-256 of the first list of officers, as printed and published.
  genesis: {genesis}
  # SHA-256 of the list in force.
  list: {list}

# SHA-256 of the executable that will hold the ceremony.
binary: {binary}

# SHA-256 of the outside auditor's certificate (DER), who signs the transcript.
auditor: {auditor}

token:
  # The label of the token; `serial: ...` below it pins one device.
  label: {token}

# What certificates of authorities say of us; the same as `ca.*` of the service.
names:
  # Below this lie certificates, lists and status answers.
  public_url: {public_url}
  cps_url: {cps}
  country: {country}
{tls}  organization: {organization}
  organization_identifier: {identifier}
  name_prefix: {prefix}
  generation: {generation}
  # ec: P-384 with SHA-384. rsa: RSA-3072 with SHA-256.
  algorithms: {algorithms}
",
        kind = draft.kind,
        title = quoted(draft.title),
        from = draft.from,
        until = draft.until,
        nonce = quoted(&hex::encode(draft.nonce)),
        genesis = quoted(draft.genesis),
        list = quoted(draft.list),
        binary = quoted(draft.binary),
        auditor = quoted(draft.auditor),
        token = quoted(draft.token),
        public_url = quoted(&config.public_url),
        cps = quoted(&config.cps()),
        country = quoted(&config.country),
        organization = quoted(&config.organization),
        identifier = quoted(&config.organization_identifier),
        prefix = quoted(&config.name_prefix),
        generation = config.generation,
    )
}

fn common_name(draft: &Draft<'_>, authority: AuthorityName) -> String {
    quoted(&name::authority_common_name(draft.config, authority))
}

fn label(draft: &Draft<'_>, authority: AuthorityName) -> String {
    quoted(&format!("{authority}-g{}", draft.config.generation))
}

fn longest_days(authority: AuthorityName) -> i64 {
    profile::of_authority(authority.role).longest / DAY
}

fn root(out: &mut String, draft: &Draft<'_>) {
    let authority = Role::Root.of(draft.config.algorithms);
    let (common_name, label) = (common_name(draft, authority), label(draft, authority));
    let (algorithm, days) = (authority.key_algorithm().name(), longest_days(authority));
    *out += &format!(
        "
# The root's own key and certificate.
root:
  common_name: {common_name}
  label: {label}
  algorithm: {algorithm}
  # At most {days}.
  days: {days}
"
    );
}

fn issuing_cas(draft: &Draft<'_>) -> Vec<AuthorityName> {
    let all = Role::ALL.into_iter().map(|role| role.of(draft.config.algorithms));
    let meant = |name: &AuthorityName| {
        !name.is_root() && (draft.authorities.is_empty() || draft.authorities.iter().any(|a| a == name.as_str()))
    };
    all.filter(meant).collect()
}

fn keys(out: &mut String, draft: &Draft<'_>) {
    *out += "\n# Keys to be made, each with a request to the root.\nkeys:\n";
    for authority in issuing_cas(draft) {
        let (common_name, label) = (common_name(draft, authority), label(draft, authority));
        let algorithm = authority.key_algorithm().name();
        *out += &format!(
            "  - authority: {authority}\n    common_name: {common_name}\n    label: {label}\n    algorithm: {algorithm}\n"
        );
        if draft.kind == Kind::ReKey {
            let known = draft.root.and_then(|root| {
                let issuing = root.issuing.iter().find(|(name, _, _)| *name == authority.as_str());
                issuing.map(|(_, _, certificate)| sha256(certificate))
            });
            let known = known.unwrap_or_else(|| "SHA-256 OF THE CERTIFICATE".to_owned());
            let _ = writeln!(
                out,
                "    # The certificate that this one will follow.\n    replaces: {}",
                quoted(&known)
            );
        }
    }
}

fn issuer(out: &mut String, draft: &Draft<'_>) {
    let (common_name, label, certificate) = match draft.root {
        Some(root) => (root.common_name.clone(), root.label.clone(), sha256(&root.certificate)),
        None => (
            "NAME OF THE ROOT".to_owned(),
            "LABEL OF ITS KEY".to_owned(),
            "SHA-256 OF ITS CERTIFICATE".to_owned(),
        ),
    };
    *out += &format!(
        "
# The root that signs; its certificate lies in the folder as in/root.der.
issuer:
  common_name: {}
  label: {}
  certificate: {}
",
        quoted(&common_name),
        quoted(&label),
        quoted(&certificate)
    );
}

fn requests(out: &mut String, draft: &Draft<'_>) {
    *out += "\n# Requests to be certified; they lie in the folder as in/AUTHORITY.p10.\nrequests:\n";
    for (text, octets) in draft.requests {
        let Some(authority) = AuthorityName::parse(text) else {
            continue;
        };
        let (common_name, days, hash) = (common_name(draft, authority), longest_days(authority), sha256(octets));
        *out += &format!(
            "  - authority: {authority}\n    common_name: {common_name}\n    # At most {days}.\n    days: {days}\n    # SHA-256 of the request.\n    request: {}\n",
            quoted(&hash)
        );
    }
}

fn list(out: &mut String, draft: &Draft<'_>) {
    let number = draft.root.map_or(1, |root| root.next_list);
    let days = draft.config.arl_days;
    *out += &format!(
        "
# The root's list of revoked CAs.
root_list:
  # One more than the newest.
  number: {number}
  # How long it holds.
  days: {days}
"
    );
    let earlier = draft.root.map_or(&[][..], |root| &root.revoked);
    if earlier.is_empty() {
        *out += "  # Nothing was revoked so far.\n  revoked: []\n";
        return;
    }
    *out += "  # Revoked before; nothing ever leaves the list.\n  revoked:\n";
    for entry in earlier {
        let (serial, at) = (quoted(&hex::encode(&entry.serial)), entry.at);
        *out += &format!(
            "    - serial: {serial}\n      at: {at}\n      reason: {}\n",
            Reason::of(entry.reason).unwrap_or(Reason::Unspecified).name()
        );
    }
}

fn revoke(out: &mut String, draft: &Draft<'_>) {
    *out += "\n# Revoked by this ceremony, from the moment when it signs the list.\nrevoke:\n";
    let known = draft.root.map_or(&[][..], |root| &root.issuing);
    for (authority, serial, _) in known
        .iter()
        .filter(|(name, _, _)| draft.authorities.iter().any(|a| a == name))
    {
        *out += &format!(
            "  - authority: {authority}\n    serial: {}\n    # unspecified, ca-compromise, affiliation-changed, superseded, cessation-of-operation\n    reason: {}\n",
            quoted(&hex::encode(serial)),
            draft.reason.name()
        );
    }
}
