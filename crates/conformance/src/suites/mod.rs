//! The suites we know. A new one is one file and one line here.

mod cel;
mod kubectl;
mod netpol;
mod psa;
mod psp;
mod rbac;

use crate::suite::Suite;
use crate::{kernel, machine};

/// All suites.
const SUITES: &[&dyn Suite] = &[
    &cel::CelSuite,
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
    &machine::ApparmorExec,
    &machine::ApparmorStart,
    &machine::ApparmorTools,
    &machine::CapabilitiesExec,
    &machine::Order,
    &machine::SeccompExec,
    &machine::SeccompLog,
    &machine::SeccompSyscalls,
    &machine::SyscallOutcomes,
];

/// The suite a record names.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Suite> {
    SUITES.iter().copied().find(|s| s.name() == name)
}
