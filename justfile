# Every command of the project; `just` lists them.

[private]
default:
    @just --list --unsorted

# Serve the API and the web page on this machine
[group('run')]
serve *args:
    cargo run --release -- serve {{ args }}

# Print the links of pages
[group('run')]
extract *args:
    cargo run --release -- {{ args }}

# Run every test, installing what they need
[group('check')]
test *args:
    ./tests/run {{ args }}

# Format the code
[group('check')]
fmt:
    cargo fmt --all

# Lint as strictly as the hosted checks do
[group('check')]
lint:
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    cargo deny check bans licenses sources

# The documentation of every crate
[group('check')]
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# All that decides whether a change lands
[group('check')]
ci:
    .ci/run
