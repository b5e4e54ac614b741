//! A run that is stopped, runs concurrently with another one or meets a full disk: nothing incomplete is ever visible.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use renown::method::hex;
use renown::publish::commit::Commit;
use sha2::{Digest as _, Sha256};

use crate::binary::{Ended, command};
use crate::campaign::{cases, is_whole};
use crate::sample_job::SampleJob;

/// Tables and commits, without leftovers of unfinished writes.
fn visible(job: &SampleJob) -> BTreeMap<String, Vec<u8>> {
    let mut objects = job.published();
    objects.retain(|path, _| path.ends_with(".parquet") || path.ends_with(".json"));
    objects
}

fn undisturbed() -> BTreeMap<String, Vec<u8>> {
    let job = SampleJob::after_run();
    visible(&job)
}

/// Requires that the files that the commit at `path` names exist and match.
#[track_caller]
fn assert_complete(output: &Path, path: &Path) {
    let commit: Commit = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    for file in commit.tables.values().flat_map(|table| &table.files) {
        let bytes = fs::read(output.join(&file.path)).unwrap();
        assert_eq!(file.size, bytes.len() as u64, "{}", file.path);
        assert_eq!(file.sha256, hex(&Sha256::digest(&bytes)), "{}", file.path);
    }
}

fn signal(child: &Child, signal: &str) {
    let kill = ["-s", signal, &child.id().to_string()];
    assert!(Command::new("kill").args(kill).status().unwrap().success());
}

/// Runs the job, calls `interfere` after line number `after` of its log and waits for its end.
fn run_with_interference(job: &SampleJob, after: usize, interfere: impl FnOnce(&Child)) -> Ended {
    let mut child = command(&["run", &job.file()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut log = String::new();
    for _ in 0..after {
        stderr.read_line(&mut log).unwrap();
    }
    interfere(&child);
    stderr.read_to_string(&mut log).unwrap();
    let mut ended = Ended::from(child.wait_with_output().unwrap());
    ended.stderr = log;
    ended
}

/// Stops a run after each of its first lines, or only after those in `usual` unless the campaign is whole.
fn assert_every_stage_stops_cleanly(name: &str, usual: &[usize]) {
    let expected = undisturbed();
    let mut interrupted = 0;
    let every: Vec<usize> = (0..=8).collect();
    let lines = if is_whole() { &every } else { usual };
    for &after in lines {
        let job = SampleJob::new();
        let ended = run_with_interference(&job, after, |child| signal(child, name));
        let committed = job.commit(1).exists();
        if committed {
            assert_complete(&job.output(), &job.commit(1));
        }
        let what = format!("{name} after line {after}: {ended:?}");
        match ended.code {
            // Its handlers were not in place yet.
            None => assert!(after == 0 && !committed, "{what}"),
            // The signal came too late, or was ignored before its handlers were in place.
            Some(0) => assert!(committed, "{what}"),
            Some(code) => {
                assert_eq!(code, 75, "{what}");
                assert!(ended.stderr.contains("remedy: run again"), "{what}");
                interrupted += 1;
            }
        }
        job.run(&[]).done();
        assert!(visible(&job) == expected, "{what}");
    }
    assert!(interrupted * 3 >= lines.len(), "only {interrupted} of {lines:?} were interrupted");
}

/// The whole: `RENOWN_CASES=1 cargo test --test suite at_any_stage`.
#[test]
fn a_run_terminated_at_any_stage_is_finished_by_the_next_campaign() {
    assert_every_stage_stops_cleanly("TERM", &[0, 2, 7]);
}

/// The whole: `RENOWN_CASES=1 cargo test --test suite at_any_stage`.
#[test]
fn a_run_interrupted_at_any_stage_is_finished_by_the_next_campaign() {
    assert_every_stage_stops_cleanly("INT", &[1, 4]);
}

/// Two jobs with one output folder.
fn two_on_one_folder() -> [SampleJob; 2] {
    let (one, two) = (SampleJob::new(), SampleJob::new());
    two.edit("\"../out/sample/\"", &format!("\"{}/\"", one.output().display()));
    two.edit("name     = \"sample\"", "name     = \"other\"");
    for job in [&one, &two] {
        job.edit("[output]", "[output]\nshared = true");
    }
    [one, two]
}

#[test]
fn of_two_concurrent_runs_one_wins_and_the_other_is_refused() {
    let [one, two] = two_on_one_folder();
    let ended = run_with_interference(&one, 1, |child| {
        signal(child, "STOP");
        two.run(&[]).done();
        signal(child, "CONT");
    });
    ended.refused(
        75,
        &["published first, as commit 1", "nothing of this run is visible; run again"],
    );
    assert_complete(&one.output(), &one.commit(1));
    assert!(!one.commit(2).exists());
    one.run(&[]).done();
    assert_complete(&one.output(), &one.commit(2));
}

/// The whole: `RENOWN_CASES=20 cargo test --test suite two_processes_on_one_folder`.
#[test]
fn two_processes_on_one_folder_leave_complete_commits_campaign() {
    for _ in cases(0, 1) {
        let [one, two] = two_on_one_folder();
        let children = [&one, &two].map(|job| {
            let mut run = command(&["run", &job.file()]);
            run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        });
        let ended = children.map(|child| Ended::from(child.wait_with_output().unwrap()));
        let done = ended.iter().filter(|ended| ended.code == Some(0)).count();
        assert!(ended.iter().all(|ended| matches!(ended.code, Some(0 | 75))), "{ended:?}");
        assert!(done > 0, "{ended:?}");
        for number in 1..=done as u64 {
            assert_complete(&one.output(), &one.commit(number));
        }
        assert!(!one.commit(done as u64 + 1).exists());
    }
}

/// Runs the job with files limited to `blocks` of 512 bytes.
fn run_with_file_limit(job: &SampleJob, blocks: usize) -> Ended {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" run \"$1\"");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_renown"), &job.file()]);
    shell.env_remove("RENOWN_THREADS").stdin(Stdio::null()).output().unwrap().into()
}

#[test]
fn a_full_disk_is_reported_and_leaves_no_commit() {
    let expected = undisturbed();
    let mut refused = 0;
    for blocks in [1, 8, 64, 256] {
        let job = SampleJob::new();
        let ended = run_with_file_limit(&job, blocks);
        if ended.code != Some(0) {
            ended.refused(69, &["writing `file://", "out/sample/", "remedy: "]);
            assert!(!job.commit(1).exists(), "{blocks} blocks");
            refused += 1;
        }
        job.run(&[]).done();
        assert!(visible(&job) == expected, "{blocks} blocks");
    }
    assert!(refused > 1, "only {refused} were refused");
}
