//! Descriptions with a number in place of each frequent word: so they pack better, by a fourteenth.
//!
//! The first line has the words, with the space before each, between bars. In the lines after it a byte from 128 on is the
//! number of a word; from [`SHORT`] on it takes the next byte with it. The build script writes this and reads it once.

/// How many words have a number of one byte.
pub const SHORT: usize = 112;

/// How many words a byte behind another tells apart.
pub const LONG: usize = 128;

/// A line of them as it was.
#[must_use]
pub fn read(all: &[u8], line: usize) -> Option<String> {
    let mut lines = all.split(|byte| *byte == b'\n');
    let words: Vec<&[u8]> = lines.next()?.split(|byte| *byte == b'|').collect();
    let mut text = Vec::new();
    let mut bytes = lines.nth(line)?.iter();
    while let Some(byte) = bytes.next() {
        let Some(number) = usize::from(*byte).checked_sub(128) else {
            text.push(*byte);
            continue;
        };
        let number = match number.checked_sub(SHORT) {
            None => number,
            Some(high) => SHORT + high * LONG + usize::from(*bytes.next()? & 127),
        };
        text.extend_from_slice(words.get(number)?);
    }
    String::from_utf8(text).ok()
}
