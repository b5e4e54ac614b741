//! One error type with few kinds, each of which asks for a different action.

use std::fmt;
use std::sync::Arc;

use datafusion::error::DataFusionError;
use serde::Serialize;
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
    /// The job or method file is wrong: fix the file.
    BadJob,
    /// A gate refused the tables, nothing was published: look at them.
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
    /// The scores of the standard profile.
    StandardProfile,
    /// The names of the columns of an edge list.
    EdgeColumns,
}

/// An error of another library, kept as the source of ours.
type Source = Arc<dyn std::error::Error + Send + Sync>;

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
        let (cause, remedy) = (cause.into(), remedy.into());
        Self { kind, cause, remedy, place: Box::default(), help: None, source: None }
    }

    /// The same error, caused by an error of another library.
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(Source::from(source.into()));
        self
    }

    /// The same error, with its cause after what it happened in.
    pub fn within(mut self, what: impl fmt::Display) -> Self {
        self.cause = format!("{what}: {}", self.cause);
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

    fn storage_answer(what: &str, error: &object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { path, .. } => Self::bad_input(
                format!("{what}: `{path}` does not exist"),
                "check the URL in the job file and the snapshot date",
            ),
            object_store::Error::Unauthenticated { .. }
            | object_store::Error::PermissionDenied { .. } => Self::new(
                Kind::Unavailable,
                format!("{what}: access refused: {error}"),
                "check the credentials in the environment and the rights on this URL",
            ),
            _ => Self::new(
                Kind::Unavailable,
                format!("{what}: {error}"),
                "check the URL and the network, then run again",
            ),
        }
    }

    /// What object storage answered to a write of `url`: whatever is wrong, no input is to blame.
    pub fn not_written(url: &url::Url, error: object_store::Error) -> Self {
        let is_missing = matches!(error, object_store::Error::NotFound { .. });
        let failed = Self::storage(&format!("writing `{url}`"), error);
        if !is_missing {
            return failed;
        }
        let remedy = "check that the bucket or folder exists, then run again".to_owned();
        Self { kind: Kind::Unavailable, remedy, ..failed }
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
    /// Storage faults are [`Kind::Unavailable`]; data that cannot be decoded, cast or computed with are
    /// [`Kind::BadInput`]; everything else is [`Kind::Internal`].
    pub fn engine(what: &str, error: DataFusionError) -> Self {
        Self::engine_answer(what, &error).caused_by(error)
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
            DataFusionError::IoError(e) => unavailable(
                format!("{what}: {e}"),
                "check the disk and the network, then run again",
            ),
            DataFusionError::ResourcesExhausted(e) => unavailable(
                format!("{what}: {e}"),
                "run on a machine with more memory, or free some, then run again",
            ),
            DataFusionError::Execution(e) => bad_data(format!("{what}: {e}")),
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
        let source = self.source.as_deref()?;
        Some(source)
    }
}

fn one_line(text: &str) -> String {
    printable(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// `text` without characters that could control a terminal or reverse its line: names, kinds and columns are not
/// trusted.
pub fn printable(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { '\u{fffd}' } else { c }).collect()
}
