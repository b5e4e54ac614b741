//! Which statement counts: in time, after accounts were linked, and on topics.

use renown::error::Kind;
use tempfile::TempDir;

use crate::job_files::assert_error;
use crate::world::{
    CUTOFF, HOUR, Identity, Interaction, Post, Published, Statement, World, account, identity,
    of_account, of_person, reply, topics,
};

/// Accounts 1 to 4, which all react to each other.
fn four(consent: Vec<Statement>) -> World {
    let ids = ["1", "2", "3", "4"];
    World {
        accounts: Some(ids.map(|id| account("a", id)).into()),
        consent: Some(consent),
        events: ids.iter().flat_map(|a| ids.map(|t| reply("a", a, t, 5))).collect(),
        ..World::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_after_the_cutoff_may_only_refuse() {
    let at = |status: &str, at_us: i64| Statement {
        at: CUTOFF + at_us,
        ..of_account("a", "1", status, 0)
    };
    let scored = async |rule: &'static str, statements: &[Statement]| {
        let mut world = four(statements.to_vec());
        world.rule = rule;
        let others = ["2", "3", "4"].map(|id| of_account("a", id, "opted_in", 9));
        world.consent.as_mut().unwrap().extend(others);
        let published = world.run().await;
        let late = ("consent", "opted in at the cutoff or later: ignored");
        let late = published.drops()[&late].to_owned();
        (published.people().contains(&"a:1".to_owned()), late)
    };
    let (yes, no) = ((true, "0".to_owned()), (false, "0".to_owned()));
    let ignored = (false, "fewer than 11".to_owned());
    let before = at("opted_out", -HOUR);
    assert_eq!(scored("opt_out", &[before.clone(), at("opted_in", 9 * HOUR)]).await, ignored);
    assert_eq!(scored("opt_out", &[before.clone(), at("opted_in", 0)]).await, ignored);
    assert_eq!(scored("opt_out", &[before.clone(), at("opted_in", -1)]).await, yes);
    assert_eq!(scored("opt_in", &[at("opted_in", 0)]).await, ignored);
    assert_eq!(scored("opt_in", &[at("opted_in", -1)]).await, yes);
    assert_eq!(scored("opt_in", &[at("opted_in", -1), at("opted_out", 90 * HOUR)]).await, no);
    // What is ignored does not come between.
    let all = [at("opted_out", HOUR), at("opted_in", 2 * HOUR), before];
    assert_eq!(scored("opt_out", &all).await, ignored);
}

fn linked(ids: [&str; 2], person: &str) -> Option<Vec<Identity>> {
    Some(ids.map(|id| identity("a", id, person)).into())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_a_published_person_id_holds_after_accounts_are_linked() {
    let people = async |consent: Vec<Statement>| {
        let mut world = four(consent);
        world.identities = linked(["1", "2"], "p");
        world.run().await.people()
    };
    let refused = of_person("a:1", "opted_out", 9);
    assert_eq!(people(vec![refused.clone()]).await, ["a:3", "a:4"]);
    // What was said under one name does not undo what was said under the other.
    let agreed = of_account("a", "1", "opted_in", 1);
    assert_eq!(people(vec![refused.clone(), agreed]).await, ["a:3", "a:4"]);
    let agreed = of_person("a:1", "opted_in", 1);
    assert_eq!(people(vec![refused, agreed]).await, ["a:3", "a:4", "p"]);
    // That the one account agreed, by its old name, is not that both did.
    let mut world = four(vec![
        of_person("a:1", "opted_in", 9),
        of_account("a", "3", "opted_in", 9),
        of_account("a", "4", "opted_in", 9),
    ]);
    (world.rule, world.identities) = ("opt_in", linked(["1", "2"], "p"));
    assert_eq!(world.run().await.people(), ["a:3", "a:4"]);
    world.consent.as_mut().unwrap().push(of_account("a", "2", "opted_in", 9));
    assert_eq!(world.run().await.people(), ["a:3", "a:4", "p"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_a_person_of_an_earlier_run_holds_for_their_accounts() {
    let folder = TempDir::new().unwrap();
    let mut world = four(vec![]);
    world.identities = linked(["1", "2"], "old");
    assert_eq!(world.run_in(folder.path()).await.people(), ["a:3", "a:4", "old"]);
    // The day after they refuse, and are not published.
    let mut second = world.later(1);
    second.consent = Some(vec![of_person("old", "opted_out", 1)]);
    assert_eq!(second.run_in(folder.path()).await.people(), ["a:3", "a:4"]);
    // The ids of persons change, and the accounts belong to others.
    let mut third = second.later(1);
    third.identities = linked(["2", "3"], "new");
    assert_eq!(third.run_in(folder.path()).await.people(), ["a:4"]);
    // A refusal of a topic holds as well, and that they agreed says nothing.
    let mut other = third.later(1);
    other.consent = Some(vec![of_person("old", "opted_in", 1)]);
    assert_eq!(other.run_in(folder.path()).await.people(), ["a:1", "a:4", "new"]);
    // Files of old days may be gone.
    std::fs::remove_dir_all(folder.path().join("out/people/2026-03-31")).unwrap();
    assert_eq!(third.run_in(folder.path()).await.people(), ["a:1", "a:4", "new"]);
}

/// Ann writes on rust and on quantum gates, and two others react to each post.
fn ann(refused: &[&str]) -> World {
    let posts: Vec<Post> = (1..=4)
        .map(|number| Post {
            network: "a".into(),
            id: format!("p{number}"),
            author: "ann".into(),
            at: CUTOFF - number * 48 * HOUR,
            text: Some("On Rust".into()),
            tags: vec!["Quantum-Gate".into()],
            ..Post::default()
        })
        .collect();
    let reaction = |post: &Post, actor: &str| Interaction {
        post: Some(post.id.clone()),
        at: post.at + HOUR,
        ..reply("a", actor, "ann", 0)
    };
    let readers: Vec<String> = (0..6).map(|reader| format!("r{reader}")).collect();
    let events = posts.iter().flat_map(|post| readers.iter().map(|r| reaction(post, r)));
    let refusal = |topic: &&str| Statement {
        topic: Some((*topic).into()),
        ..of_account("a", "ann", "opted_out", 1)
    };
    World {
        events: events.collect(),
        more: vec![("topics", topics(&["rust", "sea-food"]))],
        posts: Some(posts),
        consent: Some(refused.iter().map(refusal).collect()),
        settings: "[topics]\ntags = true\n".into(),
        ..World::default()
    }
}

fn interests(published: &Published) -> Vec<String> {
    let rows = published.tables["topic_interests"].iter();
    rows.map(|row| row["topic_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_refused_as_tags_are_compared_or_by_name() {
    assert_eq!(interests(&ann(&[]).run().await), ["#quantumgate", "rust"]);
    for refused in ["#quantumgate", "#Quantum-Gate", "#quantum gate"] {
        assert_eq!(interests(&ann(&[refused]).run().await), ["rust"], "{refused}");
    }
    for refused in ["rust", "Rust", "#RUST"] {
        assert_eq!(interests(&ann(&[refused]).run().await), ["#quantumgate"], "{refused}");
    }
    // A tag that no post has is one all the same, and so is a topic in another spelling.
    let all = ["#Knitting", "Sea Food"];
    let published = ann(&all).run().await;
    assert_eq!(interests(&published), ["#quantumgate", "rust"]);
    let unmet = published.outcome.notes.warnings.iter().filter(|w| w.table == "consent");
    let unmet: Vec<_> = unmet.map(|warning| warning.text.as_str()).collect();
    assert_eq!(unmet.len(), 1, "{unmet:?}");
    let words = "fewer than 11 refusals are of tags that no post has, `#knitting`: ";
    assert!(unmet[0].starts_with(words), "{unmet:?}");
    // Spelled in another way it is the same topic, which is allowed again.
    let mut again = ann(&["#Quantum-Gate"]);
    let statement = again.consent.as_ref().unwrap()[0].clone();
    let (topic, at) = (Some("#quantumGATE".to_owned()), statement.at + HOUR / 2);
    again.consent.as_mut().unwrap().push(Statement {
        topic,
        at,
        status: "opted_in".into(),
        ..statement
    });
    assert_eq!(interests(&again.run().await), ["#quantumgate", "rust"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_there_are_not_are_an_error() {
    let folder = TempDir::new().unwrap();
    for (topic, near) in
        [("Rusty", "did you mean `rust`?"), ("quantumgate", "the tag `#quantumgate`")]
    {
        let error = Published::of(&ann(&[topic]).write(folder.path()), 2, &[]).await.err().unwrap();
        assert_eq!(error.place.column.as_deref(), Some("topic_id"));
        assert_error(error, Kind::BadInput, &[&format!("there is no topic `{topic}`"), near]);
    }
    // Without posts there are no topics.
    let world = World { posts: None, more: vec![], ..ann(&["Rusty"]) };
    world.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_refused_by_any_account_is_refused_by_its_person() {
    let mut world = ann(&[]);
    world.identities = Some(vec![identity("a", "ann", "p"), identity("b", "gone", "p")]);
    let refused =
        Statement { topic: Some("rust".into()), ..of_account("b", "gone", "opted_out", 1) };
    world.consent = Some(vec![refused.clone()]);
    assert_eq!(interests(&world.run().await), ["#quantumgate"]);
    // By the name from before it was linked.
    let (network, id) = (None, None);
    let by_name = Statement { network, id, person: Some("a:ann".into()), ..refused };
    world.consent = Some(vec![by_name]);
    assert_eq!(interests(&world.run().await), ["#quantumgate"]);
}
