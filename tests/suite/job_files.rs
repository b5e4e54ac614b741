//! Job files: what is refused, with which words, and that all bundled ones parse.

use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use renown::commands::hints::with_hint;
use renown::error::{Error, Kind};
use renown::job::{Consent, ConsentRule, Input, Job, UnknownRule, UnmatchedRule};
use renown::method::Method;
use renown::method::profile::Profile;
use tempfile::TempDir;

use crate::world::METHOD;

const JOB: &str = r#"
[job]
name     = "nightly"
snapshot = "2026-03-31"

[inputs]
interactions = "in/"
consent = "statements/"
[consent]
rule = "opt_in"

[influence]
top = 3

[output]
url = "out"
"#;

fn load_set(text: &str, set: &[(&str, &str)], day: Option<&str>) -> Result<Job, Error> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("job.toml");
    fs::write(&path, text).unwrap();
    let set: Vec<_> = set.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Job::load(&path, &set, day.map(|day| day.parse().unwrap()))
}

pub fn load(text: &str) -> Result<Job, Error> {
    load_set(text, &[], None)
}

fn refused(text: &str, words: &[&str]) {
    assert_error(load(text).expect_err(text), Kind::BadJob, words);
}

pub fn assert_error(error: Error, kind: Kind, words: &[&str]) {
    let error = with_hint(error);
    let shown = error.to_string();
    assert_eq!(error.kind, kind, "{shown}");
    for word in words {
        assert!(shown.contains(word), "no `{word}` in: {shown}");
    }
}

/// [`JOB`] with `line` added right below `[section]`; returns the number of the line too.
fn with_line(section: &str, line: &str) -> (String, usize) {
    let header = format!("[{section}]\n");
    let at = JOB.find(&header).unwrap() + header.len();
    let text = format!("{}{line}\n{}", &JOB[..at], &JOB[at..]);
    (text, JOB[..at].lines().count() + 1)
}

#[test]
fn the_plain_job_loads() {
    let job = load(JOB).unwrap();
    assert_eq!(job.name, "nightly");
    assert_eq!(job.snapshot, NaiveDate::from_ymd_opt(2026, 3, 31));
    let consent = Consent {
        rule: ConsentRule::OptIn,
        minimum_age: 18,
        asks_age: false,
        unknown: UnknownRule::Exclude,
        unmatched: UnmatchedRule::Stop,
    };
    assert_eq!(job.consent, consent);
    assert_eq!((job.influence.top, job.inputs.len()), (3, 2));
    assert!(job.output.path().ends_with("/out/"));
    let day = load_set(JOB, &[], Some("2026-01-02")).unwrap().snapshot;
    assert_eq!(day, NaiveDate::from_ymd_opt(2026, 1, 2));
    let minimal = load("inputs.interactions = 'x'\noutput.url = 'y'").unwrap();
    assert_eq!(
        (minimal.snapshot, minimal.influence.top, minimal.method.version),
        (None, 10, "standard-6".into())
    );
    let (rule, unknown) = (ConsentRule::OptOut, UnknownRule::Score);
    assert_eq!(minimal.consent, Consent { rule, unknown, ..consent });
}

#[test]
fn unknown_keys_show_their_line_and_the_nearest() {
    for (section, line, key, near) in [
        ("job", "snapshots = '2026-03-31'", "snapshots", "snapshot"),
        ("consent", "min_age = 3", "min_age", "minimum_age"),
        ("influence", "tops = 3", "tops", "top"),
        ("output", "uri = 'x'", "uri", "url"),
    ] {
        let (text, number) = with_line(section, line);
        let (place, near) =
            (format!("job.toml:{number}: `{line}`"), format!("did you mean `{near}`?"));
        refused(&text, &[&place, &format!("unknown key `{key}`"), &near]);
    }
    refused(
        &JOB.replace("[influence]", "[influense]"),
        &["`influense`", "did you mean `influence`?"],
    );
    let far = "\n[clickhouse]\nx = 1\n";
    refused(&format!("{JOB}{far}"), &["unknown key `clickhouse`", "known here are: job, sources"]);
}

#[test]
fn values_of_the_wrong_type_show_their_line() {
    refused(&JOB.replace("top = 3", "top = -3"), &["job.toml:13: `top = -3`"]);
    refused(&JOB.replace("top = 3", "top = '3'"), &["job.toml:13: `top = '3'`"]);
    let words =
        ["job.toml:10:", "invalid value `optin`", "did you mean `opt_in`?", "opt_out, opt_in"];
    refused(&JOB.replace("\"opt_in\"", "\"optin\""), &words);
    refused(&JOB.replace("2026-03-31", "2026-02-30"), &["job.toml:4:"]);
    refused(&JOB.replace("[influence]", "[influence"), &["job.toml:12:"]);
    refused(&JOB.replace("url = \"out\"", ""), &["url"]);
    refused("[output]\nurl = 'x'", &["inputs"]);
}

#[test]
fn a_day_may_be_written_as_a_toml_date() {
    let job = load(&JOB.replace("\"2026-03-31\"", "2026-03-31")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(job.snapshot, NaiveDate::from_ymd_opt(2026, 3, 31));
}

#[test]
fn inputs_are_named_after_contracts() {
    let with = |name: &str| with_line("inputs", &format!("{name} = 'x'")).0;
    refused(&with("acounts"), &["unknown input `acounts`", "did you mean `accounts`?"]);
    refused(&with("zzzzzzzzzzzz"), &["unknown input", "inputs are: accounts, consent"]);
    // A published table is no input.
    refused(&with("scores"), &["unknown input `scores`"]);
    let none = JOB.replace("interactions =", "posts =");
    let missing = "`inputs.interactions`, `.follows` and `.accounts` are all missing";
    refused(&none, &[missing, "name at least one of them"]);
    let follows = load(&JOB.replace("interactions =", "follows =")).unwrap();
    assert!(follows.inputs.contains_key("follows"));
}

#[test]
fn placeholders_are_filled_and_unused_values_refused() {
    let text =
        JOB.replace("in/", "${lake}/${table}/{snapshot}").replace("\"out\"", "\"${lake}/out\"");
    let set = [("lake", "s3://acme"), ("table", "events")];
    let job = load_set(&text, &set, None).unwrap();
    let expected = "s3://acme/events/2026-03-31".parse().unwrap();
    assert_eq!(job.inputs["interactions"], Input::Url(expected));
    assert_eq!(job.output.as_str(), "s3://acme/out/");
    let unset = load_set(&text, &set[..1], None).unwrap_err();
    assert_error(unset, Kind::BadJob, &["`${table}` is not set", "add --set table=VALUE"]);
    let unused = load_set(&text, &[set[0], set[1], ("lak", "x")], None).unwrap_err();
    assert_error(unused, Kind::BadJob, &["`lak` is set", "no `${lak}`"]);
    refused(&JOB.replace("in/", "${lake/"), &["`${` without `}`"]);
    // Filled-in text is not expanded again.
    let text = JOB.replace("in/", "${a}/");
    let job = load_set(&text, &[("a", "s3://acme/${b}")], None).unwrap();
    assert!(matches!(&job.inputs["interactions"], Input::Url(url) if url.as_str().contains("b")));
}

#[test]
fn a_snapshot_placeholder_needs_a_snapshot() {
    let undated = JOB.replace("snapshot = \"2026-03-31\"", "");
    assert_eq!(load(&undated).unwrap().snapshot, None);
    let dated = undated.replace("in/", "in/{snapshot}/");
    assert_error(
        load(&dated).unwrap_err(),
        Kind::Usage,
        &["no snapshot is named", "--snapshot YYYY-MM-DD"],
    );
    let job = load_set(&dated, &[], Some("2026-01-02")).unwrap();
    assert!(
        matches!(&job.inputs["interactions"], Input::Url(u) if u.path().ends_with("/2026-01-02/"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_needs_a_snapshot() {
    let job = load(&JOB.replace("snapshot = \"2026-03-31\"", "")).unwrap();
    let engine = renown::engine::Engine::new(renown::storage::Stores::default(), 1);
    let mut silent = renown::pipeline::progress::Progress::silent();
    let error = renown::pipeline::run(&engine, &job, &mut silent).await.unwrap_err();
    assert_error(error, Kind::Usage, &["no snapshot is named"]);
}

const SECRET: &str = "hunter2hunter2";

/// Requires that the job is refused without repeating the secret.
fn keeps_secret(text: &str, set: &[(&str, &str)]) {
    let error = load_set(text, set, None).expect_err(text);
    assert_eq!(error.kind, Kind::BadJob, "{error}");
    assert!(!format!("{error} {error:?}").contains(SECRET), "{error}");
}

#[test]
fn credentials_in_keys_are_refused_and_not_repeated() {
    for key in [
        "aws_secret_access_key",
        "access_key_id",
        "AZURE_STORAGE_ACCOUNT_KEY",
        "Password",
        "session_token",
        "client_secret",
        "sas_token",
    ] {
        for section in ["output", "inputs", "job"] {
            keeps_secret(&with_line(section, &format!("{key} = \"{SECRET}\"")).0, &[]);
        }
    }
}

#[test]
fn credentials_under_other_names_are_not_repeated() {
    let keys = ["token", "api_key", "private_key", "passphrase", "credential", "\"the password\""];
    let repeats = |key: &&str| {
        let (text, _) = with_line("output", &format!("{key} = \"{SECRET}\""));
        load(&text).expect_err(key).to_string().contains(SECRET)
    };
    let repeated: Vec<&str> = keys.into_iter().filter(repeats).collect();
    assert!(repeated.is_empty(), "the values of {repeated:?} are repeated");
}

#[test]
fn credentials_in_inline_tables_are_not_repeated() {
    let output = format!("output = {{ url = \"out\", secret_access_key = \"{SECRET}\" }}");
    keeps_secret(&format!("inputs = {{ interactions = \"in\" }}\n{output}\n"), &[]);
}

#[test]
fn credentials_in_urls_are_refused_and_not_repeated() {
    for url in [
        format!("s3://key:{SECRET}@bucket/x"),
        format!("s3://bucket/x?X-Amz-Signature={SECRET}"),
        format!("s3://bucket/x?X-Amz-Credential={SECRET}&y=1"),
        format!("az://container/x?se=2026&sig={SECRET}"),
        format!("az://container/x?sig={SECRET}"),
    ] {
        keeps_secret(&JOB.replace("in/", &url), &[]);
        keeps_secret(&JOB.replace("\"out\"", &format!("\"{url}\"")), &[]);
        keeps_secret(&format!("{JOB}\n[sources]\nraw = \"{url}\"\n"), &[]);
        keeps_secret(&JOB.replace("in/", "${lake}"), &[("lake", &url)]);
    }
}

#[test]
fn signed_urls_of_google_are_refused() {
    keeps_secret(&JOB.replace("in/", &format!("gs://bucket/x?X-Goog-Signature={SECRET}")), &[]);
}

#[test]
fn a_broken_url_does_not_show_its_password() {
    keeps_secret(&JOB.replace("in/", &format!("s3://key:{SECRET}@[bucket/x")), &[]);
}

#[test]
fn seeds_of_trust_are_names() {
    let (text, _) = with_line("influence", "");
    let with = |trust: &str| format!("{text}\n[trust]\n{trust}\n");
    let job = load(&with("seeds = ['p', 'net:1', 'p']")).unwrap();
    assert_eq!(job.trust.seeds.into_iter().collect::<Vec<_>>(), ["net:1", "p"]);
    refused(&with("seed = ['p']"), &["unknown key `seed`", "did you mean `seeds`?"]);
    refused(&with("seeds = 'p'"), &["`seeds = 'p'`", "renown schema job"]);
    refused(&JOB.replace("[influence]", "[trusts]\n[influence]"), &["did you mean `trust`?"]);
}

#[test]
fn invalid_profiles_are_refused() {
    let with = |profile: &str| format!("{JOB}\n[[profile]]\nname = 'studio'\n{profile}\n");
    let profiles = load(&with("weights.reach = 2.0")).unwrap().profiles;
    let names: Vec<_> = profiles.iter().map(|profile| profile.name.as_str()).collect();
    assert_eq!(names, ["standard", "studio"]);
    let coefficients = |at: usize| -> Vec<f64> {
        profiles[at].forecast.terms.iter().map(|term| term.coefficient).collect()
    };
    // Doubling all weights changes nothing.
    assert_eq!(profiles[1].forecast.terms.len(), 7);
    assert_eq!(coefficients(1), coefficients(0));
    assert_eq!(profiles[1].forecast.intercept, profiles[0].forecast.intercept);
    // A measure's weight takes precedence over that of its family; weights are relative.
    let weighted_profiles =
        load(&with("weights = { reach = 0, credited_reactors_hl_8 = 1 }")).unwrap().profiles;
    let weighted: Vec<f64> =
        weighted_profiles[1].forecast.terms.iter().map(|term| term.coefficient).collect();
    let all: f64 = coefficients(0).iter().sum();
    assert!((weighted[1] - all).abs() < 1e-12, "{weighted:?} of {all}");
    assert!(weighted.iter().enumerate().all(|(at, own)| at == 1 || *own == 0.0), "{weighted:?}");
    let of_reference = |profile: &Profile| {
        let values = profile.forecast.terms.iter().map(|term| term.reference);
        profile.forecast.expected(profile.forecast.intercept, values)
    };
    let (standard, weighted) = (of_reference(&profiles[0]), of_reference(&weighted_profiles[1]));
    assert!((weighted / standard - 1.0).abs() < 1e-12, "{weighted} for {standard}");

    for (profile, words) in [
        ("", ["it equals the standard score", "name weights, or the method file of another"]),
        ("weights = {}", ["it equals the standard score", "name weights"]),
        ("weights.raech = 2.0", ["no measure or family `raech`", "did you mean `reach`? it has: "]),
        // A known measure that is not in the forecast.
        ("weights.h_index = 2.0", ["no measure or family `h_index`", "it has: credited_days_hl_2"]),
        ("weights.reach = -0.1", ["the weight of `reach` is -0.1", "give 0 to 100"]),
        ("weights.reach = 100.1", ["the weight of `reach` is 100.1", "give 0 to 100"]),
        ("weights.reach = nan", ["the weight of `reach` is NaN", "give 0 to 100"]),
        ("weights.reach = 0.0", ["no measure is left in the forecast", "a weight above 0"]),
        ("weight.reach = 2.0", ["unknown key `weight`", "did you mean `weights`?"]),
        ("weights.reach = 'x'", ["weights.reach = 'x'", "renown schema job"]),
        ("method = 'none.toml'", ["none.toml", "check the path of the file"]),
        (
            "weights.reach = 2\n[[profile]]\nname = 'studio'\nweights.reach = 3",
            ["profile `studio`: the name is empty or taken", "a unique name"],
        ),
        (
            "weights.reach = 2\n[[profile]]\nname = 'standard'\nweights.reach = 3",
            ["profile `standard`: the name", "a unique name"],
        ),
        (
            "weights.reach = 2\n[[profile]]\nname = ' '\nweights.reach = 3",
            ["the name is empty", "a unique name"],
        ),
        ("weights.reach = 2\n[[profile]]\nweights.reach = 3", ["name", "renown schema job"]),
    ] {
        refused(&with(profile), &words);
    }
}

#[test]
fn a_profile_of_another_method_must_measure_the_same() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("job.toml");
    let job = JOB.replace("[job]", "[job]\nmethod = 'own.toml'");
    let profile = "\n[[profile]]\nname = 'studio'\nmethod = 'other.toml'\n";
    fs::write(&path, format!("{job}{profile}")).unwrap();
    fs::write(folder.path().join("own.toml"), METHOD).unwrap();
    let load = |other: String| {
        fs::write(folder.path().join("other.toml"), other).unwrap();
        Job::load(&path, &[], None)
    };
    let other = METHOD.replace("\"standard-5\"", "\"other-1\"").replace("= 0.37", "= 0.5");
    let profiles = load(other.clone()).unwrap().profiles;
    assert_eq!((profiles[1].method_version.as_str(), profiles[1].fitted), ("other-1", false));
    assert_eq!(profiles[1].forecast.terms[1].coefficient, 0.5);
    for (from, to, part) in [
        ("half_life_hours = 720", "half_life_hours = 700", "attention"),
        ("weight = 0.3", "weight = 0.4", "kinds"),
        ("lag_hours       = 168", "lag_hours = 100", "trust"),
        ("= 0.85", "= 0.8", "rank"),
        ("prior_posts = 5.0", "prior_posts = 6.0", "amplification"),
    ] {
        let error = load(other.replace(from, to)).unwrap_err();
        let words = format!("`{part}` of method `other-1` differs from that of the job's method");
        assert_error(error, Kind::BadJob, &["profile `studio`", &words, "use a separate job"]);
    }
    assert_error(load("x".into()).unwrap_err(), Kind::BadJob, &["other.toml:1"]);
}

#[test]
fn the_method_path_is_relative_to_the_job_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("job.toml");
    fs::write(&path, JOB.replace("[job]", "[job]\nmethod = '${which}.toml'")).unwrap();
    let set = [("which".to_owned(), "own".to_owned())];
    assert_error(Job::load(&path, &set, None).unwrap_err(), Kind::BadJob, &["own.toml"]);
    fs::write(folder.path().join("own.toml"), METHOD.replace("standard-5", "own-7")).unwrap();
    assert_eq!(Job::load(&path, &set, None).unwrap().method.version, "own-7");
    let missing = Job::load(&folder.path().join("jib.toml"), &[], None).unwrap_err();
    assert_error(missing, Kind::BadJob, &["jib.toml", "check the path"]);
}

#[test]
fn every_bundled_file_parses() {
    let jobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    let tomls = |folder: &Path| -> Vec<_> {
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths.filter(|p| p.extension().is_some_and(|e| e == "toml")).collect()
    };
    let (jobs, methods) = (tomls(&jobs), tomls(&jobs.join("methods")));
    assert!(!jobs.is_empty() && !methods.is_empty());
    for path in methods {
        let method = Method::parse("method", &fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(Some(&*method.version), path.file_stem().and_then(|stem| stem.to_str()));
    }
    for path in jobs {
        // Placeholders of a job are filled; one day fits all jobs.
        let text = fs::read_to_string(&path).unwrap();
        let mut set: Vec<(String, String)> = Vec::new();
        for part in text.split("${").skip(1) {
            let name = part.split('}').next().unwrap().to_owned();
            set.push((name, "s3://lake/below".to_owned()));
        }
        let day = NaiveDate::from_ymd_opt(2018, 9, 1);
        Job::load(&path, &set, day).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
}
