use super::*;

#[test]
fn dns_names() {
    assert!(dns1123_label("web-1").is_empty());
    assert_eq!(dns1123_label("a.b"), ["must not contain dots"]);
    assert_eq!(
        dns1123_label("Web"),
        [
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
        ]
    );
    assert_eq!(dns1123_label(&"a".repeat(64)), ["must be no more than 63 characters"]);
    assert!(dns1123_subdomain("a.b-c.d").is_empty());
    for bad in ["", ".", "a..b", "a_b", "-a", "a-", "a.-b"] {
        assert_eq!(dns1123_subdomain(bad).len(), 1, "{bad}");
    }
    assert_eq!((dns1035_label("1a").len(), dns1035_label("a1").len()), (1, 0));
    assert_eq!((wildcard_dns1123_subdomain("*.x.y").len(), wildcard_dns1123_subdomain("*").len()), (0, 1));
    assert_eq!(path_segment("a/b%"), ["may not contain '/'", "may not contain '%'"]);
    assert_eq!(mask_trailing_dash("web-"), "wea");
}

#[test]
fn labels() {
    assert!(label_key("app.kubernetes.io/name").is_empty() && label_key("A_b.c").is_empty());
    assert_eq!(label_key("/x"), ["prefix part must be non-empty"]);
    assert_eq!(label_key("a/b/c").len(), 1);
    assert_eq!(label_key("")[0], "name part must be non-empty");
    assert_eq!(label_value(&"x".repeat(64)), ["must be no more than 63 bytes"]);
    assert_eq!((label_value("").len(), label_value("-x").len()), (0, 1));
}

#[test]
fn ports_and_environment() {
    assert!(port_name("http-2").is_empty());
    assert_eq!(port_name("8080"), ["must contain at least one letter (a-z)"]);
    assert_eq!(port_name("a--b"), ["must not contain consecutive hyphens"]);
    assert_eq!(port_number(0), ["must be between 1 and 65535, inclusive"]);
    assert_eq!(
        (env_var_name("1A").len(), env_var_name("..").len(), relaxed_env_var_name("1 A").len()),
        (1, 1, 0)
    );
    assert_eq!(config_map_key("..x"), ["must not start with '..'"]);
    assert_eq!(percent("%").len(), 1);
}

#[test]
fn addresses() {
    assert!(ip("10.0.0.1", true).is_empty() && ip("::1", true).is_empty());
    assert_eq!(ip("10.0.0.01", true), ["must not have leading 0s"]);
    assert!(ip("10.0.0.01", false).is_empty());
    assert_eq!(ip("::ffff:10.0.0.1", true), ["must not be an IPv4-mapped IPv6 address"]);
    assert_eq!(ip("10.0.0", false).len(), 1);
    assert_eq!(cidr("10.0.0.1/8", true), ["must not have bits set beyond the prefix length"]);
    assert_eq!(cidr("10.0.0.0/33", false).len(), 1);
    assert_eq!(cidr("10.0.0.0", false).len(), 1);
    assert!(cidr("0.0.0.0/0", true).is_empty());
    let net = parse_cidr("10.1.0.0/16").expect("valid");
    assert!(
        contains(net, parse_ip("10.1.2.3").expect("valid"))
            && !contains(net, parse_ip("10.2.0.1").expect("valid"))
    );
}
