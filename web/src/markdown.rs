//! The little Markdown that tasks and hints are written in, made into HTML.
//!
//! Headings, paragraphs, lists (nested by indentation), quotes, fenced code, tables; and in a line code, strong,
//! emphasis, links. Everything else is text. Raw HTML is text too: what comes out holds only tags written here.

mod inline;
#[cfg(test)]
mod tests;

pub use inline::escape;

/// The HTML of a Markdown text.
pub fn to_html(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::new();
    blocks(&lines, &mut out);
    out
}

fn blocks(lines: &[&str], out: &mut String) {
    let mut rest = lines;
    while let Some((line, after)) = rest.split_first() {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            rest = after;
        } else if let Some(fence) = fence_of(trimmed) {
            let end = after.iter().position(|line| line.trim() == fence).unwrap_or(after.len());
            let (body, tail) = after.split_at(end);
            code(body, indent_of(line), out);
            rest = tail.get(1..).unwrap_or_default();
        } else if let Some((level, title)) = heading(trimmed) {
            // The page's own heading stands above: a text's first level is the page's second.
            let level = (level + 1).min(6);
            out.push_str(&format!("<h{level}>{}</h{level}>", inline::html(title)));
            rest = after;
        } else if trimmed.starts_with('>') {
            let (quoted, tail) = take_while(rest, |line| line.trim_start().starts_with('>'));
            let inner: Vec<&str> = quoted
                .iter()
                .filter_map(|line| line.trim_start().strip_prefix('>'))
                .map(|line| line.strip_prefix(' ').unwrap_or(line))
                .collect();
            out.push_str("<blockquote>");
            blocks(&inner, out);
            out.push_str("</blockquote>");
            rest = tail;
        } else if item(line).is_some() {
            rest = list(rest, out);
        } else if trimmed.starts_with('|') && after.first().is_some_and(|line| is_table_rule(line)) {
            let (rows, tail) = take_while(rest, |line| line.trim_start().starts_with('|'));
            table(rows, out);
            rest = tail;
        } else {
            let (words, tail) = take_while(rest, |line| !line.trim().is_empty() && !begins_block(line));
            // A line that begins a block is taken by its own arm; here one always remains.
            let (words, tail) =
                if words.is_empty() { (rest.get(..1).unwrap_or_default(), after) } else { (words, tail) };
            let joined: Vec<&str> = words.iter().map(|line| line.trim()).collect();
            out.push_str(&format!("<p>{}</p>", inline::html(&joined.join(" "))));
            rest = tail;
        }
    }
}

fn take_while<'a, 'b>(lines: &'a [&'b str], wanted: impl Fn(&str) -> bool) -> (&'a [&'b str], &'a [&'b str]) {
    let end = lines.iter().position(|line| !wanted(line)).unwrap_or(lines.len());
    lines.split_at(end)
}

fn begins_block(line: &str) -> bool {
    let trimmed = line.trim();
    fence_of(trimmed).is_some()
        || heading(trimmed).is_some()
        || trimmed.starts_with('>')
        || item(line).is_some()
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn fence_of(trimmed: &str) -> Option<&'static str> {
    ["```", "~~~"].into_iter().find(|fence| trimmed.starts_with(fence))
}

fn heading(trimmed: &str) -> Option<(usize, &str)> {
    let title = trimmed.trim_start_matches('#');
    let level = trimmed.len() - title.len();
    let title = title.strip_prefix(' ')?;
    (1..=6).contains(&level).then_some((level, title.trim()))
}

fn code(body: &[&str], indent: usize, out: &mut String) {
    // A code block wider than its pane is scrolled, by keyboard too.
    out.push_str("<pre tabindex=\"0\"><code>");
    for line in body {
        let cut = indent.min(indent_of(line));
        out.push_str(&escape(line.get(cut..).unwrap_or(line)));
        out.push('\n');
    }
    out.push_str("</code></pre>");
}

/// A list item: its indentation, whether it is numbered, and where its text starts.
fn item(line: &str) -> Option<(usize, bool, usize)> {
    let indent = indent_of(line);
    let text = line.trim_start();
    if ["- ", "* ", "+ "].iter().any(|mark| text.starts_with(mark)) {
        return Some((indent, false, indent + 2));
    }
    let digits = text.len() - text.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
    let after = text.get(digits..)?;
    let numbered = (1..=3).contains(&digits) && (after.starts_with(". ") || after.starts_with(") "));
    numbered.then_some((indent, true, indent + digits + 2))
}

/// One list; answers the lines after it.
fn list<'a, 'b>(lines: &'a [&'b str], out: &mut String) -> &'a [&'b str] {
    let Some((indent, numbered, _)) = lines.first().and_then(|line| item(line)) else { return lines };
    let tag = if numbered { "ol" } else { "ul" };
    out.push_str(&format!("<{tag}>"));
    let mut rest = lines;
    while let Some((found, kind, start)) = rest.first().and_then(|line| item(line)) {
        if found != indent || kind != numbered {
            break;
        }
        let (first, after) = rest.split_at(1);
        // What belongs to the item is indented deeper than its mark, blank lines between included.
        let mut end = 0;
        for (index, line) in after.iter().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let lazy = end == index && item(line).is_none() && !begins_block(line) && indent_of(line) > 0;
            if indent_of(line) > indent || lazy {
                end = index + 1;
            } else {
                break;
            }
        }
        let (body, tail) = after.split_at(end);
        let mut inner: Vec<&str> = first.iter().filter_map(|line| line.get(start..)).collect();
        inner.extend(body.iter().map(|line| line.get(start.min(indent_of(line))..).unwrap_or(line)));
        out.push_str("<li>");
        tight(&inner, out);
        out.push_str("</li>");
        let blank = tail.iter().take_while(|line| line.trim().is_empty()).count();
        let next = tail.get(blank..).unwrap_or_default();
        rest = if next
            .first()
            .and_then(|line| item(line))
            .is_some_and(|(found, kind, _)| found == indent && kind == numbered)
        {
            next
        } else {
            out.push_str(&format!("</{tag}>"));
            return tail;
        };
    }
    out.push_str(&format!("</{tag}>"));
    rest
}

/// An item's content: a first paragraph without its tag, so that short lists stay close.
fn tight(lines: &[&str], out: &mut String) {
    let mut inner = String::new();
    blocks(lines, &mut inner);
    match inner.strip_prefix("<p>").and_then(|text| text.split_once("</p>")) {
        Some((first, rest)) => {
            out.push_str(first);
            out.push_str(rest);
        }
        None => out.push_str(&inner),
    }
}

fn is_table_rule(line: &str) -> bool {
    let line = line.trim();
    line.starts_with('|')
        && line.contains('-')
        && line.chars().all(|mark| matches!(mark, '|' | '-' | ':' | ' '))
}

fn table(rows: &[&str], out: &mut String) {
    let cells = |row: &str| -> Vec<String> {
        row.trim().trim_matches('|').split('|').map(|cell| inline::html(cell.trim())).collect()
    };
    out.push_str("<table>");
    for (index, row) in rows.iter().enumerate() {
        let tag = match index {
            0 => "th",
            1 => continue,
            _ => "td",
        };
        out.push_str("<tr>");
        for cell in cells(row) {
            out.push_str(&format!("<{tag}>{cell}</{tag}>"));
        }
        out.push_str("</tr>");
    }
    out.push_str("</table>");
}
