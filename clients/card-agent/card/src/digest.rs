//! Digests that a signature key signs, by the names of the Web eID contract.

/// The hash functions of which a P-384 key signs digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashFunction {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha3_224,
    Sha3_256,
    Sha3_384,
    Sha3_512,
}

impl HashFunction {
    pub const ALL: [Self; 8] = [
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Sha3_224,
        Self::Sha3_256,
        Self::Sha3_384,
        Self::Sha3_512,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
            Self::Sha3_224 => "SHA3-224",
            Self::Sha3_256 => "SHA3-256",
            Self::Sha3_384 => "SHA3-384",
            Self::Sha3_512 => "SHA3-512",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }

    /// Octets of a digest.
    pub fn length(self) -> usize {
        match self {
            Self::Sha224 | Self::Sha3_224 => 28,
            Self::Sha256 | Self::Sha3_256 => 32,
            Self::Sha384 | Self::Sha3_384 => 48,
            Self::Sha512 | Self::Sha3_512 => 64,
        }
    }
}

/// A digest as long as its function says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    function: HashFunction,
    octets: Vec<u8>,
}

impl Digest {
    /// None when the length is another.
    pub fn new(function: HashFunction, octets: Vec<u8>) -> Option<Self> {
        (octets.len() == function.length()).then_some(Self { function, octets })
    }

    pub fn function(&self) -> HashFunction {
        self.function
    }

    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// What ECDSA takes of it for a key of so many octets: the leftmost ones, or zeros before (FIPS 186-5 section 6.4.1).
    pub(crate) fn for_key_of(&self, length: usize) -> Vec<u8> {
        let kept = self.octets.iter().take(length);
        let mut field = vec![0; length.saturating_sub(self.octets.len())];
        field.extend(kept);
        field
    }
}
