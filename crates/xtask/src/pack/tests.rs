//! Modules are packed here and unpacked by `web/boot/unpack.js` in Node: the same bytes must come out.

use wasm_encoder::{
    BlockType, CodeSection, DataSection, Function, FunctionSection, Instruction as I, MemArg, MemArgTarget,
    Module, RawSection, TypeSection, ValType,
};

use super::{Strands, packed};
use crate::command::{program, root};

/// Unpacks a module, then others against it; each must be what the file beside it holds.
const CHECK: &str = r#"
const fs = require("fs");
const [script, ...files] = process.argv.slice(1);
(0, eval)(fs.readFileSync(script, "utf8"));
let known;
for (const file of files) {
  const { module, strands } = unpack(new Uint8Array(fs.readFileSync(`${file}.packed`)), known);
  known ??= strands;
  if (!fs.readFileSync(file).equals(Buffer.from(module))) throw new Error(`${file} came out otherwise`);
}
const cut = new Uint8Array(fs.readFileSync(`${files[0]}.packed`)).slice(0, -3);
try { unpack(cut); } catch (error) { if (/cut off/.test(error.message)) process.exit(0); }
throw new Error("half a module was taken for a whole one");
"#;

fn memory(offset: u64) -> MemArg {
    MemArg { offset, align: 2, target: MemArgTarget::Memory(0), ordering: None }
}

/// A module with one function of these instructions, among `others` that do nothing.
fn module(others: u32, instructions: &[I<'_>]) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    let mut code = CodeSection::new();
    for at in 0..=others {
        functions.function(0);
        let locals = if at == 0 { vec![(3, ValType::I32), (300, ValType::F64)] } else { Vec::new() };
        let mut function = Function::new(locals);
        for instruction in instructions.iter().filter(|_| at == 0) {
            function.instruction(instruction);
        }
        function.instruction(&I::End);
        code.function(&function);
    }
    let mut data = DataSection::new();
    data.passive(*b"what follows the code");
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code).section(&data);
    module.section(&RawSection { id: 0, data: b"\x04name" });
    module.finish()
}

/// One of everything that has a shape.
fn everything() -> Vec<I<'static>> {
    let mut all = vec![
        I::Block(BlockType::Empty),
        I::Loop(BlockType::Result(ValType::I64)),
        I::If(BlockType::FunctionType(0)),
        I::BrTable(vec![0, 200, 1].into(), 2),
        I::Else,
        I::Br(129),
        I::End,
        I::BrIf(0),
        I::End,
        I::End,
        I::Call(70_000),
        I::CallIndirect { type_index: 3, table_index: 1 },
        I::Return,
        I::Drop,
        I::Select,
        I::LocalGet(1),
        I::LocalSet(200),
        I::LocalTee(0),
        I::GlobalGet(4),
        I::GlobalSet(5),
        I::TableGet(1),
        I::TableSet(0),
        I::MemorySize(0),
        I::MemoryGrow(0),
        I::I32Const(-1),
        I::I32Const(i32::MIN),
        I::I32Const(1_048_576),
        I::I64Const(i64::MIN),
        I::F32Const(1.5_f32.into()),
        I::F64Const((-0.1_f64).into()),
        I::RefFunc(9),
        I::RefIsNull,
        I::I32Extend8S,
        I::I64TruncSatF64U,
        I::MemoryCopy { src_mem: 0, dst_mem: 0 },
        I::MemoryFill(0),
        I::TableGrow(1),
        I::TableCopy { src_table: 1, dst_table: 0 },
        I::DataDrop(0),
        I::I32Add,
        I::Unreachable,
    ];
    all.extend([
        I::I32Load(memory(300)),
        I::I64Load32U(memory(0)),
        I::F64Store(memory(1 << 20)),
        I::I64Store32(memory(7)),
    ]);
    all
}

#[test]
fn what_is_packed_comes_out_the_same() {
    let folder = std::env::temp_dir().join(format!("gatehouse-pack-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut long = Vec::new();
    for _ in 0..400 {
        long.extend(everything());
    }
    // The engine, and what is packed against it: much of the same, nothing of the same, and nothing at all.
    let modules = [module(200, &long), module(3, &everything()), module(0, &[I::Nop]), module(130, &long)];
    let engine = Strands::of(&modules[0]).unwrap();
    let mut before = Strands::default();
    let mut files = Vec::new();
    let mut weights = Vec::new();
    for (at, module) in modules.iter().enumerate() {
        let file = folder.join(format!("{at}"));
        let packed = packed(&before, &Strands::of(module).unwrap()).unwrap();
        weights.push(packed.len());
        std::fs::write(&file, module).unwrap();
        std::fs::write(folder.join(format!("{at}.packed")), packed).unwrap();
        files.push(file);
        if at == 0 {
            before = Strands::of(module).unwrap();
        }
    }
    assert!(engine.iter().all(|strand| !strand.is_empty()));
    assert!(weights[3] < weights[0], "what the engine has already is not sent again: {weights:?}");
    program("node")
        .args(["-e", CHECK, "--"])
        .args([root().join("web/boot/unpack.js")])
        .args(&files)
        .run()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_cannot_be_packed_is_refused() {
    let why = |module: &[u8]| Strands::of(module).err().unwrap_or_default();
    assert!(why(b"\0asm\x01\0\0\0").contains("no code"));
    assert!(why(b"not a module").starts_with("cannot pack: "));
    assert!(why(&module(0, &[I::V128Not])).contains("instruction 0xfd is not known"));
    assert!(why(&module(0, &[I::I64Add128])).contains("instruction 0xfc 19 is not known"));
    assert!(why(&module(0, &[I::ReturnCall(0)])).contains("instruction 0x12 is not known"));
}
