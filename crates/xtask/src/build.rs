//! The site: the editor's bundle, then Trunk, then what only the finished files and the lab itself know.

use std::path::{Path, PathBuf};

use crate::command::{Outcome, cargo, files_under, program, read, root};
use crate::{pack, tools};

/// How much the compiler should think.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// As it ships: smallest.
    Shipped,
    /// For the next minute: soonest.
    Quick,
}

pub(crate) fn run(_: &[String]) -> Outcome {
    site(Profile::Shipped).map(drop)
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
        Profile::Shipped => "wasm",
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
/// engine as it ships is packed.
fn finish(dist: &Path, profile: Profile) -> Outcome {
    let wasm = files_under(dist)
        .into_iter()
        .find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
        .ok_or("the build left no .wasm in dist/")?;
    let name = wasm.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut engine = std::fs::read(&wasm).map_err(|why| format!("cannot read {}: {why}", wasm.display()))?;
    let mut sent = name.clone();
    if profile == Profile::Shipped {
        println!("packing the engine");
        engine = pack::lzma(&engine)?;
        sent = format!("{name}.lzma");
        std::fs::remove_file(&wasm).map_err(|why| why.to_string())?;
        write(&dist.join(&sent), &engine)?;
    }
    let outline = cargo(["run", "--quiet", "--package", "gatehouse-web", "--bin", "outline"]).read()?;
    let index = dist.join("index.html");
    let text = read(&index)?
        .replace(&name, &sent)
        .replace("data-bytes=\"0\"", &format!("data-bytes=\"{}\"", engine.len()))
        .replace("<!-- outline -->", outline.trim_end());
    write(&index, text.as_bytes())
}

fn write(file: &Path, bytes: &[u8]) -> Outcome {
    std::fs::write(file, bytes).map_err(|why| format!("cannot write {}: {why}", file.display()))
}
