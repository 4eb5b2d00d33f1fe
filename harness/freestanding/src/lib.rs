//! What a program without libc must bring itself for the compiler: functions on
//! memory, and names that the unwinding tables of the prebuilt `alloc` hold.
//!
//! In a **freestanding** build (`build.rs`) they are defined under their C names,
//! and `use sekisho_freestanding as _;` links them; in any other, libc has them
//! and this crate is empty.
#![no_std]
#![allow(unsafe_code)]

#[cfg(freestanding)]
mod memory;
