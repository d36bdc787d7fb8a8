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

# Start the stack in Docker and print its address: with Nix where it is installed, otherwise with Cargo
[group('stack')]
[positional-arguments]
up *args:
    @if command -v nix >/dev/null; then \
        nix --extra-experimental-features 'nix-command flakes' run .#up -- "$@"; \
    else \
        nix/docker/up "$@"; \
    fi

# Stop the stack; the extraction log stays
[group('stack')]
down:
    docker compose --project-name linkextractor down

# Follow the stack's logs
[group('stack')]
logs *args:
    docker compose --project-name linkextractor logs --follow {{ args }}

# Show the stack's containers
[group('stack')]
ps:
    docker compose --project-name linkextractor ps

# Run every test, installing what they need
[group('check')]
test *args:
    ./tests/run {{ args }}

# Format the code
[group('check')]
fmt:
    cargo fmt --all

# Lint as strictly as .ci/run does
[group('check')]
lint:
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    cargo deny check bans licenses sources

# Build the documentation of every crate
[group('check')]
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Check the direction of imports, and that each type's name is unique
[group('check')]
structure:
    ./tests/structure

# Compare the links of generated pages with Chromium's
[group('check')]
judge pages="1000000":
    LINKS_BROWSER={{ pages }} cargo test --release -p links --test browser -- --nocapture

# Check the Nix files, without nixpkgs
[group('check')]
nix-check *args:
    ./tests/nix-check {{ args }}

# Check the stack in Docker, with real containers
[group('check')]
stack *steps:
    ./tests/stack/run {{ steps }}

# Take pictures of every state of the web page, into FOLDER
[group('check')]
screenshots folder="target/screenshots":
    cargo build --workspace --bins
    SCREENSHOTS={{ absolute_path(folder) }} cargo test -p e2e --test page_states

# Print which parts of the contract the API at URL meets
[group('check')]
conformance *args:
    ./tests/conformance {{ args }}

# Build the static programs twice and compare them; `--release` as they are released
[group('check')]
reproducible *args:
    ./tests/reproducible {{ args }}

# Every check that a change has to pass
[group('check')]
ci:
    .ci/run

# Set the version everywhere; the tag `vVERSION` on that commit releases it
[group('release')]
version version:
    .github/scripts/version {{ version }}

# Benchmark: `bench links [FOLDER]` against other extractors, `bench kit [ROUNDS [SECONDS]]` against bare hyper,
# `bench api [ROUNDS [SECONDS]]` cached results against bare hyper and nginx, `bench outage [RATES]` without Redis,
# `bench web [ROUNDS [SECONDS]]` the page of a cached result against bare hyper,
# `bench cli [PAGES | FOLDER [ROUNDS]]` the command line against lychee, `bench cli http` against bare requests,
# `bench list [PAGES]` a million pages, killed and resumed, `bench memory` the API's under the worst load
[group('measure')]
bench what *args:
    @just _bench-{{ what }} {{ args }}

_bench-links *args:
    cargo run --release -p links-bench -- {{ args }}

_bench-kit *args:
    cargo run --release -p kit --example compare -- {{ args }}

_bench-api *args:
    cargo build --release -p linkextractor-api
    cargo run --release -p linkextractor-api --example compare_hits -- {{ args }}

_bench-web *args:
    cargo build --release -p linkextractor-web
    cargo run --release -p linkextractor-web --example compare_pages -- {{ args }}

_bench-outage rates="300,500" pages="200" seconds="10":
    cargo build --release -p linkextractor-api
    OUTAGE_RATES={{ rates }} OUTAGE_PAGES={{ pages }} OUTAGE_SECONDS={{ seconds }} \
        cargo test --release -p e2e --test outage -- --nocapture

_bench-cli *args:
    case "{{ args }}" in http|"http "*) ;; *) test -x "${CARGO_TARGET_DIR:-target}/lychee/bin/lychee" \
        || cargo install --locked --root "${CARGO_TARGET_DIR:-target}/lychee" lychee ;; esac
    programs=$(nix/docker/static-programs linkextractor) && \
        PROGRAMS=$programs cargo run --release -p links-bench --bin cli -- {{ args }}

_bench-list pages="1000000":
    cargo build --release -p linkextractor
    LIST_PAGES={{ pages }} cargo test --release -p e2e --test long_lists -- --nocapture

_bench-memory:
    cargo build --release -p linkextractor-api
    MEMORY_LIMIT=512 MEMORY_ORIGINS=60 MEMORY_PAGE=2000000 MEMORY_REQUESTS=300 MEMORY_UNREAD=60 MEMORY_BATCHES=24 \
        cargo test --release -p e2e --test memory -- --nocapture
