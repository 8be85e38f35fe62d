//! What `#include`, `include` and `abi` lines find below `/etc/apparmor.d`.

/// What a name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A file, with its text.
    File(String),
    /// A directory, with its files in the order they are read (paths as the includer would name them).
    Directory(Vec<String>),
}

/// Where included files come from: the node's file system, or [`Stock`].
pub trait Includes {
    /// Looks up an absolute path.
    fn find(&self, path: &str) -> Option<Found>;
}

/// The files a distribution ships, as far as we have equivalents of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stock;

/// Path below `/etc/apparmor.d` and text of every stock file.
pub const STOCK: &[(&str, &str)] = &[
    ("tunables/global", include_str!("stock/tunables_global")),
    ("abstractions/base", include_str!("stock/base")),
    ("abstractions/consoles", include_str!("stock/consoles")),
    ("abstractions/nameservice", include_str!("stock/nameservice")),
    ("abstractions/ssl_certs", include_str!("stock/ssl_certs")),
    ("abstractions/bash", include_str!("stock/bash")),
    ("abi/3.0", ""),
    ("abi/4.0", ""),
];

/// The directory names in `<>` are searched in.
pub const ROOT: &str = "/etc/apparmor.d";

impl Includes for Stock {
    fn find(&self, path: &str) -> Option<Found> {
        let name = path.strip_prefix(ROOT)?.strip_prefix('/')?;
        STOCK.iter().find(|(n, _)| *n == name).map(|(_, text)| Found::File((*text).to_owned()))
    }
}
