//! Columns: the lab counts characters, an editor in a browser counts UTF-16 units.

/// The UTF-16 column of a character column; both and the line count from one.
pub fn utf16_column(text: &str, line: usize, column: usize) -> usize {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    line.chars().take(column.saturating_sub(1)).map(char::len_utf16).sum::<usize>() + 1
}

/// The byte at which the UTF-16 unit `at` of `text` begins, or its end.
pub fn byte_of_utf16(text: &str, at: usize) -> usize {
    let mut units = 0;
    for (byte, character) in text.char_indices() {
        if units >= at {
            return byte;
        }
        units += character.len_utf16();
    }
    text.len()
}

/// The UTF-16 units before the byte `at` of `text`.
pub fn utf16_of_byte(text: &str, at: usize) -> usize {
    text.char_indices().take_while(|(byte, _)| *byte < at).map(|(_, character)| character.len_utf16()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_beyond_the_basic_plane_count_twice() {
        assert_eq!(utf16_column("a: 1\nb: 🦀 c", 2, 6), 7);
        assert_eq!(utf16_column("abc", 1, 2), 2);
        assert_eq!(utf16_column("abc", 9, 1), 1);
        assert_eq!(byte_of_utf16("é🦀x", 3), 6);
        assert_eq!(utf16_of_byte("é🦀x", 6), 3);
        assert_eq!(byte_of_utf16("ab", 9), 2);
    }
}
