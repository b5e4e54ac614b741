//! The program as its users run it.

use std::process::{Command, Output, Stdio};

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

/// The program with `args`, not started yet; nothing of the environment reaches its options.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_renown"));
    command.args(args).env_remove("RENOWN_THREADS").env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// Runs the program with `args` to its end.
pub fn renown(args: &[&str]) -> Ended {
    command(args).output().unwrap().into()
}
