//! Names and numbers of system calls. Models libseccomp `src/syscalls.csv` for x86_64, x86 and x32.

use std::sync::OnceLock;

/// The entry by which a call comes: it decides what its number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arch {
    /// The native 64-bit entry.
    X86_64,
    /// The 32-bit entry (`int 0x80`), with its own numbers.
    X86,
    /// The 64-bit entry with bit 30 set in the number.
    X32,
}

/// The bit of an x32 call's number.
pub const X32_BIT: u32 = 0x4000_0000;

struct Row {
    name: &'static str,
    x86_64: Option<u32>,
    x86: Option<u32>,
}

fn table() -> &'static [Row] {
    static TABLE: OnceLock<Vec<Row>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut rows: Vec<Row> = include_str!("syscalls.txt")
            .lines()
            .filter(|l| !l.starts_with('#'))
            .filter_map(|l| {
                let mut words = l.split(' ');
                let name = words.next()?;
                Some(Row { name, x86_64: words.next()?.parse().ok(), x86: words.next()?.parse().ok() })
            })
            .collect();
        gatehouse_model::order::by_key(&mut rows, |r| r.name);
        rows
    })
}

/// Whether any architecture we know has a call of this name. Others are ignored in profiles.
#[must_use]
pub fn is_known(name: &str) -> bool {
    table().binary_search_by_key(&name, |r| r.name).is_ok()
}

/// The number of a call; none if the architecture does not have it.
#[must_use]
pub fn number_of(arch: Arch, name: &str) -> Option<u32> {
    let row = table().binary_search_by_key(&name, |r| r.name).ok().and_then(|i| table().get(i))?;
    match arch {
        Arch::X86_64 => row.x86_64,
        Arch::X86 => row.x86,
        Arch::X32 => row.x86_64.map(|n| n | X32_BIT),
    }
}

/// The name of a number; none where the kernel has no such call.
#[must_use]
pub fn name_of(arch: Arch, number: u32) -> Option<&'static str> {
    let number = if arch == Arch::X32 { number & !X32_BIT } else { number };
    table().iter().find(|r| if arch == Arch::X86 { r.x86 } else { r.x86_64 } == Some(number)).map(|r| r.name)
}
