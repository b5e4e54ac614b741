//! One output, one job, and one content of a method's version.

use renown::error::Kind;
use tempfile::TempDir;

use crate::inputs::assert_error;
use crate::world::{World, reply, run_job};

fn world() -> World {
    World { events: vec![reply("a", "1", "2", 3), reply("a", "2", "1", 5)], ..World::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_jobs_share_an_output_only_on_purpose() {
    let folder = TempDir::new().unwrap();
    let job = world().write(folder.path());
    run_job(&job, 2, &[]).await.unwrap();
    let edit = |from: &str, to: &str| {
        let text = std::fs::read_to_string(&job).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(&job, text.replace(from, to)).unwrap();
    };
    edit("name = \"world\"", "name = \"other\"");
    let error = run_job(&job, 2, &[]).await.unwrap_err();
    let words =
        ["/out/", "runs of the job `world` (commit 1)", "this job is `other`", "shared = true"];
    assert_error(&error, Kind::BadJob, &words);
    edit("[output]\n", "[output]\nshared = true\n");
    let (_, outcome) = run_job(&job, 2, &[]).await.unwrap();
    assert_eq!(outcome.commit.number, 2);
    // Whether it is shared is no part of a run.
    edit("shared = true\n", "shared = false\n");
    assert!(run_job(&job, 2, &[]).await.unwrap().1.already);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_method_has_a_new_version() {
    let folder = TempDir::new().unwrap();
    let world = world();
    world.run_in(folder.path()).await;
    // Comments and layout are no content.
    let job = world.write(folder.path());
    let write_method =
        |text: &str| std::fs::write(folder.path().join("method.toml"), text).unwrap();
    write_method(&format!("# a comment\n{}", world.method));
    run_job(&job, 2, &[]).await.unwrap();
    let changed = world.method.replacen("0.85", "0.8", 1);
    write_method(&changed);
    let error = run_job(&job, 2, &[]).await.unwrap_err();
    assert_error(
        &error,
        Kind::BadJob,
        &["has changed since commit 1", "same version", "another `version`"],
    );
    // Tomorrow's run is compared with today's too.
    let later = world.later(1).write(folder.path());
    write_method(&changed);
    let error = run_job(&later, 2, &[]).await.unwrap_err();
    assert_error(&error, Kind::BadJob, &["has changed since commit 1"]);
    write_method(&changed.replacen("version = \"", "version = \"new-", 1));
    run_job(&later, 2, &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_is_apart_from_all_inputs() {
    let folder = TempDir::new().unwrap();
    let at = |path: &str| folder.path().join(path);
    std::fs::create_dir_all(at("in/part")).unwrap();
    let rows = crate::world::interactions(&world().events);
    crate::world::write(&at("in/part/1.parquet"), &rows);
    #[cfg(unix)]
    std::os::unix::fs::symlink(at("in"), at("link")).unwrap();
    let source = "interactions = \"SELECT * FROM raw\"\n[sources]\nraw = \"in/part/\"\n";
    let plain = "interactions = \"in/part/\"\n";
    let refused = [
        (plain, "in/part", "is, or lies in,"),
        (plain, "in/part/out/", "is, or lies in,"),
        (plain, "in", "holds"),
        (plain, "link/part", "is, or lies in,"),
        (source, "in/part/", "`sources.raw`"),
    ];
    for (inputs, output, words) in refused {
        let job = World::default().write_job(folder.path(), inputs);
        let text = std::fs::read_to_string(&job).unwrap();
        assert!(text.contains("url = \"out/\""), "{text}");
        std::fs::write(&job, text.replace("url = \"out/\"", &format!("url = \"{output}\"")))
            .unwrap();
        let error = run_job(&job, 2, &[]).await.unwrap_err();
        assert_error(&error, Kind::BadJob, &[words, "a folder of its own"]);
    }
    // A name that begins alike is another folder.
    let job = World::default().write_job(folder.path(), plain);
    let text = std::fs::read_to_string(&job).unwrap();
    std::fs::write(&job, text.replace("url = \"out/\"", "url = \"in/part-out/\"")).unwrap();
    run_job(&job, 2, &[]).await.unwrap();
}
