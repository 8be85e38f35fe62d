//! Strings as small numbers: every word that occurs in a rule or a subject gets one, so that deciding compares
//! integers. Knows nothing of what the words mean.

/// The number of a word that occurs in no rule.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// An open-addressing table from words to numbers. It is only ever asked, never iterated, so its order shows nowhere.
#[derive(Debug, Default)]
pub(super) struct Words {
    slots: Vec<u32>,
    words: Vec<Box<str>>,
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const FACTOR: u64 = 0xd6e8_feb8_6659_fd93;

/// Mixes bytes into a hash, eight at a time. Words are not chosen against us: spreading them well is enough.
fn mix(mut hash: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR);
        hash ^= hash >> 32;
    }
    let mut last = 0u64;
    for byte in rest {
        last = last << 8 | u64::from(*byte);
    }
    hash = (hash ^ last ^ ((bytes.len() as u64) << 56)).wrapping_mul(FACTOR);
    hash ^ (hash >> 29)
}

fn hash_pair(first: &str, second: &str) -> u64 {
    mix(mix(SEED, first.as_bytes()), second.as_bytes())
}

/// The hash of a word: of what stands before and behind its slash, so that pairs need not be put together.
fn hash_word(word: &str) -> u64 {
    match word.split_once('/') {
        Some((first, second)) => hash_pair(first, second),
        None => mix(SEED, word.as_bytes()),
    }
}

impl Words {
    fn start(&self, hash: u64) -> usize {
        usize::try_from(hash & 0xffff_ffff).unwrap_or(0) & self.slots.len().saturating_sub(1)
    }

    fn find(&self, hash: u64, same: impl Fn(&str) -> bool) -> u32 {
        if self.slots.is_empty() {
            return UNKNOWN;
        }
        let mut at = self.start(hash);
        loop {
            match self.slots.get(at) {
                Some(&id) if id != UNKNOWN => {
                    if self.words.get(id as usize).is_some_and(|w| same(w)) {
                        return id;
                    }
                }
                _ => return UNKNOWN,
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// The number of `word`, or [`UNKNOWN`].
    pub(super) fn get(&self, word: &str) -> u32 {
        self.find(hash_word(word), |w| w == word)
    }

    /// The number of `first/second`, or [`UNKNOWN`], without putting the two together.
    pub(super) fn get_pair(&self, first: &str, second: &str) -> u32 {
        self.find(hash_pair(first, second), |w| {
            w.len() == first.len() + second.len() + 1
                && w.strip_prefix(first).and_then(|rest| rest.strip_prefix('/')) == Some(second)
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
            self.slots = vec![UNKNOWN; (self.words.len() * 4).next_power_of_two()];
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
        let mut at = self.start(hash_word(word));
        while let Some(slot) = self.slots.get_mut(at) {
            if *slot == UNKNOWN {
                *slot = id;
                return;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }
}

/// A set of words as one dimension of a rule has it: some words, or all of them.
#[derive(Debug, Default)]
pub(super) struct WordSet {
    /// A bit for each number modulo 64: most misses are seen here.
    mask: u64,
    ids: Box<[u32]>,
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
        let mut ids = Vec::new();
        for word in words {
            if star_is_all && word == "*" {
                set.all = true;
            }
            let id = table.intern(word);
            set.mask |= 1 << (id % 64);
            ids.push(id);
        }
        if set.all {
            set.mask = u64::MAX;
        }
        set.ids = ids.into();
        set
    }

    /// A bit for each number modulo 64: no set bit in common, no word in common.
    pub(super) const fn mask(&self) -> u64 {
        self.mask
    }

    /// Whether the set has no words.
    pub(super) const fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether `id` is in it.
    pub(super) fn has(&self, id: u32) -> bool {
        self.all || (self.mask & (1 << (id % 64)) != 0 && self.ids.contains(&id))
    }
}
