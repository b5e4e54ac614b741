//! Synthetic worlds: they conform to the contracts, are the same for a seed, and behave as their table `truth` states.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use renown::storage::Stores;
use renown::synth::{Parameters, write_world};
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

use crate::binary::{Ended, renown};
use crate::on_threads;
use crate::world::{DAY, Row, read, rows};

/// A synthetic world on disk.
struct Synthetic {
    folder: TempDir,
}

impl Synthetic {
    /// Row groups are small, so that every table has several files of several groups.
    fn new(people: u32, interactions: u64, posts: u32, seed: u64, threads: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let out = Url::from_directory_path(folder.path()).unwrap();
        let parameters =
            Parameters { people, interactions, posts, seed, snapshot: DAY, group: 1_000 };
        on_threads(threads, || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
            runtime.unwrap().block_on(write_world(&Stores::default(), &parameters, &out)).unwrap();
        });
        Self { folder }
    }

    fn small() -> Self {
        Self::new(2_000, 20_000, 4_000, 7, 2)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn job(&self) -> String {
        self.path("job.toml").display().to_string()
    }

    fn files(&self, name: &str) -> Vec<std::path::PathBuf> {
        let entries = fs::read_dir(self.path(name)).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    fn table(&self, name: &str) -> Vec<Row> {
        self.files(name).iter().flat_map(|file| read(file)).flat_map(rows).collect()
    }

    /// The rows of `truth` by person.
    fn truth(&self) -> BTreeMap<String, Row> {
        let truth = self.table("truth");
        let people = truth.len();
        let truth: BTreeMap<_, _> =
            truth.into_iter().map(|row| (text(&row, "person_id").to_owned(), row)).collect();
        assert_eq!(truth.len(), people);
        truth
    }

    /// (network, account) → its owner.
    fn owners(&self) -> BTreeMap<(String, String), String> {
        let account = |row: &Row| (text(row, "network").into(), text(row, "account_id").into());
        let alone = |(network, id): &(String, String)| format!("{network}:{id}");
        let accounts = self.table("accounts");
        let mut owners: BTreeMap<_, _> =
            accounts.iter().map(account).map(|key| (key.clone(), alone(&key))).collect();
        assert_eq!(owners.len(), accounts.len());
        for row in self.table("identities") {
            owners.insert(account(&row), text(&row, "person_id").into()).unwrap();
        }
        owners
    }
}

#[track_caller]
fn text<'a>(row: &'a Row, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_else(|| panic!("{name} of {row:?}"))
}

fn network_key(row: &Row, network: &str, id: &str) -> (String, String) {
    (text(row, network).into(), text(row, id).into())
}

/// Every file, by its path within the world.
fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let inner = bytes(&path).into_iter();
            files.extend(inner.map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
        } else {
            files.insert(name, fs::read(path).unwrap());
        }
    }
    files
}

#[test]
fn a_seed_gives_the_same_bytes_at_any_number_of_threads() {
    let of = |seed, threads| bytes(Synthetic::new(500, 9_000, 3_000, seed, threads).folder.path());
    let first = of(1, 1);
    assert!(first.contains_key("interactions/part-00002.parquet"), "several files");
    let third = of(1, 3);
    assert!(first.keys().eq(third.keys()));
    first.iter().for_each(|(path, bytes)| assert!(third[path] == *bytes, "{path}"));
    // Topics are the same in all worlds.
    for (path, bytes) in of(2, 3).into_iter().filter(|(path, _)| !path.starts_with("topic")) {
        assert!(first.get(&path) != Some(&bytes), "{path}");
    }
}

#[test]
fn tables_have_the_requested_rows_and_are_consistent() {
    let world = Synthetic::small();
    let posts = world.table("posts");
    let (past, future) = (world.table("interactions"), world.table("future"));
    assert_eq!((past.len(), posts.len()), (20_000, 4_000));
    assert_eq!((future.len(), world.truth().len()), (20_000 * 28 / 126, 2_000));

    let owners = world.owners();
    assert_eq!(owners.values().collect::<BTreeSet<_>>().len(), 2_000);
    let networks: BTreeSet<_> = owners.keys().map(|(network, _)| network).collect();
    assert_eq!(networks.len(), 3);
    let end = crate::world::CUTOFF;
    let day = 24 * crate::world::HOUR;
    let at = |row: &Row, name: &str| row[name].as_i64().unwrap();
    let by_id: BTreeMap<_, _> =
        posts.iter().map(|p| (network_key(p, "network", "post_id"), p)).collect();
    assert_eq!(by_id.len(), posts.len());
    for post in &posts {
        assert!(owners.contains_key(&network_key(post, "network", "author_id")));
        assert!((end - 126 * day..end).contains(&at(post, "created_at")));
    }
    let mut keys = BTreeSet::new();
    for (rows, span) in [(&past, end - 126 * day..end), (&future, end..end + 28 * day)] {
        assert!(rows.is_sorted_by_key(|row| at(row, "at")));
        for row in rows {
            assert!(span.contains(&at(row, "at")));
            let (actor, target) =
                (network_key(row, "network", "actor_id"), network_key(row, "network", "target_id"));
            assert!(owners[&actor] != owners[&target]);
            for (id, author) in [("post_id", &target), ("via_post_id", &actor)] {
                if row[id] != Value::Null {
                    let post = by_id[&network_key(row, "network", id)];
                    assert_eq!(network_key(post, "network", "author_id"), *author);
                    assert!(at(post, "created_at") <= at(row, "at"));
                }
            }
            let mut key = row.clone();
            key.remove("sentiment");
            keys.insert(Value::Object(key).to_string());
        }
    }
    assert!(keys.len() > past.len() + future.len() - 10, "{} different keys", keys.len());

    // People react in return, and mostly within their community.
    let truth = world.truth();
    let (mut met, mut in_turn, mut inside) = (BTreeSet::new(), 0, 0);
    for row in &past {
        let [actor, target] =
            ["actor_id", "target_id"].map(|id| &owners[&network_key(row, "network", id)]);
        in_turn += usize::from(met.contains(&(target, actor)));
        met.insert((actor, target));
        inside += usize::from(truth[actor]["community"] == truth[target]["community"]);
    }
    assert!((2_000..4_000).contains(&in_turn), "{in_turn} of 20,000");
    assert!((14_000..17_000).contains(&inside), "{inside} of 20,000");

    // The counts of accounts agree with `follows`.
    let follows = world.table("follows");
    assert!((8_000..14_000).contains(&follows.len()), "{}", follows.len());
    let edges = |id: &str| {
        let mut counts = BTreeMap::<_, i64>::new();
        follows
            .iter()
            .for_each(|row| *counts.entry(network_key(row, "network", id)).or_default() += 1);
        counts
    };
    let (followers, following) = (edges("followee_id"), edges("follower_id"));
    for row in world.table("accounts") {
        let account = network_key(&row, "network", "account_id");
        assert_eq!(at(&row, "followers_count"), followers.get(&account).copied().unwrap_or(0));
        assert_eq!(at(&row, "following_count"), following.get(&account).copied().unwrap_or(0));
    }
}

/// A job reads the world as it is, and leaves out ineligible people.
#[test]
fn a_synthetic_world_passes_check_and_runs() {
    let world = Synthetic::small();
    let checked = renown(&["check", &world.job()]).done();
    assert!(checked.stdout.contains("no violations"), "{}", checked.stdout);
    renown(&["run", &world.job()]).done();
    let people = world.table(&format!("run-output/people/{DAY}"));
    let published: BTreeSet<String> =
        people.iter().map(|row| text(row, "person_id").to_owned()).collect();

    let truth = world.truth();
    let scored = |person: &String| truth[person]["is_eligible"] == true;
    assert!(published.iter().all(scored));
    // Eligible people with an account are scored even without interactions.
    assert_eq!(published.len(), truth.keys().filter(|person| scored(person)).count());
    let owners = world.owners();
    let minors = world.table("accounts").into_iter().filter(|row| row["is_minor"] == true);
    let minors: Vec<_> =
        minors.map(|row| owners[&network_key(&row, "network", "account_id")].clone()).collect();
    let mut latest = BTreeMap::new();
    for row in world.table("consent").into_iter().filter(|row| row["topic_id"] == Value::Null) {
        let person = match &row["person_id"] {
            Value::String(person) => person.clone(),
            _ => owners[&network_key(&row, "network", "account_id")].clone(),
        };
        let said = (row["at"].as_i64().unwrap(), text(&row, "status").to_owned());
        let before = latest.entry(person).or_insert_with(|| said.clone());
        *before = said.max(before.clone());
    }
    let refusals = latest.into_iter().filter(|(_, (_, status))| status != "opted_in");
    let refusals: Vec<_> = refusals.map(|(person, _)| person).collect();
    for left_out in [minors, refusals] {
        assert!(!left_out.is_empty());
        assert!(left_out.iter().all(|person| !published.contains(person)));
    }
}

/// Ranks from 0, ties sharing their mean.
fn ranks(values: &[f64]) -> Vec<f64> {
    let below = |v: f64| values.iter().filter(|other| **other < v).count();
    let equal = |v: f64| values.iter().filter(|other| **other == v).count();
    values.iter().map(|v| below(*v) as f64 + (equal(*v) - 1) as f64 / 2.0).collect()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| f(a - mean_a, b - mean_b)).sum()
    };
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}

/// `future` is one draw of what `truth` expects: in total, in groups of people by size, and in rank order.
#[test]
fn future_reactors_follow_the_expectations_in_truth() {
    let world = Synthetic::new(2_000, 60_000, 1_000, 3, 2);
    let (owners, truth) = (world.owners(), world.truth());
    let mut reactors = BTreeMap::<&str, [BTreeSet<(String, String)>; 2]>::new();
    let future = world.table("future");
    for row in future.iter().filter(|row| row["kind"] != "follow") {
        let actor = network_key(row, "network", "actor_id");
        let of_target =
            reactors.entry(&owners[&network_key(row, "network", "target_id")]).or_default();
        if truth[&owners[&actor]]["is_eligible"] == true {
            of_target[1].insert(actor.clone());
        }
        of_target[0].insert(actor);
    }
    for (who, name) in ["expected_reactors", "expected_scored_reactors"].into_iter().enumerate() {
        let mut pairs: Vec<(f64, f64)> = truth
            .iter()
            .map(|(person, row)| {
                let counted = reactors.get(person.as_str()).map_or(0, |of| of[who].len());
                (row[name].as_f64().unwrap(), counted as f64)
            })
            .collect();
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        for part in [0..1, 1..10, 10..100, 100..500, 500..2_000, 0..2_000] {
            let expected: f64 = pairs[part.clone()].iter().map(|(expected, _)| expected).sum();
            let counted: f64 = pairs[part.clone()].iter().map(|(_, counted)| counted).sum();
            // Counts of distinct people vary less than Poisson counts do.
            let off = (counted - expected) / expected.sqrt();
            assert!(off.abs() < 3.0, "{name}, {part:?}: {counted} for {expected}");
        }
        let decent: Vec<_> = pairs.iter().filter(|(expected, _)| *expected >= 5.0).collect();
        assert!(decent.len() > 150, "{}", decent.len());
        let (expected, counted): (Vec<_>, Vec<_>) = decent.into_iter().copied().unzip();
        let spearman = correlation(&ranks(&expected), &ranks(&counted));
        assert!(spearman > 0.75, "{name}: {spearman}");
    }
}

#[test]
fn cheaters_behave_as_truth_states() {
    let world = Synthetic::small();
    let (owners, truth) = (world.owners(), world.truth());
    let who = |cheats: &str, bought: bool| -> BTreeSet<&String> {
        let these =
            truth.iter().filter(|(_, row)| row["cheats"] == cheats && row["is_bought"] == bought);
        these.map(|(person, _)| person).collect()
    };
    let (ring, pod) = (who("ring", false), who("pod", false));
    let (buyers, bought) = (who("bought_follows", false), who("bought_follows", true));
    assert!((10..=30).contains(&ring.len()) && (15..=25).contains(&pod.len()));
    assert!(buyers.len() == 3 && bought.len() >= 22);

    let among = |rows: &[Row], ids: [&str; 2], from: &BTreeSet<&String>, to: &BTreeSet<&String>| {
        let person = |row, id| &owners[&network_key(row, "network", id)];
        let inside = rows
            .iter()
            .filter(|row| from.contains(person(row, ids[0])) && to.contains(person(row, ids[1])));
        let pairs = inside
            .map(|row| (network_key(row, "network", ids[0]), network_key(row, "network", ids[1])));
        let pairs: Vec<_> = pairs.collect();
        (pairs.len(), pairs.iter().collect::<BTreeSet<_>>().len())
    };
    let past = world.table("interactions");
    let ends = ["actor_id", "target_id"];
    let (acts, pairs) = among(&past, ends, &ring, &ring);
    assert!(acts > 3 * ring.len() && pairs >= ring.len(), "{acts} {pairs}");
    let (acts, pairs) = among(&past, ends, &pod, &pod);
    assert!(acts > 3 * pod.len() && pairs > 2 * pod.len(), "{acts} {pairs}");
    let follows = world.table("follows");
    let (_, pairs) = among(&follows, ["follower_id", "followee_id"], &bought, &buyers);
    assert_eq!(pairs, 3 * bought.len());
}

/// Every phrase in a post is one of its author's topics, and every topic with several posts shows.
#[test]
fn posts_are_about_the_topics_of_their_authors() {
    let world = Synthetic::small();
    let topics: BTreeMap<String, Vec<String>> =
        toml::from_str(include_str!("../../src/synth/topics.toml")).unwrap();
    let (owners, truth) = (world.owners(), world.truth());
    let topics_of = |person: &str| -> BTreeSet<String> {
        let topics = truth[person]["topics"].as_array().unwrap();
        topics.iter().map(|topic| topic.as_str().unwrap().to_owned()).collect()
    };
    let mut posts = 0;
    for post in world.table("posts") {
        let text = text(&post, "text");
        let about =
            topics.iter().filter(|(_, phrases)| phrases.iter().any(|p| text.contains(p.as_str())));
        let about: BTreeSet<String> = about.map(|(topic, _)| topic.clone()).collect();
        posts += usize::from(!about.is_empty());
        let author = &owners[&network_key(&post, "network", "author_id")];
        assert!(about.is_subset(&topics_of(author)), "{author}: {about:?} in {text}");
    }
    assert!((2_300..2_900).contains(&posts), "{posts} of 4,000 are about a topic");
    // Communities share topics: two people of one have one in common far more often than two of different ones.
    let people: Vec<_> =
        truth.iter().map(|(p, row)| (row["community"].as_i64(), topics_of(p))).collect();
    let shares = |same: bool| {
        let pairs = people.windows(2).filter(|two| (two[0].0 == two[1].0) == same);
        let (mut all, mut common) = (0, 0);
        pairs.for_each(|two| {
            all += 1;
            common += usize::from(!two[0].1.is_disjoint(&two[1].1));
        });
        common as f64 / f64::from(all)
    };
    assert!(shares(true) > 3.0 * shares(false), "{} {}", shares(true), shares(false));
}

/// The smallest worlds have hardly enough people for all roles.
#[test]
fn the_smallest_worlds_are_valid() {
    for seed in 0..3 {
        let world = Synthetic::new(10, 100, 1, seed, 1);
        renown(&["check", &world.job()]).done();
        assert_eq!(world.truth().len(), 10);
    }
    Synthetic::new(10, 1, 1, 0, 1);
}

fn write(out: &Path, changed: [&str; 2]) -> Ended {
    let mut args = vec!["synth", "--out", out.to_str().unwrap()];
    let usual = ["--people", "50", "--interactions", "300", "--posts", "20", "--seed", "1"];
    for option in usual.chunks(2) {
        args.extend(if option[0] == changed[0] { changed } else { [option[0], option[1]] });
    }
    if !args.contains(&changed[0]) {
        args.extend(changed);
    }
    renown(&args)
}

#[test]
fn sizes_out_of_range_and_folders_in_use_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a world");
    for (option, value) in [
        ("--people", "9"),
        ("--people", "1000000001"),
        ("--interactions", "0"),
        ("--posts", "0"),
        ("--snapshot", "9999-12-31"),
        ("--snapshot", "-200000-01-01"),
    ] {
        let words = format!("{}: {value} is out of range", option.trim_start_matches('-'));
        let [option, joined] = [option.to_owned(), format!("{option}={value}")];
        let changed =
            if value.starts_with('-') { [joined.as_str(), "--quiet"] } else { [&option, value] };
        write(&out, changed).refused(2, &[&words, "remedy: give"]);
    }
    assert!(!out.exists());
    let ended = write(&out, ["--snapshot", "2024-02-29"]).done();
    assert!(ended.stdout.contains("interactions               300 rows"), "{}", ended.stdout);
    renown(&["check", out.join("job.toml").to_str().unwrap()]).done();
    write(&out, ["--seed", "2"]).refused(2, &["is not empty", "remedy: give an empty folder"]);
    // Any file at all, not Parquet alone.
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("notes.txt"), "mine").unwrap();
    write(&other, ["--seed", "2"]).refused(2, &["is not empty", "notes.txt"]);
    assert_eq!(bytes(&other).len(), 1);
    renown(&["synth", "--people", "50"]).refused(2, &["--interactions", "--out"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_in_an_object_store_names_its_urls() {
    let (stores, url) = (Stores::default(), Url::parse("memory:///lake/world").unwrap());
    let parameters = Parameters {
        people: 50,
        interactions: 300,
        posts: 20,
        seed: 1,
        snapshot: DAY,
        group: renown::synth::GROUP,
    };
    let rows = write_world(&stores, &parameters, &url).await.unwrap();
    assert_eq!(rows.iter().find(|(name, _)| *name == "posts"), Some(&("posts", 20)));
    let job = url.join("world/job.toml").unwrap();
    let job = String::from_utf8(stores.read(&job).await.unwrap().unwrap()).unwrap();
    assert!(job.contains("\"memory:///lake/world/posts/\""), "{job}");
    assert!(job.contains("url = \"memory:///lake/world/run-output/\""), "{job}");
    assert!(
        write_world(&stores, &parameters, &url).await.unwrap_err().cause.contains("is not empty")
    );
}
