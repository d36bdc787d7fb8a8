//! The allocator of static programs: musl's own has one lock for all threads.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
