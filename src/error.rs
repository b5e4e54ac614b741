//! One error type with few kinds, each of which asks for a different action.

use std::fmt;
use std::sync::Arc;

use datafusion::error::DataFusionError;
use serde::Serialize;
use tokio::task::JoinError;

/// What the reader of an error has to do; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The command line is wrong. Exit code 2.
    Usage,
    /// The input data break their contract: mend the data. Exit code 65.
    BadInput,
    /// Storage or the engine is unavailable: try again. Exit code 69.
    Unavailable,
    /// A fault in Renown itself: report it. Exit code 70.
    Internal,
    /// Interrupted, or another run won: try again. Exit code 75.
    Interrupted,
    /// The job or method file is wrong: mend the file. Exit code 78.
    BadJob,
    /// A gate refused the tables, nothing was published: look at them. Exit code 80.
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

    /// The process exit code of this kind.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Usage => 2,
            Kind::BadInput => 65,
            Kind::Unavailable => 69,
            Kind::Internal => 70,
            Kind::Interrupted => 75,
            Kind::BadJob => 78,
            Kind::Gate => 80,
        }
    }
}

/// A failure: its kind, one line of cause, one line of remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What has to be done about it.
    pub kind: Kind,
    /// What happened, naming file, column and row count where they are known.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// Where in the inputs it lies, as far as it is known.
    pub place: Box<Place>,
}

/// Where in the inputs of a job a fault lies; what is not known, or does not apply, is `None`.
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
        let place = Box::default();
        Self { kind, cause: cause.into(), remedy: remedy.into(), place }
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

    /// A fault of our own: something that no input should be able to cause.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(
            Kind::Internal,
            format!("internal fault: {cause}"),
            "this is a bug in renown: please report it with the command and this message",
        )
    }

    /// What object storage said while doing `what`.
    pub fn storage(what: &str, error: &object_store::Error) -> Self {
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

    /// What object storage said to a write of `url`: whatever is wrong, no input is to blame.
    pub fn not_written(url: &url::Url, error: &object_store::Error) -> Self {
        let told = Self::storage(&format!("writing `{url}`"), error);
        match error {
            object_store::Error::NotFound { .. } => Self::new(
                Kind::Unavailable,
                told.cause,
                "check that the bucket or folder exists, then run again",
            ),
            _ => told,
        }
    }

    /// A library gave up with a panic while doing `what` over the user's data.
    pub fn undecodable(what: &str, panic: impl fmt::Display) -> Self {
        Self::bad_input(
            format!("{what}: a library that decodes it broke off: {panic}"),
            "write the file again and compare; if it is sound, report this as a bug in renown",
        )
    }

    /// What DataFusion said while doing `what` over the user's data.
    ///
    /// Storage faults are [`Kind::Unavailable`]; data that cannot be decoded, cast or computed with are
    /// [`Kind::BadInput`]; everything else is [`Kind::Internal`].
    pub fn engine(what: &str, error: &DataFusionError) -> Self {
        let bad_data = |cause: String| {
            Self::bad_input(
                cause,
                "check that the file is complete and has the types its contract states \
                 (`renown schema`)",
            )
        };
        // The reader of Parquet wraps what storage says.
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(inner) = source {
            if let Some(storage) = inner.downcast_ref::<object_store::Error>() {
                return Self::storage(what, storage);
            }
            // A panic in a task of the engine's own, which several readers may share.
            let task = inner.downcast_ref::<JoinError>();
            let shared = || inner.downcast_ref::<Arc<JoinError>>().map(Arc::as_ref);
            if let Some(task) = task.or_else(shared).filter(|task| task.is_panic()) {
                return Self::undecodable(what, task);
            }
            source = inner.source();
        }
        match error.find_root() {
            DataFusionError::ObjectStore(e) => Self::storage(what, e),
            DataFusionError::ParquetError(e) => bad_data(format!("{what}: {e}")),
            DataFusionError::ArrowError(e, _) => bad_data(format!("{what}: {e}")),
            DataFusionError::IoError(e) => Self::new(
                Kind::Unavailable,
                format!("{what}: {e}"),
                "check the disk and the network, then run again",
            ),
            DataFusionError::ResourcesExhausted(e) => Self::new(
                Kind::Unavailable,
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

impl std::error::Error for Error {}

/// The names closest to `name` by edit distance, if any is close enough to be a typing error.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(name, k), k))
        .min()
        .filter(|(distance, k)| *distance <= 1 + k.len().max(name.len()) / 3)
        .map(|(_, k)| k)
}

fn one_line(text: &str) -> String {
    printable(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// `text` without what could drive a terminal or turn its line around: names, kinds and columns come
/// from strangers.
pub fn printable(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { '\u{fffd}' } else { c }).collect()
}
