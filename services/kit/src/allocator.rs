//! The allocator of static programs: that of musl has one lock for all threads. The one of glibc is kept: it holds less
//! unused memory.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
