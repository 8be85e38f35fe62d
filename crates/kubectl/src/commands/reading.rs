//! Flags that the reading commands share.

use crate::cli::Flag;

/// `-f`, `-k`, `-R`.
pub(super) const FILENAME: &[Flag] = &[
    Flag::slice("filename", "Filename, directory, or URL to files identifying the resource.").short('f'),
    Flag::str(
        "kustomize",
        "Process the kustomization directory. This flag can't be used together with -f or -R.",
    )
    .short('k'),
    Flag::bool("recursive", "Process the directory used in -f, --filename recursively. Useful when you want to manage related manifests organized within the same directory.").short('R'),
];

/// `-l`
pub(super) const SELECTOR: &[Flag] = &[Flag::str("selector", "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'.(e.g. -l key1=value1,key2=value2,key3 in (value3)). Matching objects must satisfy all of the specified label constraints.").short('l')];
