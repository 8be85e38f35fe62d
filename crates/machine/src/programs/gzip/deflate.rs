//! DEFLATE (RFC 1951): all of it for reading, one block of fixed codes for writing.

/// The most an archive may grow to.
const MOST: usize = 16 << 20;
const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
const DISTANCES: [(u16, u8); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];

/// CRC-32 as gzip has it.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, b| {
        (0..8).fold(crc ^ u32::from(*b), |c, _| if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 })
    })
}

struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, n: usize) -> Option<u32> {
        let mut value = 0;
        for i in 0..n {
            let byte = self.bytes.get(self.at / 8)?;
            value |= u32::from(byte >> (self.at % 8) & 1) << i;
            self.at += 1;
        }
        Some(value)
    }
}

/// Codes by length: how many there are of each, and the symbols in order.
struct Codes {
    counts: [u16; 16],
    symbols: Vec<u16>,
}

impl Codes {
    fn new(lengths: &[u8]) -> Self {
        let mut counts = [0u16; 16];
        let mut symbols = Vec::new();
        for length in 1..16u8 {
            for (symbol, _) in lengths.iter().enumerate().filter(|(_, l)| **l == length) {
                symbols.push(symbol as u16);
                if let Some(c) = counts.get_mut(usize::from(length)) {
                    *c += 1;
                }
            }
        }
        Self { counts, symbols }
    }

    fn read(&self, bits: &mut Bits<'_>) -> Option<u16> {
        let (mut code, mut first, mut index) = (0i32, 0i32, 0i32);
        for count in self.counts.iter().skip(1) {
            code |= bits.take(1)? as i32;
            let count = i32::from(*count);
            if code - count < first {
                return self.symbols.get(usize::try_from(index + code - first).ok()?).copied();
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}

fn fixed() -> (Codes, Codes) {
    let lengths: Vec<u8> = (0..288)
        .map(|i| match i {
            0..144 => 8,
            144..256 => 9,
            256..280 => 7,
            _ => 8,
        })
        .collect();
    (Codes::new(&lengths), Codes::new(&[5; 30]))
}

fn dynamic(bits: &mut Bits<'_>) -> Option<(Codes, Codes)> {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let literals = bits.take(5)? as usize + 257;
    let distances = bits.take(5)? as usize + 1;
    let count = bits.take(4)? as usize + 4;
    let mut lengths = vec![0u8; 19];
    for at in ORDER.iter().take(count) {
        *lengths.get_mut(*at)? = bits.take(3)? as u8;
    }
    let codes = Codes::new(&lengths);
    let mut all: Vec<u8> = Vec::new();
    while all.len() < literals + distances {
        let (value, times) = match codes.read(bits)? {
            16 => (*all.last()?, bits.take(2)? + 3),
            17 => (0, bits.take(3)? + 3),
            18 => (0, bits.take(7)? + 11),
            n => (n as u8, 1),
        };
        all.extend((0..times).map(|_| value));
    }
    Some((Codes::new(all.get(..literals)?), Codes::new(all.get(literals..literals + distances)?)))
}

/// What was packed, and how many bytes of the input it took.
pub(super) fn inflate(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut bits = Bits { bytes, at: 0 };
    let mut out: Vec<u8> = Vec::new();
    loop {
        let last = bits.take(1)?;
        let (literals, distances) = match bits.take(2)? {
            0 => {
                bits.at = bits.at.next_multiple_of(8);
                let length = bits.take(16)? as usize;
                bits.take(16)?;
                let start = bits.at / 8;
                out.extend_from_slice(bytes.get(start..start + length)?);
                bits.at += length * 8;
                if last == 1 {
                    break;
                }
                continue;
            }
            1 => fixed(),
            2 => dynamic(&mut bits)?,
            _ => return None,
        };
        loop {
            let symbol = literals.read(&mut bits)?;
            match symbol {
                0..256 => out.push(symbol as u8),
                256 => break,
                _ => {
                    let (base, extra) = *LENGTHS.get(usize::from(symbol) - 257)?;
                    let length = usize::from(base) + bits.take(usize::from(extra))? as usize;
                    let (base, extra) = *DISTANCES.get(usize::from(distances.read(&mut bits)?))?;
                    let distance = usize::from(base) + bits.take(usize::from(extra))? as usize;
                    let from = out.len().checked_sub(distance)?;
                    for i in 0..length {
                        out.push(*out.get(from + i)?);
                    }
                }
            }
            if out.len() > MOST {
                return None;
            }
        }
        if last == 1 {
            break;
        }
    }
    Some((out, bits.at.div_ceil(8)))
}

struct Writer {
    out: Vec<u8>,
    at: usize,
}

impl Writer {
    fn put(&mut self, value: u32, n: usize) {
        for i in 0..n {
            if self.at.is_multiple_of(8) {
                self.out.push(0);
            }
            if let Some(byte) = self.out.last_mut() {
                *byte |= ((value >> i & 1) as u8) << (self.at % 8);
            }
            self.at += 1;
        }
    }

    /// Codes stand with their highest bit first.
    fn code(&mut self, value: u32, n: usize) {
        for i in (0..n).rev() {
            self.put(value >> i & 1, 1);
        }
    }

    fn symbol(&mut self, symbol: u32) {
        match symbol {
            0..144 => self.code(0x30 + symbol, 8),
            144..256 => self.code(0x190 + symbol - 144, 9),
            256..280 => self.code(symbol - 256, 7),
            _ => self.code(0xc0 + symbol - 280, 8),
        }
    }
}

/// Packs bytes.
pub(super) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut w = Writer { out: Vec::new(), at: 0 };
    w.put(1, 1);
    w.put(1, 2);
    let mut seen = vec![usize::MAX; 1 << 13];
    let hash = |i: usize| {
        let three = bytes.get(i..i + 3)?;
        Some(three.iter().fold(0usize, |h, b| h * 37 + usize::from(*b)) % (1 << 13))
    };
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let slot = hash(at);
        let before = slot.and_then(|s| seen.get(s)).copied().filter(|b| *b != usize::MAX && at - b <= 32_768);
        let length = before.map_or(0, |b| {
            let same = |i: &usize| bytes.get(at + i).is_some() && bytes.get(b + i) == bytes.get(at + i);
            (0..258).take_while(same).count()
        });
        if let Some(place) = slot.and_then(|s| seen.get_mut(s)) {
            *place = at;
        }
        if length < 3 {
            w.symbol(u32::from(*byte));
            at += 1;
            continue;
        }
        let nearest = |table: &[(u16, u8)], n: usize| {
            let i = table.iter().rposition(|(base, _)| usize::from(*base) <= n).unwrap_or(0);
            let (base, extra) = table.get(i).copied().unwrap_or((0, 0));
            (i as u32, (n - usize::from(base)) as u32, usize::from(extra))
        };
        let (i, rest, extra) = nearest(&LENGTHS, length);
        w.symbol(257 + i);
        w.put(rest, extra);
        let (i, rest, extra) = nearest(&DISTANCES, at - before.unwrap_or(at));
        w.code(i, 5);
        w.put(rest, extra);
        at += length;
    }
    w.symbol(256);
    w.out
}

#[cfg(test)]
mod tests {
    use super::{deflate, inflate};

    #[test]
    fn packed_and_unpacked() {
        let long: Vec<u8> = (0..5000u32).map(|i| (i * i % 251) as u8).collect();
        for text in [&b""[..], b"a", b"aaaaaaaaaaaaaaaaaaaaaaaa", b"the cat the cat the dog", &long] {
            assert_eq!(inflate(&deflate(text)).unwrap().0, text);
        }
        // Of zlib, with codes of its own: "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddabcd".
        assert!(inflate(&[0xff, 0xff]).is_none());
    }
}
