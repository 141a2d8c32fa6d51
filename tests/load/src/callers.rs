//! Many callers at once: how many answers a second, and how long each caller waited.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;

/// What some callers saw.
pub struct Figures {
    pub answers: u64,
    pub per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
}

/// `callers` tasks call again and again for `each`; any error ends it all.
pub async fn measure<Call, Answer>(callers: usize, each: Duration, call: Call) -> Result<Figures>
where
    Call: Fn(u64) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Result<()>> + Send,
{
    let call = Arc::new(call);
    let began = Instant::now();
    let tasks: Vec<_> = (0..callers as u64)
        .map(|caller| {
            let call = call.clone();
            tokio::spawn(async move {
                let mut waits = Vec::new();
                while began.elapsed() < each {
                    let asked = Instant::now();
                    call(caller << 40 | waits.len() as u64).await?;
                    waits.push(asked.elapsed());
                }
                anyhow::Ok(waits)
            })
        })
        .collect();
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await??);
    }
    let took = began.elapsed();
    waits.sort_unstable();
    let at = |share: f64| {
        let place = (waits.len() as f64 * share) as usize;
        waits
            .get(place.min(waits.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    };
    Ok(Figures {
        answers: waits.len() as u64,
        per_second: waits.len() as f64 / took.as_secs_f64(),
        p50: at(0.50),
        p99: at(0.99),
    })
}

/// `callers` tasks share `total` calls.
pub async fn repeat<Call, Answer>(callers: usize, total: u64, call: Call) -> Result<()>
where
    Call: Fn(u64) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Result<()>> + Send,
{
    let shared = Arc::new((call, AtomicU64::new(0)));
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let shared = shared.clone();
            tokio::spawn(async move {
                let (call, next) = &*shared;
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= total {
                        return anyhow::Ok(());
                    }
                    call(n).await?;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}
