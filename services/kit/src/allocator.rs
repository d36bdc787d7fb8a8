//! The allocator of static programs: musl's own has one lock for all threads. Elsewhere the system's keeps less in hand.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
