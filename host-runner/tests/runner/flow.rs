//! Whole changes with the real command line: real git, real commands, real kills.

use std::process::Output;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use crate::world::{World, code, json, stderr, stdout};
use serde_json::Value;

#[test]
fn cl2_a_ready_change_is_deployed_once_and_closed_successful() {
    let world = World::new("ready");
    let ended = world.run(&["run"]);
    assert_eq!(code(&ended), 0, "{}", stderr(&ended));
    assert!(stdout(&ended).starts_with("done: change request `CR-"), "{}", stdout(&ended));
    assert_eq!(world.deployed(), 1);
    assert_eq!(world.record()["close_category"], "successful");
    assert_eq!(
        world.git(&["rev-parse", "refs/tags/prod_latest^{commit}"]),
        world.git(&["rev-parse", "refs/heads/prod"])
    );
    let again = world.run(&["run", "--output", "json"]);
    assert_eq!((code(&again), &json(&again)["outcome"]), (0, &"nothing-to-deploy".into()));
    assert_eq!(world.deployed(), 1);
}

#[test]
fn ga1_a_change_that_is_not_ready_waits_for_a_person_who_had_no_part_in_it() {
    let world = World::new("held");
    world.remove("evidence/shop/api/secret-scan.json");
    let held = world.run(&["run", "--output", "json"]);
    assert_eq!(code(&held), 10, "{}", stderr(&held));
    let report = json(&held);
    assert_eq!(report["assessment"]["reasons"][0]["check"], "secret-scan");
    let id = report["change_request_id"].as_str().unwrap().to_owned();
    for (who, exit) in [("1:author", 15), ("3:reviewer", 0)] {
        let approved = world.run_bare(&["approve", &id, "--as", who, "--why", "looked by hand", "--ledger", "ledger"]);
        assert_eq!(code(&approved), 0, "{}", stderr(&approved));
        assert_eq!(code(&world.run(&["run"])), exit, "{who}");
    }
    assert_eq!(world.deployed(), 1);
    assert_eq!(world.record()["close_category"], "successful_issues");
}

#[test]
fn ga1_a_rejected_change_is_not_deployed() {
    let world = World::new("rejected");
    world.remove("evidence/shop/api/sbom.json");
    assert_eq!(code(&world.run(&["open"])), 10);
    let id = world.change();
    let rejected = world.run_bare(&["reject", &id, "--as", "3:reviewer", "--why", "no", "--ledger", "ledger"]);
    assert_eq!(code(&rejected), 0, "{}", stderr(&rejected));
    assert_eq!(code(&world.run(&["run"])), 12);
    assert_eq!(world.deployed(), 0);
}

#[test]
fn cl1_open_and_close_are_one_flow_driven_twice() {
    let world = World::new("open-close");
    let open = world.run(&["open", "--output", "json"]);
    assert_eq!((code(&open), &json(&open)["outcome"]), (0, &"cleared".into()), "{}", stderr(&open));
    world.write("deploy.log", "token tok-12345678 was used");
    let close = [
        "close",
        "--deploy",
        "success",
        "--acceptance",
        "success",
        "--deploy-log",
        "deploy.log",
        "--secret-env",
        "TOKEN",
        "--output",
        "json",
    ];
    let closed = world.run(&close);
    assert_eq!((code(&closed), &json(&closed)["outcome"]), (0, &"done".into()), "{}", stderr(&closed));
    assert_eq!(world.record()["close_category"], "successful");
    assert_eq!(world.deployed(), 0);
    assert!(world.everything("ledger").contains("token *** was used"));
    assert!(!world.everything("ledger").contains("tok-12345678"));
}

#[test]
fn rb2_a_failed_deployment_stays_open_and_moves_no_pointer() {
    let world = World::new("failed");
    world.write("deploy.sh", "#!/bin/sh\necho x >> deployed\nexit 7\n");
    let ended = world.run(&["run"]);
    assert_eq!(code(&ended), 20, "{}", stderr(&ended));
    assert!(stderr(&ended).contains("deploy failed with exit code 7"), "{}", stderr(&ended));
    assert_eq!(world.record()["close_category"], "unsuccessful");
    assert_eq!(code(&world.run(&["run"])), 20);
    assert_eq!(world.deployed(), 1);
    assert_eq!(world.git(&["tag"]), "");
}

#[test]
fn t60_a_command_gets_the_variables_that_the_policy_names_and_no_others() {
    let world = World::new("environment");
    world.write("deploy.sh", "#!/bin/sh\necho \"deploy: ${TOKEN+named} ${COUNTERSIGN_POLICY-none}\"\n");
    world.write("accept.sh", "#!/bin/sh\necho \"accept: ${TOKEN-none} ${PATH+path}\"\n");
    let ended = world.run(&["run"]);
    assert_eq!(code(&ended), 0, "{}", stderr(&ended));
    assert!(stderr(&ended).contains("deploy: named none"), "{}", stderr(&ended));
    assert!(stderr(&ended).contains("accept: none path"), "{}", stderr(&ended));
}

#[test]
fn au3_no_secret_reaches_the_terminal_or_the_ledger() {
    let world = World::new("secret");
    world.write("deploy.sh", "#!/bin/sh\necho \"::set-output name=a::$TOKEN\"\nprintf %s \"$TOKEN\" | base64\n");
    let ended = world.run(&["run", "--secret-env", "TOKEN"]);
    assert_eq!(code(&ended), 0, "{}", stderr(&ended));
    assert!(stderr(&ended).contains("  | ::set-output name=a::***"), "{}", stderr(&ended));
    for secret in ["tok-12345678", "dG9rLTEyMzQ1Njc4"] {
        assert!(!stderr(&ended).contains(secret) && !world.everything("ledger").contains(secret));
    }
}

#[test]
fn t72_what_is_passed_to_a_command_is_not_in_its_output() {
    let world = World::new("passed");
    let policy = String::from_utf8(world.read("policy.yaml")).unwrap();
    let passing = policy.replace("[TOKEN, LEAK]", "[TOKEN, LEVEL, PATH]");
    assert_ne!(passing, policy);
    world.write("policy.yaml", passing);
    world.write("deploy.sh", "#!/bin/sh\necho \"a $TOKEN $LEVEL\"\nprintf %s \"$TOKEN\" | base64\necho \"$PATH\"\n");
    let ended = world.run_with(&["run"], &[("LEVEL", "1")]);
    assert_eq!(code(&ended), 0, "{}", stderr(&ended));
    assert!(stderr(&ended).contains("  | a *** 1\n") && stderr(&ended).contains("/bin"), "{}", stderr(&ended));
    for secret in ["tok-12345678", "dG9rLTEyMzQ1Njc4"] {
        assert!(!stderr(&ended).contains(secret) && !world.everything("ledger").contains(secret));
    }
}

#[test]
fn t44_a_link_or_a_pipe_in_the_evidence_is_not_read() {
    let world = World::new("links");
    let outside = world.path("policy.yaml");
    std::os::unix::fs::symlink(outside, world.path("evidence/shop/api/linked.json")).unwrap();
    let assessed = world.run(&["assess"]);
    assert_eq!(code(&assessed), 0, "{}", stderr(&assessed));
    assert!(stderr(&assessed).contains("links are not followed"), "{}", stderr(&assessed));
    let pipe = world.path("evidence/shop/api/pipe.json");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let refused = world.run(&["assess"]);
    assert_eq!(code(&refused), 2, "{}", stderr(&refused));
    assert!(stderr(&refused).contains("is not a regular file"), "{}", stderr(&refused));
}

#[test]
fn rd3_without_any_one_evidence_file_it_is_not_ready_and_says_why() {
    let world = World::new("mutations");
    for file in world.files("evidence") {
        let bytes = world.read(&file);
        world.remove(&file);
        let gone = world.run(&["assess", "--output", "json"]);
        assert_eq!(code(&gone), 11, "{file} removed: {}", stderr(&gone));
        let report = json(&gone);
        let reason = &report["judgement"]["reasons"][0];
        assert_eq!(reason["entry"], "shop/api", "{file}: {reason}");
        assert!(reason["check"].is_string() && !reason["help"].as_str().unwrap().is_empty(), "{file}: {reason}");
        for damaged in [&b""[..], &bytes[..bytes.len() / 2], b"{\"a\":1,\"a\":2}"] {
            world.write(&file, damaged);
            let damaged = world.run(&["assess", "--output", "json"]);
            assert_eq!(code(&damaged), 11, "{file} damaged: {}", stderr(&damaged));
            assert!(stdout(&damaged).contains(file.trim_start_matches("evidence/")), "{file}: {}", stdout(&damaged));
        }
        world.write(&file, &bytes);
    }
    assert_eq!(code(&world.run(&["assess"])), 0);
    assert!(!world.exists("ledger/changes"), "an assessment records nothing");
}

#[test]
fn cr6_two_runs_at_once_leave_one_change_request() {
    let world = World::new("twice");
    let ended: Vec<Output> = thread::scope(|scope| {
        let runs: Vec<_> = (0..2).map(|_| scope.spawn(|| world.run(&["open"]))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    // On a slow machine the second gives up waiting for the first.
    ended.iter().for_each(|ended| assert!(matches!(code(ended), 0 | 16), "{}", stderr(ended)));
    world.change();
}

#[test]
fn ga1_a_bounded_wait_sees_the_approval_that_comes_meanwhile() {
    let world = World::new("wait");
    world.remove("evidence/shop/api/secret-scan.json");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| world.run(&["run", "--wait", "60", "--wait-interval", "5"]));
        let id = world.wait_for_change();
        let approve = ["approve", &id, "--as", "3:reviewer", "--why", "fine", "--ledger", "ledger"];
        assert_eq!(code(&world.run_bare(&approve)), 0);
        let ended = waiting.join().unwrap();
        assert_eq!(code(&ended), 0, "{}", stderr(&ended));
    });
    let world = World::new("waited");
    world.remove("evidence/shop/api/secret-scan.json");
    let script = ("COUNTERSIGN_NOW", "2030-01-02T03:04:05Z");
    assert_eq!(code(&world.run_scripted(&["run", "--wait", "600"], script)), 13, "the scripted clock takes no time");
}

#[test]
fn po6_what_tests_switch_is_refused_by_the_program_that_people_run() {
    let world = World::new("switches");
    for switch in [("COUNTERSIGN_NOW", "2030-01-02T03:04:05Z"), ("COUNTERSIGN_CRASH", "before:file")] {
        let refused = world.run_with(&["run", "--output", "json"], &[switch]);
        assert_eq!(code(&refused), 2, "{}", stderr(&refused));
        let said = format!("`{}` is set, and only tests may set it", switch.0);
        assert!(stderr(&refused).contains(&said), "{}", stderr(&refused));
        assert!(!world.exists("ledger"), "nothing was begun");
        assert_eq!(code(&world.run_with(&["--help"], &[switch])), 0);
    }
    assert_eq!(code(&world.run_with(&["run"], &[("COUNTERSIGN_NOW", "")])), 0, "an empty variable sets nothing");
}

#[test]
fn in2_a_plain_folder_keeps_what_was_concluded_in_the_ledger() {
    let world = World::new("folder");
    world.plain_inventory();
    let held = world.run(&["run"]);
    assert_eq!(code(&held), 10, "nothing proves which promotion made a folder: {}", stderr(&held));
    let approve = ["approve", &world.change(), "--as", "3:reviewer", "--why", "fine", "--ledger", "ledger"];
    assert_eq!(code(&world.run_bare(&approve)), 0);
    assert_eq!(code(&world.run(&["run"])), 0);
    let files = world.files("ledger/targets");
    assert!(files.iter().any(|file| file.contains("/deployed-")), "{files:?}");
    assert!(files.iter().any(|file| file.contains("/entries/")), "{files:?}");
    assert_eq!(json(&world.run(&["run", "--output", "json"]))["outcome"], "nothing-to-deploy");
}

#[test]
fn t68_names_from_outside_are_no_options_of_git() {
    let world = World::new("names");
    for branch in ["--output=pwned", "prod^{tree}", "prod:shop/api", "-x", "a b", "@{-1}"] {
        let refused = world.run(&["assess", &format!("--branch={branch}")]);
        assert_eq!(code(&refused), 2, "{branch}: {}", stdout(&refused));
        assert!(stderr(&refused).contains("is not a name of a branch or tag"), "{}", stderr(&refused));
    }
    let refused = world.run(&["assess", "--commit=HEAD"]);
    assert!(stderr(&refused).contains("is not a commit of 40 lower-case hex digits"), "{}", stderr(&refused));
}

#[test]
fn t68_configuration_and_hooks_of_others_are_not_run() {
    let world = World::new("hooks");
    world.write("inventory.git/hooks/reference-transaction", "#!/bin/sh\ntouch pwned\nexit 1\n");
    world.executable("inventory.git/hooks/reference-transaction");
    let ended = world.run_with(&["run"], &[("GIT_DIR", "/nowhere"), ("GIT_OBJECT_DIRECTORY", "/nowhere")]);
    assert_eq!(code(&ended), 0, "{}", stderr(&ended));
    assert!(!world.exists("pwned") && !world.exists("inventory.git/pwned"));
}

#[test]
fn au1_a_damaged_journal_is_reported_and_never_continued() {
    let world = World::new("damaged");
    assert_eq!(code(&world.run(&["open"])), 0);
    let path = format!("ledger/changes/{}/journal.jsonl", world.change());
    let text = String::from_utf8(world.read(&path)).unwrap();
    world.write(&path, text.replacen("\"ready\":true", "\"ready\":false", 1));
    let refused = world.run(&["run"]);
    assert_eq!(code(&refused), 40, "{}", stderr(&refused));
    assert!(stderr(&refused).contains("journal"), "{}", stderr(&refused));
    assert_eq!(world.deployed(), 0);
    let listed = world.run_bare(&["status", "--ledger", "ledger"]);
    assert!(stdout(&listed).contains("journal does not verify"), "{}", stdout(&listed));
}

#[test]
fn in1_entries_are_added_compared_and_promoted() {
    let world = World::new("promote");
    let inventory = |arguments: &[&str]| {
        let output = world.run_bare(arguments);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        stdout(&output)
    };
    let side = ["--inventory", "inventory.git", "--from", "prod", "--to", "next"];
    assert!(inventory(&[&["promote"][..], &side].concat()).contains("promoted from `prod` to `next`: commit "));
    assert_eq!(inventory(&[&["delta"][..], &side].concat()).trim(), "done: nothing differs");
    assert_eq!(inventory(&[&["promote"][..], &side].concat()).trim(), "done: nothing to promote from `prod` to `next`");
    world.write("old/a", r#"{"version":"1"}"#);
    world.write("new/a", r#"{"version":"2"}"#);
    world.write("new/b/c", r#"{"version":"1"}"#);
    let delta = inventory(&["delta", "--from", "old", "--to", "new"]);
    assert!(delta.contains("changed  a      1     2") && delta.contains("added    b/c"), "{delta}");
    inventory(&["promote", "--from", "new", "--to", "old", "--entry", "b/c"]);
    assert_eq!((world.read("old/a"), world.exists("old/b/c")), (br#"{"version":"1"}"#.to_vec(), true));
    let refused = world.run_bare(&["promote", "--from", "new", "--to", "old", "--entry", "../x"]);
    assert_eq!(code(&refused), 2);
}

#[test]
fn pr4_the_shipped_template_is_refused_with_a_line_for_each_field() {
    let world = World::new("lint");
    let init = world.run_bare(&["init", "repository"]);
    assert_eq!(code(&init), 0, "{}", stderr(&init));
    for file in [".countersign.yaml", ".github/workflows/deploy.yml"] {
        assert!(world.exists(&format!("repository/{file}")), "all that lies in an inventory and is no entry is hidden");
    }
    let template = "repository/.github/pull_request_template.md";
    let refused = world.run_bare(&["lint", template]);
    assert_eq!(code(&refused), 2);
    let lines = stdout(&refused).lines().filter(|line| line.contains(", line ")).count();
    assert!(lines >= 4, "{}", stdout(&refused));
    let sound = world.run_bare(&["lint", "promotion.json"]);
    assert_eq!(code(&sound), 0, "{}", stdout(&sound));
    world.write(template, "mine");
    world.run_bare(&["init", "repository"]);
    assert_eq!(world.read(template), b"mine", "what is there stays");
}

#[test]
fn ev5_what_cannot_be_read_is_imported_only_as_a_failure() {
    let world = World::new("import");
    world.write("empty.xml", "<testsuites/>");
    let about = ["--entry", "shop/api", "--inventory", "inventory.git", "--branch", "prod", "--into", "new"];
    let import = |file: &str, more: &[&str]| {
        world.run_bare(&[&["record", file, "--check", "unit-tests"][..], &about, more].concat())
    };
    let refused = import("empty.xml", &[]);
    assert_eq!(code(&refused), 2, "{}", stdout(&refused));
    assert_eq!(code(&import("empty.xml", &["--outcome", "success"])), 2);
    assert!(!world.exists("new"), "nothing is written");
    assert_eq!(code(&import("empty.xml", &["--outcome", "failure", "--tool", "junit"])), 0);
    let record: Value = serde_json::from_slice(&world.read("new/shop/api/unit-tests.junit.json")).unwrap();
    assert_eq!(
        (&record["outcome"], &record["attachments"][0]["name"]),
        (&"failure".into(), &"unit-tests.junit.report.xml".into())
    );
    world.write("tests.xml", "<testsuite><testcase name='a'/><testcase name='b'><failure/></testcase></testsuite>");
    assert_eq!(code(&import("tests.xml", &["--tool", "junit"])), 0);
    let record: Value = serde_json::from_slice(&world.read("new/shop/api/unit-tests.junit.json")).unwrap();
    assert_eq!((&record["outcome"], &record["run"]), (&"failure".into(), &"ci-1".into()));
    assert_eq!(record["assets"][0]["kind"], "image");
    let listed = world.run_bare(&["evidence", "new"]);
    assert!(stdout(&listed).contains("1 passed, 1 failed"), "{}", stdout(&listed));
}

#[test]
fn ev1_what_the_policy_collects_is_recorded_without_arguments() {
    let world = World::new("collect");
    let collect = "version: 1\nevidence: {collect: [{files: \"**/junit*.xml\", check: unit-tests}]}\n";
    world.write(".countersign.yaml", collect);
    for file in ["build/a/junit-1.xml", "build/b/junit-2.xml"] {
        world.write(file, format!("<testsuite><testcase name='{file}'/></testsuite>"));
    }
    let sha = "a".repeat(40);
    let about = ["--commit", &sha, "--run", "ci-1", "--into", "new"];
    let collected = world.run_bare(&[&["record", "--output", "json"][..], &about].concat());
    assert_eq!(code(&collected), 0, "{}", stderr(&collected));
    let folder = "new/commit-aaaaaaaaaaaa";
    for name in ["unit-tests.junit.json", "unit-tests.junit.report.xml", "unit-tests.junit.2.json"] {
        assert!(world.exists(&format!("{folder}/{name}")), "{name}");
    }
    let globbed = world.run_bare(&[&["record", "build/*/junit-*.xml", "--check", "smoke-tests"][..], &about].concat());
    assert_eq!(code(&globbed), 0, "{}", stderr(&globbed));
    assert!(stdout(&globbed).starts_with("done: 2 reports are recorded as evidence"), "{}", stdout(&globbed));
    world.write("build.log", "it went well with tok-12345678");
    let stated = ["record", "--check", "image-signing", "--outcome", "success", "--log", "build.log"];
    let stated = world.run_bare(&[&stated[..], &["--secret-env", "TOKEN"], &about].concat());
    assert_eq!(code(&stated), 0, "{}", stderr(&stated));
    let log = world.read(&format!("{folder}/image-signing.pipeline.log.log"));
    assert_eq!(String::from_utf8_lossy(&log), "it went well with ***", "no secret stays in what is kept (AU3)");
    let nothing = world.run_bare(&["record", "--into", "new"]);
    assert_eq!(code(&nothing), 2);
    assert!(stderr(&nothing).contains("nothing says what the evidence is about"), "{}", stderr(&nothing));
}

#[test]
fn ga6_a_person_takes_back_what_they_said() {
    let world = World::new("withdrawn");
    world.remove("evidence/shop/api/secret-scan.json");
    assert_eq!(code(&world.run(&["open"])), 10);
    let id = world.change();
    let say = |verb: &str| {
        let said = world.run_bare(&[verb, &id, "--as", "3:reviewer", "--why", "looked", "--ledger", "ledger"]);
        (code(&said), stdout(&said))
    };
    assert_eq!(say("approve").0, 0);
    let (exit, told) = say("withdraw");
    assert!(exit == 0 && told.contains("`reviewer` took back what they said"), "{told}");
    assert_eq!(say("withdraw").0, 2, "nothing stands that could be taken back");
    assert_eq!(code(&world.run(&["run"])), 10);
    assert_eq!(world.deployed(), 0);
}

/// Killed before and after every exchange, and after every file that is written: one change request, one deployment at most, and then
/// the same end, or a documented stop.
#[test]
fn cr4_killed_at_any_moment_it_ends_as_if_nothing_had_happened() {
    for (moment, at_least) in [("before", 30), ("after", 30), ("file", 15)] {
        let (next, unknown) = (AtomicU32::new(1), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some(said) = kill_at(moment, next.fetch_add(1, Ordering::Relaxed)) {
                        unknown.fetch_add(u32::from(said), Ordering::Relaxed);
                    }
                });
            }
        });
        let (killed, unknown) = (next.into_inner() - 3, unknown.into_inner());
        println!("{killed} runs killed {moment}; in {unknown} of them a person had to say what became of a command");
        assert!(killed >= at_least, "{moment}: {killed}");
        assert!(moment == "file" || unknown >= 2, "{moment}: {unknown}");
    }
}

/// Whether a person had to say how a command ended; nothing: the run was over before.
fn kill_at(moment: &str, number: u32) -> Option<bool> {
    let name = format!("{moment}-{number}");
    let world = World::new(&name);
    let killed = world.run_scripted(&["run"], ("COUNTERSIGN_CRASH", &format!("{moment}:{number}")));
    if killed.status.code().is_some() {
        assert_eq!(code(&killed), 0, "{name}: {}", stderr(&killed));
        return None;
    }
    let again = world.run(&["run", "--output", "json"]);
    let (code, report) = (code(&again), json(&again));
    assert!(world.deployed() <= 1, "{name}: deployed {} times", world.deployed());
    if code == 23 {
        // Nobody knows whether the command ran: a person says so, and the change goes on.
        let said = world.run(&["close", "--deploy", "success", "--acceptance", "success"]);
        assert_eq!(self::code(&said), 0, "{name}: {}", stderr(&said));
    } else {
        assert_eq!(code, 0, "{name}: {report} {}", stderr(&again));
    }
    assert_eq!(world.record()["close_category"], "successful", "{name}");
    assert_eq!(
        world.git(&["rev-parse", "refs/tags/prod_latest^{commit}"]),
        world.git(&["rev-parse", "refs/heads/prod"])
    );
    Some(code == 23)
}
