//! `jq`: the common subset of its language.

mod eval;
mod parse;
mod print;

use gatehouse_model::json;

use super::options;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let mut vars: Vec<(String, gatehouse_model::Value)> = Vec::new();
    let mut rest: Vec<String> = Vec::new();
    let mut args = argv.iter();
    while let Some(a) = args.next() {
        match a.as_str() {
            "--arg" | "--argjson" => {
                let (Some(n), Some(v)) = (args.next(), args.next()) else { return 2 };
                let value = if a == "--arg" { v.as_str().into() } else { json::parse(v).unwrap_or_default() };
                vars.push((n.clone(), value));
            }
            _ => rest.push(a.clone()),
        }
    }
    let long = [
        ("raw-output", 'r'),
        ("compact-output", 'c'),
        ("exit-status", 'e'),
        ("slurp", 's'),
        ("null-input", 'n'),
        ("raw-input", 'R'),
        ("join-output", 'j'),
        ("sort-keys", 'S'),
        ("tab", 't'),
    ];
    let opts = match options::parse(sys, &rest, "rcesnRjSMCt", &long) {
        Ok(o) => o,
        Err(_) => return 2,
    };
    let (filter, files) =
        opts.operands.split_first().map_or((".", Vec::new()), |(f, r)| (f.as_str(), r.to_vec()));
    let program = match parse::parse(filter) {
        Ok(p) => p,
        Err(e) => {
            sys.complain(&format!("jq: error: {e} at <top-level>, line 1:\n{filter}\njq: 1 compile error\n"));
            return 3;
        }
    };
    let mut inputs = Vec::new();
    if opts.has('n') {
        inputs.push(gatehouse_model::Value::Null);
    } else {
        let (texts, fine) = super::inputs(sys, "jq: error: Could not open", &files);
        if !fine {
            return 2;
        }
        for (_, text) in texts {
            if opts.has('R') {
                inputs.extend(text.lines().map(gatehouse_model::Value::from));
                continue;
            }
            match documents(&text) {
                Ok(v) => inputs.extend(v),
                Err(e) => {
                    sys.complain(&format!("jq: parse error: {e}\n"));
                    return 2;
                }
            }
        }
    }
    if opts.has('s') {
        inputs = vec![inputs.into_iter().collect()];
    }
    let mut code = 0;
    let mut last = None;
    for input in inputs {
        let mut env = eval::Env::new(&vars);
        let (values, error) = env.run(&program, &input);
        for v in values {
            let text = match v.as_str() {
                Some(s) if opts.has('r') || opts.has('j') => s.to_owned(),
                _ if opts.has('c') => print::compact_in(&v, &env.orders),
                _ => print::pretty(&v, &env.orders),
            };
            sys.print(&text);
            if !opts.has('j') {
                sys.print("\n");
            }
            last = Some(v);
        }
        if let Some(e) = error {
            sys.flush();
            sys.complain(&format!("jq: error (at <stdin>:0): {e}\n"));
            code = 5;
        }
    }
    if opts.has('e') && code == 0 {
        code = match last {
            None => 4,
            Some(v) if v.is_null() || v.as_bool() == Some(false) => 1,
            Some(_) => 0,
        };
    }
    code
}

/// The JSON values of a text, one behind the other.
fn documents(text: &str) -> Result<Vec<gatehouse_model::Value>, String> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = print::value_end(rest);
        let (one, tail) = rest.split_at(end);
        out.push(
            json::parse(one.trim()).map_err(|_| "Invalid numeric literal at line 1, column 1".to_owned())?,
        );
        rest = tail.trim_start();
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jq(filter: &str, input: &str) -> String {
        let input = json::parse(input).unwrap();
        let (values, error) = eval::Env::new(&[]).run(&parse::parse(filter).unwrap(), &input);
        let mut out: Vec<String> = values.iter().map(print::compact).collect();
        out.extend(error);
        out.join(" ")
    }

    #[test]
    fn asks() {
        let list = r#"{"kind":"PodList","items":[{"metadata":{"name":"a","labels":{"x":"1"}},"n":2},{"metadata":{"name":"b"},"n":1}]}"#;
        for (filter, want) in [
            (".items[].metadata.name", r#""a" "b""#),
            ("{kind,n:(.items|length)}", r#"{"kind":"PodList","n":2}"#),
            (".kind+\" \"+.items[0].metadata.name", r#""PodList a""#),
            (".items|map(select(.n>1))|.[0].metadata.name", r#""a""#),
            (".items|sort_by(.n)|.[].n", "1 2"),
            (".items[0].metadata.labels|keys[]", r#""x""#),
            (".items[0].metadata|to_entries|.[].key", r#""labels" "name""#),
            (".nope.x // \"d\"", r#""d""#),
            (".items[]|\"\\(.metadata.name)=\\(.n)\"", r#""a=2" "b=1""#),
            ("[.items[].n]|add", "3"),
            ("if .items|length==2 then \"two\" else \"no\" end", r#""two""#),
            (".items[]|select(.metadata.labels.x?==\"1\")|.n", "2"),
            ("[.items[]|.metadata.name]|join(\",\")", r#""a,b""#),
            (".kind|test(\"^Pod\")", "true"),
            (".items|length as $n|$n*2", "4"),
            (".kind|ascii_downcase|@base64", r#""cG9kbGlzdA==""#),
            (".items[0]|del(.metadata)", r#"{"n":2}"#),
            (".items|=map(.n)|.items", "[2,1]"),
            (".items[1:]|length", "1"),
            ("[.items[]|has(\"n\")]|all", "true"),
        ] {
            assert_eq!(jq(filter, list), want, "{filter}");
        }
    }
}
