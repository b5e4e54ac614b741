//! `renown schema`: contracts of tables, and the keys of job and method files.

use clap::ValueEnum;

use super::context::Context;
use crate::docs::reference;
use crate::error::{Error, Kind, Result};

/// Print the contracts of tables, or the keys of job and method files
#[derive(clap::Args)]
pub(super) struct Args {
    /// Name of a table, `job` or `method` [default: all tables]
    table: Option<String>,
    /// Format of the contracts
    #[arg(long, value_enum, default_value_t = SchemaFormat::Text)]
    format: SchemaFormat,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum SchemaFormat {
    /// A page for people
    Text,
    /// JSON
    Json,
    /// CREATE TABLE statements
    Ddl,
    /// A list of the tables in use, as in docs/output.md
    Markdown,
}

pub(super) fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let refuse = |cause: String, remedy: &str| Err(Error::new(Kind::Usage, cause, remedy));
    let page = match (args.table.as_deref(), args.format) {
        (Some("job"), SchemaFormat::Text) => reference::job()?,
        (Some("method"), SchemaFormat::Text) => reference::method()?,
        (Some(_), SchemaFormat::Markdown) => {
            return refuse("Markdown lists all tables".to_owned(), "name no table");
        }
        (Some(file @ ("job" | "method")), _) => {
            return refuse(
                format!("the keys of a {file} file are printed as text only"),
                "use --format text",
            );
        }
        (name, SchemaFormat::Text) => reference::text(name)?,
        (name, SchemaFormat::Ddl) => reference::ddl(name)?,
        (name, SchemaFormat::Json) => reference::json(name)?,
        (None, SchemaFormat::Markdown) => reference::markdown()?,
    };
    context.print(&page)
}
