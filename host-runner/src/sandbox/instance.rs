//! One instance of the engine: bytes in, bytes out, everything bounded.

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};
use wasmtime::{Memory, Module, Store, Trap, TypedFunc, WasmParams, WasmResults};

use super::{Fault, Limits, Watchdog, limits::Meter};
use crate::module::digest;
use crate::text::excerpt;

/// A packed answer that says that there is none.
const NONE: u64 = u64::MAX;
/// Fuel to ask a stopped engine for its last words.
const LAST_WORDS_FUEL: u64 = 10_000_000;
/// Bytes of last words that are shown.
const LAST_WORDS_MAX: usize = 2_000;

/// What an instance has used so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Spent {
    /// Fuel of all calls; equal for equal input on every machine.
    pub fuel: u64,
    /// The most memory that the module ever had, in bytes.
    pub memory_peak: u64,
    /// Bytes given with `put`.
    pub put: u64,
    /// Calls made.
    pub calls: u64,
}

/// A running module. After a fault it refuses everything.
pub struct Instance {
    store: Store<Meter>,
    door: Door,
    limits: Limits,
    watchdog: Watchdog,
    spent: Spent,
    poisoned: bool,
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("spent", &self.spent).field("poisoned", &self.poisoned).finish_non_exhaustive()
    }
}

struct Door {
    memory: Memory,
    alloc: TypedFunc<u32, u32>,
    put: TypedFunc<(u32, u32), u64>,
    call: TypedFunc<(u32, u32), u64>,
    take: TypedFunc<(u32, u32), u64>,
    fault: TypedFunc<(), u64>,
}

impl Instance {
    pub(super) fn start(module: &Module, limits: Limits) -> Result<Self, Fault> {
        let mut store = Store::new(module.engine(), Meter::new(&limits));
        store.limiter(|meter| meter);
        let fuel = limits.fuel(0);
        refuel(&mut store, fuel)?;
        let watchdog = Watchdog::ending_the_process(limits.wall);
        // The empty list of imports is the sandbox.
        let started = watchdog.watch(|| wasmtime::Instance::new(&mut store, module, &[]));
        let instance = started.map_err(|error| translate(&error, &store, fuel))?;
        let door = Door::of(&instance, &mut store)?;
        let spent = Spent { fuel: used(&store, fuel), ..Spent::default() };
        Ok(Self { store, door, limits, watchdog, spent, poisoned: false })
    }

    /// Gives the engine a document; it answers with its digest, by which requests name it.
    pub fn put(&mut self, bytes: &[u8]) -> Result<String, Fault> {
        let put = self.door.put.clone();
        let answer = self.give(&put, bytes)?.ok_or_else(|| Fault::Answer("`put` gave no digest".to_owned()));
        let checked = answer.and_then(|digest| match String::from_utf8(digest) {
            Ok(text) if is_digest(&text) => Ok(text),
            other => {
                let text = other.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
                Err(Fault::Answer(format!("`put` gave `{}` for a digest", excerpt(&text, 80))))
            }
        });
        let checked = self.poison_on_fault(checked)?;
        self.spent.put = self.spent.put.saturating_add(bytes.len() as u64);
        Ok(checked)
    }

    /// Asks the engine; request and response are JSON, which the caller reads.
    pub fn call(&mut self, request: &[u8]) -> Result<Vec<u8>, Fault> {
        let call = self.door.call.clone();
        let answer = self.give(&call, request)?.ok_or_else(|| Fault::Answer("`call` gave no response".to_owned()));
        self.poison_on_fault(answer)
    }

    /// Asks the engine with a typed request and reads the response; one that cannot be read is a fault.
    pub fn ask<T: DeserializeOwned>(&mut self, request: &impl Serialize) -> Result<T, Fault> {
        let request = serde_json::to_vec(request)
            .map_err(|error| Fault::Answer(format!("the request cannot be written: {error}")))?;
        let response = self.call(&request)?;
        let read = serde_json::from_slice(&response).map_err(|error| {
            let start = excerpt(&String::from_utf8_lossy(&response), 80);
            Fault::Answer(format!("`{start}` is not a response: {error}"))
        });
        self.poison_on_fault(read)
    }

    /// Takes the blob with this digest out of the engine; `None` when it has none.
    pub fn take(&mut self, wanted: &str) -> Result<Option<Vec<u8>>, Fault> {
        let take = self.door.take.clone();
        let blob = self.give(&take, wanted.as_bytes())?;
        let checked = match blob {
            Some(blob) if digest(&blob) != wanted => {
                Err(Fault::Answer(format!("the blob given for `{}` has another digest", excerpt(wanted, 80))))
            }
            blob => Ok(blob),
        };
        self.poison_on_fault(checked)
    }

    /// What was used so far.
    #[must_use]
    pub fn spent(&self) -> Spent {
        Spent { memory_peak: self.store.data().memory_peak, ..self.spent }
    }

    fn poison_on_fault<T>(&mut self, result: Result<T, Fault>) -> Result<T, Fault> {
        self.poisoned |= result.is_err();
        result
    }

    fn give(&mut self, function: &TypedFunc<(u32, u32), u64>, input: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        if self.poisoned {
            return Err(Fault::Poisoned);
        }
        let length = u32::try_from(input.len()).map_err(|_| Fault::Input(input.len()))?;
        let given = self.spent.put.saturating_add(length.into());
        let fuel = self.limits.fuel(given);
        self.store.data_mut().memory_limit = self.limits.memory(given);
        let result = refuel(&mut self.store, fuel).and_then(|()| self.exchange(function, input, length, fuel));
        self.spent.fuel = self.spent.fuel.saturating_add(used(&self.store, fuel));
        self.spent.calls = self.spent.calls.saturating_add(1);
        let result = match result {
            Err(Fault::Stopped(trap)) => Err(Fault::Stopped(self.last_words().unwrap_or(trap))),
            result => result,
        };
        self.poison_on_fault(result)
    }

    fn exchange(
        &mut self,
        function: &TypedFunc<(u32, u32), u64>,
        input: &[u8],
        length: u32,
        fuel: u64,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let alloc = self.door.alloc.clone();
        let pointer = self.run(&alloc, length, fuel)?;
        if self.door.memory.write(&mut self.store, pointer as usize, input).is_err() {
            return Err(Fault::Answer(format!("`alloc` gave {length} bytes at {pointer}, outside of its memory")));
        }
        let packed = self.run(function, (pointer, length), fuel)?;
        self.region(packed)
    }

    fn run<P: WasmParams, R: WasmResults>(
        &mut self,
        function: &TypedFunc<P, R>,
        params: P,
        fuel: u64,
    ) -> Result<R, Fault> {
        let store = &mut self.store;
        let result = self.watchdog.watch(|| function.call(&mut *store, params));
        result.map_err(|error| translate(&error, store, fuel))
    }

    /// The bytes that a packed answer points to.
    fn region(&self, packed: u64) -> Result<Option<Vec<u8>>, Fault> {
        if packed == NONE {
            return Ok(None);
        }
        let (start, length) = ((packed >> 32) as usize, packed as u32);
        if length > self.limits.answer_max {
            let limit = self.limits.answer_max;
            return Err(Fault::Answer(format!("{length} bytes are more than the {limit} that an answer may have")));
        }
        let memory = self.door.memory.data(&self.store);
        match start.checked_add(length as usize).and_then(|end| memory.get(start..end)) {
            Some(bytes) => Ok(Some(bytes.to_vec())),
            None => Err(Fault::Answer(format!("{length} bytes at {start} are outside of its memory"))),
        }
    }

    /// What a stopped engine has to say about it: a panic's text.
    fn last_words(&mut self) -> Option<String> {
        refuel(&mut self.store, LAST_WORDS_FUEL).ok()?;
        let fault = self.door.fault.clone();
        let packed = self.run(&fault, (), LAST_WORDS_FUEL).ok()?;
        let bytes = self.region(packed).ok()??;
        let text = String::from_utf8_lossy(&bytes);
        Some(excerpt(text.trim(), LAST_WORDS_MAX)).filter(|text| !text.is_empty())
    }
}

impl Door {
    fn of(instance: &wasmtime::Instance, store: &mut Store<Meter>) -> Result<Self, Fault> {
        let memory = instance
            .get_memory(&mut *store, "memory")
            .ok_or_else(|| Fault::Export("`memory` (`memory`) is missing".to_owned()))?;
        Ok(Self {
            memory,
            alloc: function(instance, store, "alloc")?,
            put: function(instance, store, "put")?,
            call: function(instance, store, "call")?,
            take: function(instance, store, "take")?,
            fault: function(instance, store, "fault")?,
        })
    }
}

fn function<P: WasmParams, R: WasmResults>(
    instance: &wasmtime::Instance,
    store: &mut Store<Meter>,
    name: &str,
) -> Result<TypedFunc<P, R>, Fault> {
    instance.get_typed_func(store, name).map_err(|error| Fault::Export(format!("`{name}` is unusable: {error:#}")))
}

fn refuel(store: &mut Store<Meter>, fuel: u64) -> Result<(), Fault> {
    store.data_mut().memory_denied = false;
    store.set_fuel(fuel).map_err(|error| Fault::Stopped(format!("fuel cannot be given: {error:#}")))
}

fn used(store: &Store<Meter>, fuel: u64) -> u64 {
    fuel.saturating_sub(store.get_fuel().unwrap_or(0))
}

/// A trap in our words. A denied memory is named first: what the module does about it is its own affair.
fn translate(error: &wasmtime::Error, store: &Store<Meter>, fuel: u64) -> Fault {
    if store.data().memory_denied {
        return Fault::Memory { limit: store.data().memory_limit };
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Fault::Fuel { used: used(store, fuel), limit: fuel },
        Some(trap) => Fault::Stopped(trap.to_string()),
        None => Fault::Stopped(excerpt(&format!("{:#}", error.root_cause()), LAST_WORDS_MAX)),
    }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')))
}
