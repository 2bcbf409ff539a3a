//! The two text files: six columns a line, separated by white space.
use std::fs;
use std::io::Write;
use std::path::Path;

use crate::chromosome::Chromosome;
use crate::error::{Error, PlinkFile, Result};

/// A line of the `.bim`.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Its chromosome.
    pub chromosome: Chromosome,
    /// Its name.
    pub id: Box<str>,
    /// Position in morgans or centimorgans; 0 where unknown.
    pub genetic_position: f64,
    /// Base-pair coordinate. A variant at a negative one is ignored when a data set is read.
    pub position: i64,
    /// A1: usually the minor allele; the one that a dosage counts.
    pub a1: Box<str>,
    /// A2: usually the major allele.
    pub a2: Box<str>,
}

/// A line of the `.fam`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Family.
    pub family: Box<str>,
    /// Name within the family.
    pub id: Box<str>,
    /// Name of the father, `0` where unknown.
    pub father: Box<str>,
    /// Name of the mother, `0` where unknown.
    pub mother: Box<str>,
    /// 1 = male, 2 = female, anything else = unknown.
    pub sex: Box<str>,
    /// As in the file: a case-control code or a number.
    pub phenotype: Box<str>,
}

/// A line with six columns.
pub(super) trait Record: Sized {
    const FILE: PlinkFile;
    /// Names of the columns, for messages.
    const COLUMNS: [&'static str; 6];
    /// What a header calls the columns, in PLINK 2's words; none where any name will do.
    const HEADER: [&'static [&'static str]; 6];
    /// Parses the six columns, or says which one is wrong and why.
    fn parse(columns: [&str; 6]) -> Result<Self, String>;
    fn write(&self, to: &mut impl Write) -> std::io::Result<()>;
}

impl Record for Variant {
    const FILE: PlinkFile = PlinkFile::Bim;
    const COLUMNS: [&'static str; 6] =
        ["chromosome", "variant", "genetic position", "position", "allele 1", "allele 2"];
    const HEADER: [&'static [&'static str]; 6] =
        [&["CHROM", "CHR"], &["ID", "SNP"], &["CM"], &["POS", "BP"], &["ALT", "A1"], &["REF", "A2"]];

    fn parse([chromosome, id, genetic_position, position, a1, a2]: [&str; 6]) -> Result<Self, String> {
        Ok(Self {
            chromosome: Chromosome::new(chromosome),
            id: id.into(),
            genetic_position: number(genetic_position, "genetic position")?,
            position: number(position, "position")?,
            a1: a1.into(),
            a2: a2.into(),
        })
    }

    fn write(&self, to: &mut impl Write) -> std::io::Result<()> {
        let Self { chromosome, id, genetic_position, position, a1, a2 } = self;
        writeln!(to, "{chromosome}\t{id}\t{genetic_position}\t{position}\t{a1}\t{a2}")
    }
}

impl Record for Sample {
    const FILE: PlinkFile = PlinkFile::Fam;
    const COLUMNS: [&'static str; 6] = ["family", "sample", "father", "mother", "sex", "phenotype"];
    const HEADER: [&'static [&'static str]; 6] = [&["FID"], &["IID"], &["PAT"], &["MAT"], &["SEX"], &[]];

    fn parse(columns: [&str; 6]) -> Result<Self, String> {
        let [family, id, father, mother, sex, phenotype] = columns.map(Box::from);
        Ok(Self { family, id, father, mother, sex, phenotype })
    }

    fn write(&self, to: &mut impl Write) -> std::io::Result<()> {
        let Self { family, id, father, mother, sex, phenotype } = self;
        writeln!(to, "{family} {id} {father} {mother} {sex} {phenotype}")
    }
}

fn number<T: std::str::FromStr>(text: &str, column: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("the {column} is `{text}`, expected a number"))
}

/// Whether a line is a header rather than a record: it begins with `#`, or with the names of the first two columns.
///
/// # Errors
/// What is wrong with it: it names other columns than the file has, so that records would be read amiss; or it stands
/// where a record belongs.
fn is_header<R: Record>(columns: [&str; 6], first: bool) -> Result<bool, String> {
    let named = |column: &str, names: &[&str]| {
        names.is_empty() || names.iter().any(|name| name.eq_ignore_ascii_case(column))
    };
    let marked = columns[0].strip_prefix('#');
    let begin = marked.unwrap_or(columns[0]);
    if marked.is_none() && !(named(begin, R::HEADER[0]) && named(columns[1], R::HEADER[1])) {
        return Ok(false);
    }
    if !first {
        return Err(format!("it begins with `{}`: a header is the first line", columns[0]));
    }
    // Two marks begin a comment.
    if begin.starts_with('#') {
        return Ok(true);
    }
    let all = [begin, columns[1], columns[2], columns[3], columns[4], columns[5]];
    match all.iter().zip(R::HEADER).all(|(column, names)| named(column, names)) {
        true => Ok(true),
        false => Err(format!(
            "its header names the columns {}, expected {}",
            all.join(", ").trim_end_matches(", "),
            R::COLUMNS.join(", ")
        )),
    }
}

/// Reads every line; a header, comments before it (`##`), and blank lines at the end are skipped.
pub(super) fn read<R: Record>(path: &Path) -> Result<Vec<R>> {
    let bytes = fs::read(path).map_err(Error::reading(path))?;
    // Some editors begin a file with a byte order mark, which is not part of the first name.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let wrong =
        |line: usize, problem: String| Error::MalformedLine { path: path.to_path_buf(), line, problem };
    let mut records = Vec::new();
    let mut blank = None;
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        let line_number = index + 1;
        let line = str::from_utf8(line)
            .map_err(|_| wrong(line_number, "it is not UTF-8 text: is this the right file?".to_string()))?;
        let mut columns = line.split_ascii_whitespace();
        let mut next = || columns.next().unwrap_or("");
        let six: [&str; 6] = std::array::from_fn(|_| next());
        if six[0].is_empty() {
            blank = blank.or(Some(line_number));
            continue;
        }
        if let Some(blank) = blank {
            return Err(wrong(blank, format!("it is blank, but line {line_number} is not")));
        }
        if is_header::<R>(six, records.is_empty()).map_err(|problem| wrong(line_number, problem))? {
            continue;
        }
        let further = columns.count();
        if six[5].is_empty() || further > 0 {
            return Err(wrong(
                line_number,
                format!(
                    "it has {} columns, expected 6 ({})",
                    six.iter().filter(|column| !column.is_empty()).count() + further,
                    R::COLUMNS.join(", ")
                ),
            ));
        }
        records.push(R::parse(six).map_err(|problem| wrong(line_number, problem))?);
    }
    match records.is_empty() {
        true => Err(Error::Empty { path: path.to_path_buf(), what: R::FILE.describes() }),
        false => Ok(records),
    }
}
