# What Cargo builds from, named one by one: an edit of anything else rebuilds nothing.
lib: more:
lib.fileset.toSource {
  root = ../.;
  fileset = lib.fileset.unions (
    [
      ../Cargo.lock
      ../Cargo.toml
      ../services
      (lib.fileset.difference ../tests ../tests/vm)
    ]
    ++ more
  );
}
