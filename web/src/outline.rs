//! What can be read before the engine is there: the list of exercises and their tasks, as plain HTML.
//!
//! Made when the site is built, with the same words and classes as the page itself, so that nothing jumps when the
//! engine takes over.

use crate::lab;
use crate::markdown::{escape, to_html};
use crate::route::Route;

/// The HTML that stands in index.html until the page runs.
pub fn html() -> String {
    let bundles = lab::catalogue();
    let mut out = String::from(
        "<div id=\"outline-list\"><header><h1>Kubernetes security, hands on</h1><p class=\"lede\">",
    );
    out.push_str(&escape(LEDE));
    out.push_str("</p></header>");
    if let Some(first) = bundles.first().map(|bundle| &bundle.exercise) {
        out.push_str(&format!(
            "<section class=\"continue\" aria-label=\"Where to go on\"><div><h2>{}</h2><p>{}</p></div>\
             <a class=\"button primary\" href=\"{}\">Begin</a></section>",
            escape(&first.title),
            begin(first.minutes),
            escape(&Route::exercise(&first.id).href()),
        ));
    }
    out.push_str(&format!(
        "<div class=\"filters\"><h2>Exercises</h2><p class=\"count\">{}</p></div><nav aria-label=\"Domains\"><ul class=\"chips\">\
         <li><a href=\"#/\" aria-current=\"page\">All</a></li>",
        bundles.len()
    ));
    for domain in lab::domains() {
        let route = Route::Home { domain: Some(lab::domain_slug(domain)) };
        out.push_str(&format!(
            "<li><a href=\"{}\">{}</a></li>",
            escape(&route.href()),
            escape(domain.title())
        ));
    }
    out.push_str("</ul></nav><ul class=\"exercises\">");
    for exercise in bundles.iter().map(|bundle| &bundle.exercise) {
        out.push_str(&format!(
            "<li><a class=\"row\" href=\"{}\"><span class=\"mark\"></span><span class=\"title\">{}<span class=\"domain\">{}</span></span>\
             <span class=\"minutes\">{} min</span><span class=\"state\"></span></a></li>",
            escape(&Route::exercise(&exercise.id).href()),
            escape(&exercise.title),
            escape(exercise.domain.title()),
            exercise.minutes,
        ));
    }
    out.push_str("</ul></div>");
    for bundle in bundles {
        let exercise = &bundle.exercise;
        out.push_str(&format!(
            "<article class=\"outline-task\" data-exercise=\"{}\" data-title=\"{}\" hidden><div class=\"prose\">{}</div></article>",
            escape(&exercise.id),
            escape(&exercise.title),
            to_html(bundle.task()),
        ));
    }
    out
}

/// What is said to somebody new of the first exercise.
pub(crate) fn begin(minutes: u32) -> String {
    format!("A good place to begin: about {minutes} minutes.")
}

/// What the place is, in a sentence or two.
pub const LEDE: &str = "Practise Kubernetes security in this tab: a cluster, a shell and exercises that grade themselves \
    while you type. No account, no server; nothing you do leaves this page.";

#[cfg(test)]
mod tests {
    #[test]
    fn every_exercise_is_in_the_outline_with_its_task() {
        let html = super::html();
        for exercise in crate::lab::catalogue().iter().map(|bundle| &bundle.exercise) {
            assert!(html.contains(&format!("data-exercise=\"{}\"", exercise.id)), "{}", exercise.id);
        }
        assert!(!html.contains("<script"));
    }
}
