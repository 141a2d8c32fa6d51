//! A session object that is destroyed on every path.

use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;

/// Destroys its object when dropped. If that fails, the module error that comes next closes the session, and with it the
/// object.
pub(crate) struct SessionObject<'a> {
    session: &'a Session,
    handle: ObjectHandle,
}

impl<'a> SessionObject<'a> {
    pub(crate) fn new(session: &'a Session, handle: ObjectHandle) -> Self {
        Self { session, handle }
    }

    pub(crate) fn handle(&self) -> ObjectHandle {
        self.handle
    }
}

impl Drop for SessionObject<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.session.destroy_object(self.handle) {
            tracing::error!(%error, "a session key was not destroyed");
        }
    }
}
