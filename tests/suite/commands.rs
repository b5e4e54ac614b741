//! `run` and `top` as people and schedulers see them: output, progress, exit codes, signals.

use std::fs;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, AsArray, Float64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use serde_json::Value;

use crate::binary::{Ended, command, program, renown};
use crate::parquet_files::{batch, read, texts, write};
use crate::sample_job::{SampleJob, edit};

pub const STAGES: [&str; 16] = [
    "read",
    "people",
    "attention",
    "trust",
    "ranks",
    "measures",
    "topics",
    "scores",
    "changes",
    "contributions",
    "influence_edges",
    "cohorts",
    "checks",
    "tables",
    "audit",
    "publish",
];

/// The lines from `top …` to the first empty one.
fn list(ended: &Ended) -> String {
    let from = ended.stdout.find("top ").unwrap();
    ended.stdout[from..].split("\n\n").next().unwrap().to_owned()
}

fn holds_control(text: &str) -> bool {
    text.contains(|c: char| c.is_control() && c != '\n')
}

#[test]
fn a_run_reports_its_stages_and_prints_the_top() {
    let job = SampleJob::new();
    let ended = program(&["run", &job.file()]).done();
    let stages: Vec<Value> =
        ended.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<_> = stages.iter().map(|stage| stage["stage"].as_str().unwrap()).collect();
    assert_eq!(names, STAGES);
    for stage in &stages {
        let keys: Vec<_> = stage.as_object().unwrap().keys().collect();
        assert_eq!(keys[2..7], ["stage", "rows_in", "rows_out", "seconds", "peak_memory_bytes"]);
        assert!(stage["seconds"].as_f64().unwrap() >= 0.0);
        assert!(stage["peak_memory_bytes"].as_u64().unwrap() > 1 << 20);
    }
    // 3,461 accounts, 1,670 posts and 3,703 interactions, rounded to tens.
    assert_eq!(stages[0]["rows_in"], 8840);
    assert!(ended.stdout.contains("top 20 of 3,461 people on 2018-09-01"));
    assert_eq!(list(&ended).lines().count(), 22);
    for table in ["people", "scores", "measures", "influence_edges", "runs"] {
        assert!(ended.stdout.contains(&format!("  {table}/2018-09-01/")), "{table}");
    }

    let again = job.run(&[]).done();
    assert!(again.stdout.contains("nothing to do"));
    assert!(again.stdout.contains("commit 1"));
    assert_eq!(list(&again), list(&ended));
    assert!(!job.commit(2).exists());
}

#[test]
fn top_shows_the_same_for_a_job_a_folder_and_a_commit() {
    let job = SampleJob::after_run();
    let (folder, commit) = (job.output(), job.commit(1));
    let (folder, commit) = (folder.to_str().unwrap(), commit.to_str().unwrap());
    let of_job = job.top(&job.file()).done();
    assert!(of_job.stdout.starts_with("top 7 of 3,461 people on 2018-09-01"));
    assert_eq!(list(&of_job).lines().count(), 9);
    let with_slash = format!("{folder}/");
    let as_url = url::Url::from_directory_path(folder).unwrap().to_string();
    for target in [folder, &with_slash, &as_url, commit] {
        assert_eq!(job.top(target).done().stdout, of_job.stdout, "{target}");
    }
    let dated = renown(&["top", folder, "-n", "7", "--snapshot", "2018-09-01"]).done();
    assert_eq!(dated.stdout, of_job.stdout);
    let all = renown(&["top", folder, "-n", "1000000"]).done();
    assert_eq!(list(&all).lines().count(), 3461 + 2);

    renown(&["top", folder, "--snapshot", "2018-08-31"]).refused(65, &["no run"]);
    job.top(job.commit(2).to_str().unwrap()).refused(65, &["no run"]);
    job.top(job.path("nowhere/").to_str().unwrap()).refused(65, &["no run"]);
}

/// An option that has no effect is refused.
#[test]
fn top_refuses_options_that_its_target_cannot_use() {
    let job = SampleJob::after_run();
    let (folder, commit) = (job.output(), job.commit(1));
    let unused = renown(&["top", folder.to_str().unwrap(), "--set", "lake=there"]);
    assert_ne!(unused.code, Some(0), "--set has nothing to fill");
    let other_day = ["top", commit.to_str().unwrap(), "--snapshot", "2001-01-01"];
    assert_ne!(renown(&other_day).code, Some(0), "the commit is of another day");
}

#[test]
fn a_table_file_outside_any_commit_is_ignored() {
    let job = SampleJob::after_run();
    let before = job.top(&job.file()).done().stdout;
    for table in ["people", "scores"] {
        let folder = job.output().join(table).join("2018-09-01");
        let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
        fs::copy(&file, folder.join("ffffffffffffffffffffffffffffffff-00000.parquet")).unwrap();
        fs::copy(&file, folder.join("0-00000.parquet")).unwrap();
    }
    assert_eq!(job.top(&job.file()).done().stdout, before);
}

/// An incomplete table must not be read as a smaller one.
#[test]
fn a_missing_published_file_is_an_error() {
    let job = SampleJob::after_run();
    fs::remove_dir_all(job.output().join("people")).unwrap();
    job.top(&job.file()).refused(65, &["people"]);
}

/// Sends SIGTERM.
fn terminate(child: &Child) {
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

fn wait(mut child: Child) -> Ended {
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < Duration::from_secs(60), "it does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_terminated_run_leaves_no_commit() {
    for threads in ["1", "3"] {
        let job = SampleJob::new();
        let mut child = command(&["run", &job.file(), "--threads", threads])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // After its first line the signal handlers of the run are in place.
        let mut first = [0];
        std::io::Read::read_exact(child.stderr.as_mut().unwrap(), &mut first).unwrap();
        terminate(&child);
        let ended = wait(child).refused(75, &["interrupted", "remedy: "]);
        assert_eq!(ended.stdout, "");
        assert!(!job.output().join("commits").exists());
        // A later run starts from scratch.
        job.run(&[]).done();
        assert!(job.commit(1).exists());
    }
}

/// After its commit, a run must not report that nothing of it is visible.
#[test]
fn a_run_terminated_after_its_commit_is_not_reported_as_unpublished() {
    let job = SampleJob::new();
    let (reader, mut writer) = std::io::pipe().unwrap();
    // A reader that does not read: the pipe is full, so that the run waits where it prints.
    let full = writer.try_clone().unwrap();
    let filler = std::thread::spawn(move || while writer.write_all(&[b' '; 4096]).is_ok() {});
    let child = command(&["run", &job.file()]).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let started = Instant::now();
    while !job.commit(1).exists() {
        assert!(started.elapsed() < Duration::from_secs(60), "no commit");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(300));
    terminate(&child);
    let ended = wait(child);
    drop(reader);
    filler.join().unwrap();
    assert!(!ended.stderr.contains("nothing of this run is visible"), "{}", ended.stderr);
}

#[test]
fn a_closed_output_pipe_is_not_an_error() {
    let job = SampleJob::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child =
        command(&["run", &job.file()]).stdout(writer).stderr(Stdio::null()).spawn().unwrap();
    wait(child).done();
    assert!(job.commit(1).exists());
}

#[test]
fn a_bad_job_exits_with_78() {
    let refused = |from: &str, to: &str, words: &[&str]| {
        let job = SampleJob::new();
        job.edit(from, to);
        job.run(&[]).refused(78, words);
        assert!(!job.output().exists());
    };
    refused("snapshot =", "snapshop =", &["unknown key `snapshop`", "did you mean `snapshot`?"]);
    refused("[output]", "[outputs]", &["did you mean `output`?"]);
    refused("posts        =", "post         =", &["unknown input `post`", "`posts`"]);
    refused(
        "interactions = \"sample/interactions.parquet\"",
        "",
        &["names neither `interactions` nor `follows`", "equal scores are not published"],
    );
    refused("methods/sample-1.toml", "methods/none.toml", &["none.toml"]);
    refused("\"../out/sample/\"", "\"ftp://host/out/\"", &["`ftp`"]);
    refused("\"../out/sample/\"", "\"${lake}/out/\"", &["`${lake}` is not set", "--set lake="]);
    refused("\"sample/posts.parquet\"", "\"SELECT * FROM nothing\"", &["inputs.posts"]);
    refused("\"sample/posts.parquet\"", "\"SELECT 1; DROP TABLE x\"", &["inputs.posts"]);
    refused("[job]", "[job", &["sample.toml:"]);
    let job = SampleJob::new();
    job.run(&["--set", "lake=x"]).refused(78, &["no `${lake}`"]);
    edit(&job.path("jobs/methods/sample-1.toml"), "\"credited_reactors_hl_8\"", "\"rank\"");
    job.run(&[]).refused(78, &["`rank` may not enter the forecast"]);
    renown(&["run", job.path("none.toml").to_str().unwrap()]).refused(78, &["none.toml"]);
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    let job = SampleJob::new();
    renown(&[]).refused(2, &["Usage"]);
    renown(&["rum", &job.file()]).refused(2, &["run"]);
    job.run(&["--snapshot", "2018-02-30"]).refused(2, &["--snapshot"]);
    job.run(&["--set", "lake"]).refused(2, &["NAME=VALUE"]);
    job.run(&["--threads", "0"]).refused(2, &["--threads"]);
    job.edit("snapshot = 2018-09-01", "");
    job.run(&[]).refused(2, &["no snapshot is named"]);
}

#[test]
fn missing_and_broken_inputs_exit_with_65() {
    let job = SampleJob::new();
    fs::remove_file(job.input("posts")).unwrap();
    job.run(&[]).refused(65, &["posts.parquet", "no Parquet file"]);
    fs::write(job.input("posts"), "no Parquet").unwrap();
    job.run(&[]).refused(65, &["posts.parquet"]);
    let job = SampleJob::new();
    let rows = read(&job.input("interactions"));
    let without_kind: Vec<_> = (0..rows.num_columns()).filter(|c| *c != 3).collect();
    write(&job.input("interactions"), &rows.project(&without_kind).unwrap());
    job.run(&[]).refused(65, &["column `kind` is missing"]);
    assert!(!job.output().exists());
}

/// An empty snapshot is usually a late one: equal scores for everyone must not be published unnoticed.
#[test]
fn a_snapshot_without_interactions_is_reported() {
    let job = SampleJob::new();
    write(&job.input("interactions"), &read(&job.input("interactions")).slice(0, 0));
    let ended = job.run(&[]);
    let reported = format!("{}{}", ended.stdout, ended.stderr).contains("no interaction");
    assert!(ended.code == Some(65) || reported, "{}", ended.stdout);
}

/// Requires that one NaN among sentiments `even` and `odd` by row is refused.
#[track_caller]
fn assert_nan_is_refused(even: f64, odd: f64) {
    let job = SampleJob::new();
    let rows = read(&job.input("interactions"));
    let sentiment: Float64Array = (0..rows.num_rows())
        .map(|row| [even, odd, f64::NAN][if row == 7 { 2 } else { row % 2 }])
        .collect();
    let schema = rows.schema();
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let mut columns: Vec<_> = names.zip(rows.columns().iter().cloned()).collect();
    columns.push(("sentiment", Arc::new(sentiment)));
    write(&job.input("interactions"), &batch(&columns));
    job.run(&["--snapshot", "2018-04-01"]).refused(65, &["`sentiment`", "in 1 of"]);
}

#[test]
fn a_nan_sentiment_is_refused() {
    assert_nan_is_refused(0.5, -0.5);
}

/// The statistics of a Parquet file ignore NaN: of 0.5 and NaN, both minimum and maximum are 0.5.
#[test]
fn a_nan_sentiment_is_refused_although_file_statistics_hide_it() {
    assert_nan_is_refused(0.5, 0.5);
}

#[test]
fn an_output_that_cannot_be_written_exits_with_78() {
    let job = SampleJob::new();
    fs::write(job.path("out"), "a file where a folder should be").unwrap();
    job.run(&[]).refused(78, &["out/sample/", "in the way"]);
}

#[test]
fn a_gate_exits_with_80() {
    let job = SampleJob::new();
    // Ranks sum to 1 within rounding, and not exactly.
    let method = job.path("jobs/methods/sample-1.toml");
    edit(&method, "rank_mass_tolerance = 1e-9", "rank_mass_tolerance = 0.0");
    job.run(&[]).refused(80, &["gate `rank_mass` refused", "nothing was published"]);
    assert!(!job.output().exists());
}

/// Renames everyone in `accounts` to `name`.
fn renamed(job: &SampleJob, name: &str) {
    let rows = read(&job.input("accounts"));
    let names: ArrayRef = Arc::new(StringArray::from(vec![name; rows.num_rows()]));
    let columns: Vec<(&str, ArrayRef)> =
        ["network", "account_id"].map(|c| (c, Arc::clone(&rows[c]))).into();
    write(&job.input("accounts"), &batch(&[columns, vec![("display_name", names)]].concat()));
}

#[test]
fn names_print_no_control_characters() {
    let job = SampleJob::new();
    // Clear screen, a carriage return, a new line that forges a row, and C1.
    renamed(&job, "\u{1b}[2Jeve\r99\nforged 100\u{9b}31m");
    for ended in [job.run(&[]).done(), job.top(&job.file()).done()] {
        assert!(!holds_control(&ended.stdout));
        assert!(!ended.stdout.contains("\nforged"));
        assert!(ended.stdout.contains("eve"));
    }
}

/// A right-to-left override turns the numbers behind a name around.
#[test]
fn names_print_no_right_to_left_override() {
    let job = SampleJob::new();
    renamed(&job, "eve\u{202e}");
    assert!(!job.run(&[]).done().stdout.contains('\u{202e}'));
}

#[test]
fn errors_print_no_control_characters() {
    let job = SampleJob::new();
    let rows = read(&job.input("interactions"));
    let kinds = cast(&rows["kind"], &DataType::Utf8).unwrap();
    let kinds = kinds.as_string::<i32>().iter().map(|kind| match kind {
        Some("accept") => "\u{1b}[2Jaccept",
        kind => kind.unwrap(),
    });
    let kinds = texts(kinds);
    let schema = rows.schema();
    let columns = schema.fields().iter().zip(rows.columns()).map(|(field, column)| {
        let kind = field.name() == "kind";
        (field.name().as_str(), Arc::clone(if kind { &kinds } else { column }))
    });
    write(&job.input("interactions"), &batch(&columns.collect::<Vec<_>>()));
    let ended = job.run(&[]).refused(65, &["accept"]);
    let error = &ended.stderr[ended.stderr.find("error: ").unwrap()..];
    assert!(!holds_control(error), "{error:?}");
}

/// Hidden or half-written objects in the folder of the commits are not commits.
#[test]
fn stray_files_in_the_commits_folder_change_nothing() {
    let job = SampleJob::after_run();
    let before = job.top(&job.file()).done().stdout;
    let commits = job.output().join("commits");
    let mut mistaken = vec![];
    for name in ["9.json", "notes.json", "00000000000000000009.json.tmp", ".hidden.json"] {
        fs::write(commits.join(name), "{}").unwrap();
        mistaken.extend((job.top(&job.file()).stdout != before).then_some(name));
        fs::remove_file(commits.join(name)).unwrap();
    }
    fs::create_dir(commits.join("old")).unwrap();
    fs::copy(job.commit(1), commits.join("old/00000000000000000009.json")).unwrap();
    mistaken.extend((job.top(&job.file()).stdout != before).then_some("old/"));
    assert!(mistaken.is_empty(), "{mistaken:?}");
}

#[test]
fn a_dry_run_shows_what_a_run_would_publish_and_writes_nothing() {
    let job = SampleJob::new();
    let dry = job.run(&["--dry-run"]).done().stdout;
    assert!(!job.path("out").exists());
    let real = job.run(&[]).done().stdout;
    let top = |text: &str| -> Vec<String> {
        let lines = text.lines().skip_while(|line| !line.contains("true reach"));
        lines.take(21).map(str::to_owned).collect()
    };
    assert_eq!(top(&dry).len(), 21);
    assert_eq!(top(&dry), top(&real));
    let rows = |text: &str| -> Vec<Vec<String>> {
        let lines = text.lines().filter(|line| line.starts_with("  ") && line.contains(" rows"));
        lines.map(|l| l.split_whitespace().take(3).map(str::to_owned).collect()).collect()
    };
    let mut found = rows(&dry);
    found.sort_unstable();
    assert_eq!(found, rows(&real));
    let commit: Value = serde_json::from_slice(&std::fs::read(job.commit(1)).unwrap()).unwrap();
    for (table, committed) in commit["tables"].as_object().unwrap() {
        let files = committed["files"].as_array().unwrap().iter();
        let size: u64 = files.map(|file| file["size"].as_u64().unwrap()).sum();
        let line = dry.lines().find(|line| line.starts_with(&format!("  {table} "))).unwrap();
        let line = line.replace(',', "");
        assert!(line.ends_with(&format!(" {size} bytes")), "{size}: {line}");
    }
    assert!(dry.contains(&format!("run {} of 2018-09-01", commit["run_id"].as_str().unwrap())));

    let again = job.run(&["--dry-run"]).done().stdout;
    assert!(again.contains("nothing to do: these rows, job and method are published as commit 1"));
}

#[test]
fn a_dry_run_checks_the_gates() {
    let job = SampleJob::new();
    let method = job.path("jobs/methods/sample-1.toml");
    crate::sample_job::edit(&method, "min_people          = 1", "min_people = 4000");
    job.run(&["--dry-run"]).refused(80, &["enough_people"]);
    assert!(!job.path("out").exists());
}

const COMMANDS: [&str; 10] =
    ["run", "top", "rank", "schema", "runs", "completions", "man", "check", "explain", "access"];

#[test]
fn completions_and_the_manual_name_every_command() {
    let help = renown(&["--help"]).done().stdout;
    let page = renown(&["man"]).done().stdout;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = renown(&["completions", shell]).done().stdout;
        for command in COMMANDS {
            assert!(script.contains(command), "{shell}: {command}");
        }
        assert!(script.contains("dry-run"), "{shell}");
    }
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
        assert!(page.contains(&format!(".SH \"RENOWN {}\"", command.to_uppercase())), "{command}");
    }
    assert!(page.contains(".TH renown 1") && !page.contains("run(1)"), "{page}");
    for code in
        ["0 done", "2 wrong", "65 bad", "69 storage", "70 a bug", "75 int", "78 bad", "80 a gate"]
    {
        assert!(page.contains(code), "{code}: {page}");
    }
}

/// A negative number is an invalid value, not another option.
#[test]
fn invalid_values_are_called_invalid_values() {
    for (args, value) in [
        (vec!["top", "out", "-n", "-3"], "'-3' for '-n"),
        (vec!["top", "out", "-n", "many"], "'many' for '-n"),
        (vec!["runs", "out", "--threads", "-1"], "'-1' for '--threads"),
        (vec!["runs", "out", "--threads", "0"], "'0' for '--threads"),
        (vec!["synth", "--people", "-5"], "'-5' for '--people"),
        (vec!["run", "job.toml", "--snapshot", "2026-02-30"], "'2026-02-30' for '--snapshot"),
        (vec!["run", "job.toml", "--set", "x"], "'x' for '--set"),
    ] {
        renown(&args).refused(2, &[&format!("invalid value {value}")]);
    }
}
