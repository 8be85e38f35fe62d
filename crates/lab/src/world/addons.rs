//! What is installed in a cluster beside Kubernetes itself: cluster DNS, and what an exercise asks for.
//!
//! Manifests are text beside this file and go through the API server like any other.

use std::sync::Arc;

use gatehouse_core::admission::backends::Backend;
use gatehouse_core::network::istio;
use gatehouse_core::request::User;
use gatehouse_core::{Body, Credential, Request, Target, Verb, server};
use gatehouse_model::{Value, json, yaml};

use super::World;

const COREDNS: &str = include_str!("addons/coredns.yaml");
const INGRESS_NGINX: &str = include_str!("addons/ingress-nginx.yaml");
const ISTIO: &str = include_str!("addons/istio.yaml");

/// What can be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addon {
    /// The NGINX ingress controller, on the node ports 30080 and 30443.
    IngressNginx,
    /// Istio with its sidecar injector.
    Istio,
}

impl Addon {
    /// Reads the word exercises use.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "ingress-nginx" => Some(Self::IngressNginx),
            "istio" => Some(Self::Istio),
            _ => None,
        }
    }
}

impl World {
    /// Installs something and lets it come up.
    pub fn install(&mut self, addon: Addon) {
        match addon {
            Addon::IngressNginx => self.create_all(INGRESS_NGINX),
            Addon::Istio => {
                self.create_all(ISTIO);
                super::start::install(&mut self.terminal, "istioctl");
                let injector = Backend { sidecars: true, ..Backend::default() };
                Arc::make_mut(&mut self.cluster.webhook_backends).insert(istio::WEBHOOK.to_owned(), injector);
            }
        }
        self.settle();
    }

    /// Installs cluster DNS as kubeadm does: when its pods are placed the control plane is the only node there is.
    /// A cluster whose pods need a PodSecurityPolicy has none.
    pub(super) fn install_dns(&mut self) {
        if self.cluster.version.minor() < 25 {
            return;
        }
        let only = |on: bool| json!({"spec": {"unschedulable": on}});
        self.ask(
            Verb::Patch,
            "/api/v1/nodes/node01",
            Body::Patch(gatehouse_core::PatchType::Merge, only(true)),
        );
        self.create_all(COREDNS);
        self.settle();
        self.ask(
            Verb::Patch,
            "/api/v1/nodes/node01",
            Body::Patch(gatehouse_core::PatchType::Merge, only(false)),
        );
        self.settle();
    }

    fn create_all(&mut self, manifests: &str) {
        for document in yaml::parse_all(manifests).into_iter().flatten() {
            let value = document.value;
            if let Some(path) = self.path_of(&value) {
                self.ask(Verb::Create, &path, Body::Object(value));
                // What the next manifest needs of a namespace must be there.
                self.control();
            }
        }
    }

    /// The path of the collection an object belongs to.
    fn path_of(&self, object: &Value) -> Option<String> {
        let version = object.str_at(&["apiVersion"]);
        let kind = object.str_at(&["kind"]);
        let resource =
            self.cluster.resources().into_iter().find(|r| r.kind == kind && r.gv.to_string() == version)?;
        let root = if version.contains('/') { "apis" } else { "api" };
        let namespace = object.str_at(&["metadata", "namespace"]);
        let within = if namespace.is_empty() { String::new() } else { format!("namespaces/{namespace}/") };
        Some(format!("/{root}/{version}/{within}{}", resource.plural))
    }

    fn ask(&mut self, verb: Verb, path: &str, body: Body) {
        let admin = User {
            name: "kubernetes-admin".to_owned(),
            groups: vec!["system:masters".to_owned(), "system:authenticated".to_owned()],
            ..User::default()
        };
        let mut request = Request::new(Credential::Internal(admin), verb, Target::Path(path.to_owned()));
        request.body = body;
        "kubeadm".clone_into(&mut request.options.field_manager);
        let response = server::handle(&mut self.cluster, &request);
        debug_assert!(response.result.is_ok(), "{path}: {:?}", response.result);
    }
}
