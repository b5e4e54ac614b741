//! Match rates of inputs that name accounts, persons and posts of others; what finds nothing stops a run.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use renown::error::{Error, Kind};
use serde_json::json;
use tempfile::TempDir;

use crate::binary::renown;
use crate::label_sets::{grade, table};
use crate::world::{
    CUTOFF, HOUR, Identity, Interaction, Post, Published, World, account, follow, identity,
    instants, maybe_text, of_account, reply, text,
};

fn post(id: &str, author: &str, hours: i64) -> Post {
    Post {
        network: "a".into(),
        id: id.into(),
        author: author.into(),
        at: CUTOFF - hours * HOUR,
        ..Post::default()
    }
}

/// Replies of eight people to 1 on its posts, which `post_id` calls.
fn replies(post_id: impl Fn(i64) -> String) -> Vec<Interaction> {
    let event = |n: i64| Interaction {
        post: Some(post_id(n)),
        ..reply("a", &(2 + n % 8).to_string(), "1", n)
    };
    (0..40).map(event).collect()
}

/// All accounts, posts 1000 to 1039 of account 1, and replies to them.
fn world(post_id: impl Fn(i64) -> String) -> World {
    World {
        accounts: Some((1..=9).map(|n| account("a", &n.to_string())).collect()),
        posts: Some((0..40).map(|n| post(&(1_000 + n).to_string(), "1", n + 1)).collect()),
        events: replies(post_id),
        ..World::default()
    }
}

fn sound() -> World {
    world(|n| (1_000 + n).to_string())
}

fn lists(member: &str, rows: usize) -> RecordBatch {
    let ids: Vec<String> = (0..rows).map(|n| n.to_string()).collect();
    RecordBatch::try_from_iter([
        ("network", text(vec!["a"; rows])),
        ("list_id", text(ids.iter().map(String::as_str))),
        ("member_id", text(vec![member; rows])),
        ("list_name", maybe_text(&vec![Some("rust".to_owned()); rows])),
        ("owner_id", maybe_text(&vec![Some("2".to_owned()); rows])),
    ])
    .unwrap()
}

fn endorsements(pairs: &[(&str, &str)]) -> RecordBatch {
    RecordBatch::try_from_iter([
        ("giver_id", text(pairs.iter().map(|pair| pair.0))),
        ("receiver_id", text(pairs.iter().map(|pair| pair.1))),
        ("topic_id", text(vec!["#rust"; pairs.len()])),
        ("at", instants(vec![CUTOFF - HOUR; pairs.len()])),
    ])
    .unwrap()
}

async fn run(world: &World) -> Result<Published, Error> {
    let folder = TempDir::new().unwrap();
    Published::of(&world.write(folder.path()), 2, &[]).await
}

async fn refused(world: &World, table: &str, words: &[&str]) {
    let error = run(world).await.err().expect("refused");
    assert_eq!(error.kind, Kind::BadInput, "{error}");
    assert_eq!(error.place.table.as_deref(), Some(table), "{error}");
    for words in words {
        assert!(error.to_string().contains(words), "no `{words}` in: {error}");
    }
}

async fn warned(world: &World) -> Vec<String> {
    let published = run(world).await.unwrap_or_else(|e| panic!("{e}"));
    let warnings = published.outcome.notes.warnings.into_iter();
    warnings.map(|warning| format!("{}: {}", warning.table, warning.text)).collect()
}

/// Rows and unmatched rows of each join.
fn rates(published: &Published) -> BTreeMap<&str, (u64, serde_json::Value)> {
    let joins = published.outcome.notes.joins.iter();
    joins.map(|(table, join)| (table.as_str(), (join.rows, json!(join.unmatched)))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn joins_report_their_match_rates() {
    // Every third of 40 replies is to a post that `posts` lacks: 14 of them.
    let mut half =
        world(|n| (1_000 + n * i64::from(n % 3 != 0) + 500 * i64::from(n % 3 == 0)).to_string());
    half.identities = Some(vec![identity("a", "1", "p"), identity("a", "99", "q")]);
    let pairs = [("p", "a:2"), ("a:3", "a:2"), ("nobody", "a:2")];
    half.more = vec![("lists", lists("3", 2)), ("endorsements", endorsements(&pairs))];
    let published = run(&half).await.unwrap();
    let few = json!("fewer than 11");
    assert_eq!(
        rates(&published),
        BTreeMap::from([
            ("endorsements", (3, few.clone())),
            ("identities", (2, few)),
            ("lists", (2, json!(0))),
            ("posts", (40, json!(14))),
        ])
    );
    assert_eq!(published.log()["joins"]["posts"]["unmatched"], 14);
    let folder = TempDir::new().unwrap();
    let job = half.write(folder.path());
    let page = renown(&["check", job.to_str().unwrap()]).done().stdout;
    for line in [
        "posts: 65 % of 40 interactions with a post_id find their post\n",
        "lists: 100 % of 2 rows find owner and member among the people scored\n",
        "endorsements: not all of 3 rows find giver and receiver among the people scored\n",
        "identities: not all of 2 accounts in `identities` are in the other inputs\n",
    ] {
        assert!(page.contains(line), "no `{line}` in: {page}");
    }
    let run = renown(&["run", job.to_str().unwrap()]).done().stdout;
    assert!(run.contains("posts: 65 % of 40 interactions with a post_id"), "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_that_nobody_finds_stop_a_run() {
    run(&sound()).await.unwrap();
    let of = |post_id: fn(i64) -> String| world(post_id);
    refused(
        &of(|n| format!("{}.0", 1_000 + n)),
        "interactions",
        &["none of 40 rows with a `post_id` names a post of `posts`", "an ending `.0`"],
    )
    .await;
    refused(&of(|n| format!("0{}", 1_000 + n)), "interactions", &["leading zeros"]).await;
    let words = ["ids are texts of 8 characters here, and numbers of 4 digits there"];
    refused(&of(|n| format!("tw_{}", 20_000 + n)), "interactions", &words).await;
    let words = ["ids are numbers of 4 digits here, and numbers of 4 digits there", "post_id"];
    refused(&of(|n| (5_000 + n).to_string()), "interactions", &words).await;
}

/// Reactions may all be to posts from before the window; ids that look different in both inputs are no such posts.
#[tokio::test(flavor = "multi_thread")]
async fn posts_from_before_the_window_are_only_warned_of() {
    let old = |world: World| World {
        posts: Some(
            world.posts.unwrap().into_iter().chain([post("1", "1", 5_000)]).collect::<Vec<_>>(),
        ),
        ..world
    };
    let warned = warned(&old(world(|n| (5_000 + n).to_string()))).await;
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(warned[0].starts_with("interactions: none of 40 rows with a `post_id`"), "{warned:?}");
    assert!(warned[0].contains("may be from before the window"), "{warned:?}");
    refused(&old(world(|n| format!("x{n}"))), "interactions", &["texts of"]).await;
    refused(&old(world(|n| format!(" {}", 1_000 + n))), "interactions", &["spaces"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_lists_and_endorsements_that_meet_nobody_stop_a_run() {
    let identities = |ids: [&str; 2]| -> Option<Vec<Identity>> {
        Some(ids.map(|id| identity("a", id, "p")).into())
    };
    let linked = World { identities: identities(["@1", "@2"]), ..sound() };
    refused(&linked, "identities", &["none of 2 rows", "a leading `@`"]).await;
    let linked = World { identities: identities(["x9", "x8"]), ..sound() };
    refused(&linked, "identities", &["ids are texts of 2 characters here"]).await;

    let of =
        |table: &'static str, batch: RecordBatch| World { more: vec![(table, batch)], ..sound() };
    refused(&of("lists", lists("03", 2)), "lists", &["none of 2 rows", "leading zeros"]).await;
    // One row that is found is enough.
    let pairs = [("2", "3"), ("a:2", "a:3")];
    run(&of("endorsements", endorsements(&pairs))).await.unwrap();
    let words =
        ["an account id without its network in place of the person id", "network:account_id"];
    refused(&of("endorsements", endorsements(&pairs[..1])), "endorsements", &words).await;
    let mut linked = of("endorsements", endorsements(&[("a:1", "a:2")]));
    linked.identities = identities(["1", "2"]);
    let words = ["the id of an account that `identities` links to a person"];
    refused(&linked, "endorsements", &words).await;
    // Without `accounts` only people of the window are known.
    let mut window = of("endorsements", endorsements(&[("a:77", "a:78")]));
    refused(&window, "endorsements", &["none of 1 row"]).await;
    window.accounts = None;
    let warned = warned(&window).await;
    assert!(warned.iter().any(|text| text.starts_with("endorsements: none of")), "{warned:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn follows_that_meet_nobody_stop_a_run() {
    let of = |ids: [&str; 2]| World {
        follows: Some(vec![follow("a", ids[0], ids[1], Some(5))]),
        ..sound()
    };
    let published = run(&of(["2", "30"])).await.unwrap();
    assert_eq!(rates(&published)["follows"], (2, json!("fewer than 11")));
    refused(&of(["02", "03"]), "follows", &["none of 1 row has an account", "leading zeros"]).await;
    refused(&of(["20", "30"]), "follows", &["none of 1 row", "follower_id"]).await;
    // Without `accounts` they may be others, unless ids look alike.
    let window = |ids| World { accounts: None, ..of(ids) };
    let warned = warned(&window(["20", "30"])).await;
    assert!(warned.iter().any(|text| text.starts_with("follows: none of the rows")), "{warned:?}");
    refused(&window(["02", "03"]), "follows", &["leading zeros"]).await;
    // They need not be in interactions.
    let listed = World { events: vec![], posts: None, ..of(["2", "3"]) };
    assert_eq!(rates(&run(&listed).await.unwrap())["follows"], (2, json!(0)));
}

/// Whether a join finds anything does not depend on who refused.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_make_no_join_empty() {
    let mut world = sound();
    world.more = vec![("lists", lists("3", 2)), ("endorsements", endorsements(&[("a:2", "a:3")]))];
    world.identities = Some(vec![identity("a", "3", "a:3")]);
    world.consent = Some(["1", "3"].map(|id| of_account("a", id, "opted_out", 1)).into());
    world.events.push(reply("a", "4", "5", 1));
    let published = run(&world).await.unwrap();
    let warnings = &published.outcome.notes.warnings;
    assert!(warnings.iter().all(|warning| !warning.text.contains("none of")), "{warnings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_report_how_many_are_about_scored_people() {
    let labelled = |ids: &[&str]| {
        let rows: Vec<_> = ids.iter().map(|id| grade("panel", id, None, 1.0)).collect();
        World { more: vec![("ground_truth", table(&rows))], ..sound() }
    };
    let check = |world: &World| {
        let folder = TempDir::new().unwrap();
        renown(&["check", world.write(folder.path()).to_str().unwrap()])
    };
    let page = check(&labelled(&["a:1", "a:2"])).done().stdout;
    let line = "ground_truth: 100 % of 2 labels are about people who are scored\n";
    assert!(page.contains(line), "{page}");
    let page = check(&labelled(&["1", "2"])).refused(65, &["1 violation"]).stdout;
    assert!(page.contains("none of 2 rows"), "{page}");
    assert!(page.contains("an account id without its network"), "{page}");
    // No run reads labels.
    run(&labelled(&["1", "2"])).await.unwrap();
    let others: Vec<String> = (0..30).map(|n| format!("x:{n}")).collect();
    let ids: Vec<&str> = others.iter().map(String::as_str).chain(["a:1"]).collect();
    let page = check(&labelled(&ids)).done().stdout;
    assert!(page.contains("ground_truth: 3 % of 31 labels"), "{page}");
    assert!(page.contains("warning: ground_truth: one rule drops more than half"), "{page}");
}
