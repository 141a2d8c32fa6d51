//! A throw-away issuer for tests that need a whole card and no CA: it personalises by the same commands as everybody.

use anyhow::{Result, ensure};
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private, Public};
use openssl::x509::extension::KeyUsage;
use openssl::x509::{X509, X509Name, X509NameBuilder};

use crate::Card;

/// What a test card is told.
pub struct Holder<'a> {
    pub common_name: &'a str,
    /// Subject serial number, as `PNOXK-1234567892`.
    pub serial_number: &'a str,
    pub document_number: &'a str,
    pub pin1: &'a str,
    pub pin2: &'a str,
    pub puk: &'a str,
}

/// An invented person.
pub const HOLDER: Holder<'static> = Holder {
    common_name: "TEST,VCARD",
    serial_number: "PNOXK-1234567892",
    document_number: "XK0000001",
    pin1: "1234",
    pin2: "12345",
    puk: "12345678",
};

/// Makes keys, certificates of an issuer that exists for this call alone, PINs, and finishes the card.
pub fn personalise(card: &mut Card, holder: &Holder<'_>) -> Result<()> {
    let group = EcGroup::from_curve_name(Nid::SECP384R1)?;
    let issuer = PKey::from_ec_key(EcKey::generate(&group)?)?;
    for (reference, object, usage) in [(0x81, 0x01, false), (0x9f, 0x02, true)] {
        let point = told(card, &[0x80, 0x47, 0x00, reference, 0x00])?;
        let mut context = BigNumContext::new()?;
        let point = EcPoint::from_bytes(&group, &point, &mut context)?;
        let public = PKey::from_ec_key(EcKey::from_public_key(&group, &point)?)?;
        store(card, object, &certificate(&issuer, &public, holder, usage)?)?;
    }
    store(card, 0x03, holder.document_number.as_bytes())?;
    for (object, digits) in [(0x04, holder.pin1), (0x05, holder.pin2), (0x06, holder.puk)] {
        let mut field = digits.as_bytes().to_vec();
        field.resize(12, 0xff);
        store(card, object, &field)?;
    }
    told(card, &[0x80, 0x50, 0x00, 0x00])?;
    Ok(())
}

fn store(card: &mut Card, object: u8, octets: &[u8]) -> Result<()> {
    let blocks: Vec<_> = octets.chunks(255).collect();
    for (number, block) in blocks.iter().enumerate() {
        let last = if number + 1 == blocks.len() { 0x80 } else { 0x00 };
        let mut command = vec![
            0x80,
            0xe2,
            u8::try_from(number)? | last,
            object,
            u8::try_from(block.len())?,
        ];
        command.extend_from_slice(block);
        told(card, &command)?;
    }
    Ok(())
}

fn told(card: &mut Card, command: &[u8]) -> Result<Vec<u8>> {
    let mut response = card.transmit(command);
    let data = response.len().saturating_sub(2);
    let status = response.split_off(data);
    ensure!(status == [0x90, 0x00], "the card answered {}", hex::encode(status));
    Ok(response)
}

fn certificate(issuer: &PKey<Private>, key: &PKey<Public>, holder: &Holder<'_>, signs: bool) -> Result<Vec<u8>> {
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_nid(Nid::COMMONNAME, "TEST of vcard")?;
    let issuer_name: X509Name = name.build();
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_nid(Nid::COUNTRYNAME, "XK")?;
    name.append_entry_by_nid(Nid::COMMONNAME, holder.common_name)?;
    name.append_entry_by_nid(Nid::SERIALNUMBER, holder.serial_number)?;
    let mut serial = BigNum::new()?;
    serial.rand(120, openssl::bn::MsbOption::ONE, false)?;
    let mut certificate = X509::builder()?;
    certificate.set_version(2)?;
    certificate.set_serial_number(&*serial.to_asn1_integer()?)?;
    certificate.set_issuer_name(&issuer_name)?;
    certificate.set_subject_name(&name.build())?;
    certificate.set_pubkey(key)?;
    certificate.set_not_before(&*Asn1Time::days_from_now(0)?)?;
    certificate.set_not_after(&*Asn1Time::days_from_now(30)?)?;
    let mut usage = KeyUsage::new();
    usage.critical();
    let usage = if signs {
        usage.non_repudiation()
    } else {
        usage.digital_signature()
    };
    certificate.append_extension(usage.build()?)?;
    certificate.sign(issuer, MessageDigest::sha384())?;
    Ok(certificate.build().to_der()?)
}
