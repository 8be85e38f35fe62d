//! How many decisions a second: 100,000 mixed requests against two thousand roles and bindings, and 10,000 pods through
//! Pod Security's `restricted:latest`.
//!
//! Inputs are made up, the same ones every time. `GATEHOUSE_PERF` may name a folder with a `rbac.json` and a
//! `psa.jsonl` to use instead. What is allowed is counted and printed first: a fast wrong answer is none.

#![expect(missing_docs, reason = "criterion's macros document nothing")]
#![expect(
    clippy::panic,
    clippy::print_stderr,
    reason = "a benchmark with a broken input has nothing better to do than stop and say so"
)]

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

#[expect(dead_code, reason = "the page also asks about networks")]
mod inputs;

/// A file of the folder `GATEHOUSE_PERF` names.
fn given(file: &str) -> Option<String> {
    let path = PathBuf::from(std::env::var_os("GATEHOUSE_PERF")?).join(file);
    Some(std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

fn rbac(c: &mut Criterion) {
    let rbac = inputs::Rbac::new(given("rbac.json").as_deref());
    eprintln!("rbac: {} of {} requests are allowed", rbac.allowed(), rbac.len());
    let mut group = c.benchmark_group("rbac");
    group.throughput(Throughput::Elements(rbac.len() as u64));
    group.bench_function("decisions", |b| b.iter(|| black_box(rbac.allowed())));
    group.bench_function("compile", |b| b.iter(|| black_box(rbac.compile())));
    group.finish();
}

fn pod_security(c: &mut Criterion) {
    let pods = inputs::PodSecurity::new(given("psa.jsonl").as_deref());
    eprintln!("psa: {} of {} pods are allowed by restricted:latest", pods.allowed(), pods.len());
    let mut group = c.benchmark_group("psa");
    group.throughput(Throughput::Elements(pods.len() as u64));
    group.bench_function("restricted", |b| b.iter(|| black_box(pods.allowed())));
    group.bench_function("restricted, with decoding", |b| b.iter(|| black_box(pods.allowed_decoding())));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(4));
    targets = rbac, pod_security
}
criterion_main!(benches);
