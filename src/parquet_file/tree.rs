//! The tree of columns, from the number of children of its elements in the order of a walk through it.

use super::thrift::Checked;

/// Columns of a file, at most; those within structs and lists count, too.
const MAX_COLUMNS: usize = 10_000;

/// Levels of structs and lists around a column, at most.
const MAX_LEVELS: usize = 100;

/// Refuses a schema that is no tree, has too many columns or is nested too deeply.
pub(super) fn check_tree(children: &[i64]) -> Checked<()> {
    // Children that are still to come, of each element around the next one.
    let (mut open, mut columns) = (Vec::new(), 0_usize);
    for (place, &count) in children.iter().enumerate() {
        if place > 0 && open.is_empty() {
            return Err("its columns do not make one tree".to_owned());
        }
        let left = children.len() - place - 1;
        if usize::try_from(count).ok().is_none_or(|count| count > left) {
            return Err(format!("a column claims to consist of {count} others, and {left} follow"));
        }
        if count > 0 {
            open.push(count);
            if open.len() > MAX_LEVELS {
                let cause = format!(
                    "a column is nested in more than {MAX_LEVELS} levels of structs and lists"
                );
                return Err(cause);
            }
            continue;
        }
        columns += 1;
        while let Some(count) = open.last_mut() {
            *count -= 1;
            if *count > 0 {
                break;
            }
            open.pop();
        }
    }
    match columns {
        _ if !open.is_empty() || children.is_empty() => {
            Err("its columns do not make one tree".to_owned())
        }
        ..=MAX_COLUMNS => Ok(()),
        columns => Err(format!("it has {columns} columns; the most is {MAX_COLUMNS}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_told_from_what_is_none() {
        // A root without columns, flat, nested, a list after a struct.
        for tree in [&[0][..], &[2, 0, 0], &[1, 1, 1, 0], &[2, 2, 0, 0, 1, 1, 0]] {
            assert_eq!(check_tree(tree), Ok(()), "{tree:?}");
        }
        for none in
            [&[][..], &[0, 0], &[2, 0], &[1, 0, 0], &[-1], &[1, i64::from(i32::MAX)], &[3, 2, 0]]
        {
            assert!(check_tree(none).is_err(), "{none:?}");
        }
    }

    #[test]
    fn width_and_depth_have_a_limit() {
        let nested = |levels: usize| [vec![1; levels], vec![0]].concat();
        assert_eq!(check_tree(&nested(MAX_LEVELS)), Ok(()));
        assert!(check_tree(&nested(MAX_LEVELS + 1)).unwrap_err().contains("levels"));
        let flat = |columns: usize| [vec![columns as i64], vec![0; columns]].concat();
        assert_eq!(check_tree(&flat(MAX_COLUMNS)), Ok(()));
        assert!(check_tree(&flat(MAX_COLUMNS + 1)).unwrap_err().contains("10001 columns"));
    }
}
