//! ImagePolicyWebhook: a backend says which images may run.
//!
//! The backend stands under the address of `imagePolicy.server`, which the API server reads in the backend's kubeconfig;
//! the pattern of each of its rules is held against every image. `imagePolicy.defaultAllow` decides where nobody answers
//! there. An answer is kept for `allowTTL` or `denyTTL`; where nobody answered nothing is kept.
//!
//! Models kubernetes `plugin/pkg/admission/imagepolicy/admission.go`.

use std::collections::BTreeMap;

use gatehouse_model::{Object, Value};

use super::backends::Backend;
use super::{AdmissionRequest, Notes, backends};
use crate::cluster::Cluster;
use crate::status::Status;
use crate::world::Timestamp;

/// The plugin's name.
pub(super) const NAME: &str = "ImagePolicyWebhook";

/// What a backend answered: nothing, or the field of an image it denies and its reason.
type Review = Option<(String, String)>;

/// The answers that are kept, each with the time it is forgotten. By what was asked.
pub type Reviews = BTreeMap<String, (Review, Timestamp)>;

pub(super) fn validate(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let pods = request.resource.gv.group.is_empty() && request.resource.plural == "pods";
    let writes = request.writes();
    if !pods || !writes || !matches!(request.subresource, "" | "ephemeralcontainers") {
        return Ok(());
    }
    let (Some(pod), Some(config)) = (&request.object, cluster.config.admission_configuration.get(NAME))
    else {
        return Ok(());
    };
    let config = config.map_at(&["imagePolicy"]).clone();
    let config = Value::from(config);
    let server = config.str_at(&["server"]);
    let images = images(pod, request.subresource);
    let question = question(request.namespace, pod, &images);
    let now = cluster.now;
    let kept = cluster.process.image_reviews.get(&question).filter(|(_, until)| now < *until);
    let review = match (kept, cluster.webhook_backends.get(server)) {
        (Some((review, _)), _) => review.clone(),
        (None, Some(backend)) => {
            let review = review(backend, &images);
            let kept = &mut cluster.process.image_reviews;
            kept.retain(|_, (_, until)| now < *until);
            kept.insert(question, (review.clone(), now.plus_millis(lifetime(&config, &review))));
            review
        }
        (None, None) => {
            if config.bool_at(&["defaultAllow"]) == Some(true) {
                let failed = "imagepolicywebhook.image-policy.k8s.io/failed-open";
                notes.audit.push((failed.to_owned(), "true".to_owned()));
                return Ok(());
            }
            notes.blame(
                request,
                "spec.containers[*].image",
                &format!("nobody answers at {server}, and defaultAllow is false"),
            );
            return Err(request.forbid(&backends::nobody(server, 30)));
        }
    };
    let Some((field, message)) = review else { return Ok(()) };
    notes.blame(request, &field, &format!("{server} denies the image"));
    Err(request.forbid(&if message.is_empty() {
        "one or more images rejected by webhook backend".to_owned()
    } else {
        format!("image policy webhook backend denied one or more images: {message}")
    }))
}

/// What the backend is asked, as text: the key of what is kept.
fn question(namespace: &str, pod: &Object, images: &[(String, String)]) -> String {
    let annotations = pod.map_at(&["metadata", "annotations"]);
    let told = annotations.iter().filter(|(key, _)| key.contains(".image-policy.k8s.io/"));
    let told = told.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    let parts: Vec<String> = images.iter().map(|(_, image)| image.clone()).chain(told).collect();
    format!("{namespace}\n{}", parts.join("\n"))
}

/// The field of the first image that the backend denies, and what it says.
fn review(backend: &Backend, images: &[(String, String)]) -> Review {
    images.iter().find_map(|(field, image)| {
        let rule = backend.rules.iter().find(|r| super::glob::fits(&r.pattern, image))?;
        (!rule.allowed).then(|| (field.clone(), rule.message.clone()))
    })
}

/// How long an answer is kept, in milliseconds: `allowTTL` or `denyTTL`, -1 for not at all.
fn lifetime(config: &Value, review: &Review) -> i64 {
    let (field, default) = if review.is_some() { ("denyTTL", 30) } else { ("allowTTL", 300) };
    let seconds = match config.i64_at(&[field]).unwrap_or(0) {
        0 => default,
        -1 => 0,
        given => given,
    };
    seconds.saturating_mul(1000)
}

/// The images that are asked about, each with its field.
fn images(pod: &Object, subresource: &str) -> Vec<(String, String)> {
    let of = |list: &&'static str| {
        let list = *list;
        let image = move |(i, c): (usize, &Value)| {
            (format!("spec.{list}[{i}].image"), c.str_at(&["image"]).to_owned())
        };
        pod.list_at(&["spec", list]).iter().enumerate().map(image).collect::<Vec<_>>()
    };
    let lists: &[&'static str] =
        if subresource.is_empty() { &["containers", "initContainers"] } else { &["ephemeralContainers"] };
    lists.iter().flat_map(of).collect()
}
