//! Work that goes on when the request that began it is given up, and that the service waits for before it stops.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::RwLock;
use tokio::task::JoinHandle;
use tracing::Instrument;

/// Begins such work. Cloning shares it.
#[derive(Clone, Default)]
pub(crate) struct Unbroken {
    /// Read by each piece of work, written by whoever waits for all of them.
    under_way: Arc<RwLock<()>>,
}

impl Unbroken {
    /// Runs `work` to its end, whether or not the handle is awaited. `None` once the service is stopping.
    pub(crate) fn begin<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        let guard = self.under_way.clone().try_read_owned().ok()?;
        let work = async move {
            let _guard = guard;
            work.await
        };
        Some(tokio::spawn(work.in_current_span()))
    }

    /// Lets nothing new begin and waits for what is under way; whether all of it has ended within `patience`.
    pub(crate) async fn drain(&self, patience: Duration) -> bool {
        match tokio::time::timeout(patience, self.under_way.clone().write_owned()).await {
            // Kept for good: nothing begins any more.
            Ok(guard) => {
                std::mem::forget(guard);
                true
            }
            Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn stopping_waits_for_work_that_nobody_awaits_and_lets_nothing_new_begin() {
        let unbroken = Unbroken::default();
        let (finish, finished) = tokio::sync::oneshot::channel::<()>();
        let (tell, told) = tokio::sync::oneshot::channel();
        let work = async move {
            finished.await.unwrap();
            tell.send("done").unwrap();
        };
        drop(unbroken.begin(work).unwrap());
        let other = unbroken.clone();
        let drain = tokio::spawn(async move { other.drain(Duration::from_secs(60)).await });
        while unbroken.begin(async {}).is_some() {
            tokio::task::yield_now().await;
        }
        finish.send(()).unwrap();
        assert!(drain.await.unwrap());
        assert_eq!(told.await.unwrap(), "done");
        assert!(unbroken.begin(async {}).is_none());
    }
}
