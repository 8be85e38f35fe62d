//! Elastic tab stops: what aligns every table and description.
//!
//! Knows nothing of objects; text with tabs goes in, aligned text comes out. Models Go's `text/tabwriter` with space
//! padding, and the `RememberWidths` flag of the fork that kubectl's tables use.

/// A writer that aligns tab-terminated cells of consecutive lines.
#[derive(Clone, Debug)]
pub struct TabWriter {
    min_width: usize,
    padding: usize,
    /// Widths of columns flushed earlier; `None` where each flush starts afresh.
    remembered: Option<Vec<usize>>,
    pending: String,
    done: String,
}

impl TabWriter {
    /// The writer of `kubectl get`, `api-resources` and other tables: columns at least 6 wide, 3 apart.
    #[must_use]
    pub const fn table() -> Self {
        Self {
            min_width: 6,
            padding: 3,
            remembered: Some(Vec::new()),
            pending: String::new(),
            done: String::new(),
        }
    }

    /// The writer of descriptions: 2 apart, no least width.
    #[must_use]
    pub const fn description() -> Self {
        Self { min_width: 0, padding: 2, remembered: None, pending: String::new(), done: String::new() }
    }

    /// Takes in text.
    pub fn write(&mut self, text: &str) {
        self.pending.push_str(text);
    }

    /// Aligns what was written since the last flush.
    pub fn flush(&mut self) {
        let text = std::mem::take(&mut self.pending);
        if text.is_empty() {
            return;
        }
        // A form feed ends the line as a line feed does, and the alignment with it.
        let mut blocks = text.split('\u{c}').peekable();
        while let Some(block) = blocks.next() {
            let lines: Vec<Vec<&str>> = block.split('\n').map(|line| line.split('\t').collect()).collect();
            self.format(&lines, &mut Vec::new(), 0, lines.len(), lines.len());
            if blocks.peek().is_some() {
                self.done.push('\n');
            }
        }
    }

    /// Forgets the widths of earlier columns: the next table is another one.
    pub fn forget_widths(&mut self) {
        if let Some(widths) = &mut self.remembered {
            widths.clear();
        }
    }

    /// Whether anything was flushed since the last [`Self::take`].
    #[must_use]
    pub const fn has_output(&self) -> bool {
        !self.done.is_empty()
    }

    /// Flushes, and hands over everything aligned so far.
    pub fn take(&mut self) -> String {
        self.flush();
        std::mem::take(&mut self.done)
    }

    /// What was written and not yet aligned, tabs and all.
    #[must_use]
    pub fn into_unaligned(self) -> String {
        self.pending
    }

    /// Lays out `lines[from..to]`, whose first columns have the widths given.
    fn format(&mut self, lines: &[Vec<&str>], widths: &mut Vec<usize>, from: usize, to: usize, total: usize) {
        let column = widths.len();
        let mut unprinted = from;
        let mut this = from;
        while this < to {
            // The last cell of a line is not terminated by a tab and belongs to no column.
            let has_column = |i: usize| lines.get(i).is_some_and(|line| column + 1 < line.len());
            if !has_column(this) {
                this += 1;
                continue;
            }
            self.write_lines(lines, widths, unprinted, this, total);
            unprinted = this;
            let mut width = self.min_width;
            while this < to && has_column(this) {
                let cell = lines.get(this).and_then(|line| line.get(column)).map_or(0, |c| c.chars().count());
                width = width.max(cell + self.padding);
                this += 1;
            }
            if let Some(remembered) = &mut self.remembered {
                match remembered.get_mut(column) {
                    Some(w) => {
                        width = width.max(*w);
                        *w = width;
                    }
                    None => remembered.push(width),
                }
            }
            widths.push(width);
            self.format(lines, widths, unprinted, this, total);
            widths.pop();
            unprinted = this;
        }
        self.write_lines(lines, widths, unprinted, to, total);
    }

    fn write_lines(&mut self, lines: &[Vec<&str>], widths: &[usize], from: usize, to: usize, total: usize) {
        for (i, line) in lines.iter().enumerate().take(to).skip(from) {
            for (j, cell) in line.iter().enumerate() {
                self.done.push_str(cell);
                if j + 1 < line.len()
                    && let Some(width) = widths.get(j)
                {
                    self.done.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count())));
                }
            }
            if i + 1 < total {
                self.done.push('\n');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_columns_of_six_and_three_apart() {
        let mut w = TabWriter::table();
        w.write("NAME\tREADY\tAGE\nlonger-name\t1/1\t5s\n");
        assert_eq!(w.take(), "NAME          READY   AGE\nlonger-name   1/1     5s\n");
    }

    #[test]
    fn a_column_ends_where_a_line_lacks_it() {
        let mut w = TabWriter::description();
        w.write("Name:\tx\nLabels:\t<none>\nSpec:\n  A long one:\ty\n");
        assert_eq!(w.take(), "Name:    x\nLabels:  <none>\nSpec:\n  A long one:  y\n");
    }

    #[test]
    fn tables_remember_their_widths_until_told_otherwise() {
        let mut w = TabWriter::table();
        w.write("a-wide-cell\tx\n");
        w.flush();
        w.write("a\tx\n");
        w.flush();
        w.forget_widths();
        w.write("a\tx\n");
        assert_eq!(w.take(), "a-wide-cell   x\na             x\na     x\n");
    }

    #[test]
    fn an_empty_column_still_takes_its_place() {
        let mut w = TabWriter::description();
        w.write("a\t\tb\n\t\tc\n");
        assert_eq!(w.take(), "a    b\n     c\n");
    }
}
