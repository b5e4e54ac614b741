//! What a run says where its data are short, its forecast cannot be or can be bought, and what of a method it refuses.

use std::path::PathBuf;

use renown::engine::Engine;
use renown::error::Kind;
use renown::fit::{fit_method, method_file};
use renown::job::Job;
use renown::storage::Stores;
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{Ended, renown};
use crate::fit::steady;
use crate::world::{World, run_job};

struct FinishedRun {
    folder: TempDir,
    job: PathBuf,
}

impl FinishedRun {
    async fn of(world: &World) -> Self {
        let folder = TempDir::new().unwrap();
        let job = world.write(folder.path());
        run_job(&job, 2, &[]).await.unwrap();
        Self { folder, job }
    }

    fn command(&self, name: &str, more: &[&str]) -> Ended {
        renown(&[&[name, self.job.to_str().unwrap()], more].concat()).done()
    }

    fn explanation(&self, person: &str) -> Value {
        let ended = self.command("explain", &[person, "--format", "json"]);
        serde_json::from_str(&ended.stdout).unwrap()
    }

    fn report(&self) -> String {
        let out = self.folder.path().join("page.html");
        self.command("report", &["--out", out.to_str().unwrap()]);
        std::fs::read_to_string(out).unwrap()
    }
}

fn flags(explanation: &Value) -> Vec<&str> {
    explanation["score"]["flags"].as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect()
}

/// A hundred people with reactions of some days, forecast a week ahead from sums that fade.
fn days(days: i64) -> World {
    let mut world = steady(days, 3);
    world.edit_method("credited_reactors_90d", "credited_reactors_hl_8");
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn few_days_of_data_are_said_wherever_scores_are_shown() {
    let run = FinishedRun::of(&days(5)).await;
    let explanation = run.explanation("net:p90");
    assert!(flags(&explanation).contains(&"short_history"), "{explanation}");
    // The half-life is 56 days.
    let coverage = &explanation["coverage"][0];
    assert_eq!(
        (&coverage["covered_hours"], &coverage["horizon_hours"]),
        (&120.into(), &168.into())
    );
    let expected = 1.0 / (1.0 - (-5.0_f64 / 56.0).exp2());
    assert!((coverage["largest_scale"].as_f64().unwrap() / expected - 1.0).abs() < 1e-12);
    let page = run.command("explain", &["net:p90"]).stdout;
    let line = "the data of net cover 5 days of the 365 days that the forecast looks back: sums that fade are scaled up, up to 16.7 \
                times, from less than one horizon";
    assert!(page.contains(line), "{page}");
    let people = run.command("top", &["-n", "1"]).stdout;
    assert!(people.contains("\nshort_history (95 people): "), "{people}");
    assert!(run.report().contains("than one horizon for 95 people (short_history)"));

    let run = FinishedRun::of(&days(8)).await;
    assert!(!flags(&run.explanation("net:p90")).contains(&"short_history"));
    assert!(!run.command("top", &["-n", "1"]).stdout.contains("short_history"));
    let page = run.command("explain", &["net:p90"]).stdout;
    assert!(
        page.contains("the data of net cover 8 days")
            && !page.contains("from less than one horizon"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forecast_of_more_people_than_there_are_is_flagged() {
    let mut world = days(40);
    world.edit_method("intercept     = -3.3", "intercept     = 1.0");
    let run = FinishedRun::of(&world).await;
    let (few, many) = (run.explanation("net:p0"), run.explanation("net:p99"));
    let forecast = |of: &Value| of["score"]["expected_reactors"].as_f64().unwrap();
    assert!(forecast(&few) < 99.0 && forecast(&many) > 99.0, "{few} {many}");
    assert!(!flags(&few).contains(&"exceeds_network") && flags(&many).contains(&"exceeds_network"));
    // What it is made of still adds up.
    let parts = many["contributions"].as_array().unwrap().iter();
    let points: f64 = parts.map(|part| part["points"].as_f64().unwrap()).sum();
    assert!((points - many["score"]["score"].as_f64().unwrap()).abs() < 1e-9);
    let people = run.command("top", &["-n", "1"]).stdout;
    assert!(people.contains("\nexceeds_network ("), "{people}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fit_to_counts_of_everybody_says_that_it_can_be_bought() {
    let fitted = async |world: &World| {
        let folder = TempDir::new().unwrap();
        let job = Job::load(&world.write(folder.path()), &[], None).unwrap();
        let engine = Engine::new(Stores::default(), 3);
        fit_method(&engine, &job, "own-1", None).await.unwrap().method
    };
    let mut world = steady(150, 1);
    world.edit_method("[trust]\n", "[trust]\ntenure_hours = 720\n");
    world.edit_method("tenure_hours    = 1440    # 60 days\n", "");
    let by_credit = fitted(&world).await;
    assert!(!by_credit.trust.networks.is_empty());
    assert!(!method_file(&by_credit).unwrap().contains("bought"));
    world.settings = "[fit]\nmeasures = [\"reactors_hl_4\", \"credited_reactors_hl_1\"]\n".into();
    let of_everybody = fitted(&world).await;
    let text = method_file(&of_everybody).unwrap();
    let line = "# The forecast counts everybody (reactors_hl_4) although trust decides who counts on net: it can be bought.\n";
    assert!(text.contains(line), "{text}");
    for (method, is_flagged) in [(by_credit, false), (of_everybody, true)] {
        world.method = method_file(&method).unwrap();
        let run = FinishedRun::of(&world).await;
        assert_eq!(flags(&run.explanation("net:p90")).contains(&"untrusted_measures"), is_flagged);
        let people = run.command("top", &["-n", "1"]).stdout;
        assert_eq!(people.contains("\nuntrusted_measures (100 people): "), is_flagged, "{people}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forecast_is_said_with_its_kinds_and_windows() {
    let mut world = days(40);
    world.edit_method("[forecast]\n", "[forecast]\noutcomes = [\"reply\", \"like\"]\n");
    world.edit_method("window_hours    = 2160", "window_hours    = 60");
    world.edit_method("lag_hours       = 168", "lag_hours       = 24");
    world.edit_method("credited_reactors_30d", "credited_reactors_window");
    let run = FinishedRun::of(&world).await;
    let said = "distinct trusted people who react by reply or like within 7 days";
    let people = run.command("top", &["-n", "1"]).stdout;
    assert!(people.contains(&format!("forecast: {said}\n")), "{people}");
    let explanation = run.explanation("net:p90");
    assert_eq!(explanation["forecast"], said);
    let page = run.command("explain", &["net:p90"]).stdout;
    assert!(page.contains(said) && page.contains("people by credit reacted in the last 90 days"));
    assert!(
        page.contains("The window is 60 hours.") && !page.contains("method's window"),
        "{page}"
    );
    let report = run.report();
    assert!(report.contains("people who react by reply or like."));
    assert!(report.contains("trusted people will react by reply or like to a person"));
    assert!(report.contains("people by credit reacted in the last 90 days"));
    assert!(!report.contains("method’s window") && !report.contains("method's window"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_method_says_of_data_that_are_not_there_is_refused_or_warned_of() {
    let with = |line: &str| {
        let mut world = days(10);
        world.edit_method("[forecast]\n", &format!("[forecast]\n{line}\n"));
        world
    };
    let run = async |world: &World| {
        let folder = TempDir::new().unwrap();
        run_job(&world.write(folder.path()), 2, &[]).await
    };
    for (line, words) in [
        (
            "history_hours = 167",
            "`forecast.history_hours` is 167, and `forecast.horizon_hours` 168",
        ),
        ("history_hours = 1", "`forecast.history_hours` is 1,"),
        // The first instant after the snapshot.
        (
            "covered_since = { net = \"2026-04-01T00:00:00Z\" }",
            "`forecast.covered_since` of `net` is 2026-04-01T00:00:00Z, not before the end of the snapshot",
        ),
    ] {
        let error = run(&with(line)).await.unwrap_err();
        assert_eq!(error.kind, Kind::BadJob, "{error}");
        assert!(error.cause.contains(words) && !error.remedy.is_empty(), "{error}");
    }
    assert!(run(&with("history_hours = 168")).await.is_ok());
    let last = "covered_since = { net = \"2026-03-31T23:59:59Z\" }";
    assert!(run(&with(last)).await.unwrap().1.notes.warnings.is_empty());
    let unknown =
        "covered_since = { nett = \"2026-01-01T00:00:00Z\" }\nlevels = { nett = 0.5, net = 0.1 }";
    let (_, outcome) = run(&with(unknown)).await.unwrap();
    let texts: Vec<&str> = outcome.notes.warnings.iter().map(|w| w.text.as_str()).collect();
    let said = "names network `nett` (forecast.covered_since, forecast.levels), on which nobody was found: did you mean `net`?";
    assert!(texts.len() == 1 && texts[0].contains(said), "{texts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_no_folder_is_refused_before_the_work() {
    let folder = TempDir::new().unwrap();
    let job = days(10).write(folder.path());
    let [job, missing] = [job, folder.path().join("none/own-1.toml")];
    let folder = folder.path().join("none");
    let [job, missing, folder] = [&job, &missing, &folder].map(|path| path.to_str().unwrap());
    let words = [&*format!("the folder `{folder}`"), "does not exist", "create the folder"];
    renown(&["fit", job, "--out", missing]).refused(78, &words);
    renown(&["report", job, "--out", missing]).refused(78, &words);
    std::fs::write(folder, "").unwrap();
    renown(&["fit", job, "--out", missing]).refused(78, &["is no folder"]);
    std::fs::remove_file(folder).unwrap();
    std::fs::create_dir_all(missing).unwrap();
    renown(&["report", job, "--out", missing]).refused(78, &["is a folder", "name a file in it"]);
}
