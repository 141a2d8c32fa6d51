//! Attributes of the keys that guard people's keys, the nested unwrap template among them (PKCS#11 v2.40 section 4.10).

use std::ptr;

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_TYPE, CK_BBOOL, CK_FALSE, CK_OBJECT_CLASS, CK_TRUE, CK_ULONG, CKA_CLASS, CKA_COPYABLE,
    CKA_DECRYPT, CKA_DERIVE, CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_ID, CKA_KEY_TYPE, CKA_LABEL, CKA_MODIFIABLE,
    CKA_MODULUS_BITS, CKA_PRIVATE, CKA_PUBLIC_EXPONENT, CKA_SENSITIVE, CKA_SIGN, CKA_SIGN_RECOVER, CKA_TOKEN,
    CKA_UNWRAP, CKA_UNWRAP_TEMPLATE, CKA_VALUE_LEN, CKA_VERIFY, CKA_WRAP, CKK_AES, CKO_SECRET_KEY,
};

/// Which life a KEK begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyLife {
    /// In the token at once, never out of it.
    Resident,
    /// A session object that is wrapped for its backups and then copied into the token as one that stays.
    Departing,
    /// Out of a backup into the token, never out again.
    Restored,
    /// Out of a backup into a session, for re-wrapping: the one form that lets people's keys out into other wrapping.
    Rewrapping,
}

/// Owns every value that the attributes of one call point to.
pub(super) struct Template {
    yes: CK_BBOOL,
    no: CK_BBOOL,
    length: CK_ULONG,
    class: CK_OBJECT_CLASS,
    kind: CK_ULONG,
    label: Vec<u8>,
    id: Vec<u8>,
    nested: Vec<CK_ATTRIBUTE>,
}

impl Template {
    pub(super) fn new(label: &str, id: &[u8]) -> Self {
        Self {
            yes: CK_TRUE,
            no: CK_FALSE,
            length: 32,
            class: CKO_SECRET_KEY,
            kind: CKK_AES,
            label: label.as_bytes().to_vec(),
            id: id.to_vec(),
            nested: Vec::new(),
        }
    }

    /// The attributes of a KEK. They point into `self`, which the caller keeps in place until the call is over.
    pub(super) fn kek(&mut self, life: KeyLife) -> Vec<CK_ATTRIBUTE> {
        self.nested = vec![
            attribute(CKA_EXTRACTABLE, &self.no),
            attribute(CKA_SENSITIVE, &self.yes),
        ];
        let flag = |on: bool| if on { &self.yes } else { &self.no };
        let resident = matches!(life, KeyLife::Resident | KeyLife::Restored);
        let mut all = Vec::new();
        match life {
            KeyLife::Resident | KeyLife::Departing => all.push(attribute(CKA_VALUE_LEN, &self.length)),
            KeyLife::Restored | KeyLife::Rewrapping => {
                all.push(attribute(CKA_CLASS, &self.class));
                all.push(attribute(CKA_KEY_TYPE, &self.kind));
            }
        }
        all.extend([
            attribute(CKA_TOKEN, flag(resident)),
            attribute(CKA_PRIVATE, &self.yes),
            attribute(CKA_SENSITIVE, &self.yes),
            attribute(CKA_EXTRACTABLE, flag(life == KeyLife::Departing)),
            attribute(CKA_WRAP, &self.yes),
            attribute(CKA_UNWRAP, &self.yes),
            attribute(CKA_ENCRYPT, &self.no),
            attribute(CKA_DECRYPT, &self.no),
            attribute(CKA_SIGN, &self.no),
            attribute(CKA_VERIFY, &self.no),
            attribute(CKA_DERIVE, &self.no),
            attribute(CKA_LABEL, self.label.as_slice()),
            attribute(CKA_ID, self.id.as_slice()),
        ]);
        if life != KeyLife::Rewrapping {
            all.push(attribute(CKA_UNWRAP_TEMPLATE, self.nested.as_slice()));
        }
        // The departing key is copied once and changed in that; all others are as they will ever be.
        if life != KeyLife::Departing {
            all.push(attribute(CKA_COPYABLE, &self.no));
            all.push(attribute(CKA_MODIFIABLE, &self.no));
        }
        all
    }
}

/// Owns what the two templates of a transport key pair point to: RSA-3072 that wraps on one side and unwraps on the other.
pub(super) struct Transport {
    yes: CK_BBOOL,
    no: CK_BBOOL,
    bits: CK_ULONG,
    exponent: [u8; 3],
    label: Vec<u8>,
    id: Vec<u8>,
    nested: Vec<CK_ATTRIBUTE>,
}

impl Transport {
    pub(super) fn new(label: &str, id: &[u8]) -> Self {
        Self {
            yes: CK_TRUE,
            no: CK_FALSE,
            bits: 3072,
            exponent: [1, 0, 1],
            label: label.as_bytes().to_vec(),
            id: id.to_vec(),
            nested: Vec::new(),
        }
    }

    /// Public and private template, pointing into `self`. What the private half unwraps can never be read or leave again.
    pub(super) fn pair(&mut self) -> (Vec<CK_ATTRIBUTE>, Vec<CK_ATTRIBUTE>) {
        self.nested = vec![
            attribute(CKA_EXTRACTABLE, &self.no),
            attribute(CKA_SENSITIVE, &self.yes),
        ];
        let public = vec![
            attribute(CKA_TOKEN, &self.yes),
            attribute(CKA_PRIVATE, &self.no),
            attribute(CKA_MODULUS_BITS, &self.bits),
            attribute(CKA_PUBLIC_EXPONENT, self.exponent.as_slice()),
            attribute(CKA_WRAP, &self.yes),
            attribute(CKA_ENCRYPT, &self.no),
            attribute(CKA_VERIFY, &self.no),
            attribute(CKA_LABEL, self.label.as_slice()),
            attribute(CKA_ID, self.id.as_slice()),
        ];
        let private = vec![
            attribute(CKA_TOKEN, &self.yes),
            attribute(CKA_PRIVATE, &self.yes),
            attribute(CKA_SENSITIVE, &self.yes),
            attribute(CKA_EXTRACTABLE, &self.no),
            attribute(CKA_UNWRAP, &self.yes),
            attribute(CKA_DECRYPT, &self.no),
            attribute(CKA_SIGN, &self.no),
            attribute(CKA_SIGN_RECOVER, &self.no),
            attribute(CKA_DERIVE, &self.no),
            attribute(CKA_LABEL, self.label.as_slice()),
            attribute(CKA_ID, self.id.as_slice()),
            attribute(CKA_UNWRAP_TEMPLATE, self.nested.as_slice()),
            attribute(CKA_COPYABLE, &self.no),
            attribute(CKA_MODIFIABLE, &self.no),
        ];
        (public, private)
    }
}

/// An attribute that borrows its value: the caller keeps the value alive until the call is over.
fn attribute<T: ?Sized>(kind: CK_ATTRIBUTE_TYPE, value: &T) -> CK_ATTRIBUTE {
    CK_ATTRIBUTE {
        type_: kind,
        pValue: ptr::from_ref(value).cast_mut().cast(),
        ulValueLen: size_of_val(value) as CK_ULONG,
    }
}
