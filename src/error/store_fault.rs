//! What a store's answer asks for: settings to correct, data to restore, or another attempt.

use std::error::Error as StdError;
use std::io;

/// Errors that the operating system gives where too many files are open: of the process, of the machine.
const TOO_MANY_FILES: [i32; 2] = [24, 23];

/// Errors for a link that leads to itself: of Linux, of macOS.
const LOOPS: [i32; 2] = [40, 62];

/// What a fault asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AsksFor {
    /// Other settings: asking again changes nothing.
    Settings,
    /// Another attempt, later.
    Patience,
    /// A sound file.
    Data,
}

/// What has to be done about a fault of a store or a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) asks_for: AsksFor,
    pub(super) remedy: &'static str,
}

const fn settings(remedy: &'static str) -> Fault {
    Fault { asks_for: AsksFor::Settings, remedy }
}

const fn passing(remedy: &'static str) -> Fault {
    Fault { asks_for: AsksFor::Patience, remedy }
}

const REFUSED: Fault = settings(
    "set credentials in the environment (AWS_…, AZURE_…, GOOGLE_…) that may read and write this URL",
);

/// Words of answers that running again does not change, in small letters, and what to do.
const PERMANENT: [(&[&str], Fault); 10] = [
    (
        &["nosuchbucket", "containernotfound", "bucket does not exist", "container does not exist"],
        settings("create the bucket, or correct the URL in the job file"),
    ),
    (
        &["scheme is not allowed", "allow_http"],
        settings(
            "give the endpoint as https://…, or set AWS_ALLOW_HTTP=true (AZURE_ALLOW_HTTP=true) if plain http is meant",
        ),
    ),
    (
        &[
            "169.254.169.254",
            "metadata.google.internal",
            "missing accesskeyid",
            "missing secretaccesskey",
        ],
        settings(
            "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AZURE_STORAGE_ACCOUNT_KEY or GOOGLE_SERVICE_ACCOUNT in the environment",
        ),
    ),
    (
        &[
            "expiredtoken",
            "invalidaccesskeyid",
            "signaturedoesnotmatch",
            "invalidtoken",
            "accessdenied",
        ],
        REFUSED,
    ),
    (
        &["incorrectly configured region", "permanentredirect", "authorizationheadermalformed"],
        settings("set AWS_REGION to the region of the bucket, or AWS_ENDPOINT to its server"),
    ),
    (
        &["missing bucket name", "account must be specified", "container name must be specified"],
        settings(
            "set the account in the environment (AZURE_STORAGE_ACCOUNT_NAME), or correct the URL",
        ),
    ),
    (
        &["illegal character"],
        settings(
            "the name of a folder or file has a character that cannot be read, such as a tab or a line break: rename it, or name \
             a folder without it",
        ),
    ),
    (
        &["empty path segment", "invalid path"],
        settings(
            "keys with an empty part, such as a//b, cannot be read: copy them to other keys, or name a folder without them",
        ),
    ),
    (
        &[
            "requested range was invalid",
            "out of range of file",
            "range not satisfiable",
            "invalidrange",
        ],
        Fault {
            asks_for: AsksFor::Data,
            remedy: "the file is shorter than it says, or was written over while it was read: write it again",
        },
    ),
    (
        &["not valid for store", "is not known", "not yet implemented", "operation not supported"],
        settings("correct the settings of the store in the environment, or the URL"),
    ),
];

/// What has to be done about an answer of a store; `None` if that is unknown and trying again may help.
pub(super) fn of_store(error: &object_store::Error) -> Option<Fault> {
    use object_store::Error::{PermissionDenied, Unauthenticated};
    if let Some(fault) = chain(error).find_map(|e| of_io(e.downcast_ref()?)) {
        return Some(fault);
    }
    let text: String = chain(error).map(|e| e.to_string().to_lowercase() + " ").collect();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let permanent = PERMANENT.iter().find(|(words, _)| has(words)).map(|(_, fault)| *fault);
    match error {
        PermissionDenied { .. } | Unauthenticated { .. } => Some(permanent.unwrap_or(REFUSED)),
        _ => permanent,
    }
}

/// What has to be done about an error of the operating system; `None` as for [`of_store`].
pub(super) fn of_io(error: &io::Error) -> Option<Fault> {
    use io::ErrorKind::*;
    if error.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code)) {
        return Some(passing(
            "too many files are open: raise the limit (`ulimit -n`), then run again",
        ));
    }
    if error.raw_os_error().is_some_and(|code| LOOPS.contains(&code)) {
        return Some(settings("a link leads to itself: remove it, or let it lead to the data"));
    }
    match error.kind() {
        PermissionDenied | ReadOnlyFilesystem => Some(settings(
            "give the user who runs this the right to read and write there, or name another folder",
        )),
        NotADirectory | IsADirectory | DirectoryNotEmpty | InvalidFilename => {
            Some(settings("something else is in the way: name another path, or remove it"))
        }
        StorageFull | QuotaExceeded | FileTooLarge => {
            Some(passing("free space on the disk, then run again"))
        }
        _ => None,
    }
}

/// An error and what caused it.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(source: impl Into<Box<dyn StdError + Send + Sync>>) -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: source.into() }
    }

    #[test]
    fn a_remedy_names_what_is_wrong_with_a_path() {
        let remedy = |text: &str| of_store(&generic(text)).map_or("", |fault| fault.remedy);
        let invalid = "Encountered object with invalid path: Error parsing Path \"a\nb/x\": Encountered illegal character sequence";
        assert!(remedy(invalid).contains("a tab or a line break"));
        assert!(remedy("Path \"a//b\" contained empty path segment").contains("a//b"));
    }

    #[test]
    fn what_lasts_is_told_from_what_passes() {
        let kind = |error: object_store::Error| of_store(&error).map(|fault| fault.asks_for);
        for (source, expected) in [
            (
                "Server returned non-2xx status code: 404: <Code>NoSuchBucket</Code>",
                Some(AsksFor::Settings),
            ),
            ("builder error: URL scheme is not allowed", Some(AsksFor::Settings)),
            (
                "Received redirect without LOCATION, this normally indicates an incorrectly configured region",
                Some(AsksFor::Settings),
            ),
            (
                "error sending request for url (http://169.254.169.254/latest)",
                Some(AsksFor::Settings),
            ),
            ("Path \"a//b\" contained empty path segment", Some(AsksFor::Settings)),
            ("Encountered illegal character sequence \"\n\"", Some(AsksFor::Settings)),
            ("Requested range was invalid", Some(AsksFor::Data)),
            ("Server returned non-2xx status code: 503: slow down", None),
            ("error trying to connect: tcp connect error", None),
        ] {
            assert_eq!(kind(generic(source)), expected, "{source}");
        }
        let io = |code: i32| kind(generic(io::Error::from_raw_os_error(code)));
        assert_eq!(io(13), Some(AsksFor::Settings), "may not be written");
        assert_eq!(io(30), Some(AsksFor::Settings), "read-only");
        assert_eq!(io(20), Some(AsksFor::Settings), "a file is in the way");
        assert_eq!(io(40), Some(AsksFor::Settings), "a link to itself");
        assert_eq!(io(28), Some(AsksFor::Patience), "the disk is full");
        assert_eq!(io(24), Some(AsksFor::Patience), "too many files");
        assert_eq!(io(111), None, "refused connections may pass");
        let denied =
            object_store::Error::PermissionDenied { path: "x".into(), source: "403".into() };
        assert_eq!(kind(denied), Some(AsksFor::Settings));
    }
}
