//! Whatever stands in the files, the loader answers: a catalogue, or at least one error.

use proptest::prelude::*;

use super::*;

const OFFICERS: &str =
    "officer_id,name,org,certificate_no,valid_from,valid_to\no1,a,B,c,2024-01-01,2026-12-31\n";
const ORGS: &str = "- {id: A, name: a}\n- {id: B, name: b, parent: A, sources: [x]}\n";
const SETTINGS: &str = "time_zone: Asia/Shanghai\noffice_hours: [['09:00', '12:00']]\nversion: v1\n";

#[derive(Debug, Clone)]
enum Change {
    Insert(String),
    Delete(usize),
    CopyFrom(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let pieces = "[-:{}\\[\\],\"'#&*!|>%@ \n\t0-9a-z施\u{0}\u{feff}]{1,6}";
    prop_oneof![
        pieces.prop_map(Change::Insert),
        (1_usize..20).prop_map(Change::Delete),
        (any::<usize>(), 1_usize..40).prop_map(|(from, length)| Change::CopyFrom(from, length)),
    ]
}

fn mutate(text: &str, changes: &[(usize, Change)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (at, change) in changes {
        let at = at % (chars.len() + 1);
        match change {
            Change::Insert(piece) => drop(chars.splice(at..at, piece.chars())),
            Change::Delete(length) => drop(chars.drain(at..(at + length).min(chars.len()))),
            Change::CopyFrom(from, length) => {
                let from = from % (chars.len() + 1);
                let piece = chars[from..(from + length).min(chars.len())].to_vec();
                drop(chars.splice(at..at, piece));
            }
        }
    }
    chars.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn mutated_files_never_panic(
        which in 0_usize..5,
        changes in prop::collection::vec((any::<usize>(), change()), 1..5),
    ) {
        let mut files = [
            ("items/x.yaml", ITEM.to_owned()),
            ("calendar/2026.yaml", YEAR.to_owned()),
            ("officers.csv", OFFICERS.to_owned()),
            ("orgs.yaml", ORGS.to_owned()),
            ("catalogue.yaml", SETTINGS.to_owned()),
        ];
        files[which].1 = mutate(&files[which].1, &changes);
        let inspection = Catalogue::inspect_files(files.map(|(path, text)| (path.to_owned(), text)));
        let errors = inspection.problems.iter().any(|p| p.is_error());
        prop_assert_eq!(inspection.catalogue.is_none(), errors);
        for problem in &inspection.problems {
            prop_assert!(!problem.message.zh.is_empty() && !problem.message.en.is_empty());
        }
    }
}
