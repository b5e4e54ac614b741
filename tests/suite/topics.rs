//! Topics from end to end: what people write about, on which topics they are influential, and the evidence.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use renown::error::Kind;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::attack::standard_method;
use crate::binary::{Ended, renown};
use crate::world::{
    Account, CUTOFF, HOUR, Interaction, Post, Published, Row, Statement, World, account, instants,
    maybe_text, of_account, reply, run_job, text, topic_edges, topic_phrases, topics,
};

const DAY: i64 = 24;

/// A post of `author`, `days` before the cutoff.
fn post(id: &str, author: &str, days: i64, text: &str) -> Post {
    let at = CUTOFF - days * DAY * HOUR - HOUR / 2;
    let (network, text) = ("a".to_owned(), Some(text.to_owned()));
    Post { network, id: id.into(), author: author.into(), at, text, ..Post::default() }
}

/// A reply of `actor` to a post, an hour after it.
fn reply_to(actor: &str, post: &Post) -> Interaction {
    Interaction {
        network: "a".into(),
        actor: actor.into(),
        target: post.author.clone(),
        kind: "reply".into(),
        at: post.at + HOUR,
        post: Some(post.id.clone()),
        ..Interaction::default()
    }
}

/// Sea, with lobsters below it; rust; and belief, which is special.
fn ontology() -> Vec<(&'static str, RecordBatch)> {
    vec![
        ("topics", topics(&["sea", "lobsters", "rust", "belief!religion"])),
        ("topic_edges", topic_edges(&[("lobsters", "sea")])),
        (
            "topic_phrases",
            topic_phrases(&[("belief", "church", None, None), ("rust", "Rust", None, None)]),
        ),
    ]
}

/// Ann writes `days` before the cutoff about lobsters, and `people` others reply to each post.
pub fn lobsters(days: &[i64], people: usize) -> World {
    let posts: Vec<Post> = days
        .iter()
        .zip(1..)
        .map(|(d, n)| post(&format!("p{n}"), "ann", *d, "On lobsters!"))
        .collect();
    let events =
        posts.iter().flat_map(|post| (0..people).map(move |n| reply_to(&format!("r{n}"), post)));
    World {
        events: events.chain([reply_to("ann", &post("x", "r0", 1, ""))]).collect(),
        posts: Some(posts),
        more: ontology(),
        settings: String::new(),
        accounts: Some(vec![Account { name: Some("Ann".into()), ..account("a", "ann") }]),
        ..World::default()
    }
}

/// A job without topics, or whose phrases all go, still has the attention that posts drew.
#[tokio::test(flavor = "multi_thread")]
async fn posts_without_topics_have_no_topic() {
    for settings in ["[topics]\nontology = \"none\"\n", "[topics]\nstop = [\"lobsters\"]\n"] {
        let mut world = lobsters(&[1, 2, 3], 3);
        world.settings = settings.into();
        if settings.contains("none") {
            world.more.clear();
        }
        let published = world.run().await;
        assert!(published.tables["topics"].is_empty() || settings.contains("stop"), "{settings}");
        let edges = &published.tables["influence_edges"];
        assert!(!edges.is_empty() && edges.iter().all(|edge| edge["topic_id"].is_null()));
    }
}

fn row_on<'a>(published: &'a Published, table: &str, person: &str, topic: &str) -> Option<&'a Row> {
    let mut rows = published.tables[table].iter();
    rows.find(|row| row["person_id"] == person && row["topic_id"] == topic)
}

pub fn influential(published: &Published) -> Vec<(&str, &str)> {
    let rows = published.tables["topic_scores"].iter();
    rows.map(|r| (r["person_id"].as_str().unwrap(), r["topic_id"].as_str().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_score_is_published_with_its_evidence() {
    let published = lobsters(&[2, 3, 9], 5).run().await;
    assert_eq!(influential(&published), [("a:ann", "lobsters"), ("a:ann", "sea")]);
    let score = row_on(&published, "topic_scores", "a:ann", "lobsters").unwrap();
    let five = published.score("a:ann");
    // All reactions to Ann are on lobsters.
    assert_eq!(score["score"], five["score"]);
    assert_eq!(score["expected_reactors"], five["expected_reactors"]);
    for (name, value) in [("position", 1), ("posts", 3), ("reactors", 5), ("weeks", 2)] {
        assert_eq!(score[name], value, "{name}");
    }
    assert_eq!((&score["percentile"], &score["negative_share"]), (&json!(50.0), &Value::Null));
    // Fewer pairs than are ranked: each of the five gives all attention to Ann.
    assert_eq!(score["topic_attention_share"], 1.0);

    let evidence = published.by("topic_evidence", &["topic_id", "post_id"]);
    assert_eq!(evidence.len(), 6);
    let first = evidence[&vec!["sea".to_owned(), "p1".to_owned()]];
    assert_eq!(first["phrases"], json!(["lobsters"]));
    assert_eq!(first["reactor_ids"], json!(["a:r0", "a:r1", "a:r2", "a:r3", "a:r4"]));
    assert_eq!(first["reactors"], 5);
    // One for the topic itself, a half for the one above.
    assert!((first["share"].as_f64().unwrap() - 1.0 / 3.0).abs() < 1e-4);

    let topics = published.by("topics", &["topic_id"]);
    assert_eq!(topics.keys().flatten().collect::<Vec<_>>(), ["lobsters", "sea"]);
    let topic = topics[&vec!["lobsters".to_owned()]];
    assert_eq!(topic["path"], json!(["sea", "lobsters"]));
    // One person, three posts, five reactors: too few to be shown.
    assert_eq!((&topic["ancestors"], &topic["people"]), (&json!(["sea"]), &json!(null)));
    assert_eq!((&topic["posts"], &topic["reactors"]), (&json!(null), &json!(null)));
    let talks = row_on(&published, "topic_interests", "a:ann", "lobsters").unwrap();
    assert_eq!(talks["posts"], 3);
    assert!((talks["expressed_share"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-4);
    // People who only reply have no topics and no influence.
    assert!(row_on(&published, "topic_interests", "a:r0", "lobsters").is_none());
    let edges = published.tables["influence_edges"].iter();
    let topics: Vec<&Value> =
        edges.filter(|e| e["influencer_id"] == "a:ann").map(|e| &e["topic_id"]).collect();
    assert_eq!(topics, [&json!("lobsters"); 5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn top_posts_of_a_topic_are_published_with_their_links() {
    let mut world = lobsters(&[2, 3, 9, 70], 5);
    world.posts.as_mut().unwrap()[1].text =
        Some("lobsters https://sea.example/2, #x http://b http://b".into());
    world.events.push(reply_to("r9", &post("p2", "ann", 3, "")));
    let published = world.run().await;
    let posts = published.by("topic_posts", &["topic_id", "post_id"]);
    let row = |post: &str| posts[&vec!["lobsters".to_owned(), post.to_owned()]];
    assert_eq!((&row("p2")["position"], &row("p2")["reactors"]), (&json!(1), &json!(6)));
    assert_eq!(row("p2")["urls"], json!(["https://sea.example/2,", "http://b"]));
    // Equal posts share a position, and old ones are left out.
    assert_eq!((&row("p1")["position"], &row("p3")["position"]), (&json!(2), &json!(2)));
    assert_eq!(posts.len(), 6);
    assert_eq!(row("p1")["person_id"], "a:ann");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_little_evidence_gives_no_topic_score() {
    for (days, people) in [(&[2, 9][..], 5), (&[2, 3, 9], 4), (&[2, 3, 4], 5), (&[], 9)] {
        let published = lobsters(days, people).run().await;
        assert_eq!(influential(&published), [], "{days:?} {people}");
        assert!(published.tables["topic_evidence"].is_empty());
        // Interests need no evidence.
        assert_eq!(
            row_on(&published, "topic_interests", "a:ann", "sea").is_some(),
            !days.is_empty()
        );
    }
    // Posts without reactions are not evidence.
    let mut world = lobsters(&[2, 3, 9], 5);
    world.events.retain(|event| event.post.as_deref() != Some("p3"));
    assert_eq!(influential(&world.run().await), []);
    // Two accounts of one person are one reactor.
    let mut world = lobsters(&[2, 3, 9], 5);
    let linked = |id: &str| crate::world::identity("a", id, "one");
    world.identities = Some(vec![linked("r0"), linked("r1")]);
    assert_eq!(influential(&world.run().await), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_expires_after_two_half_lives() {
    // All three posts are needed; the oldest is this many days old.
    for (oldest, found) in [(50, true), (59, true), (60, false), (70, false)] {
        let published = lobsters(&[oldest - 8, oldest - 7, oldest], 5).run().await;
        assert_eq!(!influential(&published).is_empty(), found, "{oldest}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn special_categories_need_an_explicit_key() {
    let mut world = lobsters(&[2, 3, 9], 5);
    for post in world.posts.iter_mut().flatten() {
        post.text = Some("at church".into());
    }
    let published = world.run().await;
    for table in ["topics", "topic_scores", "topic_interests", "topic_posts", "topic_evidence"] {
        assert!(published.tables[table].is_empty(), "{table}");
    }
    world.settings = "[topics]\nspecial_categories = [\"religion\"]\n".into();
    assert_eq!(influential(&world.run().await), [("a:ann", "belief")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_topic_is_removed_with_all_below_it() {
    let refusal = |id: &str, topic: &str, hours| Statement {
        topic: Some(topic.into()),
        ..of_account("a", id, "opted_out", hours)
    };
    let mut world = lobsters(&[2, 3, 9], 5);
    for post in world.posts.iter_mut().flatten() {
        post.text = Some("lobsters in Rust".into());
    }
    world.consent = Some(vec![refusal("ann", "sea", 5)]);
    let published = world.run().await;
    assert_eq!(influential(&published), [("a:ann", "rust")]);
    assert!(row_on(&published, "topic_interests", "a:ann", "lobsters").is_none());
    assert!(row_on(&published, "topic_posts", "a:ann", "sea").is_none());
    // A refusal that was withdrawn later.
    let taken_back = Statement { status: "opted_in".into(), ..refusal("ann", "sea", 4) };
    world.consent = Some(vec![refusal("ann", "sea", 5), taken_back]);
    assert_eq!(influential(&world.run().await).len(), 3);
    // A reactor refuses a topic: neither evidence nor edges show them on it.
    world.consent = Some(vec![refusal("r1", "lobsters", 5)]);
    let published = world.run().await;
    let evidence = published.by("topic_evidence", &["topic_id", "post_id"]);
    let people =
        |topic: &str| evidence[&vec![topic.to_owned(), "p1".to_owned()]]["reactor_ids"].clone();
    assert_eq!(people("lobsters"), json!(["a:r0", "a:r2", "a:r3", "a:r4"]));
    assert_eq!(people("rust"), json!(["a:r0", "a:r1", "a:r2", "a:r3", "a:r4"]));
    let edges = published.by("influence_edges", &["influencer_id", "influenced_id"]);
    let topic = |id: &str| &edges[&vec!["a:ann".to_owned(), id.to_owned()]]["topic_id"];
    assert_eq!(topic("a:r0"), "lobsters");
    assert_eq!(topic("a:r1"), &Value::Null);
}

/// A phrase of an excluded or refused topic is no evidence of the topics above it.
#[tokio::test(flavor = "multi_thread")]
async fn evidence_shows_no_phrases_of_excluded_or_refused_topics() {
    let mut world = lobsters(&[2, 3, 9], 5);
    world.more = vec![
        ("topics", topics(&["life", "lobsters", "sea", "belief!religion"])),
        ("topic_edges", topic_edges(&[("belief", "life"), ("lobsters", "sea")])),
        (
            "topic_phrases",
            topic_phrases(&[
                ("belief", "church", None, None),
                ("life", "garden", None, None),
                ("sea", "tides", None, None),
            ]),
        ),
    ];
    for post in world.posts.iter_mut().flatten() {
        post.text = Some("church, garden, lobsters, tides".into());
    }
    // A reply without phrases shows the phrases of the post that it answers.
    let mut answer = post("q", "ann", 4, "yes");
    answer.parent = Some("p1".into());
    world.events.extend((0..9).map(|n| reply_to(&format!("r{n}"), &answer)));
    world.posts.as_mut().unwrap().push(answer);
    let refusal = |topic: &str| Statement {
        topic: Some(topic.into()),
        ..of_account("a", "ann", "opted_out", 1)
    };
    let phrases = |published: &Published, topic: &str| -> Vec<Value> {
        let rows = published.tables["topic_evidence"].iter();
        rows.filter(|row| row["topic_id"] == topic).map(|row| row["phrases"].clone()).collect()
    };
    let published = world.run().await;
    assert_eq!(phrases(&published, "life"), vec![json!(["garden"]); 4]);
    assert_eq!(phrases(&published, "sea"), vec![json!(["lobsters", "tides"]); 4]);
    world.consent = Some(vec![refusal("lobsters")]);
    let published = world.run().await;
    assert_eq!(influential(&published), [("a:ann", "life"), ("a:ann", "sea")]);
    assert_eq!(phrases(&published, "sea"), vec![json!(["tides"]); 4]);
    // With lobsters alone, no evidence is left for the sea.
    for post in world.posts.iter_mut().flatten() {
        post.text = Some("garden, lobsters".into());
    }
    assert_eq!(influential(&world.run().await), [("a:ann", "life")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_inherit_a_share_of_the_topics_they_answer() {
    let mut answer = post("q", "bob", 1, "I disagree about Rust");
    answer.parent = Some("p1".into());
    let mut deeper = post("s", "cid", 1, "so do I");
    deeper.parent = Some("q".into());
    let mut passed_on = post("t", "dee", 1, "");
    (passed_on.parent, passed_on.kind) = (Some("p1".into()), Some("repost".into()));
    let mut world = lobsters(&[2, 3, 9], 5);
    world
        .events
        .extend(["bob", "cid", "dee"].map(|actor| reply_to(actor, &post("p1", "ann", 2, ""))));
    world.posts.as_mut().unwrap().extend([answer, deeper, passed_on]);
    let published = world.run().await;
    let share = |person: &str, topic: &str| -> f64 {
        let row = row_on(&published, "topic_interests", person, topic);
        row.map_or(0.0, |row| row["expressed_share"].as_f64().unwrap())
    };
    let near =
        |found: f64, expected: f64| assert!((found - expected).abs() < 1e-3, "{found} {expected}");
    // Rust weighs one; lobsters and the sea weigh half of their two and one thirds.
    near(share("a:bob", "rust"), 2.0 / 3.0);
    near(share("a:bob", "lobsters"), 2.0 / 9.0);
    near(share("a:cid", "rust"), 2.0 / 3.0);
    near(share("a:dee", "lobsters"), 2.0 / 3.0);
    // A repost counts as an interest, and not as a post of the reposter.
    assert!(row_on(&published, "topic_posts", "a:dee", "lobsters").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_topics_if_the_job_enables_them() {
    let mut world = lobsters(&[2, 3, 9], 5);
    let (plain, words) = (world.more.clone(), ["Sea-Food", "#seafood", "seaFood"]);
    for (post, tag) in world.posts.iter_mut().flatten().zip(words) {
        (post.text, post.tags) = (None, vec![tag.to_owned(), "Lobsters".into(), "once".into()]);
    }
    world.settings = "[topics]\ntags = true\nstop = [\"once\"]\n".into();
    let published = world.run().await;
    assert_eq!(
        influential(&published),
        [("a:ann", "#seafood"), ("a:ann", "lobsters"), ("a:ann", "sea")]
    );
    let tag = published.by("topics", &["topic_id"])[&vec!["#seafood".to_owned()]];
    // The first of several spellings is shown.
    assert_eq!(tag["name"], "#Sea-Food");
    (world.more, world.settings) = (plain, String::new());
    assert!(!influential(&world.run().await).contains(&("a:ann", "#seafood")));
}

/// Each change to the job leaves these topics of Ann.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_changes_single_topics() {
    let world = |settings: &str| World { settings: settings.into(), ..lobsters(&[2, 3, 9], 5) };
    for (settings, found) in [
        ("[topics.change.lobsters]\noff = true\n", &[][..]),
        ("[topics.change.sea]\noff = true\n", &[]),
        ("[topics.change.lobsters]\ndrop = [\"LOBSTERS\"]\n", &[]),
        ("[topics]\nstop = [\"lobsters\"]\n", &[]),
        ("[topics.change.rust]\nadd = [\"on lobsters\"]\n", &["rust"]),
    ] {
        let published = world(settings).run().await;
        let topics: Vec<&str> =
            influential(&published).into_iter().map(|(_, topic)| topic).collect();
        assert_eq!(topics, found, "{settings}");
    }
}

/// Three posts get reactions from four people; an endorsement or a list is the fifth.
#[tokio::test(flavor = "multi_thread")]
async fn endorsements_and_lists_are_evidence_up_to_a_cap() {
    let endorsed = |giver: &str, topic: &str, days: i64| {
        RecordBatch::try_from_iter([
            ("giver_id", text([giver])),
            ("receiver_id", text(["a:ann"])),
            ("topic_id", text([topic])),
            ("at", instants([CUTOFF - days * DAY * HOUR])),
        ])
        .unwrap()
    };
    let listed = |owner: Option<&str>, name: &str| {
        RecordBatch::try_from_iter([
            ("network", text(["a"])),
            ("list_id", text(["1"])),
            ("member_id", text(["ann"])),
            ("list_name", text([name])),
            ("owner_id", maybe_text(&[owner.map(str::to_owned)])),
        ])
        .unwrap()
    };
    let vouched = |table: &'static str, batch: RecordBatch, method: &str| {
        let mut world = lobsters(&[2, 3, 9], 4);
        world.events.push(reply_to("vic", &post("x", "r0", 1, "")));
        world.more.push((table, batch));
        world.method = world.method.replace("per_giver  = 20", method);
        world
    };
    let usual = "per_giver = 20";
    // A table of which nothing is found would be refused.
    let with_another = |batch: RecordBatch| {
        concat_batches(&batch.schema(), &[batch.clone(), endorsed("a:vic", "whales", 5)]).unwrap()
    };
    for (table, batch, method, found) in [
        ("endorsements", endorsed("a:vic", "lobsters", 5), usual, &["lobsters", "sea"][..]),
        ("endorsements", endorsed("a:vic", "sea", 5), usual, &["sea"]),
        ("endorsements", endorsed("a:vic", "rust", 5), usual, &[]),
        ("endorsements", endorsed("a:vic", "whales", 5), usual, &[]),
        ("endorsements", endorsed("a:r1", "lobsters", 5), usual, &[]),
        ("endorsements", endorsed("a:ann", "lobsters", 5), usual, &[]),
        ("endorsements", with_another(endorsed("a:nobody", "lobsters", 5)), usual, &[]),
        ("endorsements", endorsed("a:vic", "lobsters", 100), usual, &[]),
        ("endorsements", endorsed("a:vic", "lobsters", 5), "per_giver = 0", &[]),
        ("lists", listed(Some("vic"), "My Lobsters!"), usual, &["lobsters", "sea"]),
        ("lists", listed(Some("vic"), "friends"), usual, &[]),
        ("lists", listed(None, "lobsters"), usual, &[]),
    ] {
        let published = vouched(table, batch, method).run().await;
        let topics: Vec<&str> =
            influential(&published).into_iter().map(|(_, topic)| topic).collect();
        assert_eq!(topics, found);
        if let (true, Some(score)) =
            (topics.len() > 1, row_on(&published, "topic_scores", "a:ann", "lobsters"))
        {
            let counts =
                ["reactors", "endorsers", "people"].map(|name| score[name].as_i64().unwrap());
            assert_eq!(counts, [4, 1, 5]);
            assert_eq!(score["credited_endorsers"], 1.0);
        }
    }
    // Ineligible people cannot vouch, and a topic that the giver refuses does not count.
    for topic in [None, Some("lobsters".to_owned())] {
        let mut world = vouched("endorsements", endorsed("a:vic", "lobsters", 5), usual);
        world.consent = Some(vec![Statement { topic, ..of_account("a", "vic", "opted_out", 1) }]);
        assert_eq!(influential(&world.run().await), []);
    }
}

/// Long-standing readers vouch for `new`, who endorses Ann; so does a stranger, and one of the readers.
#[tokio::test(flavor = "multi_thread")]
async fn endorsements_count_by_the_credit_of_who_gives_them() {
    let readers = ["r0", "r1", "r2", "r3"];
    let mut world = World {
        // Twelve vouches make full credit.
        method: standard_method(Some("a")),
        ..lobsters(&[2, 3, 9], 5)
    };
    let known =
        [("r0", "r1"), ("r1", "r2"), ("r2", "r3"), ("r3", "ann"), ("ann", "r0"), ("r0", "ann")];
    let known = known.into_iter().chain([
        ("r2", "r1"),
        ("r3", "r2"),
        ("ann", "r3"),
        ("r1", "r0"),
        ("r0", "r4"),
        ("r1", "r4"),
        ("r4", "r1"),
    ]);
    world.events.extend(known.map(|(actor, target)| reply("a", actor, target, 1_600)));
    let vouching = readers.into_iter().chain(["ann"]);
    world.events.extend(vouching.map(|actor| reply("a", actor, "new", 300)));
    world.events.push(reply("a", "stranger", "new", 300));
    let givers = ["a:r0", "a:new", "a:stranger"];
    let endorsed = RecordBatch::try_from_iter([
        ("giver_id", text(givers)),
        ("receiver_id", text(["a:ann"; 3])),
        ("topic_id", text(["lobsters"; 3])),
        ("at", instants([CUTOFF - 5 * DAY * HOUR; 3])),
    ]);
    world.more.push(("endorsements", endorsed.unwrap()));
    let published = world.run().await;
    let score = row_on(&published, "topic_scores", "a:ann", "lobsters").unwrap();
    // `new` has the vouches of four readers here, and Ann's own besides elsewhere.
    let credit = |id: &str| {
        let mut accounts = published.tables["accounts"].iter();
        accounts.find(|row| row["account_id"] == id).unwrap()["credit"].as_f64().unwrap()
    };
    assert!((credit("new") - 5.0 / 12.0).abs() < 1e-5 && credit("stranger") == 0.0);
    let expected = 1.0 + 4.0 / 12.0;
    assert!((score["credited_endorsers"].as_f64().unwrap() - expected).abs() < 1e-5, "{score:?}");
    assert_eq!(score["endorsers"], 1, "{score:?}");
    let of_ann = published.tables["measures"].iter().find(|row| row["person_id"] == "a:ann");
    let of_ann = of_ann.unwrap();
    assert_eq!(
        (&of_ann["endorsers"], &of_ann["credited_endorsers"]),
        (&json!(3), &score["credited_endorsers"])
    );
}

/// Five readers are known for long, by what they did to each other; to the third post only strangers react, or one reader too.
#[tokio::test(flavor = "multi_thread")]
async fn a_post_to_which_only_strangers_reacted_is_no_evidence() {
    let mut world = World { method: standard_method(Some("a")), ..lobsters(&[2, 9, 16], 5) };
    let reader = |n: usize| format!("r{}", n % 5);
    for (n, step, hours) in (0..5).flat_map(|n| {
        [1, 2].into_iter().flat_map(move |step| [1_600, 1_700].map(|hours| (n, step, hours)))
    }) {
        world.events.push(reply("a", &reader(n), &reader(n + step), hours));
    }
    let third = world.posts.as_ref().unwrap()[2].clone();
    world.events.retain(|event| event.post.as_deref() != Some(&third.id));
    world.events.extend((0..50).map(|n| reply_to(&format!("stranger{n}"), &third)));
    assert_eq!(influential(&world.run().await), []);
    world.events.push(reply_to("r0", &third));
    let published = world.run().await;
    assert_eq!(influential(&published), [("a:ann", "lobsters"), ("a:ann", "sea")]);
    let score = row_on(&published, "topic_scores", "a:ann", "lobsters").unwrap();
    assert_eq!(
        (&score["posts"], &score["reactors"], &score["weeks"]),
        (&json!(3), &json!(5), &json!(3))
    );
}

async fn refused(world: &World, words: &str) {
    let folder = TempDir::new().unwrap();
    let error = run_job(&world.write(folder.path()), 2, &[]).await.unwrap_err();
    assert!(matches!(error.kind, Kind::BadInput | Kind::BadJob), "{error}");
    assert!(error.to_string().contains(words), "no `{words}` in: {error}");
    assert!(!folder.path().join("out").exists());
    // `check` finds it too, and goes on to the end.
    let job = folder.path().join("job.toml");
    let checked = renown(&["check", job.to_str().unwrap()]);
    assert_eq!(checked.code, Some(65));
    assert!(checked.stdout.contains(error.cause.lines().next().unwrap()), "{}", checked.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_ontologies_are_refused() {
    let with = |table: &str, batch: RecordBatch| {
        let mut world = lobsters(&[2], 1);
        world.more.retain(|(name, _)| *name != table);
        let table =
            ontology().into_iter().map(|(name, _)| name).find(|name| *name == table).unwrap();
        world.more.push((table, batch));
        world
    };
    let circle = [("lobsters", "sea"), ("sea", "lobsters")];
    refused(&with("topic_edges", topic_edges(&circle)), "topics form a cycle: `lobsters`, `sea`")
        .await;
    let unknown = topic_edges(&[("lobsters", "see"), ("lobsters", "sea")]);
    refused(&with("topic_edges", unknown), "topics are not in `topics`: `see`").await;
    let nameless = topics(&["sea", "lobsters", "rust", "belief", " "]);
    refused(&with("topics", nameless), "topics have no name: ` `").await;
    let other = topic_phrases(&[("whales", "whales", None, None)]);
    refused(
        &with("topic_phrases", other),
        "1 rows have a topic_id not found in `topics`, first `whales`",
    )
    .await;
    for weight in [0.0, -1.0, 1.5, f64::NAN] {
        let phrases = topic_phrases(&[("rust", "rust", None, Some(weight))]);
        refused(
            &with("topic_phrases", phrases),
            "the weight of 1 rows is not above 0 and at most 1",
        )
        .await;
    }
    let mut world = lobsters(&[2], 1);
    world.settings = "[topics.change.lobster]\noff = true\n".into();
    refused(&world, "did you mean `lobsters`?").await;
    let category = topics(&["sea!", "lobsters", "rust", "belief!faith"]);
    refused(&with("topics", category), "column `special_category` is not one of").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unusual_texts_do_not_stop_a_run() {
    let tags: Vec<String> = (0..10_000).map(|n| format!("#tag{n}")).collect();
    let texts = [
        "lobsters ".repeat(120_000),
        "\u{1f99e}".repeat(100_000),
        "سرطان البحر \u{202e}srestbol\u{202c}".repeat(1_000),
        "l\u{200b}o\u{200d}b\u{ad}sters".into(),
        "l\u{301}\u{302}\u{303}obsters".repeat(1_000),
        "\0lobsters\0\0".into(),
        "<p>lobsters</p>&amp;<script>".into(),
        tags.join(" "),
        "#".repeat(100_000),
        "http://".repeat(50_000),
        String::new(),
    ];
    let mut world = lobsters(&[2, 3, 9], 5);
    let posts = world.posts.as_mut().unwrap();
    posts.extend(texts.iter().zip(10..).map(|(text, n)| post(&format!("p{n}"), "eve", 1, text)));
    let last = posts.last_mut().unwrap();
    last.tags = tags;
    world.events.push(reply_to("ann", last));
    world.settings = "[topics]\ntags = true\n".into();
    let published = world.run().await;
    let talks = row_on(&published, "topic_interests", "a:eve", "lobsters").unwrap();
    // Repeated, with zero-width characters, between NULs and in HTML.
    assert_eq!(talks["posts"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn cohorts_hold_people_who_agreed_and_meet_all_conditions() {
    let mut world = lobsters(&[2, 3, 9], 5);
    let opted_in = |id: &str| of_account("a", id, "opted_in", 5);
    world.consent = Some(vec![opted_in("r0")]);
    world.accounts = Some(vec![
        Account { country: Some("DE".into()), ..account("a", "ann") },
        Account { country: Some("DE".into()), ..account("a", "r0") },
        Account { country: Some("FR".into()), ..account("a", "r1") },
    ]);
    let cohorts = "[[cohort]]\nname = \"sea folk\"\npurpose = \"tests\"\ntopics = [\"Sea\"]\nmin_score = 1.0\ncountries = [\"DE\"]\n\
                   [[cohort]]\nname = \"all\"\npurpose = \"tests\"\nnetworks = [\"a\", \"b\"]\nmax_people = 1\n";
    world.settings = cohorts.into();
    let of = |published: &Published| -> Vec<(String, String)> {
        let rows = published.by("cohorts", &["cohort", "person_id"]);
        rows.into_keys().map(|key| (key[0].clone(), key[1].clone())).collect()
    };
    // Ann did not agree; nobody else is influential on the sea.
    let published = world.run().await;
    assert_eq!(of(&published), [("all".to_owned(), "a:r0".to_owned())]);
    world.consent = Some(vec![opted_in("r0"), opted_in("ann")]);
    let published = world.run().await;
    let ann = |cohort: &str| (cohort.to_owned(), "a:ann".to_owned());
    assert_eq!(of(&published), [ann("all"), ann("sea folk")]);
    let row = published.by("cohorts", &["cohort"])[&vec!["sea folk".to_owned()]];
    assert_eq!((&row["position"], row["reasons"].as_array().unwrap().len()), (&json!(1), 4));
    assert_eq!(
        row["reasons"][0],
        "moves people on lobsters: 5 reacted to 3 posts in 2 different weeks"
    );
    assert_eq!(
        row["score"],
        row_on(&published, "topic_scores", "a:ann", "lobsters").unwrap()["score"]
    );

    for (settings, words) in [
        (
            "[[cohort]]\nname = \"x\"\npurpose = \"tests\"\ntopics = [\"see\"]\n",
            "did you mean `sea`?",
        ),
        (
            "[[cohort]]\nname = \"x\"\npurpose = \"tests\"\n[[cohort]]\nname = \"x\"\npurpose = \"tests\"\n",
            "is declared twice",
        ),
        (
            "[[cohort]]\nname = \"x\"\npurpose = \"tests\"\nmin_score = 9\nmax_score = 8\n",
            "has scores from 9 to 8",
        ),
        ("[[cohort]]\nname = \" \"\npurpose = \"tests\"\n", "has no name"),
    ] {
        world.settings = settings.into();
        let folder = TempDir::new().unwrap();
        let error = run_job(&world.write(folder.path()), 2, &[]).await.unwrap_err();
        assert_eq!(error.kind, Kind::BadJob, "{error}");
        assert!(error.to_string().contains(words), "no `{words}` in: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_list_and_explain_influence_on_a_topic() {
    let folder = TempDir::new().unwrap();
    let mut world = lobsters(&[2, 3, 9], 5);
    world.accounts.as_mut().unwrap()[0].country = Some("DE".into());
    let job = world.write(folder.path());
    run_job(&job, 2, &[]).await.unwrap();
    let ask = |words: &[&str]| -> Ended {
        renown(&[&words[..1], &[job.to_str().unwrap()], &words[1..]].concat())
    };
    let top = ask(&["top", "--topic", "SEA"]).done().stdout;
    assert!(top.contains("top 1 on sea and the topic below it") && top.contains("Ann"), "{top}");
    for (filter, found) in [
        (&["--country", "DE"][..], 1),
        (&["--country", "FR"], 0),
        (&["--language", "de"], 0),
        (&["--network", "a"], 1),
        (&["--network", "b"], 0),
        (&["--min-score", "1.5"], 1),
        (&["--min-score", "99"], 0),
    ] {
        let top = ask(&[&["top", "--topic", "lobsters"], filter].concat()).done().stdout;
        assert!(top.contains(&format!("top {found} on sea › lobsters")), "{filter:?}: {top}");
    }
    let everyone = ask(&["top", "--country", "DE"]).done().stdout;
    assert!(everyone.contains("top 1 of"), "{everyone}");
    let page = ask(&["explain", "Ann", "--topic", "lobsters"]).done().stdout;
    for words in [
        "Ann (a:ann) on sea › lobsters",
        "3 posts in 2 weeks, 5 people (5 reacted, 0 endorsed)",
        "a:p1",
        "a:r0, a:r1",
    ] {
        assert!(page.contains(words), "no `{words}` in: {page}");
    }
    let explanation: Value = serde_json::from_str(
        &ask(&["explain", "Ann", "--topic", "sea", "--format", "json"]).done().stdout,
    )
    .unwrap();
    assert_eq!(explanation["evidence"].as_array().unwrap().len(), 3);
    let nothing = ask(&["explain", "a:r0", "--topic", "sea"]).done().stdout;
    assert!(nothing.contains("Not enough evidence"), "{nothing}");
    // r0 replied to Ann; Ann replied to r0.
    let audience = ask(&["audience", "a:r0", "--topic", "sea"]).done().stdout;
    assert!(
        audience.contains("1 person writes about sea, who count as 1.0; 1 of them"),
        "{audience}"
    );
    let audience = ask(&["audience", "a:r1", "--topic", "sea"]).done().stdout;
    assert!(audience.contains("0 of them") && audience.contains("Ann"), "{audience}");
    // `access` also shows where a person is listed as a reactor.
    let held = ask(&["access", "a:r0", "--format", "json"]).done().stdout;
    let held: Value = serde_json::from_str(&held).unwrap();
    assert!(held.to_string().contains("reactor_ids"), "{held}");
    let unknown = ask(&["top", "--topic", "lobster"]);
    assert_eq!(unknown.code, Some(65));
    assert!(unknown.stderr.contains("did you mean `lobsters`?"), "{}", unknown.stderr);
    let topics = ask(&["topics", "--search", "LOB"]).done().stdout;
    assert_eq!(topics.lines().count(), 2, "{topics}");
}

/// A tag in a language that no phrase is in, or a name that is no phrase, tells the same as the topic.
#[tokio::test(flavor = "multi_thread")]
async fn names_and_phrases_of_special_categories_are_no_tags() {
    let mut world = lobsters(&[2, 3, 9], 5);
    for post in world.posts.iter_mut().flatten() {
        post.tags = ["Kirche", "Be-Lief", "Rite", "Harbour"].map(str::to_owned).into();
        (post.text, post.language) = (None, Some("en".into()));
    }
    world.more = vec![
        ("topics", topics(&["belief!religion", "rite", "sea"])),
        ("topic_edges", topic_edges(&[("rite", "belief")])),
        ("topic_phrases", topic_phrases(&[("rite", "Kirche", Some("de"), None)])),
    ];
    let found = async |settings: &str| -> Vec<String> {
        let world =
            World { settings: format!("[topics]\ntags = true\n{settings}"), ..world.clone() };
        let rows = world.run().await.tables["topics"].clone();
        rows.iter().map(|row| row["topic_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found("").await, ["#harbour"]);
    // A phrase that the job drops is none, and tells the same.
    assert_eq!(found("[topics.change.rite]\ndrop = [\"Kirche\"]\n").await, ["#harbour"]);
    assert_eq!(found("[topics.change.sea]\noff = true\n").await, ["#harbour"]);
    let allowed = found("special_categories = [\"religion\"]\n").await;
    assert!(allowed.contains(&"#rite".to_owned()), "{allowed:?}");
}
