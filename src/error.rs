//! One error type with few kinds, each of which asks for a different action.

mod printable;
mod redaction;
mod select_fault;
mod store_fault;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use datafusion::error::DataFusionError;
pub use printable::{printable, printable_name};
pub use redaction::redact;
pub use select_fault::{OF_SELECT, OF_SQL};
use serde::Serialize;
use store_fault::{AsksFor, Fault};
use tokio::task::JoinError;

/// What the reader of an error has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request is wrong or ambiguous: correct it.
    Usage,
    /// The input data break their contract: fix the data.
    BadInput,
    /// Storage or the engine is unavailable: try again.
    Unavailable,
    /// A bug in Renown: report it.
    Internal,
    /// Interrupted, or another run published first: try again.
    Interrupted,
    /// The job, the method or a setting of the environment is wrong: correct it.
    BadJob,
    /// A gate refused the tables, or the data of the day have not arrived; nothing was published: look at them.
    Gate,
}

impl Kind {
    /// Name of this kind, for logs.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Usage => "usage",
            Kind::BadInput => "bad_input",
            Kind::Unavailable => "unavailable",
            Kind::Internal => "internal",
            Kind::Interrupted => "interrupted",
            Kind::BadJob => "bad_job",
            Kind::Gate => "gate",
        }
    }
}

/// What else would help the reader of an error. The library does not know how it is called; whoever calls it says how to
/// get this (the command line names a command or an option).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Help {
    /// A list of the tables that have a contract.
    Contracts,
    /// The contract of this table.
    Contract(String),
    /// The keys of job and method files.
    Keys,
    /// The topics of a published run.
    Topics,
    /// The date of the snapshot.
    SnapshotDate,
    /// A value for this variable of a job file.
    Variable(String),
    /// A method whose forecast is fitted to labels.
    MethodFittedToLabels,
    /// A comparison of two published runs.
    Comparison,
    /// A program that reads Delta tables.
    DeltaFeature,
    /// The scores of the standard profile.
    StandardProfile,
    /// The names of the columns of an edge list.
    EdgeColumns,
    /// That these checks may be accepted, with a reason.
    Acceptance(Vec<&'static str>),
}

/// An error of the engine, met in a file of the inputs.
#[derive(Debug)]
pub(crate) struct InFile {
    /// Path, as it is shown.
    pub path: Arc<str>,
    pub source: DataFusionError,
}

impl fmt::Display for InFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path, self.source)
    }
}

impl std::error::Error for InFile {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// The file that an error names.
fn file_of(error: &DataFusionError) -> Option<Arc<str>> {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = source {
        if let Some(in_file) = inner.downcast_ref::<InFile>() {
            return Some(Arc::clone(&in_file.path));
        }
        source = inner.source();
    }
    None
}

/// An error of another library, kept as the source of ours.
#[derive(Clone)]
struct Source(Arc<dyn std::error::Error + Send + Sync>);

/// Errors of libraries quote what they were given.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact(&format!("{:?}", self.0)))
    }
}

/// A failure: its kind, one line of cause, one line of remedy.
#[derive(Clone, Debug)]
pub struct Error {
    /// What has to be done about it.
    pub kind: Kind,
    /// What happened, naming file, column and row count where they are known.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// Where in the inputs it lies, as far as it is known.
    pub place: Box<Place>,
    /// What else would help.
    pub help: Option<Box<Help>>,
    source: Option<Source>,
}

/// The same failure; the source does not count.
impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        let Self { kind, cause, remedy, place, help, source: _ } = self;
        (*kind, cause, remedy, place, help)
            == (other.kind, &other.cause, &other.remedy, &other.place, &other.help)
    }
}

/// Where in the inputs of a job a fault lies; `None` where it is not known or does not apply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The input table.
    pub table: Option<String>,
    /// Its column.
    pub column: Option<String>,
    /// The file; of several with the same fault the first.
    pub file: Option<String>,
    /// How many rows break the rule.
    pub rows: Option<u64>,
}

/// Result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of any kind.
    pub fn new(kind: Kind, cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (cause, remedy) = (redacted(cause.into()), redacted(remedy.into()));
        Self { kind, cause, remedy, place: Box::default(), help: None, source: None }
    }

    /// The same error, caused by an error of another library.
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(Source(Arc::from(source.into())));
        self
    }

    /// The same error, with its cause after what it happened in.
    pub fn within(mut self, what: impl fmt::Display) -> Self {
        self.cause = redacted(format!("{what}: {}", self.cause));
        self
    }

    /// The same error, for which this would help.
    pub fn with_help(mut self, help: Help) -> Self {
        self.help = Some(Box::new(help));
        self
    }

    /// The same error, known to lie in the input `table`.
    pub fn in_table(mut self, table: &str) -> Self {
        self.place.table = Some(table.to_owned());
        self
    }

    /// The same error, known to lie in `column`.
    pub fn in_column(mut self, column: &str) -> Self {
        self.place.column = Some(column.to_owned());
        self
    }

    /// The same error, known to lie in `file`.
    pub fn in_file(mut self, file: &str) -> Self {
        self.place.file = Some(file.to_owned());
        self
    }

    /// The same error, known to concern this many rows.
    pub fn in_rows(mut self, rows: u64) -> Self {
        self.place.rows = Some(rows);
        self
    }

    /// The input data break their contract.
    pub fn bad_input(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Kind::BadInput, cause, remedy)
    }

    /// The job or method file is wrong.
    pub fn bad_job(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Kind::BadJob, cause, remedy)
    }

    /// A bug in Renown: something that no input should be able to cause.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let source = cause.into();
        Self::new(
            Kind::Internal,
            format!("internal fault: {source}"),
            "this is a bug in renown: please report it with the command and this message",
        )
        .caused_by(source)
    }

    /// What object storage answered while doing `what`.
    pub fn storage(what: &str, error: object_store::Error) -> Self {
        Self::storage_answer(what, &error).caused_by(error)
    }

    fn of_fault(fault: Fault, cause: String) -> Self {
        let kind = match fault.asks_for {
            AsksFor::Settings => Kind::BadJob,
            AsksFor::Patience => Kind::Unavailable,
            AsksFor::Data => Kind::BadInput,
        };
        Self::new(kind, cause, fault.remedy)
    }

    fn storage_answer(what: &str, error: &object_store::Error) -> Self {
        if let Some(fault) = store_fault::of_store(error) {
            return Self::of_fault(fault, format!("{what}: {error}"));
        }
        match error {
            object_store::Error::NotFound { path, .. } => Self::bad_input(
                format!("{what}: `{path}` does not exist"),
                "check the URL in the job file and the snapshot date",
            ),
            _ => Self::new(
                Kind::Unavailable,
                format!("{what}: {error}"),
                "check the URL, the endpoint and the network, then run again",
            ),
        }
    }

    /// A store cannot be set up from the environment and the URL: asking again changes nothing.
    pub fn not_set_up(url: &url::Url, error: object_store::Error) -> Self {
        let failed = Self::storage(&format!("opening `{url}`"), error);
        match failed.kind {
            Kind::BadJob => failed,
            _ => Self {
                kind: Kind::BadJob,
                remedy: "correct the URL, or the settings of the store in the environment"
                    .to_owned(),
                ..failed
            },
        }
    }

    /// What object storage answered to a write of `url`: whatever is wrong, no input is to blame.
    pub fn not_written(url: &url::Url, error: object_store::Error) -> Self {
        let failed = Self::storage(&format!("writing `{url}`"), error);
        match failed.kind {
            Kind::BadInput => {
                let remedy = "create the bucket or folder, or correct the URL of the output";
                Self { kind: Kind::BadJob, remedy: remedy.to_owned(), ..failed }
            }
            _ => failed,
        }
    }

    /// What the operating system answered while doing `what`.
    pub fn io(what: &str, error: std::io::Error) -> Self {
        Self::io_answer(what, &error).caused_by(error)
    }

    fn io_answer(what: &str, error: &std::io::Error) -> Self {
        let cause = format!("{what}: {error}");
        match store_fault::of_io(error) {
            Some(fault) => Self::of_fault(fault, cause),
            None => Self::new(
                Kind::Unavailable,
                cause,
                "check the disk and the network, then run again",
            ),
        }
    }

    /// A library panicked while doing `what` over the user's data.
    pub fn undecodable(what: &str, panic: impl fmt::Display) -> Self {
        Self::bad_input(
            format!("{what}: a library that decodes it broke off: {panic}"),
            "write the file again and compare; if it is sound, report this as a bug in renown",
        )
    }

    /// What DataFusion answered while doing `what` over the user's data.
    ///
    /// Storage faults are [`Kind::Unavailable`]; data that cannot be decoded or cast are [`Kind::BadInput`]; a `SELECT` of a
    /// user that cannot be run or computed is [`Kind::BadJob`]; everything else is [`Kind::Internal`].
    pub fn engine(what: &str, error: DataFusionError) -> Self {
        let path = file_of(&error);
        if let Some((cause, remedy)) = select_fault::of_select(what, &error, path.is_some()) {
            return Self::bad_job(cause, remedy).caused_by(error);
        }
        let Some(path) = path else {
            return Self::engine_answer(what, &error).caused_by(error);
        };
        let what = match what.contains(&*path) {
            true => what.to_owned(),
            false => format!("{what}: `{path}`"),
        };
        Self::engine_answer(&what, &error).caused_by(error).in_file(&path)
    }

    fn engine_answer(what: &str, error: &DataFusionError) -> Self {
        let bad_data = |cause: String| {
            let remedy =
                "check that the file is complete and has the types that its contract states";
            Self::bad_input(cause, remedy).with_help(Help::Contracts)
        };
        let unavailable = |cause: String, remedy: &str| Self::new(Kind::Unavailable, cause, remedy);
        // The reader of Parquet wraps the answer of the storage.
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(inner) = source {
            // What was found while a file was read.
            if let Some(own) = inner.downcast_ref::<Self>() {
                return own.clone();
            }
            if let Some(storage) = inner.downcast_ref::<object_store::Error>() {
                return Self::storage_answer(what, storage);
            }
            // A panic in a task of the engine, which several readers may share.
            let task = inner.downcast_ref::<JoinError>();
            let shared = || inner.downcast_ref::<Arc<JoinError>>().map(Arc::as_ref);
            if let Some(task) = task.or_else(shared).filter(|task| task.is_panic()) {
                return Self::undecodable(what, task);
            }
            source = inner.source();
        }
        match error.find_root() {
            DataFusionError::ObjectStore(e) => Self::storage_answer(what, e),
            DataFusionError::ParquetError(e) => bad_data(format!("{what}: {e}")),
            DataFusionError::ArrowError(e, _) => bad_data(format!("{what}: {e}")),
            DataFusionError::IoError(e) => Self::io_answer(what, e),
            DataFusionError::ResourcesExhausted(e) => unavailable(
                format!("{what}: {e}"),
                "run on a machine with more memory, or free some, then run again",
            ),
            DataFusionError::Execution(e) => bad_data(format!("{what}: {e}")),
            // What the engine cannot do with a query of the user's own is no fault of ours.
            other if select_fault::is_select(what) => Self::bad_job(
                format!("{what}: the engine cannot run this SELECT: {}", other.strip_backtrace()),
                "write it in another way, or in several steps with WITH; a plain SELECT that fails is a bug to report",
            ),
            DataFusionError::NotImplemented(e) => bad_data(format!("{what}: {e}")),
            other => Self::internal(format!("{what}: {other}")),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nremedy: {}", one_line(&self.cause), one_line(&self.remedy))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let Source(source) = self.source.as_ref()?;
        Some(source.as_ref())
    }
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    printable(&printable::with_cut_names(&redact(&line)))
}

fn redacted(text: String) -> String {
    match redact(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(redacted) => redacted,
    }
}
