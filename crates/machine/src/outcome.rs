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
        Self { stdout: Vec::new(), stderr: stderr.into().into_bytes(), exit }
    }

    /// What succeeded with some standard output.
    #[must_use]
    pub fn success(stdout: impl Into<String>) -> Self {
        Self { stdout: stdout.into().into_bytes(), stderr: Vec::new(), exit: 0 }
    }
}
