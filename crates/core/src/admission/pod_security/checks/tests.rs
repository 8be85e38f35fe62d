use gatehouse_model::json::parse;

use super::*;

fn passes(run: Run, pod: &str) -> bool {
    let pod = parse(pod).unwrap();
    run(&PodView::new(&pod), Words::Spared).is_none()
}

#[test]
fn the_table_is_in_order() {
    let key = |c: &Check| (c.level == Level::Restricted, c.id);
    for pair in CHECKS.windows(2) {
        assert!(key(pair[0]) < key(pair[1]), "{} stands before {}", pair[0].id, pair[1].id);
    }
    for check in CHECKS {
        assert_ne!(check.level, Level::Privileged);
        assert!(!check.steps.is_empty(), "{} has no step", check.id);
        assert!(check.steps.windows(2).all(|s| s[0].since < s[1].since), "{}: versions must rise", check.id);
        for replaced in check.steps.iter().flat_map(|s| s.replaces) {
            assert_eq!(check.level, Level::Restricted, "{}: only restricted checks replace others", check.id);
            let other = CHECKS.iter().find(|c| c.id == *replaced).unwrap();
            assert_eq!(other.level, Level::Baseline, "{} replaces {replaced}", check.id);
        }
    }
}

#[test]
fn every_step_tells_its_fixtures_apart() {
    for check in CHECKS {
        for (i, step) in check.steps.iter().enumerate() {
            let name = format!("{} since 1.{}", check.id, step.since);
            assert!(passes(step.run, step.fixture.pass), "{name}: the passing pod fails");
            assert!(!passes(step.run, step.fixture.fail), "{name}: the failing pod passes");
            if let Some(before) = i.checked_sub(1).and_then(|i| check.steps.get(i)) {
                assert!(
                    !passes(before.run, step.fixture.pass),
                    "{name}: nothing changed for the passing pod"
                );
            }
        }
    }
}

#[test]
fn every_finding_names_its_fields() {
    for check in CHECKS {
        for step in check.steps {
            let pod = parse(step.fixture.fail).unwrap();
            let violation = (step.run)(&PodView::new(&pod), Words::Wanted).unwrap();
            assert!(!violation.fields.is_empty(), "{}", check.id);
            assert!(!violation.detail.is_empty(), "{}", check.id);
        }
    }
}
