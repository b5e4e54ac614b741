//! `renown forget`: a person leaves an output folder.

use std::path::Path;

use super::context::Context;
use super::output_format::OutputFormat;
use crate::error::{Result, printable};
use crate::forget::{Forgotten, forget, still_held};
use crate::job::parse_url;
use crate::storage::folder;

/// Remove a person from everything that an output folder holds, with a receipt
#[derive(clap::Args)]
pub(super) struct Args {
    /// Person id, `network:account_id`, account id or display name; several of one person or of several people
    #[arg(value_name = "PERSON", required = true)]
    people: Vec<String>,
    /// URL of the output folder
    #[arg(long)]
    url: String,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    format: OutputFormat,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let output = folder(&parse_url(Path::new(""), &args.url)?);
    let forgotten = forget(&context.engine, &output, &args.people).await?;
    context.answer(args.format, &forgotten, page)?;
    // Once the rest is printed.
    forgotten.receipt.scan.as_ref().and_then(still_held).map_or(Ok(()), Err)
}

/// The receipt, then what is shown once.
fn page(forgotten: &Forgotten) -> String {
    let Forgotten { salt, person_ids, accounts, receipt } = forgotten;
    let mut page = receipt.page();
    page += &format!(
        "\nsalt (shown once, kept nowhere): {salt}\n\
         forgotten: {}\n\
         To keep the person out, add to the input `consent`, with `at` the time of the statement:\n",
        printable(&person_ids.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
    );
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    for (network, id) in accounts.iter().filter_map(|account| account.split_once(':')) {
        let (network, id) = (quoted(network), quoted(id));
        let row = format!("network = {network}, account_id = {id}, status = \"opted_out\"");
        page += &format!("  {}\n", printable(&row));
    }
    if accounts.is_empty() {
        for id in person_ids {
            let row = format!("person_id = {}, status = \"opted_out\"", quoted(id));
            page += &format!("  {}\n", printable(&row));
        }
    }
    page
}
