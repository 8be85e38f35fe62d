//! `kubectl create token`. Models kubectl `pkg/cmd/create/create_token.go`.

use gatehouse_core::request::{Body, ResourceTarget};
use gatehouse_core::{Target, Verb};
use gatehouse_model::json;

use crate::cli::groups::PRINT;
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::session::{Session, object};

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Request a service account token",
    long: "Request a service account token.",
    examples: "# Request a token to authenticate to the kube-apiserver as the service account \"myapp\" in the current namespace\nkubectl create token myapp\n\n# Request a token with a custom expiration\nkubectl create token myapp --duration 10m",
    usage: "SERVICE_ACCOUNT_NAME",
    flags: &[
        PRINT,
        &[
            Flag::array(
                "audience",
                "Audience of the requested token. If unset, defaults to requesting a token for use with the Kubernetes API server. May be repeated to request a token valid for multiple audiences.",
            ),
            Flag::duration(
                "duration",
                "0s",
                "Requested lifetime of the issued token. If not set or if set to 0, the lifetime will be determined by the server automatically. The server may return a token with a longer or shorter lifetime.",
            ),
            Flag::str(
                "bound-object-kind",
                "Kind of an object to bind the token to. Supported kinds are Node, Pod, Secret. If set, --bound-object-name must be provided.",
            ),
            Flag::str(
                "bound-object-name",
                "Name of an object to bind the token to. The token will expire when the object is deleted. Requires --bound-object-kind.",
            ),
            Flag::str(
                "bound-object-uid",
                "UID of an object to bind the token to. Requires --bound-object-kind and --bound-object-name. If unset, the UID of the existing object is used.",
            ),
        ],
    ],
    run: Some(run),
    ..Command::named("token")
};

fn check(args: &Args, kinds: &[&str]) -> Result<(), Error> {
    let refuse = |why: &str| Err(Error::plain(why));
    if args.millis("duration") < 0 {
        return refuse("--duration must be greater than or equal to 0");
    }
    if args.millis("duration") % 1000 != 0 {
        return refuse("--duration cannot be expressed in units less than seconds");
    }
    if args.list("audience").iter().any(String::is_empty) {
        return refuse("--audience must not be an empty string");
    }
    let kind = args.str("bound-object-kind");
    if kind.is_empty() {
        if !args.str("bound-object-name").is_empty() {
            return refuse("--bound-object-name can only be set if --bound-object-kind is provided");
        }
        if !args.str("bound-object-uid").is_empty() {
            return refuse("--bound-object-uid can only be set if --bound-object-kind is provided");
        }
    } else if !kinds.contains(&kind) {
        return Err(Error::plain(format!("supported --bound-object-kind values are {}", kinds.join(", "))));
    } else if args.str("bound-object-name").is_empty() {
        return refuse("--bound-object-name is required if --bound-object-kind is provided");
    }
    Ok(())
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let name = super::name(args)?;
    let namespace = session.namespace()?.name;
    let mut printer = Printer::new(session, args, Dry::No)?.typed();
    let kinds: &[&str] =
        if session.version().minor >= 31 { &["Node", "Pod", "Secret"] } else { &["Pod", "Secret"] };
    check(args, kinds)?;
    let mut body =
        json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": {}, "spec": {}});
    let audiences = args.list("audience");
    if !audiences.is_empty() {
        body.set(&["spec", "audiences"], audiences);
    }
    if args.millis("duration") > 0 {
        body.set(&["spec", "expirationSeconds"], args.millis("duration") / 1000);
    }
    if !args.str("bound-object-kind").is_empty() {
        let mut reference = json!({"apiVersion": "v1", "kind": (args.str("bound-object-kind")), "name": (args.str("bound-object-name"))});
        if !args.str("bound-object-uid").is_empty() {
            reference.set(&["uid"], args.str("bound-object-uid"));
        }
        body.set(&["spec", "boundObjectRef"], reference);
    }
    let target = Target::Resource(ResourceTarget {
        version: "v1".to_owned(),
        resource: "serviceaccounts".to_owned(),
        subresource: "token".to_owned(),
        namespace,
        name,
        ..ResourceTarget::default()
    });
    let mut request = session.request(Verb::Create, target)?;
    request.body = Body::Object(body);
    let reply = session.send(request).map_err(|e| e.prefixed("failed to create token"))?;
    let answer = object(reply)?;
    let token = answer.str_at(&["status", "token"]).to_owned();
    if token.is_empty() {
        return Err(Error::plain("failed to create token: no token in server response"));
    }
    if printer.has_format() {
        return printer.print(session, &answer, "created");
    }
    // On a terminal a line break would follow; what reads the output does not want one.
    session.print(token);
    Ok(())
}
