//! JUnit XML: the cases counted by ourselves, the file's own totals held against them (EV5, T39).
//!
//! Producers count differently, so a total is accepted if any known way of counting gives it: with nested suites or
//! without, with or without skipped cases, errors apart or among the failures, per case or per element. A file that
//! claims cases, failures or errors which it does not show is malformed.

use super::xml::{Element, Step, Xml};
use crate::evidence::Tests;
use crate::problem::Problem;
use crate::scalar::shorten;

/// How many names of failed cases are kept.
const NAMES: usize = 10;

/// Reads the report of a test run.
pub fn read(bytes: &[u8]) -> Result<Tests, Problem> {
    let mut xml = Xml::new(bytes)?;
    let mut open: Vec<Frame> = Vec::new();
    let mut report = Report::default();
    loop {
        match xml.step()? {
            Step::Open(element) => {
                let frame = begin(&xml, &mut open, &element)?;
                open.push(frame);
            }
            Step::Close => match open.pop() {
                Some(Frame::Suite(suite)) => {
                    suite.agrees(&xml)?;
                    report.total = suite.nested;
                    if let Some(parent) = enclosing_suite(&mut open) {
                        parent.nested.add(suite.nested);
                    }
                    if suite.broken {
                        report.broken = report.broken.saturating_add(1);
                        report.fail(suite.name);
                    }
                }
                Some(Frame::Case(case)) => {
                    if case.failed() {
                        report.fail(case.name.clone());
                    }
                    if let Some(parent) = enclosing_suite(&mut open) {
                        parent.direct.count(&case);
                        parent.nested.count(&case);
                    }
                }
                Some(Frame::Other) | None => {}
            },
            Step::End => return report.tests(),
        }
    }
}

/// The frame of an element that begins; a failure or an error marks the case or suite around it.
fn begin(xml: &Xml<'_>, open: &mut [Frame], element: &Element<'_>) -> Result<Frame, Problem> {
    match (element.name(), open.last()) {
        ("testsuites" | "testsuite", None | Some(Frame::Suite(_))) => Suite::new(xml, element).map(Frame::Suite),
        (name, None) => {
            let message = format!("the root element is `{}`, not `testsuites` or `testsuite`", shorten(name));
            Err(xml.problem(xml.at(), message, "hand over JUnit XML; convert other dialects first"))
        }
        ("testcase", Some(Frame::Suite(_) | Frame::Case(_))) => Ok(Frame::Case(Case::new(element))),
        ("testsuites" | "testsuite" | "testcase", Some(_)) => {
            let message = format!("`{}` stands where no suite is", element.name());
            Err(xml.problem(xml.at(), message, "put test cases into suites and nowhere else"))
        }
        ("failure", Some(_)) => {
            mark(open, |case| &mut case.failures);
            Ok(Frame::Other)
        }
        ("error", Some(_)) => {
            mark(open, |case| &mut case.errors);
            Ok(Frame::Other)
        }
        ("skipped" | "disabled", Some(_)) => {
            if let Some(Frame::Case(case)) = open.last_mut() {
                case.skipped = true;
            }
            Ok(Frame::Other)
        }
        (_, Some(_)) => Ok(Frame::Other),
    }
}

/// Counts a failure or an error of the innermost case; outside of a case, the suite is broken.
fn mark(open: &mut [Frame], which: impl Fn(&mut Case) -> &mut u32) {
    match open.iter_mut().rev().find(|frame| !matches!(frame, Frame::Other)) {
        Some(Frame::Case(case)) => {
            let count = which(case);
            *count = count.saturating_add(1);
        }
        Some(Frame::Suite(suite)) => suite.broken = true,
        Some(Frame::Other) | None => {}
    }
}

fn enclosing_suite(open: &mut [Frame]) -> Option<&mut Suite> {
    open.iter_mut().rev().find_map(|frame| match frame {
        Frame::Suite(suite) => Some(suite),
        Frame::Case(_) | Frame::Other => None,
    })
}

/// An element that is open.
enum Frame {
    Suite(Suite),
    Case(Case),
    Other,
}

/// A suite: what it claims, and what it shows.
struct Suite {
    at: usize,
    name: String,
    claimed_tests: Option<u32>,
    claimed_failures: Option<u32>,
    claimed_errors: Option<u32>,
    /// The cases that stand in the suite itself.
    direct: Counts,
    /// Those, and the ones of the suites inside.
    nested: Counts,
    /// Whether the suite itself failed, outside of its cases.
    broken: bool,
}

impl Suite {
    fn new(xml: &Xml<'_>, element: &Element<'_>) -> Result<Self, Problem> {
        let claim = |name: &str| match element.attribute(name) {
            None => Ok(None),
            Some(text) => text.trim().parse().map(Some).map_err(|_| {
                let message = format!("the total `{name}` is `{}`, not a count", shorten(&text));
                xml.problem(xml.at(), message, "produce the file again with a reporter that counts")
            }),
        };
        Ok(Self {
            at: xml.at(),
            name: element.attribute("name").unwrap_or_default().into_owned(),
            claimed_tests: claim("tests")?,
            claimed_failures: claim("failures")?,
            claimed_errors: claim("errors")?,
            direct: Counts::default(),
            nested: Counts::default(),
            broken: false,
        })
    }

    /// Whether the suite's totals are those of its cases, in some way of counting (EV5).
    fn agrees(&self, xml: &Xml<'_>) -> Result<(), Problem> {
        let ways = [self.direct, self.nested];
        let broken = u32::from(self.broken);
        let told = |total: Option<u32>, agrees: &dyn Fn(u32, Counts) -> bool| {
            total.is_none_or(|total| ways.into_iter().any(|counts| agrees(total, counts)))
        };
        let tests = |total: u32, counts: Counts| {
            let least = counts.cases.saturating_sub(counts.skipped);
            let most = counts.cases.saturating_add(counts.with_error).saturating_add(broken);
            (least..=most).contains(&total)
        };
        let joined = |total: u32, counts: Counts| {
            let elements = counts.failures.saturating_add(counts.errors);
            [counts.failed, elements].into_iter().any(|count| total == count || total == count.saturating_add(broken))
        };
        let failures = |total: u32, counts: Counts| {
            total == counts.with_failure || total == counts.failures || joined(total, counts)
        };
        let errors = |total: u32, counts: Counts| {
            let own = [counts.with_error, counts.errors];
            own.into_iter().any(|count| total == count || total == count.saturating_add(broken))
                || (total == 0 && self.claimed_failures.is_some_and(|failures| joined(failures, counts)))
        };
        let wrong = |name: &str, total: Option<u32>, shown: u32| {
            let total = total.unwrap_or_default();
            let message = format!("`{name}` says {total} but the cases show {shown}");
            Err(xml.problem(self.at, message, "produce the file again: it may be truncated or edited"))
        };
        if !told(self.claimed_tests, &tests) {
            wrong("tests", self.claimed_tests, self.nested.cases)
        } else if !told(self.claimed_failures, &failures) {
            wrong("failures", self.claimed_failures, self.nested.with_failure)
        } else if !told(self.claimed_errors, &errors) {
            wrong("errors", self.claimed_errors, self.nested.with_error)
        } else {
            Ok(())
        }
    }
}

/// A test case.
struct Case {
    name: String,
    failures: u32,
    errors: u32,
    skipped: bool,
}

impl Case {
    /// Some producers tell the result by an attribute alone.
    fn new(element: &Element<'_>) -> Self {
        let name = element.attribute("name").unwrap_or_default();
        let name = match element.attribute("classname") {
            Some(class) if !class.is_empty() && !name.starts_with(&*class) => format!("{class}.{name}"),
            _ => name.into_owned(),
        };
        let status = element.attribute("status").unwrap_or_default().to_ascii_lowercase();
        Self {
            name,
            failures: u32::from(matches!(status.as_str(), "failed" | "fail" | "failure")),
            errors: u32::from(matches!(status.as_str(), "error" | "errored" | "broken")),
            skipped: matches!(status.as_str(), "skipped" | "disabled" | "notrun" | "ignored"),
        }
    }

    fn failed(&self) -> bool {
        self.failures > 0 || self.errors > 0
    }
}

/// Cases, counted in every way that producers count them.
#[derive(Clone, Copy, Default)]
struct Counts {
    cases: u32,
    /// Cases with a failure or an error.
    failed: u32,
    skipped: u32,
    with_failure: u32,
    with_error: u32,
    failures: u32,
    errors: u32,
}

impl Counts {
    fn count(&mut self, case: &Case) {
        self.add(Self {
            cases: 1,
            failed: u32::from(case.failed()),
            skipped: u32::from(case.skipped && !case.failed()),
            with_failure: u32::from(case.failures > 0),
            with_error: u32::from(case.errors > 0),
            failures: case.failures,
            errors: case.errors,
        });
    }

    fn add(&mut self, other: Self) {
        self.cases = self.cases.saturating_add(other.cases);
        self.failed = self.failed.saturating_add(other.failed);
        self.skipped = self.skipped.saturating_add(other.skipped);
        self.with_failure = self.with_failure.saturating_add(other.with_failure);
        self.with_error = self.with_error.saturating_add(other.with_error);
        self.failures = self.failures.saturating_add(other.failures);
        self.errors = self.errors.saturating_add(other.errors);
    }
}

/// What the whole file shows.
#[derive(Default)]
struct Report {
    /// The cases of the suite that ended last: in the end, of the root.
    total: Counts,
    /// Suites that failed outside of their cases.
    broken: u32,
    first_failed: Vec<String>,
}

impl Report {
    fn fail(&mut self, name: String) {
        if self.first_failed.len() < NAMES {
            let name = if name.trim().is_empty() { "(no name)".to_owned() } else { name.chars().take(200).collect() };
            self.first_failed.push(name);
        }
    }

    fn tests(self) -> Result<Tests, Problem> {
        let Counts { cases, failed, skipped, .. } = self.total;
        let failed = failed.saturating_add(self.broken);
        let passed = cases.saturating_sub(self.total.failed).saturating_sub(skipped);
        match (cases, passed, failed) {
            (0, _, 0) => Err(Problem::new("the file has no test cases", "run the tests: empty is never a pass")),
            (_, 0, 0) => Err(Problem::new(
                format!("all {skipped} test cases were skipped"),
                "run at least one test: a run that skips everything is never a pass",
            )),
            (_, _, _) => Ok(Tests { passed, failed, skipped, first_failed: self.first_failed }),
        }
    }
}
