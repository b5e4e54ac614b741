//! `renown runs`: the published runs of an output folder.

use std::fs;

use serde_json::Value;

use crate::binary::renown;
use crate::sample_job::SampleJob;

#[test]
fn runs_lists_published_runs_and_which_are_in_force() {
    let job = SampleJob::new();
    let output = job.output().display().to_string();
    renown(&["runs", &output]).refused(65, &["no run has been published there"]);
    job.run(&["--quiet"]).done();
    job.edit("name     = \"sample\"", "name     = \"again\"");
    job.edit("[output]", "[output]\nshared = true");
    job.run(&["--quiet"]).done();
    job.run(&["--quiet", "--snapshot", "2018-08-01"]).done();

    let listed: Value =
        serde_json::from_str(&renown(&["runs", &output, "--format", "json"]).done().stdout)
            .unwrap();
    let listed = listed.as_array().unwrap();
    let found = listed.iter().map(|run| {
        let commit = run["commit"].as_u64().unwrap();
        let file: Value = serde_json::from_slice(&fs::read(job.commit(commit)).unwrap()).unwrap();
        assert_eq!(run["run_id"], file["run_id"]);
        assert_eq!(run["rows"]["people"], file["tables"]["people"]["rows"]);
        assert_eq!(run["method_version"], "sample-1");
        assert_eq!(run["gates"].as_array().unwrap().len(), 11);
        let text = |key: &str| run[key].as_str().unwrap().to_owned();
        (commit, text("snapshot_date"), text("job"), run["in_force"].as_bool().unwrap())
    });
    let expected = [
        (3, "2018-08-01", "again", true),
        (2, "2018-09-01", "again", true),
        (1, "2018-09-01", "sample", false),
    ];
    let expected = expected.map(|(n, day, job, force)| (n, day.to_owned(), job.to_owned(), force));
    assert_eq!(found.collect::<Vec<_>>(), expected);

    // The files of the first run are removed; the run is still listed.
    let first = listed[2]["run_id"].as_str().unwrap();
    fs::remove_file(job.output().join(format!("runs/2018-09-01/{first}-00000.parquet"))).unwrap();
    let text = renown(&["runs", &output]).done().stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[1].contains("in force") && lines[1].contains("11/11 passed"), "{text}");
    assert!(lines[3].contains("superseded") && lines[3].contains("files are gone"), "{text}");
}
