//! Directories and files of the layout, and what reads as their contents.

use crate::state::{Key, State};

/// Where the card stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Directory {
    #[default]
    Master,
    /// ADF1: log-in.
    Authentication,
    /// ADF2: the qualified signature.
    Signature,
}

impl Directory {
    pub const MASTER: [u8; 2] = [0x3f, 0x00];

    pub fn id(self) -> [u8; 2] {
        match self {
            Self::Master => Self::MASTER,
            Self::Authentication => [0xad, 0xf1],
            Self::Signature => [0xad, 0xf2],
        }
    }

    /// The directory below this one that has the id.
    pub fn child(self, id: [u8; 2]) -> Option<Self> {
        [Self::Authentication, Self::Signature]
            .into_iter()
            .find(|child| self == Self::Master && child.id() == id)
    }

    /// The application with this identifier.
    pub fn application(identifier: &[u8]) -> Option<Self> {
        match identifier {
            [0xa0, 0, 0, 0, 0x77, 1, 8, 0, 7, 0, 0, 0xfe, 0, 0, 1, 0] => Some(Self::Master),
            [
                0xe8,
                0x28,
                0xbd,
                8,
                0x0f,
                0xf2,
                0x50,
                0x4f,
                0x54,
                0x20,
                0x41,
                0x57,
                0x50,
            ] => Some(Self::Authentication),
            b"QSCD Application" => Some(Self::Signature),
            _ => None,
        }
    }

    /// The file in this directory that has the id.
    pub fn file(self, id: [u8; 2]) -> Option<File> {
        match (self, id) {
            (Self::Master, [0xd0, 0x03]) => Some(File::DocumentNumber),
            (Self::Authentication, [0x34, 0x01]) => Some(File::Certificate(Key::Authentication)),
            (Self::Signature, [0x34, 0x1f]) => Some(File::Certificate(Key::Signature)),
            _ => None,
        }
    }
}

/// A transparent file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// EF 3F00/D003: the document's number as an OCTET STRING.
    DocumentNumber,
    /// EF ADF1/3401 or ADF2/341F.
    Certificate(Key),
}

impl File {
    /// What it holds, once personalisation wrote it.
    pub fn contents(self, state: &State) -> Option<Vec<u8>> {
        match self {
            Self::DocumentNumber => {
                let number = state.document_number.as_ref()?;
                let mut contents = vec![0x04, u8::try_from(number.len()).ok()?];
                contents.extend_from_slice(number.as_bytes());
                Some(contents)
            }
            Self::Certificate(key) => hex::decode(state.key(key).certificate.as_ref()?).ok(),
        }
    }
}
