//! Simulated attacks: what must gain nothing, what must gain as much as honest people bring, and that a job without trust is
//! seen to fail; each against an actual run of the same world with the attack in its inputs.

use std::path::Path;

use arrow::array::RecordBatch;
use renown::attack::{AttackRow, AttackSettings, Attacks, KINDS, measure_attacks, publish_attacks};
use renown::engine::Engine;
use renown::error::{Kind, Result};
use renown::fit::method_file;
use renown::job::Job;
use renown::method::{Method, NetworkTrust};
use renown::model::VertexIndex;
use renown::pipeline::progress::Progress;
use renown::propagate::{TrustInputs, find_trust};
use renown::publish::commit;
use renown::reduce::{Engagement, InteractionRules, engagement, engagement_of};
use renown::storage::Stores;
use tempfile::TempDir;
use tokio::runtime::Builder;

use crate::binary::{program, renown};
use crate::contracts::assert_matches_contract;
use crate::fit::steady;
use crate::on_threads;
use crate::report::{assert_accessible, assert_self_contained};
use crate::topics::lobsters;
use crate::world::{HOUR, Interaction, Row, World, instants, read, reply, rows, text};

const STANDARD: &str = include_str!("../../jobs/methods/standard-6.toml");

/// The standard method, with trust on a network, or with everybody counting whole.
pub fn standard_method(trusted_network: Option<&str>) -> String {
    let mut method = Method::parse("standard", STANDARD).unwrap();
    let of_network = |name: &str| (name.to_owned(), NetworkTrust { full_credit: 12 });
    method.trust.networks = trusted_network.map(of_network).into_iter().collect();
    method_file(&method).unwrap()
}

/// A hundred people who react to each other for half a year, scored by the standard method; with trust, or everybody counting
/// whole.
fn steady_world(has_trust: bool) -> World {
    World { method: standard_method(has_trust.then_some("net")), ..steady(160, 7) }
}

async fn attacked(world: &World, kinds: &[&str], targets: u32) -> Result<Attacks> {
    let folder = TempDir::new().unwrap();
    let job = Job::load(&world.write(folder.path()), &[], None)?;
    let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let settings = AttackSettings { kinds, targets };
    measure_attacks(&Engine::new(Stores::default(), 3), &job, &settings, &mut Progress::silent())
        .await
}

/// The row of an attack under one way of scoring.
fn row<'a>(attacks: &'a Attacks, attack: &str, variant: &str, scored_by: &str) -> &'a AttackRow {
    let same = |row: &&AttackRow| {
        (row.attack, &*row.variant, row.scored_by) == (attack, variant, scored_by)
    };
    let found: Vec<&AttackRow> = attacks.rows.iter().filter(same).collect();
    assert_eq!(found.len(), 1, "{attack}, {variant}, {scored_by}: {:?}", attacks.rows);
    found[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_without_links_gain_nothing() {
    let kinds = ["unlinked", "drip", "pod_new", "patient_after", "target_answers"];
    let attacks = attacked(&steady_world(true), &kinds, 3).await.unwrap();
    let of =
        |scored_by: &'static str| attacks.rows.iter().filter(move |row| row.scored_by == scored_by);
    let links = |row: &&AttackRow| row.links == Some(0) || row.attack == "target_answers";
    let without: Vec<&AttackRow> = of("standard").filter(links).collect();
    assert_eq!(without.len(), 4 + 1 + 3 + 1 + 1);
    for row in without {
        assert!(row.forecast_ratio.unwrap() <= 1.05, "{row:?}");
        assert_eq!((row.verdict, &row.why, row.targets), ("prevented", &None, 3), "{row:?}");
    }
    // The same would gain much if everybody counted, and the tool says so.
    for row in of("no_defence").filter(|row| row.acts > Some(100) && links(row)) {
        assert!(row.points_median.unwrap() > 3.0, "{row:?}");
        assert_eq!(row.verdict, "not_prevented", "{row:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_without_proof_gains_what_the_job_says() {
    let mut world = steady_world(true);
    let attacks = attacked(&world, &["identity_link"], 3).await.unwrap();
    // Nothing changes at all: what is computed anew is what a run computed.
    let claim = row(&attacks, "identity_link", "1 account", "standard");
    assert_eq!((claim.forecast_ratio, claim.points_95), (Some(1.0), Some(0.0)));
    assert_eq!((claim.verdict, &claim.why), ("prevented", &None));
    let believed = row(&attacks, "identity_link", "1 account", "no_defence").points_median;
    assert!(believed > Some(0.5), "{believed:?}");
    world.settings += "[people]\nunproven = \"link\"\n";
    let attacks = attacked(&world, &["identity_link"], 3).await.unwrap();
    let claim = row(&attacks, "identity_link", "1 account", "standard");
    assert!(claim.points_median > Some(0.5), "{claim:?}");
    assert_eq!(claim.why.as_deref(), Some("the job links accounts without proof"));
}

#[tokio::test(flavor = "multi_thread")]
async fn fakes_with_links_gain_what_newcomers_with_links_gain() {
    let attacks =
        attacked(&steady_world(true), &["linked", "newcomers", "patient_after"], 3).await.unwrap();
    let points = |attack: &str, variant: &str| {
        row(&attacks, attack, variant, "standard").points_median.unwrap()
    };
    let newcomers = points("newcomers", "100 newcomers, 100 links");
    assert!(newcomers > 0.5, "{newcomers}");
    for (attack, variant) in [
        ("linked", "100 fakes, 100 links"),
        ("linked", "50 fakes, 100 links"),
        ("linked", "20 fakes, 100 links"),
        ("patient_after", "100 fakes, 100 links"),
    ] {
        let fakes = points(attack, variant);
        assert!((fakes - newcomers).abs() < 0.35, "{attack}, {variant}: {fakes}, not {newcomers}");
    }
    let few = points("linked", "100 fakes, 10 links");
    assert!(few < 0.5 * newcomers && few >= 0.0, "{few}, {newcomers}");
    let reference = row(&attacks, "newcomers", "10 newcomers, 10 links", "standard");
    assert_eq!((reference.verdict, &reference.why), ("reference", &None));
    let linked = row(&attacks, "linked", "100 fakes, 100 links", "standard");
    assert!(linked.why.as_ref().unwrap().contains("can price a fake"), "{linked:?}");
}

/// Ten fakes in the inputs of an actual run, as early and as late as the attack can draw them: what it says lies between.
#[tokio::test(flavor = "multi_thread")]
async fn an_attack_gains_what_a_run_with_it_in_its_inputs_gains() {
    for has_trust in [false, true] {
        let world = steady_world(has_trust);
        let attacks = attacked(&world, &["unlinked"], 1).await.unwrap();
        let found = row(&attacks, "unlinked", "10 fakes", "standard").points_median.unwrap();
        let base = world.run().await;
        let score = |row: &Row| row["score"].as_f64().unwrap();
        let mut people: Vec<(f64, String)> = base.tables["scores"]
            .iter()
            .filter(|row| row["expected_reactors"].as_f64().unwrap() >= 1.0)
            .map(|row| (score(row), row["person_id"].as_str().unwrap().to_owned()))
            .collect();
        people.sort_by(|one, other| one.0.total_cmp(&other.0));
        // The middle one of those with a forecast of at least 1.
        let (before, target) = &people[(0.5 * (people.len() - 1) as f64).round() as usize];
        let mut gains = vec![];
        for hours in [150, 0] {
            let mut world = world.clone();
            for fake in 0..10 {
                let name = |number: i32| format!("fake{}", number % 10);
                world.events.push(reply("net", &name(fake), &name(fake + 1), 200));
                world.events.push(reply("net", &name(fake), &name(fake + 2), 200));
                world.events.push(reply(
                    "net",
                    &name(fake),
                    target.trim_start_matches("net:"),
                    hours,
                ));
            }
            gains.push(score(world.run().await.score(target)) - before);
        }
        assert!(
            gains[0] - 1e-9 <= found && found <= gains[1] + 1e-9,
            "{found} is not in {gains:?}"
        );
        assert_eq!(found > 1.0, !has_trust, "{found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_trust_attacks_are_seen_to_succeed() {
    let attacks = attacked(&steady_world(false), &["unlinked"], 1).await.unwrap();
    for row in attacks.rows.iter().filter(|row| row.scored_by == "standard" && row.acts > Some(100))
    {
        assert!(row.forecast_ratio.unwrap() > 1.5, "{row:?}");
        assert_eq!(row.verdict, "not_prevented", "{row:?}");
        assert!(row.why.as_ref().unwrap().contains("`trust_none`"), "{row:?}");
    }
    assert!(attacks.notes[0].contains("`trust_none`"), "{:?}", attacks.notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_attacked_where_there_are_posts() {
    // Ann is known for lobsters; her readers are known for long, by what they did to each other.
    let mut world = lobsters(&[2, 3, 9], 5);
    let old = [1_600, 1_700].into_iter().flat_map(|hours| {
        (0..5_usize).flat_map(move |n| {
            [1, 2].map(|step| reply("a", &format!("r{n}"), &format!("r{}", (n + step) % 5), hours))
        })
    });
    world.events.extend(old);
    world.method = standard_method(Some("a"));
    let kinds = ["topic_squatting", "endorsement_ring", "repost_farm"];
    let attacks = attacked(&world, &kinds, 2).await.unwrap();
    let standard = row(&attacks, "topic_squatting", "50 fakes", "standard");
    assert_eq!((standard.listed, standard.verdict), (Some(0), "prevented"), "{standard:?}");
    let undefended = row(&attacks, "topic_squatting", "50 fakes", "no_defence");
    // Ann is known for it anyway.
    assert_eq!((undefended.targets, undefended.listed), (2, Some(1)), "{undefended:?}");
    assert_eq!(undefended.verdict, "not_prevented");
    let ring = row(&attacks, "endorsement_ring", "100 fakes", "standard");
    assert_eq!((ring.verdict, ring.targets), ("not_applicable", 0));
    assert!(ring.why.as_ref().unwrap().contains("no endorsements"), "{ring:?}");
    assert_eq!(row(&attacks, "repost_farm", "100 fakes", "standard").verdict, "prevented");
    // With endorsements in the job, the ring is simulated.
    let endorsed = RecordBatch::try_from_iter([
        ("giver_id", text(["a:r0"])),
        ("receiver_id", text(["a:ann"])),
        ("topic_id", text(["lobsters"])),
        ("at", instants([world.cutoff - 48 * HOUR])),
    ]);
    world.more.push(("endorsements", endorsed.unwrap()));
    let attacks = attacked(&world, &["endorsement_ring"], 2).await.unwrap();
    let ring = row(&attacks, "endorsement_ring", "100 fakes", "standard");
    assert_eq!((ring.listed, ring.verdict), (Some(0), "prevented"), "{ring:?}");
    let undefended = row(&attacks, "endorsement_ring", "100 fakes", "no_defence");
    assert_eq!((undefended.listed, undefended.verdict), (Some(1), "not_prevented"));
}

/// Follows among the interactions, which are no reactions, and nobody to act for the target.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_target_does_raises_nothing_of_its_own() {
    let mut world = steady_world(true);
    let kinds = ["unfollow_all", "post_everything"];
    let attacks = attacked(&world, &kinds, 2).await.unwrap();
    let row_of = |attacks: &Attacks| row(attacks, "unfollow_all", "all", "standard").clone();
    assert_eq!(row_of(&attacks).verdict, "not_applicable");
    for person in 0..100 {
        let mut follow =
            reply("net", &format!("p{person}"), &format!("p{}", (person + 1) % 100), 400);
        follow.kind = "follow".into();
        world.events.push(follow);
    }
    let attacks = attacked(&world, &kinds, 2).await.unwrap();
    assert_eq!((row_of(&attacks).forecast_ratio, row_of(&attacks).targets), (Some(1.0), 2));
    let posting = row(&attacks, "post_everything", "to at most 1000 people", "standard");
    assert!(posting.forecast_ratio.unwrap() <= 1.0 && posting.acts > Some(100), "{posting:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_and_targets_are_checked_and_a_snapshot_without_interactions_is_refused() {
    let world = steady_world(true);
    let refused = attacked(&world, &["linkd"], 3).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Usage);
    assert!(refused.cause.contains("`linkd`") && refused.remedy.contains("linked"), "{refused}");
    assert_eq!(attacked(&world, &[], 0).await.unwrap_err().kind, Kind::Usage);
    let nothing =
        World { events: vec![], accounts: Some(vec![crate::world::account("net", "p")]), ..world };
    let refused = attacked(&nothing, &[], 3).await.unwrap_err();
    assert_eq!(
        (refused.kind, refused.place.table.as_deref()),
        (Kind::BadInput, Some("interactions"))
    );
}

#[test]
fn any_number_of_threads_gives_the_same_rows() {
    let world = steady_world(true);
    let on = |threads: usize| {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let kinds = ["drip", "percolating", "pod_trusted", "patient_before", "turned"];
        let attacks =
            on_threads(threads, || runtime.block_on(attacked(&world, &kinds, 3)).unwrap());
        serde_json::to_string(&attacks).unwrap()
    };
    assert_eq!(on(1), on(3));
}

/// A network is attacked by itself: what it gains does not depend on another that goes before it.
#[tokio::test(flavor = "multi_thread")]
async fn networks_are_attacked_one_after_the_other() {
    let alone = steady_world(true);
    let mut world = alone.clone();
    let other = alone.events.iter().skip(1_000);
    world.events.extend(other.map(|event| Interaction { network: "abc".into(), ..event.clone() }));
    let kinds = ["drip", "linked", "turned", "answer_back"];
    let attacks = attacked(&world, &kinds, 2).await.unwrap();
    assert_eq!(attacks.notes.len(), 2);
    let rows = |attacks: &Attacks, network: &str| -> Vec<String> {
        let rows = attacks.rows.iter().filter(|row| row.network == network);
        rows.map(|row| format!("{row:?}")).collect()
    };
    assert_eq!(rows(&attacks, "net"), rows(&attacked(&alone, &kinds, 2).await.unwrap(), "net"));
    // Nothing is known of trust there.
    let of_other = attacks.rows.iter().filter(|row| row.network == "abc");
    let drip = of_other.into_iter().find(|row| row.attack == "drip").unwrap();
    assert_eq!((drip.verdict, drip.targets), ("not_prevented", 2));
}

/// One vertex computed by itself, against all of them in one pass.
#[tokio::test(flavor = "multi_thread")]
async fn the_engagement_of_one_is_that_of_all() {
    let world = steady_world(true);
    let (people, method) = (world.people().await, Method::parse("method", &world.method).unwrap());
    let (persons, interactions) = (&people.persons, &people.interactions);
    let rules = InteractionRules::of(&method);
    let trust = find_trust(&TrustInputs {
        window: interactions.window(0, method.attention.window_hours),
        persons,
        rules: &rules,
        standings: &vec![None; persons.vertices()],
        rule: &method.trust,
    });
    let all = engagement(interactions, persons, &rules, &trust, 0);
    assert!(all.iter().any(|own| own.mutual > 0));
    for (vertex, own) in all.into_iter().enumerate() {
        let alone = engagement_of(VertexIndex::new(vertex), interactions, &rules, &trust);
        let own = Engagement { interactions_made_90d: 0, people_engaged_90d: 0, ..own };
        assert_eq!(alone, own, "{vertex}");
    }
}

fn published(output: &Path, commit: &commit::Commit) -> Vec<Row> {
    let files = &commit.tables["attacks"].files;
    files.iter().flat_map(|file| read(&output.join(&file.path))).flat_map(rows).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_published_beside_the_runs() {
    let world = steady_world(true);
    let folder = TempDir::new().unwrap();
    let path = world.write(folder.path());
    let (job, out) = (path.to_str().unwrap(), folder.path().join("out"));
    renown(&["run", job]).done();
    // A selection of kinds, and a dry run, publish nothing.
    let said = renown(&["attack", job, "--targets", "2", "--kind", "unlinked"]).done().stdout;
    assert!(said.contains("unlinked") && !said.contains("commit"), "{said}");
    renown(&["attack", job, "--targets", "1", "--kind", "drip", "--dry-run"]).done();
    let loaded = Job::load(&path, &[], None).unwrap();
    let (stores, engine) = (Stores::default(), Engine::new(Stores::default(), 3));
    let in_force = || commit::attacks_in_force(&stores, &loaded.output, Some(world.day));
    assert_eq!(in_force().await.unwrap(), None);

    let settings = AttackSettings { kinds: vec![], targets: 1 };
    let attacks =
        measure_attacks(&engine, &loaded, &settings, &mut Progress::silent()).await.unwrap();
    let first = publish_attacks(&engine, &loaded, &attacks).await.unwrap();
    assert_eq!((first.number, first.in_force[&world.day]), (2, 1));
    assert_eq!(in_force().await.unwrap(), Some(first.clone()));
    // Again: there is nothing to do.
    assert_eq!(publish_attacks(&engine, &loaded, &attacks).await.unwrap(), first);
    let contract = renown::schema::table(renown::schema::Direction::Output, "attacks").unwrap();
    assert_matches_contract(contract, &out.join(&first.tables["attacks"].files[0].path));
    let table = published(&out, &first);
    assert_eq!(table.len(), attacks.rows.len());
    for row in &attacks.rows {
        let same = |found: &&Row| {
            found["attack"] == row.attack
                && found["variant"] == *row.variant
                && found["scored_by"] == row.scored_by
        };
        let found: Vec<&Row> = table.iter().filter(same).collect();
        assert_eq!(found.len(), 1, "{row:?}");
        assert_eq!(found[0]["points_median"].as_f64(), row.points_median);
        assert_eq!(found[0]["verdict"], row.verdict);
    }
    // Every kind is named, applicable or not.
    for kind in &KINDS {
        let of_kind = attacks.rows.iter().find(|row| row.attack == kind.name);
        let of_kind = of_kind.unwrap_or_else(|| panic!("no row of {}", kind.name));
        assert!(of_kind.verdict != "not_applicable" || of_kind.why.is_some(), "{of_kind:?}");
    }
    // What was attacked is still what is published of people, and the page shows both.
    let runs = renown(&["runs", out.to_str().unwrap()]).done().stdout;
    assert_eq!(runs.lines().count(), 2, "{runs}");
    let of_attacks = out.join("commits/00000000000000000002.json");
    renown(&["top", of_attacks.to_str().unwrap()]).refused(65, &["the commit of attacks"]);
    let page = folder.path().join("page.html");
    renown(&["report", job, "--out", page.to_str().unwrap()]).done();
    let page = std::fs::read_to_string(&page).unwrap();
    assert_self_contained(&page);
    assert_accessible(&page);
    for words in ["What is not prevented, and why", "no rule that sees only the graph"] {
        assert!(page.contains(words), "no `{words}`");
    }
    let ended =
        program(&["attack", job, "--kind", "unlinked", "--targets", "1", "--format", "json"]);
    let printed: serde_json::Value = serde_json::from_str(&ended.done().stdout).unwrap();
    assert_eq!(printed["rows"].as_array().unwrap().len(), 16);
}
