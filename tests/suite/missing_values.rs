//! Ids that are missing values written as text: warned of, refused where many rows name them, quiet where they are listed.

use std::path::Path;

use renown::error::{Error, Kind};
use tempfile::TempDir;

use crate::binary::renown;
use crate::world::{
    Interaction, Post, Published, World, account, follow, identity, of_account, reply,
};

/// `missing` of 40 replies are to `id`, the others to a person each.
fn world(id: &str, missing: usize) -> World {
    let target = |n: usize| if n < missing { id.to_owned() } else { format!("t{n}") };
    let events = (0..40).map(|n| reply("a", &format!("u{}", n % 7), &target(n), 1 + n as i64));
    World { events: events.collect(), ..World::default() }
}

async fn run(world: &World) -> Result<Published, Error> {
    let folder = TempDir::new().unwrap();
    Published::of(&world.write(folder.path()), 2, &[]).await
}

async fn warnings(world: &World) -> Vec<String> {
    let published = run(world).await.unwrap_or_else(|e| panic!("{e}"));
    let warnings = published.outcome.notes.warnings.into_iter();
    warnings.map(|warning| format!("{}: {}", warning.table, warning.text)).collect()
}

async fn refused(world: &World, table: &str, column: &str) -> Error {
    let error = run(world).await.err().expect("refused");
    assert_eq!(error.kind, Kind::BadInput, "{error}");
    assert_eq!(error.place.table.as_deref(), Some(table), "{error}");
    assert_eq!(error.place.column.as_deref(), Some(column), "{error}");
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn many_missing_values_stop_a_run_and_few_are_warned_of() {
    for id in
        ["nan", "NULL", "None", "\\N", "-1", "[deleted]", " n/a ", "0.0", "ghost", "Anonymous"]
    {
        let error = refused(&world(id, 16), "interactions", "target_id").await;
        assert!(error.cause.contains("are in 40 % of 40 rows"), "{error}");
        assert!(error.cause.contains(id.trim()), "{error}");
        assert!(error.remedy.contains(&format!("NOT IN ('{id}')")), "{error}");
        assert!(error.remedy.contains(&format!("not_missing = ['{id}']")), "{error}");
        assert_eq!(error.place.rows, Some(16));
    }
    // Four of 40 are not more than 10 %.
    let warned = warnings(&world("nan", 4)).await;
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(warned[0].starts_with("interactions: id `nan` in column `target_id` looks like"));
    assert!(warned[0].contains("in fewer than 11 rows"), "{warned:?}");
    refused(&world("nan", 5), "interactions", "target_id").await;
    // Several of them are counted together.
    let mut both = world("nan", 4);
    both.events[39].actor = "NULL".into();
    let error = refused(&both, "interactions", "target_id").await;
    assert!(error.remedy.contains("NOT IN ('NULL', 'nan')"), "{error}");
    // What an account may well be called is one until very many rows name it.
    assert!(warnings(&world("ghost", 4)).await.is_empty());
    assert!(warnings(&world("0", 16)).await.is_empty());
    assert!(warnings(&world("nancy", 16)).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_listed_is_an_id_like_any_other() {
    let plain = world("None", 16);
    let listed = |text: &str| World {
        settings: format!("{}[reading]\nnot_missing = ['{text}']\n", plain.settings),
        ..plain.clone()
    };
    for text in ["None", " none"] {
        let published = run(&listed(text)).await.unwrap();
        assert!(published.people().contains(&"a:None".to_owned()));
        assert!(published.outcome.notes.warnings.is_empty());
    }
    refused(&listed("nan"), "interactions", "target_id").await;
    // The key changes what is refused, never a table.
    let mut with_key = world("t", 16);
    let without = run(&with_key).await.unwrap();
    with_key.settings += "[reading]\nnot_missing = ['None']\n";
    let with = run(&with_key).await.unwrap();
    assert_eq!(without.commit.run_id, with.commit.run_id);
    assert_eq!(without.table_files(), with.table_files());
}

#[tokio::test(flavor = "multi_thread")]
async fn follows_posts_and_persons_are_looked_at_too() {
    let mut of_follows = World::default();
    let follower = |n: usize| if n < 6 { "NaN".to_owned() } else { format!("f{n}") };
    of_follows.events = vec![reply("a", "f8", "t", 1)];
    of_follows.follows = Some((0..20).map(|n| follow("a", &follower(n), "t", None)).collect());
    refused(&of_follows, "follows", "follower_id").await;

    // Posts of deleted accounts are common: they never stop a run.
    let mut of_posts = world("t", 0);
    let post = |n: usize| Post {
        network: "a".into(),
        id: format!("p{n}"),
        author: "[deleted]".into(),
        at: of_posts.events[n].at,
        ..Post::default()
    };
    of_posts.posts = Some((0..20).map(post).collect());
    let warned = warnings(&of_posts).await;
    let words = "posts: id `[deleted]` in column `author_id` looks like";
    assert!(warned.iter().any(|text| text.starts_with(words)), "{warned:?}");

    // All accounts without a person would be one.
    let mut linked = world("t", 0);
    let links = (0..20).map(|n| identity("a", &format!("t{n}"), if n < 5 { "null" } else { "p" }));
    linked.identities = Some(links.collect());
    refused(&linked, "identities", "person_id").await;
}

/// An account that is there may be called so, and nothing is said of it where its owner refused.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_of_a_person_who_refused() {
    let mut quiet = world("None", 16);
    quiet.accounts =
        Some(["None", "u0", "u1", "u2", "u3", "u4", "u5", "u6"].map(|id| account("a", id)).into());
    quiet.consent = Some(vec![of_account("a", "None", "opted_out", 1)]);
    let published = run(&quiet).await.unwrap();
    let notes = serde_json::to_string(&published.outcome.notes).unwrap();
    assert!(!notes.contains("None"), "{notes}");
    assert!(!published.people().contains(&"a:None".to_owned()));
}

#[test]
fn check_says_what_a_run_says() {
    let check = |world: &World, folder: &Path| {
        let job = world.write(folder);
        renown(&["check", job.to_str().unwrap()])
    };
    let folder = TempDir::new().unwrap();
    check(&world("None", 16), folder.path()).refused(65, &["1 violation"]);
    let warned = check(&world("None", 2), folder.path()).done().stdout;
    assert!(warned.contains("warning: interactions: id `None` in column `target_id`"), "{warned}");
    let more = Interaction { target: "\u{feff}".into(), ..reply("a", "1", "2", 1) };
    let mut other = world("t", 0);
    other.events.push(more);
    check(&other, folder.path()).done();
}
