//! `report`: the page against its tables, and against what no page may contain.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;
use tempfile::TempDir;

use crate::binary::renown;
use crate::label_sets::{grade, pair, table};
use crate::world::{
    Account, HOUR, Identity, Interaction, Post, Published, Row, World, account, identity, read,
    reply, rows,
};

/// Ninety people with markup in their names. People with higher numbers get more replies, to posts about two topics; on the
/// last day only the upper half gets any.
fn ninety_people() -> World {
    let mut rng = Rng::with_seed(4);
    let id = |person: u32| format!("acct-{person:03}q");
    let (mut events, mut posts): (Vec<Interaction>, Vec<Post>) = (vec![], vec![]);
    for hours in (0..150 * 24).step_by(24) {
        for target in 0..90 {
            if rng.f64() * 150.0 > f64::from(target) || (hours == 0 && target < 45) {
                continue;
            }
            let at = hours + rng.i64(0..24);
            let number = format!("post-{}-x", posts.len());
            let tags = vec![["gardening", "baking"][target as usize % 2].to_owned()];
            let (network, author) = ("mesh".to_owned(), id(target));
            let written = crate::world::CUTOFF - (at + 1) * HOUR;
            let post =
                Post { network, id: number.clone(), author, at: written, tags, ..Post::default() };
            posts.push(post);
            for _ in 0..1 + target / 30 {
                let actor = rng.u32(..90);
                if actor != target {
                    let event = reply("mesh", &id(actor), &id(target), at);
                    events.push(Interaction { post: Some(number.clone()), ..event });
                }
            }
        }
    }
    let named = |person: u32| Account {
        name: Some(format!("Nym{person:03} <script>alert(\"{person}\")</script>&'\u{202e}")),
        country: Some(["DE", "FR"][person as usize % 2].into()),
        ..account("mesh", &id(person))
    };
    let linked = |person: u32| identity("mesh", &id(person), &format!("who-{person:03}z"));
    let identities: Vec<Identity> = (0..90).map(linked).collect();
    let mut world = World {
        events,
        posts: Some(posts),
        accounts: Some((0..90).map(named).collect()),
        identities: Some(identities),
        ..World::default()
    };
    world.settings.push_str("[validate]\nresamples = 100\nevery_hours = 48\nnull_models = 5\n");
    world.edit_method("horizon_hours = 672", "horizon_hours = 168");
    world
}

/// What the world published on its last day, after a run of the day before and with a validation; and the job.
pub async fn published(folder: &Path) -> (Published, PathBuf) {
    let world = ninety_people();
    let mut before = world.later(-1);
    let began = before.cutoff;
    before.events.retain(|event| event.at < began);
    before.run_in(folder).await;
    let published = world.run_in(folder).await;
    let job = folder.join("job.toml");
    renown(&["validate", job.to_str().unwrap()]).done();
    (published, job)
}

/// Labels of the same people, and nothing else to validate against: grades, true or false, pairs and grades on topics.
fn labelled(folder: &Path) -> PathBuf {
    let mut rng = Rng::with_seed(5);
    let persons: Vec<String> = (0..90).map(|person| format!("who-{person:03}z")).collect();
    let mut rows = vec![];
    for (number, person) in persons.iter().enumerate() {
        let drawn = number as f64 + 30.0 * rng.f64();
        let other = &persons[(number + 7) % 90];
        rows.extend([
            grade("votes & \"likes\"", person, None, drawn),
            grade("office", person, None, f64::from(u8::from(drawn > 70.0))),
            pair("duel", person.max(other), person.min(other)),
            grade("answers", person, Some("#gardening"), drawn),
            grade("answers", person, Some("#baking"), drawn * drawn),
        ]);
    }
    let mut world = World { more: vec![("ground_truth", table(&rows))], ..ninety_people() };
    for set in ["votes & \\\"likes\\\"", "office", "duel", "answers"] {
        let worth = "<i>much</i> & \\\"more\\\"";
        world
            .settings
            .push_str(&format!("[[validate.target]]\nname = \"{set}\"\nworth = \"{worth}\"\n"));
    }
    let job = world.write(folder);
    renown(&["validate", job.to_str().unwrap()]).done();
    job
}

/// The table `validity` of the last day below `folder`.
pub fn validity(folder: &Path) -> Vec<Row> {
    let mut files = fs::read_dir(folder.join("out/validity/2026-03-31")).unwrap();
    read(&files.next().unwrap().unwrap().path()).into_iter().flat_map(rows).collect()
}

/// The page that `report` writes of `target`.
pub fn page(target: &Path, more: &[&str]) -> String {
    page_of(&[target], more)
}

/// The page that `report` writes of some targets.
fn page_of(targets: &[&Path], more: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("page.html");
    let mut args = vec!["report", "--out", out.to_str().unwrap()];
    args.extend(targets.iter().map(|target| target.to_str().unwrap()));
    renown(&[&args, more].concat()).done();
    fs::read_to_string(out).unwrap()
}

/// The text of a piece of HTML.
fn text(piece: &str) -> String {
    let parts = piece.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    parts
        .collect::<String>()
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// The cells of the table of some caption, row by row without its head.
pub fn cells(page: &str, caption: &str) -> Vec<Vec<String>> {
    let table = page.split(&format!("<caption>{caption}</caption>")).nth(1);
    let table = table.unwrap_or_else(|| panic!("no table `{caption}`"));
    let body = table.split("</table>").next().unwrap().split("<tbody>").nth(1).unwrap();
    let row = |row: &str| row.split("</t").map(text).filter(|cell| !cell.is_empty()).collect();
    body.split("<tr>").skip(1).map(row).collect()
}

pub fn number(cell: &str) -> f64 {
    cell.replace('−', "-")
        .replace(',', "")
        .parse()
        .unwrap_or_else(|_| panic!("`{cell}` is no number"))
}

/// Standard scores.
fn scores(published: &Published) -> Vec<&Row> {
    published.tables["scores"].iter().filter(|row| row["profile"] == "standard").collect()
}

fn float(row: &Row, column: &str) -> f64 {
    row[column].as_f64().unwrap()
}

/// Requires that a page loads nothing else and runs no script.
#[track_caller]
pub fn assert_self_contained(page: &str) {
    for never in [
        "http:",
        "https:",
        "src=",
        "url(",
        "@import",
        "<script",
        "<link",
        "<iframe",
        "javascript:",
        "onload",
    ] {
        assert!(!page.contains(never), "{never}");
    }
    let leads = page.split("href=\"").skip(1);
    assert!(leads.clone().count() > 3 && leads.into_iter().all(|to| to.starts_with('#')));
    assert!(page.contains("default-src 'none'"));
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
}

/// Requires what a screen reader needs: headings in order, names of drawings and tables, unique ids.
#[track_caller]
pub fn assert_accessible(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">"));
    let mut last = 0;
    for level in page.split("<h").filter_map(|rest| rest.chars().next()?.to_digit(10)) {
        assert!(level <= last + 1, "a heading of level {level} below one of level {last}");
        last = level;
    }
    let mut ids: Vec<&str> =
        page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id twice");
    for drawing in page.split("<svg").skip(1) {
        let (head, inside) = drawing.split_once('>').unwrap();
        assert!(head.contains("role=\"img\"") && inside.starts_with("<title"), "{head}");
        let label = head.split("aria-labelledby=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(ids.contains(&label), "{label}");
    }
    let heads = page.split("<th").skip(1).filter(|rest| rest.starts_with([' ', '>', '.']));
    assert!(heads.into_iter().all(|rest| rest.split('>').next().unwrap().contains("scope=\"")));
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_match_the_tables() {
    let folder = TempDir::new().unwrap();
    let (published, job) = published(folder.path()).await;
    let page = page(&job, &[]);
    assert_self_contained(&page);
    assert_accessible(&page);
    // Every section has something to show, but for attacks.
    assert_eq!(page.matches("class=\"nothing\"").count(), 1);
    let scores = scores(&published);

    // The top of the list, by sorting everyone.
    let mut sorted: Vec<_> =
        scores.iter().map(|row| (float(row, "expected_reactors"), &row["person_id"])).collect();
    sorted.sort_by(|one, other| {
        other.0.total_cmp(&one.0).then(one.1.as_str().cmp(&other.1.as_str()))
    });
    let numbers: Vec<&str> =
        sorted.iter().take(20).map(|entry| &entry.1.as_str().unwrap()[4..7]).collect();
    let shown: Vec<String> =
        page.split("<h3>").skip(1).map(|name| text(name)[3..6].to_owned()).collect();
    assert_eq!(shown, numbers);

    // In tenths of a point, like the bins.
    let tenths = |points: f64| (points * 10.0).floor() as i64;
    let bins = cells(&page, "People by score");
    let mut all = 0;
    for bin in &bins {
        let [from, to, people] = [0, 1, 2].map(|at| number(&bin[at]));
        let (from, to) = ((from * 10.0).round() as i64, (to * 10.0).round() as i64);
        let within = scores.iter().filter(|row| (from..to).contains(&tenths(float(row, "score"))));
        assert_eq!(within.count() as f64, people, "{bin:?}");
        all += people as usize;
    }
    assert_eq!((all, bins.len() > 3), (scores.len(), true));
    for row in cells(&page, "Quantiles of the forecast") {
        let [share, people, _] = [0, 1, 2].map(|at| number(&row[at]));
        let mut expected: Vec<f64> =
            scores.iter().map(|row| float(row, "expected_reactors")).collect();
        expected.sort_by(f64::total_cmp);
        let quantile =
            expected[((share / 100.0 * expected.len() as f64) as usize).min(expected.len() - 1)];
        assert!(
            (quantile - people).abs() < 0.06_f64.max(0.01 * quantile),
            "{share}: {quantile} {people}"
        );
    }
    let matrix = cells(&page, "People by style").concat().join(" ");
    for style in ["celebrity", "specialist", "thought leader", "observer"] {
        let people = scores.iter().filter(|row| row["style"] == style).count();
        assert!(matrix.contains(&format!("{people} {style}")), "{style}: {people} in {matrix}");
    }

    // Contributions by measure, of people who have any.
    let parts = cells(&page, "Contributions by measure");
    let contributions: Vec<&Row> = published.tables["contributions"]
        .iter()
        .filter(|row| row["measure"] != "reference")
        .collect();
    let any = |row: &&&Row| row["value"].as_f64().is_none_or(|value| value > 0.0);
    let size: f64 = contributions.iter().filter(any).map(|row| float(row, "points").abs()).sum();
    assert!(!parts.is_empty());
    for part in &parts {
        let rows: Vec<_> =
            contributions.iter().filter(any).filter(|row| row["measure"] == part[0]).collect();
        assert_eq!(rows.len() as f64, number(&part[1]), "{part:?}");
        let share = 100.0 * rows.iter().map(|row| float(row, "points").abs()).sum::<f64>() / size;
        assert!((share - number(&part[2])).abs() < 0.06, "{part:?} {share}");
        let mut points: Vec<f64> = rows.iter().map(|row| float(row, "points")).collect();
        points.sort_by(f64::total_cmp);
        for (column, quarter) in [(3, 1), (4, 2), (5, 3)] {
            let at = points[points.len() * quarter / 4];
            assert!((at - number(&part[column])).abs() < 0.0051, "{part:?} {at}");
        }
    }

    // Why scores changed, and by how much.
    let mut causes: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for row in &published.tables["changes"] {
        causes.entry(row["cause"].as_str().unwrap()).or_default().push(float(row, "points"));
    }
    let shown = cells(&page, "Changes by cause");
    assert_eq!((shown.len(), causes.len() >= 2), (causes.len(), true));
    for row in &shown {
        let points = &causes[row[0].as_str()];
        assert_eq!(number(&row[1]), points.len() as f64);
        assert!((number(&row[4]) - points.iter().sum::<f64>()).abs() < 0.0051, "{row:?}");
    }
    let changes = scores.iter().filter_map(|row| row["change_1d"].as_f64());
    let moved = changes.clone().filter(|change| change.abs() >= 0.05).count();
    assert!(page.contains(&format!(
        "{moved} of {} people’s scores changed by 0.05 points or more",
        changes.count()
    )));
    let rose = scores
        .iter()
        .filter(|row| row["change_1d"].as_f64().is_some_and(|change| change >= 0.05))
        .count();
    assert_eq!(cells(&page, "Rose most").len(), rose.min(5));

    // Metrics of the validation, row by row.
    let validity = validity(folder.path());
    let of = |population: &str, metric: &str, predictor: &str| {
        let found = validity.iter().find(|row| {
            row["target"] == "future_trusted_reactors"
                && row["group_by"] == "everyone"
                && (&row["population"], &row["metric"], &row["predictor"])
                    == (&population.into(), &metric.into(), &predictor.into())
        });
        found.map(|row| float(row, "value"))
    };
    let ranked =
        cells(&page, "Rank correlation, Spearman’s ρ: trusted people who reacted, everyone");
    assert!(
        ranked.len() > 5 && ranked.windows(2).all(|two| number(&two[0][1]) >= number(&two[1][1]))
    );
    for row in &ranked {
        assert!(
            (number(&row[1]) - of("all", "spearman", &row[0]).unwrap()).abs() < 0.00051,
            "{row:?}"
        );
    }
    let deciles = cells(&page, "Forecast and observed people by decile");
    assert!(deciles.len() >= 5);
    let close = |shown: &str, value: f64| {
        (number(shown) - value).abs() <= 0.06_f64.min(0.06 * value) + 1e-9
    };
    let population = ["all", "active", "established"].into_iter().find(|who| {
        let forecast = |at: usize| of(who, &format!("forecast_{at:02}"), "standard");
        let forecasts: Vec<f64> = (1..=10).filter_map(forecast).collect();
        forecasts.len() == deciles.len()
            && forecasts.iter().zip(&deciles).all(|(value, row)| close(&row[1], *value))
    });
    let observed = |at: usize| of(population.unwrap(), &format!("observed_{at:02}"), "standard");
    for (row, value) in deciles.iter().zip((1..=10).filter_map(observed)) {
        assert!(close(&row[2], value), "{row:?} {value}");
    }
    let calibration = cells(&page, "Calibration");
    let metrics = [
        "observed_over_forecast",
        "calibration_slope",
        "calibration_intercept",
        "coverage_90",
        "brier_any",
        "log_score",
    ];
    assert_eq!(calibration.len(), metrics.len());
    for (row, metric) in calibration.iter().zip(metrics) {
        let value = of(population.unwrap(), metric, "standard").unwrap();
        assert!((number(&row[1]) - value).abs() < 0.00051, "{metric} {row:?}");
        assert!(number(&row[2]) <= number(&row[1]) && number(&row[1]) <= number(&row[3]));
    }
    assert_eq!(cells(&page, "Probability integral transform").len(), 10);
    let caption = "Observed / forecast by country: trusted people who reacted, active people";
    for row in &cells(&page, caption) {
        let found = validity.iter().find(|candidate| {
            let key = ["group_value", "metric", "population", "predictor"]
                .map(|column| candidate[column].as_str().unwrap());
            key == [&*row[0], "observed_over_forecast", "active", "standard"]
        });
        assert_eq!(number(&row[1]), found.unwrap()["people"].as_f64().unwrap());
        assert!((number(&row[2]) - float(found.unwrap(), "value")).abs() < 0.00051, "{row:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_escaped_and_absent_from_a_public_page() {
    let folder = TempDir::new().unwrap();
    let (published, job) = published(folder.path()).await;
    let [open, public] = [page(&job, &[]), page(&job, &["--public"])];
    for page in [&open, &public] {
        assert_self_contained(page);
        assert_accessible(page);
    }
    assert!(
        open.contains("Nym089 &lt;script&gt;alert(&quot;89&quot;)&lt;/script&gt;&amp;'\\u{202e}")
    );
    for row in &published.tables["people"] {
        let id = row["person_id"].as_str().unwrap();
        let name = &row["display_name"].as_str().unwrap()[..6];
        let accounts =
            row["accounts"].as_array().unwrap().iter().map(|account| account.as_str().unwrap());
        let bare = accounts.clone().map(|account| account.split_once(':').unwrap().1);
        for never in [id, name].into_iter().chain(accounts.clone()).chain(bare) {
            assert!(!public.contains(never), "{never}");
        }
    }
    assert!(published.tables["people"].len() == 90 && open.contains("Nym089"));
    for post in &published.tables["topic_posts"] {
        assert!(!public.contains(post["post_id"].as_str().unwrap()));
    }
    // Bars of few people are missing, and the total is not.
    let bins = cells(&public, "People by score");
    assert!(
        bins.iter().all(|bin| number(&bin[2]) >= 20.0)
            && bins.len() < cells(&open, "People by score").len()
    );
    assert!(public.contains("<dd>90</dd>"));
    assert!(!public.contains("The highest score is") && open.contains("The highest score is"));
    for row in cells(&public, "Contributions by measure") {
        assert!(number(&row[1]) >= 20.0);
    }
    for part in public.split(" · ").skip(2) {
        let people = part.split(['<', ' ']).next().unwrap();
        assert!(people.parse::<u64>().is_ok_and(|people| people >= 20), "{people}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_sections_name_the_command_that_adds_them() {
    let folder = TempDir::new().unwrap();
    let events = (1..4).map(|actor| reply("a", &actor.to_string(), "0", 5)).collect();
    let world = World { events, ..World::default() };
    world.run_in(folder.path()).await;
    let job = folder.path().join("job.toml");
    let page = page(&job, &[]);
    assert_self_contained(&page);
    assert_accessible(&page);
    for command in [
        "renown run JOB --snapshot 2026-03-30",
        "renown validate JOB --snapshot 2026-03-31",
        "renown attack JOB --snapshot 2026-03-31",
        "renown schema job",
    ] {
        assert!(page.contains(&format!("<code>{command}</code>")), "{command}");
    }
    for chart in ["moves-chart", "topics-chart", "calibration-chart", "pit-chart", "spearman"] {
        assert!(!page.contains(chart), "{chart} has nothing to show");
    }
    assert!(page.contains("scores-chart") && page.contains("stages-chart"));
    // The log is not a table and may be missing.
    fs::remove_dir_all(folder.path().join("out/logs")).unwrap();
    assert!(self::page(&job, &[]).contains("The log of the run is gone"));
    // Without any eligible person.
    let empty = TempDir::new().unwrap();
    let events = vec![reply("a", "1", "0", 5)];
    let mut world = World { events, ..World::default() };
    world.accounts = Some(vec![account("a", "0"), account("a", "1")]);
    world.consent =
        Some(["0", "1"].map(|id| crate::world::of_account("a", id, "opted_out", 1)).into());
    let job = world.write(empty.path());
    renown(&["report", job.to_str().unwrap(), "--out", "x.html"])
        .refused(65, &["no run has been published"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_run_gives_the_same_bytes_and_replaces_an_old_page() {
    let folder = TempDir::new().unwrap();
    let (published, job) = published(folder.path()).await;
    let one = page(&job, &["--threads", "1"]);
    assert_eq!(one, page(&job, &["--threads", "3"]));
    let output = folder.path().join("out");
    assert_eq!(one, page(&output, &["--snapshot", "2026-03-31"]));
    assert_eq!(
        one,
        page(&output.join(format!("commits/{:020}.json", published.commit.number)), &[])
    );
    // A page is replaced as a whole, without leftovers.
    let out = folder.path().join("pages");
    fs::create_dir(&out).unwrap();
    let file = out.join("page.html");
    fs::write(&file, "before").unwrap();
    let report =
        |to: &Path| renown(&["report", job.to_str().unwrap(), "--out", to.to_str().unwrap()]);
    report(&file).done();
    assert_eq!(fs::read_to_string(&file).unwrap(), one);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
    report(&out.join("missing/page.html")).refused(78, &["missing/page.html", "create the folder"]);
    report(&out).refused(78, &["is a folder"]);
    assert_eq!(
        fs::read_dir(folder.path())
            .unwrap()
            .filter(|e| e.as_ref().unwrap().file_name().to_str().unwrap().ends_with(".part"))
            .count(),
        0
    );
    // The previous day is another run.
    let before = output.join(format!("commits/{:020}.json", 1));
    let targets = [job.to_str().unwrap(), before.to_str().unwrap()];
    renown(&[&["report", "--out", file.to_str().unwrap()], &targets[..]].concat())
        .refused(2, &["two runs", "`renown diff`"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), one, "what failed leaves the page as it was");
}

#[test]
fn a_validation_alone_shows_every_label_set() {
    let folder = TempDir::new().unwrap();
    let job = labelled(folder.path());
    let page = page(&job, &[]);
    assert_self_contained(&page);
    assert_accessible(&page);
    for never in ["id=\"scores\"", "id=\"run\"", "-forecast\"", "people scored"] {
        assert!(!page.contains(never), "{never} is of a run, or of a forecast");
    }
    assert!(page.contains("<h2 id=\"validation-1-whole-heading\">Validation: world, "));
    let validity = validity(folder.path());
    let worth = "&lt;i&gt;much&lt;/i&gt; &amp; &quot;more&quot;";
    assert_eq!(page.matches(worth).count(), 4, "the worth of each target");
    assert!(!page.contains("<i>"));
    for column in ["method_sha256", "data_sha256"] {
        assert!(page.contains(&format!("<code>{}</code>", validity[0][column].as_str().unwrap())));
    }
    for (target, who, group_by, score, metrics) in [
        ("votes & \"likes\"", "everyone", "everyone", "standard", &["concordance", "spearman"][..]),
        ("votes & \"likes\"", "active people", "everyone", "standard", &["spearman"]),
        ("office", "everyone", "everyone", "standard", &["auc"]),
        ("duel", "everyone", "everyone", "standard", &["pairwise_accuracy", "pairwise_auc"]),
        ("answers", "on topics", "topic", "topic_score", &["spearman"]),
    ] {
        let about = format!("labels {target}, {who}");
        let about = about.replace('&', "&amp;").replace('"', "&quot;");
        let differences = cells(&page, &format!("Difference from the best baseline: {about}"));
        for metric in metrics {
            let words = match *metric {
                "concordance" => "Concordance, Harrell’s C",
                "spearman" => "Rank correlation, Spearman’s ρ",
                "auc" => "Label is true, AUC",
                "pairwise_accuracy" => "Share of pairs in the right order",
                _ => "Pairs by margin, AUC",
            };
            let population = if who == "active people" { "active" } else { "all" };
            let rows = validity.iter().filter(|row| {
                let columns = ["target", "population", "group_by", "group_value", "metric"];
                columns.map(|column| row[column].as_str().unwrap())
                    == [target, population, group_by, "", metric]
            });
            let by_predictor: BTreeMap<&str, &Row> =
                rows.map(|row| (row["predictor"].as_str().unwrap(), row)).collect();
            let shown = cells(&page, &format!("{words}: {about}"));
            // Of counts the best one and the ten nearest.
            let is_of_all = by_predictor.len() < 12 || shown.len() >= 12;
            assert!(
                shown.len() > 4 && shown.len() <= by_predictor.len() && is_of_all,
                "{about} {metric}"
            );
            for row in &shown {
                for (cell, column) in row[1..].iter().zip(["value", "low", "high"]) {
                    // Of counts other than the best one only concordance has an interval.
                    let expected = by_predictor[row[0].as_str()][column].as_f64();
                    let agrees = match expected {
                        Some(expected) => (number(cell) - expected).abs() < 0.00051,
                        None => cell == "–",
                    };
                    assert!(agrees, "{about} {row:?} {expected:?}");
                }
            }
            let row = differences.iter().find(|row| row[0] == *metric).unwrap();
            for (cell, column) in
                row[2..].iter().zip(["difference", "difference_low", "difference_high"])
            {
                let expected = float(by_predictor[score], column);
                assert!((number(cell) - expected).abs() < 0.00051, "{about} {row:?} {expected}");
            }
        }
    }
    let commit = folder.path().join("out/commits/00000000000000000001.json");
    assert_eq!(page_of(&[&commit], &[]), page);
    assert_eq!(page_of(&[&folder.path().join("out")], &[]), page);
    // The log names the job and the worth of each target.
    fs::remove_dir_all(folder.path().join("out/logs")).unwrap();
    let page = self::page(&job, &[]);
    assert!(
        page.contains(">Validation: out, ") && page.contains("The log of the validation is gone")
    );
    renown(&["report", job.to_str().unwrap(), "--snapshot", "2026-03-30", "--out", "x.html"])
        .refused(65, &["no run has been published"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_shows_one_run_and_several_validations() {
    let [folder, other] = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let (published, job) = published(folder.path()).await;
    let labelled = labelled(other.path());
    let headings = |page: &str| -> Vec<String> {
        page.split("<h2")
            .skip(1)
            .map(|rest| text(&rest[rest.find('>').unwrap() + 1..rest.find("</h2>").unwrap()]))
            .collect()
    };
    for public in [&[][..], &["--public"]] {
        let alone_of = |target: &Path| page(target, public);
        let page = page_of(&[&job, &labelled], public);
        assert_self_contained(&page);
        assert_accessible(&page);
        let shown = headings(&page);
        let is_validation = |heading: &&String| heading.starts_with("Validation: world, ");
        assert_eq!(shown.iter().filter(is_validation).count(), 2);
        assert_eq!(shown.iter().filter(|heading| *heading == "Distribution of scores").count(), 1);
        // Each part is the same as in a report on it alone.
        let [run, alone] = [alone_of(&job), alone_of(&labelled)];
        for (of, caption) in [
            (&run, "Rank correlation, Spearman’s ρ: trusted people who reacted, everyone"),
            (&alone, "Label is true, AUC: labels office, everyone"),
        ] {
            assert_eq!(cells(&page, caption), cells(of, caption));
            assert!(page.split(caption).count() > 1);
        }
        let places = |page: &str| {
            ["trusted people who reacted, everyone</caption>", "office, everyone</caption>"]
                .map(|caption| page.find(caption).unwrap())
        };
        let [first, second] = places(&page);
        assert!(first < second);
        let reversed = page_of(&[&labelled, &job], public);
        let [first, second] = places(&reversed);
        assert!(
            first > second && headings(&reversed).contains(&"Distribution of scores".to_owned())
        );
    }
    // A run that is given twice is shown once; options apply only to targets that can use them.
    let one = page(&job, &[]);
    let output = folder.path().join("out");
    let run = output.join(format!("commits/{:020}.json", published.commit.number));
    let day = ["--snapshot", "2026-03-31"];
    assert_eq!(page_of(&[&job, &output, &run], &day), one);
    let filled = fs::read_to_string(&job).unwrap().replace("\"out/\"", "\"${OUT}/\"");
    let template = folder.path().join("template.toml");
    fs::write(&template, filled).unwrap();
    let set = ["--set", "OUT=out"];
    assert_eq!(page_of(&[&template, &output], &set), one);
    let alone = ["report", output.to_str().unwrap(), "--out", "x.html", set[0], set[1]];
    renown(&alone).refused(2, &["--set"]);
}

#[test]
fn the_page_size_does_not_grow_with_people() {
    let folder = TempDir::new().unwrap();
    let of = |people: &str| {
        let world = folder.path().join(people);
        let out = world.to_str().unwrap();
        let sizes = ["--interactions", "8000", "--posts", "1500", "--seed", "1", "--out", out];
        renown(&[&["synth", "--people", people], &sizes[..]].concat()).done();
        renown(&["run", world.join("job.toml").to_str().unwrap(), "--quiet"]).done();
        let page = page(&world.join("job.toml"), &[]);
        assert_self_contained(&page);
        page.len()
    };
    let (few, many) = (of("300"), of("3000"));
    assert!(many < 200_000 && many < few * 3 / 2, "{few} {many}");
}
