//! The README and the page of tables agree with the declarations, and the walkthrough works.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use chrono::NaiveDate;

use crate::binary::{Ended, command};
use crate::parquet_files::{batch, texts, write, write_parts};

const README: &str = include_str!("../../README.md");
const OUTPUT: &str = include_str!("../../docs/output.md");

#[test]
fn tables_match_the_contracts() {
    let section = OUTPUT.split("<!-- tables -->").nth(1).unwrap();
    let section = section.split("<!-- end of tables -->").next().unwrap();
    let declared = renown::docs::reference::markdown().unwrap();
    assert_eq!(
        section.trim(),
        declared.trim(),
        "stale: put what `cargo run -- schema --format markdown` prints between the marks"
    );
}

#[test]
fn commands_and_exit_codes_match_the_program() {
    let help =
        std::process::Command::new(env!("CARGO_BIN_EXE_renown")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for command in [
        "run",
        "top",
        "rank",
        "schema",
        "check",
        "plan",
        "runs",
        "synth",
        "completions",
        "man",
        "explain",
        "diff",
        "topics",
        "audience",
        "access",
        "forget",
        "methods",
        "fit",
        "attack",
        "report",
    ] {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is not a command");
        assert!(README.contains(&format!(" {command} ")), "{command} is not in the README");
    }
    use renown::error::Kind::*;
    for kind in [Usage, BadInput, Unavailable, Internal, Interrupted, BadJob, Gate] {
        let code = renown::commands::exit::code(kind);
        assert!(README.contains(&format!("\n| {code} | ")), "exit code {code}");
        assert!(help.replace('\n', " ").contains(&format!(" {code} ")), "exit code {code}");
    }
}

/// Users 10 to 29 reply to one another; 11 has left, 13 is a child.
fn write_lake(lake: &Path) {
    let noon = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap().and_hms_opt(12, 0, 0).unwrap();
    let instants = |hours: &[i64]| -> ArrayRef {
        let at = hours.iter().map(|h| noon.and_utc().timestamp_micros() - h * 3_600_000_000);
        Arc::new(TimestampMicrosecondArray::from_iter_values(at))
    };
    let users: Vec<i64> = (10..30).collect();
    let of = |value: &dyn Fn(i64) -> Option<i64>| -> ArrayRef {
        Arc::new(users.iter().map(|user| value(*user)).collect::<Int64Array>())
    };
    let days = |born: ArrayRef| cast(&cast(&born, &DataType::Int32).unwrap(), &DataType::Date32);
    let left = users.iter().map(|user| (*user == 11).then_some(1_700_000_000_000_000));
    let names: Vec<String> = users.iter().map(|user| format!("User {user}")).collect();
    let table = batch(&[
        ("user_id", of(&|user| Some(user))),
        ("name", texts(names.iter().map(String::as_str))),
        ("born", days(of(&|user| Some(if user == 13 { 18_000 } else { 4_000 }))).unwrap()),
        ("left_at", Arc::new(left.collect::<TimestampMicrosecondArray>())),
    ]);
    write(&lake.join("users.parquet"), &table);
    // Each writes a tweet and replies to an earlier one.
    let table = batch(&[
        ("id", of(&|user| Some(user + 100))),
        ("user_id", of(&|user| Some(user))),
        ("created_at", instants(&users.iter().map(|user| 40 - user).collect::<Vec<_>>())),
        ("reply_to_user", of(&|user| (user > 12).then_some(10 + user % 3))),
        ("reply_to_id", of(&|user| (user > 12).then_some(110 + user % 3))),
        ("text", texts(names.iter().map(String::as_str))),
    ]);
    write_parts(&lake.join("tweets"), &table, 3);
}

/// Runs every line as printed, from an empty folder, with a lake on this machine.
#[test]
fn the_walkthrough_ends_with_a_published_run() {
    let section = README.split("## Your own data").nth(1).unwrap().split("\n## ").next().unwrap();
    let here = tempfile::tempdir().unwrap();
    let lake = here.path().join("lake");
    write_lake(&lake);
    let job = section.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    std::fs::write(here.path().join("nightly.toml"), job).unwrap();
    let walk = section.split("\n### ").next().unwrap();
    let lines: Vec<&str> = walk.lines().filter_map(|line| line.strip_prefix("$ renown ")).collect();
    assert_eq!(lines.len(), 7);
    let mut said = String::new();
    for line in lines {
        let line = line.replace("s3://acme-lake", lake.to_str().unwrap());
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(lake.join("renown").exists(), !said.is_empty(), "{line}");
        let output = command(&words).current_dir(here.path()).output().unwrap();
        let ended = Ended::from(output).done();
        if words[0] == "run" && !words.contains(&"--dry-run") || !said.is_empty() {
            said.push_str(&ended.stdout);
        }
    }
    for words in ["top 18 of 18 people on 2026-11-21", "in force", "User 12"] {
        assert!(said.contains(words), "no `{words}` in: {said}");
    }
    assert!(!said.contains("User 11") && !said.contains("User 13"), "{said}");
}
