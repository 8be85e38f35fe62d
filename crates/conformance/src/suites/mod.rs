//! The suites we know. A new one is one file and one line here.

mod kubectl;
mod netpol;
mod psa;
mod psp;
mod rbac;

use crate::kernel;
use crate::suite::Suite;

/// All suites.
const SUITES: &[&dyn Suite] = &[
    &kubectl::Kubectl,
    &netpol::Netpol,
    &psa::Psa,
    &psp::Psp,
    &rbac::Rbac,
    &kernel::ApparmorDecide,
    &kernel::ApparmorParse,
    &kernel::ContainerStart,
    &kernel::SeccompDecide,
    &kernel::SeccompStart,
];

/// The suite a record names.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Suite> {
    SUITES.iter().copied().find(|s| s.name() == name)
}
