//! `renown plan`: what a run would do, from metadata alone.

use std::fs::{self, File};
use std::path::Path;

use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::SerializedFileReader;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::renown;
use crate::parquet_files::{read, write, write_in_groups};
use crate::sample_job::{SampleJob, TABLES};
use crate::world::{CUTOFF, Interaction, World, interactions, reply};

fn plan(job: &str) -> Value {
    serde_json::from_str(&renown(&["plan", job, "--format", "json"]).done().stdout).unwrap()
}

fn groups(file: &Path) -> Vec<RowGroupMetaData> {
    let reader = SerializedFileReader::new(File::open(file).unwrap()).unwrap();
    reader.metadata().row_groups().to_vec()
}

/// Overwrites the data of every row group; the footer stays.
fn destroy_data(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    for column in groups(file).iter().flat_map(|group| group.columns()) {
        let (start, length) = column.byte_range();
        bytes[start as usize..(start + length) as usize].fill(0xff);
    }
    fs::write(file, bytes).unwrap();
}

#[test]
fn the_sample_is_planned_from_its_footers_and_nothing_is_written() {
    let job = SampleJob::new();
    for table in TABLES {
        destroy_data(&job.input(table));
    }
    let plan = plan(&job.file());
    assert_eq!((&plan["run_needed"], &plan["replaces_commit"]), (&json!(true), &Value::Null));
    assert_eq!(plan["reason"], "no run of 2018-09-01 has been published");
    for table in TABLES {
        let groups = groups(&job.input(table));
        let rows: i64 = groups.iter().map(RowGroupMetaData::num_rows).sum();
        let bytes: i64 = groups.iter().map(RowGroupMetaData::compressed_size).sum();
        let read = &plan["reads"][table];
        let counts = [&read["files"], &read["row_groups"], &read["row_groups_found"]];
        assert_eq!(counts, [&json!(1), &json!(groups.len()), &json!(groups.len())], "{table}");
        assert_eq!(read["rows"], rows, "{table}");
        // Every column of the sample is in the contract.
        assert_eq!(read["bytes"], bytes, "{table}");
    }
    assert_eq!(plan["estimate"]["vertices"], 3_461);
    assert_eq!(plan["writes"].as_array().unwrap().last().unwrap(), &commit(1));
    assert!(!job.output().exists());
    // If data were read, the damage would be an error.
    job.run(&[]).refused(65, &["sample/accounts.parquet"]);
}

fn commit(number: u64) -> Value {
    json!(format!("commits/{number:020}.json"))
}

#[test]
fn plan_says_whether_a_run_would_publish() {
    let job = SampleJob::new();
    job.run(&["--quiet"]).done();
    let objects = job.published();
    let needed = || {
        let plan = plan(&job.file());
        assert_eq!(plan["replaces_commit"], 1);
        assert_eq!(plan["writes"].as_array().unwrap().last().unwrap(), &commit(2));
        (plan["run_needed"].as_bool().unwrap(), plan["reason"].as_str().unwrap().to_owned())
    };
    let done = (false, "these files, job and method are published as commit 1".to_owned());
    assert_eq!(needed(), done);
    assert_eq!(job.published(), objects);

    // The same rows in a file that was written again: only a run can find that nothing has changed.
    write(&job.input("posts"), &read(&job.input("posts")));
    assert_eq!(needed(), (true, "changed since commit 1: posts".into()));

    let changed = "job, method or renown have changed since commit 1";
    for (from, to) in [
        ("snapshot = 2018-09-01", "snapshot = 2018-09-01 # again"),
        ("[inputs]", "[kinds]\ndrop = [\"view\"]\n[inputs]"),
        ("posts        = \"sample/posts.parquet\"\n", ""),
    ] {
        let before = fs::read(job.file()).unwrap();
        job.edit(from, to);
        let comment = to.contains('#');
        assert_eq!(needed().1 == changed, !comment, "{to}");
        fs::write(job.file(), before).unwrap();
    }

    let before = fs::read(job.file()).unwrap();
    job.edit("name     = \"sample\"", "name     = \"other\"");
    renown(&["plan", &job.file()]).refused(78, &["holds runs of the job `sample`"]);
    fs::write(job.file(), before).unwrap();

    let log = job.path("out/sample/logs/2018-09-01");
    fs::remove_dir_all(&log).unwrap();
    assert_eq!(needed(), (true, "commit 1 has no log that this renown reads".into()));
    fs::remove_dir_all(job.path("out/sample/people")).unwrap();
    assert_eq!(needed(), (true, "files of commit 1 are gone or have changed".into()));
}

#[test]
fn the_next_day_is_estimated_from_the_previous_run() {
    let job = SampleJob::new();
    let run = job.run(&["--log", "json"]).done();
    let stage = |name: &str| {
        let lines = run.stderr.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.into_iter().find(|line| line["stage"] == name).unwrap()
    };
    job.edit("snapshot = 2018-09-01", "snapshot = 2018-08-31");
    let same = plan(&job.file());
    assert_eq!(same["reason"], "no run of 2018-08-31 has been published");
    let estimate = &same["estimate"];
    assert_eq!(
        estimate["basis"],
        "the run of 2018-09-01 (commit 1), scaled by 1.000, the ratio of the bytes of input files"
    );
    assert_eq!(estimate["vertices"], stage("measures")["rows_out"]);
    assert_eq!(estimate["edges"], stage("attention")["rows_out"]);
    let published = job.published();
    let tables = published.iter().filter(|(path, _)| path.ends_with(".parquet"));
    assert_eq!(estimate["output_bytes"], tables.map(|(_, bytes)| bytes.len()).sum::<usize>());
    assert!(estimate["seconds"].as_f64().unwrap() > 0.0);

    // A second copy of the interactions: the estimate grows with the bytes of all input files.
    let size = |table: &str| fs::metadata(job.input(table)).unwrap().len() as f64;
    let all: f64 = TABLES.iter().map(|table| size(table)).sum();
    fs::create_dir(job.path("jobs/sample/both")).unwrap();
    for name in ["one", "two"] {
        let to = job.path(&format!("jobs/sample/both/{name}.parquet"));
        fs::copy(job.input("interactions"), to).unwrap();
    }
    job.edit("sample/interactions.parquet", "sample/both/");
    let more = (all + size("interactions")) / all;
    let expected = (same["estimate"]["edges"].as_f64().unwrap() * more).round();
    assert_eq!(plan(&job.file())["estimate"]["edges"].as_f64().unwrap(), expected);
}

#[test]
fn row_groups_outside_the_window_and_unused_columns_are_not_counted() {
    let folder = TempDir::new().unwrap();
    // Two years, an event an hour, in row groups of 100 hours; the forecast looks back a year.
    let events: Vec<Interaction> =
        (0..17_520).rev().map(|hours| reply("a", "1", "2", hours)).collect();
    let path = folder.path().join("events/dt=1/a.parquet");
    write_in_groups(&path, &interactions(&events), 100);
    let late = Interaction { at: CUTOFF, ..reply("a", "1", "2", 0) };
    write(&folder.path().join("events/dt=2/b.parquet"), &interactions(&[late]));
    let reads = |interactions: &str| {
        let text =
            format!("interactions = \"\"\"{interactions}\"\"\"\n[sources]\nraw = \"events/\"\n");
        let job = World::default().write_job(folder.path(), &text);
        plan(job.to_str().unwrap())["reads"]["interactions"].clone()
    };
    let groups = groups(&path);
    let young = &groups[(17_520 - 365 * 24) / 100..];
    let rows: i64 = young.iter().map(RowGroupMetaData::num_rows).sum();
    let bytes = |names: &[&str]| {
        let columns = young.iter().flat_map(|group| group.columns());
        let read =
            columns.filter(|column| names.contains(&column.column_path().parts()[0].as_str()));
        read.map(|column| column.compressed_size()).sum::<i64>()
    };
    let all =
        ["network", "actor_id", "target_id", "kind", "at", "post_id", "via_post_id", "sentiment"];
    let whole = reads("events/");
    assert_eq!(whole["files"], 2);
    assert_eq!(
        (&whole["row_groups"], &whole["row_groups_found"]),
        (&json!(young.len()), &json!(177))
    );
    assert_eq!((&whole["rows"], &whole["bytes"]), (&json!(rows), &json!(bytes(&all))));

    let few = "SELECT network, actor_id, target_id, 'reply' AS kind, at FROM raw WHERE dt = '1'";
    let narrow = reads(few);
    assert_eq!(narrow["files"], 1, "the other partition is not looked at");
    assert_eq!(
        (&narrow["row_groups"], &narrow["row_groups_found"]),
        (&json!(young.len()), &json!(176))
    );
    let columns = ["network", "actor_id", "target_id", "at"];
    assert_eq!((&narrow["rows"], &narrow["bytes"]), (&json!(rows), &json!(bytes(&columns))));

    let twice = reads(&format!("{few} UNION ALL {few}"));
    assert_eq!((&twice["files"], &twice["rows"]), (&json!(1), &json!(2 * rows)));
}

#[test]
fn problems_visible_in_footers_are_reported() {
    let job = SampleJob::new();
    job.edit("sample/posts.parquet", "sample/gone.parquet");
    renown(&["plan", &job.file()]).refused(65, &["no Parquet file found"]);
    let job = SampleJob::new();
    fs::copy(job.input("accounts"), job.input("interactions")).unwrap();
    renown(&["plan", &job.file()]).refused(65, &["column `actor_id` is missing"]);
    let text = renown(&["plan", &SampleJob::new().file()]).done().stdout;
    for words in [
        "sample on 2018-09-01: a run is needed: no run",
        "1/1",
        "would write to file://",
        "/RUN-00000",
    ] {
        assert!(text.contains(words), "no `{words}` in: {text}");
    }
    assert!(!text.contains('\\'), "{text}");
}

/// Changes are computed against the previous run: a new previous run makes another run necessary.
#[test]
fn after_a_backfill_the_next_day_needs_a_run() {
    let job = SampleJob::new();
    job.run(&["--quiet"]).done();
    assert_eq!(plan(&job.file())["run_needed"], false);
    job.run(&["--quiet", "--snapshot", "2018-08-31"]).done();
    let plan = plan(&job.file());
    let again = job.run(&["--dry-run"]).done().stdout;
    assert!(!again.contains("nothing to do"), "{again}");
    assert_eq!(plan["run_needed"], true, "{}", plan["reason"]);
}

/// Files of later days and sources that only label sets name are nothing that a run of the day reads.
#[test]
fn what_the_day_does_not_read_gives_it_nothing_to_do() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let events = [reply("a", "1", "2", 3), reply("a", "2", "1", 30)];
    write(&path("events/a.parquet"), &interactions(&events));
    write(&path("labels.parquet"), &interactions(&events));
    let labels =
        "SELECT 'x' AS truth, 'graded' AS form, actor_id AS person_id, 1.0 AS value FROM labels";
    let inputs = |labels: &str| {
        format!(
            "interactions = \"SELECT * FROM raw\"\nground_truth = \"{labels}\"\n\
             [sources]\nraw = \"events/\"\nlabels = \"labels.parquet\"\n"
        )
    };
    let job = World::default().write_job(folder.path(), &inputs(labels));
    let job = job.to_str().unwrap();
    renown(&["run", job]).done();
    let needed = || {
        let plan = plan(job);
        (plan["run_needed"].as_bool().unwrap(), plan["reason"].as_str().unwrap().to_owned())
    };
    assert!(!needed().0, "{}", needed().1);
    // The labels change, and so does their query.
    write(&path("labels.parquet"), &interactions(&events[..1]));
    World::default().write_job(folder.path(), &inputs(&labels.replace("1.0", "2.0")));
    assert!(!needed().0, "{}", needed().1);
    // The next day arrives.
    let late = Interaction { at: CUTOFF + 1, ..reply("a", "1", "2", 0) };
    write(&path("events/b.parquet"), &interactions(&[late]));
    assert!(!needed().0, "{}", needed().1);
    // An event of the day arrives late.
    write(&path("events/c.parquet"), &interactions(&[reply("a", "1", "2", 1)]));
    assert_eq!(needed(), (true, "changed since commit 1: sources.raw".into()));
    renown(&["run", job]).done();
    fs::remove_file(path("events/c.parquet")).unwrap();
    assert!(needed().0);
}
