//! What is needed to cite a score: where a table comes from, how it is computed, and what to cite.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Float64Array, RecordBatch};
use arrow::datatypes::Schema;
use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::SerializedFileReader;
use renown::audit::Origin;
use renown::engine::Engine;
use renown::evaluate::{METRICS, publish_validity, validate};
use renown::job::Job;
use renown::method::hex;
use renown::pipeline::progress::Progress;
use renown::publish::commit::Commit;
use renown::schema::{self, Direction};
use renown::storage::Stores;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::binary::renown;
use crate::fit::steady;
use crate::parquet_files::{in_repository, read, strings, write};
use crate::sample_job::SampleJob;
use crate::topics_validated::tagged;
use crate::validate::{labels, validated};
use crate::world::{World, follow, reply};

/// What the metadata of a file states about its origin.
fn origin(path: &Path) -> BTreeMap<String, String> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let all = reader.metadata().file_metadata().key_value_metadata().unwrap().iter();
    let pairs = all.filter(|pair| pair.key.starts_with("renown."));
    pairs.map(|pair| (pair.key.clone(), pair.value.clone().unwrap())).collect()
}

fn commit_of(path: &Path) -> Commit {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Every file of a commit with the name of its table.
fn files(commit: &Commit) -> impl Iterator<Item = (&String, &String)> {
    let tables = commit.tables.iter();
    tables.flat_map(|(name, table)| table.files.iter().map(move |file| (name, &file.path)))
}

#[test]
fn every_file_of_a_run_states_its_origin() {
    let job = SampleJob::after_run();
    let commit = commit_of(&job.commit(1));
    let runs = files(&commit).find(|(name, _)| *name == "runs").unwrap().1;
    let runs = read(&job.output().join(runs));
    let mut expected: BTreeMap<String, String> =
        [("renown.snapshot_date", "2018-09-01"), ("renown.version", env!("CARGO_PKG_VERSION"))]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
    for column in ["run_id", "method_version", "method_sha256", "data_sha256"] {
        expected.insert(format!("renown.{column}"), strings(&runs, column).concat());
    }
    expected.insert("renown.permitted_uses".into(), String::new());
    let forbidden = "credit; education; hiring; housing; insurance";
    expected.insert("renown.forbidden_uses".into(), forbidden.into());
    assert_eq!(expected["renown.data_sha256"].len(), 64);
    let found: Vec<_> = files(&commit).collect();
    assert_eq!(found.len(), 15);
    for (name, path) in found {
        assert_eq!(origin(&job.output().join(path)), expected, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_of_a_validation_states_its_origin() {
    let folder = TempDir::new().unwrap();
    let mut world = steady(40, 3);
    world.settings = "[validate]\nseed = 7\n".into();
    let job = Job::load(&world.write(folder.path()), &[], None).unwrap();
    let engine = Engine::new(Stores::default(), 3);
    let jobs = [job];
    let validity = validate(&engine, &jobs, &mut Progress::silent()).await.unwrap();
    let commit = publish_validity(&engine, &jobs[0], &validity).await.unwrap();
    let output = jobs[0].output.to_file_path().unwrap();
    let (_, path) = files(&commit).next().unwrap();
    let rows = read(&output.join(path));
    let found = origin(&output.join(path));
    assert!(found.keys().eq(Origin::KEYS.iter().copied().collect::<BTreeSet<_>>()));
    assert_eq!((&*found["renown.seed"], &found["renown.run_id"]), ("7", &commit.run_id));
    assert_eq!(found["renown.snapshot_date"], world.day.to_string());
    for column in ["method_version", "method_sha256", "data_sha256"] {
        assert_eq!(found[&format!("renown.{column}")], strings(&rows, column)[0], "{column}");
    }
}

/// The hash covers all rows that are not dropped.
#[tokio::test(flavor = "multi_thread")]
async fn the_data_hash_depends_on_the_rows_only() {
    let hash = async |world: &World| {
        world.run().await.tables["runs"][0]["data_sha256"].as_str().unwrap().to_owned()
    };
    let events = vec![reply("net", "1", "2", 5), reply("net", "2", "3", 50)];
    let follows = Some(vec![follow("net", "1", "2", None), follow("net", "2", "3", Some(9))]);
    let world = World { events, follows, ..World::default() };
    let first = hash(&world).await;
    let mut reordered = world.clone();
    reordered.events.reverse();
    reordered.top = 3;
    reordered.edit_method("damping        = 0.85", "damping = 0.8");
    assert_eq!(hash(&reordered).await, first, "the job and the method are no data");
    let mut others = [world.clone(), world.clone(), world.clone()];
    others[0].events.push(reply("net", "3", "1", 7));
    others[1].follows.as_mut().unwrap().pop();
    others[2].follows = None;
    let mut found = BTreeSet::from([first]);
    for other in &others {
        assert!(found.insert(hash(other).await));
    }
}

/// Removes from a published folder what earlier versions did not write: the metadata, and the column of the hash.
fn make_old(output: &Path) {
    for commit in fs::read_dir(output.join("commits")).unwrap() {
        let path = commit.unwrap().path();
        let mut commit = commit_of(&path);
        for (name, table) in &mut commit.tables {
            for file in &mut table.files {
                let path = output.join(&file.path);
                let rows = read(&path);
                let schema = rows.schema();
                let is_kept = |at: &usize| schema.field(*at).name() != "data_sha256";
                let kept: Vec<usize> = (0..rows.num_columns()).filter(is_kept).collect();
                let rows = rows.project(&kept).unwrap();
                let plain = Arc::new(Schema::new(rows.schema().fields().clone()));
                write(&path, &RecordBatch::try_new(plain, rows.columns().to_vec()).unwrap());
                let bytes = fs::read(&path).unwrap();
                (file.size, file.sha256) = (bytes.len() as u64, hex(&Sha256::digest(&bytes)));
                assert_eq!(origin(&path), BTreeMap::new());
            }
            table.version -= u32::from(name == "runs");
        }
        fs::write(&path, serde_json::to_vec(&commit).unwrap()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn output_of_earlier_versions_is_still_read() {
    let folder = TempDir::new().unwrap();
    let world = steady(40, 4);
    world.run_in(folder.path()).await;
    let out = folder.path().join("out");
    let out = out.to_str().unwrap();
    let stdout_of = |args: &[&str]| renown(args).done().stdout;
    let commands: [&[&str]; 4] = [
        &["runs", out],
        &["top", out],
        &["explain", out, "net:p90", "--format", "json"],
        &["diff", out, out],
    ];
    let before = commands.map(stdout_of);
    let access: [&str; 5] = ["access", out, "net:p90", "--format", "json"];
    let rows = |json: String| -> Value {
        serde_json::from_str::<Value>(&json).unwrap()["runs"][0]["tables"].take()
    };
    let held = rows(stdout_of(&access));
    make_old(Path::new(out));
    assert_eq!(commands.map(stdout_of), before);
    assert_eq!(rows(stdout_of(&access)), held);
    // The next run computes its changes against it.
    let next = world.later(1).run_in(folder.path()).await;
    assert!(!next.tables["changes"].is_empty());
    assert!(stdout_of(&["runs", out]).matches("passed").count() == 2);
}

/// The metrics of `validate` over all forms of labels are those that are documented.
#[tokio::test(flavor = "multi_thread")]
async fn every_metric_is_documented() {
    let mut yielded = BTreeSet::new();
    let graded = labels("graded");
    let values = Arc::new((1..100).map(|i| Some(f64::from(i % 2))).collect::<Float64Array>());
    let binary = crate::world::with(&graded, "value", values);
    for table in [graded, binary, labels("pairwise")] {
        let folder = TempDir::new().unwrap();
        let mut world = steady(40, 9);
        world.settings = "[validate]\nnull_models = 2\n".into();
        world.more.push(("ground_truth", table));
        let job = Job::load(&world.write(folder.path()), &[], None).unwrap();
        let validity =
            validate(&Engine::new(Stores::default(), 3), &[job], &mut Progress::silent())
                .await
                .unwrap();
        yielded.extend(validity.rows.into_iter().map(|row| row.metric));
    }
    let on_topics = validated(&tagged(24, 6, 9.0, 73)).await.unwrap();
    yielded.extend(on_topics.rows.into_iter().map(|row| row.metric));
    let described = METRICS.iter().flat_map(|metric| {
        let name = metric.name.replace("{k}", "100");
        let deciles = if name.contains("{decile}") { 1..=10 } else { 1..=1 };
        deciles.map(move |decile| name.replace("{decile}", &format!("{decile:02}")))
    });
    assert_eq!(yielded, described.collect());
}

fn methods(job: &Path, more: &[&str]) -> String {
    renown(&[&["methods", job.to_str().unwrap()], more].concat()).done().stdout
}

/// The first column of the tables of a section, without markup.
fn keys<'a>(page: &'a str, title: &str) -> BTreeSet<&'a str> {
    let section = page.split(&format!("\n## {title}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
    rows.map(|row| row.split(" |").next().unwrap().trim_matches('`')).collect()
}

#[test]
fn the_methods_page_documents_all_declarations() {
    let page = methods(&in_repository("jobs/validate-sample.toml"), &[]);
    let measures = schema::table(Direction::Output, "measures").unwrap();
    let mut count = 0;
    for column in &measures.columns {
        let Some(measure) = &column.measure else { continue };
        let line = page.lines().find(|line| line.starts_with(&format!("- **`{}`** ", column.name)));
        let line = line.unwrap_or_else(|| panic!("no {}", column.name));
        let may = if measure.forecast { "; may enter" } else { "; may not enter" };
        for words in [&column.meaning, &measure.formula, &measure.family, may] {
            assert!(line.contains(words), "{words} in {line}");
        }
        count += 1;
    }
    assert_eq!(page.matches("\n- **`").count(), count);
    // Every key in the reference of method files is in this section, or in a section listed here.
    let said = keys(&page, "Settings of the method");
    let reference = renown(&["schema", "method"]).done().stdout;
    let mut section = "";
    for line in reference.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.split(']').next().unwrap();
        } else if let Some((key, _)) = line.split_once(": ").filter(|_| !line.starts_with(' ')) {
            let path = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
            let elsewhere = [
                "kinds.NAME",
                "[trust.seeds",
                "trust.networks",
                "[forecast.terms",
                "forecast.covered_since",
                "fit",
            ];
            assert!(
                said.contains(&*path) || elsewhere.iter().any(|prefix| section.starts_with(prefix)),
                "{path}"
            );
        }
    }
    let metrics = keys(&page, "Validation");
    for metric in METRICS {
        assert!(metrics.contains(&*metric.name.replace("{k}", "100")), "{}", metric.name);
    }
    let method = Job::load(&in_repository("jobs/sample.toml"), &[], None).unwrap().method;
    assert!(page.contains(&method.sha256().unwrap()));
    let term = &method.forecast.terms[0];
    assert!(page.contains(&format!("| {} | {} |", term.offset, term.coefficient)));
    for words in
        ["| job | sample |", "reply | 1.0 | true", "profile\\_views | how often", "fit-sample"]
    {
        assert!(page.contains(words), "{words}");
    }
    for leftover in ["{k}", "NaN"] {
        assert!(!page.contains(leftover), "{leftover}");
    }
}

/// Exactly the cited works are listed, in order and once each.
#[test]
fn the_reference_list_matches_the_citations() {
    let page = methods(&in_repository("jobs/sample.toml"), &[]);
    let (text, list) = page.split_once("\n## References\n\n").unwrap();
    let listed: Vec<&str> = list
        .lines()
        .map(|line| line.strip_prefix("- ").unwrap().split(". *").next().unwrap())
        .collect();
    assert!(listed.is_sorted_by(|one, next| one < next), "{listed:?}");
    for work in &listed {
        assert!(text.contains(work), "{work} is cited nowhere");
    }
    // A citation is a list of authors followed by a year.
    let years = text.split_inclusive(|c: char| !c.is_alphanumeric());
    let mut before = "";
    for word in years {
        let year = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let is_year =
            year.len() == 4 && year.parse::<u32>().is_ok_and(|year| (1900..2018).contains(&year));
        if is_year && before.chars().next().is_some_and(char::is_uppercase) {
            let cited = format!("{before}{year}");
            assert!(listed.iter().any(|work| work.ends_with(&cited)), "{cited}");
        }
        before = word;
    }
    assert_eq!(listed.len(), 27);
}

#[test]
fn the_methods_page_reflects_the_method_and_the_job() {
    let sample = in_repository("jobs/sample.toml");
    let page = methods(&sample, &[]);
    assert!(page.contains("$d = 0.85$") && page.contains("| 2018-09-01 |"));
    let folder = TempDir::new().unwrap();
    let mut world = World::default();
    world.edit_method("damping        = 0.85", "damping = 0.71");
    world.edit_method("version = \"standard-5\"", "version = \"a|b *c* $d$ <i>\\n# e\"");
    world.profiles =
        "[[profile]]\nname = \"steady\"\nweights = { reach = 0.5, credited_reactors_30d = 1 }\n"
            .into();
    world.seeds = vec!["net:alice".into()];
    let job = world.write(folder.path());
    let page = methods(&job, &[]);
    assert!(page.contains("names 1 people or accounts as seeds") && !page.contains("alice"));
    assert!(page.contains("$d = 0.71$"));
    assert!(page.contains("| a\\|b \\*c\\* \\$d\\$ \\<i\\>"), "{page}");
    assert!(!page.contains("\n# e") && page.contains("Profile steady"));
    let other = in_repository("jobs/methods/structural-1.toml");
    let other =
        methods(&sample, &["--method", other.to_str().unwrap(), "--snapshot", "2018-08-30"]);
    for words in ["structural-1", "| 2018-08-30 |", "nothing is forecast", "set by hand"] {
        assert!(other.contains(words), "{words} in {other}");
    }
    assert!(!other.contains("Tashman"), "it is not fitted");
    renown(&["methods", sample.to_str().unwrap(), "--method", "none.toml"])
        .refused(78, &["none.toml"]);
}

/// A map of the Citation File Format 1.2.0: its required keys, and the version of the package.
#[test]
fn the_citation_names_this_version() {
    let citation = fs::read_to_string(in_repository("CITATION.cff")).unwrap();
    let value = |key: &str| {
        let line = citation.lines().find_map(|line| line.strip_prefix(&format!("{key}: ")));
        line.unwrap_or_else(|| panic!("no {key}")).trim_matches('"')
    };
    assert_eq!(value("version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(value("license"), env!("CARGO_PKG_LICENSE"));
    assert_eq!(
        (value("cff-version"), value("type"), value("title")),
        ("1.2.0", "software", "Renown")
    );
    assert!(!value("message").is_empty() && !value("abstract").is_empty());
    assert!(citation.contains("authors:\n  - name: \"The Renown developers\"\n"));
    let page = methods(&in_repository("jobs/sample.toml"), &[]);
    let cited = format!("The Renown developers. Renown, version {}.", env!("CARGO_PKG_VERSION"));
    assert!(page.contains(&cited));
    for key in Origin::KEYS {
        assert!(page.contains(&format!("`{key}`")), "{key}");
    }
}
