//! Who is asking: a credential becomes a user.
//!
//! Client certificates, tokens from a file and of service accounts, anonymous requests; impersonation is authorization's business.
//!
//! Models apiserver `pkg/authentication/request` and kubernetes `pkg/kubeapiserver/authenticator/config.go`.

pub mod base64url;
pub mod token;

use crate::cluster::Cluster;
use crate::decision::{Bearing, Cause};
use crate::request::{Credential, Target, User};
use crate::status::Status;

/// Turns a credential into a user.
///
/// # Errors
/// 401 where the credential is not accepted (a bad token; anonymous requests with `--anonymous-auth=false`).
pub fn authenticate(cluster: &Cluster, credential: &Credential) -> Result<User, Status> {
    match credential {
        Credential::Internal(user) => Ok(user.clone()),
        Credential::Certificate { common_name, organizations } => Ok(User {
            name: common_name.clone(),
            groups: organizations.iter().cloned().chain(["system:authenticated".to_owned()]).collect(),
            ..User::default()
        }),
        Credential::Presented(der) => match crate::pki::authenticate(cluster, der) {
            Some(known) => authenticate(cluster, &known),
            None => Err(Status::unauthorized()),
        },
        Credential::Token(text) => match cluster.config.static_tokens.iter().find(|t| t.token == *text) {
            Some(known) => Ok(User {
                name: known.user.clone(),
                uid: known.uid.clone(),
                groups: known.groups.iter().cloned().chain(["system:authenticated".to_owned()]).collect(),
                extra: Vec::new(),
            }),
            None => token::authenticate(cluster, text, &[]).map_err(|_| Status::unauthorized()),
        },
        Credential::Anonymous if cluster.config.anonymous_auth => Ok(User {
            name: "system:anonymous".to_owned(),
            groups: vec!["system:unauthenticated".to_owned()],
            ..User::default()
        }),
        Credential::Anonymous => Err(Status::unauthorized()),
    }
}

/// Whether the authentication configuration lets this be asked for without a credential.
#[must_use]
pub fn anonymous_may_ask(cluster: &Cluster, target: &Target) -> bool {
    let allowed = &cluster.config.anonymous_paths;
    allowed.is_empty()
        || matches!(target, Target::Path(path) if allowed.iter().any(|p| path.split('?').next() == Some(p)))
}

/// Why a credential was taken for whom (`user`, `None` where it was refused), in the tutor's words.
#[must_use]
pub fn explain(cluster: &Cluster, credential: &Credential, user: Option<&User>) -> Vec<Cause> {
    let name = user.map_or("", |u| &u.name);
    let text = match credential {
        Credential::Internal(_) => format!("\"{name}\" is taken at its word"),
        Credential::Certificate { common_name, organizations } => {
            let groups: String = organizations.iter().map(|o| format!(", O={o}")).collect();
            format!("a client certificate of the cluster's authority says CN={common_name}{groups}")
        }
        Credential::Presented(_) if user.is_some() => {
            format!("a client certificate that the cluster's authority signed says CN={name}")
        }
        Credential::Presented(_) => {
            "the client certificate is not one that the cluster's authority signed, or not valid now"
                .to_owned()
        }
        Credential::Token(text) if cluster.config.static_tokens.iter().any(|t| t.token == *text) => {
            format!("the token file knows the token as \"{name}\"")
        }
        Credential::Token(_) if user.is_some() => format!("the token was issued to \"{name}\""),
        Credential::Token(text) => match token::authenticate(cluster, text, &[]) {
            Ok(_) => String::new(),
            Err(why) => format!("the token is not accepted: {why}"),
        },
        Credential::Anonymous if user.is_some() => "no credential was presented".to_owned(),
        Credential::Anonymous => "no credential was presented, and anonymous requests are refused".to_owned(),
    };
    vec![Cause::plain(Bearing::Decided, text)]
}

#[cfg(test)]
mod tests;
