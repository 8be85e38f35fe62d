//! Flags that many commands share. Models cli-runtime's `PrintFlags` and kubectl `cmd/util/helpers.go`.

use crate::cli::Flag;

/// `-o` and what belongs to it, for commands that print objects.
pub const PRINT: &[Flag] = &PRINT_FLAGS;

const PRINT_FLAGS: [Flag; 4] = [
    Flag::bool("allow-missing-template-keys", "If true, ignore any errors in templates when a field or map key is missing in the template. Only applies to golang and jsonpath output formats.").default("true"),
    Flag::str("output", "Output format. One of: (json, yaml, kyaml, name, go-template, go-template-file, template, templatefile, jsonpath, jsonpath-as-json, jsonpath-file).").short('o'),
    Flag::bool("show-managed-fields", "If true, keep the managedFields when printing objects in JSON or YAML format."),
    Flag::str("template", "Template string or path to template file to use when -o=go-template, -o=go-template-file. The template format is golang templates [http://golang.org/pkg/text/template/#pkg-overview]."),
];

/// `-R`
pub const RECURSIVE: Flag = Flag::bool("recursive", "Process the directory used in -f, --filename recursively. Useful when you want to manage related manifests organized within the same directory.").short('R');

/// The same where `-o` has a default.
#[must_use]
pub const fn print_as(default: &'static str) -> [Flag; 4] {
    let [missing, output, managed, template] = PRINT_FLAGS;
    [missing, output.default(default), managed, template]
}

/// `-f`, `-k`, `-R`, with what a command says of its files.
#[must_use]
pub const fn files(usage: &'static str) -> [Flag; 3] {
    let kustomize = "Process the kustomization directory. This flag can't be used together with -f or -R.";
    [Flag::slice("filename", usage).short('f'), Flag::str("kustomize", kustomize).short('k'), RECURSIVE]
}

/// The same for commands that delete what they find (kubectl's `DeleteFlags`), which word it another way.
#[must_use]
pub const fn doomed_files(usage: &'static str) -> [Flag; 3] {
    let kustomize = "Process a kustomization directory. This flag can't be used together with -f or -R.";
    [Flag::slice("filename", usage).short('f'), Flag::str("kustomize", kustomize).short('k'), RECURSIVE]
}

/// `-f` and `-R`, on by default, of commands that take no kustomization (cli-runtime's `FileNameFlags`).
pub const PLAIN_FILES: &[Flag] =
    &[Flag::slice("filename", "identifying the resource.").short('f'), RECURSIVE.default("true")];

/// What many commands say of the resource in a file.
pub const FROM_SERVER: &str =
    "Filename, directory, or URL to files identifying the resource to get from a server.";

/// `--chunk-size`
pub const CHUNK_SIZE: Flag = Flag::int(
    "chunk-size",
    "500",
    "Return large lists in chunks rather than all at once. Pass 0 to disable.",
);

/// `--dry-run`
pub const DRY_RUN: &[Flag] = &[Flag::str("dry-run", "Must be \"none\", \"server\", or \"client\". If client strategy, only print the object that would be sent, without sending it. If server strategy, submit server-side request without persisting the resource.").default("none").no_opt("unchanged")];

/// `--validate`
pub const VALIDATE: &[Flag] = &[Flag::str("validate", "Must be one of: strict (or true), warn, ignore (or false). \"true\" or \"strict\" will use a schema to validate the input and fail the request if invalid. It will perform server side validation if ServerSideFieldValidation is enabled on the api-server, but will fall back to less reliable client-side validation if not. \"warn\" will warn about unknown or duplicate fields without blocking the request if server-side field validation is enabled on the API server, and behave as \"ignore\" otherwise. \"false\" or \"ignore\" will not perform any schema validation, silently dropping any unknown or duplicate fields.").default("strict").no_opt("strict")];

/// `--save-config`
pub const SAVE_CONFIG: &[Flag] = &[Flag::bool(
    "save-config",
    "If true, the configuration of current object will be saved in its annotation. Otherwise, the annotation will be unchanged. This flag is useful when you want to perform kubectl apply on this object in the future.",
)];

/// `-l`
pub const SELECTOR: &[Flag] = &[Flag::str("selector", "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'.(e.g. -l key1=value1,key2=value2,key3 in (value3)). Matching objects must satisfy all of the specified label constraints.").short('l')];

/// `-A`
pub const ALL_NAMESPACES: &[Flag] =
    &[Flag::bool("all-namespaces", "If true, check the specified action in all namespaces.").short('A')];

/// `--field-manager` of `create`.
pub const CREATE_MANAGER: &[Flag] =
    &[Flag::str("field-manager", "Name of the manager used to track field ownership.")
        .default("kubectl-create")];

/// `--record`, deprecated for years.
pub const RECORD: &[Flag] = &[Flag::bool("record", "Record current kubectl command in the resource annotation. If set to false, do not record the command. If set to true, record the command. If not set, default to updating the existing annotation value only if one already exists.").deprecated("--record will be removed in the future")];
