//! Refs: what a tag or branch holds, and moving a tag if it is as it was.

use serde_json::{Value, json};

use super::{Host, odd};
use crate::failure::Failure;
use crate::inventory::git::Commit;

/// What a ref holds.
struct Held {
    object: String,
    commit: String,
    /// The message of an annotated tag.
    message: Option<String>,
}

impl Held {
    fn commit(commit: &str) -> Self {
        Self { object: commit.to_owned(), commit: commit.to_owned(), message: None }
    }
}

impl Host<'_> {
    /// What a ref holds, as the engine is told.
    pub(super) fn reference(&self, repository: &str, name: &str) -> Result<Value, Failure> {
        let held = self.held(repository, name)?;
        Ok(match held {
            Some(Held { object, commit, message }) => {
                json!({ "response": "ref", "object": object, "commit": commit, "message": message })
            }
            None => json!({ "response": "ref" }),
        })
    }

    fn held(&self, repository: &str, name: &str) -> Result<Option<Held>, Failure> {
        let inventory = self.repository()?;
        match (name.strip_prefix("refs/heads/"), name.strip_prefix("refs/tags/"), &self.pointers) {
            (Some(branch), _, _) => Ok(inventory.find_branch(branch)?.map(|commit| Held::commit(commit.as_str()))),
            (None, Some(_), Some(remote)) if repository == "pointers" => {
                let Some((object, commit)) = remote.reference(name)? else { return Ok(None) };
                let message = if object == commit { None } else { Some(self.message(name, &object)?) };
                Ok(Some(Held { object, commit, message }))
            }
            (None, Some(tag), _) => {
                let Some(tag) = inventory.tag(tag)? else { return Ok(None) };
                let message = inventory.message(&tag.object)?;
                Ok(Some(Held { object: tag.object, commit: tag.commit.to_string(), message }))
            }
            (None, None, _) => Ok(inventory.has(&Commit::parse(name)?)?.then(|| Held::commit(name))),
        }
    }

    /// The message of a tag of the pointers' repository; an object never changes, so it is fetched once.
    fn message(&self, name: &str, object: &str) -> Result<String, Failure> {
        if let Some(known) = self.messages.borrow().get(object) {
            return Ok(known.clone());
        }
        let remote = self.pointers.as_ref().ok_or_else(|| odd("the tags of a repository"))?;
        let message = remote.message(name, object)?;
        self.messages.borrow_mut().insert(object.to_owned(), message.clone());
        Ok(message)
    }

    /// Moves an annotated tag, if it is as it was.
    pub(super) fn move_tag(&self, repository: &str, name: &str, from: Option<&str>, to: &str, message: &str) -> Value {
        let broken = |failure: Failure| json!({ "response": "broken", "message": failure.problem });
        match self.object_of(repository, name) {
            Err(failure) => return broken(failure),
            Ok(now) if now.as_deref() != from => return json!({ "response": "conflict" }),
            Ok(_) => {}
        }
        let object = match self.annotate(name, to, message) {
            Ok(object) => object,
            Err(failure) => return broken(failure),
        };
        let Err(failure) = self.point(repository, name, &object, from) else { return json!({ "response": "moved" }) };
        match self.object_of(repository, name) {
            Ok(Some(now)) if now == object => json!({ "response": "moved" }),
            Ok(now) if now.as_deref() != from => json!({ "response": "conflict" }),
            // It may still be on its way.
            Ok(_) | Err(_) => json!({ "response": "unknown", "message": failure.problem }),
        }
    }

    /// The object that a tag holds now.
    fn object_of(&self, repository: &str, name: &str) -> Result<Option<String>, Failure> {
        match &self.pointers {
            Some(remote) if repository == "pointers" => Ok(remote.reference(name)?.map(|(object, _)| object)),
            Some(_) | None => Ok(self.repository()?.tag(tag_of(name)?)?.map(|tag| tag.object)),
        }
    }

    fn annotate(&self, name: &str, to: &str, message: &str) -> Result<String, Failure> {
        let seconds = self.clock.milliseconds().div_euclid(1000);
        self.repository()?.annotate(tag_of(name)?, &Commit::parse(to)?, message, seconds)
    }

    fn point(&self, repository: &str, name: &str, object: &str, from: Option<&str>) -> Result<(), Failure> {
        let inventory = self.repository()?;
        match &self.pointers {
            Some(remote) if repository == "pointers" => remote.push_object(inventory.git_dir(), object, name, from),
            Some(_) | None => inventory.point(tag_of(name)?, object, from),
        }
    }
}

fn tag_of(name: &str) -> Result<&str, Failure> {
    name.strip_prefix("refs/tags/").ok_or_else(|| odd(&format!("the tag `{name}`")))
}

#[cfg(test)]
mod tests;
