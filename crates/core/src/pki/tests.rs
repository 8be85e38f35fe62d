use super::*;

#[test]
fn keys_survive_every_form_they_are_written_in() {
    let mut entropy = Entropy::new(3);
    for algorithm in [Algorithm::Rsa(2048), Algorithm::Rsa(4096), Algorithm::P256, Algorithm::Ed25519] {
        let key = Key::new(algorithm, &mut entropy);
        assert_eq!(Key::from_pem(&key.pem()).as_ref(), Some(&key));
        assert_eq!(key::public_of(&key.public_der()), key.public);
        assert_eq!(key::algorithm_of(&key.public_der()), algorithm);
        if algorithm != Algorithm::Ed25519 {
            assert_eq!(Key::from_pem(&key.traditional_pem()).as_ref(), Some(&key));
        }
    }
    assert_eq!(Key::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), None);
}

#[test]
fn a_request_says_who_asks_and_shows_tampering() {
    let key = Key::new(Algorithm::Rsa(2048), &mut Entropy::new(1));
    let subject = [("CN".to_owned(), "jane".to_owned()), ("O".to_owned(), "dev".to_owned())];
    let mut bytes = Request::write(&subject, &key, &[x509::alternative_names(&["DNS:a.b", "IP:10.0.0.1"])]);
    let request = Request::read(&bytes).unwrap();
    assert_eq!(x509::read_name(&request.subject), subject);
    assert_eq!(request.extensions.len(), 1);
    assert!(request.verifies());
    let at = bytes.windows(4).position(|w| w == b"jane").unwrap();
    bytes[at] = b'J';
    assert!(!Request::read(&bytes).unwrap().verifies());
}

#[test]
fn only_what_the_authority_signed_is_believed_and_only_for_its_time() {
    let mut cluster = Cluster::empty(gatehouse_model::KubeVersion::V1_36, 1);
    let mut authority = Authority::of(&cluster);
    let (pem, _) = authority.issue(&[("O", "dev"), ("CN", "jane")], &["client auth"], &[]);
    let der = der::pem_blocks(&pem).remove(0).bytes;
    let jane = Credential::Certificate { common_name: "jane".into(), organizations: vec!["dev".into()] };
    assert_eq!(authenticate(&cluster, &der), Some(jane));
    let (other, _) = Authority::new("kubernetes", 99).issue(&[("CN", "jane")], &["client auth"], &[]);
    assert_eq!(authenticate(&cluster, &der::pem_blocks(&other).remove(0).bytes), None);
    cluster.now = cluster.now.plus_millis(2 * YEAR);
    assert_eq!(authenticate(&cluster, &der), None);
}
