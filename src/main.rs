//! The commands of `renown`.

mod cli;
mod logging;
mod target;

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use renown::commands::bars::Bars;
use renown::commands::explain::ExplainOptions;
use renown::commands::rank::{EdgeSource, rank};
use renown::commands::top::{Filter, TopicList};
use renown::commands::topics::topic_list;
use renown::commands::{access, audience, check, diff, exit, explain, hints, plan, runs, top};
use renown::docs::{methods, reference};
use renown::engine::Engine;
use renown::error::{Error, Kind, Result, printable};
use renown::job::{Job, url_of};
use renown::method::profile::STANDARD;
use renown::model::Dropped;
use renown::pipeline::progress::Progress;
use renown::pipeline::run::{self, Prepared, Ready};
use renown::publish::bytes;
use renown::publish::commit::Commit;
use renown::storage::{Stores, folder};
use renown::synth::{self, Parameters};
use renown::{evaluate, fit, published, read, report};
use renown_graph::pagerank::{PageRank, Stop};
use url::Url;

use crate::cli::{Cli, Command, FilterArgs, Form, Format, JobArgs, RankArgs, Settings, SynthArgs};
use crate::logging::{Log, Logging};
use crate::target::{does_not_go, filling, goes_with, output_of, run_of, run_or_validation};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(wrong) => return refuse(&wrong),
    };
    let threads = cli
        .threads
        .map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    let logging = Logging { log: cli.log, quiet: cli.quiet };
    match logging.begin().and_then(|()| start(cli.command, threads, logging)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let error = hints::with_hint(error);
            logging.fail(&error);
            ExitCode::from(exit::code(error.kind))
        }
    }
}

/// Ends with clap's own words, or as an object if the log is one of objects: what does not parse
/// cannot say so itself, so the words of the command line are searched for it.
fn refuse(wrong: &clap::Error) -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let json = words.iter().any(|word| word == "--log=json")
        || words.windows(2).any(|two| two[0] == "--log" && two[1] == "json");
    if !(json && wrong.use_stderr()) {
        wrong.exit();
    }
    let text = wrong.to_string();
    let cause = text.split("\n\nUsage").next().unwrap_or_default().trim();
    let cause = cause.strip_prefix("error: ").unwrap_or(cause);
    let error = Error::new(Kind::Usage, cause, "see `renown --help`");
    let logging = Logging { log: Some(Log::Json), quiet: false };
    // A filter that cannot be read is the smaller fault.
    let _ = logging.begin();
    logging.fail(&error);
    ExitCode::from(exit::code(error.kind))
}

fn start(command: Command, threads: usize, logging: Logging) -> Result<()> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().map_err(Error::internal)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(Error::internal)?;
    let outcome = runtime.block_on(async {
        let work = tokio::spawn(perform(command, threads, logging));
        tokio::select! {
            done = work => done.unwrap_or_else(|fault| Err(Error::internal(fault))),
            interrupted = interruption() => Err(interrupted),
        }
    });
    // Work that was interrupted is not waited for: nothing is visible before its commit.
    runtime.shutdown_background();
    outcome
}

/// Ends when somebody asks this process to stop.
async fn interruption() -> Error {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Error::new(
        Kind::Interrupted,
        "interrupted; what was not committed is not visible",
        "run again: it gives the same tables, and does nothing if they were committed",
    )
}

async fn perform(command: Command, threads: usize, logging: Logging) -> Result<()> {
    // Twice as many parts as threads: while one waits for its bytes another is decoded.
    let engine = Engine::new(Stores::default(), 2 * threads);
    match command {
        Command::Run { job, dry_run } => {
            let job = Job::load(&job.job, &job.settings.set, job.settings.snapshot)?;
            match dry_run {
                false => run_job(&engine, &job, logging).await,
                true => try_job(&engine, &job, logging).await,
            }
        }
        Command::Fit { job, out, truth } => {
            let job = Job::load(&job.job, &job.settings.set, job.settings.snapshot)?;
            fit_job(&engine, &job, &out, truth.as_deref()).await
        }
        Command::Validate { job, method, dry_run, format } => {
            let under = |method| {
                let JobArgs { job, settings } = &job;
                Job::load_under(job, &settings.set, settings.snapshot, method)
            };
            let jobs = match method.is_empty() {
                true => vec![under(None)?],
                false => method.iter().map(|path| under(Some(path))).collect::<Result<_>>()?,
            };
            let publish = !dry_run && method.is_empty();
            validate_job(&engine, &jobs, publish, format, logging).await
        }
        Command::Top { target, n, topic, profile, filter, settings } => {
            let run = open(&engine, &target, &settings).await?;
            let FilterArgs { country, language, network, min_score } = filter;
            let filter = Filter { country, language, network, min_score };
            match topic {
                None => print_top(&run, &profile, &filter, n).await,
                Some(topic) => {
                    let list = top::on_topic(&run, &topic, &filter, n).await?;
                    print_on_topic(run.commit(), &list)
                }
            }
        }
        Command::Topics { target, search, settings } => {
            let run = open(&engine, &target, &settings).await?;
            print(&(topic_list(&run, search.as_deref()).await? + "\n"))
        }
        Command::Synth(args) => write_world(&engine.stores, args, logging).await,
        Command::Rank(args) => rank_edges(&engine, args).await,
        Command::Schema { table, format } => print(&match (table.as_deref(), format) {
            (Some("job"), Format::Text) => reference::job()?,
            (Some("method"), Format::Text) => reference::method()?,
            (None, Format::Markdown) => reference::markdown()?,
            (Some(_), Format::Markdown) => {
                return Err(Error::new(Kind::Usage, "markdown lists all tables", "name no table"));
            }
            (Some(keys @ ("job" | "method")), _) => {
                return Err(Error::new(
                    Kind::Usage,
                    format!("the keys of a {keys} file have no such format"),
                    "use --format text",
                ));
            }
            (name, Format::Text) => reference::text(name)?,
            (name, Format::Ddl) => reference::ddl(name)?,
            (name, Format::Json) => reference::json(name)?,
        }),
        Command::Methods { job: JobArgs { job, settings }, method } => {
            let Settings { snapshot, set } = settings;
            let job = Job::load_under(&job, &set, snapshot, method.as_deref())?;
            print(&methods::methods_page(&job)?)
        }
        Command::Runs { url, format } => {
            let output = folder(&url_of(Path::new(""), &url)?);
            let runs = runs::runs(&engine, &output).await?;
            print(&match format {
                Form::Text => runs::render(&runs) + "\n",
                Form::Json => json(&runs)?,
            })
        }
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "renown", &mut text);
            print(&String::from_utf8_lossy(&text))
        }
        Command::Man => print(&manual()?),
        Command::Check { job, format } => {
            let job = Job::load(&job.job, &job.settings.set, job.settings.snapshot)?;
            check_job(&engine, &job, format).await
        }
        Command::Plan { job, format } => {
            let job = Job::load(&job.job, &job.settings.set, job.settings.snapshot)?;
            let plan = plan::plan(&engine, &job).await?;
            print(&match format {
                Form::Text => plan::render(&plan),
                Form::Json => json(&plan)?,
            })
        }
        Command::Explain { target, person, topic: Some(topic), settings, format, .. } => {
            let run = open(&engine, &target, &settings).await?;
            let explained = explain::explain_topic(&run, &person, &topic).await?;
            print(&match format {
                Form::Text => explain::render_topic(&explained),
                Form::Json => json(&explained)?,
            })
        }
        Command::Explain { target, person, topic: None, profile, what_if, settings, format } => {
            let run = open(&engine, &target, &settings).await?;
            let options = ExplainOptions { profile, what_if };
            let explained = explain::explain(&run, &person, &options).await?;
            print(&match format {
                Form::Text => explain::render(&explained),
                Form::Json => json(&explained)?,
            })
        }
        Command::Report { targets, out, public, settings } => {
            let mut commits = vec![];
            for target in &targets {
                let Settings { snapshot, set } = &settings;
                let own = Settings {
                    snapshot: snapshot
                        .filter(|_| goes_with(target, &targets, |own| !own.ends_with(".json"))),
                    set: filling(target, &targets, set),
                };
                commits.push(run_or_validation(&engine.stores, target, &own).await?);
            }
            let page = report::report(&engine, &commits, public).await?;
            report::write(&out, &page)?;
            print(&format!("written to {}, {} bytes\n", out.display(), page.len()))
        }
        Command::Diff { run_a, run_b, profile, n, snapshot_a, snapshot_b, set, format } => {
            let runs = [run_a, run_b];
            let settings = |run, snapshot| Settings { snapshot, set: filling(run, &runs, &set) };
            let a = open(&engine, &runs[0], &settings(&runs[0], snapshot_a)).await?;
            let b = open(&engine, &runs[1], &settings(&runs[1], snapshot_b)).await?;
            let diff = diff::diff(&a, &b, &profile, n).await?;
            print(&match format {
                Form::Text => diff::render(&diff, Bars::of_environment()),
                Form::Json => json(&diff)?,
            })
        }
        Command::Audience { target, person, topic, n, settings, format } => {
            let run = open(&engine, &target, &settings).await?;
            let found = audience::audience(&run, &person, &topic, n).await?;
            print(&match format {
                Form::Text => audience::render(&found),
                Form::Json => json(&found)?,
            })
        }
        Command::Access { target, person, settings, format } => {
            if !target.ends_with(".toml") && settings.snapshot.is_some() {
                return Err(does_not_go("--snapshot", &target));
            }
            let (output, _) = output_of(&target, &settings)?;
            report_access(&engine, &folder(&output), &person, format).await
        }
    }
}

/// The run that `target` names.
async fn open(engine: &Engine, target: &str, settings: &Settings) -> Result<published::Run> {
    let (output, commit) = run_of(&engine.stores, target, settings).await?;
    published::Run::open(engine, &output, &commit)
}

fn progress(logging: Logging, stages: u64) -> Progress {
    if logging.bar() { Progress::with_bar(stages) } else { Progress::silent() }
}

async fn run_job(engine: &Engine, job: &Job, logging: Logging) -> Result<()> {
    let mut progress = progress(logging, run::STAGES);
    let outcome = run::run(engine, job, &mut progress).await;
    progress.finish();
    let outcome = outcome?;
    if logging.quiet {
        return Ok(());
    }
    print_course(&progress, &outcome.drops, &outcome.ignored)?;
    if outcome.already {
        print_nothing_to_do(&outcome.commit)?;
    }
    print("\n")?;
    // The tables are published: what only shows them must not make the job fail.
    let run = published::Run::open(engine, &job.output, &outcome.commit)?;
    if let Err(error) = print_top(&run, STANDARD, &Filter::default(), 20).await {
        tracing::warn!("published as commit {}, but not shown: {error}", outcome.commit.number);
    }
    Ok(())
}

/// Runs a job up to the gates and shows what would be published.
async fn try_job(engine: &Engine, job: &Job, logging: Logging) -> Result<()> {
    let mut progress = progress(logging, run::STAGES);
    let prepared = run::prepare(engine, job, &mut progress).await;
    progress.finish();
    let Prepared { ready, drops, ignored } = prepared?;
    if logging.quiet {
        return Ok(());
    }
    print_course(&progress, &drops, &ignored)?;
    let audited = match ready {
        Ready::Nothing(commit) => return print_nothing_to_do(&commit),
        Ready::Tables(audited, ..) => audited,
    };
    let table = |name: &str| {
        let found = audited.tables().iter().find(|(own, _)| *own == name);
        let batches = found.map(|(_, batches)| batches.clone());
        engine.frame(batches.ok_or_else(|| Error::internal(format!("no table `{name}`")))?)
    };
    let people =
        top::top(table("people")?, table("scores")?, STANDARD, &Filter::default(), 20).await?;
    print(&format!(
        "\n{}\n\ndry run: nothing was written; would go to {}\n",
        top::render(&people, bars()),
        job.output
    ))?;
    for (name, batches) in audited.tables() {
        let rows: usize = batches.iter().map(|batch| batch.num_rows()).sum();
        let bytes = tokio::task::block_in_place(|| bytes(name, audited.origin(), batches))?;
        print(&format!("  {name:<16} {rows:>9} rows  {bytes:>9} bytes\n"))?;
    }
    let origin = audited.origin();
    print(&format!("  run {} of {}\n", origin.run_id, origin.day))
}

/// The stages, and what was dropped or not read.
fn print_course(
    progress: &Progress,
    drops: &[Dropped],
    ignored: &BTreeMap<String, Vec<String>>,
) -> Result<()> {
    print(&progress.summary())?;
    read::describe_drops(drops, ignored).iter().try_for_each(|line| print(&format!("{line}\n")))
}

fn print_nothing_to_do(commit: &Commit) -> Result<()> {
    print(&format!(
        "\nnothing to do: these rows, job and method were published as commit {}\n",
        commit.number
    ))
}

/// Fits a method and writes it, if no file is in its place.
async fn fit_job(engine: &Engine, job: &Job, out: &Path, truth: Option<&str>) -> Result<()> {
    let refuse = |cause: String, remedy: &str| Err(Error::new(Kind::Usage, cause, remedy));
    let version = out.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if out.extension().is_none_or(|extension| extension != "toml") || version.is_empty() {
        return refuse(format!("--out is `{}`", out.display()), "name a file that ends in .toml");
    }
    if out.exists() {
        return refuse(
            format!("`{}` is there already", out.display()),
            "a change of a method is a new version: give another name",
        );
    }
    let fitted = fit::fit_method(engine, job, version, truth).await?;
    std::fs::write(out, fit::method_file(&fitted.method)?).map_err(|e| {
        let cause = format!("writing `{}`: {e}", out.display());
        Error::new(Kind::Unavailable, cause, "check the path of --out")
    })?;
    print(&format!("{}written to {}\n", fit::render(&fitted), out.display()))
}

/// Measures how right the scores of a job are, shows it and publishes it.
async fn validate_job(
    engine: &Engine,
    jobs: &[Job],
    publish: bool,
    format: Form,
    logging: Logging,
) -> Result<()> {
    let mut progress = progress(logging, evaluate::stages(&jobs[0]));
    let validity = evaluate::validate(engine, jobs, &mut progress).await;
    progress.finish();
    let validity = validity?;
    print(&match format {
        Form::Text => evaluate::render(&validity, bars()),
        Form::Json => json(&validity)?,
    })?;
    if !publish {
        return Ok(());
    }
    let output = &jobs[0].output;
    let commit = evaluate::publish_validity(engine, &jobs[0], &validity).await?;
    match format {
        Form::Text => print(&format!("table `validity`: commit {} of {output}\n", commit.number)),
        Form::Json => Ok(()),
    }
}

async fn check_job(engine: &Engine, job: &Job, format: Form) -> Result<()> {
    let report = check::check(engine, job).await?;
    print(&match format {
        Form::Text => check::render(&report),
        Form::Json => json(&report)?,
    })?;
    match report.violations.len() {
        0 => Ok(()),
        n => Err(Error::bad_input(
            format!("{n} violations in the inputs of `{}`", report.job),
            "mend each as its remedy says, then check again",
        )),
    }
}

/// The man page: the program's own, with a section for each command.
fn manual() -> Result<String> {
    let mut page = Vec::new();
    let mut cli = Cli::command();
    cli.build();
    let main = clap_mangen::Man::new(cli.clone());
    // Not its list of subcommands: that names a page for each, and there is only this one.
    let mut render = || {
        main.render_title(&mut page)?;
        main.render_name_section(&mut page)?;
        main.render_synopsis_section(&mut page)?;
        main.render_description_section(&mut page)?;
        main.render_options_section(&mut page)?;
        main.render_extra_section(&mut page)
    };
    render().map_err(Error::internal)?;
    for command in cli.get_subcommands().filter(|c| c.get_name() != "help") {
        let name = format!("renown {}", command.get_name());
        let man = clap_mangen::Man::new(command.clone().display_name(name));
        let mut render = || {
            writeln!(page, ".SH \"RENOWN {}\"", command.get_name().to_uppercase())?;
            man.render_synopsis_section(&mut page)?;
            man.render_description_section(&mut page)?;
            man.render_options_section(&mut page)
        };
        render().map_err(Error::internal)?;
    }
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(value).map_err(Error::internal)?;
    Ok(format!("{text}\n"))
}

/// Prints what is held on a person; what could not be read is an error once the rest is printed.
async fn report_access(engine: &Engine, output: &Url, person: &str, form: Form) -> Result<()> {
    let report = access::access(engine, output, person).await?;
    print(&match form {
        Form::Text => access::render(&report),
        Form::Json => json(&report)?,
    })?;
    match report.unreadable.len() {
        0 => Ok(()),
        n => Err(Error::bad_input(
            format!("{n} files below `{output}` cannot be read and may hold more"),
            "restore or delete them, then ask again",
        )),
    }
}

fn print_on_topic(commit: &Commit, list: &TopicList) -> Result<()> {
    let below = match list.below {
        0 => String::new(),
        1 => " and the topic below it".to_owned(),
        n => format!(" and the {n} topics below it"),
    };
    print(&format!(
        "top {} on {}{below} on {}; forecast people: who will react on it in the {} days after\n{}\n",
        list.people.len(),
        printable(&list.path.join(" › ")),
        commit.snapshot_date,
        f64::from(commit.horizon_hours) / 24.0,
        top::render_on_topic(list, bars())
    ))
}

async fn print_top(run: &published::Run, profile: &str, filter: &Filter, n: usize) -> Result<()> {
    let (people, scores) = (run.table("people").await?, run.table("scores").await?);
    let people = top::top(people, scores, profile, filter, n).await?;
    let (output, commit) = (run.output(), run.commit());
    let rows = commit.tables.get("people").map_or(0, |t| t.rows);
    print(&format!(
        "top {} of {rows} people on {}; forecast people: who will react in the {} days after\n{}\n\ntables: {output}\n",
        people.len(),
        commit.snapshot_date,
        f64::from(commit.horizon_hours) / 24.0,
        top::render(&people, bars())
    ))?;
    for (name, table) in &commit.tables {
        for file in &table.files {
            print(&format!("  {name:<16} {:>9} rows  {}\n", table.rows, file.path))?;
        }
    }
    print(&format!("  commit {} (run {})\n", commit.number, commit.run_id))
}

async fn rank_edges(engine: &Engine, args: RankArgs) -> Result<()> {
    let here = Path::new("");
    let stop = match args.stop.tolerance {
        Some(tolerance) => Stop::Tolerance { tolerance, max_iterations: 10_000 },
        None => Stop::Iterations(args.stop.iterations.unwrap_or_default()),
    };
    let pagerank = PageRank { damping: args.damping, stop, ..PageRank::default() };
    let list = EdgeSource {
        url: url_of(here, &args.edges)?,
        source: args.source,
        target: args.target,
        weight: args.weight,
    };
    let report = rank(engine, &list, &pagerank, &url_of(here, &args.out)?).await?;
    let mut text = format!(
        "vertices   {}\nedges      {}\niterations {}\nresidual   {:.3e}\nbound      {:.3e}\n",
        report.vertices, report.edges, report.iterations, report.residual, report.bound
    );
    for (phase, seconds) in report.seconds {
        text.push_str(&format!("{phase:<10} {seconds:.3} s\n"));
    }
    print(&text)
}

async fn write_world(stores: &Stores, args: SynthArgs, logging: Logging) -> Result<()> {
    let SynthArgs { people, interactions, posts, seed, out, snapshot } = args;
    let out = folder(&url_of(Path::new(""), &out)?);
    let group = synth::GROUP;
    let parameters = Parameters { people, interactions, posts, seed, snapshot, group };
    let tables = synth::synth(stores, &parameters, &out).await?;
    if logging.quiet {
        return Ok(());
    }
    print(&format!("a world of {people} people on {snapshot}: {out}\n"))?;
    for (name, rows) in tables {
        print(&format!("  {name:<16} {rows:>9} rows\n"))?;
    }
    print("run it with its job.toml\n")
}

/// Bars beside numbers, on a terminal.
fn bars() -> Option<Bars> {
    std::io::stdout().is_terminal().then(Bars::of_environment)
}

/// Writes to standard output; a reader that has gone away (`| head`) is no error.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::new(
            Kind::Unavailable,
            format!("writing to standard output: {e}"),
            "check where the output goes",
        )),
        _ => Ok(()),
    }
}
