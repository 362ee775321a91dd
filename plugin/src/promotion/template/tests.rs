//! Both forms of the template, and what must not pass for either.

use super::*;
use crate::problem::Place;

const FILLED: [(&str, &str); 4] = [
    ("priority", "High"),
    ("assignedto", "ops@example.com"),
    ("customerimpact", "No_Impact"),
    ("deploymentimpact", "Small"),
];

/// The shipped template with these values between these tags.
fn filled(values: &[(&str, &str)]) -> String {
    values.iter().fold(TEMPLATE.to_owned(), |body, (tag, value)| {
        let (before, rest) = body.split_once(&format!("<{tag}>")).unwrap();
        let (_, after) = rest.split_once(&format!("</{tag}>")).unwrap();
        format!("{before}<{tag}>\n\n{value}\n\n</{tag}>{after}")
    })
}

/// The problems as `line message`; `-` where there is no line.
fn problems(body: &str, required: &[&str]) -> Vec<String> {
    let required: Vec<String> = required.iter().map(|name| (*name).to_owned()).collect();
    let problems = parse(body, &required).unwrap_err();
    assert_eq!(lint(body, &required), problems);
    let shown = problems.into_iter().map(|problem| {
        assert!(!problem.help.is_empty(), "{problem:?}");
        match problem.place {
            Some(Place::Line { line, .. }) => format!("{line} {}", problem.message),
            Some(Place::Pointer { .. }) | None => format!("- {}", problem.message),
        }
    });
    shown.collect()
}

fn check(body: &str, expected: &[&str]) {
    assert_eq!(problems(body, &[]), expected, "{body}");
}

/// Headings with the four required values, in which one value is replaced.
fn headings(title: &str, value: &str) -> String {
    [
        ("Priority", "High"),
        ("Change Request assignee", "ops@example.com"),
        ("Customer Impact", "No_Impact"),
        ("Deployment Impact", "Small"),
    ]
    .map(|(known, usual)| format!("# {known}\n{}\n", if known == title { value } else { usual }))
    .concat()
}

fn minimal() -> Fields {
    Fields {
        priority: Priority::High,
        assignee: "ops@example.com".parse().unwrap(),
        customer_impact: CustomerImpact::NoImpact,
        deployment_impact: DeploymentImpact::Small,
        declared_risk: None,
        description: None,
        purpose: None,
        impact: None,
        backout_plan: None,
        business_justification: None,
        testing_performed: None,
        security_considerations: None,
    }
}

#[test]
fn pr7_the_shipped_template_parses_when_filled_in() {
    let fields = parse(&filled(&FILLED), &[]).unwrap();
    assert_eq!(fields, Fields { backout_plan: Some("Revert to the previous release.".to_owned()), ..minimal() });
}

#[test]
fn pr3_the_unedited_template_is_refused_with_a_line_for_each_required_field() {
    check(
        TEMPLATE,
        &[
            "8 `Priority` still lists the choices",
            "16 `Change Request assignee` still holds the template's placeholder",
            "24 `Customer Impact` still lists the choices",
            "32 `Deployment Impact` still lists the choices",
        ],
    );
}

#[test]
fn pr2_the_policy_can_require_every_optional_field() {
    let optional = ["declared_risk", "description", "purpose", "impact", "business_justification"];
    let more = ["testing_performed", "security_considerations", "backout_plan"];
    let required: Vec<&str> = optional.into_iter().chain(more).collect();
    assert_eq!(
        problems(&filled(&FILLED), &required),
        [
            "40 `Risk Assessment` still lists the choices",
            "48 `Additional Description` still holds the template's placeholder",
            "56 `Purpose/Goal` still holds the template's placeholder",
            "64 `Business Justification` still holds the template's placeholder",
            "72 `Explanation of Impact` still holds the template's placeholder",
            "88 `Testing Performed` still holds the template's placeholder",
            "96 `Security Considerations` still holds the template's placeholder",
        ]
    );
}

#[test]
fn pr3_headings_alone_are_read_at_any_level_and_in_any_case() {
    let body = "\
### PRIORITY
low
## change request ASSIGNEE ##
ops@example.com
# **Customer Impact**:
critical
###### Deployment   Impact

large

# Risk assessment
medium
# Rollback plan
Previous image.

## How
Ask ops.
# Explanation of Impact
None.
# Something else
Not part of it.
";
    let fields = parse(body, &[]).unwrap();
    let expected = Fields {
        priority: Priority::Low,
        customer_impact: CustomerImpact::Critical,
        deployment_impact: DeploymentImpact::Large,
        declared_risk: Some(RiskLevel::Moderate),
        backout_plan: Some("Previous image.\n\n## How\nAsk ops.".to_owned()),
        impact: Some("None.".to_owned()),
        ..minimal()
    };
    assert_eq!(fields, expected);
}

#[test]
fn pr3_tags_alone_are_read_in_any_case_and_on_one_line() {
    let body = "<PRIORITY>high</Priority><assignedto> ops@example.com </assignedto>\n\
        <customerimpact>no_impact</customerimpact> <deploymentimpact>SMALL</deploymentimpact>";
    assert_eq!(parse(body, &[]).unwrap(), minimal());
}

#[test]
fn pr3_a_mixed_form_is_read_if_no_field_doubles() {
    let body = "# Priority\nHigh\n# Change Request assignee\n<assignedto>ops@example.com</assignedto>\n\
        # Customer Impact\n\nNo_Impact\n<deploymentimpact>small</deploymentimpact>\n# Purpose/Goal\nSpeed\n";
    assert_eq!(parse(body, &[]).unwrap(), Fields { purpose: Some("Speed".to_owned()), ..minimal() });
}

#[test]
fn pr3_line_ends_of_windows_are_line_ends_and_other_separators_are_not() {
    let body = filled(&FILLED).replace('\n', "\r\n");
    assert_eq!(parse(&body, &[]).unwrap().priority, Priority::High);
    assert_eq!(problems(&filled(&FILLED).replace('\n', "\u{2028}"), &[]).len(), 4);
    assert_eq!(problems(&headings("", "").replace('\n', "\u{85}"), &[]).len(), 4);
}

#[test]
fn pr3_a_field_given_twice_is_an_error_with_both_lines() {
    let twice = |body: &str, expected: &str| assert_eq!(problems(body, &[]), [expected], "{body}");
    let usual = headings("", "");
    twice(&format!("{usual}# Priority\nlow\n"), "9 `Priority` is given 2 times, in lines 1, 9");
    twice(&format!("{usual}# Priority\nHigh\n"), "9 `Priority` is given 2 times, in lines 1, 9");
    twice(&format!("{usual}# Priority\n"), "9 `Priority` is given 2 times, in lines 1, 9");
    twice(&format!("{usual}# Notes\n<priority>low</priority>\n"), "10 `Priority` is given 2 times, in lines 1, 10");
    twice(&headings("Priority", "critical\n<priority>low</priority>"), "3 `Priority` is given 2 times, in lines 1, 3");
    let tags = filled(&FILLED);
    let lines = tags.lines().count();
    twice(
        &format!("{tags}\n<risk>low</risk>"),
        &format!("{} `Risk Assessment` is given 2 times, in lines 40, {}", lines + 2, lines + 2),
    );
}

#[test]
fn pr3_text_beside_a_tag_is_guidance_unless_it_could_be_the_value() {
    let body = headings("Priority", "Choose well.\n<priority>low</priority>");
    assert_eq!(parse(&body, &[]).unwrap().priority, Priority::Low);
}

#[test]
fn t65_comments_are_not_text() {
    let body = headings("Priority", "<!-- critical --> h<!-- multi\nline\n# Priority\n-->igh");
    check(&body, &["1 `h���igh` is not a value of `Priority`"]);
    let body = headings("Priority", "<!--\n<priority>critical</priority>\n-->\nhigh<!--->");
    assert_eq!(parse(&body, &[]).unwrap(), minimal());
    check(
        &headings("Deployment Impact", "small <!-- and\n# Priority"),
        &["8 the comment is not closed, so that all text after it is hidden"],
    );
    check(&headings("Priority", "<!-- high -->"), &["1 `Priority` is empty"]);
}

#[test]
fn t65_code_is_text_and_no_structure() {
    let code = "````md\n# Priority\n<priority>low</priority>\n```\n<!--\n````";
    let body =
        format!("{}# Additional Description\nsee\n{code}\nand `<priority>` or ``<risk>`` or `<!--`", headings("", ""));
    let fields = parse(&body, &[]).unwrap();
    let expected = format!("see\n{code}\nand `<priority>` or ``<risk>`` or `<!--`");
    assert_eq!(fields, Fields { description: Some(expected), ..minimal() });
    check(
        &format!("~~~\n{}", headings("", "")),
        &[
            "- `Priority` is missing",
            "- `Change Request assignee` is missing",
            "- `Customer Impact` is missing",
            "- `Deployment Impact` is missing",
        ],
    );
    let body = headings("Priority", "high").replace("# Priority", "    # Priority");
    check(&body, &["- `Priority` is missing"]);
}

#[test]
fn t65_headings_inside_of_tags_are_text() {
    let body = format!("{}<description>\n# Priority\nlow\n</description>", headings("", ""));
    assert_eq!(parse(&body, &[]).unwrap(), Fields { description: Some("# Priority\nlow".to_owned()), ..minimal() });
}

#[test]
fn pr3_tags_are_closed_in_order() {
    let usual = headings("", "") + "# Notes\n";
    let body = format!("{usual}<description>\n<impact>none</impact>\n");
    check(&body, &["10 `<description>` is not closed before `<impact>` in line 11"]);
    check(&format!("{usual}<description>text"), &["10 `<description>` is not closed"]);
    check(&format!("{usual}text</description>"), &["10 `</description>` closes nothing"]);
    check(
        &format!("{usual}<description>text</impact>"),
        &["10 `<description>` is not closed before `</impact>` in line 10", "10 `</impact>` closes nothing"],
    );
}

#[test]
fn pr4_every_problem_is_listed_with_its_line() {
    let body = "# Priority\nurgent\n# Change Request assignee\nops@example.com, dev@example.com\n\
        # Deployment Impact\n\n# Risk Assessment\nhuge\n";
    check(
        body,
        &[
            "1 `urgent` is not a value of `Priority`",
            "3 `ops@example.com, dev@example.com` is not one e-mail address, as `Change Request assignee` must be",
            "5 `Deployment Impact` is empty",
            "7 `huge` is not a value of `Risk Assessment`",
            "- `Customer Impact` is missing",
        ],
    );
    let problems = parse(body, &[]).unwrap_err();
    assert!(problems[0].help.contains("`critical`, `high`, `moderate`, `low`, `planning`"), "{problems:?}");
}

#[test]
fn t11_values_and_names_that_look_alike_are_not_alike() {
    for value in ["h\u{456}gh", "high\u{200b}", "\u{a0}high", "high.", "**high**", "high low", "no impact"] {
        assert_eq!(problems(&headings("Priority", value), &[]).len(), 1, "{value}");
    }
    for value in ["critical | high", "| high", "Critical | High | Moderate | Low | Planning"] {
        check(&headings("Priority", value), &["1 `Priority` still lists the choices"]);
    }
    for value in ["\u{200b}", "\u{a0}", "&nbsp;\u{2060}".trim_start_matches("&nbsp;")] {
        check(&headings("Priority", value), &["1 `Priority` is empty"]);
    }
    let kelvin = headings("", "").replace("# Priority", "# Pr\u{131}ority");
    check(&kelvin, &["- `Priority` is missing"]);
}

#[test]
fn pr4_a_near_miss_is_named_in_the_help() {
    let hint = |body: &str| parse(body, &[]).unwrap_err()[0].help.clone();
    let body = headings("", "").replace("# Priority", "# Prioritty");
    assert!(hint(&body).ends_with("`Prioritty` in line 1 looks like it, but is not"), "{}", hint(&body));
    let body = filled(&FILLED).replace("customerimpact>", "customer_impact>").replace("# Customer Impact", "");
    assert!(hint(&body).contains("`<customer_impact>` in line 24 looks like it"), "{}", hint(&body));
    assert!(!hint("# Prison\n").contains("looks like"));
}

#[test]
fn a_required_field_that_the_template_does_not_have_is_a_problem() {
    assert_eq!(
        problems(&headings("", ""), &["mood"]),
        ["- the policy requires the field `mood`, which the template does not have"]
    );
}

#[test]
fn an_oversized_text_is_refused() {
    assert_eq!(problems(&" ".repeat(MAX_BYTES + 1), &[]), [format!("- the text has {} bytes", MAX_BYTES + 1)]);
}

#[test]
fn awkward_texts_of_full_size_are_read_in_time() {
    for unit in
        ["<", "`", "<!--", "<priority>", "# Priority\n", "`a`<", "```\n", "</", "` `` ", "# Prioritty\n", "<riks>"]
    {
        let _ = lint(&unit.repeat(MAX_BYTES / unit.len()), &[]);
    }
    let runs: String = (1..700).map(|length| "`".repeat(length) + " ").collect();
    let _ = lint(&runs, &[]);
}

/// Strings that are known to break programs.
#[expect(clippy::disallowed_methods, reason = "a test may ask where the corpora are")]
fn naughty_strings() -> Vec<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
    let shared = std::env::var("COUNTERSIGN_SHARED").unwrap_or_else(|_| beside.to_owned());
    match std::fs::read(format!("{shared}/corpora/strings/blns.json")) {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap(),
        Err(_) => Vec::new(),
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "it says how much it ran")]
fn pr5_naughty_strings_are_data_in_every_field() {
    let strings = naughty_strings();
    match strings.len() {
        0 => {
            println!("not run: corpora/strings is not there: COUNTERSIGN_SHARED names the folder that `corpora` is in")
        }
        many => println!("{many} naughty strings"),
    }
    for string in &strings {
        let _ = lint(string, &[]);
        for field in &FIELDS {
            let _ = lint(&format!("<{0}>\n{string}\n</{0}>", field.tag), &[]);
            let _ = lint(&headings(field.headings[0], string), &[]);
        }
    }
}

#[test]
fn pr3_what_was_filled_in_is_what_is_read() {
    let own = [
        "a | b",
        "\\`",
        "x < y > z",
        "<b>bold</b>",
        "--> ]]>",
        "# no heading here",
        "- [ ] task",
        "\u{202e}evil",
        "🦀",
    ];
    let strings: Vec<String> = own.iter().map(|text| (*text).to_owned()).chain(naughty_strings()).collect();
    for string in &strings {
        let expected = string.replace("\r\n", "\n").replace('\r', "\n");
        let expected = expected.trim_matches(|character: char| character.is_ascii_whitespace());
        let structured = expected.contains("<!--") || expected.starts_with("```") || expected.starts_with("~~~");
        if structured || is_blank(expected) {
            continue;
        }
        let texts: Vec<&Field> = FIELDS.iter().filter(|field| field.kind == Kind::Text).collect();
        let values: Vec<(&str, &str)> =
            FILLED.into_iter().chain(texts.iter().map(|field| (field.tag, string.as_str()))).collect();
        let text = Some(expected.to_owned());
        let fields = Fields {
            description: text.clone(),
            purpose: text.clone(),
            impact: text.clone(),
            backout_plan: text.clone(),
            business_justification: text.clone(),
            testing_performed: text.clone(),
            security_considerations: text,
            ..minimal()
        };
        assert_eq!(parse(&filled(&values), &[]).unwrap(), fields, "{string:?}");
    }
}
