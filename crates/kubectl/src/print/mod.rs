//! Printers: how objects become text.
//!
//! Knows the formats of `-o` and nothing of kinds: tables of kinds are in `tables`, descriptions in `describe`.
//! Models cli-runtime `pkg/genericclioptions/print_flags.go` and kubectl `pkg/cmd/get/get_flags.go`.

pub mod columns;
pub mod gofmt;
pub mod json;
pub mod jsonpath;
pub mod kyaml;
pub mod object;
pub mod sort;
pub mod table;
pub mod tabwriter;
pub mod template;

use gatehouse_model::Value;

use crate::host::Files;
use columns::CustomColumns;
use jsonpath::JsonPath;
use template::Template;

/// What a command line says about output.
#[derive(Clone, Debug, Default)]
pub struct PrintFlags {
    /// `-o`
    pub output: String,
    /// `--template`
    pub template: String,
    /// `--allow-missing-template-keys`
    pub allow_missing_keys: bool,
    /// `--show-managed-fields`
    pub show_managed_fields: bool,
    /// `--no-headers`, for custom columns.
    pub no_headers: bool,
    /// Whether the command also knows tables and custom columns (`get`).
    pub tables: bool,
    /// Whether the client knows KYAML (1.34 and newer).
    pub kyaml: bool,
}

/// The printer that `-o` asks for.
#[derive(Clone, Debug, Default)]
pub enum Format {
    /// No `-o` at all.
    #[default]
    Default,
    /// `-o wide`
    Wide,
    /// `-o json`
    Json,
    /// `-o yaml`
    Yaml,
    /// `-o kyaml`
    Kyaml,
    /// `-o name`
    Name,
    /// `-o jsonpath=…` and its kin.
    JsonPath(JsonPath, String),
    /// `-o go-template=…` and its kin.
    Template(Template, String),
    /// `-o custom-columns=…`
    Columns(CustomColumns),
}

/// A printer and what it has printed so far.
#[derive(Clone, Debug, Default)]
pub struct Printer {
    /// The format.
    pub format: Format,
    show_managed_fields: bool,
    printed: usize,
}

/// A value behind `format=`, or that of `--template`.
fn split<'o>(output: &'o str, template: &'o str, formats: &[&str]) -> (&'o str, &'o str) {
    if !template.is_empty() {
        return (output, template);
    }
    match output.split_once('=') {
        Some((format, value)) if formats.contains(&format) => (format, value),
        _ => (output, ""),
    }
}

const JSONPATHS: &[&str] = &["jsonpath", "jsonpath-as-json", "jsonpath-file"];
const TEMPLATES: &[&str] = &["go-template", "go-template-file", "template", "templatefile"];
const COLUMNS: &[&str] = &["custom-columns", "custom-columns-file"];
const NO_TEMPLATE: &str = "template format specified but no template given";

fn read(files: &mut dyn Files, what: &str, path: &str) -> Result<String, String> {
    match files.read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(e) => Err(format!("error reading {what} {path}, open {path}: {}", e.errno)),
    }
}

impl PrintFlags {
    /// The printer.
    ///
    /// # Errors
    /// A format that the command does not know, or a template that cannot be read.
    pub fn printer(&self, files: &mut dyn Files) -> Result<Printer, String> {
        let format = self.format(files)?;
        Ok(Printer { format, show_managed_fields: self.show_managed_fields, printed: 0 })
    }

    fn format(&self, files: &mut dyn Files) -> Result<Format, String> {
        let mut output = self.output.as_str();
        if output.is_empty() && !self.template.is_empty() {
            output = "go-template";
        }
        let (format, value) = split(output, &self.template, JSONPATHS);
        if JSONPATHS.contains(&format) {
            return self.jsonpath(files, format, value);
        }
        let (format, value) = split(output, &self.template, TEMPLATES);
        if TEMPLATES.contains(&format) {
            return self.go_template(files, format, value);
        }
        let (format, value) = split(output, &self.template, COLUMNS);
        if self.tables && COLUMNS.contains(&format) {
            if value.is_empty() {
                return Err("custom-columns format specified but no custom columns given".to_owned());
            }
            return Ok(Format::Columns(if format == "custom-columns-file" {
                let text = read(files, "template", value).map_err(|e| e + "\n")?;
                CustomColumns::from_template(&text)?
            } else {
                CustomColumns::from_spec(value, self.no_headers)?
            }));
        }
        match output.to_lowercase().as_str() {
            "" => Ok(Format::Default),
            "json" => Ok(Format::Json),
            "yaml" => Ok(Format::Yaml),
            "name" => Ok(Format::Name),
            "kyaml" if self.kyaml => Ok(Format::Kyaml),
            "wide" if self.tables && output == "wide" => Ok(Format::Wide),
            _ => Err(format!(
                "unable to match a printer suitable for the output format {}, allowed formats are: {}",
                gatehouse_model::json::go_quote(output),
                self.allowed().join(",")
            )),
        }
    }

    /// The formats that errors list.
    #[must_use]
    pub fn allowed(&self) -> Vec<&'static str> {
        let mut allowed = vec!["json", "yaml", "name"];
        if self.kyaml {
            allowed.push("kyaml");
        }
        allowed.extend(JSONPATHS);
        allowed.extend(TEMPLATES);
        if self.tables {
            allowed.push("wide");
            allowed.extend(COLUMNS);
        }
        gatehouse_model::order::sort(&mut allowed);
        allowed
    }

    fn jsonpath(&self, files: &mut dyn Files, format: &str, value: &str) -> Result<Format, String> {
        if value.is_empty() {
            return Err(NO_TEMPLATE.to_owned());
        }
        let text =
            if format == "jsonpath-file" { read(files, "--template", value)? } else { value.to_owned() };
        let path = JsonPath::parse(&text).map_err(|e| format!("error parsing jsonpath {text}, {e}"))?;
        let path = path.allow_missing_keys(self.allow_missing_keys);
        let path = if format == "jsonpath-as-json" { path.output_json() } else { path };
        Ok(Format::JsonPath(path, text))
    }

    fn go_template(&self, files: &mut dyn Files, format: &str, value: &str) -> Result<Format, String> {
        if value.is_empty() {
            return Err(NO_TEMPLATE.to_owned());
        }
        let from_file = matches!(format, "go-template-file" | "templatefile");
        let text = if from_file { read(files, "--template", value)? } else { value.to_owned() };
        let template = Template::parse(&text).map_err(|e| format!("error parsing template {text}, {e}"))?;
        Ok(Format::Template(template.allow_missing_keys(self.allow_missing_keys), text))
    }
}

impl Printer {
    /// Whether tables are wanted.
    #[must_use]
    pub const fn is_human(&self) -> bool {
        matches!(self.format, Format::Default | Format::Wide)
    }

    /// Prints one object or list to `out`. `operation` is what was done (`created`), for formats that say it.
    ///
    /// # Errors
    /// What a template says of the object; what it printed before stays in `out`.
    pub fn print(&mut self, object: &Value, operation: &str, out: &mut String) -> Result<(), String> {
        let first = self.printed == 0;
        self.printed += 1;
        match &self.format {
            Format::Default | Format::Wide => out.push_str(&object::names(object, operation)?),
            Format::Name => out.push_str(&object::names(object, "")?),
            Format::Json => out.push_str(&object::json(&self.shown(object))),
            Format::Yaml => out.push_str(&object::yaml(&self.shown(object), first)),
            Format::Kyaml => out.push_str(&kyaml::document(&self.shown(object), false)),
            Format::Columns(columns) => columns.print(object, first, out)?,
            Format::JsonPath(path, text) => {
                let printed = path.execute(object).map_err(|why| jsonpath_failure(&why, text, object))?;
                out.push_str(&printed);
            }
            Format::Template(template, text) => {
                template.execute(object, out).map_err(|why| template_failure(&why, text, object, out))?;
            }
        }
        Ok(())
    }

    /// What is shown of an object: without who owns which field, unless that was asked for.
    #[must_use]
    pub fn shown(&self, object: &Value) -> Value {
        if self.show_managed_fields { object.clone() } else { object::without_managed_fields(object) }
    }
}

fn jsonpath_failure(why: &str, text: &str, object: &Value) -> String {
    format!(
        "error executing jsonpath {}: Error executing template: {why}. Printing more information for debugging the \
         template:\n\ttemplate was:\n\t\t{text}\n\tobject given to jsonpath engine was:\n\t\t{}\n\n\n",
        gatehouse_model::json::go_quote(text),
        gofmt::go_syntax(object)
    )
}

fn template_failure(why: &str, text: &str, object: &Value, out: &mut String) -> String {
    out.push_str(&format!(
        "Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate \
         was:\n\t\t{text}\n\traw data was:\n\t\t{}\n\tobject given to template engine was:\n\t\t{}\n\n",
        json::compact_html(object),
        gofmt::sprint(object)
    ));
    format!("error executing template {}: {why}", gatehouse_model::json::go_quote(text))
}
