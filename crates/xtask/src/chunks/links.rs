//! What the linker knows and the finished module has forgotten: which function and which constant names which other.
//!
//! Read from the module that Cargo leaves, linked with `--emit-relocs`, before wasm-bindgen. Functions are known by their
//! names, since wasm-bindgen numbers them anew; constants by their addresses, which stay.

use std::collections::BTreeMap;

use wasmparser::{KnownCustom, Linking, Name, Parser, Payload, RelocationEntry, RelocationType, SymbolInfo};

use super::read::{constant, unique, unreadable};
use crate::command::Outcome;

/// Something that can be named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// A function, by its unique name.
    Function(String),
    /// A constant, by its place in [`Links::constants`].
    Constant(usize),
}

/// A constant or variable.
#[derive(Debug)]
pub(super) struct Constant {
    pub(super) address: u32,
    pub(super) size: u32,
    pub(super) names: Vec<Target>,
}

/// All that is named.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// In the order of their addresses.
    pub(super) constants: Vec<Constant>,
    /// What each function names beside the functions it calls, by the function's name.
    pub(super) functions: BTreeMap<String, Vec<Target>>,
}

/// A piece of a section: where it begins in its section, where it ends, and what it is.
type Place<T> = (u32, u32, T);

/// The piece that an offset falls into.
fn at<T: Copy>(places: &[Place<T>], offset: u32) -> Option<T> {
    let before = places.partition_point(|(from, ..)| *from <= offset);
    places.get(before.checked_sub(1)?).filter(|(_, to, _)| offset < *to).map(|(.., what)| *what)
}

impl Links {
    pub(super) fn parse(bytes: &[u8]) -> Outcome<Self> {
        let mut symbols = Vec::new();
        let mut names: BTreeMap<u32, String> = BTreeMap::new();
        let mut imported = 0u32;
        // Where bodies lie in the code section, and segments in the data section with their addresses.
        let mut bodies: Vec<Place<u32>> = Vec::new();
        let mut segments: Vec<Place<u32>> = Vec::new();
        let (mut code, mut data) = ((0, 0u64), (0, 0u64));
        let mut relocations: Vec<(u32, Vec<RelocationEntry>)> = Vec::new();
        let mut section = 0u32;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(unreadable)?;
            let within = |at: u64, start: u64| u32::try_from(at - start).map_err(unreadable);
            match &payload {
                Payload::ImportSection(imports) => {
                    for import in imports.clone().into_imports() {
                        let ty = import.map_err(unreadable)?.ty;
                        imported += u32::from(matches!(ty, wasmparser::TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionStart { unchecked_range, .. } => code = (section, unchecked_range.start),
                Payload::CodeSectionEntry(body) => {
                    let range = body.range();
                    let index = imported + u32::try_from(bodies.len()).map_err(unreadable)?;
                    bodies.push((within(range.start, code.1)?, within(range.end, code.1)?, index));
                }
                Payload::DataSection(reader) => {
                    data = (section, reader.range().start);
                    for segment in reader.clone() {
                        let segment = segment.map_err(unreadable)?;
                        let wasmparser::DataKind::Active { offset_expr, .. } = &segment.kind else {
                            return Err(unreadable("it has data that is not put in place at the start"));
                        };
                        let to = within(segment.range.end, data.1)?;
                        let from = to - u32::try_from(segment.data.len()).map_err(unreadable)?;
                        segments.push((from, to, constant(offset_expr)?));
                    }
                }
                Payload::CustomSection(custom) => match custom.as_known() {
                    KnownCustom::Name(reader) => {
                        for name in reader {
                            if let Name::Function(map) = name.map_err(unreadable)? {
                                for naming in map {
                                    let naming = naming.map_err(unreadable)?;
                                    names.insert(naming.index, unique(naming.name));
                                }
                            }
                        }
                    }
                    KnownCustom::Linking(reader) => {
                        for part in reader.subsections() {
                            if let Linking::SymbolTable(table) = part.map_err(unreadable)? {
                                symbols = table.into_iter().collect::<Result<_, _>>().map_err(unreadable)?;
                            }
                        }
                    }
                    KnownCustom::Reloc(reader) => {
                        let entries =
                            reader.entries().into_iter().collect::<Result<_, _>>().map_err(unreadable)?;
                        relocations.push((reader.section_index(), entries));
                    }
                    _ => {}
                },
                _ => {}
            }
            let counts =
                !matches!(payload, Payload::Version { .. } | Payload::CodeSectionEntry(_) | Payload::End(_));
            section += u32::from(counts);
        }
        if symbols.is_empty() {
            return Err(unreadable("it was linked without --emit-relocs"));
        }
        Self::assemble(&symbols, &names, (&bodies, code.0), (&segments, data.0), &relocations)
    }

    fn assemble(
        symbols: &[SymbolInfo<'_>],
        names: &BTreeMap<u32, String>,
        (bodies, code): (&[Place<u32>], u32),
        (segments, data): (&[Place<u32>], u32),
        relocations: &[(u32, Vec<RelocationEntry>)],
    ) -> Outcome<Self> {
        let mut links = Self::default();
        // Several symbols may name the same bytes; each place is one constant, as long as the longest of them.
        let mut extents: BTreeMap<u32, u32> = BTreeMap::new();
        let address = |symbol: &SymbolInfo<'_>| match symbol {
            SymbolInfo::Data { symbol: Some(place), .. } => {
                segments.get(place.index as usize).map(|(.., start)| (start + place.offset, place.size))
            }
            _ => None,
        };
        for (from, size) in symbols.iter().filter_map(address) {
            let longest = extents.entry(from).or_default();
            *longest = size.max(*longest);
        }
        let order: BTreeMap<u32, usize> = extents.keys().enumerate().map(|(at, from)| (*from, at)).collect();
        links.constants = extents
            .iter()
            .map(|(from, size)| Constant { address: *from, size: *size, names: Vec::new() })
            .collect();
        let target = |symbol: Option<&SymbolInfo<'_>>| match symbol? {
            SymbolInfo::Func { index, .. } => names.get(index).map(|name| Target::Function(name.clone())),
            symbol @ SymbolInfo::Data { .. } => {
                order.get(&address(symbol)?.0).map(|constant| Target::Constant(*constant))
            }
            _ => None,
        };
        let places: Vec<Place<usize>> =
            links.constants.iter().enumerate().map(|(at, c)| (c.address, c.address + c.size, at)).collect();
        for (section, entries) in relocations {
            for entry in entries {
                let named = match entry.ty {
                    RelocationType::TableIndexSleb
                    | RelocationType::TableIndexI32
                    | RelocationType::MemoryAddrLeb
                    | RelocationType::MemoryAddrSleb
                    | RelocationType::MemoryAddrI32 => target(symbols.get(entry.index as usize)),
                    _ => None,
                };
                let Some(named) = named else { continue };
                if *section == code {
                    let name = at(bodies, entry.offset).and_then(|index| names.get(&index));
                    let name = name.ok_or_else(|| unreadable("a relocation lies in no function"))?;
                    links.functions.entry(name.clone()).or_default().push(named);
                } else if *section == data {
                    let segment = segments.iter().find(|(from, to, _)| (*from..*to).contains(&entry.offset));
                    let (from, _, start) =
                        segment.ok_or_else(|| unreadable("a relocation lies in no data"))?;
                    let constant =
                        at(&places, start + (entry.offset - from)).and_then(|at| links.constants.get_mut(at));
                    constant.ok_or_else(|| unreadable("a relocation lies in no constant"))?.names.push(named);
                }
            }
        }
        for names in links.functions.values_mut().chain(links.constants.iter_mut().map(|c| &mut c.names)) {
            names.sort_unstable();
            names.dedup();
        }
        Ok(links)
    }
}
