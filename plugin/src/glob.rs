//! Globs over the names of entries and paths: `*` and `?` also match `/`, `**` as a whole component matches any number
//! of them, `[a-z]`, `[!a-z]`, `{one,other}`, and `\` before a character that is meant as itself.
//!
//! A glob becomes a few states that are all followed at once, character by character. What matching costs is
//! therefore at most the glob's length times the name's, whatever a policy says.

use thiserror::Error;

#[cfg(test)]
mod tests;

/// A glob, ready to match.
#[derive(Clone, Debug)]
pub struct Glob {
    steps: Vec<Step>,
}

/// Why a text is not a glob.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum NotAGlob {
    /// `[` without `]`.
    #[error("`[` is not closed; write `[[]` where it is meant as itself")]
    OpenClass,
    /// `[z-a]`.
    #[error("the range `{0}-{1}` is empty")]
    EmptyRange(char, char),
    /// `{` without `}`.
    #[error("`{{` is not closed; write `[{{]` where it is meant as itself")]
    OpenGroup,
    /// `}` without `{`.
    #[error("`}}` closes nothing; write `[}}]` where it is meant as itself")]
    StrayClose,
    /// `\` at the end.
    #[error("`\\` stands at the end, with nothing to stand for")]
    DanglingEscape,
}

/// What the next character must be, or where to go without one.
#[derive(Clone, Debug)]
enum Step {
    Character(char),
    Any,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    /// Any number of any characters.
    Many,
    /// Any of these steps comes next.
    Split(Vec<usize>),
    Jump(usize),
}

impl Glob {
    /// Reads a glob.
    ///
    /// # Errors
    ///
    /// If brackets do not match, a range is empty, or a `\` stands at the end.
    pub fn new(pattern: &str) -> Result<Self, NotAGlob> {
        let mut reader = Reader {
            left: pattern.chars().peekable(),
            previous: None,
            current: None,
            steps: Vec::new(),
            branches: vec![Branch::default()],
            groups: Vec::new(),
        };
        reader.read()?;
        let steps = match (reader.groups.is_empty(), reader.branch().last) {
            (false, _) => return Err(NotAGlob::OpenGroup),
            // `**` alone is not about components.
            (true, Last::Leading) if reader.steps.len() == LEADING => vec![Step::Many],
            (true, _) => reader.steps,
        };
        Ok(Self { steps })
    }

    /// Whether the whole name matches.
    #[must_use]
    pub fn is_match(&self, name: &str) -> bool {
        let mut now = States::new(self.steps.len());
        let mut next = States::new(self.steps.len());
        self.enter(&mut now, 0);
        for character in name.chars() {
            for &at in &now.list {
                match self.steps.get(at) {
                    Some(Step::Many) => self.enter(&mut next, at),
                    Some(step) if step.takes(character) => self.enter(&mut next, at.saturating_add(1)),
                    Some(_) | None => {}
                }
            }
            std::mem::swap(&mut now, &mut next);
            next.clear();
            if now.list.is_empty() {
                return false;
            }
        }
        now.holds(self.steps.len())
    }

    /// Adds a step, and those that follow it without a character.
    fn enter(&self, states: &mut States, at: usize) {
        states.waiting.push(at);
        while let Some(at) = states.waiting.pop() {
            if !states.add(at) {
                continue;
            }
            match self.steps.get(at) {
                Some(Step::Split(targets)) => states.waiting.extend(targets),
                Some(Step::Jump(target)) => states.waiting.push(*target),
                Some(Step::Many) => states.waiting.push(at.saturating_add(1)),
                Some(Step::Character(_) | Step::Any | Step::Class { .. }) | None => {}
            }
        }
    }
}

impl Step {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::Character(own) => *own == character,
            Self::Any => true,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&character)) != *negated
            }
            Self::Many | Self::Split(_) | Self::Jump(_) => false,
        }
    }
}

/// The steps that may come next. The one after the last step means that the glob has matched.
struct States {
    list: Vec<usize>,
    known: Vec<bool>,
    /// Steps that are about to be added.
    waiting: Vec<usize>,
}

impl States {
    fn new(steps: usize) -> Self {
        Self { list: Vec::new(), known: vec![false; steps.saturating_add(1)], waiting: Vec::new() }
    }

    fn holds(&self, at: usize) -> bool {
        self.known.get(at).copied().unwrap_or(false)
    }

    /// Whether it is new.
    fn add(&mut self, at: usize) -> bool {
        match self.known.get_mut(at) {
            Some(known) if !*known => {
                *known = true;
                self.list.push(at);
                true
            }
            Some(_) | None => false,
        }
    }

    fn clear(&mut self) {
        for at in self.list.drain(..) {
            if let Some(known) = self.known.get_mut(at) {
                *known = false;
            }
        }
    }
}

/// How many steps a leading `**/` is: nothing, or anything up to a `/`.
const LEADING: usize = 3;

/// What a branch ends with, as far as a `**` after it has to know.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Last {
    #[default]
    Nothing,
    /// `**/` at the start.
    Leading,
    /// `/**/`.
    Between,
    Other,
}

/// One way through a group, or the glob itself.
#[derive(Default)]
struct Branch {
    last: Last,
    /// Where its first step is.
    start: usize,
}

/// A group whose `}` has not come.
struct Group {
    /// Its `Split`.
    at: usize,
    /// Where its branches begin; empty branches do not count.
    starts: Vec<usize>,
    /// The `Jump`s at the ends of its branches.
    ends: Vec<usize>,
}

struct Reader<'a> {
    left: std::iter::Peekable<std::str::Chars<'a>>,
    previous: Option<char>,
    current: Option<char>,
    steps: Vec<Step>,
    /// The branch that is read, below it the branches around it.
    branches: Vec<Branch>,
    groups: Vec<Group>,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), NotAGlob> {
        while let Some(character) = self.bump() {
            match character {
                '?' => self.push(Step::Any),
                '*' => self.star(),
                '[' => self.class()?,
                '{' => self.open(),
                '}' => self.close()?,
                ',' if !self.groups.is_empty() => self.next_branch(),
                '\\' => {
                    let meant = self.bump().ok_or(NotAGlob::DanglingEscape)?;
                    self.push(Step::Character(meant));
                }
                _ => self.push(Step::Character(character)),
            }
        }
        Ok(())
    }

    fn bump(&mut self) -> Option<char> {
        self.previous = self.current;
        self.current = self.left.next();
        self.current
    }

    fn branch(&self) -> &Branch {
        const NONE: Branch = Branch { last: Last::Nothing, start: 0 };
        self.branches.last().unwrap_or(&NONE)
    }

    fn ends_with(&mut self, last: Last) {
        if let Some(branch) = self.branches.last_mut() {
            branch.last = last;
        }
    }

    fn push(&mut self, step: Step) {
        self.steps.push(step);
        self.ends_with(Last::Other);
    }

    fn star(&mut self) {
        let before = self.previous;
        if self.left.peek() != Some(&'*') {
            return self.push(Step::Many);
        }
        self.bump();
        let after = self.left.peek().copied();
        let ends = after.is_none() || !self.groups.is_empty() && matches!(after, Some(',' | '}'));
        let last = self.branch().last;
        match (last, before, after) {
            (Last::Nothing, _, Some('/')) => {
                self.bump();
                self.leading(Last::Leading);
            }
            (Last::Nothing, _, None) => self.leading(Last::Leading),
            // `**/**` is `**`.
            (Last::Leading, Some('/'), Some('/')) => {
                self.bump();
            }
            (Last::Leading, Some('/'), _) if ends => {}
            (Last::Between | Last::Other, Some('/'), Some('/')) => {
                self.bump();
                self.drop_slash(last);
                self.push(Step::Character('/'));
                self.leading(Last::Between);
            }
            (Last::Between | Last::Other, Some('/'), _) if ends => {
                self.drop_slash(last);
                self.push(Step::Character('/'));
                self.push(Step::Many);
            }
            // Not a whole component: two stars are one.
            _ => self.push(Step::Many),
        }
    }

    /// Takes back the `/` before a `**`, or all of a `/**/`.
    fn drop_slash(&mut self, last: Last) {
        let steps = if last == Last::Between { LEADING.saturating_add(1) } else { 1 };
        self.steps.truncate(self.steps.len().saturating_sub(steps));
    }

    /// Nothing, or anything up to a `/`.
    fn leading(&mut self, last: Last) {
        let at = self.steps.len();
        self.steps.push(Step::Split(vec![at.saturating_add(1), at.saturating_add(LEADING)]));
        self.steps.push(Step::Many);
        self.steps.push(Step::Character('/'));
        self.ends_with(last);
    }

    fn class(&mut self) -> Result<(), NotAGlob> {
        let negated = matches!(self.left.peek(), Some('!' | '^'));
        if negated {
            self.bump();
        }
        let mut ranges: Vec<(char, char)> = Vec::new();
        let mut in_range = false;
        loop {
            match self.bump().ok_or(NotAGlob::OpenClass)? {
                ']' if !ranges.is_empty() => break,
                '-' if !ranges.is_empty() && !in_range => in_range = true,
                character => {
                    match ranges.last_mut() {
                        Some((first, _)) if in_range && character < *first => {
                            return Err(NotAGlob::EmptyRange(*first, character));
                        }
                        Some((_, last)) if in_range => *last = character,
                        Some(_) | None => ranges.push((character, character)),
                    }
                    in_range = false;
                }
            }
        }
        if in_range {
            ranges.push(('-', '-'));
        }
        self.push(Step::Class { negated, ranges });
        Ok(())
    }

    fn open(&mut self) {
        self.groups.push(Group { at: self.steps.len(), starts: Vec::new(), ends: Vec::new() });
        self.steps.push(Step::Split(Vec::new()));
        self.branches.push(Branch { last: Last::Nothing, start: self.steps.len() });
    }

    fn next_branch(&mut self) {
        self.end_branch();
        self.branches.push(Branch { last: Last::Nothing, start: self.steps.len() });
    }

    fn end_branch(&mut self) {
        let (Some(branch), Some(group)) = (self.branches.pop(), self.groups.last_mut()) else { return };
        if branch.start < self.steps.len() {
            group.starts.push(branch.start);
            group.ends.push(self.steps.len());
            self.steps.push(Step::Jump(0));
        }
    }

    fn close(&mut self) -> Result<(), NotAGlob> {
        if self.groups.is_empty() {
            return Err(NotAGlob::StrayClose);
        }
        self.end_branch();
        let Some(group) = self.groups.pop() else { return Err(NotAGlob::StrayClose) };
        if group.starts.is_empty() {
            // A group of nothing is nothing.
            self.steps.truncate(group.at);
        } else {
            let after = self.steps.len();
            for end in group.ends {
                if let Some(step) = self.steps.get_mut(end) {
                    *step = Step::Jump(after);
                }
            }
            if let Some(step) = self.steps.get_mut(group.at) {
                *step = Step::Split(group.starts);
            }
        }
        self.ends_with(Last::Other);
        Ok(())
    }
}
