//! The command line: every command, option and exit code is declared here once; help, completions and
//! the man page come from it.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand, ValueEnum};

use renown::commands::exit::CODES;
use renown::commands::explain::WhatIf;
use renown::method::profile::STANDARD;

use crate::logging::Log;

/// Scores how much people move other people, from Parquet snapshots of social networks.
#[derive(Parser)]
#[command(version, after_help = CODES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Threads to work with; results do not depend on it [default: all cores]
    #[arg(long, global = true, env = "RENOWN_THREADS", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Form of the lines on standard error [default: a bar on a terminal, else JSON for the stages]
    #[arg(long, global = true, value_enum)]
    pub log: Option<Log>,
    /// Show nothing but warnings and errors
    #[arg(long, global = true)]
    pub quiet: bool,
}

#[derive(Subcommand)]
pub enum Command {
    /// Score a snapshot and publish the tables
    Run {
        #[command(flatten)]
        job: JobArgs,
        /// Go through every stage up to the gates, but write nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Fit the forecast of a job's method to its data, and write the method that comes of it
    Fit {
        #[command(flatten)]
        job: JobArgs,
        /// Where the method goes: a path that is not there yet; the method is called as the file
        #[arg(long, value_name = "METHOD.toml")]
        out: PathBuf,
        /// Fit to this truth of the input `ground_truth` and not to what came after
        #[arg(long, value_name = "NAME")]
        truth: Option<String>,
    },
    /// Measure how right a job's scores are, against what came after and against `ground_truth`, and publish it
    Validate {
        #[command(flatten)]
        job: JobArgs,
        /// Validate under this method file in place of the job's own; given more than once, the others are held against the
        /// first. Nothing is published then
        #[arg(long, value_name = "METHOD.toml")]
        method: Vec<PathBuf>,
        /// Measure, but write nothing
        #[arg(long)]
        dry_run: bool,
        #[arg(long, value_enum, default_value_t = Form::Text)]
        format: Form,
    },
    /// Print the people at the top of a published run
    Top {
        /// Job file, or URL of an output folder or of one of its commits
        target: String,
        /// How many people
        #[arg(short, default_value_t = 20)]
        n: usize,
        /// Only on this topic and those below it: a topic's id or name
        #[arg(long, conflicts_with = "profile")]
        topic: Option<String>,
        /// Profile whose scores are listed
        #[arg(long, default_value = STANDARD)]
        profile: String,
        #[command(flatten)]
        filter: FilterArgs,
        #[command(flatten)]
        settings: Settings,
    },
    /// List the topics that posts of a published run are about
    Topics {
        /// Job file, or URL of an output folder or of one of its commits
        target: String,
        /// Only those whose name holds this word
        #[arg(long, value_name = "WORD")]
        search: Option<String>,
        #[command(flatten)]
        settings: Settings,
    },
    /// Rank the vertices of any edge list in Parquet
    Rank(RankArgs),
    /// Print how a job's scores are computed and validated, for the methods section of a paper, as Markdown
    Methods {
        #[command(flatten)]
        job: JobArgs,
        /// Tell of this method file in place of the job's own
        #[arg(long, value_name = "METHOD.toml")]
        method: Option<PathBuf>,
    },
    /// Print contracts of tables, or the keys of job and method files
    Schema {
        /// A table, `job` or `method` [default: all tables]
        table: Option<String>,
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Hold every input against its contract; writes nothing, exits with 65 if a run would stop
    Check {
        #[command(flatten)]
        job: JobArgs,
        #[arg(long, value_enum, default_value_t = Form::Text)]
        format: Form,
    },
    /// Tell what a run would read, write and need, from metadata alone
    Plan {
        #[command(flatten)]
        job: JobArgs,
        #[arg(long, value_enum, default_value_t = Form::Text)]
        format: Form,
    },
    /// List the published runs of an output folder
    Runs {
        /// URL of the output folder
        url: String,
        #[arg(long, value_enum, default_value_t = Form::Text)]
        format: Form,
    },
    /// Write a synthetic snapshot, with the truth about everybody beside it
    Synth(SynthArgs),
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual as a man page
    Man,
    /// Tell what a published run says of one person, and what is missing to know more
    Explain {
        /// Job file, or URL of an output folder or of one of its commits
        target: String,
        /// Person id, `network:account_id`, account id or display name
        person: String,
        /// What is said of the person on this topic, with the posts it rests on: a topic's id or name
        #[arg(long, conflicts_with_all = ["what_if", "profile"])]
        topic: Option<String>,
        /// Profile of the score that is explained
        #[arg(long, default_value = STANDARD)]
        profile: String,
        /// What the score would be if a measure of the forecast were otherwise: MEASURE=+10, MEASURE=-3 or MEASURE=25
        /// (NETWORK:MEASURE for somebody on several); may be given more than once
        #[arg(long, value_name = "MEASURE=NUMBER")]
        what_if: Vec<WhatIf>,
        #[command(flatten)]
        settings: Settings,
        #[arg(long, value_enum, default_value_t = Form::Text)]
        format: Form,
    },
    /// Write a published run, validations or both as one page with charts, HTML that loads nothing
    Report {
        /// Job files, or URLs of output folders or of their commits: at most one run, and validations in the order in which they
        /// are shown
        #[arg(required = true, value_name = "RUN|VALIDITY")]
        targets: Vec<String>,
        /// Where the page goes: a local path; what is there is written over
        #[arg(long, value_name = "PAGE.html")]
        out: PathBuf,
        /// Name nobody, and leave out groups of fewer than 20 people
        #[arg(long)]
        public: bool,
        #[command(flatten)]
        settings: Settings,
    },
    /// Tell how the scores of two published runs differ: of two days, two methods or two versions
    Diff {
        /// Job file, or URL of an output folder or of one of its commits
        run_a: String,
        /// The run that is held against it, named in the same ways
        run_b: String,
        /// Profile whose scores are compared
        #[arg(long, default_value = STANDARD)]
        profile: String,
        /// How many of those who moved most, half of them up and half down
        #[arg(short, default_value_t = 20)]
        n: usize,
        /// Day of RUN_A
        #[arg(long, value_name = "YYYY-MM-DD")]
        snapshot_a: Option<NaiveDate>,
        /// Day of RUN_B
        #[arg(long, value_name = "YYYY-MM-DD")]
        snapshot_b: Option<NaiveDate>,
        /// Fill ${NAME} in the job files
        #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
        set: Vec<(String, String)>,
        #[arg(long, value_enum, default_value_t = Form::Text)]
        format: Form,
    },
    /// Tell who talks about a topic and does not yet react to a person
    Audience {
        /// Job file, or URL of an output folder or of one of its commits
        target: String,
        /// Person id, `network:account_id`, account id or display name
        person: String,
        /// The topic, with those below it: its id or name
        #[arg(long)]
        topic: String,
        /// How many people
        #[arg(short, default_value_t = 20)]
        n: usize,
        #[command(flatten)]
        settings: Settings,
        #[arg(long, value_enum, default_value_t = Form::Text)]
        format: Form,
    },
    /// Print everything held on one person in every run that is still there
    Access {
        /// Job file, or URL of an output folder
        target: String,
        /// Person id, `network:account_id` or account id
        person: String,
        #[command(flatten)]
        settings: Settings,
        #[arg(long, value_enum, default_value_t = Form::Text)]
        format: Form,
    },
}

/// Which people are listed.
#[derive(Args)]
pub struct FilterArgs {
    /// Only people of this country, as their accounts state it
    #[arg(long)]
    pub country: Option<String>,
    /// Only people of this language, as their accounts state it
    #[arg(long)]
    pub language: Option<String>,
    /// Only people with an account on this network
    #[arg(long)]
    pub network: Option<String>,
    /// Only people with at least this score, on the topic if one is given
    #[arg(long, value_name = "POINTS")]
    pub min_score: Option<f64>,
}

/// What `synth` makes.
#[derive(Args)]
pub struct SynthArgs {
    /// How many people
    #[arg(long)]
    pub people: u32,
    /// How many interactions, over 120 days
    #[arg(long)]
    pub interactions: u64,
    /// How many posts, over the same days
    #[arg(long)]
    pub posts: u32,
    /// Number that everything is drawn from; the same one gives the same bytes
    #[arg(long)]
    pub seed: u64,
    /// Where the world goes: a URL or path of an empty folder
    #[arg(long)]
    pub out: String,
    /// Last day of the snapshot
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2026-11-21")]
    pub snapshot: NaiveDate,
}

/// Whether people or programs read the answer.
#[derive(Clone, Copy, ValueEnum)]
pub enum Form {
    Text,
    Json,
}

#[derive(Args)]
pub struct JobArgs {
    /// Job file
    pub job: PathBuf,
    #[command(flatten)]
    pub settings: Settings,
}

#[derive(Args)]
pub struct Settings {
    /// Day to score, covered to its end in UTC
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub snapshot: Option<NaiveDate>,
    /// Fill ${NAME} in the job file
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
}

fn setting(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("give it as NAME=VALUE".to_owned()),
    }
}

#[derive(Args)]
pub struct RankArgs {
    /// Edges in Parquet: a URL or path of one file or a folder
    pub edges: String,
    /// Column of the vertex that an edge leaves
    #[arg(long)]
    pub source: String,
    /// Column of the vertex that it enters
    #[arg(long)]
    pub target: String,
    /// Column of its weight [default: each edge counts 1]
    #[arg(long)]
    pub weight: Option<String>,
    /// Share of a vertex's rank that is passed on
    #[arg(long, default_value_t = 0.85)]
    pub damping: f64,
    #[command(flatten)]
    pub stop: StopArgs,
    /// Where the ranks go: a URL or path of a Parquet file
    #[arg(long)]
    pub out: String,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct StopArgs {
    /// Make this many iterations
    #[arg(long)]
    pub iterations: Option<u32>,
    /// Iterate until the ranks are this close to the exact ones in L1, rounding aside
    #[arg(long)]
    pub tolerance: Option<f64>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    Text,
    Json,
    Ddl,
    /// The tables in use as a list, as in the README
    Markdown,
}
