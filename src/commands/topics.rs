//! The topics of a published run.

use comfy_table::{CellAlignment, Table};

use crate::error::{Result, printable};
use crate::published::Run;
use crate::published::rows::TopicRow;

/// The topics of a run whose name holds `search`, in whatever case, as a table for people to read: those
/// with most people first, then those with most reactors.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if the table has columns of another version or cannot be read.
pub async fn topic_list(run: &Run, search: Option<&str>) -> Result<String> {
    let search = search.map(str::to_lowercase);
    let mut topics = run.topics().await?;
    topics.retain(|topic| {
        search.as_ref().is_none_or(|word| topic.name.to_lowercase().contains(word))
    });
    // A stable sort: equals stay in order of id.
    topics.sort_by_key(|topic| std::cmp::Reverse((topic.people, topic.reactors, topic.posts)));
    Ok(render(&topics))
}

fn render(topics: &[TopicRow]) -> String {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(["topic", "id", "people", "posts", "reactors"]);
    for topic in topics {
        table.add_row([
            printable(&topic.path.join(" › ")),
            printable(&topic.topic_id),
            topic.people.to_string(),
            topic.posts.to_string(),
            topic.reactors.to_string(),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}
