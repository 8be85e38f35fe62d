//! A module's code as strands: one of instructions, one of the locals that are read, one of constants, and so on.
//!
//! What stands beside like things packs better: a tenth of the engine's packed size. The shape of each instruction
//! travels with the strands, so that who weaves them together again (`web/boot/unpack.js`) has no list of its own.
//! Knows the instructions that compilers make of plain WebAssembly; vectors, threads and the like are refused.

use wasmparser::{Parser, Payload};

use crate::command::Outcome;

/// How many strands there are.
const COUNT: usize = 10;

// Where things go. `web/boot/unpack.js` has these numbers too.

/// The shapes, where the code belongs, and all sections but the code as they are.
const PLAIN: u8 = 0;
/// Instructions, with what nearly always follows from those before: types, alignment, the function that is called.
const INSTRUCTIONS: u8 = 1;
/// How many functions there are, and the locals of each.
const LOCALS: u8 = 2;
/// How far a branch goes.
const BRANCHES: u8 = 3;
/// Which local is read.
const READ: u8 = 4;
/// Which local is written.
const WRITTEN: u8 = 5;
/// The offset of what is loaded.
const LOADED: u8 = 6;
/// The offset of what is stored.
const STORED: u8 = 7;
/// Constants of 32 bits.
const CONSTANTS: u8 = 8;
/// The other constants.
const WIDE: u8 = 9;

/// How many bits of the byte before tell something of the next one, in each strand: measured.
pub(super) const CONTEXTS: [u32; COUNT] = [3, 4, 3, 4, 4, 4, 2, 2, 2, 2];

/// Instructions whose shape is not so many numbers.
const BR_TABLE: u8 = 0x0e;
const F32_CONST: u8 = 0x43;
const F64_CONST: u8 = 0x44;
const PREFIX: u8 = 0xfc;

/// The strands of a module.
#[derive(Default)]
pub(crate) struct Strands([Vec<u8>; COUNT]);

impl Strands {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.0.iter()
    }

    /// Takes a module apart.
    ///
    /// # Errors
    /// A module without code, or with an instruction that is not known here.
    pub(crate) fn of(module: &[u8]) -> Outcome<Self> {
        let mut code = None;
        // Where the section before ended: the header of a section is nobody's payload.
        let mut end = 0;
        for payload in Parser::new(0).parse_all(module) {
            match payload.map_err(|why| format!("cannot pack: {why}"))? {
                Payload::Version { range, .. } => end = to_usize(range.end)?,
                Payload::CodeSectionStart { unchecked_range: range, .. } => {
                    code = Some((end, to_usize(range.start)?, to_usize(range.end)?));
                }
                payload => {
                    if let (None, Some((_, range))) = (code, payload.as_section()) {
                        end = to_usize(range.end)?;
                    }
                }
            }
        }
        let (header, start, end) = code.ok_or("cannot pack: the module has no code")?;
        let part = |from: usize, to: usize| module.get(from..to).unwrap_or_default();
        let mut strands = Self::default();
        strands.add(PLAIN, &(0..=u8::MAX).map(shape).collect::<Vec<u8>>());
        strands.add(PLAIN, &u32::try_from(header).map_err(|why| why.to_string())?.to_le_bytes());
        strands.add(PLAIN, part(0, header));
        strands.add(PLAIN, part(end, module.len()));
        let mut code = Code { bytes: part(start, end), at: 0 };
        let functions = strands.number(LOCALS, &mut code)?;
        for _ in 0..functions {
            strands.function(&mut code)?;
        }
        Ok(strands)
    }

    /// A function without its length, which follows from it.
    fn function(&mut self, code: &mut Code<'_>) -> Outcome {
        let length = code.number()?.0;
        let end = code.at + to_usize(length)?;
        for _ in 0..self.number(LOCALS, code)? {
            self.number(LOCALS, code)?;
            self.number(LOCALS, code)?;
        }
        while code.at < end {
            let [instruction] = *code.take(1)? else { return Err(CUT.to_owned()) };
            self.add(INSTRUCTIONS, &[instruction]);
            match instruction {
                BR_TABLE => {
                    for _ in 0..=self.number(BRANCHES, code)? {
                        self.number(BRANCHES, code)?;
                    }
                }
                F32_CONST => self.add(WIDE, code.take(4)?),
                F64_CONST => self.add(WIDE, code.take(8)?),
                PREFIX => match self.number(INSTRUCTIONS, code)? {
                    0..=7 => {}
                    // What copies and fills memories and tables names one of them or two.
                    what @ 8..=17 => {
                        for _ in 0..=u8::from(what < 16 && what % 2 == 0) {
                            self.number(INSTRUCTIONS, code)?;
                        }
                    }
                    other => {
                        return Err(format!("cannot pack: instruction {PREFIX:#x} {other} is not known"));
                    }
                },
                0xc5..=0xcf | 0xd3..=0xff | 0x06..=0x0a | 0x12..=0x19 | 0x1c..=0x1f | 0x27 => {
                    return Err(format!("cannot pack: instruction {instruction:#x} is not known"));
                }
                other => {
                    let shape = shape(other);
                    for strand in [shape & 15, shape >> 4].into_iter().filter(|strand| *strand > 0) {
                        self.number(strand, code)?;
                    }
                }
            }
        }
        if code.at == end { Ok(()) } else { Err(CUT.to_owned()) }
    }

    /// Moves a number to a strand.
    fn number(&mut self, strand: u8, code: &mut Code<'_>) -> Outcome<u64> {
        let (number, bytes) = code.number()?;
        self.add(strand, bytes);
        Ok(number)
    }

    fn add(&mut self, strand: u8, bytes: &[u8]) {
        if let Some(strand) = self.0.get_mut(usize::from(strand)) {
            strand.extend(bytes);
        }
    }
}

/// The strands of the one or two numbers that follow an instruction: four bits each, the first the lower.
const fn shape(instruction: u8) -> u8 {
    match instruction {
        // Blocks, calls, globals, tables, the memory's size, references.
        0x02..=0x04 | 0x10 | 0x23..=0x26 | 0x3f | 0x40 | 0xd0 | 0xd2 => INSTRUCTIONS,
        0x11 => INSTRUCTIONS << 4 | INSTRUCTIONS,
        0x0c | 0x0d => BRANCHES,
        0x20 => READ,
        0x21 | 0x22 => WRITTEN,
        0x28..=0x35 => LOADED << 4 | INSTRUCTIONS,
        0x36..=0x3e => STORED << 4 | INSTRUCTIONS,
        0x41 => CONSTANTS,
        0x42 => WIDE,
        _ => 0,
    }
}

const CUT: &str = "cannot pack: a function ends in the middle of an instruction";

/// The code as far as it is not yet taken apart.
struct Code<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Code<'a> {
    fn take(&mut self, count: usize) -> Outcome<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at + count).ok_or(CUT)?;
        self.at += count;
        Ok(taken)
    }

    /// A number in LEB128, whose sign does not matter here, and its bytes.
    fn number(&mut self) -> Outcome<(u64, &'a [u8])> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| byte & 0x80 == 0).ok_or(CUT)? + 1;
        let bytes = self.take(length)?;
        let low =
            |(place, byte): (usize, &u8)| u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(place).ok()?);
        Ok((bytes.iter().enumerate().filter_map(low).fold(0, |all, part| all | part), bytes))
    }
}

fn to_usize<N: TryInto<usize>>(number: N) -> Outcome<usize>
where
    N::Error: std::fmt::Display,
{
    number.try_into().map_err(|why| format!("cannot pack: {why}"))
}
