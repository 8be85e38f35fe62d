//! Writes the engine and the chunks.
//!
//! The engine keeps its order and its numbers for all but functions. It gains one import, `chunks.load(number)`; one
//! table, in which each chunk puts those of its functions that others call; and exports of all that chunks need,
//! named `~` and a number, functions by theirs in three digits. A chunk imports these from a module called `e`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ElementSection, Elements, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, ImportSection, Instruction, MemorySection,
    NameMap, NameSection, RefType, TableSection, TableType, TypeSection, ValType,
};
use wasmparser::FunctionBody;

use super::graph::Plan;
use super::manifest::Chunks;
use super::read::{Data, Module, unreadable};
use super::{Extra, Pieces};
use crate::command::Outcome;

/// How the functions of one piece are numbered anew.
struct Numbers(Vec<Option<u32>>);

impl Reencode for Numbers {
    type Error = String;

    fn function_index(&mut self, index: u32) -> Result<u32, Error<String>> {
        self.0
            .get(index as usize)
            .copied()
            .flatten()
            .ok_or_else(|| Error::UserError(format!("function {index} is called from where it cannot be")))
    }
}

/// Under which name the engine exports a function to its chunks: short, and in the order of its number.
fn exported_name(number: u32) -> String {
    const DIGITS: &[u8; 64] = b"!#$%()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcde";
    let digit = |shift: u32| DIGITS.get((number >> shift & 63) as usize).copied().map_or('~', char::from);
    [digit(12), digit(6), digit(0)].iter().collect()
}

/// What all pieces are made from.
struct Work<'a, 'm> {
    module: &'a Module<'m>,
    plan: &'a Plan,
    names: Vec<&'a str>,
    extra: Extra,
    /// The number of the table of chunks' functions.
    table: u32,
    /// For each function of a chunk that others call, its place in that table.
    slots: BTreeMap<usize, u32>,
    /// Where the slots of each chunk begin, and where the last ones end.
    starts: Vec<u32>,
}

pub(super) fn emit(module: &Module<'_>, chunks: &Chunks, plan: &Plan, extra: Extra) -> Outcome<Pieces> {
    let count = |number: usize| u32::try_from(number).map_err(unreadable);
    let mut work = Work {
        module,
        plan,
        names: chunks.all.iter().map(|chunk| chunk.name.as_str()).collect(),
        extra,
        table: count(module.tables.len())?,
        slots: BTreeMap::new(),
        starts: vec![0],
    };
    for chunk in 0..chunks.all.len() {
        let called = (0..module.functions.len()).filter(|function| {
            plan.place.get(*function) == Some(&Some(chunk)) && plan.called.get(*function) == Some(&true)
        });
        for function in work.ordered(called) {
            let slot = count(work.slots.len())?;
            work.slots.insert(function, slot);
        }
        work.starts.push(count(work.slots.len())?);
    }
    let numbers = work.engine_numbers()?;
    let (stay, gone) = work.data();
    // The numbers of the engine's functions that some chunk needs.
    let mut exported = BTreeSet::new();
    let mut made = Vec::new();
    for (chunk, name) in work.names.iter().enumerate() {
        let bytes = work.chunk(
            chunk,
            &numbers,
            &mut exported,
            gone.get(chunk).map(Vec::as_slice).unwrap_or_default(),
        )?;
        made.push(((*name).to_owned(), bytes));
    }
    Ok(Pieces { engine: work.engine(numbers, &exported, &stay)?, chunks: made })
}

impl<'m> Work<'_, 'm> {
    fn in_engine(&self, function: usize) -> bool {
        self.plan.place.get(function) == Some(&None)
    }

    fn type_of(&self, function: usize) -> Outcome<u32> {
        self.module.functions.get(function).copied().ok_or_else(|| unreadable("a function has no type"))
    }

    fn own(&self, index: u32) -> Option<usize> {
        index.checked_sub(self.module.imported).map(|own| own as usize)
    }

    /// Imports, the loader, the functions that stay, a stub for each slot, then what makes sure of each chunk.
    fn engine_numbers(&self) -> Outcome<Numbers> {
        let imported = self.module.imported;
        let mut numbers: Vec<Option<u32>> = (0..imported).map(Some).collect();
        let mut next = self.imports();
        numbers.resize(imported as usize + self.module.functions.len(), None);
        for function in self.engine_order() {
            let at = numbers
                .get_mut(imported as usize + function)
                .ok_or_else(|| unreadable("a function has no number"))?;
            *at = Some(next);
            next += 1;
        }
        let stubs = next;
        for (function, slot) in &self.slots {
            let at = numbers
                .get_mut(imported as usize + function)
                .ok_or_else(|| unreadable("a stub has no function"))?;
            *at = Some(stubs + slot);
        }
        Ok(Numbers(numbers))
    }

    /// The functions that stay, in their order.
    fn engine_order(&self) -> Vec<usize> {
        self.ordered((0..self.module.functions.len()).filter(|function| self.in_engine(*function)))
    }

    /// Functions in the order in which a piece has them: what is alike stands together, which packs better.
    fn ordered(&self, functions: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut order: Vec<usize> = functions.collect();
        order.sort_by_key(|function| {
            let name =
                self.module.names.get(*function).map_or("", |name| name.trim_start_matches(['<', '&']));
            let size =
                self.module.bodies.get(*function).map_or(0, |body| body.range().end - body.range().start);
            (self.module.functions.get(*function), name, size)
        });
        order
    }

    fn types(&self, numbers: &mut Numbers) -> Outcome<(TypeSection, u32, u32)> {
        let mut section = TypeSection::new();
        for ty in &self.module.types {
            section.ty().subtype(&numbers.sub_type(ty.clone()).map_err(unreadable)?);
        }
        // The loader takes a number; what makes sure of a chunk takes nothing.
        let loader = section.len();
        section.ty().function([ValType::I32], []);
        let ensure = section.len();
        section.ty().function([], []);
        Ok((section, loader, ensure))
    }

    fn table_of_chunks(&self) -> TableType {
        let slots = u64::try_from(self.slots.len()).unwrap_or(u64::MAX);
        TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: slots,
            maximum: Some(slots),
            shared: false,
        }
    }

    fn engine(&self, mut numbers: Numbers, exported: &BTreeSet<u32>, data: &[Data<'m>]) -> Outcome<Vec<u8>> {
        let module = self.module;
        let mut out = wasm_encoder::Module::new();
        let (types, loader, ensure) = self.types(&mut numbers)?;
        out.section(&types);

        let mut imports = ImportSection::new();
        for import in &module.imports {
            let ty = numbers.entity_type(import.ty).map_err(unreadable)?;
            imports.import(import.module, import.name, ty);
        }
        imports.import("chunks", "load", EntityType::Function(loader));
        if self.extra == Extra::Marks {
            imports.import("chunks", "mark", EntityType::Function(loader));
        }
        out.section(&imports);

        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        for function in self.engine_order() {
            if let Some(body) = module.bodies.get(function) {
                functions.function(self.type_of(function)?);
                if self.extra == Extra::Marks {
                    code.function(&self.marked(&mut numbers, function, body)?);
                } else {
                    numbers.parse_function_body(&mut code, body.clone()).map_err(unreadable)?;
                }
            }
        }
        // The first of the functions that make sure of a chunk, behind everything that has an old number.
        let kept = u32::try_from(module.functions.len()).map_err(unreadable)?;
        let kept = (0..kept).filter(|function| self.in_engine(*function as usize)).count();
        let slots = u32::try_from(self.slots.len()).map_err(unreadable)?;
        let ensures = self.imports() + u32::try_from(kept).map_err(unreadable)? + slots;
        let mut by_slot: Vec<(u32, usize)> =
            self.slots.iter().map(|(function, slot)| (*slot, *function)).collect();
        by_slot.sort_unstable();
        for (slot, function) in by_slot {
            let ty = self.type_of(function)?;
            let chunk = self.plan.place.get(function).copied().flatten().unwrap_or_default();
            functions.function(ty);
            let mut stub = Function::new([]);
            stub.instruction(&Instruction::Call(ensures + u32::try_from(chunk).map_err(unreadable)?));
            for parameter in 0..self.parameters(ty)? {
                stub.instruction(&Instruction::LocalGet(parameter));
            }
            stub.instruction(&Instruction::I32Const(slot.cast_signed()));
            stub.instruction(&Instruction::CallIndirect { type_index: ty, table_index: self.table });
            stub.instruction(&Instruction::End);
            code.function(&stub);
        }
        for (number, start) in self.starts.iter().take(self.names.len()).enumerate() {
            functions.function(ensure);
            code.function(&self.ensure(number, *start)?);
        }
        out.section(&functions);

        let mut tables = TableSection::new();
        for table in &module.tables {
            tables.table(numbers.table_type(table.ty).map_err(unreadable)?);
        }
        tables.table(self.table_of_chunks());
        out.section(&tables);

        let mut memories = MemorySection::new();
        for memory in &module.memories {
            memories.memory(numbers.memory_type(*memory).map_err(unreadable)?);
        }
        out.section(&memories);

        let mut globals = GlobalSection::new();
        for global in &module.globals {
            let value = numbers.const_expr(global.init_expr.clone()).map_err(unreadable)?;
            globals.global(numbers.global_type(global.ty).map_err(unreadable)?, &value);
        }
        out.section(&globals);

        let mut exports = ExportSection::new();
        for export in &module.exports {
            numbers.parse_export(&mut exports, *export).map_err(unreadable)?;
        }
        for (kind, name, index) in self.shared() {
            exports.export(&name, kind, index);
        }
        for number in exported {
            exports.export(&exported_name(*number), ExportKind::Func, *number);
        }
        out.section(&exports);
        if let Some(start) = module.start {
            out.section(&wasm_encoder::StartSection {
                function_index: numbers.function_index(start).map_err(unreadable)?,
            });
        }

        let mut elements = ElementSection::new();
        self.table_entries(&mut elements, &numbers);
        out.section(&elements);
        out.section(&code);
        out.section(&data_section(data));
        if self.extra == Extra::Names {
            let mut names = NameMap::new();
            let mut by_number: Vec<(u32, &str)> = (module.imported..)
                .zip(&module.names)
                .filter_map(|(old, name)| {
                    Some((numbers.0.get(old as usize).copied().flatten()?, name.as_str()))
                })
                .collect();
            by_number.sort_unstable();
            for (number, name) in by_number {
                names.append(number, name);
            }
            let mut section = NameSection::new();
            section.functions(&names);
            out.section(&section);
        }
        Ok(out.finish())
    }

    /// How many functions the engine imports.
    fn imports(&self) -> u32 {
        self.module.imported + if self.extra == Extra::Marks { 2 } else { 1 }
    }

    /// A function that first says that it was entered.
    fn marked(&self, numbers: &mut Numbers, function: usize, body: &FunctionBody<'_>) -> Outcome<Function> {
        let mut marked = numbers.new_function_with_parsed_locals(body).map_err(unreadable)?;
        marked.instruction(&Instruction::I32Const(i32::try_from(function).map_err(unreadable)?));
        marked.instruction(&Instruction::Call(self.module.imported + 1));
        let mut reader = body.get_operators_reader().map_err(unreadable)?;
        while !reader.eof() {
            marked.instruction(&numbers.parse_instruction(&mut reader).map_err(unreadable)?);
        }
        Ok(marked)
    }

    /// Loads a chunk unless its first slot is taken.
    fn ensure(&self, number: usize, start: u32) -> Outcome<Function> {
        let mut function = Function::new([]);
        // A chunk with no slot has no stub that could ask.
        if self.starts.get(number + 1) != Some(&start) {
            function.instruction(&Instruction::I32Const(start.cast_signed()));
            function.instruction(&Instruction::TableGet(self.table));
            function.instruction(&Instruction::RefIsNull);
            function.instruction(&Instruction::If(BlockType::Empty));
            function.instruction(&Instruction::I32Const(i32::try_from(number).map_err(unreadable)?));
            function.instruction(&Instruction::Call(self.module.imported));
            function.instruction(&Instruction::End);
        }
        function.instruction(&Instruction::End);
        Ok(function)
    }

    fn parameters(&self, ty: u32) -> Outcome<u32> {
        let ty = self.module.types.get(ty as usize).ok_or_else(|| unreadable("a function has no type"))?;
        match &ty.composite_type.inner {
            wasmparser::CompositeInnerType::Func(function) => {
                u32::try_from(function.params().len()).map_err(unreadable)
            }
            _ => Err(unreadable("a function's type is none of a function")),
        }
    }

    /// Memories, tables and globals, under the names that chunks know them by.
    fn shared(&self) -> Vec<(ExportKind, String, u32)> {
        let mut shared = Vec::new();
        let mut all = |kind: ExportKind, letter: char, count: usize| {
            for index in 0..u32::try_from(count).unwrap_or_default() {
                shared.push((kind, format!("~{letter}{index}"), index));
            }
        };
        all(ExportKind::Memory, 'm', self.module.memories.len());
        all(ExportKind::Table, 't', self.module.tables.len() + 1);
        all(ExportKind::Global, 'g', self.module.globals.len());
        shared
    }

    fn chunk(
        &self,
        chunk: usize,
        engine: &Numbers,
        exported: &mut BTreeSet<u32>,
        data: &[Data<'m>],
    ) -> Outcome<Vec<u8>> {
        let module = self.module;
        let mine = self.ordered(
            (0..module.functions.len())
                .filter(|function| self.plan.place.get(*function) == Some(&Some(chunk))),
        );
        let mut needed: Vec<u32> = mine
            .iter()
            .flat_map(|function| module.calls.get(*function).into_iter().flatten().copied())
            .filter(|index| self.own(*index).is_none_or(|own| self.plan.place.get(own) != Some(&Some(chunk))))
            .collect();
        needed.sort_unstable_by_key(|index| engine.0.get(*index as usize).copied().flatten());
        needed.dedup();
        let mut numbers = Numbers(vec![None; module.imported as usize + module.functions.len()]);
        let all =
            needed.iter().copied().chain(mine.iter().filter_map(|function| {
                u32::try_from(*function).ok().map(|function| module.imported + function)
            }));
        for (new, old) in (0..).zip(all) {
            if let Some(number) = numbers.0.get_mut(old as usize) {
                *number = Some(new);
            }
        }

        let mut out = wasm_encoder::Module::new();
        out.section(&self.types(&mut numbers)?.0);
        let mut imports = ImportSection::new();
        for (index, memory) in module.memories.iter().enumerate() {
            imports.import("e", &format!("~m{index}"), numbers.memory_type(*memory).map_err(unreadable)?);
        }
        for (index, table) in module.tables.iter().enumerate() {
            imports.import("e", &format!("~t{index}"), numbers.table_type(table.ty).map_err(unreadable)?);
        }
        imports.import("e", &format!("~t{}", self.table), self.table_of_chunks());
        for (index, global) in module.globals.iter().enumerate() {
            imports.import("e", &format!("~g{index}"), numbers.global_type(global.ty).map_err(unreadable)?);
        }
        for index in &needed {
            let number = engine.0.get(*index as usize).copied().flatten();
            let number = number.ok_or_else(|| unreadable("a chunk calls what the engine has not"))?;
            exported.insert(number);
            let ty = match self.own(*index) {
                Some(own) => self.type_of(own)?,
                None => match module.imports.get(*index as usize).map(|import| import.ty) {
                    Some(wasmparser::TypeRef::Func(ty)) => ty,
                    _ => return Err(unreadable("an import is missing")),
                },
            };
            imports.import("e", &exported_name(number), EntityType::Function(ty));
        }
        out.section(&imports);

        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        for function in &mine {
            functions.function(self.type_of(*function)?);
            if let Some(body) = module.bodies.get(*function) {
                numbers.parse_function_body(&mut code, body.clone()).map_err(unreadable)?;
            }
        }
        out.section(&functions);
        let mut slots: Vec<(u32, u32)> = Vec::new();
        for function in &mine {
            if let Some(slot) = self.slots.get(function) {
                let old = module.imported + u32::try_from(*function).map_err(unreadable)?;
                slots.push((*slot, numbers.function_index(old).map_err(unreadable)?));
            }
        }
        slots.sort_unstable();
        let mut elements = ElementSection::new();
        self.table_entries(&mut elements, &self.own_entries(&numbers));
        if let Some((first, _)) = slots.first() {
            let functions: Vec<u32> = slots.iter().map(|(_, function)| *function).collect();
            elements.active(
                Some(self.table),
                &ConstExpr::i32_const(first.cast_signed()),
                Elements::Functions(Cow::Owned(functions)),
            );
        }
        out.section(&elements);
        out.section(&code);
        out.section(&data_section(data));
        Ok(out.finish())
    }

    /// Of a chunk's numbers, those of functions that nobody else names.
    fn own_entries(&self, numbers: &Numbers) -> Numbers {
        let own = numbers.0.iter().enumerate().map(|(index, number)| {
            let function = index.checked_sub(self.module.imported as usize)?;
            let alone = self.plan.place.get(function).copied().flatten().is_some()
                && self.plan.called.get(function) == Some(&false);
            number.filter(|_| alone)
        });
        Numbers(own.collect())
    }

    /// The entries of the program's own tables whose functions are numbered here, run by run. What only one chunk
    /// names is put in place by that chunk; for all else the engine has the function or a stub of it.
    fn table_entries(&self, elements: &mut ElementSection, numbers: &Numbers) {
        for element in &self.module.elements {
            let table = (element.table != 0).then_some(element.table);
            let mut run: Vec<u32> = Vec::new();
            let mut start = element.offset;
            let ends = element.functions.iter().map(Some).chain([None]);
            for (place, index) in (element.offset..).zip(ends) {
                match index.and_then(|index| numbers.0.get(*index as usize).copied().flatten()) {
                    Some(number) => run.push(number),
                    None => {
                        if !run.is_empty() {
                            let offset = ConstExpr::i32_const(start.cast_signed());
                            let functions = std::mem::take(&mut run);
                            elements.active(table, &offset, Elements::Functions(Cow::Owned(functions)));
                        }
                        start = place + 1;
                    }
                }
            }
        }
    }

    /// The constant memory that stays, and what goes with each chunk.
    fn data(&self) -> (Vec<Data<'m>>, Vec<Vec<Data<'m>>>) {
        let mut stay = Vec::new();
        let mut gone: Vec<Vec<Data<'m>>> = self.names.iter().map(|_| Vec::new()).collect();
        for data in &self.module.data {
            let end = data.address + u32::try_from(data.bytes.len()).unwrap_or_default();
            let piece = |from: u32, to: u32| Data {
                address: from,
                bytes: data
                    .bytes
                    .get((from - data.address) as usize..(to - data.address) as usize)
                    .unwrap_or_default(),
            };
            let mut kept_from = data.address;
            for (address, size, chunk) in &self.plan.constants {
                let to = address + size;
                if *address < data.address || to > end {
                    continue;
                }
                // A segment costs some bytes of its own: a short constant is cheaper where it is.
                let next_to_last =
                    gone.get(*chunk).and_then(|all| all.last()).is_some_and(|last| last.end() == *address);
                if *size < SHORTEST && !next_to_last {
                    continue;
                }
                if kept_from < *address {
                    stay.push(piece(kept_from, *address));
                }
                if let Some(all) = gone.get_mut(*chunk) {
                    match all.last_mut() {
                        Some(last) if next_to_last && last.address >= data.address => {
                            *last = piece(last.address, to);
                        }
                        _ => all.push(piece(*address, to)),
                    }
                }
                kept_from = to;
            }
            if kept_from < end {
                stay.push(piece(kept_from, end));
            }
        }
        (stay, gone)
    }
}

/// The shortest constant that moves by itself, in bytes.
const SHORTEST: u32 = 24;

fn data_section(data: &[Data<'_>]) -> DataSection {
    let mut section = DataSection::new();
    for piece in data {
        section.active(0, &ConstExpr::i32_const(piece.address.cast_signed()), piece.bytes.iter().copied());
    }
    section
}
