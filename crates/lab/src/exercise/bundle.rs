//! An exercise with all its files.

use std::collections::BTreeMap;

use super::format::Exercise;

/// An exercise and the files of its folder, paths relative to it. Read from disk by the native binary, or built in.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// What `exercise.yaml` says.
    pub exercise: Exercise,
    /// Every other file of the folder.
    pub files: BTreeMap<String, String>,
}

/// An answer: files laid over the learner's home directory and lines for the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Paths relative to the home directory (`node01:/path` for a host's file) and texts.
    pub files: Vec<(String, String)>,
    /// Shell lines, run in order afterwards.
    pub commands: Vec<String>,
}

impl Bundle {
    /// The task in Markdown, as the learner reads it.
    #[must_use]
    pub fn task(&self) -> &str {
        self.files.get("task.md").map_or("", String::as_str)
    }

    /// What the solution teaches, in Markdown; may be empty.
    #[must_use]
    pub fn solution_notes(&self) -> &str {
        self.files.get("solution.md").map_or("", String::as_str)
    }

    /// All that a front end may want to look at before it opens the exercise: every file, and what `exercise.yaml` says of
    /// the cluster.
    pub fn texts(&self) -> impl Iterator<Item = &str> + Clone {
        let cluster = &self.exercise.cluster;
        let plugins = cluster.enable_admission_plugins.iter().map(String::as_str);
        self.files.values().map(String::as_str).chain([cluster.version.as_str()]).chain(plugins)
    }

    /// The commands that the checks run, a line each.
    #[must_use]
    pub fn commands(&self) -> String {
        let runs = self.exercise.checks.iter().flat_map(|check| check.run.iter().flatten());
        runs.flat_map(|run| [run.command.as_str(), "\n"]).collect()
    }

    /// A file of the folder.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// The files below a folder, paths relative to it, by path.
    pub fn below<'a>(&'a self, dir: &str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let prefix = format!("{}/", dir.trim_end_matches('/'));
        self.files.iter().filter_map(move |(path, text)| Some((path.strip_prefix(&prefix)?, text.as_str())))
    }

    /// The answer kept in a folder (`solution`, `wrong/…`): its `commands.sh`, where it has one, says what to type
    /// (`hosts/NODE/PATH` are files of hosts); without one every manifest is applied.
    #[must_use]
    pub fn answer(&self, dir: &str) -> Answer {
        let mut answer = Answer::default();
        let mut commands = None;
        for (path, text) in self.below(dir) {
            if path == "commands.sh" {
                commands = Some(lines(text));
            } else if let Some((host, file)) = path.strip_prefix("hosts/").and_then(|p| p.split_once('/')) {
                answer.files.push((format!("{host}:/{file}"), text.to_owned()));
            } else {
                answer.files.push((path.to_owned(), text.to_owned()));
            }
        }
        answer.commands = commands.unwrap_or_else(|| {
            let manifests = answer.files.iter().map(|(path, _)| path).filter(|p| p.ends_with(".yaml"));
            manifests.map(|p| format!("kubectl apply -f {p}")).collect()
        });
        answer
    }
}

/// The shell lines of a script: comments and empty lines left out, here-documents and continued lines kept whole.
#[must_use]
pub fn lines(script: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut heredoc: Option<String> = None;
    let mut continued = false;
    for line in script.lines() {
        match (&heredoc, out.last_mut()) {
            (Some(end), Some(last)) => {
                last.push('\n');
                last.push_str(line);
                if line == end {
                    heredoc = None;
                }
                continue;
            }
            (None, Some(last)) if continued => {
                last.push('\n');
                last.push_str(line);
            }
            _ if line.trim().is_empty() || line.trim_start().starts_with('#') => continue,
            _ => out.push(line.to_owned()),
        }
        continued = line.ends_with('\\');
        if let Some((_, word)) = line.split_once("<<") {
            let word = word.trim_start_matches('-').trim_start();
            let word = word.split_whitespace().next().unwrap_or_default();
            heredoc = Some(word.trim_matches(|c| c == '\'' || c == '"').to_owned());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn a_script_falls_into_lines() {
        let script = "# first\nkubectl get pods\n\ncat > f <<'EOF'\na\n\n# b\nEOF\necho a \\\n  b\n";
        assert_eq!(lines(script), ["kubectl get pods", "cat > f <<'EOF'\na\n\n# b\nEOF", "echo a \\\n  b"]);
    }
}
