//! What stands on the line besides flags.

/// `TYPE`, `TYPE NAME…` or `TYPE/NAME…`, taken apart.
#[derive(Default)]
pub(super) struct Words {
    pub(super) types: Vec<String>,
    pub(super) names: Vec<String>,
    pub(super) tuples: Vec<(String, String)>,
}

fn split_types(word: &str) -> Vec<String> {
    let mut types: Vec<String> = Vec::new();
    for part in word.split(',') {
        if !types.iter().any(|t| t == part) {
            types.push(part.to_owned());
        }
    }
    types
}

impl Words {
    pub(super) fn fill(&mut self, words: &[String]) -> Result<(), String> {
        let mut words = words.to_vec();
        if let [types, names @ ..] = words.as_slice()
            && !names.is_empty()
        {
            let types = split_types(types);
            if types.len() > 1 {
                words = types.iter().flat_map(|t| names.iter().map(move |n| format!("{t}/{n}"))).collect();
            }
        }
        let slashes = words.iter().filter(|w| w.contains('/')).count();
        if slashes > 0 {
            if slashes != words.len() {
                return Err("there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'".to_owned());
            }
            for word in &words {
                self.tuples.push(split_tuple(word)?);
            }
            return Ok(());
        }
        if let [types, names @ ..] = words.as_slice() {
            self.types = split_types(types);
            self.names = names.to_vec();
        }
        Ok(())
    }
}

fn split_tuple(word: &str) -> Result<(String, String), String> {
    let parts: Vec<&str> = word.split('/').collect();
    let [resource, name] = parts.as_slice() else {
        return Err("arguments in resource/name form may not have more than one slash".to_owned());
    };
    if resource.is_empty() || name.is_empty() || resource.contains(',') {
        return Err("arguments in resource/name form must have a single resource and name".to_owned());
    }
    Ok(((*resource).to_owned(), (*name).to_owned()))
}
