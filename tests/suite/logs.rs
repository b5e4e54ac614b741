//! What the program logs and how it reports an error: formats, filters, `--quiet`.

use std::fs;

use serde_json::Value;

use crate::binary::{Ended, command, program};
use crate::commands::STAGES;
use crate::sample_job::SampleJob;

/// The lines of standard error, each a JSON object.
fn objects(stderr: &str) -> Vec<Value> {
    let lines = stderr.lines();
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

#[test]
fn a_json_log_holds_nothing_but_objects() {
    let job = SampleJob::new();
    let lines = objects(&job.run(&["--log", "json"]).done().stderr);
    let names: Vec<_> = lines.iter().map(|line| line["stage"].as_str().unwrap()).collect();
    assert_eq!(names, STAGES);
    fs::remove_file(job.input("posts")).unwrap();
    let ended = job.run(&["--log", "json"]);
    assert_eq!(ended.code, Some(65));
    let lines = objects(&ended.stderr);
    let error = lines.last().unwrap();
    assert_eq!((&error["level"], &error["kind"]), (&"ERROR".into(), &"bad_input".into()));
    assert_eq!((&error["exit_code"], &error["table"]), (&65.into(), &"posts".into()));
    assert!(error["cause"].as_str().unwrap().contains("posts.parquet"), "{error}");
    assert!(error["remedy"].as_str().unwrap().contains("path"), "{error}");
}

#[test]
fn a_text_log_is_readable_and_a_quiet_run_prints_nothing() {
    let job = SampleJob::new();
    let stderr = job.run(&["--log", "text", "--dry-run"]).done().stderr;
    assert!(!stderr.contains('{') && !stderr.contains('\u{1b}'), "{stderr}");
    for stage in &STAGES[..9] {
        assert!(stderr.contains(&format!("stage=\"{stage}\"")), "{stage}: {stderr}");
    }
    let quiet = program(&["run", &job.file(), "--quiet"]).done();
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    assert!(job.commit(1).exists());
    fs::remove_file(job.input("posts")).unwrap();
    job.run(&["--quiet"]).refused(65, &["error: ", "posts.parquet", "remedy: "]);
}

#[test]
fn the_environment_filters_the_log() {
    let job = SampleJob::new();
    let run = |filter: &str| -> Ended {
        let args = ["run", &job.file(), "--dry-run", "--log", "text"];
        command(&args).env("RUST_LOG", filter).output().unwrap().into()
    };
    assert_eq!(run("off").done().stderr, "");
    assert!(run("renown=warn,datafusion=debug").done().stderr.contains("DEBUG"));
    run("renown=loud").refused(2, &["RUST_LOG is `renown=loud`", "give levels"]);
}

/// Requires that `ended` prints only one object, an error of kind `usage` that contains `word`.
#[track_caller]
fn one_usage_object(ended: &Ended, word: &str) {
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{}", ended.stderr);
    let lines = objects(&ended.stderr);
    assert_eq!(lines.len(), 1, "{}", ended.stderr);
    assert_eq!((&lines[0]["level"], &lines[0]["kind"]), (&"ERROR".into(), &"usage".into()));
    assert_eq!(lines[0]["exit_code"], 2);
    assert!(lines[0]["cause"].as_str().unwrap().contains(word), "{}", lines[0]);
    assert!(!lines[0]["remedy"].as_str().unwrap().is_empty(), "{}", lines[0]);
}

/// A wrong command line stops the program before there is a log.
#[test]
fn a_wrong_command_line_is_logged_as_an_object() {
    let job = SampleJob::new();
    one_usage_object(&program(&["rum", &job.file(), "--log", "json"]), "rum");
    one_usage_object(&job.run(&["--log=json", "--dry-rum"]), "--dry-rum");
    one_usage_object(&job.run(&["--log", "json", "--snapshot", "2018-02-30"]), "--snapshot");
    let ended = command(&["run", &job.file(), "--log", "json"])
        .env("RUST_LOG", "renown=loud")
        .output()
        .unwrap()
        .into();
    one_usage_object(&ended, "RUST_LOG is `renown=loud`");
    // Help is an answer, not an error.
    assert!(program(&["--log", "json", "--help"]).done().stdout.contains("Usage"));
}

#[test]
fn no_filter_hides_the_error_of_a_run() {
    let job = SampleJob::new();
    fs::remove_file(job.input("posts")).unwrap();
    for filter in ["off", "renown=off", "datafusion=debug"] {
        let args = ["run", &job.file(), "--log", "json"];
        let ended: Ended = command(&args).env("RUST_LOG", filter).output().unwrap().into();
        assert_eq!(ended.code, Some(65));
        let lines = objects(&ended.stderr);
        assert!(lines.iter().any(|line| line["kind"] == "bad_input"), "{filter}: {}", ended.stderr);
    }
}

#[test]
fn a_quiet_run_logs_nothing_with_any_filter() {
    let job = SampleJob::new();
    for form in ["text", "json"] {
        let args = ["run", &job.file(), "--quiet", "--dry-run", "--log", form];
        let ended: Ended = command(&args).env("RUST_LOG", "debug").output().unwrap().into();
        assert_eq!(ended.done().stderr, "", "{form}");
    }
}

#[test]
fn output_is_not_coloured_without_a_terminal() {
    let job = SampleJob::new();
    let runs = [
        program(&["--help"]),
        program(&["rum"]),
        job.run(&["--log", "text"]),
        job.run(&["--log", "json", "--snapshot", "2001-01-01"]),
    ];
    for ended in runs {
        assert!(!ended.stdout.contains('\u{1b}') && !ended.stderr.contains('\u{1b}'), "{ended:?}");
    }
}
