//! `kubectl port-forward` and `kubectl proxy`: what they say while they listen. Nothing can connect to them here.
//! Models kubectl `pkg/cmd/portforward` and `pkg/cmd/proxy`.

use super::exec;
use gatehouse_model::Object;

use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::{Finish, Session};

/// `kubectl port-forward`
pub(super) static COMMAND: Command = Command {
    short: "Forward one or more local ports to a pod",
    long: "Forward one or more local ports to a pod.\n\n Use resource type/name such as deployment/mydeployment to select a pod. Resource type defaults to 'pod' if omitted.\n\n If there are multiple pods matching the criteria, a pod will be selected automatically. The forwarding session ends when the selected pod terminates, and a rerun of the command is needed to resume forwarding.",
    examples: "# Listen on ports 5000 and 6000 locally, forwarding data to/from ports 5000 and 6000 in the pod\nkubectl port-forward pod/mypod 5000 6000",
    usage: "TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
    flags: &[&[
        Flag::slice("address", "Addresses to listen on (comma separated). Only accepts IP addresses or localhost as a value. When localhost is supplied, kubectl will try to bind on both 127.0.0.1 and ::1 and will fail if neither of these addresses are available to bind.").default("[localhost]"),
        Flag::duration("pod-running-timeout", "1m0s", "The length of time (like 5s, 2m, or 3h, higher than zero) to wait until at least one pod is running"),
    ]],
    run: Some(forward),
    ..Command::named("port-forward")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// `kubectl proxy`
pub(super) static PROXY: Command = Command {
    short: "Run a proxy to the Kubernetes API server",
    long: "Creates a proxy server or application-level gateway between localhost and the Kubernetes API server. It also allows serving static content over specified HTTP path. All incoming data enters through one port and gets forwarded to the remote Kubernetes API server port, except for the path matching the static content path.",
    examples: "# To proxy all of the Kubernetes API and nothing else\nkubectl proxy --api-prefix=/",
    usage: "[--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix]",
    flags: &[&[
        Flag::str("accept-paths", "Regular expression for paths that the proxy should accept.").default("^.*"),
        Flag::bool("append-server-path", "If true, enables automatic path appending of the kube context server path to each request."),
        Flag::duration("keepalive", "0s", "keepalive specifies the keep-alive period for an active network connection. Set to 0 to disable keepalive."),
        Flag::str("reject-methods", "Regular expression for HTTP methods that the proxy should reject (example --reject-methods='POST,PUT,PATCH'). ").default("^$"),
        Flag::str("reject-paths", "Regular expression for paths that the proxy should reject. Paths specified here will be rejected even accepted by --accept-paths.").default("^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach"),
        Flag::str("unix-socket", "Unix socket on which to run the proxy.").short('u'),
        Flag::str("www", "Also serve static files from the given directory under the specified prefix.").short('w'),
        Flag::str("www-prefix", "Prefix to serve static files under, if static file directory is specified.").short('P').default("/static/"),
        Flag::str("accept-hosts", "Regular expression for hosts that the proxy should accept.")
            .default("^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$"),
        Flag::str("address", "The IP address on which to serve on.").default("127.0.0.1"),
        Flag::str("api-prefix", "Prefix to serve the proxied API under.").default("/"),
        Flag::bool(
            "disable-filter",
            "If true, disable request filtering in the proxy. This is dangerous, and can leave you vulnerable to XSRF attacks, when used with an accessible port.",
        ),
        Flag::int("port", "8001", "The port on which to run the proxy. Set to 0 to pick a random port.")
            .short('p'),
    ]],
    run: Some(proxy),
    ..Command::named("proxy")
};

/// The same, for the registry.
pub(super) fn proxy_command() -> &'static Command {
    &PROXY
}

fn port(text: &str, which: &str) -> Result<u16, Error> {
    text.parse::<u16>().map_err(|_| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let why = if digits { "value out of range" } else { "invalid syntax" };
        Error::plain(format!(
            "error parsing {which} port '{text}': strconv.ParseUint: parsing {text:?}: {why}"
        ))
    })
}

/// The service that a word like `svc/web` names, whose ports are then meant.
fn service_of(session: &mut Session<'_, '_>, word: &str) -> Result<Option<Object>, Error> {
    let Some((kind, name)) = word.split_once('/') else { return Ok(None) };
    let mapping = session.resource(kind)?;
    if mapping.kind != "Service" {
        return Ok(None);
    }
    let namespace = session.namespace()?.name;
    session.get(&mapping, &namespace, name).map(Some)
}

/// The port of the pod that a port of the command line means.
fn target(service: Option<&Object>, pod: &Object, remote: &str) -> Result<String, Error> {
    let of_pod = |name: &str| {
        let containers = pod.list_at(&["spec", "containers"]).iter();
        let mut ports = containers.flat_map(|c| c.list_at(&["ports"]));
        let found = ports.find(|p| p.str_at(&["name"]) == name).and_then(|p| p.i64_at(&["containerPort"]));
        found
            .map(|n| n.to_string())
            .ok_or_else(|| Error::plain(format!("Pod '{}' does not have a named port '{name}'", pod.name())))
    };
    let Some(service) = service else {
        return if remote.parse::<i64>().is_ok() { Ok(remote.to_owned()) } else { of_pod(remote) };
    };
    let ports = service.list_at(&["spec", "ports"]);
    let wanted = match remote.parse::<i64>() {
        Ok(number) => number,
        Err(_) => {
            let named = ports.iter().find(|p| p.str_at(&["name"]) == remote);
            named.and_then(|p| p.i64_at(&["port"])).ok_or_else(|| {
                Error::plain(format!("Service '{}' does not have a named port '{remote}'", service.name()))
            })?
        }
    };
    let Some(found) = ports.iter().find(|p| p.i64_at(&["port"]) == Some(wanted)) else {
        let name = service.name();
        return Err(Error::plain(format!("Service {name} does not have a service port {wanted}")));
    };
    if service.str_at(&["spec", "clusterIP"]) == "None" {
        return Ok(wanted.to_string());
    }
    match (found.i64_at(&["targetPort"]), found.str_at(&["targetPort"])) {
        (Some(0) | None, "") => Ok(wanted.to_string()),
        (Some(number), _) => Ok(number.to_string()),
        (None, name) => of_pod(name),
    }
}

fn forward(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let [resource, ports @ ..] = args.words.as_slice() else {
        return Err(args.usage_error("TYPE/NAME and list of ports are required for port-forward"));
    };
    if ports.is_empty() {
        return Err(args.usage_error("TYPE/NAME and list of ports are required for port-forward"));
    }
    let (pod, mapping) = exec::pod_for(session, std::slice::from_ref(resource))?;
    let phase = pod.str_at(&["status", "phase"]);
    if phase != "Running" {
        return Err(Error::plain(format!(
            "unable to forward port because pod is not running. Current status={phase}"
        )));
    }
    let mut lines = Vec::new();
    let service = service_of(session, resource)?;
    for pair in ports {
        let (local, remote) = pair.split_once(':').unwrap_or((pair, pair));
        if remote.is_empty() {
            return Err(Error::plain("remote port cannot be empty"));
        }
        let number = target(service.as_ref(), &pod, remote)?;
        let local = if local == remote && remote.parse::<u16>().is_err() { &number } else { local };
        let wanted = if local.is_empty() { None } else { Some(port(local, "local")?) };
        let remote = port(&number, "remote")?;
        if remote == 0 {
            return Err(Error::plain("remote port must be > 0"));
        }
        // Asked for none in particular, the system gives one.
        let local = wanted.filter(|local| *local > 0).unwrap_or(40_000 + remote % 20_000);
        for address in args.list("address") {
            if address != "localhost" && address.parse::<std::net::IpAddr>().is_err() {
                return Err(Error::plain(format!("{address} is not a valid IP")));
            }
            let hosts: &[&str] = if address == "localhost" { &["127.0.0.1", "[::1]"] } else { &[&address] };
            lines.extend(hosts.iter().map(|h| format!("Forwarding from {h}:{local} -> {remote}")));
        }
    }
    exec::authorize(session, &mapping, &pod, "", "portforward")?;
    lines.iter().for_each(|line| session.println(line));
    session.finish = Finish::Stream;
    Ok(())
}

fn proxy(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    session.target()?;
    if args.bool("disable-filter") {
        session.eprintln(
            "Request filter disabled, your proxy is vulnerable to XSRF attacks, please be cautious",
        );
    }
    session.println(format!("Starting to serve on {}:{}", args.str("address"), args.int("port")));
    session.finish = Finish::Stream;
    Ok(())
}
