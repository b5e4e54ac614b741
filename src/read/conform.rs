//! Holding what a job reads against its contract: names, types, nulls, closed sets of values.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Column as Qualified, ExprSchema};
use datafusion::dataframe::DataFrame;
use datafusion::functions::string::octet_length;
use datafusion::prelude::{Expr, ident, lit};
use datafusion::scalar::ScalarValue;

use crate::engine::count_if;
use crate::error::{Error, Result, nearest};
use crate::schema::{Column, Table, Type, UTC};

/// Letters by which the name of a column may differ from one of the contract and be taken for it.
const MOST_SLIPS: usize = 1;

/// Most bytes of an id.
const LONGEST_ID: i32 = 1_024;

/// An input as it was found.
pub(super) struct Opened {
    pub(super) table: &'static Table,
    pub(super) frame: DataFrame,
    /// What people know the input as.
    pub(super) origin: String,
    /// Whether a column outside the contract is an error (a `SELECT` says exactly what it means);
    /// else it is passed over.
    pub(super) closed: bool,
}

/// The type in which the engine holds a column.
fn engine_type(kind: Type) -> DataType {
    match kind {
        Type::Id | Type::Text => DataType::Utf8View,
        Type::TextList => DataType::new_list(DataType::Utf8View, true),
        Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        other => other.arrow(),
    }
}

/// Whether a column of type `found` can be read as `kind` without loss.
fn accepts(kind: Type, found: &DataType) -> bool {
    use DataType::*;
    let text = |t: &DataType| matches!(t, Utf8 | LargeUtf8 | Utf8View);
    if let Dictionary(_, values) = found {
        return accepts(kind, values);
    }
    match kind {
        _ if *found == Null => true,
        Type::Id => {
            text(found)
                || found.is_integer()
                || matches!(found, Decimal128(_, 0) | Decimal256(_, 0))
        }
        Type::Text => text(found),
        Type::Int64 => found.is_integer(),
        Type::Float64 => found.is_floating() || found.is_integer() || found.is_decimal(),
        Type::Boolean => *found == Boolean,
        Type::Date => matches!(found, Date32 | Date64),
        Type::Timestamp => matches!(found, Timestamp(_, _)),
        Type::TextList => match found {
            List(item) | LargeList(item) | ListView(item) | LargeListView(item) => {
                text(item.data_type())
            }
            _ => false,
        },
    }
}

impl Opened {
    /// The columns of the contract, in order and cast to the engine's types; a nullable column that
    /// is absent is null.
    pub(super) fn conform(&self) -> Result<DataFrame> {
        let (table, origin) = (self.table, &self.origin);
        let found = self.frame.schema().columns();
        for (i, column) in found.iter().enumerate() {
            if found[..i].iter().any(|other| other.name == column.name) {
                return Err(Error::bad_input(
                    format!("input `{}` ({origin}): two columns `{}`", table.table, column.name),
                    "give each column a name of its own",
                ));
            }
        }
        let mut selected = Vec::with_capacity(table.columns.len());
        for column in &table.columns {
            match found.iter().find(|q| q.name == column.name) {
                Some(name) => selected.push(read_as(table, column, name, &self.frame, origin)?),
                None if column.nullable => {
                    let null = ScalarValue::try_from(&engine_type(column.kind));
                    selected.push(lit(null.map_err(Error::internal)?).alias(&column.name));
                }
                None => return Err(missing(table, column, &found, origin)),
            }
        }
        if let (true, Some(name)) = (self.closed, self.ignored().first()) {
            let near = nearest(name, table.columns.iter().map(|c| c.name.as_str()));
            let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
            let table = &table.table;
            return Err(Error::bad_input(
                format!("input `{table}` ({origin}): column `{name}` is not in the contract"),
                format!(
                    "{near}leave it out of the SELECT, or name it so; `renown schema {table}` lists \
                     the columns"
                ),
            ));
        }
        self.frame.clone().select(selected).map_err(Error::internal)
    }

    /// Refuses a column that is not read but for a slip is one that may be absent: were `birthdate`
    /// passed over for `birth_date`, minors would be scored.
    pub(super) fn refuse_near_names(&self) -> Result<()> {
        let found = self.frame.schema().columns();
        // One that must be there is missed all the same, by its own name.
        let optional = || self.table.columns.iter().filter(|c| c.nullable);
        let absent = || optional().filter(|c| !found.iter().any(|q| q.name == c.name));
        for name in self.ignored() {
            let slip = |c: &&Column| strsim::damerau_levenshtein(&name, &c.name) <= MOST_SLIPS;
            if let Some(meant) = absent().find(slip) {
                let (table, meant) = (&self.table.table, &meant.name);
                return Err(Error::bad_input(
                    format!("input `{table}` ({}): is column `{name}` `{meant}`?", self.origin),
                    "name it so in a SELECT, or leave it out of one",
                ));
            }
        }
        Ok(())
    }

    /// Columns that the contract does not name; they are not read.
    pub(super) fn ignored(&self) -> Vec<String> {
        let found = self.frame.schema().columns().into_iter().map(|q| q.name);
        found.filter(|name| !self.table.columns.iter().any(|c| c.name == *name)).collect()
    }
}

fn missing(table: &Table, column: &Column, found: &[Qualified], origin: &str) -> Error {
    let near = nearest(&column.name, found.iter().map(|q| q.name.as_str()))
        .map_or(String::new(), |near| format!("is it `{near}`? "));
    Error::bad_input(
        format!("input `{}` ({origin}): column `{}` is missing", table.table, column.name),
        format!("{near}name it so in a SELECT; `renown schema {}` lists the columns", table.table),
    )
}

fn read_as(
    table: &Table,
    column: &Column,
    name: &Qualified,
    frame: &DataFrame,
    origin: &str,
) -> Result<Expr> {
    let field = frame.schema().field_from_column(name).map_err(Error::internal)?;
    if !accepts(column.kind, field.data_type()) {
        return Err(Error::bad_input(
            format!(
                "input `{}` ({origin}): column `{}` is {}, the contract says {}",
                table.table,
                column.name,
                field.data_type(),
                column.kind.name()
            ),
            "cast it in a SELECT, or write the file with the contract's type",
        ));
    }
    let wanted = engine_type(column.kind);
    let expr = Expr::Column(name.clone());
    Ok(if *field.data_type() == wanted {
        expr.alias(&column.name)
    } else {
        datafusion::prelude::cast(expr, wanted).alias(&column.name)
    })
}

/// The aggregates that check a conformed input: for each rule its words and the rows that break it.
pub(super) fn rules(table: &Table) -> Result<Vec<(String, Expr)>> {
    let mut rules = Vec::new();
    for column in &table.columns {
        let name = &column.name;
        if !column.nullable {
            rules.push((format!("column `{name}` is null"), count_if(ident(name).is_null())?));
        }
        // A closed set of values holds no empty text, and kinds are held against the method.
        let names = column.kind == Type::Text && column.name == "network";
        if column.kind == Type::Id || names {
            let length = octet_length().call(vec![ident(name)]);
            let words = format!("column `{name}` is empty or longer than {LONGEST_ID} bytes");
            let wrong = length.clone().eq(lit(0)).or(length.gt(lit(LONGEST_ID)));
            rules.push((words, count_if(wrong)?));
        }
        if let Some(values) = &column.values {
            let known = values.iter().map(|v| lit(v.as_str())).collect();
            rules.push((
                format!("column `{name}` is none of {}", values.join(", ")),
                count_if(ident(name).in_list(known, true))?,
            ));
        }
    }
    Ok(rules)
}

/// The error for `broken` of `rows` rows of an input.
pub(super) fn violation(table: &Table, origin: &str, rule: &str, broken: u64, rows: u64) -> Error {
    Error::bad_input(
        format!("input `{}` ({origin}): {rule} in {broken} of {rows} rows", table.table),
        format!(
            "mend these rows, or leave them out with a SELECT … WHERE; `renown schema {}` states the contract",
            table.table
        ),
    )
}
