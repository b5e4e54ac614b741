//! Commands as people run them: within the tests, or as the program.

use std::process::{Command, Output, Stdio};

use clap::Parser as _;
use renown::commands::hints::with_hint;
use renown::commands::{Cli, Context, exit};
use renown::engine::Engine;
use renown::storage::Stores;
use tokio::runtime::Builder;

use crate::on_threads;

/// How the program ended and what it said.
#[derive(Debug)]
pub struct Ended {
    /// Exit code; none if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ended {
    /// Requires that it ended well.
    #[track_caller]
    pub fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self
    }

    /// Requires that it ended with `code` and an error that holds every one of `words`.
    #[track_caller]
    pub fn refused(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "no `{word}` in: {}", self.stderr);
        }
        self
    }
}

/// The program with `args`, not started yet, without variables of the environment that set options.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_renown"));
    command.args(args).env_remove("RENOWN_THREADS").env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// Runs the program with `args` to its end: for tests of the process itself, such as its log, threads and signals.
pub fn program(args: &[&str]) -> Ended {
    command(args).output().unwrap().into()
}

/// Runs the command that `args` name in process: it ends with the same code and the same output, but without a log.
/// Arguments that ask for a log run the program instead.
pub fn renown(args: &[&str]) -> Ended {
    if args.iter().any(|arg| arg.starts_with("--log")) {
        return program(args);
    }
    let cli = match Cli::try_parse_from([&["renown"], args].concat()) {
        Ok(cli) => cli,
        Err(refused) => {
            let (code, text) = (Some(refused.exit_code()), refused.to_string());
            let (stdout, stderr) = match refused.use_stderr() {
                true => (String::new(), text),
                false => (text, String::new()),
            };
            return Ended { code, stdout, stderr };
        }
    };
    let (threads, mut out) = (cli.threads(), Vec::new());
    // On a separate thread pool: the caller may be a task of another runtime.
    let answered = on_threads(threads, || {
        let runtime = Builder::new_multi_thread().worker_threads(threads).enable_all().build();
        let engine = Engine::new(Stores::default(), 2 * threads);
        runtime.unwrap().block_on(cli.run(&mut Context::new(engine, &mut out)))
    });
    let (code, stderr) = match answered.map_err(with_hint) {
        Ok(()) => (0, String::new()),
        Err(error) => (i32::from(exit::code(error.kind)), format!("error: {error}\n")),
    };
    Ended { code: Some(code), stdout: String::from_utf8(out).unwrap(), stderr }
}
