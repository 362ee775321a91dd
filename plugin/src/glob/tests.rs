//! Globs: what they match, and that `globset`, which read them before, agrees.

use proptest::prelude::*;

use super::{Glob, NotAGlob};

fn matches(pattern: &str, name: &str) -> bool {
    Glob::new(pattern).unwrap().is_match(name)
}

#[test]
fn in3_stars_cross_components_and_double_stars_are_components() {
    assert!(matches("*.json", "a/b.json"));
    assert!(matches("services/**", "services/a/b"));
    assert!(!matches("services/**", "services"));
    assert!(matches("**/b", "b") && matches("**/b", "a/b") && !matches("**/b", "ab"));
    assert!(matches("a/**/b", "a/b") && matches("a/**/b", "a/x/y/b") && !matches("a/**/b", "ab"));
    assert!(matches("**", "") && matches("**", "a/b"));
    assert!(matches("{a,b/*}-[0-9]", "b/x-7") && !matches("{a,b/*}-[0-9]", "c-7"));
    assert!(matches("\\*", "*") && !matches("\\*", "a"));
    assert!(matches("caf?", "café") && matches("caf[é]", "café") && !matches("caf[!é]", "café"));
}

#[test]
fn po1_what_is_no_glob_says_why() {
    let why = |pattern: &str| Glob::new(pattern).unwrap_err();
    assert_eq!(why("["), NotAGlob::OpenClass);
    assert_eq!(why("[z-a]"), NotAGlob::EmptyRange('z', 'a'));
    assert_eq!(why("{a"), NotAGlob::OpenGroup);
    assert_eq!(why("a}"), NotAGlob::StrayClose);
    assert_eq!(why("a\\"), NotAGlob::DanglingEscape);
}

#[test]
fn a_hostile_glob_costs_no_more_than_its_length_times_the_names() {
    let pattern = "{*a,*a}".repeat(200);
    let name = "a".repeat(500) + "b";
    assert!(!matches(&pattern, &name));
    let nested = "{".repeat(20_000) + "a" + &"}".repeat(20_000);
    assert!(matches(&nested, "a"));
}

/// `globset` takes the character before `**` for a separator of branches although it is escaped, and drops it.
fn is_misread(pattern: &str) -> bool {
    pattern.contains("\\,**") || pattern.contains("\\{**")
}

fn pattern() -> impl Strategy<Value = String> {
    let parts = vec![
        "a", "b", "c", "/", "*", "**", "**/", "/**", "/**/", "?", "[", "]", "[ab]", "[!a]", "[^b/]", "[a-c]", "[]a]",
        "-", "{", "{", ",", "}", "}", "{a,b}", "{,a}", "{}", "\\", "^", "!",
    ];
    prop::collection::vec(prop::sample::select(parts), 0..9).prop_map(|parts| parts.concat())
}

fn name() -> impl Strategy<Value = String> {
    let letters = vec!["a", "b", "c", "/", "/", "-", "]", ",", "a/b", "é"];
    prop::collection::vec(prop::sample::select(letters), 0..7).prop_map(|letters| letters.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn globset_agrees(pattern in pattern(), names in prop::collection::vec(name(), 12)) {
        prop_assume!(!is_misread(&pattern));
        match (Glob::new(&pattern), globset::Glob::new(&pattern)) {
            (Ok(own), Ok(other)) => {
                let other = other.compile_matcher();
                // `globset` counts bytes where a pattern counts characters.
                let counts = pattern.contains(['?', '[']);
                for name in names.iter().filter(|name| name.is_ascii() || !counts) {
                    prop_assert_eq!(own.is_match(name), other.is_match(name), "`{}` on `{}`", pattern, name);
                }
            }
            (Err(_), Err(_)) => {}
            (own, other) => prop_assert!(false, "`{}`: {:?} here, {:?} there", pattern, own, other),
        }
    }
}
