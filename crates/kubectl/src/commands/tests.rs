use super::{GROUPS, ROOT};

#[test]
fn commands_are_found_by_their_own_names() {
    assert!(ROOT.apart.len() > 40);
    for row in ROOT.apart {
        let command = (row.command)();
        assert_eq!(command.name, row.name);
        assert!(command.aliases.is_empty(), "{} is found by more than its name", row.name);
        assert_eq!(ROOT.subcommand(row.name).map(|c| c.name), Some(row.name));
    }
    for name in GROUPS.iter().flat_map(|group| group.commands) {
        assert!(ROOT.subcommand(name).is_some(), "{name} stands in the help and is no command");
    }
}
