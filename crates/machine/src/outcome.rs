//! What a command comes to.

/// What a finished command printed, and its exit code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// The exit code, 0 to 255.
    pub exit: i32,
    /// In which turns it was printed: so many bytes of standard output, then so many of standard error. Empty where
    /// nobody knows; what is not in it comes last.
    pub turns: Vec<(usize, usize)>,
}

/// A command that wants a person to edit a text before it can go on (`vi FILE`, `kubectl edit`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditRequest {
    /// The file to open, absolute, on the machine the command ran on.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The command to run on that machine when the text was saved to `path` (`kubectl edit` goes on with it);
    /// empty where saving is all.
    pub then: Vec<String>,
}

/// A command's outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ended.
    Done(Output),
    /// It waits for a person to edit a file; what it printed so far.
    NeedsEdit(Output, EditRequest),
    /// It would go on printing until interrupted (`-w`, `tail -f`, `sleep infinity` in the foreground);
    /// what it printed so far. The front end shows it and lets the learner press Ctrl-C (exit code 130).
    Streaming(Output),
}

impl Output {
    /// What failed with a message on standard error.
    #[must_use]
    pub fn failure(exit: i32, stderr: impl Into<String>) -> Self {
        Self { stderr: stderr.into().into_bytes(), exit, ..Self::default() }
    }

    /// What succeeded with some standard output.
    #[must_use]
    pub fn success(stdout: impl Into<String>) -> Self {
        Self { stdout: stdout.into().into_bytes(), ..Self::default() }
    }

    /// Prints to standard output.
    pub fn print(&mut self, bytes: &[u8]) {
        match self.turns.last_mut() {
            Some((out, 0)) => *out += bytes.len(),
            _ => self.turns.push((bytes.len(), 0)),
        }
        self.stdout.extend_from_slice(bytes);
    }

    /// Prints to standard error.
    pub fn complain(&mut self, bytes: &[u8]) {
        match self.turns.last_mut() {
            Some((_, err)) => *err += bytes.len(),
            None => self.turns.push((0, bytes.len())),
        }
        self.stderr.extend_from_slice(bytes);
    }

    /// Prints what something else printed.
    pub fn append(&mut self, other: &Self) {
        for (fd, piece) in other.pieces() {
            if fd == 1 { self.print(piece) } else { self.complain(piece) }
        }
    }

    /// The pieces in the order in which they were printed, each with its file descriptor.
    #[must_use]
    pub fn pieces(&self) -> Vec<(i32, &[u8])> {
        let (mut out, mut err) = (self.stdout.as_slice(), self.stderr.as_slice());
        let mut pieces = Vec::new();
        for (of_out, of_err) in self.turns.iter().copied().chain([(usize::MAX, usize::MAX)]) {
            for (fd, rest, len) in [(1, &mut out, of_out), (2, &mut err, of_err)] {
                let (piece, behind) = rest.split_at(len.min(rest.len()));
                *rest = behind;
                if !piece.is_empty() {
                    pieces.push((fd, piece));
                }
            }
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_in_the_order_in_which_they_were_printed() {
        let mut output = Output::default();
        output.complain(b"Warning: old\n");
        output.print(b"NAME\n");
        output.print(b"web\n");
        output.complain(b"error: no\n");
        let expected: Vec<(i32, &[u8])> =
            vec![(2, b"Warning: old\n"), (1, b"NAME\nweb\n"), (2, b"error: no\n")];
        assert_eq!(output.pieces(), expected);
        output.turns.clear();
        assert_eq!(output.pieces().len(), 2);
    }
}
