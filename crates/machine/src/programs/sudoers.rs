//! What /etc/sudoers lets a user run. Models sudo's plugins/sudoers as far as user specifications go.

use crate::sys::Sys;

/// A line of the file that fits a user.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    /// What stands before the commands: `(ALL : ALL)`, `(ALL : ALL) NOPASSWD:`.
    pub(super) head: String,
    /// `ALL`, paths with arguments, some of them negated.
    pub(super) commands: Vec<String>,
}

/// Everything the files give a user; `None` where there is no file.
pub(super) fn grants(sys: &mut Sys<'_>, user: &str, groups: &[String]) -> Option<Vec<Grant>> {
    let main = sys.slurp("/etc/sudoers").ok()?;
    let mut texts = Vec::new();
    for line in main.lines() {
        let line = line.trim();
        let folder = line.strip_prefix("@includedir").or_else(|| line.strip_prefix("#includedir"));
        let Some(folder) = folder.map(str::trim) else {
            texts.push(line.to_owned());
            continue;
        };
        for file in
            sys.list(folder).unwrap_or_default().into_iter().filter(|f| !f.contains('.') && !f.ends_with('~'))
        {
            let text = sys.slurp(&format!("{folder}/{file}")).unwrap_or_default();
            texts.extend(text.lines().map(|l| l.trim().to_owned()));
        }
    }
    let alias = |name: &str| {
        let start = format!("Cmnd_Alias {name}");
        texts.iter().find_map(|l| {
            let rest = l.strip_prefix(&start)?.trim_start().strip_prefix('=')?;
            Some(rest.split(',').map(|c| c.trim().to_owned()).collect::<Vec<_>>())
        })
    };
    let mut all = Vec::new();
    for line in &texts {
        if line.is_empty() || line.starts_with('#') || line.starts_with("Defaults") || line.contains("_Alias")
        {
            continue;
        }
        let Some((who, rest)) = line.split_once(char::is_whitespace) else { continue };
        let fits = who.split(',').any(|w| match w.strip_prefix('%') {
            Some(group) => groups.iter().any(|g| g == group),
            None => w == user || w == "ALL",
        });
        let Some((_, spec)) = rest.split_once('=').filter(|_| fits) else { continue };
        let spec = spec.trim();
        let (run_as, commands) = match spec.strip_prefix('(').and_then(|s| s.split_once(')')) {
            Some((run_as, rest)) => (run_as.replace(':', " : "), rest.trim()),
            None => ("root".to_owned(), spec),
        };
        let (tag, commands) =
            match commands.split_once(':').filter(|(t, _)| t.chars().all(|c| c.is_ascii_uppercase())) {
                Some((tag, rest)) => (format!(" {tag}:"), rest.trim()),
                None => (String::new(), commands),
            };
        let mut list = Vec::new();
        for command in commands.split(',').map(str::trim) {
            match alias(command) {
                Some(more) => list.extend(more),
                None => list.push(command.to_owned()),
            }
        }
        all.push(Grant { head: format!("({run_as}){tag}"), commands: list });
    }
    Some(all)
}

/// Whether the grants let a command line run; the last word that fits counts.
pub(super) fn allows(grants: &[Grant], command: &[String]) -> bool {
    let mut allowed = false;
    let path = command.first().map_or("", String::as_str);
    let arguments = command.get(1..).unwrap_or_default().join(" ");
    for rule in grants.iter().flat_map(|g| &g.commands) {
        let (not, rule) = rule.strip_prefix('!').map_or((false, rule.as_str()), |r| (true, r));
        let (file, wanted) = rule.split_once(' ').map_or((rule, None), |(f, a)| (f, Some(a)));
        let same = |a: &str, b: &str| a.trim_start_matches("/usr") == b.trim_start_matches("/usr");
        let fits = rule == "ALL"
            || (same(file, path) || file.ends_with('/') && path.starts_with(file))
                && match wanted {
                    None => true,
                    Some("\"\"") => arguments.is_empty(),
                    Some(w) => {
                        w.strip_suffix('*').map_or(w == arguments, |start| arguments.starts_with(start))
                    }
                };
        if fits {
            allowed = !not;
        }
    }
    allowed
}
