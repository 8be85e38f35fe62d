//! The site: the editor's bundle, then Trunk, then what only the finished files and the lab itself know.

use std::path::{Path, PathBuf};

use crate::chunks::{Extra, Manifest};
use crate::command::{Outcome, cargo, files_under, program, read, root};
use crate::{chunks, http, pack, tools};

/// How much the compiler should think.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// As it ships: smallest, and split.
    Shipped(Extra),
    /// For the next minute: soonest.
    Quick,
}

pub(crate) fn run(rest: &[String]) -> Outcome {
    site(Profile::Shipped(extra(rest)?)).map(drop)
}

/// Builds the site and answers its folder.
pub(crate) fn site(profile: Profile) -> Outcome<PathBuf> {
    let root = root();
    tools::wasm_target()?;
    let trunk = tools::trunk()?;
    let wasm_bindgen = tools::wasm_bindgen()?;
    editor(&root.join("web/editor"))?;

    println!("building the site (the first time this compiles every library: some minutes)");
    let cargo_profile = match profile {
        Profile::Shipped(_) => "wasm",
        Profile::Quick => "wasm-quick",
    };
    // Cargo first, by itself: it shows its progress, and it may fetch libraries, which Trunk below may not.
    cargo([
        "build",
        "--package",
        "gatehouse-web",
        "--bin",
        "gatehouse-web",
        "--target",
        "wasm32-unknown-unknown",
    ])
    .args(["--profile", cargo_profile])
    .run()?;
    program(&trunk.to_string_lossy())
        // Trunk must take the tools found above and fetch nothing of its own.
        .args(["build", "--offline", "true", "--cargo-profile", cargo_profile])
        .env("PATH", tools::path_with(&[&trunk, &wasm_bindgen])?)
        .env("TRUNK_SKIP_VERSION_CHECK", "true")
        // Set by some terminals and CI systems to a value that Trunk takes for a broken flag.
        .env("NO_COLOR", "true")
        .run()?;
    let dist = root.join("dist");
    finish(&dist, profile)?;
    println!("built {}", dist.display());
    Ok(dist)
}

/// Bundles the editor, unless the bundle is newer than all it is made of.
fn editor(folder: &Path) -> Outcome {
    tools::npm(folder)?;
    let bundle = folder.join("dist/editor.js");
    let mut sources = files_under(&folder.join("src"));
    sources.push(folder.join("package-lock.json"));
    sources.push(folder.join("build.mjs"));
    if sources.iter().all(|source| tools::newer(&bundle, source)) {
        return Ok(());
    }
    println!("bundling the editor");
    program("npm").args(["run", "--silent", "build"]).current_dir(folder).run()
}

/// Writes into index.html the outline that can be read before the engine is there, and how many bytes of engine there
/// are to load, for a bar that does not lie: what a server says of a file's length may be of another form of it. The
/// engine as it ships is split ([`chunks`]) and packed.
fn finish(dist: &Path, profile: Profile) -> Outcome {
    let wasm = files_under(dist)
        .into_iter()
        .find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
        .ok_or("the build left no .wasm in dist/")?;
    let name = wasm.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut engine = bytes(&wasm)?;
    let mut sent = name.clone();
    let mut chunk_names = Vec::new();
    if let Profile::Shipped(extra) = profile {
        println!("splitting and packing the engine");
        let linked = bytes(&target().join(LINKED))?;
        if extra == Extra::Marks {
            write(&target().join(UNSPLIT), &engine)?;
        }
        let pieces = chunks::split(&engine, &linked, &manifest()?, extra)?;
        let strands = pack::Strands::of(&pieces.engine)?;
        engine = pack::packed(&pack::Strands::default(), &strands)?;
        sent = format!("{name}.packed");
        std::fs::remove_file(&wasm).map_err(|why| why.to_string())?;
        write(&dist.join(&sent), &engine)?;
        let folder = dist.join(CHUNKS);
        std::fs::create_dir_all(&folder).map_err(|why| format!("cannot make {}: {why}", folder.display()))?;
        for (chunk, module) in &pieces.chunks {
            let packed = pack::packed(&strands, &pack::Strands::of(module)?)?;
            let file = format!("{chunk}-{:016x}.wasm.packed", fingerprint(&packed));
            write(&folder.join(&file), &packed)?;
            chunk_names.push(format!("{CHUNKS}/{file}"));
        }
    }
    let outline = cargo(["run", "--quiet", "--package", "gatehouse-web", "--bin", "outline"]).read()?;
    let index = dist.join("index.html");
    let mut text = read(&index)?;
    if profile != Profile::Quick {
        text = style_as_one(dist, &text)?;
        minify(dist)?;
    }
    let text = text
        .replace(&name, &sent)
        .replace(
            "data-bytes=\"0\"",
            &format!("data-bytes=\"{}\" data-chunks=\"{}\"", engine.len(), chunk_names.join(" ")),
        )
        .replace("<!-- outline -->", outline.trim_end());
    write(&index, text.as_bytes())
}

/// Puts the style sheets, in their order, into one file; answers the index that names it in place of the first of them.
fn style_as_one(dist: &Path, index: &str) -> Outcome<String> {
    let is_style = |line: &&str| line.contains("rel=\"stylesheet\"");
    let mut sheets = String::new();
    for line in index.lines().filter(is_style) {
        let name = line.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let file = dist.join(name.trim_start_matches("./"));
        sheets.push_str(&read(&file)?);
        std::fs::remove_file(&file).map_err(|why| format!("cannot remove {}: {why}", file.display()))?;
    }
    let name = format!("style-{:016x}.css", fingerprint(sheets.as_bytes()));
    write(&dist.join(&name), sheets.as_bytes())?;
    let first = index.lines().position(|line| is_style(&line));
    let lines = index.lines().enumerate().filter(|(at, line)| Some(*at) == first || !is_style(line));
    let lines = lines.map(|(at, line)| match Some(at) == first {
        true => format!("<link rel=\"stylesheet\" href=\"./{name}\">"),
        false => line.to_owned(),
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// Makes the scripts and the style sheet smaller with the editor's bundler. The editor's own bundle is so already.
fn minify(dist: &Path) -> Outcome {
    let esbuild = root().join("web/editor/node_modules/.bin/esbuild");
    let files = files_under(dist).into_iter().filter(|file| {
        let kind = file.extension().and_then(|kind| kind.to_str());
        matches!(kind, Some("js" | "css")) && !file.ends_with("editor.js")
    });
    program(&esbuild.to_string_lossy())
        .args(files)
        .args([
            "--minify",
            "--target=es2022",
            "--legal-comments=none",
            "--log-level=error",
            "--allow-overwrite",
        ])
        .args([format!("--outdir={}", dist.display())])
        .run()
}

/// The engine as Cargo leaves it, below its target folder.
const LINKED: &str = "wasm32-unknown-unknown/wasm/gatehouse-web.wasm";
/// The engine before it was split, as [`later`] needs it.
const UNSPLIT: &str = "unsplit-engine.wasm";
/// What no exercise needs to be opened.
const LATER: &str = "web/later.txt";
/// The folder of the site that holds the chunks.
pub(crate) const CHUNKS: &str = "chunks";

/// What of the engine travels apart.
fn manifest() -> Outcome<Manifest> {
    Ok(Manifest { chunks: read(&root().join("web/chunks.txt"))?, later: read(&root().join(LATER))? })
}

/// `--names` keeps the names of the engine's functions: then the browser's traces can be read.
fn extra(rest: &[String]) -> Outcome<Extra> {
    match rest {
        [] => Ok(Extra::None),
        [flag] if flag == "--names" => Ok(Extra::Names),
        _ => Err("build takes --names or nothing".to_owned()),
    }
}

/// Opens every exercise and writes down what none of them needed for it.
pub(crate) fn later(_: &[String]) -> Outcome {
    let dist = site(Profile::Shipped(Extra::Marks))?;
    let folder = root().join("tests/e2e");
    tools::npm(&folder)?;
    let browser = tools::chromium()?;
    let port = http::start(dist, 0)?;
    println!("opening every exercise");
    let said = program("node")
        .args(["opening.mjs"])
        .current_dir(folder)
        .env("GATEHOUSE_URL", format!("http://127.0.0.1:{port}/"))
        .env("CHROMIUM", browser.chromium)
        .read()?;
    let mut marks = Vec::new();
    for number in said.split_whitespace() {
        let at: usize = number.parse().map_err(|why| format!("opening.mjs said {number}: {why}"))?;
        marks.resize(marks.len().max(at + 1), 0);
        if let Some(mark) = marks.get_mut(at) {
            *mark = 1;
        }
    }
    let module = bytes(&target().join(UNSPLIT))?;
    let paths = chunks::later(&module, &bytes(&target().join(LINKED))?, &manifest()?, &marks)?;
    let head = "# Paths of functions that no exercise needs to be opened; see web/chunks.txt. Written by `cargo xtask later`.\n";
    write(&root().join(LATER), format!("{head}{}\n", paths.join("\n")).as_bytes())?;
    println!("{} paths in {LATER}", paths.len());
    Ok(())
}

/// A number that changes with the bytes (FNV-1a), so that a name stands for one content.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Where Cargo puts what it builds.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn bytes(file: &Path) -> Outcome<Vec<u8>> {
    std::fs::read(file).map_err(|why| format!("cannot read {}: {why}", file.display()))
}

fn write(file: &Path, bytes: &[u8]) -> Outcome {
    std::fs::write(file, bytes).map_err(|why| format!("cannot write {}: {why}", file.display()))
}

/// Weighs the engine that Cargo built last, or says who calls the functions of a path.
pub(crate) fn weigh(rest: &[String]) -> Outcome {
    let linked = bytes(&target().join(LINKED))?;
    let said = match rest.first() {
        Some(path) => chunks::who(&linked, path)?,
        None => chunks::weigh(&linked, &manifest()?)?,
    };
    print!("{said}");
    Ok(())
}
