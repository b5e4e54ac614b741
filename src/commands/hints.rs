//! What the command line can do for the reader of an error.

use crate::error::{Error, Help};

/// The error with the command or option that helps added to its remedy.
pub fn with_hint(mut error: Error) -> Error {
    let Some(help) = error.help.take() else { return error };
    error.remedy = format!("{}; {}", error.remedy, hint(&help));
    error
}

fn hint(help: &Help) -> String {
    match help {
        Help::Contracts => "`renown schema` lists the contracts of all tables".to_owned(),
        Help::Contract(table) => format!("`renown schema {table}` lists the columns"),
        Help::Keys => {
            "`renown schema job` and `renown schema method` document every key".to_owned()
        }
        Help::Topics => "`renown topics` lists the topics of a run".to_owned(),
        Help::SnapshotDate => "add --snapshot YYYY-MM-DD".to_owned(),
        Help::Variable(name) => format!("add --set {name}=VALUE"),
        Help::MethodFittedToLabels => "`renown fit --target LABELS` writes one".to_owned(),
        Help::StandardProfile => "leave --profile out for the standard one".to_owned(),
        Help::DeltaFeature => {
            "a renown built with `cargo build --release --features delta` reads it".to_owned()
        }
        Help::EdgeColumns => "name them with --source and --target".to_owned(),
        Help::Acceptance(checks) => {
            let options = checks.iter().map(|check| format!(" --accept {check}=REASON"));
            format!("`renown run …{}` publishes it", options.collect::<String>())
        }
        Help::Comparison => "`renown diff` compares two runs".to_owned(),
    }
}
