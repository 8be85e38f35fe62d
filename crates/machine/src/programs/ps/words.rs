//! The words `ps` takes: letters with a dash, letters without, and long options, each with a meaning of its own.

use super::columns::{self, Column};

/// What is said to words that are not understood, after what is wrong.
pub(super) const USAGE: &str = "
Usage:
 ps [options]

 Try 'ps --help <simple|list|output|threads|misc|all>'
  or 'ps --help <s|l|o|t|m|a>'
 for additional help text.

For more details see ps(1).
";

/// Which of its three ways of writing a table is meant.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Style {
    /// `ps`, `ps -ef`.
    #[default]
    Unix,
    /// `ps ax`.
    Bsd,
    /// `ps aux`.
    Users,
}

/// What is asked for.
pub(super) struct Asked {
    pub(super) style: Style,
    /// `-e`: every process.
    pub(super) all: bool,
    /// `a`: those of others too.
    pub(super) others: bool,
    /// `x`: those without a terminal too.
    pub(super) detached: bool,
    pub(super) full: bool,
    pub(super) jobs: bool,
    pub(super) label: bool,
    pub(super) forest: bool,
    pub(super) headings: bool,
    pub(super) pids: Vec<u32>,
    pub(super) ppids: Vec<u32>,
    pub(super) names: Vec<String>,
    pub(super) users: Vec<String>,
    pub(super) columns: Vec<(Column, String)>,
    pub(super) sort: Vec<(&'static Column, bool)>,
}

/// Reads the words.
///
/// # Errors
/// What procps says is wrong with them.
pub(super) fn parse(words: &[String]) -> Result<Asked, String> {
    let mut asked = Asked {
        style: Style::Unix,
        all: false,
        others: false,
        detached: false,
        full: false,
        jobs: false,
        label: false,
        forest: false,
        headings: true,
        pids: Vec::new(),
        ppids: Vec::new(),
        names: Vec::new(),
        users: Vec::new(),
        columns: Vec::new(),
        sort: Vec::new(),
    };
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if let Some(long) = word.strip_prefix("--") {
            let (name, value) =
                long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            match name {
                "no-heading" | "no-headings" | "no-headers" | "no-header" | "noheader" | "noheaders"
                | "noheading" | "noheadings" => asked.headings = false,
                "forest" => asked.forest = true,
                "context" => asked.label = true,
                "cols" | "columns" | "width" | "rows" | "lines" | "pid" | "ppid" | "user" | "User"
                | "format" | "sort" => {
                    let value = value.or_else(|| words.next()).ok_or("option requires an argument")?;
                    asked.valued(name, value)?;
                }
                _ => return Err("unknown gnu long option".to_owned()),
            }
        } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            for (at, letter) in letters.char_indices() {
                let name = match letter {
                    'e' | 'A' => {
                        asked.all = true;
                        continue;
                    }
                    'a' | 'd' => {
                        asked.others = true;
                        continue;
                    }
                    'f' | 'F' => {
                        asked.full = true;
                        continue;
                    }
                    'j' => {
                        asked.jobs = true;
                        continue;
                    }
                    'H' => {
                        asked.forest = true;
                        continue;
                    }
                    'M' | 'Z' => {
                        asked.label = true;
                        continue;
                    }
                    'w' | 'y' | 'l' | 'c' => continue,
                    'x' => return Err("must set personality to get -x option".to_owned()),
                    'o' | 'O' => "format",
                    'p' | 'q' => "pid",
                    'C' => "name",
                    'u' => "user",
                    'U' => "User",
                    _ => return Err("unsupported SysV option".to_owned()),
                };
                let rest = word.get(at + 2..).filter(|rest| !rest.is_empty());
                let value = rest.or_else(|| words.next());
                let missing = match name {
                    "format" => "format specification must follow -o",
                    _ => "list of process IDs must follow -p",
                };
                asked.valued(name, value.ok_or(missing)?)?;
                break;
            }
        } else if word.starts_with(|c: char| c.is_ascii_digit()) {
            asked.style = if asked.style == Style::Unix { Style::Bsd } else { asked.style };
            asked.valued("pid", word)?;
        } else {
            asked.bsd(word, &mut words)?;
        }
    }
    Ok(asked)
}

impl Asked {
    /// Letters without a dash.
    fn bsd<'a>(&mut self, word: &'a str, words: &mut impl Iterator<Item = &'a str>) -> Result<(), String> {
        if self.style == Style::Unix {
            self.style = Style::Bsd;
        }
        for (at, letter) in word.char_indices() {
            let name = match letter {
                'a' => {
                    self.others = true;
                    continue;
                }
                'x' => {
                    self.detached = true;
                    continue;
                }
                'u' => {
                    self.style = Style::Users;
                    continue;
                }
                'f' => {
                    self.forest = true;
                    continue;
                }
                'j' => {
                    self.jobs = true;
                    continue;
                }
                'Z' | 'M' => {
                    self.label = true;
                    continue;
                }
                'h' => {
                    self.headings = false;
                    continue;
                }
                'e' | 'w' | 'c' | 'n' | 'l' | 'r' | 'S' => continue,
                'o' => "format",
                'p' => "pid",
                'U' => "user",
                'k' => "sort",
                _ => return Err("unsupported option (BSD syntax)".to_owned()),
            };
            let rest = word.get(at + 1..).filter(|rest| !rest.is_empty());
            let value = rest.or_else(|| words.next()).ok_or("option requires an argument")?;
            return self.valued(name, value);
        }
        Ok(())
    }

    fn valued(&mut self, name: &str, value: &str) -> Result<(), String> {
        let items = || value.split([',', ' ']).filter(|item| !item.is_empty());
        let numbers = || {
            let syntax = || "process ID list syntax error".to_owned();
            items().map(|item| item.parse::<u32>().map_err(|_| syntax())).collect::<Result<Vec<_>, _>>()
        };
        match name {
            "pid" => self.pids.extend(numbers()?),
            "ppid" => self.ppids.extend(numbers()?),
            "name" => self.names.extend(items().map(|item| item.chars().take(15).collect())),
            "user" | "User" => self.users.extend(items().map(str::to_owned)),
            "sort" => {
                for item in items() {
                    let column =
                        columns::find(item.trim_start_matches(['+', '-'])).ok_or("unknown sort specifier")?;
                    self.sort.push((column, item.starts_with('-')));
                }
            }
            "format" => {
                let mut rest = value;
                while !rest.is_empty() {
                    // A heading goes on to the end.
                    let (item, heading, then) = match (rest.find([',', ' ']), rest.find('=')) {
                        (Some(comma), equals) if equals.is_none_or(|equals| comma < equals) => {
                            (rest.get(..comma), None, rest.get(comma + 1..))
                        }
                        (_, Some(equals)) => (rest.get(..equals), rest.get(equals + 1..), None),
                        (_, None) => (Some(rest), None, None),
                    };
                    let (item, then) = (item.unwrap_or_default(), then.unwrap_or_default());
                    // `pid=,comm=`: where nothing follows the equals sign, the list goes on.
                    let (heading, then) = match heading {
                        Some(text) if text.starts_with(',') => (Some(""), text.trim_start_matches(',')),
                        heading => (heading, then),
                    };
                    rest = then;
                    if item.is_empty() {
                        continue;
                    }
                    let unknown = || format!("unknown user-defined format specifier \"{item}\"");
                    let (name, width) = match item.split_once(':') {
                        Some((name, width)) => {
                            (name, Some(width.parse().ok().filter(|w| *w > 0).ok_or_else(unknown)?))
                        }
                        None => (item, None),
                    };
                    let column = *columns::find(name).ok_or_else(unknown)?;
                    let column = width.map_or(column, |width| column.as_wide(width));
                    self.columns.push((column, heading.unwrap_or_else(|| column.heading()).to_owned()));
                }
            }
            _ => {}
        }
        Ok(())
    }
}
