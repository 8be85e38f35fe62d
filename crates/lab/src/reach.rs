//! The connectivity of any manifests, without a cluster: `gatehouse reach`.

use std::fmt::Write as _;

use gatehouse_core::network::{Matrix, Namespace, Network, Pod, Port};
use gatehouse_model::{Object, Value, json, yaml};

pub use crate::check::port;

/// Why manifests cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReachError {
    /// File and line.
    pub place: String,
    /// What is wrong there.
    pub why: String,
}

/// The network some manifests describe.
#[derive(Clone, Debug)]
pub struct Reach {
    network: Network,
}

impl Reach {
    /// Reads manifests, each with the name of its file. Lists are opened; kinds the network does not know are passed
    /// over. Pods without an address get one, so that manifests need not come from a running cluster; a namespace
    /// that is only mentioned exists, with the label every namespace has.
    ///
    /// # Errors
    /// The first document that cannot be read.
    pub fn read(texts: &[(String, String)]) -> Result<Self, ReachError> {
        let mut objects = Vec::new();
        for (file, text) in texts {
            for document in yaml::parse_all(text) {
                let document = document
                    .map_err(|e| ReachError { place: format!("{file}:{}", e.line), why: e.to_string() })?;
                open(document.value, &mut objects);
            }
        }
        let mut namespaces: Vec<Namespace> = Vec::new();
        let mut pods = Vec::new();
        let mut policies = Vec::new();
        let mut mentioned = Vec::new();
        for mut object in objects {
            let kind = object.kind().to_owned();
            if matches!(kind.as_str(), "Pod" | "NetworkPolicy") {
                if object.namespace().is_empty() {
                    object.set(&["metadata", "namespace"], "default");
                }
                mentioned.push(object.namespace().to_owned());
            }
            match kind.as_str() {
                "Namespace" => {
                    let mut namespace = Namespace::of(&object);
                    namespace.labels.insert("kubernetes.io/metadata.name", object.name());
                    namespaces.push(namespace);
                }
                "Pod" => {
                    if object.str_at(&["status", "podIP"]).is_empty()
                        && object.list_at(&["status", "podIPs"]).is_empty()
                    {
                        let n = pods.len() + 1;
                        let ip = format!("10.{}.{}.{}", 128 + n / 65_536 % 64, n / 256 % 256, n % 256);
                        object.set(&["status", "podIP"], ip);
                    }
                    pods.extend(Pod::of(&object));
                }
                "NetworkPolicy" => policies.push(object),
                _ => {}
            }
        }
        gatehouse_model::order::sort(&mut mentioned);
        mentioned.dedup();
        for name in mentioned {
            if !namespaces.iter().any(|n| n.name == name) {
                let labels = [("kubernetes.io/metadata.name", name.as_str())].into_iter().collect();
                namespaces.push(Namespace { name, labels });
            }
        }
        Ok(Self { network: Network::new(&namespaces, pods, &policies) })
    }

    /// Who reaches whom on a port.
    #[must_use]
    pub fn matrix(&self, port: Port) -> Matrix {
        self.network.matrix(port)
    }

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

fn open(value: Value, objects: &mut Vec<Object>) {
    if value.str_at(&["kind"]).ends_with("List") && value.get("items").is_some() {
        for item in value.list_at(&["items"]) {
            open(item.clone(), objects);
        }
    } else {
        objects.push(Object(value));
    }
}
