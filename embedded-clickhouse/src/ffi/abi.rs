//! The functions of libchdb that are used, with their C signatures, and how they are found in the library.
//!
//! Names and types are those of chdb.h (chdb-core 26.7). A missing one fails the start, not a later request.

use std::ffi::{c_char, c_int, c_void};
use std::path::Path;

use libloading::Library;

/// The value behind a `chdb_connection *`.
pub(super) type ConnectionHandle = *mut c_void;
pub(super) type ResultHandle = *mut c_void;
pub(super) type InsertHandle = *mut c_void;

/// Connection, text, format, then names and values of the parameters: the shape of all three ways to run a statement.
pub(super) type Statement<R> = unsafe extern "C" fn(
    ConnectionHandle,
    *const c_char,
    usize,
    *const c_char,
    usize,
    *const *const c_char,
    *const usize,
    *const *const c_char,
    *const usize,
    usize,
) -> R;

/// What parsing alone tells about a text.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Analysis {
    struct_size: u32,
    pub(crate) statement_count: u32,
    flags: u32,
    query_class: u32,
}

/// What the first statement of a text would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    ReadOnly,
    Mutating,
    Global,
    Control,
    Unknown,
}

impl Analysis {
    pub(super) fn unknown() -> Self {
        Analysis { struct_size: size_of::<Analysis>() as u32, statement_count: 0, flags: 0, query_class: 4 }
    }

    #[cfg(test)]
    pub(crate) fn of(statement_count: u32, query_class: u32) -> Self {
        Analysis { statement_count, query_class, ..Analysis::unknown() }
    }

    pub(crate) fn class(&self) -> Class {
        match self.query_class {
            0 => Class::ReadOnly,
            1 => Class::Mutating,
            2 => Class::Global,
            3 => Class::Control,
            _ => Class::Unknown,
        }
    }
}

macro_rules! api {
    ($($name:ident: $signature:ty;)*) => {
        pub(super) struct Api { $(pub(super) $name: $signature,)* }

        impl Api {
            pub(super) fn load(path: &Path) -> Result<Api, libloading::Error> {
                // SAFETY: loading runs the library's initialisers, which is what we are here for. It is leaked on
                // purpose: the engine's threads never end, so it must never be unloaded.
                let library: &'static Library = Box::leak(Box::new(unsafe { Library::new(path)? }));
                // SAFETY: each signature is copied from the header of this version.
                unsafe {
                    $(let $name = *library.get::<$signature>(stringify!($name))?;)*
                    Ok(Api { $($name,)* })
                }
            }
        }
    };
}

api! {
    chdb_set_signal_handlers_enabled: unsafe extern "C" fn(c_int);
    chdb_connect: unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut ConnectionHandle;
    chdb_close_conn: unsafe extern "C" fn(*mut ConnectionHandle);
    chdb_query_with_params_n: Statement<ResultHandle>;
    chdb_stream_query_with_params_n: Statement<ResultHandle>;
    chdb_stream_fetch_result: unsafe extern "C" fn(ConnectionHandle, ResultHandle) -> ResultHandle;
    chdb_stream_cancel_query: unsafe extern "C" fn(ConnectionHandle, ResultHandle);
    chdb_destroy_query_result: unsafe extern "C" fn(ResultHandle);
    chdb_stream_insert_with_params_n: Statement<InsertHandle>;
    chdb_stream_append: unsafe extern "C" fn(InsertHandle, *const c_void, usize) -> c_int;
    chdb_stream_done: unsafe extern "C" fn(InsertHandle) -> ResultHandle;
    chdb_stream_cancel_insert: unsafe extern "C" fn(InsertHandle);
    chdb_stream_insert_error: unsafe extern "C" fn(InsertHandle) -> *const c_char;
    chdb_destroy_insert_stream: unsafe extern "C" fn(InsertHandle);
    chdb_result_buffer: unsafe extern "C" fn(ResultHandle) -> *const u8;
    chdb_result_length: unsafe extern "C" fn(ResultHandle) -> usize;
    chdb_result_elapsed: unsafe extern "C" fn(ResultHandle) -> f64;
    chdb_result_rows_read: unsafe extern "C" fn(ResultHandle) -> u64;
    chdb_result_bytes_read: unsafe extern "C" fn(ResultHandle) -> u64;
    chdb_result_storage_rows_read: unsafe extern "C" fn(ResultHandle) -> u64;
    chdb_result_storage_bytes_read: unsafe extern "C" fn(ResultHandle) -> u64;
    chdb_result_rows_written: unsafe extern "C" fn(ResultHandle) -> u64;
    chdb_result_bytes_written: unsafe extern "C" fn(ResultHandle) -> u64;
    chdb_result_error: unsafe extern "C" fn(ResultHandle) -> *const c_char;
    chdb_classify_query_n: unsafe extern "C" fn(
        ConnectionHandle, *const c_char, usize, *const c_char, usize, *mut Analysis,
    ) -> c_int;
    chdb_shutdown: unsafe extern "C" fn() -> c_int;
}
