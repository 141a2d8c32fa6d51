//! Distinguished names in the order and string types of the profiles (P-03, EN 319 412-2 section 4.2.4, 412-3 section 4.2.1).

use const_oid::ObjectIdentifier;
use der::asn1::{Any, PrintableStringRef, Utf8StringRef};
use der::{Decode, Encode};
use signum_core::contract::PersonName;
use signum_pki::oid;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};

use crate::authority::{AuthorityName, Role};
use crate::config::Config;

/// The type whose values are PrintableString; all others are UTF8String (RFC 5280 appendix A.1).
pub(crate) fn is_printable(kind: ObjectIdentifier) -> bool {
    kind == oid::COUNTRY || kind == oid::SERIAL_NUMBER
}

/// A name of one attribute per RDN, in the order given.
pub(crate) fn name(attributes: &[(ObjectIdentifier, &str)]) -> der::Result<Name> {
    let mut sequence = RdnSequence::default();
    for (kind, text) in attributes {
        let value = if is_printable(*kind) {
            Any::from(PrintableStringRef::new(text)?)
        } else {
            Any::from(Utf8StringRef::new(text)?)
        };
        sequence.push(RelativeDistinguishedName::try_from(vec![AttributeTypeAndValue {
            oid: *kind,
            value,
        }])?);
    }
    Name::from_der(&sequence.to_der()?)
}

/// C, O, organizationIdentifier, CN of ourselves: authorities, responders and time-stamping units.
pub(crate) fn organization(config: &Config, common_name: &str) -> der::Result<Name> {
    legal_person(
        config,
        &config.organization,
        &config.organization_identifier,
        common_name,
    )
}

/// C, O, organizationIdentifier, CN.
pub(crate) fn legal_person(config: &Config, organization: &str, number: &str, common_name: &str) -> der::Result<Name> {
    name(&[
        (oid::COUNTRY, &config.country),
        (oid::ORGANIZATION, organization),
        (oid::ORGANIZATION_IDENTIFIER, number),
        (oid::COMMON_NAME, common_name),
    ])
}

/// C, L, O of a TLS server.
pub(crate) fn server(config: &Config, locality: &str, organization: &str) -> der::Result<Name> {
    name(&[
        (oid::COUNTRY, config.server_country()),
        (oid::LOCALITY, locality),
        (oid::ORGANIZATION, organization),
    ])
}

pub(crate) fn authority_common_name(config: &Config, authority: AuthorityName) -> String {
    format!("{} {} G{}", config.name_prefix, authority.title(), config.generation)
}

pub(crate) fn authority(config: &Config, authority: AuthorityName) -> der::Result<Name> {
    let common_name = authority_common_name(config, authority);
    if authority.role == Role::Tls {
        return name(&[
            (oid::COUNTRY, config.server_country()),
            (oid::ORGANIZATION, &config.organization),
            (oid::COMMON_NAME, &common_name),
        ]);
    }
    organization(config, &common_name)
}

/// `PNOXK-1234567890`, or `UI:XK-` and a pseudonym (EN 319 412-1 section 5.1.3).
pub(crate) fn semantics_identifier(config: &Config, person: &PersonName) -> String {
    format!("{}{}", config.person_scheme(), person.personal_number)
}

/// C, serialNumber, SN, GN, CN of a natural person.
pub(crate) fn person(config: &Config, person: &PersonName) -> der::Result<Name> {
    let common_name = format!("{} {}", person.given_name, person.surname);
    name(&[
        (oid::COUNTRY, &config.country),
        (oid::SERIAL_NUMBER, &semantics_identifier(config, person)),
        (oid::SURNAME, &person.surname),
        (oid::GIVEN_NAME, &person.given_name),
        (oid::COMMON_NAME, &common_name),
    ])
}

/// C, O, organizationIdentifier, title, serialNumber, SN, GN, CN of a person in an office.
pub(crate) fn official(
    config: &Config,
    person: &PersonName,
    organization: &str,
    number: &str,
    title: &str,
) -> der::Result<Name> {
    let common_name = format!("{} {}", person.given_name, person.surname);
    name(&[
        (oid::COUNTRY, &config.country),
        (oid::ORGANIZATION, organization),
        (oid::ORGANIZATION_IDENTIFIER, number),
        (oid::TITLE, title),
        (oid::SERIAL_NUMBER, &semantics_identifier(config, person)),
        (oid::SURNAME, &person.surname),
        (oid::GIVEN_NAME, &person.given_name),
        (oid::COMMON_NAME, &common_name),
    ])
}

/// Why a person's data cannot stand in a certificate; the data itself is not repeated.
pub(crate) fn check_person(config: &Config, person: &PersonName) -> Result<(), &'static str> {
    if !config.is_person_number(&person.personal_number) {
        return Err("the personal number has another form than the configured one");
    }
    for part in [&person.given_name, &person.surname] {
        check_text(part)?;
        if part.chars().count() > longest(oid::SURNAME, true) {
            return Err("a name is too long");
        }
    }
    Ok(())
}

/// RFC 5280 appendix A.1 bounds O, CN, title and serialNumber to 64 characters. EN 319 412-2 NAT-4.2.4-18 lets a natural
/// person's commonName, surname and givenName be longer.
pub(crate) fn longest(kind: ObjectIdentifier, of_person: bool) -> usize {
    match kind {
        oid::COMMON_NAME if of_person => 201,
        oid::SURNAME | oid::GIVEN_NAME => 100,
        oid::LOCALITY => 128,
        _ => 64,
    }
}

/// Text that is one line, trimmed, composed (NFC as far as combining marks tell) and of bearable length.
pub(crate) fn check_text(text: &str) -> Result<(), &'static str> {
    if text.is_empty() || text.trim() != text || text.chars().count() > 201 {
        return Err("a name is empty, too long, or has outer spaces");
    }
    if text.chars().any(char::is_control) {
        return Err("a name has control characters");
    }
    // Letters of Albanian, Serbian and Turkish have composed forms; a combining mark means that the text is not in NFC.
    if text.chars().any(|c| ('\u{300}'..='\u{36f}').contains(&c)) {
        return Err("a name is not in Unicode normal form C");
    }
    Ok(())
}
