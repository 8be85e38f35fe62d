//! A module taken apart, as far as splitting needs it.

use wasmparser::{
    DataKind, ElementItems, ElementKind, Export, FunctionBody, KnownCustom, Name, Operator, Parser, Payload,
    RefType, SubType, TypeRef,
};

use crate::command::Outcome;

/// What is wrong with a module, for people.
pub(super) fn unreadable(why: impl std::fmt::Display) -> String {
    format!("cannot split the engine: {why}")
}

/// A constant piece of memory.
pub(super) struct Data<'a> {
    pub(super) address: u32,
    pub(super) bytes: &'a [u8],
}

impl Data<'_> {
    /// The address behind the last byte.
    pub(super) fn end(&self) -> u32 {
        self.address + u32::try_from(self.bytes.len()).unwrap_or_default()
    }
}

/// Functions that stand in a table from the beginning.
pub(super) struct Element {
    pub(super) table: u32,
    pub(super) offset: u32,
    pub(super) functions: Vec<u32>,
}

/// The sections of a module.
#[derive(Default)]
pub(super) struct Module<'a> {
    pub(super) types: Vec<SubType>,
    pub(super) imports: Vec<wasmparser::Import<'a>>,
    /// How many functions are imported: the defined ones are numbered from there.
    pub(super) imported: u32,
    /// The type of each defined function.
    pub(super) functions: Vec<u32>,
    pub(super) tables: Vec<wasmparser::Table<'a>>,
    pub(super) memories: Vec<wasmparser::MemoryType>,
    pub(super) globals: Vec<wasmparser::Global<'a>>,
    pub(super) exports: Vec<Export<'a>>,
    pub(super) start: Option<u32>,
    pub(super) elements: Vec<Element>,
    pub(super) bodies: Vec<FunctionBody<'a>>,
    /// Which functions each defined function calls by name.
    pub(super) calls: Vec<Vec<u32>>,
    pub(super) data: Vec<Data<'a>>,
    /// The name of each defined function, as people write it.
    pub(super) names: Vec<String>,
    /// The same, with the hash that makes it one function's alone: see [`unique`].
    pub(super) unique_names: Vec<String>,
}

impl<'a> Module<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Outcome<Self> {
        let mut module = Self::default();
        let mut names: Vec<(u32, &str)> = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(unreadable)? {
                Payload::TypeSection(section) => {
                    for group in section {
                        module.types.extend(group.map_err(unreadable)?.into_types());
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.map_err(unreadable)?;
                        match import.ty {
                            TypeRef::Func(_) => module.imported += 1,
                            _ => return Err(unreadable("it imports more than functions")),
                        }
                        module.imports.push(import);
                    }
                }
                Payload::FunctionSection(section) => module.functions = all(section)?,
                Payload::TableSection(section) => module.tables = all(section)?,
                Payload::MemorySection(section) => module.memories = all(section)?,
                Payload::GlobalSection(section) => module.globals = all(section)?,
                Payload::ExportSection(section) => module.exports = all(section)?,
                Payload::StartSection { func, .. } => module.start = Some(func),
                Payload::ElementSection(section) => {
                    for element in section {
                        module.elements.push(read_element(&element.map_err(unreadable)?)?);
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    module.calls.push(calls(&body)?);
                    module.bodies.push(body);
                }
                Payload::DataSection(section) => {
                    for data in section {
                        let data = data.map_err(unreadable)?;
                        let DataKind::Active { memory_index: 0, offset_expr } = data.kind else {
                            return Err(unreadable("it has data that is not put in place at the start"));
                        };
                        module.data.push(Data { address: constant(&offset_expr)?, bytes: data.data });
                    }
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(section) = section.as_known() {
                        for name in section {
                            if let Name::Function(map) = name.map_err(unreadable)? {
                                for naming in map {
                                    let naming = naming.map_err(unreadable)?;
                                    names.push((naming.index, naming.name));
                                }
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        if names.is_empty() {
            return Err(unreadable("its functions have no names"));
        }
        module.unique_names = vec![String::new(); module.functions.len()];
        for (index, name) in names {
            let own =
                index.checked_sub(module.imported).and_then(|own| module.unique_names.get_mut(own as usize));
            if let Some(own) = own {
                *own = unique(name);
            }
        }
        module.names = module.unique_names.iter().map(|name| readable(name)).collect();
        Ok(module)
    }
}

impl Module<'_> {
    /// The text that begins at an address, as far as it is one.
    pub(super) fn text_at(&self, address: u32, length: usize) -> String {
        let data = self.data.iter().find(|data| (data.address..data.end()).contains(&address));
        let bytes =
            data.and_then(|data| data.bytes.get((address - data.address) as usize..)).unwrap_or_default();
        String::from_utf8_lossy(bytes.get(..length).unwrap_or(bytes)).into_owned()
    }
}

/// A function's name as wasm-bindgen writes it, from the linker's or its own.
pub(super) fn unique(name: &str) -> String {
    rustc_demangle::demangle(name).to_string()
}

/// The same without its hash.
fn readable(name: &str) -> String {
    let hash = name.match_indices("::h").find(|(at, _)| {
        let digits = name.get(at + 3..at + 19).unwrap_or_default();
        let after = name.get(at + 19..).unwrap_or_default();
        digits.len() == 16
            && digits.bytes().all(|b| b.is_ascii_hexdigit())
            && (after.is_empty() || after.starts_with('.'))
    });
    match hash {
        Some((at, _)) => {
            format!("{}{}", name.get(..at).unwrap_or_default(), name.get(at + 19..).unwrap_or_default())
        }
        None => name.to_owned(),
    }
}

fn all<'a, T: wasmparser::FromReader<'a>>(section: wasmparser::SectionLimited<'a, T>) -> Outcome<Vec<T>> {
    section.into_iter().collect::<Result<_, _>>().map_err(unreadable)
}

fn read_element(element: &wasmparser::Element<'_>) -> Outcome<Element> {
    let ElementKind::Active { table_index, offset_expr } = &element.kind else {
        return Err(unreadable("it has table entries that are not put in place at the start"));
    };
    let functions = match &element.items {
        ElementItems::Functions(section) => all(section.clone())?,
        ElementItems::Expressions(ty, section) => {
            if *ty != RefType::FUNCREF {
                return Err(unreadable("it has table entries that are no functions"));
            }
            let mut functions = Vec::new();
            for expression in section.clone() {
                let mut reader = expression.map_err(unreadable)?.get_operators_reader();
                match reader.read().map_err(unreadable)? {
                    Operator::RefFunc { function_index } => functions.push(function_index),
                    _ => return Err(unreadable("it has a table entry that names no function")),
                }
            }
            functions
        }
    };
    Ok(Element { table: table_index.unwrap_or(0), offset: constant(offset_expr)?, functions })
}

pub(super) fn constant(expression: &wasmparser::ConstExpr<'_>) -> Outcome<u32> {
    match expression.get_operators_reader().read().map_err(unreadable)? {
        Operator::I32Const { value } => Ok(value.cast_unsigned()),
        _ => Err(unreadable("it has an offset that is not a number")),
    }
}

fn calls(body: &FunctionBody<'_>) -> Outcome<Vec<u32>> {
    let mut calls = Vec::new();
    for operator in body.get_operators_reader().map_err(unreadable)? {
        match operator.map_err(unreadable)? {
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                calls.push(function_index)
            }
            Operator::RefFunc { .. } => return Err(unreadable("a function takes a reference of another")),
            Operator::MemoryInit { .. } | Operator::DataDrop { .. } | Operator::TableInit { .. } => {
                return Err(unreadable("a function names a segment"));
            }
            _ => {}
        }
    }
    calls.sort_unstable();
    calls.dedup();
    Ok(calls)
}
