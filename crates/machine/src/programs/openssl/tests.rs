use gatehouse_core::Timestamp;

use crate::Machine;
use crate::outside::Alone;
use crate::shell::{self, ShellState};

fn run(machine: &mut Machine, line: &str) -> String {
    let mut shell = ShellState::interactive("root");
    match shell::run(machine, &mut shell, &mut Alone, line) {
        crate::Outcome::Done(output) => {
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn what_is_asked_for_is_in_what_is_signed() {
    let mut machine = Machine::host("lab", "root", Timestamp::GENESIS);
    run(
        &mut machine,
        "cd /tmp; openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=ca",
    );
    run(
        &mut machine,
        "cd /tmp; openssl genrsa -out jane.key 2048; openssl req -new -key jane.key -subj /CN=jane/O=dev -out jane.csr",
    );
    let signed = run(
        &mut machine,
        "cd /tmp; openssl x509 -req -in jane.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 10 -out jane.crt",
    );
    assert_eq!(signed, "Certificate request self-signature ok\nsubject=CN = jane, O = dev\n");
    assert_eq!(run(&mut machine, "cd /tmp; openssl verify -CAfile ca.crt jane.crt"), "jane.crt: OK\n");
    assert_eq!(
        run(&mut machine, "cd /tmp; openssl x509 -in jane.crt -noout -subject -issuer -enddate"),
        "subject=CN = jane, O = dev\nissuer=CN = ca\nnotAfter=Nov 30 00:00:00 2026 GMT\n"
    );
    let same = run(
        &mut machine,
        "cd /tmp; [ \"$(openssl rsa -in jane.key -noout -modulus)\" = \"$(openssl x509 -in jane.crt -noout -modulus)\" ] && echo same",
    );
    assert_eq!(same, "same\n");
    let wrong =
        run(&mut machine, "cd /tmp; openssl x509 -req -in jane.csr -CA ca.crt -CAkey jane.key -out x.crt");
    assert!(wrong.ends_with("CA certificate and CA private key do not match\n"), "{wrong}");
    assert!(
        run(&mut machine, "cd /tmp; openssl verify -CAfile jane.crt ca.crt")
            .contains("self-signed certificate")
    );
    assert_eq!(run(&mut machine, "stat -c %a /tmp/jane.key"), "600\n");
}

#[test]
fn keys_of_every_kind_are_read_again() {
    let mut machine = Machine::host("lab", "root", Timestamp::GENESIS);
    for make in [
        "genpkey -algorithm ED25519",
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072",
        "ecparam -name prime256v1 -genkey -noout",
        "genrsa 4096",
    ] {
        let out = run(
            &mut machine,
            &format!(
                "openssl {make} > /tmp/k; openssl req -new -key /tmp/k -subj /CN=x | openssl req -noout -verify -subject"
            ),
        );
        assert_eq!(out, "subject=CN = x\nCertificate request self-signature verify OK\n", "{make}");
    }
}
