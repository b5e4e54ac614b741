//! The whole job as a library: score the bundled sample, publish its tables, read them back.
//!
//! ```console
//! $ cargo run --example score_a_snapshot
//! ```

use std::error::Error;
use std::path::Path;

use renown::commands::top::{Filter, highest, people_table};
use renown::engine::Engine;
use renown::job::Job;
use renown::method::profile::STANDARD;
use renown::pipeline::progress::Progress;
use renown::pipeline::run;
use renown::published::Run;
use renown::storage::Stores;
use url::Url;

// Interactions are decoded on several threads, and stages block them: the runtime has to have more than one.
#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // A job says what is read, how it is scored and where the tables go. Variables of the file (`${lake}`) and the day may
    // be given here, as `--set` and `--snapshot` do; the sample needs neither.
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs/sample.toml");
    let mut job = Job::load(&file, &[], None)?;
    // Tables go where the file says; here to a folder that is removed at the end. Any URL of an object store would do.
    let folder = tempfile::tempdir()?;
    job.output = Url::from_directory_path(folder.path()).map_err(|()| "a relative path")?;

    // The engine reads Parquet with DataFusion, in as many partitions as given. No table depends on that number.
    let engine = Engine::new(Stores::default(), 4);

    // Every stage of the night: read, people, attention, trust, ranks, topics, measures, scores, audit, publish. An error has
    // a kind (bad input, a refused gate, …), a cause and a remedy, and leaves what was published before as it was.
    let mut progress = Progress::silent();
    let outcome = run(&engine, &job, &mut progress).await?;
    for stage in progress.stages() {
        println!("{:<10} {:>7} → {:<7} rows", stage.stage, stage.rows_in, stage.rows_out);
    }

    // The commit names every file of the run, with its digest. A reader starts from it and sees a whole run or none.
    let commit = &outcome.commit;
    println!("\nrun {} of {}", commit.run_id, commit.snapshot_date);
    for (name, table) in &commit.tables {
        println!("  {name:<16} {:>6} rows", table.rows);
    }

    // The people at the top, read back from the published tables.
    let run = Run::open(&engine, &job.output, commit)?;
    let (people, scores) = (run.table("people").await?, run.table("scores").await?);
    let top = highest(people, scores, STANDARD, &Filter::default(), 10).await?;
    println!("\n{}", people_table(&top, None));
    Ok(())
}
