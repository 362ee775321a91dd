//! Files of change requests that are made by hand ahead of time (EX5).

use countersign::prepared::read;

const EU: &str = "  - target: {environment: prod, region: eu, purpose: production, detail: the shop}\n";

fn refused(rest: &str) -> String {
    let problem = read(format!("version: 1\ntitle: Move\n{rest}").as_bytes()).expect_err("it is refused");
    format!("{}; {}", problem.message, problem.help)
}

#[test]
fn ex5_one_file_names_a_request_for_each_region() {
    let us = EU.replace("region: eu", "region: us");
    let plan =
        "    planned-start: 2026-03-02T20:00:00Z\n    planned-end: 2026-03-02T22:00:00Z\n    outage-minutes: 20\n";
    let file = format!("version: 1\ntitle: Move the database\nrequests:\n{EU}{plan}{us}");
    let requests = read(file.as_bytes()).expect("two requests");
    let titles: Vec<&str> = requests.iter().map(|request| request.title.as_str()).collect();
    assert_eq!(titles, ["Move the database: prod in eu", "Move the database: prod in us"]);
    assert_eq!((requests[0].outage_minutes, requests[1].outage_minutes), (Some(20), None));
    assert_ne!(requests[0].id, requests[1].id);
    assert_eq!(read(file.as_bytes()).expect("again")[0].id, requests[0].id, "the same ids for the same file");
}

#[test]
fn ex5_what_is_wrong_in_a_file_is_told_with_its_place() {
    assert!(refused("requests: []\n").contains("there is no target"));
    assert!(refused(&format!("requests:\n{EU}{EU}")).contains("prod in eu is listed twice"));
    let backwards = "    planned-start: 2026-03-02T22:00:00Z\n    planned-end: 2026-03-02T20:00:00Z\n";
    assert!(refused(&format!("requests:\n{EU}{backwards}")).contains("`planned-end` is not after `planned-start`"));
    assert!(refused(&format!("owner: me\nrequests:\n{EU}")).contains("the key `owner` is unknown"));
}
