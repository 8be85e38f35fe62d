//! What the gates need and a fresh machine lacks, at pinned versions.
//!
//! A tool that is already there at the right version is used as it is. Otherwise it is built into a folder of its own
//! under the cargo home, so that neither a tool of another version nor a fresh clone costs anyone anything.

use std::path::{Path, PathBuf};

use crate::command::{Outcome, cargo, find, program, read, root};

const TRUNK: &str = "0.21.14";
const CARGO_DENY: &str = "0.20.2";
const NODE: u32 = 20;

/// A tool that is installed with cargo.
struct Tool {
    package: &'static str,
    program: &'static str,
    version: String,
    minutes: u32,
}

/// The wasm target of the pinned toolchain.
pub(crate) fn wasm_target() -> Outcome {
    let Some(_) = find("rustup") else { return Ok(()) };
    let installed = program("rustup").args(["target", "list", "--installed"]).read()?;
    if installed.lines().any(|line| line == "wasm32-unknown-unknown") {
        return Ok(());
    }
    println!("installing the target wasm32-unknown-unknown");
    program("rustup").args(["target", "add", "wasm32-unknown-unknown"]).run()
}

/// Trunk, which builds the site; answers the program's path.
pub(crate) fn trunk() -> Outcome<PathBuf> {
    ensure(&Tool { package: "trunk", program: "trunk", version: TRUNK.to_owned(), minutes: 5 })
}

/// wasm-bindgen's command-line tool, of exactly the version of the library in Cargo.lock.
pub(crate) fn wasm_bindgen() -> Outcome<PathBuf> {
    let lock = read(&root().join("Cargo.lock"))?;
    let mut lines = lock.lines();
    let version = lines
        .find(|line| *line == "name = \"wasm-bindgen\"")
        .and_then(|_| lines.next())
        .and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        .ok_or("Cargo.lock names no wasm-bindgen")?;
    ensure(&Tool {
        package: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        version: version.to_owned(),
        minutes: 3,
    })
}

/// cargo-deny, which reads licences and sources.
pub(crate) fn cargo_deny() -> Outcome<PathBuf> {
    ensure(&Tool { package: "cargo-deny", program: "cargo-deny", version: CARGO_DENY.to_owned(), minutes: 5 })
}

fn ensure(tool: &Tool) -> Outcome<PathBuf> {
    if let Some(found) = find(tool.program).filter(|path| is_version(path, &tool.version)) {
        return Ok(found);
    }
    let own = cargo_home().join("gatehouse").join(format!("{}-{}", tool.package, tool.version));
    let path = own.join("bin").join(tool.program);
    if is_version(&path, &tool.version) {
        return Ok(path);
    }
    println!(
        "installing {} {} from source (about {} minutes on two cores, once)",
        tool.package, tool.version, tool.minutes
    );
    cargo(["install", "--locked", "--force", "--version", &tool.version, tool.package, "--root"])
        .args([&own])
        // A build inside the project would be built by the project's toolchain file and lock.
        .current_dir(cargo_home())
        .run()?;
    Ok(path)
}

fn is_version(path: &Path, version: &str) -> bool {
    path.is_file()
        && program(&path.to_string_lossy())
            .args(["--version"])
            .read()
            .is_ok_and(|said| said.split_whitespace().any(|word| word == version))
}

fn cargo_home() -> PathBuf {
    std::env::var_os("CARGO_HOME").map(PathBuf::from).unwrap_or_else(|| {
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        home.join(".cargo")
    })
}

/// `PATH` with the folders of these programs in front.
pub(crate) fn path_with(programs: &[&Path]) -> Outcome<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let first = programs.iter().filter_map(|program| program.parent()).map(Path::to_path_buf);
    std::env::join_paths(first.chain(std::env::split_paths(&path))).map_err(|why| why.to_string())
}

/// Node and the packages of a folder with a package-lock.json.
pub(crate) fn npm(folder: &Path) -> Outcome {
    let version = program("node")
        .args(["--version"])
        .read()
        .map_err(|_| format!("node is missing: install Node {NODE} or later"))?;
    let major =
        version.trim().trim_start_matches('v').split('.').next().and_then(|word| word.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE) {
        return Err(format!("node is {}: install Node {NODE} or later", version.trim()));
    }
    // npm writes this file when it is done; a lock newer than it means the packages are not those asked for.
    let done = folder.join("node_modules/.package-lock.json");
    if newer(&done, &folder.join("package-lock.json")) {
        return Ok(());
    }
    println!("installing the npm packages of {}", folder.strip_prefix(root()).unwrap_or(folder).display());
    program("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder).run()
}

/// Whether `one` is there and at least as new as `other`.
pub(crate) fn newer(one: &Path, other: &Path) -> bool {
    let time = |path: &Path| std::fs::metadata(path).and_then(|data| data.modified());
    matches!((time(one), time(other)), (Ok(one), Ok(other)) if one >= other)
}

/// Chromium and its driver, for the tests that need a browser.
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) driver: PathBuf,
}

/// Finds Chromium; where it is missing and we may, installs it.
pub(crate) fn chromium() -> Outcome<Browser> {
    if let Some(found) = find_chromium() {
        return Ok(found);
    }
    let root_user = program("id").args(["-u"]).read().is_ok_and(|id| id.trim() == "0");
    if root_user && find("apt-get").is_some() {
        println!("installing chromium and its driver with apt-get");
        // An old package list is no reason to fail: the install that follows says what is wrong.
        let _ = program("apt-get").args(["update", "-qq"]).run();
        program("apt-get")
            .args(["install", "-y", "-qq", "--no-install-recommends", "chromium", "chromium-driver"])
            .env("DEBIAN_FRONTEND", "noninteractive")
            .run()?;
        if let Some(found) = find_chromium() {
            return Ok(found);
        }
    }
    Err("chromium or chromedriver is missing: install both (Debian: sudo apt-get install chromium chromium-driver)".to_owned())
}

fn find_chromium() -> Option<Browser> {
    let named = |variable: &str| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file());
    let chromium = named("CHROMIUM").or_else(|| {
        ["chromium", "chromium-browser", "google-chrome", "chrome"].iter().find_map(|name| find(name))
    })?;
    let driver = named("CHROMEDRIVER").or_else(|| find("chromedriver"))?;
    Some(Browser { chromium, driver })
}
