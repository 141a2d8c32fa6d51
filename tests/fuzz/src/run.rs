//! Gives a target inputs for a time and watches it: a panic, an answer it should not give, more than a second of processor
//! time or hundreds of megabytes for one input are findings, kept as files.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use sha2::{Digest, Sha256};

use crate::mutation::Mutator;

/// Ok, or what was wrong with the way an input was taken.
pub type Verdict = Result<(), String>;

/// Gives an input to the reader and judges the answer.
pub type Take<'a> = Box<dyn FnMut(&[u8]) -> Verdict + 'a>;

/// One reader and objects that it accepts.
pub struct Target<'a> {
    pub name: &'static str,
    pub seeds: Vec<Vec<u8>>,
    pub take: Take<'a>,
}

#[derive(Debug)]
pub struct Finding {
    pub file: PathBuf,
    pub why: String,
}

pub struct Figures {
    pub name: &'static str,
    pub executions: u64,
    pub seconds: f64,
    pub slowest: Duration,
    pub findings: Vec<Finding>,
}

/// Unoptimised code on a busy machine: an honest input takes a hundredth of it.
const LONGEST_ON_PROCESSOR: Duration = Duration::from_secs(1);
/// An input that takes so long by the clock will not end.
const HANGS: Duration = Duration::from_secs(120);
/// What the process may grow by for one target, in KiB.
const MOST_MEMORY: u64 = 300 * 1024;
/// More of the same help nobody.
const MOST_FINDINGS: usize = 20;

/// Runs `target` on changed DER that follows from `seed`: [`run_on`].
pub fn run(target: &mut Target<'_>, seed: u64, time: Duration, kept: &Path, folder: &Path) -> Figures {
    let mut mutator = Mutator::new(seed, target.seeds.clone());
    run_on(target, || mutator.next_input(), time, kept, folder)
}

/// Runs `target` for `time` on `inputs`, after its own seeds and the inputs of `kept`, a folder of earlier findings. Findings
/// are written to `folder`.
pub fn run_on(
    target: &mut Target<'_>,
    mut inputs: impl FnMut() -> Vec<u8>,
    time: Duration,
    kept: &Path,
    folder: &Path,
) -> Figures {
    let started = Instant::now();
    let memory = peak_memory();
    let mut first = target.seeds.clone();
    first.extend(earlier(kept, target.name));
    let mut first = first.into_iter();
    let watch = Watch::start(target.name, folder);
    let mut figures = Figures {
        name: target.name,
        executions: 0,
        seconds: 0.0,
        slowest: Duration::ZERO,
        findings: Vec::new(),
    };
    while started.elapsed() < time && figures.findings.len() < MOST_FINDINGS {
        let input = first.next().unwrap_or_else(&mut inputs);
        watch.now(&input);
        let before = processor_time();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (target.take)(&input)));
        let spent = processor_time().saturating_sub(before);
        figures.executions += 1;
        figures.slowest = figures.slowest.max(spent);
        let mut why = match outcome {
            Ok(verdict) => verdict.err(),
            Err(_) => Some("panic".to_owned()),
        };
        if spent > LONGEST_ON_PROCESSOR {
            why = Some(format!("{spent:?} of processor time"));
        }
        if figures.executions.is_multiple_of(256) && peak_memory().saturating_sub(memory) > MOST_MEMORY {
            why = Some("memory, by this input or one of the 255 before it".to_owned());
        }
        if let Some(why) = why {
            figures.findings.push(Finding {
                file: keep(folder, target.name, &input),
                why,
            });
        }
    }
    watch.stop();
    figures.seconds = started.elapsed().as_secs_f64();
    figures
}

fn earlier(kept: &Path, name: &str) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(kept).into_iter().flatten().filter_map(Result::ok);
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.sort();
    let of_target = |path: &&PathBuf| {
        let file = path.file_name().and_then(|file| file.to_str()).unwrap_or_default();
        file.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
    };
    files
        .iter()
        .filter(of_target)
        .filter_map(|path| std::fs::read(path).ok())
        .collect()
}

/// `TARGET-HASH.der`; where it cannot be written, its octets are printed.
fn keep(folder: &Path, name: &str, input: &[u8]) -> PathBuf {
    let hash: String = hex::encode(Sha256::digest(input)).chars().take(16).collect();
    let path = folder.join(format!("{name}-{hash}.der"));
    if let Err(error) = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, input)) {
        eprintln!("{}: {error}; {}", path.display(), hex::encode(input));
    }
    path
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// The most memory the process ever held, in KiB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

/// The input that is being taken, since when, and a bell for the end.
struct Current {
    input: Mutex<(Vec<u8>, Instant)>,
    bell: Condvar,
}

/// Ends the process when one input never ends, after keeping it.
struct Watch {
    current: Arc<Current>,
    done: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watch {
    fn start(name: &'static str, folder: &Path) -> Self {
        let current = Arc::new(Current {
            input: Mutex::new((Vec::new(), Instant::now())),
            bell: Condvar::new(),
        });
        let done = Arc::new(AtomicBool::new(false));
        let (shared, ended, folder) = (Arc::clone(&current), Arc::clone(&done), folder.to_owned());
        let thread = std::thread::spawn(move || {
            let mut held = shared.input.lock().unwrap_or_else(PoisonError::into_inner);
            while !ended.load(Ordering::Acquire) {
                if held.1.elapsed() > HANGS {
                    eprintln!(
                        "{name}: an input does not end: {}",
                        keep(&folder, name, &held.0).display()
                    );
                    std::process::abort();
                }
                held = shared
                    .bell
                    .wait_timeout(held, Duration::from_secs(1))
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
        });
        Self {
            current,
            done,
            thread: Some(thread),
        }
    }

    fn now(&self, input: &[u8]) {
        let mut held = self.current.input.lock().unwrap_or_else(PoisonError::into_inner);
        held.0.clear();
        held.0.extend_from_slice(input);
        held.1 = Instant::now();
    }

    fn stop(mut self) {
        self.done.store(true, Ordering::Release);
        self.current.bell.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn findings(take: impl FnMut(&[u8]) -> Verdict) -> (Figures, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let mut target = Target {
            name: "target",
            seeds: vec![vec![0x30, 3, 2, 1, 1]],
            take: Box::new(take),
        };
        let time = Duration::from_millis(300);
        let figures = run(&mut target, 1, time, Path::new("/nonexistent"), folder.path());
        (figures, folder)
    }

    #[test]
    fn a_target_that_panics_is_found_and_the_input_is_kept() {
        let (figures, _folder) = findings(|input| {
            assert_eq!(input[0], 0x30);
            Ok(())
        });
        let finding = &figures.findings[0];
        assert_eq!(finding.why, "panic");
        assert_ne!(std::fs::read(&finding.file).unwrap().first(), Some(&0x30));
    }

    #[test]
    fn a_target_that_says_what_it_should_not_is_found() {
        let (figures, _folder) = findings(|input| {
            if input.len() > 200 {
                Err("long".to_owned())
            } else {
                Ok(())
            }
        });
        assert!(figures.findings.iter().all(|finding| finding.why == "long"));
        assert!(!figures.findings.is_empty());
    }

    #[test]
    fn a_sound_target_is_run_and_nothing_is_found() {
        let (figures, folder) = findings(|_| Ok(()));
        assert!(figures.executions > 10);
        assert!(figures.findings.is_empty());
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
    }
}
