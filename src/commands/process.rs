//! The process: its threads, its runtime, and the signals that stop it.

use std::io::IsTerminal as _;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use futures::future::join_all;

use super::cli::Cli;
use super::context::Context;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::storage::Stores;

/// Stack of each thread of the runtime: planning a query with many expressions takes more than the usual 2 MiB in a debug
/// build.
const STACK_BYTES: usize = 8 << 20;

/// Threads that wait for files and name servers, at most: the local disk has one thread wait for each read.
const WAITING_THREADS: usize = 32;

/// Longest time in which the operating system starts the threads, which takes milliseconds.
const STARTING: Duration = Duration::from_secs(20);

/// Runs the command until it is done, or until a signal asks the process to stop.
///
/// # Errors
/// Those of the command; [`Kind::Interrupted`] for a signal, [`Kind::Unavailable`] if threads cannot be started,
/// [`Kind::Internal`] if the command panics.
pub fn run(cli: Cli) -> Result<()> {
    let threads = cli.threads();
    let waiting = (2 * threads + 4).min(WAITING_THREADS);
    refuse_without_threads(2 * threads + waiting)?;
    let started = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    started.map_err(|e| no_threads(&e.to_string()).caused_by(e))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .max_blocking_threads(waiting)
        // They stay: a limit that is reached later must not leave a read without a thread.
        .thread_keep_alive(Duration::from_secs(u64::from(u32::MAX)))
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .map_err(|e| Error::io("starting", e))?;
    runtime.block_on(start_waiting_threads(waiting))?;
    let outcome = runtime.block_on(async {
        let command = tokio::spawn(answer(cli, threads));
        tokio::select! {
            done = command => done.unwrap_or_else(|panic| Err(Error::internal(panic))),
            interrupted = interruption() => Err(interrupted),
        }
    });
    // An interrupted command is not waited for: nothing is visible before its commit.
    runtime.shutdown_background();
    outcome
}

/// Refuses to begin where the operating system does not grant `count` threads at once: the runtime would wait for ever for
/// those that it lacks.
fn refuse_without_threads(count: usize) -> Result<()> {
    let (hold, held) = mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let mut started = Vec::with_capacity(count);
    let mut refused = None;
    while started.len() < count && refused.is_none() {
        let held = Arc::clone(&held);
        // They wait until the channel closes.
        let wait = move || drop(held.lock().map(|held| held.recv()));
        match thread::Builder::new().stack_size(STACK_BYTES).spawn(wait) {
            Ok(thread) => started.push(thread),
            Err(e) => refused = Some(e),
        }
    }
    drop(hold);
    let granted = started.len();
    for thread in started {
        let _ = thread.join();
    }
    refused.map_or(Ok(()), |e| {
        Err(no_threads(&format!("{granted} of {count} threads were granted: {e}")).caused_by(e))
    })
}

/// Has all threads that wait for files started before any is needed.
async fn start_waiting_threads(count: usize) -> Result<()> {
    let all = Arc::new(Barrier::new(count));
    let waits = (0..count).map(|_| {
        let all = Arc::clone(&all);
        tokio::task::spawn_blocking(move || all.wait().is_leader())
    });
    let started = tokio::time::timeout(STARTING, join_all(waits.collect::<Vec<_>>())).await;
    started.map(drop).map_err(|_| no_threads("not all threads started"))
}

fn no_threads(cause: &str) -> Error {
    Error::new(
        Kind::Unavailable,
        format!("the machine grants too few threads: {cause}"),
        "raise the limit of processes or memory (`ulimit -u`, `ulimit -v`, that of the container), or use fewer threads",
    )
}

/// Runs the command with its answer on standard output.
async fn answer(cli: Cli, threads: usize) -> Result<()> {
    let logging = cli.logging();
    let mut out = std::io::stdout();
    let is_terminal = out.is_terminal();
    // Twice as many partitions as threads: while one waits for its bytes another is decoded.
    let engine = Engine::new(Stores::default(), 2 * threads);
    let mut context = Context {
        is_terminal,
        shows_progress: logging.shows_bar(),
        ..Context::new(engine, &mut out)
    };
    cli.run(&mut context).await
}

/// Waits for a signal that asks this process to stop.
async fn interruption() -> Error {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Error::new(
        Kind::Interrupted,
        "interrupted; what was not committed is not visible",
        "run again: it gives the same tables, and does nothing if they were committed",
    )
}
