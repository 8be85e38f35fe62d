//! Strings as small numbers: every word that occurs in a rule or a subject gets one, so that deciding compares
//! integers. Knows nothing of what the words mean.

/// The number of a word that occurs in no rule.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// An open-addressing table from words to numbers. It is only ever asked, never iterated, so its order shows nowhere.
#[derive(Debug, Default)]
pub(super) struct Words {
    slots: Vec<Slot>,
    words: Vec<Box<str>>,
}

/// A word's number, with enough of the word to tell it from others: all of it up to [`SHORT`] bytes.
#[derive(Clone, Copy, Debug)]
struct Slot {
    ends: (u64, u64),
    len: u32,
    id: u32,
}

const FREE: Slot = Slot { ends: (0, 0), len: 0, id: UNKNOWN };

/// Up to this many bytes, a word's ends and length are the word.
const SHORT: usize = 16;

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const FACTOR: u64 = 0xd6e8_feb8_6659_fd93;

/// The first and last eight bytes, which may overlap; fewer bytes are spread over the first number.
fn ends(bytes: &[u8]) -> (u64, u64) {
    let four = |chunk: &[u8; 4]| u64::from(u32::from_le_bytes(*chunk));
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return (four(first) | four(last) << 32, 0);
    }
    (bytes.iter().fold(0, |sum, b| sum << 8 | u64::from(*b)), 0)
}

const fn mix(hash: u64, word: u64) -> u64 {
    let hash = (hash ^ word).wrapping_mul(FACTOR);
    hash ^ (hash >> 32)
}

/// Mixes a word into a hash. Words are not chosen against us: spreading them well is enough.
fn hash(seed: u64, bytes: &[u8], (first, last): (u64, u64)) -> u64 {
    let mut hash = mix(mix(seed, first), last ^ ((bytes.len() as u64) << 56));
    if bytes.len() > SHORT {
        for word in bytes.as_chunks::<8>().0 {
            hash = mix(hash, u64::from_le_bytes(*word));
        }
    }
    hash
}

fn hash_one(word: &str) -> u64 {
    hash(SEED, word.as_bytes(), ends(word.as_bytes()))
}

fn hash_pair(first: &str, second: &str) -> u64 {
    hash(hash_one(first), second.as_bytes(), ends(second.as_bytes()))
}

/// The hash of a word: of what stands before and behind its slash, so that pairs need not be put together.
fn hash_word(word: &str) -> u64 {
    match word.split_once('/') {
        Some((first, second)) => hash_pair(first, second),
        None => hash_one(word),
    }
}

impl Words {
    fn start(&self, hash: u64) -> usize {
        usize::try_from(hash & 0xffff_ffff).unwrap_or(0) & self.slots.len().saturating_sub(1)
    }

    #[inline]
    fn find(&self, hash: u64, same: impl Fn(&Slot) -> bool) -> u32 {
        if self.slots.is_empty() {
            return UNKNOWN;
        }
        let mut at = self.start(hash);
        loop {
            match self.slots.get(at) {
                Some(slot) if slot.id != UNKNOWN => {
                    if same(slot) {
                        return slot.id;
                    }
                }
                _ => return UNKNOWN,
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    fn word(&self, slot: &Slot) -> &str {
        self.words.get(slot.id as usize).map_or("", |w| w)
    }

    /// The number of `word`, or [`UNKNOWN`].
    #[inline]
    pub(super) fn get(&self, word: &str) -> u32 {
        let bytes = word.as_bytes();
        let ends = ends(bytes);
        let hash = if bytes.contains(&b'/') { hash_word(word) } else { hash(SEED, bytes, ends) };
        self.find(hash, |slot| {
            slot.ends == ends
                && slot.len as usize == bytes.len()
                && (bytes.len() <= SHORT || self.word(slot) == word)
        })
    }

    /// The number of `first/second`, or [`UNKNOWN`], without putting the two together.
    pub(super) fn get_pair(&self, first: &str, second: &str) -> u32 {
        self.find(hash_pair(first, second), |slot| {
            slot.len as usize == first.len() + second.len() + 1
                && self.word(slot).strip_prefix(first).and_then(|rest| rest.strip_prefix('/')) == Some(second)
        })
    }

    /// The number of `word`, given to it now where it has none.
    pub(super) fn intern(&mut self, word: &str) -> u32 {
        let known = self.get(word);
        if known != UNKNOWN {
            return known;
        }
        let Ok(id) = u32::try_from(self.words.len()) else { return UNKNOWN };
        self.words.push(word.into());
        if self.slots.len() < self.words.len() * 2 {
            self.slots = vec![FREE; (self.words.len() * 4).next_power_of_two()];
            for id in 0..=id {
                self.place(id);
            }
        } else {
            self.place(id);
        }
        id
    }

    fn place(&mut self, id: u32) {
        let Some(word) = self.words.get(id as usize) else { return };
        let Ok(len) = u32::try_from(word.len()) else { return };
        let taken = Slot { ends: ends(word.as_bytes()), len, id };
        let mut at = self.start(hash_word(word));
        while let Some(slot) = self.slots.get_mut(at) {
            if slot.id == UNKNOWN {
                *slot = taken;
                return;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }
}

/// A set of words as one dimension of a rule has it: some words, or all of them.
#[derive(Debug, Default)]
pub(super) struct WordSet {
    /// A bit for each number below 64.
    low: u64,
    /// The other numbers.
    high: Box<[u32]>,
    all: bool,
}

impl WordSet {
    /// The set of `words`, where `*` stands for every word.
    pub(super) fn new<'a>(
        words: impl Iterator<Item = &'a str>,
        table: &mut Words,
        star_is_all: bool,
    ) -> Self {
        let mut set = Self::default();
        let mut high = Vec::new();
        for word in words {
            if star_is_all && word == "*" {
                set.all = true;
            }
            let id = table.intern(word);
            if id < 64 { set.low |= 1 << id } else { high.push(id) }
        }
        set.high = high.into();
        set
    }

    /// A bit for each number modulo 64: no set bit in common, no word in common.
    pub(super) fn mask(&self) -> u64 {
        if self.all { u64::MAX } else { self.high.iter().fold(self.low, |mask, id| mask | 1 << (id % 64)) }
    }

    /// Whether the set has no words.
    pub(super) const fn is_empty(&self) -> bool {
        self.low == 0 && self.high.is_empty()
    }

    /// Whether `id` is in it.
    #[inline]
    pub(super) fn has(&self, id: u32) -> bool {
        self.all || if id < 64 { self.low & (1 << id) != 0 } else { self.high.contains(&id) }
    }
}
