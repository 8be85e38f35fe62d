//! Answers of cluster DNS, by kind of name.

use std::net::IpAddr;

use super::{Answer, Data, Rcode, RecordType, answer};
use crate::network::services::tests::{SHOP, store};

fn ask(name: &str, kind: RecordType) -> Answer {
    let upstream = |name: &str| (name == "example.com").then(|| vec![IpAddr::from([93, 184, 215, 14])]);
    answer(&store(SHOP), &upstream, name, kind)
}

fn data(name: &str, kind: RecordType) -> Vec<String> {
    let text = |d: &Data| match d {
        Data::Address(ip) => ip.to_string(),
        Data::Name(_, name) => name.clone(),
        Data::Srv(weight, port, host) => format!("{weight} {port} {host}"),
    };
    ask(name, kind).records.iter().map(|r| text(&r.data)).collect()
}

#[test]
fn services_have_their_address_and_headless_ones_their_endpoints() {
    use RecordType::{A, Aaaa};
    assert_eq!(data("WEB.shop.svc.cluster.local.", A), ["10.96.0.20"]);
    assert_eq!(data("nobody.shop.svc.cluster.local", A), ["10.96.0.21"]);
    assert_eq!(data("db.shop.svc.cluster.local", A), ["10.244.1.7", "10.244.1.8"]);
    assert_eq!(data("db-0.db.shop.svc.cluster.local", A), ["10.244.1.7"]);
    assert_eq!(data("10-244-1-8.db.shop.svc.cluster.local", A), ["10.244.1.8"]);
    let none = ask("web.shop.svc.cluster.local", Aaaa);
    assert_eq!((none.rcode, none.records.len(), none.authoritative), (Rcode::NoError, 0, true));
}

#[test]
fn names_that_are_not_there_do_not_exist() {
    for name in [
        "cart.shop.svc.cluster.local",
        "web.other.svc.cluster.local",
        "web.cluster.local",
        "x.db.shop.svc.cluster.local",
    ] {
        assert_eq!(ask(name, RecordType::A).rcode, Rcode::NxDomain, "{name}");
    }
    assert_eq!(ask("shop.svc.cluster.local", RecordType::A).rcode, Rcode::NoError, "a namespace exists");
    assert_eq!(ask("web", RecordType::A).rcode, Rcode::NxDomain);
}

#[test]
fn aliases_ports_addresses_and_the_world_outside() {
    use RecordType::{A, Ptr, Srv};
    assert_eq!(data("away.shop.svc.cluster.local", A), ["example.com", "93.184.215.14"]);
    assert_eq!(data("_http._tcp.web.shop.svc.cluster.local", Srv), ["100 80 web.shop.svc.cluster.local"]);
    assert_eq!(
        data("_redis._tcp.db.shop.svc.cluster.local", Srv),
        ["50 6379 db-0.db.shop.svc.cluster.local", "50 6379 10-244-1-8.db.shop.svc.cluster.local"]
    );
    assert_eq!(ask("_ftp._tcp.web.shop.svc.cluster.local", Srv).rcode, Rcode::NxDomain);
    assert_eq!(data("20.0.96.10.in-addr.arpa", Ptr), ["web.shop.svc.cluster.local"]);
    assert_eq!(data("7.1.244.10.in-addr.arpa", Ptr), ["db-0.db.shop.svc.cluster.local"]);
    assert_eq!(ask("9.9.9.10.in-addr.arpa", Ptr).rcode, Rcode::NxDomain);
    assert_eq!(data("10-244-1-99.shop.pod.cluster.local", A), ["10.244.1.99"], "any address will do");
    assert_eq!(ask("10-244-1-99.other.pod.cluster.local", A).rcode, Rcode::NxDomain);
    let world = ask("example.com", A);
    assert_eq!((world.authoritative, world.records.len()), (false, 1));
}
