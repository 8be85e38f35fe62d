//! `-o custom-columns`. Models kubectl `pkg/cmd/get/customcolumn.go`.

use gatehouse_model::Value;

use super::gofmt;
use super::jsonpath::{JsonPath, relaxed};
use super::object::is_list;
use super::table::escape_terminal;
use super::tabwriter::TabWriter;

/// Columns that the user asked for.
#[derive(Clone, Debug)]
pub struct CustomColumns {
    columns: Vec<(String, String)>,
    no_headers: bool,
}

const EXPECTED: &str =
    "Expected format is one line of space separated headers, one line of space separated column specs.";

impl CustomColumns {
    /// Reads `HEADER:path,HEADER:path`.
    ///
    /// # Errors
    /// What kubectl says of a column without a path.
    pub fn from_spec(spec: &str, no_headers: bool) -> Result<Self, String> {
        let mut columns = Vec::new();
        for part in spec.split(',') {
            let Some((header, path)) = part.split_once(':') else {
                return Err(format!(
                    "unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
                ));
            };
            columns.push((header.to_owned(), relaxed(path)?));
        }
        Ok(Self { columns, no_headers })
    }

    /// Reads a template of two lines: headers, and a path for each.
    ///
    /// # Errors
    /// What kubectl says of lines that are missing or do not match.
    pub fn from_template(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        let headers =
            lines.next().ok_or_else(|| format!("invalid template, missing header line. {EXPECTED}"))?;
        let specs = lines.next().ok_or_else(|| format!("invalid template, missing spec line. {EXPECTED}"))?;
        let headers: Vec<&str> = headers.split_whitespace().collect();
        let specs: Vec<&str> = specs.split_whitespace().collect();
        if headers.len() != specs.len() {
            return Err(format!(
                "number of headers ({}) and field specifications ({}) don't match",
                headers.len(),
                specs.len()
            ));
        }
        let columns: Result<Vec<_>, String> =
            headers.iter().zip(&specs).map(|(h, s)| Ok(((*h).to_owned(), relaxed(s)?))).collect();
        Ok(Self { columns: columns?, no_headers: false })
    }

    /// Prints an object, or each of a list. `first` says whether the headers are still to be printed.
    ///
    /// # Errors
    /// A path that cannot be read or followed; what was printed before stays in `out`.
    pub fn print(&self, object: &Value, first: bool, out: &mut String) -> Result<(), String> {
        let mut writer = TabWriter::table();
        let result = self.write(object, first, &mut writer);
        out.push_str(&writer.take());
        result
    }

    fn write(&self, object: &Value, first: bool, writer: &mut TabWriter) -> Result<(), String> {
        if first && !self.no_headers {
            let headers: Vec<&str> = self.columns.iter().map(|(h, _)| h.as_str()).collect();
            writer.write(&(headers.join("\t") + "\n"));
        }
        let paths: Result<Vec<_>, _> = self.columns.iter().map(|(_, path)| JsonPath::parse(path)).collect();
        let paths = paths?;
        let rows = if is_list(object) { object.list_at(&["items"]) } else { std::slice::from_ref(object) };
        for row in rows {
            let cells: Result<Vec<_>, _> = paths.iter().map(|path| cell(path, row)).collect();
            writer.write(&(cells?.join("\t") + "\n"));
        }
        Ok(())
    }
}

fn cell(path: &JsonPath, object: &Value) -> Result<String, String> {
    let found = path.find(object)?;
    if found.first().is_none_or(Vec::is_empty) {
        return Ok("<none>".to_owned());
    }
    let values: Vec<String> = found.iter().flatten().map(|v| escape_terminal(&gofmt::sprint(v))).collect();
    Ok(values.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_model::json;

    #[test]
    fn prints_columns() {
        let list = json!({"items": [
            {"metadata": {"name": "a"}, "spec": {"types": ["X", "Y"]}},
            {"metadata": {"name": "longer-name"}},
        ]});
        let columns = CustomColumns::from_spec("NAME:.metadata.name,T:spec.types", false).unwrap();
        let mut out = String::new();
        columns.print(&list, true, &mut out).unwrap();
        assert_eq!(out, "NAME          T\na             [X Y]\nlonger-name   <none>\n");
        assert_eq!(
            CustomColumns::from_spec("NAME", false).unwrap_err(),
            "unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>"
        );
    }
}
