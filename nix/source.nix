# The sources of the Cargo workspace, named one by one: an edit of anything else rebuilds nothing.
lib: more:
lib.fileset.toSource {
  root = ../.;
  fileset = lib.fileset.unions (
    [
      ../Cargo.lock
      ../Cargo.toml
      ../services
      ../tests/bench
      ../tests/e2e
      ../tests/fixtures
    ]
    ++ more
  );
}
