//! Observed traffic, and the policies that would be enough for it.

use gatehouse_core::network::Observed;
use gatehouse_model::yaml;

use super::{Reach, ReachError, end, port};

impl Reach {
    /// The policies that let the traffic of a text pass and nothing else, as one YAML stream. A line of the text is
    /// `FROM TO PORT`, each end `namespace/pod` or an address (`shop/web shop/db TCP/5432`); `#` begins a comment.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn suggest(&self, file: &str, text: &str) -> Result<String, ReachError> {
        let mut observed = Vec::new();
        for (n, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            let words: Vec<&str> = line.split_whitespace().collect();
            let place = || format!("{file}:{}", n + 1);
            match words.as_slice() {
                [] => {}
                [from, to, on] => {
                    let at = |e: ReachError| ReachError {
                        place: place(),
                        why: format!("{} is {}", e.place, e.why),
                    };
                    let port = port(on).ok_or_else(|| ReachError {
                        place: place(),
                        why: format!("\"{on}\" is not a port such as TCP/80"),
                    })?;
                    let (from, to) =
                        (end(&self.network, from).map_err(at)?, end(&self.network, to).map_err(at)?);
                    observed.push(Observed { from, to, port });
                }
                _ => {
                    let why = "a line is FROM TO PORT, such as shop/web shop/db TCP/5432".to_owned();
                    return Err(ReachError { place: place(), why });
                }
            }
        }
        let policies: Vec<String> = self
            .network
            .suggest(&observed)
            .iter()
            .map(|p| format!("{}\n", yaml::emit(&p.0).trim_end()))
            .collect();
        Ok(policies.join("---\n"))
    }
}
