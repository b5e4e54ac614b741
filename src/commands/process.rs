//! The process: its threads, its runtime, and the signals that stop it.

use std::io::IsTerminal as _;

use super::cli::Cli;
use super::context::Context;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::storage::Stores;

/// Stack of each thread of the runtime: planning a query with many expressions takes more than the usual 2 MiB in a debug
/// build.
const STACK_BYTES: usize = 8 << 20;

/// Runs the command until it is done, or until a signal asks the process to stop.
///
/// # Errors
/// Those of the command; [`Kind::Interrupted`] for a signal, [`Kind::Internal`] if threads cannot be started or the
/// command panics.
pub fn run(cli: Cli) -> Result<()> {
    let threads = cli.threads();
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().map_err(Error::internal)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .map_err(Error::internal)?;
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
