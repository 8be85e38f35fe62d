//! The benchmarks of decisions for a page: `cargo xtask bench --wasm` builds this as the site is built and opens
//! `index.html` in Chromium, which calls these, measures and checks what they count.
//!
//! The inputs are those of the native benchmarks; the page hands over recorded ones where it was given some.

use wasm_bindgen::prelude::wasm_bindgen;

#[path = "../../benches/inputs/mod.rs"]
#[expect(dead_code, reason = "the native benchmarks measure more")]
mod inputs;

/// Requests and whom to ask.
#[wasm_bindgen]
pub struct Rbac(inputs::Rbac);

#[wasm_bindgen]
impl Rbac {
    /// Reads the text of `rbac.json`, or makes up another.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(given: Option<String>) -> Self {
        Self(inputs::Rbac::new(given.as_deref()))
    }

    /// How many requests there are.
    #[must_use]
    pub fn things(&self) -> usize {
        self.0.len()
    }

    /// Decides all of them: how many are allowed.
    #[must_use]
    pub fn run(&self) -> usize {
        self.0.allowed()
    }
}

/// Pods and what is asked of them.
#[wasm_bindgen]
pub struct PodSecurity(inputs::PodSecurity);

#[wasm_bindgen]
impl PodSecurity {
    /// Reads the text of `psa.jsonl`, or makes up another.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(given: Option<String>) -> Self {
        Self(inputs::PodSecurity::new(given.as_deref()))
    }

    /// How many pods there are.
    #[must_use]
    pub fn things(&self) -> usize {
        self.0.len()
    }

    /// Judges all of them: how many are allowed.
    #[must_use]
    pub fn run(&self) -> usize {
        self.0.allowed()
    }
}

/// A network.
#[wasm_bindgen]
pub struct Reach(inputs::Reach);

#[wasm_bindgen]
impl Reach {
    /// Reads the text of a `netpol-*.yaml`, or makes up one of so many pods.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(given: Option<String>, pods: usize) -> Self {
        Self(inputs::Reach::new(given.as_deref(), pods))
    }

    /// One picture of all pods.
    #[must_use]
    pub fn things(&self) -> usize {
        1
    }

    /// Draws it: how many pairs of different pods may speak on TCP port 80.
    #[must_use]
    pub fn run(&self) -> u32 {
        u32::try_from(self.0.pairs()).unwrap_or(u32::MAX)
    }
}
