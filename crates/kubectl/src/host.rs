//! What kubectl needs of the world around it. `lab` provides all of it.

use gatehouse_core::{Request, Response, Timestamp};
use gatehouse_machine::Output;
use gatehouse_model::{ClientVersion, KubeVersion, ResourceType};

/// The way to an API server.
pub trait Api {
    /// Sends one request to the server at `server` (the kubeconfig's URL).
    ///
    /// # Errors
    /// What Go's HTTP client says when nobody answers (`dial tcp 172.30.1.2:6443: connect: connection refused`).
    fn call(&mut self, server: &str, request: Request) -> Result<Response, String>;

    /// Lets virtual time pass while controllers and kubelets work: what `wait`, `rollout status`, `delete` and timeouts do instead of waiting.
    fn advance(&mut self, millis: i64);

    /// Now, in virtual time.
    fn now(&self) -> Timestamp;

    /// What the server at `server` serves, custom resources included, in discovery order.
    ///
    /// # Errors
    /// As [`Api::call`].
    fn resources(&mut self, server: &str) -> Result<Vec<ResourceType>, String>;

    /// The server's version.
    fn server_version(&self) -> KubeVersion;
}

/// Why a file could not be read or written, as Go's `os` package words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// `no such file or directory`, `permission denied`, `is a directory`, `read-only file system`, …
    pub errno: &'static str,
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// Without the directory.
    pub name: String,
    /// Whether it is a directory itself.
    pub is_dir: bool,
}

/// The files of the machine kubectl runs on. Relative paths are relative to its working directory.
pub trait Files {
    /// The whole content.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn read(&mut self, path: &str) -> Result<Vec<u8>, FileError>;
    /// Replaces the content, making the file where missing.
    ///
    /// # Errors
    /// Why it cannot be written.
    fn write(&mut self, path: &str, content: &[u8]) -> Result<(), FileError>;
    /// The entries of a directory, by name.
    ///
    /// # Errors
    /// Why it cannot be listed.
    fn list(&mut self, path: &str) -> Result<Vec<DirEntry>, FileError>;
    /// Makes a directory and its parents.
    ///
    /// # Errors
    /// Why it cannot be made.
    fn make_dirs(&mut self, path: &str) -> Result<(), FileError>;
    /// Whether the path exists and is a directory; `None` where nothing is there.
    fn is_dir(&mut self, path: &str) -> Option<bool>;
    /// The working directory, absolute.
    fn working_dir(&self) -> String;
    /// An environment variable.
    fn env(&self, name: &str) -> Option<String>;
}

/// A container of a pod that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerRef {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub pod: String,
    /// The container's name.
    pub container: String,
}

/// What kubectl says and does when a session at the terminal is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Farewell {
    /// Said in any case; may be empty.
    pub message: String,
    /// Said where the shell failed; may be empty.
    pub failed: String,
    /// The words of a command that is run then; empty for none.
    pub then: Vec<String>,
}

/// The way into containers, past the API server (which has authorized it already).
pub trait Containers {
    /// Runs a command in a container. kubectl adds its own `command terminated with exit code N`.
    ///
    /// # Errors
    /// What the kubelet or the runtime says when the command cannot even start.
    fn exec(
        &mut self,
        container: &ContainerRef,
        argv: &[String],
        stdin: &[u8],
        tty: bool,
    ) -> Result<Output, String>;

    /// Attaches to a container whose process is a shell: gives it standard input, after which the container ends with its
    /// exit code; or gives it the terminal, and what is to be said when its session is over.
    ///
    /// # Errors
    /// As [`Containers::exec`].
    fn attach(
        &mut self,
        container: &ContainerRef,
        stdin: Option<&[u8]>,
        farewell: Farewell,
    ) -> Result<Output, String>;

    /// What a container wrote, oldest line first, each with its time; of the container before a restart with `previous`.
    ///
    /// # Errors
    /// What the kubelet says when there is no log.
    fn logs(&mut self, container: &ContainerRef, previous: bool) -> Result<Vec<(Timestamp, String)>, String>;

    /// A file of a container's file system, for `cp`.
    ///
    /// # Errors
    /// What `tar` in the container says.
    fn read_file(&mut self, container: &ContainerRef, path: &str) -> Result<Vec<u8>, String>;

    /// Writes a file of a container's file system, for `cp`.
    ///
    /// # Errors
    /// What `tar` in the container says.
    fn write_file(&mut self, container: &ContainerRef, path: &str, content: &[u8]) -> Result<(), String>;
}

/// Everything at once: what `lab` hands to a kubectl process.
pub struct Host<'a> {
    /// The API server.
    pub api: &'a mut dyn Api,
    /// The machine's files.
    pub files: &'a mut dyn Files,
    /// The containers.
    pub containers: &'a mut dyn Containers,
    /// Which kubectl this is.
    pub version: ClientVersion,
    /// Standard input, whole; `None` where it is the terminal.
    pub stdin: Option<Vec<u8>>,
}
