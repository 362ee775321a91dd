//! What a well-formed policy must not say.

use std::collections::BTreeSet;

use super::file::{Demand, File};
use super::{Acceptance, Channel, Command, Deployment, Level, Pattern, ProcessPolicy, Profile};
use crate::glob::Glob;
use crate::promotion::template;
use crate::scalar::shorten;

/// The longest command line, in arguments.
const MAX_ARGUMENTS: usize = 1000;

/// The most seconds that clocks may differ: a day.
const MAX_SKEW: u32 = 86_400;

/// Everything that is wrong, in the file's order.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

/// One thing that is wrong, and where.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) pointer: String,
    pub(super) message: String,
    pub(super) help: String,
}

/// All faults of the file.
pub(super) fn of(file: &File) -> Vec<Fault> {
    let mut faults = Faults::default();
    if file.version != 1 {
        faults.add("/version", format!("version `{}` is not known", file.version), "write `version: 1`");
    }
    faults.evidence(file);
    faults.waivers(file);
    faults.process(&file.process);
    faults.deployment(&file.deployment);
    if let Some(calendar) = &file.calendar {
        for (pointer, message, help) in calendar.faults() {
            faults.add(format!("/calendar{pointer}"), message, help);
        }
    }
    faults.emergency_label(&file.emergency.label);
    if let Some(profile) = &file.profile {
        faults.profile(profile);
    }
    faults.inventory(file);
    faults.required_fields(&file.required_fields);
    faults.notifications(&file.notifications);
    faults.0
}

impl Faults {
    fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>, help: impl Into<String>) {
        self.0.push(Fault { pointer: pointer.into(), message: message.into(), help: help.into() });
    }

    fn evidence(&mut self, file: &File) {
        if let Some(demands) = &file.evidence.pre_deployment {
            if !demands.iter().any(|demand| demand.level == Level::Required) {
                self.add(
                    "/evidence/pre-deployment",
                    "no check is required before deployment",
                    "list at least one with `level: required`, or remove `pre-deployment` to have the built-in demands",
                );
            }
            self.demands("/evidence/pre-deployment", demands);
        }
        self.demands("/evidence/post-deployment", file.evidence.post_deployment.as_deref().unwrap_or_default());
        for (check, judgement) in &file.evidence.checks {
            if judgement.max_age_hours == Some(0) {
                self.add(
                    format!("/evidence/checks/{}/max-age-hours", escape(check.as_str())),
                    format!("evidence of `{}` that is no hour old is none", shorten(check.as_str())),
                    "write at least 1, or remove `max-age-hours` so that it does not age",
                );
            }
        }
        if file.evidence.clock_skew_seconds > MAX_SKEW {
            self.add(
                "/evidence/clock-skew-seconds",
                format!("clocks that differ by {} seconds are broken", file.evidence.clock_skew_seconds),
                format!("write at most {MAX_SKEW}"),
            );
        }
        for (index, collect) in file.evidence.collect.iter().enumerate() {
            if let Err(error) = Glob::new(&collect.files) {
                self.add(
                    format!("/evidence/collect/{index}/files"),
                    format!("`{}` is not a glob: {error}", shorten(&collect.files)),
                    "write a pattern such as `**/junit*.xml`",
                );
            }
        }
        for (index, signer) in file.evidence.trusted_signers.iter().enumerate() {
            let path = signer.strip_prefix("https://").and_then(|rest| rest.split_once("/.github/workflows/"));
            let whole = path.is_some_and(|(repository, file)| {
                let file = file.split_once('@').map_or(file, |(file, _)| file);
                repository.split('/').count() == 3 && (file.ends_with(".yml") || file.ends_with(".yaml"))
            });
            if !whole {
                self.add(
                    format!("/evidence/trusted-signers/{index}"),
                    format!("`{}` is not a workflow", shorten(signer)),
                    "write it as certificates do: `https://github.com/shop/builds/.github/workflows/image.yml`",
                );
            }
        }
    }

    fn demands(&mut self, pointer: &str, demands: &[Demand]) {
        let mut seen = BTreeSet::new();
        for (index, demand) in demands.iter().enumerate() {
            if !seen.insert((&demand.check, &demand.tool, &demand.entries)) {
                self.add(
                    format!("{pointer}/{index}/check"),
                    format!("the check `{}` is demanded twice", shorten(demand.check.as_str())),
                    "keep one of the demands, or tell them apart by `tool` or `entries`",
                );
            }
        }
    }

    fn notifications(&mut self, channels: &[Channel]) {
        let mut seen = BTreeSet::new();
        for (index, channel) in channels.iter().enumerate() {
            let name = channel.name.as_str();
            if !name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_')) {
                self.add(
                    format!("/notifications/{index}/name"),
                    format!("`{}` is not the name of a channel", shorten(name)),
                    "use letters, digits, `-` and `_`",
                );
            }
            if !seen.insert(name) {
                self.add(
                    format!("/notifications/{index}/name"),
                    format!("the channel `{}` stands here twice", shorten(name)),
                    "keep one of them",
                );
            }
        }
    }

    fn waivers(&mut self, file: &File) {
        for (index, waiver) in file.waivers.iter().enumerate() {
            if waiver.reason.trim().is_empty() {
                self.add(
                    format!("/waivers/{index}/reason"),
                    format!("the waiver of `{}` has no reason", shorten(waiver.check.as_str())),
                    "say why the check need not be met",
                );
            }
            self.glob(format!("/waivers/{index}/entries"), &waiver.entries);
        }
    }

    fn process(&mut self, process: &ProcessPolicy) {
        let approvals = [
            ("standard-approvals", process.standard_approvals, 1),
            ("normal-approvals", process.normal_approvals, 1),
            ("high-risk-approvals", process.high_risk_approvals, 2),
        ];
        for (key, approvals, least) in approvals {
            if approvals < least {
                self.add(
                    format!("/process/{key}"),
                    format!("`{key}` is {approvals}"),
                    format!("write at least {least}"),
                );
            }
        }
        self.pattern("/process/standard", &process.standard);
        self.pattern("/process/high-risk", &process.high_risk);
        self.pattern("/process/security-review", &process.security_review);
        let review = &process.security_review;
        if (!review.paths.is_empty() || !review.labels.is_empty()) && process.security_team.is_empty() {
            self.add(
                "/process/security-team",
                "no member of the security team is named, so that no security review can be given",
                "list the ids of the team's members",
            );
        }
    }

    fn pattern(&mut self, pointer: &str, pattern: &Pattern) {
        self.globs(&format!("{pointer}/paths"), &pattern.paths);
        for (index, label) in pattern.labels.iter().enumerate() {
            if label.trim().is_empty() {
                self.add(format!("{pointer}/labels/{index}"), "the label is empty", "write the label, or remove it");
            }
        }
    }

    fn deployment(&mut self, deployment: &Deployment) {
        let acceptance = match &deployment.acceptance {
            Some(Acceptance::Command(command)) => Some(command),
            Some(Acceptance::None(reason)) if reason.trim().is_empty() => {
                self.add(
                    "/deployment/acceptance/none",
                    "acceptance tests are left out without a reason",
                    "say why the deployment is not tested",
                );
                None
            }
            Some(Acceptance::None(_)) | None => None,
        };
        let commands = [
            ("/deployment/deploy", deployment.deploy.as_ref()),
            ("/deployment/acceptance/command", acceptance),
            ("/deployment/verification/command", deployment.verification.as_ref().map(|it| &it.command)),
            ("/deployment/rollback", deployment.rollback.as_ref()),
        ];
        for (pointer, command) in commands {
            if let Some(command) = command {
                self.command(pointer, command);
            }
        }
        if let Some(verification) = &deployment.verification {
            for (key, value) in [("minutes", verification.minutes), ("interval-seconds", verification.interval_seconds)]
            {
                if value == 0 {
                    self.add(format!("/deployment/verification/{key}"), format!("`{key}` is 0"), "write at least 1");
                }
            }
        }
        if deployment.duration_minutes == Some(0) {
            self.add("/deployment/duration-minutes", "`duration-minutes` is 0", "write at least 1");
        }
    }

    fn command(&mut self, pointer: &str, command: &Command) {
        let program = command.run.first().map_or("", |program| program.trim());
        if program.is_empty() {
            self.add(
                format!("{pointer}/run"),
                "the command names no program",
                "list the program and its arguments, such as `[./deploy.sh, --quiet]`",
            );
        }
        if command.run.len() > MAX_ARGUMENTS || command.run.iter().any(|argument| argument.contains('\0')) {
            self.add(
                format!("{pointer}/run"),
                "the command cannot be passed to a system",
                format!("write at most {MAX_ARGUMENTS} arguments, none of them with a NUL character"),
            );
        }
        if command.timeout_seconds == 0 {
            self.add(format!("{pointer}/timeout-seconds"), "`timeout-seconds` is 0", "write at least 1");
        }
    }

    /// One ASCII text, compared without case and otherwise exactly (T11): nothing that looks alike can be meant.
    fn emergency_label(&mut self, label: &str) {
        let sound = !label.is_empty()
            && label.len() <= 50
            && label.trim() == label
            && label.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if !sound {
            self.add(
                "/emergency/label",
                format!("`{}` is not a label of 1 to 50 visible ASCII characters", shorten(label)),
                "write a label such as `EMERGENCY`, without blanks at its ends",
            );
        }
    }

    fn profile(&mut self, profile: &Profile) {
        if profile.name.trim().is_empty() {
            self.add("/profile/name", "the profile has no name", "name it");
        }
        if profile.controls.is_empty() {
            self.add("/profile/controls", "the profile has no control", "list at least one control");
        }
        let mut seen = BTreeSet::new();
        for (index, control) in profile.controls.iter().enumerate() {
            let pointer = format!("/profile/controls/{index}");
            if control.id.trim().is_empty() {
                self.add(format!("{pointer}/id"), "the control has no id", "write its id, such as `OPS-01.2`");
            } else if !seen.insert(control.id.as_str()) {
                self.add(
                    format!("{pointer}/id"),
                    format!("the control `{}` stands here twice", shorten(&control.id)),
                    "keep one of them",
                );
            }
            if control.checks.is_empty() {
                self.add(
                    format!("{pointer}/checks"),
                    format!("no check proves the control `{}`", shorten(&control.id)),
                    "list at least one check",
                );
            }
        }
    }

    fn inventory(&mut self, file: &File) {
        let ignore = &file.inventory.ignore_file;
        let sound = !ignore.is_empty()
            && !ignore.contains(['\\', '\0'])
            && ignore.split('/').all(|step| !matches!(step, "" | "." | ".."));
        if !sound {
            self.add(
                "/inventory/ignore-file",
                format!("`{}` is not a path inside the inventory", shorten(ignore)),
                "write a relative path such as `.inventoryignore`",
            );
        }
        self.globs("/inventory/include", &file.inventory.include);
        self.globs("/inventory/exclude", &file.inventory.exclude);
    }

    fn required_fields(&mut self, fields: &[String]) {
        for (index, field) in fields.iter().enumerate() {
            if !template::is_field(&field.replace('-', "_")) {
                let known: Vec<String> =
                    template::field_names().map(|name| format!("`{}`", name.replace('_', "-"))).collect();
                self.add(
                    format!("/required-fields/{index}"),
                    format!("the template has no field `{}`", shorten(field)),
                    format!("use one of {}", known.join(", ")),
                );
            }
        }
    }

    fn globs(&mut self, pointer: &str, globs: &[String]) {
        for (index, glob) in globs.iter().enumerate() {
            self.glob(format!("{pointer}/{index}"), glob);
        }
    }

    fn glob(&mut self, pointer: String, glob: &str) {
        if glob.trim().is_empty() || Glob::new(glob).is_err() {
            self.add(
                pointer,
                format!("`{}` is not a glob", shorten(glob)),
                "write a pattern such as `services/**`, with each bracket closed",
            );
        }
    }
}

/// A key as a step of a JSON Pointer.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
