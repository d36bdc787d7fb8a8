//! The allocator of every program: gives memory back when connections leave, and has no lock that threads share.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
