//! Pictures as text.

use std::fmt::Write as _;

use gatehouse_core::network::{Matrix, Pod, Port};
use gatehouse_model::{Value, json};

use super::Reach;

impl Reach {
    fn names(&self) -> Vec<String> {
        self.network.pods().iter().map(Pod::id).collect()
    }

    /// A matrix for people: a row a source, a column a destination, `x` allowed, `.` denied.
    #[must_use]
    pub fn table(&self, matrix: &Matrix) -> String {
        let names = self.names();
        let width = names.iter().map(String::len).max().unwrap_or(0);
        let mut out = String::new();
        for (i, name) in names.iter().enumerate() {
            let _ = write!(out, "{name:<width$}  ");
            for j in 0..names.len() {
                out.push(if matrix.allows(i, j) { 'x' } else { '.' });
            }
            out.push('\n');
        }
        let _ =
            writeln!(out, "a row a source, a column a destination in the same order; x allowed, . denied");
        out
    }

    /// One JSON document: pods and, by source, what it reaches.
    #[must_use]
    pub fn json(&self, matrix: &Matrix, port: Port) -> String {
        let names = self.names();
        let reaches = |i: usize| -> Value {
            let others = names.iter().enumerate().filter(|(j, _)| *j != i && matrix.allows(i, *j));
            others.map(|(_, n)| n.as_str()).collect()
        };
        let rows: gatehouse_model::Map =
            names.iter().enumerate().map(|(i, n)| (n.as_str(), reaches(i))).collect();
        let port = format!("{}/{}", port.protocol.as_str(), port.number);
        let document = json!({"port": port, "pods": (names.iter().map(String::as_str).collect::<Value>()), "reaches": rows});
        format!("{}\n", json::print(&document))
    }

    /// A graph for Graphviz.
    #[must_use]
    pub fn dot(&self, matrix: &Matrix) -> String {
        let names = self.names();
        let mut out = "digraph reach {\n  rankdir=LR;\n".to_owned();
        for name in &names {
            let _ = writeln!(out, "  \"{name}\";");
        }
        for (i, from) in names.iter().enumerate() {
            for (j, to) in names.iter().enumerate() {
                if i != j && matrix.allows(i, j) {
                    let _ = writeln!(out, "  \"{from}\" -> \"{to}\";");
                }
            }
        }
        out.push_str("}\n");
        out
    }
}
