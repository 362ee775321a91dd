//! `approve` and `reject`: a person's word on a change request of the ledger.

use super::At;
use crate::change::event::{Decision, Trouble};
use crate::connectors::{Pause, Talk, ledger};
use crate::failure::{Code, Failure};
use crate::plan::outcome::{Outcome, Stop};
use crate::promotion::Person;
use crate::report::{Ended, Found};
use crate::risk::word;
use crate::scalar::{Name, shorten};

pub(super) async fn run(at: &At, id: &Name, by: Person, approves: bool, why: String) -> Result<Ended, Failure> {
    if why.trim().is_empty() {
        return Err(Failure::one(Code::BadRequest, "a decision needs a reason", "say why"));
    }
    if by.id.trim().is_empty() {
        return Err(Failure::one(Code::BadRequest, "nobody decides", "name the person by an immutable id"));
    }
    let decision = Decision {
        by: by.clone(),
        approves,
        withdraws: false,
        at: at.io.now(),
        why: Some(why),
        environment: None,
        change: None,
        delta: None,
        policy: None,
    };
    let talk = Talk::new(at.io.clone(), "ledger");
    let record = ledger::decide(&talk, id, &decision).await.map_err(|pause| refused(pause, "the decision"))?;
    let status = record.status;
    let said = if approves { "approved" } else { "rejected" };
    let message = format!("`{}` {said} change request `{id}`, which is now `{}`", shorten(&by.login), word(&status));
    let stop = Stop::new(Outcome::Done, message)
        .details(vec!["whether it counts is judged when the change continues: run the same command again".to_owned()]);
    Ok(Ended::found(stop, Found::Decided { change_request_id: id.clone(), by, status }, None))
}

/// Why something was not written to a change system.
pub(super) fn refused(pause: Pause, what: &str) -> Failure {
    match pause {
        Pause::Nonsense(problem) => Failure::all(Code::BadAnswer, None, vec![*problem]),
        Pause::Trouble(trouble) => {
            let Trouble { code, message, help } = *trouble;
            let code = match code.as_str() {
                "not-found" => Code::BadRequest,
                "write-not-taken" | "conflict" => Code::WriteNotTaken,
                _ => Code::Unavailable,
            };
            let help = help.unwrap_or_else(|| "look for the id with `countersign status`".to_owned());
            Failure::one(code, format!("{what} was not written: {message}"), help)
        }
    }
}
