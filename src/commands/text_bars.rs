//! Small bars in text.

/// Parts of a place, from none to seven eighths.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// What bars are drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bars {
    /// Blocks, to an eighth of a place.
    Blocks,
    /// `#`, to a place: for terminals that show no other characters.
    Hashes,
}

impl Bars {
    /// What the terminal shows by its locale in the environment: blocks if that is of UTF-8, by the first of `LC_ALL`,
    /// `LC_CTYPE` and `LANG` that is set and not empty. Source: POSIX.1-2024, *Environment Variables*, §8.2.
    pub fn of_environment() -> Self {
        Self::of_locale(|name| std::env::var(name).ok())
    }

    fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
        let locale = locale.to_lowercase();
        if locale.contains("utf-8") || locale.contains("utf8") {
            Self::Blocks
        } else {
            Self::Hashes
        }
    }

    /// Whether other signs than letters, digits and `#` are shown.
    pub fn shows_signs(self) -> bool {
        self == Self::Blocks
    }

    /// A bar of `share`, 0 to 1, of `width` places; any share above 0 is seen.
    pub fn draw(self, share: f64, width: usize) -> String {
        let (full, steps) = match self {
            Self::Blocks => ("█", EIGHTHS.len()),
            Self::Hashes => ("#", 1),
        };
        let drawn = libm::round(share.clamp(0.0, 1.0) * (width * steps) as f64) as usize;
        let drawn = drawn.max(usize::from(share > 0.0));
        full.repeat(drawn / steps) + EIGHTHS[drawn % steps]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        for (share, blocks, hashes) in [
            (0.0, "", ""),
            (-1.0, "", ""),
            (f64::NAN, "", ""),
            (1e-9, "▏", "#"),
            (0.125, "▌", "#"),
            (0.25, "█", "#"),
            (0.5, "██", "##"),
            (0.6, "██▍", "##"),
            (0.72, "██▉", "###"),
            (0.99, "████", "####"),
            (1.0, "████", "####"),
            (7.0, "████", "####"),
        ] {
            assert_eq!(Bars::Blocks.draw(share, 4), blocks, "{share}");
            assert_eq!(Bars::Hashes.draw(share, 4), hashes, "{share}");
        }
        let steps: String =
            (1..8).map(|eighth| Bars::Blocks.draw(f64::from(eighth) / 8.0, 1)).collect();
        assert_eq!(steps, "▏▎▍▌▋▊▉");
    }

    #[test]
    fn the_first_locale_variable_that_is_set_decides() {
        let of = |set: &[(&str, &str)]| {
            Bars::of_locale(|name| {
                let variable = set.iter().find(|(variable, _)| *variable == name);
                variable.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[]), Bars::Hashes);
        assert_eq!(of(&[("LANG", "de_DE.UTF-8")]), Bars::Blocks);
        assert_eq!(of(&[("LANG", "de_DE.ISO-8859-1")]), Bars::Hashes);
        assert_eq!(of(&[("LANG", "C.utf8"), ("LC_CTYPE", "C")]), Bars::Hashes);
        assert_eq!(of(&[("LC_ALL", ""), ("LC_CTYPE", "C.UTF8"), ("LANG", "C")]), Bars::Blocks);
        assert_eq!(of(&[("LC_ALL", "POSIX"), ("LC_CTYPE", "en_US.UTF-8")]), Bars::Hashes);
    }
}
