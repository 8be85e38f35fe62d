//! `ufw`: the host firewall's rules, kept in /etc/ufw as the real one keeps them.
//!
//! Says and remembers; which packets pass is [`crate::node::firewall`]'s business. Models ufw's src/{frontend,backend}.py.

use crate::node::firewall::{ANY, UfwRule as Rule};
use crate::sys::Sys;

const RULES: &str = "/etc/ufw/user.rules";
const CONF: &str = "/etc/ufw/ufw.conf";
const DEFAULTS: &str = "/etc/default/ufw";
const SERVICES: &[(&str, &str, &str)] = &[
    ("ssh", "22", "tcp"),
    ("http", "80", "tcp"),
    ("https", "443", "tcp"),
    ("OpenSSH", "22", "tcp"),
    ("smtp", "25", "tcp"),
    ("domain", "53", "any"),
    ("ftp", "21", "tcp"),
];

/// How a rule is written down and shown.
trait Shown {
    fn line(&self) -> String;
    fn columns(&self, numbered: bool) -> (String, String, String);
    fn words(&self) -> String;
}

fn is_any(address: &str) -> bool {
    address == ANY || address == "::/0"
}

impl Shown for Rule {
    fn line(&self) -> String {
        let direction = if self.out { "out" } else { "in" };
        format!(
            "### tuple ### {} {} {} {} any {} {direction}\n",
            self.action, self.proto, self.port, self.to, self.from
        )
    }

    /// The columns of `ufw status`.
    fn columns(&self, numbered: bool) -> (String, String, String) {
        let mark = if self.v6 { " (v6)" } else { "" };
        let port = match (self.port.as_str(), self.proto.as_str()) {
            ("any", _) => String::new(),
            (port, "any") => port.to_owned(),
            (port, proto) => format!("{port}/{proto}"),
        };
        let place = |address: &str, port: &str| match (is_any(address), port.is_empty()) {
            (true, true) => format!("Anywhere{mark}"),
            (true, false) => format!("{port}{mark}"),
            (false, true) => address.to_owned(),
            (false, false) => format!("{address} {port}"),
        };
        let direction = match (self.out, numbered) {
            (true, _) => " OUT",
            (false, true) => " IN",
            _ => "",
        };
        (place(&self.to, &port), format!("{}{direction}", self.action.to_uppercase()), place(&self.from, ""))
    }

    /// As it was typed.
    fn words(&self) -> String {
        let port =
            if self.proto == "any" { self.port.clone() } else { format!("{}/{}", self.port, self.proto) };
        if is_any(&self.from) && is_any(&self.to) && self.port != "any" {
            return format!("{} {port}", self.action);
        }
        let mut text =
            format!("{} from {}", self.action, if is_any(&self.from) { "any" } else { &self.from });
        if self.port != "any" {
            text.push_str(&format!(" to any port {}", self.port));
            if self.proto != "any" {
                text.push_str(&format!(" proto {}", self.proto));
            }
        }
        text
    }
}

fn rules(sys: &mut Sys<'_>) -> Vec<Rule> {
    sys.slurp(RULES).unwrap_or_default().lines().filter_map(Rule::parse).collect()
}

fn save(sys: &mut Sys<'_>, rules: &[Rule]) {
    let text: String = rules.iter().map(Rule::line).collect();
    let _ = sys.mkdir("/etc/ufw", 0o755);
    let _ = sys.spill(RULES, format!("*filter\n### RULES ###\n{text}### END RULES ###\nCOMMIT\n").as_bytes());
}

fn active(sys: &mut Sys<'_>) -> bool {
    sys.slurp(CONF).unwrap_or_default().lines().any(|l| l.trim() == "ENABLED=yes")
}

fn policy(sys: &mut Sys<'_>, direction: &str) -> String {
    let key = format!("DEFAULT_{}_POLICY=", direction.to_uppercase());
    let text = sys.slurp(DEFAULTS).unwrap_or_default();
    let word = text.lines().rev().find_map(|l| l.strip_prefix(&key)).map(|v| v.trim_matches('"').to_owned());
    match word.as_deref() {
        Some("ACCEPT") => "allow".to_owned(),
        Some("REJECT") => "reject".to_owned(),
        Some(_) => "deny".to_owned(),
        None => if direction == "output" { "allow" } else { "deny" }.to_owned(),
    }
}

fn proceed(sys: &mut Sys<'_>, question: &str, force: bool) -> bool {
    if force {
        return true;
    }
    sys.print(question);
    let answer = sys.read_line(0).map(|(l, _)| l).unwrap_or_default();
    let yes = answer.trim().is_empty() || answer.trim().starts_with(['y', 'Y']);
    if !yes {
        sys.print("Aborted\n");
    }
    yes
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let force = argv.iter().any(|a| a == "--force");
    let words: Vec<&str> = argv.iter().skip(1).filter(|a| !a.starts_with("--")).map(String::as_str).collect();
    if sys.getid("geteuid") != 0 {
        sys.complain("ERROR: You need to be root to run this script\n");
        return 1;
    }
    match words.as_slice() {
        ["status", rest @ ..] => status(sys, rest.first().copied().unwrap_or("")),
        ["enable"] => {
            if proceed(
                sys,
                "Command may disrupt existing ssh connections. Proceed with operation (y|n)? ",
                force,
            ) {
                let _ = sys.mkdir("/etc/ufw", 0o755);
                let _ = sys.spill(CONF, b"ENABLED=yes\nLOGLEVEL=low\n");
                sys.print("Firewall is active and enabled on system startup\n");
            }
            0
        }
        ["disable"] => {
            let _ = sys.mkdir("/etc/ufw", 0o755);
            let _ = sys.spill(CONF, b"ENABLED=no\nLOGLEVEL=low\n");
            sys.print("Firewall stopped and disabled on system startup\n");
            0
        }
        ["reset"] => {
            if proceed(
                sys,
                "Resetting all rules to installed defaults. This may disrupt existing ssh\nconnections. Proceed with operation (y|n)? ",
                force,
            ) {
                save(sys, &[]);
                let _ = sys.spill(CONF, b"ENABLED=no\nLOGLEVEL=low\n");
                sys.print("Backing up 'user.rules' to '/etc/ufw/user.rules.20261120_000000'\n");
            }
            0
        }
        ["reload"] => {
            let on = active(sys);
            sys.print(if on { "Firewall reloaded\n" } else { "Firewall not enabled (skipping reload)\n" });
            0
        }
        ["default", action @ ("allow" | "deny" | "reject"), rest @ ..] => {
            let direction = rest.first().copied().unwrap_or("incoming");
            let (name, policy) = match direction {
                "outgoing" => ("OUTPUT", action),
                "routed" => ("FORWARD", action),
                _ => ("INPUT", action),
            };
            let value = match *policy {
                "allow" => "ACCEPT",
                "reject" => "REJECT",
                _ => "DROP",
            };
            let text = sys.slurp(DEFAULTS).unwrap_or_default();
            let _ = sys.spill(DEFAULTS, format!("{text}DEFAULT_{name}_POLICY=\"{value}\"\n").as_bytes());
            sys.print(&format!("Default {direction} policy changed to '{action}'\n(be sure to update your rules accordingly)\n"));
            0
        }
        ["delete", rest @ ..] => delete(sys, rest, force),
        ["insert", _, rest @ ..] | rest @ ["allow" | "deny" | "reject" | "limit", ..] => add(sys, rest),
        ["version"] => {
            sys.print("ufw 0.36.2\nCopyright 2008-2023 Canonical Ltd.\n");
            0
        }
        [] => {
            sys.complain("ERROR: not enough args\n");
            1
        }
        _ => {
            sys.complain("ERROR: Invalid syntax\n\nUsage: ufw COMMAND\n");
            1
        }
    }
}

/// The rules that words ask for: one for each family of addresses.
fn parse(words: &[&str]) -> Result<Vec<Rule>, String> {
    let (action, mut rest) = words.split_first().ok_or("not enough args")?;
    let mut rule = Rule {
        action: (*action).to_owned(),
        proto: "any".into(),
        port: "any".into(),
        to: ANY.into(),
        from: ANY.into(),
        out: false,
        v6: false,
    };
    if let [direction @ ("in" | "out"), more @ ..] = rest {
        rule.out = *direction == "out";
        rest = more;
    }
    let address = |a: &str| if a == "any" { ANY.to_owned() } else { a.to_owned() };
    let mut of_from = false;
    while let Some((word, more)) = rest.split_first() {
        rest = more;
        let mut value = || {
            let (v, more) = rest.split_first()?;
            rest = more;
            Some(*v)
        };
        match *word {
            "from" => {
                of_from = true;
                rule.from = address(value().ok_or("Invalid 'from' clause")?);
            }
            "to" => {
                of_from = false;
                rule.to = address(value().ok_or("Invalid 'to' clause")?);
            }
            "port" => {
                let _ = of_from;
                rule.port = value().ok_or("Invalid 'port' clause")?.to_owned();
            }
            "proto" => rule.proto = value().ok_or("Invalid 'proto' clause")?.to_owned(),
            "comment" | "on" => {
                value();
            }
            word => {
                let (port, proto) = word.split_once('/').unwrap_or((word, "any"));
                match SERVICES.iter().find(|(n, ..)| *n == port) {
                    Some((_, p, t)) => {
                        rule.port = (*p).to_owned();
                        rule.proto = (*t).to_owned();
                    }
                    None if port.split([',', ':']).all(|p| p.parse::<u16>().is_ok()) => {
                        rule.port = port.to_owned();
                        rule.proto = proto.to_owned();
                    }
                    None => return Err(format!("Could not find a profile matching '{word}'")),
                }
            }
        }
    }
    for a in [&rule.from, &rule.to] {
        let bare = a.split('/').next().unwrap_or(a);
        let fine = bare.split('.').count() == 4 && bare.split('.').all(|p| p.parse::<u8>().is_ok())
            || bare.contains(':');
        if !fine {
            return Err("Bad source address".to_owned());
        }
    }
    let mut all = vec![rule.clone()];
    if rule.from == ANY && rule.to == ANY {
        all.push(Rule { from: "::/0".into(), to: "::/0".into(), v6: true, ..rule });
    }
    Ok(all)
}

fn add(sys: &mut Sys<'_>, words: &[&str]) -> i32 {
    let new = match parse(words) {
        Ok(new) => new,
        Err(why) => {
            sys.complain(&format!("ERROR: {why}\n"));
            return 1;
        }
    };
    let mut all = rules(sys);
    let on = active(sys);
    for rule in new {
        let mark = if rule.v6 { " (v6)" } else { "" };
        let same = |r: &&mut Rule| {
            Rule { action: String::new(), ..(**r).clone() } == Rule { action: String::new(), ..rule.clone() }
        };
        if all.contains(&rule) {
            sys.print(&format!("Skipping adding existing rule{mark}\n"));
            continue;
        }
        sys.print(&if on { format!("Rule added{mark}\n") } else { format!("Rules updated{mark}\n") });
        if let Some(old) = all.iter_mut().find(same) {
            *old = rule;
        } else if rule.v6 {
            all.push(rule);
        } else {
            let at = all.iter().position(|r| r.v6).unwrap_or(all.len());
            all.insert(at, rule);
        }
    }
    save(sys, &all);
    0
}

fn delete(sys: &mut Sys<'_>, words: &[&str], force: bool) -> i32 {
    let mut all = rules(sys);
    if let [number] = words
        && let Ok(n) = number.parse::<usize>()
    {
        let Some(rule) = n.checked_sub(1).and_then(|i| all.get(i)).cloned() else {
            sys.complain(&format!("ERROR: Could not find rule '{number}'\n"));
            return 1;
        };
        if proceed(sys, &format!("Deleting:\n {}\nProceed with operation (y|n)? ", rule.words()), force) {
            all.remove(n - 1);
            save(sys, &all);
            sys.print(if rule.v6 { "Rule deleted (v6)\n" } else { "Rule deleted\n" });
        }
        return 0;
    }
    let gone = match parse(words) {
        Ok(gone) => gone,
        Err(why) => {
            sys.complain(&format!("ERROR: {why}\n"));
            return 1;
        }
    };
    for rule in gone {
        let mark = if rule.v6 { " (v6)" } else { "" };
        if all.contains(&rule) {
            all.retain(|r| *r != rule);
            sys.print(&format!("Rule deleted{mark}\n"));
        } else {
            sys.print(&format!("Could not delete non-existent rule{mark}\n"));
        }
    }
    save(sys, &all);
    0
}

fn status(sys: &mut Sys<'_>, how: &str) -> i32 {
    if !active(sys) {
        sys.print("Status: inactive\n");
        return 0;
    }
    sys.print("Status: active\n");
    if how == "verbose" {
        let (incoming, outgoing) = (policy(sys, "input"), policy(sys, "output"));
        sys.print(&format!("Logging: on (low)\nDefault: {incoming} (incoming), {outgoing} (outgoing), disabled (routed)\nNew profiles: skip\n"));
    }
    let numbered = how == "numbered";
    let all = rules(sys);
    if all.is_empty() {
        return 0;
    }
    let pad = if numbered { "     " } else { "" };
    sys.print(&format!(
        "\n{pad}{:<26} {:<11} From\n{pad}{:<26} {:<11} ----\n",
        "To", "Action", "--", "------"
    ));
    for (i, rule) in all.iter().enumerate() {
        let (to, action, from) = rule.columns(numbered || how == "verbose");
        let number = if numbered { format!("[{:>2}] ", i + 1) } else { String::new() };
        sys.print(&format!("{number}{to:<26} {action:<11} {from:<26}\n"));
    }
    sys.print("\n");
    0
}
