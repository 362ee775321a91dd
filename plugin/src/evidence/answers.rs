//! Which checks a report can answer (EV9), and which one it answers for certain.

use super::{Check, Report};

/// Scanners that do one thing, by the beginning of their names, and the check that each answers.
///
/// A scanner that does several, as Trivy or Snyk does, is not here: nobody could say which one a report of it is about.
const SCANNERS: [(&str, &str); 20] = [
    ("bandit", "static-analysis"),
    ("brakeman", "static-analysis"),
    ("checkov", "infrastructure-validation"),
    ("clippy", "static-analysis"),
    ("codeql", "static-analysis"),
    ("dependency-check", "dependency-check"),
    ("detect-secrets", "secret-scan"),
    ("eslint", "static-analysis"),
    ("gitleaks", "secret-scan"),
    ("gosec", "static-analysis"),
    ("kics", "infrastructure-validation"),
    ("osv-scanner", "dependency-check"),
    ("owasp zap", "dynamic-scan"),
    ("ruff", "static-analysis"),
    ("semgrep", "static-analysis"),
    ("snykcode", "static-analysis"),
    ("spotbugs", "static-analysis"),
    ("tfsec", "infrastructure-validation"),
    ("trufflehog", "secret-scan"),
    ("zap", "dynamic-scan"),
];

/// Checks that only test cases answer.
const TESTED: [&str; 3] = ["acceptance-tests", "integration-tests", "unit-tests"];
/// Checks that only a scanner's findings answer; a bill of materials may list findings too (EV10).
const FOUND: [&str; 3] = ["dependency-check", "image-vulnerability-scan", "secret-scan"];
/// Checks that only a signature or a review answers, and no report of a tool.
const SIGNED: [&str; 4] = ["artifact-signature", "image-signing", "peer-review", "provenance"];

impl Report {
    /// The check that it answers for certain: by its format, or by its tool where that does one thing.
    #[must_use]
    pub fn certain_check(&self) -> Option<Check> {
        match self {
            Self::Tests(_) => None,
            Self::Bom(_) => Some(Check::named("sbom")),
            Self::Scan(scan) => {
                let tool = scan.tool.to_lowercase();
                let is = |name: &str| {
                    tool.strip_prefix(name)
                        .is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '-'))
                };
                SCANNERS.iter().find(|(name, _)| is(name)).map(|(_, check)| Check::named(check))
            }
        }
    }

    /// Whether a report of this kind can answer the check (EV9). What a check of a team's own asks for is theirs to know.
    #[must_use]
    pub fn can_answer(&self, check: &Check) -> bool {
        let check = check.as_str();
        let among = |checks: &[&str]| checks.contains(&check);
        match self {
            Self::Tests(_) => !among(&FOUND) && !among(&SIGNED) && check != "sbom",
            Self::Scan(_) => !among(&TESTED) && !among(&SIGNED) && check != "sbom",
            Self::Bom(_) => !among(&TESTED) && !among(&SIGNED) && check != "static-analysis",
        }
    }

    /// What kind of report it is, for people.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Tests(_) => "test cases",
            Self::Scan(_) => "the findings of a scanner",
            Self::Bom(_) => "a bill of materials",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BomSummary, Scan, Tests};
    use super::*;

    fn scan(tool: &str) -> Report {
        Report::Scan(Scan { tool: tool.to_owned(), findings: Vec::new() })
    }

    #[test]
    fn ev9_a_tool_that_does_one_thing_says_which_check_it_was() {
        let check = |tool: &str| scan(tool).certain_check().map(|check| check.as_str().to_owned());
        assert_eq!(check("Semgrep OSS").as_deref(), Some("static-analysis"));
        assert_eq!(check("gitleaks").as_deref(), Some("secret-scan"));
        assert_eq!(check("CodeQL").as_deref(), Some("static-analysis"));
        for several in ["Trivy", "Snyk", "clippy-tidy", "zapper", ""] {
            assert_eq!(check(several), None, "{several}");
        }
    }

    #[test]
    fn ev9_a_report_answers_only_what_its_kind_can() {
        let bom = Report::Bom(BomSummary { format: "CycloneDX 1.6".to_owned(), components: 1 });
        let tests = Report::Tests(Tests::default());
        for (report, check, can) in [
            (&bom, "sbom", true),
            (&bom, "unit-tests", false),
            (&bom, "dependency-check", true),
            (&tests, "unit-tests", true),
            (&tests, "dependency-check", false),
            (&tests, "peer-review", false),
            (&tests, "our-own", true),
            (&scan("x"), "secret-scan", true),
            (&scan("x"), "integration-tests", false),
            (&scan("x"), "sbom", false),
        ] {
            assert_eq!(report.can_answer(&Check::named(check)), can, "{} for {check}", report.kind());
        }
    }
}
