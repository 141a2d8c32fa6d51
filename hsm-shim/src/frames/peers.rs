//! Who may be at the other end of a socket: the kernel says who it is (`SO_PEERCRED`), configuration says who may be.

use std::fs::{self, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use super::FrameError;

/// Our own user always; others only by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peers {
    /// User ids beside our own.
    pub users: Vec<u32>,
    /// Group that may open the socket (mode 0660); without one only our own user may (mode 0600).
    pub group: Option<u32>,
}

impl Peers {
    /// Our own user alone.
    pub fn same_user() -> Self {
        Self::default()
    }

    /// The process at the other end of a connected socket, or [`FrameError::Stranger`].
    pub(super) fn check(&self, stream: &impl AsFd) -> Result<(), FrameError> {
        let peer = rustix::net::sockopt::socket_peercred(stream).map_err(io::Error::from)?;
        if peer.uid == rustix::process::geteuid() || self.users.contains(&peer.uid.as_raw()) {
            Ok(())
        } else {
            Err(FrameError::Stranger)
        }
    }

    /// Group and mode of a socket that was bound just now.
    pub(super) fn open_path(&self, path: &Path) -> io::Result<()> {
        let Some(group) = self.group else {
            return fs::set_permissions(path, Permissions::from_mode(0o600));
        };
        // Mode last: whoever comes before is refused by what bind left (the umask's rights) or by `check`.
        chown(path, None, Some(group))?;
        fs::set_permissions(path, Permissions::from_mode(0o660))
    }
}

/// A group by its number, or by its name in `/etc/group`.
pub fn group_id(name: &str) -> io::Result<u32> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    let groups = fs::read_to_string("/etc/group")?;
    let id = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (found, _password, number) = (fields.next()?, fields.next()?, fields.next()?);
        (found == name).then(|| number.parse().ok())?
    });
    id.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no group {name}")))
}
