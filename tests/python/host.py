"""A whole host in one file: the raw module under wasmtime, a folder as ledger, a plain folder as inventory.

usage: host.py MODULE FOLDER COMMAND    with COMMAND as JSON; FOLDER has inventory/, evidence/ and countersign.yaml
"""
import datetime
import hashlib
import json
import pathlib
import subprocess
import sys
import time

import wasmtime


class Engine:
    """The module: documents in and out by digest, one call at a time."""

    def __init__(self, path):
        self.store = wasmtime.Store()
        module = wasmtime.Module.from_file(self.store.engine, path)
        assert not module.imports, "the module imports nothing"
        self.exports = wasmtime.Instance(self.store, module, []).exports(self.store)
        self.memory = self.exports["memory"]

    def export(self, name, data):
        pointer = self.exports["alloc"](self.store, len(data))
        self.memory.write(self.store, data, pointer)
        packed = self.exports[name](self.store, pointer, len(data)) & (1 << 64) - 1
        if packed == (1 << 64) - 1:
            raise KeyError(data)
        start, length = packed >> 32, packed & 0xFFFFFFFF
        return bytes(self.memory.read(self.store, start, start + length))

    def put(self, data):
        return self.export("put", data).decode()

    def take(self, digest):
        return self.export("take", digest.encode())

    def call(self, name, **rest):
        request = {"call": name, "contract": "countersign/v1", "now": now(), **rest}
        return json.loads(self.export("call", json.dumps(request).encode()))


def now():
    moment = datetime.datetime.now(datetime.timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Host:
    """Everything that the engine can ask of this host."""

    def __init__(self, engine, root):
        self.engine, self.root, self.performed = engine, root, set()
        self.places = {"inventory": root / "inventory", "evidence/1": root / "evidence", "files": root}

    def files(self, root, paths):
        found = [path for path in paths if (root / path).is_file()]
        return [{"path": path, "digest": self.engine.put((root / path).read_bytes())} for path in found]

    def perform(self, exchange):
        self.performed.add(exchange["exchange"])
        method = getattr(self, exchange["exchange"], None)
        return method(exchange) if method else {"response": "unsupported"}

    def list(self, exchange):
        root = self.places[exchange["place"]]
        found = sorted(path for path in root.rglob("*") if path.is_file())
        listed = [{"path": path.relative_to(root).as_posix(), "size": path.stat().st_size} for path in found]
        return {"response": "listed", "files": listed}

    def read(self, exchange):
        return {"response": "files", "files": self.files(self.places[exchange["place"]], exchange["paths"])}

    def ledger(self, exchange):
        root = self.root / "ledger"
        if "prefix" in exchange:
            found = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
            return {"response": "ledger", "paths": [path for path in found if path.startswith(exchange["prefix"])]}
        return {"response": "ledger", "files": self.files(root, exchange["paths"])}

    def commit(self, exchange):
        places = [(self.root / "ledger" / put["path"], put) for put in exchange["puts"]]
        there = lambda place: digest(place.read_bytes()) if place.is_file() else None
        conflicts = [put["path"] for place, put in places if there(place) != put.get("expected")]
        if conflicts:
            return {"response": "conflict", "paths": conflicts}
        for place, put in places:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(self.engine.take(put["content"]))
        return {"response": "committed"}

    def run(self, exchange):
        started = now()
        ran = subprocess.run(exchange["argv"], cwd=self.root, env=exchange["set"], capture_output=True, check=False)
        log = self.engine.put(ran.stdout + ran.stderr)
        ended = {"ended": "exited", "code": ran.returncode}
        return {"response": "ran", "ended": ended, "started": started, "finished": now(), "log": log}

    def wait(self, exchange):
        while now() < exchange["until"]:
            time.sleep(0.1)
        return {"response": "waited"}


def main(module, folder, command):
    root = pathlib.Path(folder)
    host = Host(Engine(module), root)
    settings = {
        "environment": "prod",
        "policy": {"place": "files", "path": "countersign.yaml"},
        "evidence": [{"place": "evidence/1", "name": "evidence"}],
        "inventory": "folder",
        "system": {"system": "ledger"},
        "run": {"id": "cd-1", "actor": {"id": "104", "login": "trigger"}},
    }
    turn = host.engine.call("begin", command=json.loads(command), settings=settings)
    while "exchange" in turn:
        turn = host.engine.call("answer", response=host.perform(turn["exchange"]))
    end = turn.get("end", turn)
    print(json.dumps({"end": end, "exchanges": sorted(host.performed)}))
    return end.get("exit_code", 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
