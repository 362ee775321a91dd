#!/bin/sh
# Makes raw/ again: real tools report on this project, and the demo takes their reports as evidence.
#
#   sh host-runner/demo/regenerate.sh              all of it: minutes
#   sh host-runner/demo/regenerate.sh materials    the bills of materials alone, after a change of Cargo.lock: seconds
#
# The parts are materials, lints and tests. The tools are installed into target/demo-tools, in these versions, unless
# they are on the path in the same version. They run on a clone of the last commit, or of the one in $DEMO_COMMIT, so that
# nothing uncommitted gets into the reports. Nothing is edited by hand.
set -eu
nextest=0.9.143
clippy_sarif=0.8.0
cyclonedx=0.5.9

cd "$(dirname "$0")/../.."
root=$PWD
into=$root/host-runner/demo/raw
clone=$root/target/demo-clone
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
export PATH="$root/target/demo-tools/bin:$PATH"

tool() { # <crate> <version> <command that prints the version>
    if ! $3 2> /dev/null | grep -qF " $2"; then
        cargo install --locked --root "$root/target/demo-tools" "$1@$2"
    fi
}

# Some tools write absolute paths. The folder of the clone is the only thing in a report that is replaced.
without_paths() { sed "s|$clone|/countersign|g"; }

bill() { # <report> <folder of the package>
    cargo cyclonedx --quiet --manifest-path "$2/Cargo.toml" --format json --spec-version 1.5 --override-filename demo-sbom
    without_paths < "$2/demo-sbom.json" > "$into/$1"
}

materials() {
    tool cargo-cyclonedx "$cyclonedx" "cargo cyclonedx --version"
    # The time in the bills is that of the commit, so that the same commit gives the same bytes.
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
    export SOURCE_DATE_EPOCH
    bill engine.cdx.json plugin
    bill runner.cdx.json host-runner
}

lint() { # <report> <package>
    cargo clippy --release --package "$2" --message-format json > "$CARGO_TARGET_DIR/demo-clippy.json"
    clippy-sarif < "$CARGO_TARGET_DIR/demo-clippy.json" | without_paths > "$into/$1"
}

lints() {
    tool clippy-sarif "$clippy_sarif" "clippy-sarif --version"
    lint engine.clippy.sarif countersign
    lint runner.clippy.sarif countersign-cli
}

run() { # <report> <nextest arguments>
    report=$1
    shift
    cargo nextest run --release --config-file host-runner/demo/nextest.toml --profile demo "$@"
    without_paths < target/nextest/demo/junit.xml > "$into/$report"
}

tests() {
    tool cargo-nextest "$nextest" "cargo nextest --version"
    run engine.unit-tests.xml --package countersign --lib
    run engine.integration-tests.xml --package countersign-tests --no-default-features --test engine -E "test(/^flows::/)"
    run runner.unit-tests.xml --package countersign-cli --lib
    run runner.integration-tests.xml --package countersign-cli --test runner -E "test(/^flow::/)"
}

rm -rf "$clone"
git clone --quiet --no-checkout "$root" "$clone"
cd "$clone"
git checkout --quiet --detach "${DEMO_COMMIT:-HEAD}"
mkdir -p "$into"
for part in ${*:-materials lints tests}; do
    case $part in
        materials | lints | tests) "$part" ;;
        *) echo "no part is called $part: materials, lints, tests" >&2; exit 2 ;;
    esac
done

for place in "$root/" "$HOME/"; do
    if grep -rlF "$place" "$into"; then
        echo "these reports name a folder of this machine: $place" >&2
        exit 1
    fi
done
