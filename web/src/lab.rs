//! The lab's facade, by the names the page uses.

pub use gatehouse_lab::exercise::format::PictureKind;
pub use gatehouse_lab::exercise::{Bundle, Domain, Exercise, catalogue};
pub use gatehouse_lab::explain::{Asked, Bearing, Explanation, Mark, Place, Stage, difference};
pub use gatehouse_lab::picture::{Audit, Edge, FlowChange, Picture, PicturePod, Told, WEB, Why};
pub use gatehouse_lab::preview::{At, Preview, PreviewKind, PreviewLine};
pub use gatehouse_lab::reach::{Port, port};
pub use gatehouse_lab::report::{CheckResult, Report};
pub use gatehouse_lab::session::{Session, SessionError, Transcript};

/// A domain's word in addresses: its title in lower case, words joined by `-`.
pub fn domain_slug(domain: Domain) -> String {
    let lower = domain.title().to_lowercase();
    let words: Vec<&str> =
        lower.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// The domains that have exercises, in the exercises' order.
pub fn domains() -> Vec<Domain> {
    let mut domains: Vec<Domain> = Vec::new();
    for bundle in catalogue() {
        if !domains.contains(&bundle.exercise.domain) {
            domains.push(bundle.exercise.domain);
        }
    }
    domains
}
