//! What a commitment may contain at all: formats, numbers and lengths.

use std::collections::HashSet;

use crate::commitment::Commitment;
use crate::protocol::Refusal;

/// Formats whose signed attributes the module builds.
pub const FORMATS: [&str; 4] = ["PAdES-B-B", "PAdES-B-T", "PAdES-B-LT", "PAdES-B-LTA"];
/// Documents one gesture may cover.
pub const DOCUMENTS: usize = 50;
/// Octets of a label or a client's name.
pub const TEXT: usize = 255;

/// Refuses a commitment outside the limits.
pub(crate) fn check(commitment: &Commitment) -> Result<(), Refusal> {
    let refused = |why: &str| Err(Refusal::Commitment(why.to_owned()));
    if !FORMATS.contains(&commitment.format.as_str()) {
        return refused("format");
    }
    if commitment.documents.is_empty() || commitment.documents.len() > DOCUMENTS {
        return refused("number of documents");
    }
    let is_plain = |text: &str| !text.is_empty() && text.len() <= TEXT && !text.chars().any(char::is_control);
    if !is_plain(&commitment.client) || !commitment.documents.iter().all(|d| is_plain(&d.label)) {
        return refused("label");
    }
    let digests: HashSet<&[u8; 32]> = commitment.documents.iter().map(|d| &d.byte_range).collect();
    if digests.len() != commitment.documents.len() {
        return refused("a document twice");
    }
    Ok(())
}
