//! Who is asking: a credential becomes a user.

use crate::cluster::Cluster;
use crate::request::{Credential, User};
use crate::status::Status;

/// Turns a credential into a user.
///
/// # Errors
/// 401 where the credential is not accepted (a bad token; anonymous requests with `--anonymous-auth=false`).
pub fn authenticate(cluster: &Cluster, credential: &Credential) -> Result<User, Status> {
    let authenticated = |name: &str, groups: &[String]| User {
        name: name.to_owned(),
        groups: groups.iter().cloned().chain(["system:authenticated".to_owned()]).collect(),
        ..User::default()
    };
    match credential {
        Credential::Internal(user) => Ok(user.clone()),
        Credential::Certificate { common_name, organizations } => Ok(authenticated(common_name, organizations)),
        Credential::Anonymous if cluster.config.anonymous_auth => Ok(User {
            name: "system:anonymous".to_owned(),
            groups: vec!["system:unauthenticated".to_owned()],
            ..User::default()
        }),
        Credential::Anonymous | Credential::Token(_) => Err(Status::unauthorized()),
    }
}
