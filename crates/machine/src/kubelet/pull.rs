//! Whether a container's image is there, and bringing it when it is not.
//!
//! Models pkg/kubelet/images/image_manager.go (`EnsureImageExists`). What registries have is `images::hub`.

use gatehouse_core::controllers::events::EventType;
use gatehouse_model::Value;

use super::pod::{Container, State, Work};
use super::words;
use crate::images::{self, hub};

/// How long a kubelet waits before it looks at a pod again whose containers it could not start.
pub(super) const RESYNC: i64 = 14_000;
/// The first wait behind a failed pull, and the longest, in milliseconds.
const WAIT: (i64, i64) = (10_000, 300_000);

/// A pull that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// When.
    at: i64,
    /// How long the kubelet waits behind it.
    wait: i64,
    /// What was said.
    why: String,
}

impl Work<'_> {
    /// Has the image on the node, or says why not. Gives whether the container can be made.
    pub(super) fn has_image(&mut self, known: &mut Container, c: &Value, path: &str) -> bool {
        let image = c.str_at(&["image"]).to_owned();
        let minor = self.cluster.version.minor();
        if let Some(message) = super::image_name::fault(&image, minor) {
            self.event_once(path, "InspectFailed", &message);
            self.event_once(path, "Failed", "Error: InvalidImageName");
            known.state = State::Waiting { reason: "InvalidImageName".to_owned(), message };
            return false;
        }
        let there = self.node.pulled.contains(&image);
        match c.str_at(&["imagePullPolicy"]) {
            "Never" if !there => {
                let message = format!("Container image \"{image}\" is not present with pull policy of Never");
                self.no_image(
                    known,
                    path,
                    (EventType::Warning, "ErrImageNeverPull"),
                    "ErrImageNeverPull",
                    &message,
                );
                return false;
            }
            "Always" => {}
            _ if there => {
                if !self.told(path, "Pulled") {
                    let message = words::present(self.cluster, &image);
                    self.event(path, EventType::Normal, "Pulled", &message);
                }
                return true;
            }
            _ => {}
        }
        let now = self.cluster.now.0;
        if let Some(failed) = known.pull.clone().filter(|f| now - f.at < f.wait) {
            let message = format!("Back-off pulling image \"{image}\"");
            self.no_image(known, path, (EventType::Normal, "BackOff"), "ImagePullBackOff", &message);
            if let State::Waiting { message, .. } = &mut known.state
                && minor >= 32
            {
                message.push_str(&format!(": ErrImagePull: {}", failed.why));
            }
            return false;
        }
        if let Err(missing) = hub::look_up(&image) {
            self.event(path, EventType::Normal, "Pulling", &format!("Pulling image \"{image}\""));
            let why = missing.words(&image, minor);
            let message = format!("Failed to pull image \"{image}\": {why}");
            self.no_image(known, path, (EventType::Warning, "Failed"), "ErrImagePull", &message);
            known.state = State::Waiting { reason: "ErrImagePull".to_owned(), message: why.clone() };
            let wait = match known.pull.take() {
                Some(before) if now - before.at <= 2 * WAIT.1 => (before.wait * 2).min(WAIT.1),
                first => {
                    // The sandbox that has just started brings the kubelet back at once.
                    if first.is_none() {
                        known.not_before = self.cluster.now.plus_millis(1000);
                    }
                    WAIT.0
                }
            };
            known.pull = Some(Failed { at: now, wait, why });
            return false;
        }
        known.pull = None;
        if !there {
            self.node.pulled.push(image.clone());
        }
        if !self.told(path, "Pulling") {
            self.event(path, EventType::Normal, "Pulling", &format!("Pulling image \"{image}\""));
            let message = words::pulled(self.cluster, &image, images::find(&image).size);
            self.event(path, EventType::Normal, "Pulled", &message);
        }
        true
    }

    /// The container waits for an image it does not get.
    fn no_image(
        &mut self,
        known: &mut Container,
        path: &str,
        (kind, what): (EventType, &str),
        reason: &str,
        message: &str,
    ) {
        self.event(path, kind, what, message);
        self.event(path, EventType::Warning, "Failed", &format!("Error: {reason}"));
        known.state = State::Waiting { reason: reason.to_owned(), message: message.to_owned() };
        known.not_before = self.cluster.now.plus_millis(RESYNC);
    }

    /// Whether an event of this kind was recorded about a container.
    fn told(&self, path: &str, reason: &str) -> bool {
        self.cluster.store.list("events", Some(self.pod.namespace())).any(|e| {
            e.str_at(&["involvedObject", "uid"]) == self.pod.uid()
                && e.str_at(&["involvedObject", "fieldPath"]) == path
                && e.str_at(&["reason"]) == reason
        })
    }
}
