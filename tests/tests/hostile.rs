//! Hostile input: structured nonsense at every parser. None may panic, run away or need much memory.
//!
//! The input is made up from seeds by a fixed generator, so a failure comes back. `HOSTILE_SECONDS` makes it go on for
//! that long for each target, with other numbers each round; `HOSTILE_TARGET` chooses one, `HOSTILE_TRACE` shows each
//! input before it is tried.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test of how long things take, with input of its own making"
)]

use std::time::{Duration, Instant};

use gatehouse_conformance::hostile::{TARGETS, Target};

/// What one input may take in a debug build on a busy machine.
const SLOW: Duration = Duration::from_secs(20);
/// The stack a parser may use in a debug build; a browser's worker has less, a release build needs far less.
const STACK: usize = 16 << 20;
/// The longest input made.
const LONGEST: usize = 40_000;
/// What the whole test may have used at most, in KiB.
const MEMORY: u64 = 3 << 20;

struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % (n.max(1) as u64)) as usize
    }

    fn pick<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.below(of.len())]
    }
}

/// Deep, long and repeated: what a target is given first.
fn extremes(target: &Target, long: bool) -> Vec<String> {
    let mut all = vec![String::new()];
    for word in target.words.iter().chain(target.seeds) {
        for times in [1, 200, 5_000].into_iter().take(if long { 3 } else { 2 }) {
            all.push(word.repeat(times.min(LONGEST / word.len().max(1)).max(1)));
        }
    }
    all
}

fn mutate(target: &Target, dice: &mut Dice) -> String {
    let mut text: Vec<char> = dice.pick(target.seeds).chars().collect();
    for _ in 0..=dice.below(8) {
        let at = dice.below(text.len() + 1);
        let to = (at + dice.below(12)).min(text.len());
        match dice.below(8) {
            0 => drop(text.drain(at..to)),
            1 => {
                let piece: Vec<char> = text[at..to].to_vec();
                let times = 1 << dice.below(10);
                let more: Vec<char> = piece.iter().copied().cycle().take(piece.len() * times).collect();
                text.splice(at..at, more);
            }
            2 | 3 => drop(text.splice(at..at, dice.pick(target.words).chars())),
            4 => {
                let other = dice.pick(target.seeds);
                text.splice(at..at, other.chars());
            }
            5 => text.truncate(at),
            6 => {
                let odd = ['\0', '\u{7f}', '\u{feff}', 'é', '😀', '\r', '\t', '\u{2028}', '%', '\\'];
                text.insert(at, odd[dice.below(odd.len())]);
            }
            _ => {
                let word = dice.pick(target.words).repeat(1 << dice.below(9));
                text.splice(at..at, word.chars());
            }
        }
        text.truncate(LONGEST);
    }
    text.into_iter().collect()
}

fn survives(target: &Target, text: &str) {
    if std::env::var("HOSTILE_TRACE").is_ok() {
        eprintln!("{} {} bytes {:?}", target.name, text.len(), text.chars().take(60).collect::<String>());
    }
    let began = Instant::now();
    let result = std::panic::catch_unwind(|| (target.run)(text));
    let shown: String = text.chars().take(600).collect();
    assert!(result.is_ok(), "{} panics at {shown:?} ({} bytes)", target.name, text.len());
    let took = began.elapsed();
    assert!(took < SLOW, "{} takes {took:?} for {shown:?} ({} bytes)", target.name, text.len());
    if took > Duration::from_secs(2) && std::env::var("HOSTILE_SECONDS").is_ok() {
        eprintln!("slow: {} {took:?} {shown:?} ({} bytes)", target.name, text.len());
    }
}

#[test]
fn no_parser_minds_nonsense() {
    let seconds: Option<u64> = std::env::var("HOSTILE_SECONDS").ok().and_then(|s| s.parse().ok());
    let only = std::env::var("HOSTILE_TARGET").ok();
    let chosen = TARGETS.iter().filter(|t| only.as_deref().is_none_or(|o| o == t.name));
    for target in chosen {
        let run = move || {
            let began = Instant::now();
            for text in extremes(target, seconds.is_some()) {
                survives(target, &text);
            }
            let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ seconds.unwrap_or(0));
            let mut rounds = 0;
            let enough = |rounds: u32| match seconds {
                Some(s) => began.elapsed() >= Duration::from_secs(s),
                None => rounds >= 25,
            };
            while !enough(rounds) {
                survives(target, &mutate(target, &mut dice));
                rounds += 1;
            }
            if seconds.is_some() {
                eprintln!("{}: {rounds} rounds in {:?}", target.name, began.elapsed());
            }
        };
        let thread = std::thread::Builder::new().stack_size(STACK).spawn(run).unwrap();
        assert!(thread.join().is_ok(), "{}: see above", target.name);
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak =
        status.lines().find_map(|l| l.strip_prefix("VmHWM:")).and_then(|l| l.split_whitespace().next());
    let peak: u64 = peak.and_then(|p| p.parse().ok()).unwrap_or(0);
    assert!(peak < MEMORY, "{peak} KiB of memory");
}
