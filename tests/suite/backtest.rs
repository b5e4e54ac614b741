//! A backtest against a run of its date.

use arrow::array::Array;
use fastrand::Rng;
use renown::engine::Engine;
use renown::job::Job;
use renown::pipeline::backtest::{Backtest, History, read_history};
use renown::score::measures::Wanted;
use renown::storage::Stores;
use tempfile::TempDir;

use crate::fit::steady;
use crate::world::{Account, account, follow, reply};

/// People who joined later are absent: the number of people, which the uniform teleport and the scale of trust use, the
/// seeds and the follows are those of the date.
#[tokio::test(flavor = "multi_thread")]
async fn a_backtest_measures_the_same_as_a_run_of_its_date() {
    for seeds in [5, 0] {
        measure_both(seeds).await;
    }
}

async fn measure_both(seeds: i32) {
    let days = 14_i64;
    let mut world = steady(40, 51);
    let networks = "[trust.networks.net]\nfull_credit = 3\n\n[[trust.seeds]]";
    world.edit_method("[[trust.seeds]]", networks);
    world.edit_method("tenure_hours    = 1440", "tenure_hours    = 300");
    let mut rng = Rng::with_seed(51);
    for newcomer in 0..60 {
        let hours = rng.i64(0..days * 24 - 1);
        let other = format!("p{}", rng.u32(..100));
        world.events.push(reply("net", &format!("q{newcomer}"), &other, hours));
        world.events.push(reply("net", &other, &format!("q{newcomer}"), hours));
    }
    let follows = (0..400).map(|_| (rng.u32(..100), rng.u32(..100), rng.i64(0..80 * 24)));
    let follows = follows.filter(|(one, other, _)| one != other);
    let follows =
        follows.map(|(a, b, hours)| follow("net", &format!("p{a}"), &format!("p{b}"), Some(hours)));
    world.follows = Some(follows.collect());
    let seed = |id: String| Account { verified: Some(true), ..account("net", &id) };
    world.accounts = Some((0..seeds).map(|i| seed(format!("p{}", 20 * i + 3))).collect());
    let engine = Engine::new(Stores::default(), 3);
    let folder = TempDir::new().unwrap();
    let job = Job::load(&world.write(folder.path()), &[], None).unwrap();
    let hours = 24 * days as u32;
    let History { people, known, .. } =
        read_history(&engine, &job, world.day, hours).await.unwrap();
    let mut backtest = Backtest::new(people, known);
    backtest.set_as_of(hours, &job.method);
    let measures = backtest.measure(&job, Wanted::all()).unwrap().measures;
    let persons = &backtest.people().persons;
    assert!(persons.len() > 120);
    let published = world.later(-days).run().await;
    let then = published.by("measures", &["person_id"]);
    assert_eq!(then.len(), 100);
    for name in [
        "pagerank",
        "vouches",
        "credit",
        "is_trusted",
        "follow_pagerank",
        "followers",
        "reactors_90d",
        "reactors_decayed",
    ] {
        let values = measures.values(name).unwrap();
        let mut compared = 0;
        for (vertex, person) in persons.vertex_persons.iter().enumerate() {
            let id = persons.ids.value(person.index()).to_owned();
            let measured = values.is_valid(vertex).then(|| values.value(vertex));
            match then.get(&vec![id.clone()]) {
                Some(row) => {
                    let of_run = row[name].as_f64().unwrap();
                    let off = (measured.unwrap() - of_run).abs();
                    // Ranks are computed only to a tolerance.
                    let tolerance =
                        if name.ends_with("rank") { 1e-6 } else { 1e-9 * (1.0 + of_run.abs()) };
                    assert!(off <= tolerance, "{name} of {id}: {measured:?}, not {of_run}");
                    compared += 1;
                }
                None if name == "pagerank" => assert_eq!(measured, Some(0.0), "{id}"),
                None => {}
            }
        }
        assert_eq!(compared, 100);
    }
}
