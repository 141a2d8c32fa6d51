//! The eight places of an issuance where a crash may come between; tests end the process there (L-02).

/// Where an issuance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Nothing is stored.
    BeforeReserve,
    /// Serial number, key and intent are stored.
    Reserved,
    BeforeLint,
    /// The linter accepted the octets.
    Linted,
    BeforeHsm,
    /// The HSM has signed; there is no certificate yet.
    HsmSigned,
    /// The certificate is whole, in memory alone.
    BeforeStore,
    /// Certificate and audit event are stored; the caller has no answer yet.
    Stored,
}

impl Point {
    pub const ALL: [Self; 8] = [
        Self::BeforeReserve,
        Self::Reserved,
        Self::BeforeLint,
        Self::Linted,
        Self::BeforeHsm,
        Self::HsmSigned,
        Self::BeforeStore,
        Self::Stored,
    ];
}

/// Hears how far issuances are.
pub trait Watch: Send + Sync + 'static {
    fn reached(&self, point: Point);
}

/// Nobody listens.
pub struct Unwatched;

impl Watch for Unwatched {
    fn reached(&self, _point: Point) {}
}
