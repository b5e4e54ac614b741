//! What the machine or a store does not grant: the program ends with what to set, and neither waits for ever nor shows a
//! credential.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::binary::{Ended, command};
use crate::sample_job::SampleJob;

/// The program under a limit of the shell.
fn limited(limit: &str, args: &[&str]) -> Ended {
    let mut shell = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_renown");
    let text = format!("ulimit {limit} && exec \"$0\" \"$@\"");
    shell.args(["-c", &text, program]).args(args).env_remove("RENOWN_THREADS");
    shell.stdin(Stdio::null()).output().unwrap().into()
}

#[test]
fn too_few_threads_end_the_program_with_a_message() {
    let job = SampleJob::new();
    let begun = Instant::now();
    // Address space for fewer stacks than threads: the system refuses further threads as it does beyond `ulimit -u`.
    let args = ["--threads", "2000", "run", &job.file(), "--quiet"];
    let words = ["the machine grants too few threads", "threads were granted", "ulimit -u"];
    limited("-v 6000000", &args).refused(69, &words);
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert!(!job.output().exists());
}

#[test]
fn too_few_open_files_end_the_program_with_a_message() {
    let job = SampleJob::new();
    let ended = limited("-n 5", &["--threads", "2", "run", &job.file(), "--quiet"]);
    ended.refused(69, &["ulimit -n"]);
}

/// What does not change by asking again is a setting to correct, and no credential of the environment is shown.
#[test]
fn a_store_that_is_not_set_up_is_a_setting() {
    const SECRET: &str = "hunter2hunter2";
    let job = SampleJob::new();
    job.edit("sample/posts.parquet", "s3://acme/posts.parquet");
    for (endpoint, words) in [
        (format!("http://me:{SECRET}@127.0.0.1:9"), ["AWS_ALLOW_HTTP=true", "s3://acme"]),
        (format!("http://127.0.0.1:9/?sig={SECRET}"), ["AWS_ALLOW_HTTP=true", "s3://acme"]),
    ] {
        let ended: Ended = command(&["run", &job.file(), "--log", "text"])
            .env("AWS_ENDPOINT", &endpoint)
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("RUST_LOG", "debug")
            .output()
            .unwrap()
            .into();
        let ended = ended.refused(78, &words);
        let shown = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!shown.contains(SECRET), "{shown}");
    }
}
