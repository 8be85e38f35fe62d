//! The relaxed form of paths in `custom-columns`, `--sort-by` and `wait --for=jsonpath`.

/// Completes `metadata.name`, `.metadata.name` and `{metadata.name}` to `{.metadata.name}`.
///
/// # Errors
/// What kubectl says of braces in the middle.
pub fn relaxed(expression: &str) -> Result<String, String> {
    if expression.is_empty() {
        return Ok(String::new());
    }
    let braced = expression.strip_prefix('{').and_then(|e| e.strip_suffix('}'));
    let path = braced.unwrap_or(expression);
    // A lone dot is a path of its own: there must be something behind an optional first dot.
    let spec = match path.strip_prefix('.') {
        Some(rest) if !rest.is_empty() => rest,
        _ => path,
    };
    if spec.is_empty() || spec.contains(['{', '}']) {
        return Err(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or \
                    '{.name1.name2}'"
                .to_owned(),
        );
    }
    Ok(format!("{{.{spec}}}"))
}
