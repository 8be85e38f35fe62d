//! The site: the editor's bundle, then Trunk, then what only the finished files and the lab itself know.

use std::path::{Path, PathBuf};

use crate::command::{Outcome, cargo, files_under, program, read, root};
use crate::tools;

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
    stamp(&dist)?;
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

/// Writes into index.html the outline that can be read before the engine is there, and how many bytes the engine
/// has, for a loading bar that does not lie: servers that compress give the length of what they send, browsers count
/// what arrives unpacked.
fn stamp(dist: &Path) -> Outcome {
    let wasm = files_under(dist)
        .into_iter()
        .find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
        .ok_or("the build left no .wasm in dist/")?;
    let bytes = std::fs::metadata(&wasm).map_err(|why| why.to_string())?.len();
    let index = dist.join("index.html");
    let outline = cargo(["run", "--quiet", "--package", "gatehouse-web", "--bin", "outline"]).read()?;
    let text = read(&index)?
        .replace("data-bytes=\"0\"", &format!("data-bytes=\"{bytes}\""))
        .replace("<!-- outline -->", outline.trim_end());
    std::fs::write(&index, text).map_err(|why| format!("cannot write {}: {why}", index.display()))
}
