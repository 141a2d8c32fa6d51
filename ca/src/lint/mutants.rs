//! Everything that could be wrong with a certificate: one change each, of every field of every profile (P-11).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod extensions;
mod fields;
mod frame;
mod qualified;
mod subject;
mod values;

use const_oid::ObjectIdentifier;
use der::{Encode, asn1::OctetString};
use x509_cert::ext::Extension;

use super::sample::Sample;
use crate::tbs::Tbs;

/// A spoilt certificate.
pub(super) struct Mutant {
    pub name: String,
    /// DER of the TBSCertificate.
    pub tbs: Vec<u8>,
}

/// Mutants of one sample, gathered.
pub(super) struct Nest<'a> {
    sample: &'a Sample,
    good: Vec<u8>,
    all: Vec<Mutant>,
}

/// Every mutant of `sample` that differs from it.
pub(super) fn of(sample: &Sample) -> Vec<Mutant> {
    let mut nest = Nest {
        sample,
        good: sample.tbs().to_der().unwrap(),
        all: Vec::new(),
    };
    fields::breed(&mut nest);
    frame::breed(&mut nest);
    subject::breed(&mut nest);
    extensions::breed(&mut nest);
    values::breed(&mut nest);
    qualified::breed(&mut nest);
    nest.all
}

impl Nest<'_> {
    /// The certificate after `spoil`; one that is no different is no mutant.
    fn add(&mut self, name: impl Into<String>, spoil: impl FnOnce(&mut Tbs)) {
        let mut tbs = self.sample.tbs();
        spoil(&mut tbs);
        let der = tbs.to_der().unwrap();
        self.add_octets(name, der);
    }

    fn add_octets(&mut self, name: impl Into<String>, tbs: Vec<u8>) {
        if tbs != self.good {
            self.all.push(Mutant { name: name.into(), tbs });
        }
    }

    fn has(&self, id: ObjectIdentifier) -> bool {
        extensions_of(&self.sample.tbs()).iter().any(|e| e.extn_id == id)
    }

    /// Another value of an extension that the certificate has, or the extension itself where it does not belong.
    fn put<T: Encode>(&mut self, name: impl Into<String>, id: ObjectIdentifier, value: &T) {
        let value = value.to_der().unwrap();
        self.put_octets(name, id, &value);
    }

    fn put_octets(&mut self, name: impl Into<String>, id: ObjectIdentifier, value: &[u8]) {
        let value = OctetString::new(value).unwrap();
        self.add(name, |tbs| {
            let extensions = tbs.extensions.as_mut().unwrap();
            match extensions.iter_mut().find(|e| e.extn_id == id) {
                Some(extension) => extension.extn_value = value,
                None => extensions.push(Extension {
                    extn_id: id,
                    critical: false,
                    extn_value: value,
                }),
            }
        });
    }
}

fn extensions_of(tbs: &Tbs) -> &[Extension] {
    tbs.extensions.as_deref().unwrap()
}
