//! Ineligible people named by others: in links, ids of posts and display names.

use serde_json::{Value, json};

use crate::world::{
    Account, CUTOFF, HOUR, Identity, Interaction, Post, World, account, identity, lists,
    of_account, reply, text, with,
};

const CANARY: &str = "canary7f3a";

fn name(what: &str) -> String {
    format!("{CANARY}_{what}")
}

/// Ann publishes, six others react; one more person, with two accounts, is `gone`.
fn world(gone: &Account) -> World {
    let network = "a".to_owned();
    let places = [
        format!("https://x.example/{}/1", gone.id),
        format!("https://x.example/p?by={}", name("handle")),
        format!("https://x.example/#{}", name("person").to_uppercase()),
        format!("see https://x.example/@{} and https://y.example/fine", name("handle")),
    ];
    let posts: Vec<Post> = (0..places.len())
        .map(|number| Post {
            network: network.clone(),
            id: format!("{}/{}", [gone.id.clone(), name("handle")][number % 2], number / 2),
            author: "ann".into(),
            at: CUTOFF - (number as i64 + 1) * 40 * HOUR,
            text: Some(format!("lobsters {}", places[number])),
            tags: vec!["lobsters".into()],
            ..Post::default()
        })
        .collect();
    let readers: Vec<String> = (0..6).map(|reader| format!("reader{reader}")).collect();
    let mut events: Vec<Interaction> = Vec::new();
    for post in &posts {
        for reader in &readers {
            let reaction = reply("a", reader, "ann", 0);
            let post_id = Some(post.id.clone());
            events.push(Interaction { post: post_id, at: post.at + HOUR, ..reaction });
        }
    }
    let called = format!("Gone {CANARY}");
    let ann = Account {
        name: Some(format!("Ann, not @{}, nor {}", name("handle"), called.to_uppercase())),
        ..account("a", "ann")
    };
    let gone_too = Account { name: Some(called), ..gone.clone() };
    let accounts = readers.iter().map(|id| account("a", id)).chain([ann, gone_too]);
    World {
        accounts: Some(accounts.collect()),
        identities: Some(vec![
            Identity { person: name("person"), ..identity("a", &gone.id, "") },
            Identity { person: name("person"), ..identity("b", &name("other"), "") },
        ]),
        consent: Some(vec![of_account("b", &name("other"), "deleted", 1)]),
        posts: Some(posts),
        events,
        ..World::default()
    }
}

async fn run(world: &World) -> crate::world::Published {
    let folder = tempfile::tempdir().unwrap();
    let job = world.write(folder.path());
    let rows = |table: &str| world.tables().into_iter().find(|(name, _)| *name == table).unwrap().1;
    let accounts = rows("accounts");
    let handles = world.accounts.iter().flatten().map(|account| match account.id == name("id") {
        true => name("handle"),
        false => format!("h-{}", account.id),
    });
    let handles: Vec<String> = handles.collect();
    let accounts = with(&accounts, "handle", text(handles.iter().map(String::as_str)));
    crate::world::write(&folder.path().join("accounts.parquet"), &accounts);
    let posts = rows("posts");
    let urls: Vec<Vec<String>> = world
        .posts
        .iter()
        .flatten()
        .map(|post| vec![format!("https://z.example/{}", post.id)])
        .collect();
    let posts = with(&posts, "urls", lists(urls.iter().map(Vec::as_slice)));
    crate::world::write(&folder.path().join("posts.parquet"), &posts);
    crate::world::Published::of(&job, 2, &[]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_byte_names_an_ineligible_person_whoever_wrote_it() {
    let gone = account("a", &name("id"));
    let published = run(&world(&gone)).await;
    assert_eq!(published.people().len(), 7);
    for (table, rows) in &published.tables {
        let text = serde_json::to_string(rows).unwrap().to_lowercase();
        assert!(!text.contains(CANARY), "{table}: {text}");
    }
    for (path, bytes) in &published.files {
        let lower = bytes.to_ascii_lowercase();
        assert!(!lower.windows(CANARY.len()).any(|w| w == CANARY.as_bytes()), "{path}");
    }
    let posts: Vec<&Value> =
        published.tables["topic_posts"].iter().map(|row| &row["post_id"]).collect();
    // Numbered in the order of their times, the oldest first.
    assert_eq!(posts, ["[removed]/0", "[removed]/0~2", "[removed]/1", "[removed]/1~2"]);
    let urls = published.tables["topic_posts"]
        .iter()
        .flat_map(|row| row["urls"].as_array().unwrap().iter());
    assert_eq!(urls.collect::<Vec<_>>(), [&json!("https://y.example/fine")]);
    let ann = published.by("people", &["person_id"])[&vec!["a:ann".to_owned()]];
    assert_eq!(ann["display_name"], "Ann, not @[removed], nor [removed]");
    let drops = published.drops();
    for (table, rule) in [
        ("accounts", "display names with the name of an ineligible person: masked"),
        ("posts", "post ids with the name of an ineligible person: masked"),
        ("posts", "links with the name of an ineligible person: removed"),
    ] {
        assert_eq!(drops[&(table, rule)], "fewer than 11", "{rule}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_eligible_people_are_called_stays() {
    let gone = account("a", &name("id"));
    let mut all = world(&gone);
    all.consent = None;
    let published = run(&all).await;
    let posts = published.tables["topic_posts"].iter().map(|row| row["post_id"].as_str().unwrap());
    let expected: Vec<String> = ["handle", "id"]
        .iter()
        .flat_map(|what| (0..2).map(|number| format!("{}/{number}", name(what))))
        .collect();
    assert_eq!(posts.collect::<Vec<_>>(), expected);
}
