//! Defaulting: what the API server fills in before anything looks at an object.
//!
//! Models `pkg/apis/*/v1/defaults.go`. One file a group of kinds; no file knows another.

use gatehouse_model::{KubeVersion, Object};

/// Fills in the defaults of the object's kind.
pub(crate) fn apply(_version: KubeVersion, _object: &mut Object) {}
