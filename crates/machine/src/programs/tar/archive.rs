//! The archive's format: ustar headers, whole blocks.

/// A file is padded to whole blocks, an archive to whole records of twenty.
pub(super) const BLOCK: usize = 512;
pub(super) const RECORD: usize = 20 * BLOCK;

/// Octal digits with a zero behind them, as wide as the field.
fn octal(value: u64, width: usize) -> Vec<u8> {
    format!("{value:0width$o}\0", width = width - 1).into_bytes()
}

/// What a header says.
pub(super) struct Entry<'a> {
    pub(super) name: &'a str,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) size: usize,
    pub(super) mtime: i64,
    pub(super) kind: u8,
    pub(super) link: &'a str,
    pub(super) owners: (&'a str, &'a str),
}

/// A member's first block.
pub(super) fn header(e: &Entry<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(BLOCK);
    let field = |out: &mut Vec<u8>, bytes: &[u8], width: usize| {
        let end = out.len() + width;
        out.extend(bytes.iter().take(width));
        out.resize(end, 0);
    };
    field(&mut out, e.name.as_bytes(), 100);
    field(&mut out, &octal(u64::from(e.mode & 0o7777), 8), 8);
    field(&mut out, &octal(u64::from(e.uid), 8), 8);
    field(&mut out, &octal(u64::from(e.gid), 8), 8);
    field(&mut out, &octal(e.size as u64, 12), 12);
    field(&mut out, &octal(e.mtime.max(0).unsigned_abs() / 1000, 12), 12);
    let sum_at = out.len();
    field(&mut out, b"        ", 8);
    out.push(e.kind);
    field(&mut out, e.link.as_bytes(), 100);
    field(&mut out, b"ustar  \0", 8);
    field(&mut out, e.owners.0.as_bytes(), 32);
    field(&mut out, e.owners.1.as_bytes(), 32);
    out.resize(BLOCK, 0);
    let sum: u64 = out.iter().map(|b| u64::from(*b)).sum();
    for (slot, b) in out.iter_mut().skip(sum_at).zip(format!("{sum:06o}\0 ").bytes()) {
        *slot = b;
    }
    out
}

/// A member of an archive that is read.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) mode: u32,
    pub(super) kind: u8,
    pub(super) link: String,
    pub(super) owner: (u32, u32),
    pub(super) owners: (String, String),
    pub(super) mtime: i64,
    pub(super) content: Vec<u8>,
}

/// Everything in an archive.
///
/// # Errors
/// Where it is none.
pub(super) fn members(bytes: &[u8]) -> Result<Vec<Member>, ()> {
    let mut all = Vec::new();
    let mut rest = bytes;
    while rest.len() >= BLOCK {
        let (head, tail) = rest.split_at(BLOCK);
        if head.iter().all(|b| *b == 0) {
            return Ok(all);
        }
        let text = |from: usize, len: usize| {
            let field = head.get(from..from + len).unwrap_or_default();
            String::from_utf8_lossy(field.split(|b| *b == 0).next().unwrap_or_default()).into_owned()
        };
        let number = |from: usize, len: usize| u64::from_str_radix(text(from, len).trim(), 8).unwrap_or(0);
        if !text(257, 6).starts_with("ustar") {
            return Err(());
        }
        let size = usize::try_from(number(124, 12)).unwrap_or(0).min(tail.len());
        let (content, behind) = tail.split_at(size);
        let low = |n: u64| u32::try_from(n).unwrap_or(0);
        all.push(Member {
            name: text(0, 100),
            mode: low(number(100, 8)),
            kind: head.get(156).copied().unwrap_or(b'0'),
            link: text(157, 100),
            owner: (low(number(108, 8)), low(number(116, 8))),
            owners: (text(265, 32), text(297, 32)),
            mtime: i64::try_from(number(136, 12)).unwrap_or(0).saturating_mul(1000),
            content: content.to_vec(),
        });
        rest = behind.get((size.div_ceil(BLOCK) * BLOCK - size).min(behind.len())..).unwrap_or_default();
    }
    if all.is_empty() && !bytes.is_empty() { Err(()) } else { Ok(all) }
}

/// A line of `tar tv`.
pub(super) fn long(m: &Member) -> String {
    let letter = match m.kind {
        b'5' => 'd',
        b'2' => 'l',
        _ => '-',
    };
    let bits: String = (0..9)
        .map(|i| {
            if m.mode & (0o400 >> i) == 0 { '-' } else { ['r', 'w', 'x'].get(i % 3).copied().unwrap_or('-') }
        })
        .collect();
    let (user, group) = (
        if m.owners.0.is_empty() { m.owner.0.to_string() } else { m.owners.0.clone() },
        if m.owners.1.is_empty() { m.owner.1.to_string() } else { m.owners.1.clone() },
    );
    let stamp = crate::programs::date::format("%F %T", m.mtime);
    let link = if m.kind == b'2' { format!(" -> {}", m.link) } else { String::new() };
    format!("{letter}{bits} {user}/{group} {:>9} {stamp} {}{link}", m.content.len(), m.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let entry = Entry {
            name: "d/f",
            mode: 0o640,
            uid: 1000,
            gid: 7,
            size: 3,
            mtime: 1_000_000,
            kind: b'0',
            link: "",
            owners: ("a", "b"),
        };
        let mut bytes = header(&entry);
        bytes.extend(b"abc");
        bytes.resize(4 * BLOCK, 0);
        let all = members(&bytes).unwrap();
        assert_eq!((all.len(), all[0].content.as_slice(), all[0].owner), (1, b"abc".as_slice(), (1000, 7)));
        assert_eq!(long(&all[0]), "-rw-r----- a/b         3 1970-01-01 00:16:40 d/f");
        assert!(members(b"no archive at all").is_err() && members(&[1; 700]).is_err());
    }
}
