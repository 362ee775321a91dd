//! The exchanges as async functions: the one way in which commands reach the world.
//!
//! A command is straight-line code over `Io`. Its only leaf future is an exchange: polled once it names what the host is to
//! do, polled again it has the answer. There is no runtime, and nothing else can be awaited.

pub mod exchange;
mod outcome;
mod staged;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use serde::Serialize;

use crate::scalar::{Commit, Digest, Timestamp, shorten};
use exchange::{Answer, Exchange, Listed, Logged, Method, Named, Put, Request, Response, TreeFile};
pub use outcome::{Answered, Committed, Fault, Held, Moved};
pub use staged::LEDGER;
use staged::Staged;

/// A session that needs more exchanges than this has gone astray.
pub const MAX_EXCHANGES: u32 = 20_000;
/// Bytes of files that are asked for in one `read`.
const BATCH_BYTES: u64 = 8 << 20;
/// Paths or objects that are asked for in one exchange.
const BATCH_ITEMS: usize = 4_096;

/// Where the bytes are that the host gave, and where those go that the engine makes.
pub trait Bytes: std::fmt::Debug {
    /// The bytes with this digest.
    fn get(&self, digest: &Digest) -> Option<Rc<Vec<u8>>>;
    /// Keeps bytes for the host to take.
    fn keep(&mut self, bytes: Vec<u8>) -> Digest;
    /// Forgets bytes that nobody asks for any more.
    fn forget(&mut self, digest: &Digest);
}

/// How loud a line is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Level {
    /// What happens.
    Info,
    /// Something is wrong, and changes nothing.
    Warning,
}

/// One line for people and machines, while a command runs.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Told {
    /// How loud it is.
    pub level: Level,
    /// What it says.
    pub words: String,
    /// The name of the journal's event that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<&'static str>,
}

#[derive(Debug)]
struct Shared {
    asked: RefCell<Option<Exchange>>,
    response: RefCell<Option<Response>>,
    told: RefCell<Vec<Told>>,
    now: Cell<Timestamp>,
    exchanges: Cell<u32>,
    bytes: Rc<RefCell<dyn Bytes>>,
    /// What is to be written to the ledger with the next commit.
    staged: RefCell<Staged>,
}

/// What a command talks to. Clones share one host.
#[derive(Clone, Debug)]
pub struct Io(Rc<Shared>);

impl Io {
    /// A host at this time, whose bytes are kept in `bytes`.
    pub fn new(now: Timestamp, bytes: Rc<RefCell<dyn Bytes>>) -> Self {
        Self(Rc::new(Shared {
            asked: RefCell::default(),
            response: RefCell::default(),
            told: RefCell::default(),
            now: Cell::new(now),
            exchanges: Cell::new(0),
            bytes,
            staged: RefCell::default(),
        }))
    }

    /// The time: never earlier than it was before.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.now.get()
    }

    /// The time, which the journal may know to be later than the host does.
    pub fn not_before(&self, at: Timestamp) {
        self.0.now.set(self.0.now.get().max(at));
    }

    /// Says what happens.
    pub fn tell(&self, words: impl Into<String>) {
        self.say(Level::Info, words.into(), None);
    }

    /// Says that something is wrong which changes nothing.
    pub fn warn(&self, words: impl Into<String>) {
        self.say(Level::Warning, words.into(), None);
    }

    /// Says what happened to the change.
    pub fn tell_of(&self, event: &'static str, words: impl Into<String>) {
        self.say(Level::Info, words.into(), Some(event));
    }

    /// What is not stored yet has not happened: its lines wait until it is.
    fn say(&self, level: Level, words: String, event: Option<&'static str>) {
        let told = Told { level, words, event };
        let mut staged = self.0.staged.borrow_mut();
        match staged.is_empty() {
            true => self.0.told.borrow_mut().push(told),
            false => staged.untold.push(told),
        }
    }

    /// The bytes with this digest, which the host gave or the engine made.
    #[must_use]
    pub fn bytes(&self, digest: &Digest) -> Option<Rc<Vec<u8>>> {
        self.0.bytes.borrow().get(digest)
    }

    /// Keeps bytes for the host to take, and gives their digest.
    pub fn keep(&self, bytes: Vec<u8>) -> Digest {
        self.0.bytes.borrow_mut().keep(bytes)
    }

    /// Forgets bytes that were read and are no longer needed.
    pub fn forget(&self, digest: &Digest) {
        self.0.bytes.borrow_mut().forget(digest);
    }

    // --- The session's side.

    /// The answer to what was asked last.
    pub fn deliver(&self, now: Timestamp, response: Response) {
        self.not_before(now);
        *self.0.response.borrow_mut() = Some(response);
    }

    /// What the command asks for.
    #[must_use]
    pub fn asked(&self) -> Option<Exchange> {
        self.0.asked.borrow_mut().take()
    }

    /// The lines since the last call.
    #[must_use]
    pub fn told(&self) -> Vec<Told> {
        std::mem::take(&mut *self.0.told.borrow_mut())
    }

    // --- The command's side.

    /// Asks the host. What is staged is stored before anything else is done in the world.
    async fn ask(&self, exchange: Exchange) -> Result<Response, Fault> {
        if acts(&exchange) {
            Box::pin(self.settle()).await?;
        }
        self.exchange(exchange).await
    }

    /// The only leaf future.
    async fn exchange(&self, exchange: Exchange) -> Result<Response, Fault> {
        let count = self.0.exchanges.get().saturating_add(1);
        self.0.exchanges.set(count);
        if count > MAX_EXCHANGES {
            return Err(Fault::Nonsense(format!("the command needs more than {MAX_EXCHANGES} exchanges")));
        }
        let mut exchange = Some(exchange);
        let response = poll_fn(|_| match exchange.take() {
            Some(exchange) => {
                *self.0.asked.borrow_mut() = Some(exchange);
                Poll::Pending
            }
            None => self.0.response.borrow_mut().take().map_or(Poll::Pending, Poll::Ready),
        })
        .await;
        match response {
            Response::Broken { message } => Err(Fault::Broken(shorten_long(&message))),
            response => Ok(response),
        }
    }

    /// The files below a place, sorted, and the links among them.
    pub async fn list(&self, place: &str) -> Result<(Vec<Listed>, Vec<String>), Fault> {
        match self.ask(Exchange::List { place: place.to_owned() }).await? {
            Response::Listed { mut files, links } => {
                files.sort_by(|a, b| a.path.cmp(&b.path));
                Ok((files, links))
            }
            other => Err(unexpected(other, "list files")),
        }
    }

    /// Reads files of a place whose sizes are known, in batches; files that are gone are left out.
    pub async fn read_all(&self, place: &str, files: &[Listed]) -> Result<Vec<Named>, Fault> {
        let mut read = Vec::new();
        let mut batch = Vec::new();
        let mut bytes: u64 = 0;
        for file in files {
            if !batch.is_empty() && (bytes.saturating_add(file.size) > BATCH_BYTES || batch.len() >= BATCH_ITEMS) {
                read.extend(self.read(place, std::mem::take(&mut batch)).await?);
                bytes = 0;
            }
            bytes = bytes.saturating_add(file.size);
            batch.push(file.path.clone());
        }
        if !batch.is_empty() {
            read.extend(self.read(place, batch).await?);
        }
        Ok(read)
    }

    /// Reads files of a place; one that is not there is left out.
    pub async fn read(&self, place: &str, paths: Vec<String>) -> Result<Vec<Named>, Fault> {
        match self.ask(Exchange::Read { place: place.to_owned(), paths }).await? {
            Response::Files { files } => self.given(files),
            other => Err(unexpected(other, "read files")),
        }
    }

    /// Reads one file of a place, if it is there.
    pub async fn read_one(&self, place: &str, path: &str) -> Result<Option<Named>, Fault> {
        Ok(self.read(place, vec![path.to_owned()]).await?.into_iter().next())
    }

    /// Writes a file below a place.
    pub async fn write(&self, place: &str, path: &str, bytes: Vec<u8>) -> Result<(), Fault> {
        let content = self.keep(bytes);
        match self.ask(Exchange::Write { place: place.to_owned(), path: path.to_owned(), content }).await? {
            Response::Written {} => Ok(()),
            other => Err(unexpected(other, "write files")),
        }
    }

    /// What a ref holds; none: there is no such ref.
    pub async fn reference(&self, repository: &str, name: &str) -> Result<Option<Held>, Fault> {
        match self.ask(Exchange::Ref { repository: repository.to_owned(), name: name.to_owned() }).await? {
            Response::Ref { object: Some(object), commit: Some(commit), message } => {
                Ok(Some(Held { object, commit, message }))
            }
            Response::Ref { object: None, commit: None, .. } => Ok(None),
            other => Err(unexpected(other, "look up refs")),
        }
    }

    /// Moves a tag to a commit, if it holds what is expected.
    pub async fn move_ref(
        &self,
        repository: &str,
        name: &str,
        from: Option<String>,
        to: Commit,
        message: String,
    ) -> Result<Moved, Fault> {
        let (repository, name) = (repository.to_owned(), name.to_owned());
        match self.ask(Exchange::Move { repository, name, from, to, message }).await? {
            Response::Moved {} => Ok(Moved::Done),
            Response::Conflict { .. } => Ok(Moved::Conflict),
            Response::Unknown { message } => Ok(Moved::Unknown(shorten_long(&message))),
            other => Err(unexpected(other, "move tags")),
        }
    }

    /// All files of a commit, sorted by path.
    pub async fn tree(&self, repository: &str, commit: &Commit) -> Result<Vec<TreeFile>, Fault> {
        match self.ask(Exchange::Tree { repository: repository.to_owned(), commit: commit.clone() }).await? {
            Response::Tree { mut files } => {
                files.sort_by(|a, b| a.path.cmp(&b.path));
                Ok(files)
            }
            other => Err(unexpected(other, "list commits")),
        }
    }

    /// The digests of objects, by id.
    pub async fn blobs(&self, repository: &str, ids: &[String]) -> Result<BTreeMap<String, Digest>, Fault> {
        let mut read = BTreeMap::new();
        for batch in ids.chunks(BATCH_ITEMS) {
            match self.ask(Exchange::Blobs { repository: repository.to_owned(), ids: batch.to_vec() }).await? {
                Response::Blobs { blobs } => {
                    for blob in blobs {
                        self.has(&blob.digest, &blob.id)?;
                        read.insert(blob.id, blob.digest);
                    }
                }
                other => return Err(unexpected(other, "read objects")),
            }
        }
        match ids.iter().find(|id| !read.contains_key(*id)) {
            Some(id) => Err(Fault::Nonsense(format!("the object {} was not given", shorten(id)))),
            None => Ok(read),
        }
    }

    /// The commits that `to` has and `from` does not, newest first.
    pub async fn log(&self, repository: &str, from: Option<Commit>, to: Commit) -> Result<Vec<Logged>, Fault> {
        match self.ask(Exchange::Log { repository: repository.to_owned(), from, to }).await? {
            Response::Log { commits } => Ok(commits),
            other => Err(unexpected(other, "read the history")),
        }
    }

    /// Reads files of a store as they are at its tip, and with what is staged; one that is not there is left out.
    pub async fn stored(&self, store: &str, paths: Vec<String>) -> Result<BTreeMap<String, Digest>, Fault> {
        let mut found = self.0.staged.borrow().of(store, &paths);
        let others: Vec<String> = paths.into_iter().filter(|path| !found.contains_key(path)).collect();
        let there = if others.is_empty() { BTreeMap::new() } else { self.at_the_tip(store, &others).await? };
        found.extend(there.into_iter().map(|(path, digest)| (path, Some(digest))));
        Ok(found.into_iter().filter_map(|(path, digest)| Some((path, digest?))).collect())
    }

    async fn at_the_tip(&self, store: &str, paths: &[String]) -> Result<BTreeMap<String, Digest>, Fault> {
        let mut found = BTreeMap::new();
        for batch in paths.chunks(BATCH_ITEMS) {
            let asked = Exchange::Ledger { store: store.to_owned(), paths: batch.to_vec(), prefix: None };
            match self.ask(asked).await? {
                Response::Ledger { files, .. } => {
                    found.extend(self.given(files)?.into_iter().map(|file| (file.path, file.digest)));
                }
                other => return Err(unexpected(other, "read the ledger")),
            }
        }
        Ok(found)
    }

    /// The paths of a store that begin with `prefix`, sorted.
    pub async fn paths(&self, store: &str, prefix: &str) -> Result<Vec<String>, Fault> {
        let asked = Exchange::Ledger { store: store.to_owned(), paths: Vec::new(), prefix: Some(prefix.to_owned()) };
        match self.ask(asked).await? {
            Response::Ledger { mut paths, .. } => {
                paths.extend(self.0.staged.borrow().paths(store, prefix));
                paths.sort();
                paths.dedup();
                Ok(paths)
            }
            other => Err(unexpected(other, "list the ledger")),
        }
    }

    /// Writes files of a store, if each is as expected.
    pub async fn commit(&self, store: &str, puts: Vec<Put>, message: &str) -> Result<Committed, Fault> {
        match self.exchange(Exchange::Commit { store: store.to_owned(), puts, message: message.to_owned() }).await? {
            Response::Committed {} => Ok(Committed::Done),
            Response::Behind {} => Ok(Committed::Behind),
            Response::Conflict { paths } => Ok(Committed::Conflict(paths)),
            Response::Unknown { message } => Ok(Committed::Unknown(shorten_long(&message))),
            other => Err(unexpected(other, "write files")),
        }
    }

    /// Sends one request, once: the answer, or why nobody knows of one.
    pub async fn http(&self, system: &str, request: Request) -> Result<Result<Answered, String>, Fault> {
        let mut answers = self.http_all(system, vec![request]).await?;
        answers.pop().ok_or_else(|| Fault::Nonsense("one request has no answer".to_owned()))
    }

    /// Sends several reads, or one write: what came of each, in their order.
    pub async fn http_all(&self, system: &str, requests: Vec<Request>) -> Result<Vec<Result<Answered, String>>, Fault> {
        let sent = requests.len();
        match self.ask(Exchange::Http { system: system.to_owned(), requests }).await? {
            Response::Answered { answers } if answers.len() == sent => {
                answers.into_iter().map(|answer| self.answered(answer)).collect()
            }
            Response::Answered { answers } => {
                Err(Fault::Nonsense(format!("{sent} requests have {} answers", answers.len())))
            }
            other => Err(unexpected(other, "send requests")),
        }
    }

    fn answered(&self, answer: Answer) -> Result<Result<Answered, String>, Fault> {
        Ok(match answer {
            Answer::Answered { status, headers, body } => {
                let body = self.has(&body, "the answer")?;
                Ok(Answered { status, headers, body })
            }
            Answer::Broken { message } => Err(shorten_long(&message)),
        })
    }

    /// Runs one of the user's commands.
    pub async fn run(&self, run: Exchange) -> Result<Response, Fault> {
        match self.ask(run).await? {
            Response::Unsupported {} => Err(Fault::Unsupported("run commands")),
            response @ (Response::Ran { .. } | Response::Interrupted { .. }) => Ok(response),
            other => Err(unexpected(other, "run commands")),
        }
    }

    /// Sleeps until it is time, however early the host answers.
    pub async fn wait(&self, until: Timestamp, why: &str) -> Result<(), Fault> {
        if self.now() >= until {
            return Ok(());
        }
        match self.ask(Exchange::Wait { until, why: why.to_owned() }).await? {
            Response::Waited {} if self.now() >= until => Ok(()),
            Response::Waited {} => {
                Err(Fault::Nonsense(format!("the host waited until {} when {until} was asked for", self.now())))
            }
            other => Err(unexpected(other, "wait")),
        }
    }

    /// Sleeps for some seconds.
    pub async fn sleep(&self, seconds: u32, why: &str) -> Result<(), Fault> {
        self.wait(self.now().plus_seconds(i64::from(seconds)), why).await
    }

    fn has(&self, digest: &Digest, what: &str) -> Result<Rc<Vec<u8>>, Fault> {
        self.bytes(digest).ok_or_else(|| Fault::Nonsense(format!("the bytes of {} were not given", shorten(what))))
    }

    fn given(&self, files: Vec<Named>) -> Result<Vec<Named>, Fault> {
        for file in &files {
            self.has(&file.digest, &file.path)?;
        }
        Ok(files)
    }
}

/// Whether an exchange does something that other people and later runs can see, or lets time pass in which they act.
fn acts(exchange: &Exchange) -> bool {
    match exchange {
        Exchange::Write { .. } | Exchange::Move { .. } | Exchange::Run { .. } | Exchange::Wait { .. } => true,
        Exchange::Http { requests, .. } => requests.iter().any(|request| request.method != Method::Get),
        Exchange::List { .. }
        | Exchange::Read { .. }
        | Exchange::Ref { .. }
        | Exchange::Tree { .. }
        | Exchange::Blobs { .. }
        | Exchange::Log { .. }
        | Exchange::Ledger { .. }
        | Exchange::Commit { .. } => false,
    }
}

fn unexpected(response: Response, what: &'static str) -> Fault {
    match response {
        Response::Unsupported {} => Fault::Unsupported(what),
        _ => Fault::Nonsense(format!("the host was asked to {what} and answered something else")),
    }
}

/// What a host says, short enough for a message.
fn shorten_long(message: &str) -> String {
    let line: String = message.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    match line.char_indices().nth(400) {
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default()),
        None => line,
    }
}
