//! Contributions, windows and forecasts in words.

use super::rows::{ContributionRow, RunRow};
use crate::error::printable;
use crate::method::Method;
use crate::number_format::duration;
use crate::schema::{self, Direction};

/// How the contract of `measures` speaks of the window of reactors, and of that of attention.
const WITHIN_WINDOW: &str = "within the method's window, of the last 90 days at least";
const OF_WINDOW: &str = "of the method's window, of the last 90 days at least";
const ATTENTION_WINDOW: &str = "The window is the method's `window_hours` (2160 by default).";

impl ContributionRow {
    /// What was counted, in words, with `value` for its number, under a method that looks back `windows`.
    pub(crate) fn in_words(&self, value: &str, windows: &Windows) -> String {
        match self.measure.as_str() {
            "reference" => "the reference person of the method".to_owned(),
            "joined" => format!("everything on {}", self.network),
            "level" => format!("the level of {}", self.network),
            name => {
                let value = if self.value.is_some() { value } else { "no" };
                windows.sentence(name).replace("{}", value)
            }
        }
    }
}

impl RunRow {
    /// What the numbers of a profile are: `of` says of what the people react to anything, such as ` to posts about it`.
    pub(crate) fn forecast_in_words(&self, profile: &str, of: &str, horizon_hours: u32) -> String {
        let profile = self.profile(profile);
        if profile.as_ref().is_some_and(|profile| profile.fitted_to_labels) {
            return "a scale learnt from labels, not a number of people".to_owned();
        }
        if profile.as_ref().is_some_and(|profile| profile.structural) {
            return "none: the data have no times, and the numbers are a scale of structure"
                .to_owned();
        }
        let by = profile.map_or(String::new(), |profile| profile.forecast.reacting_by());
        let (by, within) = (printable(&by), duration(horizon_hours));
        format!("distinct trusted people who react{by}{of} within {within}")
    }

    /// The windows of its method.
    pub(crate) fn windows(&self) -> Windows {
        Windows::of(self.method().as_ref())
    }
}

/// How far back measures look whose window is that of the method.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Windows {
    /// Attention.
    attention: String,
    /// Reactors: that of attention, and at least 90 days.
    reactors: String,
}

impl Windows {
    /// Those of a method; none if this version of Renown does not read it.
    pub(crate) fn of(method: Option<&Method>) -> Self {
        let window = |hours: &dyn Fn(&Method) -> u32| match method {
            Some(method) => duration(hours(method)),
            None => "hours of the method's window".to_owned(),
        };
        Self {
            attention: window(&|method| method.attention.window_hours),
            reactors: window(&|method| method.window_hours()),
        }
    }

    /// What a measure says of a person, with `{}` for its value.
    pub(crate) fn sentence(&self, measure: &str) -> String {
        let table = schema::table(Direction::Output, "measures");
        let columns = table.iter().flat_map(|table| &table.columns);
        let mut declared = columns.filter(|column| column.name == measure);
        let says = declared.find_map(|column| column.measure.as_ref()?.says.clone());
        let says =
            says.map(|says| says.replace(WITHIN_WINDOW, &format!("in the last {}", self.reactors)));
        says.unwrap_or_else(|| format!("{measure} of {{}}"))
    }

    /// The meaning of a measure, with the length of its window.
    pub(crate) fn meaning(&self, meaning: &str) -> String {
        meaning
            .replace(WITHIN_WINDOW, &format!("in the last {}", self.reactors))
            .replace(OF_WINDOW, &format!("of the last {}", self.reactors))
            .replace(ATTENTION_WINDOW, &format!("The window is {}.", self.attention))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Result;
    use crate::method::BUILT_IN;

    /// Nothing that a reader sees of a run speaks of the window of a method without its length.
    #[test]
    fn windows_say_their_lengths() -> Result<()> {
        let mut method = Method::parse("standard", BUILT_IN)?;
        for (hours, attention, reactors) in [
            (72, "3 days", "90 days"),
            (36, "36 hours", "90 days"),
            (2161, "2,161 hours", "2,161 hours"),
        ] {
            method.attention.window_hours = hours;
            let windows = Windows::of(Some(&method));
            for column in &schema::table(Direction::Output, "measures")?.columns {
                let texts = [windows.sentence(&column.name), windows.meaning(&column.meaning)];
                for text in texts {
                    assert!(
                        !text.contains("method's window") && !text.contains("`window_hours`"),
                        "{text}"
                    );
                }
            }
            let says = windows.sentence("credited_reactors_window");
            assert_eq!(says, format!("{{}} people by credit reacted in the last {reactors}"));
            let says = windows.sentence("reactors_window");
            assert_eq!(says, format!("{{}} people reacted in the last {reactors}"));
            let meaning = windows.meaning(&format!("Attention. {ATTENTION_WINDOW}"));
            assert_eq!(meaning, format!("Attention. The window is {attention}."));
        }
        Ok(())
    }
}
