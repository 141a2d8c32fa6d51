//! A second copy of SoftHSM's `token.object`. SoftHSM empties that file and writes it anew at each login: a process that is
//! killed in between, or a power cut, leaves it empty, and with it every key of the token is lost.
//!
//! For the development token alone: no other module's files are touched, and no key is in this one (it holds label, serial
//! number, and the token's own secret under the PINs).

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const OBJECT: &str = "token.object";
const KEPT: &str = "token.object.kept";
/// CKA_OS_TOKENLABEL.
const LABEL: u64 = 0x8000_5349;
/// CKA_OS_USERPIN: the last attribute, since SoftHSM writes them in order.
const USER_PIN: u64 = 0x8000_534d;

/// After a login: keeps what the token's file says now. A copy that cannot be made is told and missed later, if at all.
pub(crate) fn keep(module: &Path, label: &str) {
    for folder in folders(module) {
        let Ok(now) = fs::read(folder.join(OBJECT)) else {
            continue;
        };
        if !is_whole(&now, label) || fs::read(folder.join(KEPT)).is_ok_and(|kept| kept == now) {
            continue;
        }
        if let Err(error) = replace(&folder, KEPT, &now) {
            tracing::warn!(token = label, %error, "no copy of the token's file was kept");
        }
    }
}

/// When the module knows no such token: puts the copy where the token's file is empty. Says whether it did.
pub(crate) fn put_back(module: &Path, label: &str) -> bool {
    folders(module).into_iter().any(|folder| {
        let is_empty = fs::metadata(folder.join(OBJECT)).is_ok_and(|file| file.len() == 0);
        let kept = fs::read(folder.join(KEPT)).unwrap_or_default();
        if !is_empty || !is_whole(&kept, label) {
            return false;
        }
        match replace(&folder, OBJECT, &kept) {
            Ok(()) => tracing::warn!(
                token = label,
                "the token's file was empty: the copy of the last login is put back"
            ),
            Err(error) => tracing::error!(token = label, %error, "the token's file is empty and was not put back"),
        }
        true
    })
}

/// One for each token, where the module is SoftHSM with files.
fn folders(module: &Path) -> Vec<PathBuf> {
    let is_softhsm = module.file_name() == Some(OsStr::new("libsofthsm2.so"));
    let settings = std::env::var_os("SOFTHSM2_CONF").filter(|_| is_softhsm);
    let settings = settings.and_then(|path| fs::read_to_string(path).ok());
    let tokens = settings.as_deref().and_then(|text| {
        text.lines()
            .filter_map(|line| line.split_once('='))
            .find(|(name, _)| name.trim() == "directories.tokendir")
    });
    let Some(Ok(entries)) = tokens.map(|(_, folder)| fs::read_dir(folder.trim())) else {
        return Vec::new();
    };
    entries.flatten().map(|entry| entry.path()).collect()
}

/// Written beside and renamed: nobody reads half of it.
fn replace(folder: &Path, name: &str, octets: &[u8]) -> std::io::Result<()> {
    let beside = folder.join(format!("{name}.{}", std::process::id()));
    let _left = fs::remove_file(&beside);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(octets)?;
    file.sync_all()?;
    fs::rename(&beside, folder.join(name))?;
    fs::File::open(folder)?.sync_all()
}

/// Whether it is read to its exact end as SoftHSM writes it (a generation, then type, kind and value of each attribute), and
/// bears this label and a PIN.
fn is_whole(octets: &[u8], label: &str) -> bool {
    let Some((_generation, mut rest)) = number(octets) else {
        return false;
    };
    let (mut is_labelled, mut has_pin) = (false, false);
    while !rest.is_empty() {
        let Some((kind, value, after)) = attribute(rest) else {
            return false;
        };
        is_labelled |= kind == LABEL && value.trim_ascii_end() == label.as_bytes();
        has_pin |= kind == USER_PIN;
        rest = after;
    }
    is_labelled && has_pin
}

/// Type and value of the first attribute, and what follows it.
fn attribute(octets: &[u8]) -> Option<(u64, &[u8], &[u8])> {
    let (of, rest) = number(octets)?;
    let (kind, rest) = number(rest)?;
    let (length, rest) = match kind {
        1 => (1, rest),
        2 => (8, rest),
        3 => number(rest)?,
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some((of, value, rest))
}

fn number(octets: &[u8]) -> Option<(u64, &[u8])> {
    let (first, rest) = octets.split_first_chunk()?;
    Some((u64::from_be_bytes(*first), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(label: &str) -> Vec<u8> {
        let mut octets = 9_u64.to_be_bytes().to_vec();
        let mut put = |of: u64, kind: u64, value: &[u8]| {
            octets.extend(
                of.to_be_bytes()
                    .into_iter()
                    .chain(kind.to_be_bytes())
                    .chain(value.iter().copied()),
            );
        };
        let mut padded = 32_u64.to_be_bytes().to_vec();
        padded.extend(format!("{label:32}").bytes());
        put(LABEL, 3, &padded);
        put(0x8000_534b, 2, &1069_u64.to_be_bytes());
        put(0x8000_534c, 1, &[1]);
        put(USER_PIN, 3, &[0, 0, 0, 0, 0, 0, 0, 2, 7, 7]);
        octets
    }

    #[test]
    fn a_file_is_whole_when_it_ends_with_an_attribute_and_bears_the_label() {
        let whole = written("signum-ca");
        assert!(is_whole(&whole, "signum-ca"));
        assert!(!is_whole(&whole, "signum-c") && !is_whole(&whole, "signum-idp"));
        for cut in 0..whole.len() {
            assert!(!is_whole(whole.get(..cut).unwrap_or_default(), "signum-ca"), "{cut}");
        }
        let mut strange = whole;
        strange.extend([0; 24]);
        assert!(!is_whole(&strange, "signum-ca"), "a kind that is none");
    }

    #[test]
    fn other_modules_have_no_folders() {
        for module in ["/usr/lib/libkryoptic_pkcs11.so", "/opt/hsm/libcs_pkcs11.so", ""] {
            assert_eq!(folders(Path::new(module)), Vec::<PathBuf>::new());
        }
    }
}
