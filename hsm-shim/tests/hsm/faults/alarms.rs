//! Counts the errors that are logged while a test runs: an alarm is a log line of level `error`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Metadata, Subscriber};

/// Listens on this thread until it is dropped; the tests' runtimes have one thread.
pub struct Alarms {
    raised: Arc<AtomicUsize>,
    _guard: DefaultGuard,
}

impl Alarms {
    pub fn listen() -> Self {
        let raised = Arc::new(AtomicUsize::new(0));
        Self {
            raised: raised.clone(),
            _guard: tracing::subscriber::set_default(Counter(raised)),
        }
    }

    /// How many so far.
    pub fn raised(&self) -> usize {
        self.raised.load(Ordering::SeqCst)
    }
}

struct Counter(Arc<AtomicUsize>);

impl Subscriber for Counter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::ERROR
    }
    fn event(&self, _event: &Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _span: &Id, _values: &Record<'_>) {}
    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}
    fn enter(&self, _span: &Id) {}
    fn exit(&self, _span: &Id) {}
}
