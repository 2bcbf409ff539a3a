//! Chromosome names as PLINK codes them, and selections such as `1-22` or `1,3,5-7,X`.
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::error::{Error, Result};

/// PLINK's codes for human chromosomes that are named by letters.
const LETTERS: [(&str, u16); 5] = [("X", 23), ("Y", 24), ("XY", 25), ("MT", 26), ("M", 26)];

/// A chromosome: a number, with PLINK's human codes (23 = X, 24 = Y, 25 = XY, 26 = MT, 0 = unplaced), or
/// a contig's name. `chr1`, `CHR1` and `1` are the same chromosome.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Chromosome {
    /// A numbered chromosome.
    Number(u16),
    /// A named contig.
    Named(Box<str>),
}

impl Chromosome {
    /// Parses a name. Every text is a chromosome: one that has no number is the name of a contig.
    pub fn new(text: &str) -> Self {
        let bare = match text.get(..3) {
            Some(head) if head.eq_ignore_ascii_case("chr") && text.len() > 3 => &text[3..],
            _ => text,
        };
        if let Ok(number) = bare.parse::<u16>() {
            return Self::Number(number);
        }
        match LETTERS.iter().find(|(letters, _)| letters.eq_ignore_ascii_case(bare)) {
            Some(&(_, number)) => Self::Number(number),
            None => Self::Named(text.into()),
        }
    }

    /// Whether it is one of the human autosomes, of which everybody has two copies. Unplaced variants and contigs
    /// aren't known to be.
    pub fn is_autosome(&self) -> bool {
        matches!(self, Self::Number(1..=22))
    }
}

impl fmt::Display for Chromosome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => match LETTERS.iter().find(|(_, code)| code == number) {
                Some((letters, _)) => f.write_str(letters),
                None => write!(f, "{number}"),
            },
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// A set of chromosomes: `1-22`, `X`, `1,3,5-7,X`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChromosomeSelection {
    text: String,
    ranges: Vec<RangeInclusive<u16>>,
    names: Vec<Box<str>>,
}

impl ChromosomeSelection {
    /// Whether the selection holds this chromosome.
    pub fn contains(&self, chromosome: &Chromosome) -> bool {
        match chromosome {
            Chromosome::Number(number) => self.ranges.iter().any(|range| range.contains(number)),
            Chromosome::Named(name) => self.names.contains(name),
        }
    }
}

impl FromStr for ChromosomeSelection {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = |problem: String| Error::ChromosomeSelection { given: text.to_string(), problem };
        let mut selection = Self { text: text.trim().to_string(), ranges: Vec::new(), names: Vec::new() };
        for item in text.split(',').map(str::trim) {
            if item.is_empty() {
                return Err(wrong("an item of the list is empty".to_string()));
            }
            // A contig's name may hold a dash; it is a range only where both ends are numbers.
            let ends =
                item.split_once('-').map(|(a, b)| (Chromosome::new(a.trim()), Chromosome::new(b.trim())));
            match ends {
                Some((Chromosome::Number(first), Chromosome::Number(last))) => {
                    if first > last {
                        return Err(wrong(format!("the range `{item}` runs backwards")));
                    }
                    selection.ranges.push(first..=last);
                }
                Some(_) if item.starts_with('-') || item.ends_with('-') => {
                    return Err(wrong(format!("the range `{item}` lacks an end")));
                }
                _ => match Chromosome::new(item) {
                    Chromosome::Number(number) => selection.ranges.push(number..=number),
                    Chromosome::Named(name) => selection.names.push(name),
                },
            }
        }
        Ok(selection)
    }
}

impl fmt::Display for ChromosomeSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(text: &str, among: &[&str]) -> Vec<String> {
        let selection: ChromosomeSelection = text.parse().unwrap();
        let chromosomes = among.iter().map(|name| Chromosome::new(name));
        chromosomes.filter(|chromosome| selection.contains(chromosome)).map(|c| c.to_string()).collect()
    }

    #[test]
    fn names_and_codes_are_one_chromosome() {
        for (text, shown) in
            [("chr7", "7"), ("23", "X"), ("x", "X"), ("MT", "MT"), ("chrM", "MT"), ("26", "MT")]
        {
            assert_eq!(Chromosome::new(text).to_string(), shown);
        }
        assert_eq!(Chromosome::new("HLA-A").to_string(), "HLA-A");
        assert_eq!(Chromosome::new("chr"), Chromosome::Named("chr".into()));
        assert_eq!(Chromosome::new("é").to_string(), "é");
    }

    #[test]
    fn lists_and_ranges_select() {
        let all = ["0", "1", "2", "22", "X", "25", "26", "HLA-A"];
        assert_eq!(selected("1-22", &all), ["1", "2", "22"]);
        assert_eq!(selected(" 2 , X ", &all), ["2", "X"]);
        assert_eq!(selected("X-MT", &all), ["X", "XY", "MT"]);
        assert_eq!(selected("HLA-A,1", &all), ["1", "HLA-A"]);
    }

    #[test]
    fn what_is_wrong_with_a_selection_is_said() {
        for (text, part) in [("", "empty"), ("1,,2", "empty"), ("7-5", "backwards"), ("3-", "lacks an end")] {
            let message = text.parse::<ChromosomeSelection>().unwrap_err().to_string();
            assert!(message.contains(part) && message.contains("`1-22`"), "{message}");
        }
    }
}
