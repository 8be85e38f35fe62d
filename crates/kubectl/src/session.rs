//! One run of kubectl: what it talks to, and what it has printed so far.
//!
//! Commands reach everything through it: the server, files, output. Models kubectl's `Factory` and the warning
//! writer of client-go (`rest/warnings.go`, each warning once).

use gatehouse_core::request::ResourceTarget;
use gatehouse_core::{Reason, Reply, Request, Response, Timestamp, Verb};
use gatehouse_machine::{EditRequest, Output};
use gatehouse_model::{ClientVersion, KubeVersion, Object, ResourceType};

use crate::cli::Args;
use crate::config::{KubeConfig, Namespace, Target, load, resolve};
use crate::error::Error;
use crate::host::Host;
use crate::{discovery, mapping};

/// How a command ends other than by ending.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Finish {
    /// It just ends.
    #[default]
    Done,
    /// It waits for a person to edit a file.
    Edit(EditRequest),
    /// It would go on printing until interrupted.
    Stream,
}

/// One run of kubectl.
pub struct Session<'s, 'h> {
    /// The world around.
    pub host: &'s mut Host<'h>,
    /// What it printed so far.
    pub output: Output,
    /// How the command ends; a command sets it before it returns.
    pub finish: Finish,
    args: Args,
    warned: Vec<String>,
    config: Option<KubeConfig>,
    target: Option<Target>,
    resources: Option<Vec<ResourceType>>,
    /// Whether the server itself was asked for them in this run.
    asked: bool,
    /// Whether it was said that it does not tell.
    refused: bool,
}

impl<'s, 'h> Session<'s, 'h> {
    /// A session for a parsed command line.
    #[must_use]
    pub fn new(host: &'s mut Host<'h>, args: Args) -> Self {
        Self {
            host,
            output: Output::default(),
            finish: Finish::Done,
            args,
            warned: Vec::new(),
            config: None,
            target: None,
            resources: None,
            asked: false,
            refused: false,
        }
    }

    /// Prints to standard output.
    pub fn print(&mut self, text: impl AsRef<str>) {
        self.output.print(text.as_ref().as_bytes());
    }

    /// Prints a line to standard output.
    pub fn println(&mut self, text: impl AsRef<str>) {
        self.print(text);
        self.output.print(b"\n");
    }

    /// Prints a line to standard error.
    pub fn eprintln(&mut self, text: impl AsRef<str>) {
        self.output.complain(text.as_ref().as_bytes());
        self.output.complain(b"\n");
    }

    /// A `Warning: ` line on standard error, as kubectl itself prints some.
    pub fn warn(&mut self, text: impl AsRef<str>) {
        self.eprintln(format!("Warning: {}", text.as_ref()));
    }

    /// A `Warning: ` line, the first time it has something to say.
    fn warn_once(&mut self, text: String) {
        if !self.warned.contains(&text) {
            self.warn(&text);
            self.warned.push(text);
        }
    }

    /// Which kubectl this is.
    #[must_use]
    pub fn version(&self) -> ClientVersion {
        self.host.version
    }

    /// Which Kubernetes the server is.
    #[must_use]
    pub fn server_version(&self) -> KubeVersion {
        self.host.api.server_version()
    }

    /// Now, in virtual time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.host.api.now()
    }

    /// Lets virtual time pass.
    pub fn advance(&mut self, millis: i64) {
        self.host.api.advance(millis);
    }

    /// The namespace to work in, once it is known whom to talk to: what is wrong with the server comes first.
    ///
    /// # Errors
    /// As [`Session::target`] and [`Session::namespace`].
    pub fn ready(&mut self) -> Result<Namespace, Error> {
        self.target()?;
        self.namespace()
    }

    /// The merged kubeconfig.
    ///
    /// # Errors
    /// Files that are missing or cannot be read.
    pub fn config(&mut self) -> Result<&KubeConfig, Error> {
        if self.config.is_none() {
            let which = load::paths(self.host.files, self.args.str("kubeconfig"));
            self.config = Some(load::load(self.host.files, &which)?);
        }
        self.config.as_ref().ok_or_else(|| Error::plain("no configuration has been provided"))
    }

    /// Server and credential.
    ///
    /// # Errors
    /// As [`Session::config`], and what does not hold together in it.
    pub fn target(&mut self) -> Result<Target, Error> {
        if self.target.is_none() {
            let config = self.config()?.clone();
            self.target = Some(resolve::target(&config, &self.args, self.host.files)?);
        }
        self.target.clone().ok_or_else(|| Error::plain("no configuration has been provided"))
    }

    /// The namespace to work in, and whether `-n` chose it.
    ///
    /// # Errors
    /// As [`Session::config`].
    pub fn namespace(&mut self) -> Result<Namespace, Error> {
        let config = self.config()?.clone();
        let namespace = resolve::namespace(&config, &self.args)?;
        if !namespace.explicit {
            // Only `-n` makes up for a kubeconfig that cannot be used.
            self.target()?;
        }
        Ok(namespace)
    }

    /// What the server serves, as far as kubectl knows: what it remembers from an earlier run, or asks now.
    ///
    /// # Errors
    /// Nobody answers, or the identity may not ask.
    pub fn resources(&mut self) -> Result<&[ResourceType], Error> {
        if self.resources.is_none() {
            let server = self.target()?.server;
            let path = discovery::path(self.host.files, self.args.global("cache-dir"), &server);
            let now = self.now().0;
            let remembered = path.as_ref().and_then(|p| discovery::load(self.host.files, p, now));
            match remembered {
                Some(found) => self.resources = Some(found),
                None => self.ask_resources()?,
            }
        }
        Ok(self.resources.as_deref().unwrap_or(&[]))
    }

    /// Asks the server what it serves, and remembers it.
    ///
    /// # Errors
    /// Nobody answers, or the identity may not ask.
    pub fn ask_resources(&mut self) -> Result<(), Error> {
        let server = self.target()?.server;
        let request = self.request(Verb::Get, gatehouse_core::Target::Path("/api".to_owned()))?;
        let refusal = match self.send_raw(request) {
            Ok(Response { result: Err(mut status), .. }) => match status.reason {
                Reason::Forbidden => {
                    "unknown".clone_into(&mut status.message);
                    Some(Error::status(status))
                }
                Reason::Unauthorized => Some(Error::status(status)),
                _ => None,
            },
            Ok(_) => None,
            Err(e) => Some(e),
        };
        if let Some(e) = refusal {
            let why = match &e {
                Error::Transport { cause, .. } => {
                    format!("Get \\\"{server}/api?timeout=32s\\\": {cause}")
                }
                other => other.text(),
            };
            for _ in 0..if self.refused { 0 } else { 5 } {
                let text =
                    format!("\"Unhandled Error\" err=\"couldn't get current server API group list: {why}\"");
                crate::output::klog_at(self, 'E', "memcache.go:265", &text);
            }
            self.refused = true;
            return Err(e);
        }
        let found = self.host.api.resources(&server).map_err(|cause| Error::Transport {
            method: "Get",
            server: server.clone(),
            cause,
        })?;
        let now = self.now().0;
        if let Some(path) = discovery::path(self.host.files, self.args.global("cache-dir"), &server) {
            discovery::save(self.host.files, &path, now, &found);
        }
        self.resources = Some(found);
        self.asked = true;
        Ok(())
    }

    /// Picks a resource of those known; where there is none, the server is asked anew, once.
    ///
    /// # Errors
    /// As [`Session::resources`].
    pub fn pick(
        &mut self,
        choose: impl Fn(&[ResourceType]) -> Option<&ResourceType>,
    ) -> Result<Option<ResourceType>, Error> {
        if let Some(found) = choose(self.resources()?) {
            return Ok(Some(found.clone()));
        }
        if self.asked {
            return Ok(None);
        }
        self.ask_resources()?;
        Ok(choose(self.resources()?).cloned())
    }

    /// The resource a typed word means.
    ///
    /// # Errors
    /// `the server doesn't have a resource type "x"`
    pub fn resource(&mut self, typed: &str) -> Result<ResourceType, Error> {
        let found = self.pick(|resources| mapping::find(resources, typed))?;
        let also_meant = mapping::also_meant(self.resources()?, typed);
        // Said since 1.28.
        if self.version().minor >= 28 {
            for other in also_meant {
                self.warn_once(format!(
                    "short name {typed:?} could also match lower priority resource {other}"
                ));
            }
        }
        match found {
            Some(found) => Ok(found),
            None => Err(Error::plain(format!(
                "the server doesn't have a resource type {:?}",
                mapping::bare(typed)
            ))),
        }
    }

    /// A request of this session's identity.
    ///
    /// # Errors
    /// As [`Session::target`].
    pub fn request(&mut self, verb: Verb, target: gatehouse_core::Target) -> Result<Request, Error> {
        let who = self.target()?;
        let mut request = Request::new(who.credential, verb, target);
        request.impersonate = who.impersonate;
        Ok(request)
    }

    /// Sends a request; warnings are printed, each once.
    ///
    /// # Errors
    /// The server's refusal, or that nobody answers.
    pub fn send(&mut self, request: Request) -> Result<Reply, Error> {
        let what = unknown_path(&request);
        let Response { result, warnings, .. } = self.send_raw(request)?;
        for warning in warnings {
            self.warn_once(warning);
        }
        result.map_err(|mut status| {
            if status.message == NO_SUCH_RESOURCE {
                status.message.push_str(&what);
            }
            Error::status(status)
        })
    }

    /// Sends a request and prints nothing.
    ///
    /// # Errors
    /// That nobody answers.
    pub fn send_raw(&mut self, request: Request) -> Result<Response, Error> {
        let server = self.target()?.server;
        let path = gatehouse_core::audit::uri(&request.verb, &request.target, &request.options);
        let method = match request.verb {
            Verb::Create => "Post",
            Verb::Update => "Put",
            Verb::Patch => "Patch",
            Verb::Delete | Verb::DeleteCollection => "Delete",
            _ => "Get",
        };
        let sent = self.host.api.call(&server, request);
        sent.map_err(|cause| Error::Transport { method, server: format!("{server}{path}"), cause })
    }

    /// How many different warnings the server gave.
    #[must_use]
    pub fn warnings(&self) -> usize {
        self.warned.len()
    }

    /// Reads one object.
    ///
    /// # Errors
    /// The server's refusal, or that nobody answers.
    pub fn get(&mut self, resource: &ResourceType, namespace: &str, name: &str) -> Result<Object, Error> {
        self.read(resource, namespace, name, "")
    }

    /// Reads one object or a subresource of it.
    ///
    /// # Errors
    /// The server's refusal, or that nobody answers.
    pub fn read(
        &mut self,
        resource: &ResourceType,
        namespace: &str,
        name: &str,
        subresource: &str,
    ) -> Result<Object, Error> {
        crate::client::requests::named(name)?;
        let request = self.request(Verb::Get, target_of(resource, namespace, name, subresource))?;
        object(self.send(request)?)
    }
}

/// What a server says of a path it does not know.
const NO_SUCH_RESOURCE: &str = "the server could not find the requested resource";

/// What client-go adds to it: the request, in HTTP's words. The scale client keeps it to itself.
fn unknown_path(request: &Request) -> String {
    let gatehouse_core::Target::Resource(target) = &request.target else { return String::new() };
    if target.subresource == "scale" {
        return String::new();
    }
    let verb = match &request.verb {
        Verb::Get | Verb::List | Verb::Watch => "get",
        Verb::Create => "post",
        Verb::Update => "put",
        Verb::Patch => "patch",
        Verb::Delete | Verb::DeleteCollection => "delete",
        Verb::Other(word) => word,
    };
    let resource = gatehouse_model::resource::qualified(&target.resource, &target.group);
    if target.name.is_empty() {
        format!(" ({verb} {resource})")
    } else {
        format!(" ({verb} {resource} {})", target.name)
    }
}

/// The target of a request about `resource`; `namespace` is dropped for cluster-scoped resources.
#[must_use]
pub fn target_of(
    resource: &ResourceType,
    namespace: &str,
    name: &str,
    subresource: &str,
) -> gatehouse_core::Target {
    gatehouse_core::Target::Resource(ResourceTarget {
        group: resource.gv.group.to_string(),
        version: resource.gv.version.to_string(),
        resource: resource.plural.to_string(),
        subresource: subresource.to_owned(),
        namespace: if resource.namespaced() { namespace.to_owned() } else { String::new() },
        name: name.to_owned(),
    })
}

/// The one object of a reply.
///
/// # Errors
/// The server answered with something else.
pub fn object(reply: Reply) -> Result<Object, Error> {
    match reply {
        Reply::Object(object) => Ok(object),
        Reply::Success(value) => Ok(Object(value)),
        Reply::List { .. } | Reply::Text(_) => Err(Error::plain("unable to decode the server's answer")),
    }
}
