//! How far the learner is with an exercise: what the list shows, and how it is written down.

/// The state of an exercise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// Never touched.
    New,
    /// Begun; the share of the score, in percent.
    Begun(u32),
    /// The full score was reached.
    Solved,
}

impl Progress {
    /// The state a score means.
    pub fn of(score: u32, max: u32) -> Progress {
        if max > 0 && score >= max {
            Progress::Solved
        } else {
            Progress::Begun((score * 100).checked_div(max).unwrap_or(0))
        }
    }

    /// As it is kept.
    pub fn write(self) -> String {
        match self {
            Progress::New => String::new(),
            Progress::Begun(percent) => percent.to_string(),
            Progress::Solved => "solved".to_owned(),
        }
    }

    /// Reads what `write` wrote.
    pub fn read(text: Option<&str>) -> Progress {
        match text {
            None | Some("") => Progress::New,
            Some("solved") => Progress::Solved,
            Some(percent) => {
                percent.parse().map_or(Progress::New, |percent: u32| Progress::Begun(percent.min(99)))
            }
        }
    }

    /// In words.
    pub fn words(self) -> String {
        match self {
            Progress::New => "new".to_owned(),
            Progress::Begun(percent) => format!("in progress, {percent} %"),
            Progress::Solved => "solved".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_it_was_written() {
        for state in [Progress::New, Progress::Begun(0), Progress::Begun(72), Progress::Solved] {
            assert_eq!(Progress::read(Some(&state.write())), state);
        }
        assert_eq!(Progress::read(None), Progress::New);
        assert_eq!(Progress::read(Some("garbage")), Progress::New);
    }

    #[test]
    fn only_the_full_score_is_solved() {
        assert_eq!(Progress::of(100, 100), Progress::Solved);
        assert_eq!(Progress::of(199, 200), Progress::Begun(99));
        assert_eq!(Progress::of(0, 0), Progress::Begun(0));
    }
}
