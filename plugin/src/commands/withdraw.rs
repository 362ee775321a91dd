//! `withdraw`: a person takes back what they said about a change request of the ledger (GA6).

use super::At;
use super::decide::say;
use crate::change::event::{Decision, Status};
use crate::failure::{Code, Failure};
use crate::plan::outcome::{Outcome, Stop};
use crate::promotion::Person;
use crate::report::{Ended, Found};
use crate::risk::word;
use crate::scalar::{Name, shorten};

pub(super) async fn run(at: &At, id: &Name, by: Person, why: String) -> Result<Ended, Failure> {
    if why.trim().is_empty() {
        return Err(Failure::one(Code::BadRequest, "taking a decision back needs a reason", "say why"));
    }
    let decision = Decision {
        by: by.clone(),
        approves: false,
        withdraws: true,
        at: at.io.now(),
        why: Some(why),
        environment: None,
        change: None,
        delta: None,
        policy: None,
    };
    let status = say(at, id, &decision, "the withdrawal").await?;
    let login = shorten(&by.login);
    let message = format!("`{login}` took back what they said about `{id}`, which is now `{}`", word(&status));
    let detail = match status {
        Status::Implement | Status::Review | Status::Closed => {
            "the deployment has begun: this is recorded and shown, and stops nothing (GA4)"
        }
        Status::New | Status::Assess | Status::Authorize | Status::Scheduled | Status::Canceled => {
            "what it means is judged when the change continues; a change that has ended as rejected needs a new attempt"
        }
    };
    let stop = Stop::new(Outcome::Done, message).details(vec![detail.to_owned()]);
    Ok(Ended::found(stop, Found::Decided { change_request_id: id.clone(), by, status }, None))
}
