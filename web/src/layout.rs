//! How large the panes are: three numbers, their bounds, and how they are written down.
//!
//! Knows percentages, not pixels and not the mouse.

/// Which boundary is moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Split {
    /// Between the task and the middle.
    Task,
    /// Between the middle and the checks.
    Side,
    /// Between the editor and the shell.
    Shell,
    /// Between the checks and the picture.
    Picture,
}

impl Split {
    /// All of them, in the order they are written down.
    pub const ALL: [Split; 4] = [Split::Task, Split::Side, Split::Shell, Split::Picture];

    /// The custom property that carries the size.
    pub fn property(self) -> &'static str {
        match self {
            Split::Task => "--task",
            Split::Side => "--side",
            Split::Shell => "--shell",
            Split::Picture => "--picture",
        }
    }

    /// What a screen reader calls it.
    pub fn label(self) -> &'static str {
        match self {
            Split::Task => "Width of the task",
            Split::Side => "Width of the checks and the picture",
            Split::Shell => "Height of the shell",
            Split::Picture => "Height of the picture",
        }
    }

    /// Whether the boundary stands upright (moved left and right).
    pub fn upright(self) -> bool {
        matches!(self, Split::Task | Split::Side)
    }

    /// The least and the most, in percent.
    pub fn bounds(self) -> (f64, f64) {
        match self {
            Split::Task => (14.0, 40.0),
            Split::Side => (18.0, 44.0),
            Split::Shell | Split::Picture => (14.0, 76.0),
        }
    }

    /// The percentage that a pointer at `at` of `0.0..=1.0` (from the left, from the top) asks for: the task is
    /// measured from the left, all others from the far side.
    pub fn at(self, at: f64) -> f64 {
        if self == Split::Task { at * 100.0 } else { (1.0 - at) * 100.0 }
    }

    /// What an arrow key adds, if that key moves this boundary.
    pub fn step(self, key: &str) -> Option<f64> {
        match (self, key) {
            (Split::Task, "ArrowRight") | (Split::Side, "ArrowLeft") => Some(2.0),
            (Split::Task, "ArrowLeft") | (Split::Side, "ArrowRight") => Some(-2.0),
            (Split::Shell | Split::Picture, "ArrowUp") => Some(2.0),
            (Split::Shell | Split::Picture, "ArrowDown") => Some(-2.0),
            (_, "Home") => Some(-100.0),
            (_, "End") => Some(100.0),
            _ => None,
        }
    }
}

/// The sizes of the panes, in percent of the page.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Layout {
    sizes: [f64; 4],
}

impl Default for Layout {
    fn default() -> Self {
        Layout { sizes: [25.0, 29.0, 38.0, 48.0] }
    }
}

impl Layout {
    /// The size of what the boundary measures.
    pub fn get(&self, split: Split) -> f64 {
        Split::ALL.iter().zip(self.sizes).find(|(found, _)| **found == split).map_or(0.0, |(_, size)| size)
    }

    /// Moves a boundary, within its bounds.
    pub fn set(&mut self, split: Split, size: f64) {
        let (least, most) = split.bounds();
        for (found, slot) in Split::ALL.iter().zip(self.sizes.iter_mut()) {
            if *found == split {
                *slot = size.clamp(least, most);
            }
        }
    }

    /// As it is kept between visits.
    pub fn write(&self) -> String {
        self.sizes.map(|size| format!("{size:.1}")).join(" ")
    }

    /// Reads what `write` wrote; anything else is the layout as it comes.
    pub fn read(text: &str) -> Layout {
        let sizes: Vec<f64> = text
            .split(' ')
            .filter_map(|word| word.parse().ok())
            .filter(|size: &f64| size.is_finite())
            .collect();
        let mut layout = Layout::default();
        if sizes.len() == Split::ALL.len() {
            for (split, size) in Split::ALL.into_iter().zip(sizes) {
                layout.set(split, size);
            }
        }
        layout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_is_read_as_it_was_written_and_stays_in_bounds() {
        let mut layout = Layout::default();
        layout.set(Split::Task, 33.5);
        layout.set(Split::Shell, 500.0);
        assert_eq!(layout.get(Split::Shell), 76.0);
        assert_eq!(Layout::read(&layout.write()), layout);
        assert_eq!(Layout::read("NaN 1 2"), Layout::default());
        assert_eq!(Layout::read(""), Layout::default());
    }

    #[test]
    fn arrows_move_the_boundary_the_way_they_point() {
        assert_eq!(Split::Task.step("ArrowRight"), Some(2.0));
        assert_eq!(Split::Side.step("ArrowRight"), Some(-2.0));
        assert_eq!(Split::Shell.step("ArrowUp"), Some(2.0));
        assert_eq!(Split::Shell.step("ArrowLeft"), None);
    }
}
