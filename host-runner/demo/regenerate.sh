#!/bin/sh
# Has real tools write about this project what the demo takes for evidence. Needs cargo-nextest, clippy-sarif and
# cargo-cyclonedx on the path:
#
#   cargo install --locked cargo-nextest clippy-sarif cargo-cyclonedx
#
# Run it at the root of the project: sh host-runner/demo/regenerate.sh
set -eu
into=host-runner/demo/raw
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
mkdir -p "$into"

# What is known of this machine is taken out: the folder of the project.
neutral() { sed "s|$PWD|/countersign|g"; }

tests() { # <file> <nextest arguments>
    file=$1
    shift
    cargo nextest run --release --config-file host-runner/demo/nextest.toml --profile demo "$@"
    neutral < "$target/nextest/demo/junit.xml" > "$into/$file"
}

part() { # <part> <package> <test crate> <test program> <module of it> <folder>
    tests "$1.unit-tests.xml" --package "$2" --lib
    tests "$1.integration-tests.xml" --package "$3" --test "$4" -E "test(/^$5::/)"
    touch "$6/src/lib.rs"
    cargo clippy --release --package "$2" --message-format json | clippy-sarif | neutral > "$into/$1.clippy.sarif"
    cargo cyclonedx --manifest-path "$6/Cargo.toml" --format json --spec-version 1.5 --override-filename demo-sbom
    neutral < "$6/demo-sbom.json" > "$into/$1.cdx.json"
    find . -name demo-sbom.json -not -path "./target/*" -exec rm {} +
}

part engine countersign countersign-tests engine formats plugin
part runner countersign-cli countersign-cli runner flow host-runner
