//! What is known to be wrong with a module: measured or read, each with what Signum does about it.

use super::{MechanismFacts, ModuleFacts};
use crate::wrap::WrapMechanism;

/// One sentence for each known fault of this module.
pub(super) fn known(module: &ModuleFacts, mechanisms: &[MechanismFacts]) -> Vec<String> {
    let mut known: Vec<&str> = Vec::new();
    if module.manufacturer.starts_with("SoftHSM") {
        known.push("not a certified device: keys lie in files, protected by the PIN alone");
        known.push("crashes on RSA-PSS with an EC key (up to 2.6.1): Signum checks key type before the module, and runs it in a process of its own");
        known.push("loses new keys silently on a full disk (up to 2.6.1): a new key has signed in a fresh process before it counts");
        known.push("a wrong PIN has no limit of tries: Signum tries once and stops");
        known.push("leaks about 240 octets with each unwrapped key (2.6.1): workers are replaced");
        known.push("does not sign faster over threads: use one session in each of several workers");
        known.push("finds objects by reading all of them: keep people's keys wrapped, never in the token");
    }
    if module.manufacturer.starts_with("Kryoptic") || module.description.contains("Kryoptic") {
        known.push("not a certified device: keys lie in a database file, protected by the PIN alone");
        known.push("locks the token at the tenth wrong PIN: Signum tries once and stops");
        known.push("slows down with each object of the token: keep people's keys wrapped, never in the token");
    }
    let wraps = |wanted: WrapMechanism| mechanisms.iter().any(|m| m.code == wanted.code() && m.wraps);
    if !wraps(WrapMechanism::Gcm) {
        known.push("no key wrapping by AES_GCM: a separate HMAC key binds each wrapped key to its owner");
    }
    known.into_iter().map(str::to_owned).collect()
}
