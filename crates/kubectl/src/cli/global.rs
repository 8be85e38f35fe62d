//! The flags every command takes. Models cli-runtime `genericclioptions/config_flags.go` and kubectl `cmd.go`.

use crate::cli::Flag;

/// In the order help lists them (by name).
pub static GLOBAL_FLAGS: &[Flag] = &[
    Flag::str("as", "Username to impersonate for the operation. User could be a regular user or a service account in a namespace."),
    Flag::array("as-group", "Group to impersonate for the operation, this flag can be repeated to specify multiple groups."),
    Flag::str("as-uid", "UID to impersonate for the operation."),
    Flag::array("as-user-extra", "User extras to impersonate for the operation, this flag can be repeated to specify multiple values for the same key.").since(34),
    Flag::str("cache-dir", "Default cache directory").default("/root/.kube/cache"),
    Flag::str("certificate-authority", "Path to a cert file for the certificate authority"),
    Flag::str("client-certificate", "Path to a client certificate file for TLS"),
    Flag::str("client-key", "Path to a client key file for TLS"),
    Flag::str("cluster", "The name of the kubeconfig cluster to use"),
    Flag::str("context", "The name of the kubeconfig context to use"),
    Flag::bool("disable-compression", "If true, opt-out of response compression for all requests to the server"),
    Flag::bool("insecure-skip-tls-verify", "If true, the server's certificate will not be checked for validity. This will make your HTTPS connections insecure"),
    Flag::str("kubeconfig", "Path to the kubeconfig file to use for CLI requests."),
    Flag::str("kuberc", "Path to the kuberc file to use for preferences. This can be disabled by exporting KUBECTL_KUBERC=false feature gate or turning off the feature KUBERC=off.").since(33),
    Flag::duration("log-flush-frequency", "5s", "Maximum number of seconds between log flushes"),
    Flag::bool("match-server-version", "Require server version to match client version"),
    Flag::str("namespace", "If present, the namespace scope for this CLI request").short('n'),
    Flag::str("password", "Password for basic authentication to the API server"),
    Flag::str("profile", "Name of profile to capture. One of (none|cpu|heap|goroutine|threadcreate|block|mutex|trace)").default("none"),
    Flag::str("profile-output", "Name of the file to write the profile to").default("profile.pprof"),
    Flag::str("request-timeout", "The length of time to wait before giving up on a single server request. Non-zero values should contain a corresponding time unit (e.g. 1s, 2m, 3h). A value of zero means don't timeout requests.").default("0"),
    Flag::str("server", "The address and port of the Kubernetes API server").short('s'),
    Flag::str("tls-server-name", "Server name to use for server certificate validation. If it is not provided, the hostname used to contact the server is used"),
    Flag::str("token", "Bearer token for authentication to the API server"),
    Flag::str("user", "The name of the kubeconfig user to use"),
    Flag::str("username", "Username for basic authentication to the API server"),
    Flag::int32("v", "0", "number for the log level verbosity").short('v'),
    Flag::str("vmodule", "comma-separated list of pattern=N settings for file-filtered logging (only works for the default text log format)").raw(),
    Flag::bool("warnings-as-errors", "Treat warnings received from the server as errors and exit with a non-zero exit code"),
];
