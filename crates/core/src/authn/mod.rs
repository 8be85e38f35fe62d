//! Who is asking: a credential becomes a user.
//!
//! Client certificates, tokens from a file and of service accounts, anonymous requests; impersonation is authorization's business.
//!
//! Models apiserver `pkg/authentication/request` and kubernetes `pkg/kubeapiserver/authenticator/config.go`.

pub mod base64url;
pub mod token;

use crate::cluster::Cluster;
use crate::request::{Credential, User};
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

#[cfg(test)]
mod tests;
