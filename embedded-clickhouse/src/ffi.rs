//! The engine's C interface made safe: connections, streamed results, streamed inserts.
//!
//! What must stay true: every handle is owned by exactly one value whose `Drop` frees it; a connection is used by one
//! thread at a time (`Send`, not `Sync`); the library is never unloaded; no Rust callback is ever handed to it.
#![expect(unsafe_code, reason = "the only door to the engine's C interface")]

mod abi;

use std::ffi::{CStr, CString, c_char, c_int};
use std::path::Path;
use std::sync::OnceLock;

use crate::exception::{Code, Exception};

pub(crate) use abi::{Analysis, Class};
use abi::{Api, ConnectionHandle, InsertHandle, ResultHandle};

static API: OnceLock<Api> = OnceLock::new();

/// Loads the library, once per process. The engine's signal handlers are turned off before anything else can run:
/// with them on, an abort of ours would hang.
pub(crate) fn load(library: &Path) -> Result<(), String> {
    let api = Api::load(library).map_err(|error| error.to_string())?;
    // SAFETY: a plain setter, called before the first connection.
    unsafe { (api.chdb_set_signal_handlers_enabled)(0) };
    API.set(api).map_err(|_| "the engine is already loaded".to_owned())
}

fn api() -> &'static Api {
    API.get().expect("load() runs before any connection is opened")
}

/// Lets the engine's own threads go. Its answer is of no use: it reports failure whenever a table has ever existed.
pub(crate) fn shut_down() {
    // SAFETY: called once, after the last connection has been closed.
    unsafe { (api().chdb_shutdown)() };
}

/// Counters of one statement, as the engine reports them.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Stats {
    pub(crate) elapsed_seconds: f64,
    pub(crate) result_rows: u64,
    pub(crate) result_bytes: u64,
    pub(crate) read_rows: u64,
    pub(crate) read_bytes: u64,
    pub(crate) written_rows: u64,
    pub(crate) written_bytes: u64,
}

/// A result that owns its bytes; they are lent out without a copy.
pub(crate) struct ResultBuffer(ResultHandle);

// SAFETY: a result is read-only after creation and belongs to no thread.
unsafe impl Send for ResultBuffer {}
// SAFETY: as above; every accessor only reads.
unsafe impl Sync for ResultBuffer {}

impl ResultBuffer {
    fn checked(handle: ResultHandle) -> Result<Self, Exception> {
        if handle.is_null() {
            return Err(Exception::new(Code::StdException, "the engine returned nothing"));
        }
        let buffer = ResultBuffer(handle);
        // SAFETY: the handle is live; the error text, if any, lives as long as the result.
        let error = unsafe { text_of((api().chdb_result_error)(handle)) };
        error.map_or(Ok(buffer), |text| Err(Exception::from_engine(&text)))
    }

    pub(crate) fn stats(&self) -> Stats {
        let api = api();
        // SAFETY: the handle is live for as long as `self` is.
        unsafe {
            Stats {
                elapsed_seconds: (api.chdb_result_elapsed)(self.0),
                result_rows: (api.chdb_result_rows_read)(self.0),
                result_bytes: (api.chdb_result_bytes_read)(self.0),
                read_rows: (api.chdb_result_storage_rows_read)(self.0),
                read_bytes: (api.chdb_result_storage_bytes_read)(self.0),
                written_rows: (api.chdb_result_rows_written)(self.0),
                written_bytes: (api.chdb_result_bytes_written)(self.0),
            }
        }
    }
}

impl AsRef<[u8]> for ResultBuffer {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: pointer and length describe one allocation that the result owns and never changes.
        unsafe {
            let length = (api().chdb_result_length)(self.0);
            let start = (api().chdb_result_buffer)(self.0);
            if length == 0 || start.is_null() { &[] } else { std::slice::from_raw_parts(start, length) }
        }
    }
}

impl Drop for ResultBuffer {
    fn drop(&mut self) {
        // SAFETY: the only owner frees it once.
        unsafe { (api().chdb_destroy_query_result)(self.0) }
    }
}

/// Query parameters, the values of `{name:Type}` in the text.
pub(crate) type Params = Vec<(String, String)>;

/// One connection. Opening one costs about a millisecond, so every request has its own.
pub(crate) struct Connection(*mut ConnectionHandle);

// SAFETY: the engine allows any thread to use a connection, one at a time; `&mut`-free use is kept to one thread
// because the type is not `Sync`.
unsafe impl Send for Connection {}

impl Connection {
    /// `arguments` are the engine's command line: `--path=…`, `--config-file=…`, `--<setting>=…`.
    pub(crate) fn open(arguments: &[String]) -> Result<Self, Exception> {
        let strings: Vec<CString> = std::iter::once("clickhouse")
            .chain(arguments.iter().map(String::as_str))
            .map(CString::new)
            .collect::<Result<_, _>>()
            .map_err(|_| Exception::new(Code::BadArguments, "a setting contains a zero byte"))?;
        let mut pointers: Vec<*mut c_char> = strings.iter().map(|s| s.as_ptr().cast_mut()).collect();
        let count = c_int::try_from(pointers.len())
            .map_err(|_| Exception::new(Code::BadArguments, "too many settings"))?;
        // SAFETY: argc/argv as for main(); the engine copies what it keeps and does not write to the strings.
        let handle = unsafe { (api().chdb_connect)(count, pointers.as_mut_ptr()) };
        // SAFETY: when not null it points at the connection slot.
        if handle.is_null() || unsafe { (*handle).is_null() } {
            return Err(Exception::new(Code::NetworkError, "the engine refused a connection, see its log"));
        }
        Ok(Connection(handle))
    }

    fn handle(&self) -> ConnectionHandle {
        // SAFETY: checked at opening, valid until `Drop`.
        unsafe { *self.0 }
    }

    /// Runs a statement and waits for its whole result. After an error the engine keeps the failed statement's
    /// partial output in the connection: drop it, or call [`Connection::discard_leftovers`].
    pub(crate) fn query(&self, sql: &[u8], format: &str, params: &Params) -> Result<ResultBuffer, Exception> {
        let arrays = ParamArrays::of(params);
        ResultBuffer::checked(arrays.call(api().chdb_query_with_params_n, self.handle(), sql, format))
    }

    /// Runs statements of our own, for their effect.
    pub(crate) fn execute(&self, sql: &str) -> Result<(), Exception> {
        self.query(sql.as_bytes(), "Null", &Params::new()).map(drop)
    }

    /// Takes away what a failed [`Connection::query`] left behind; only sessions need it.
    pub(crate) fn discard_leftovers(&self) {
        // Whatever comes back, good or bad, is exactly what must not reach the next statement.
        drop(self.query(b"SELECT 1", "TabSeparated", &Params::new()));
    }

    /// Starts a SELECT-like statement whose result is fetched piece by piece.
    pub(crate) fn stream(&self, sql: &[u8], format: &str, params: &Params) -> Result<Stream<'_>, Exception> {
        let arrays = ParamArrays::of(params);
        let handle = arrays.call(api().chdb_stream_query_with_params_n, self.handle(), sql, format);
        Ok(Stream { connection: self, result: ResultBuffer::checked(handle)?, ended: false })
    }

    /// Starts an insert. `sql` ends before its FORMAT clause.
    pub(crate) fn insert(&self, sql: &[u8], format: &str, params: &Params) -> Result<Insert<'_>, Exception> {
        let arrays = ParamArrays::of(params);
        let handle = arrays.call(api().chdb_stream_insert_with_params_n, self.handle(), sql, format);
        let insert = Insert { _connection: self, handle, ended: false };
        insert.error().map_or(Ok(insert), |text| Err(Exception::from_engine(&text)))
    }

    /// Parses without running: how many statements there are and what the first would do.
    pub(crate) fn classify(&self, sql: &[u8]) -> Analysis {
        let mut analysis = Analysis::unknown();
        // SAFETY: lengths match the pointers; `analysis` names its own size.
        unsafe {
            (api().chdb_classify_query_n)(
                self.handle(),
                sql.as_ptr().cast(),
                sql.len(),
                std::ptr::null(),
                0,
                &mut analysis,
            );
        }
        analysis
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: streams and inserts borrow the connection, so none is left.
        unsafe { (api().chdb_close_conn)(self.0) }
    }
}

/// A running SELECT.
pub(crate) struct Stream<'a> {
    connection: &'a Connection,
    result: ResultBuffer,
    ended: bool,
}

impl Stream<'_> {
    /// The next piece: a complete document of its own, with header if the format has one.
    pub(crate) fn next(&mut self) -> Result<Option<ResultBuffer>, Exception> {
        if self.ended {
            return Ok(None);
        }
        // SAFETY: both handles are live.
        let handle = unsafe { (api().chdb_stream_fetch_result)(self.connection.handle(), self.result.0) };
        let piece = ResultBuffer::checked(handle);
        self.ended = piece.as_ref().map_or(true, |piece| piece.as_ref().is_empty());
        piece.map(|piece| (!self.ended).then_some(piece))
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        if !self.ended {
            // SAFETY: both handles are live; cancelling is how an unfinished stream is let go.
            unsafe { (api().chdb_stream_cancel_query)(self.connection.handle(), self.result.0) }
        }
    }
}

/// A running insert; nothing lands unless [`Insert::finish`] is called.
pub(crate) struct Insert<'a> {
    _connection: &'a Connection,
    handle: InsertHandle,
    ended: bool,
}

impl Insert<'_> {
    fn error(&self) -> Option<String> {
        // SAFETY: the handle is never null and lives until `Drop`.
        unsafe { text_of((api().chdb_stream_insert_error)(self.handle)) }
    }

    /// Hands over data; waits when the engine is behind. `false`: the engine has failed and [`Insert::finish`] says why.
    pub(crate) fn append(&self, data: &[u8]) -> bool {
        // SAFETY: the engine copies the data before it returns.
        data.is_empty()
            || unsafe { (api().chdb_stream_append)(self.handle, data.as_ptr().cast(), data.len()) } == 0
    }

    pub(crate) fn finish(mut self) -> Result<Stats, Exception> {
        self.ended = true;
        // SAFETY: the handle is live; the result is a new one that we own.
        ResultBuffer::checked(unsafe { (api().chdb_stream_done)(self.handle) }).map(|result| result.stats())
    }
}

impl Drop for Insert<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is live and freed exactly once; an unfinished insert is cancelled first.
        unsafe {
            if !self.ended {
                (api().chdb_stream_cancel_insert)(self.handle);
            }
            (api().chdb_destroy_insert_stream)(self.handle);
        }
    }
}

/// Parameters as the C interface wants them: four parallel arrays.
struct ParamArrays {
    names: Vec<*const c_char>,
    name_lengths: Vec<usize>,
    values: Vec<*const c_char>,
    value_lengths: Vec<usize>,
}

impl ParamArrays {
    fn of(params: &Params) -> Self {
        ParamArrays {
            names: params.iter().map(|(name, _)| name.as_ptr().cast()).collect(),
            name_lengths: params.iter().map(|(name, _)| name.len()).collect(),
            values: params.iter().map(|(_, value)| value.as_ptr().cast()).collect(),
            value_lengths: params.iter().map(|(_, value)| value.len()).collect(),
        }
    }

    fn call<R>(
        &self,
        function: abi::Statement<R>,
        connection: ConnectionHandle,
        sql: &[u8],
        format: &str,
    ) -> R {
        // SAFETY: every pointer is paired with its length, and the borrowed strings outlive the call.
        unsafe {
            function(
                connection,
                sql.as_ptr().cast(),
                sql.len(),
                format.as_ptr().cast(),
                format.len(),
                self.names.as_ptr(),
                self.name_lengths.as_ptr(),
                self.values.as_ptr(),
                self.value_lengths.as_ptr(),
                self.names.len(),
            )
        }
    }
}

/// # Safety
/// `text` is null or a zero-terminated string that lives through the call.
unsafe fn text_of(text: *const c_char) -> Option<String> {
    // SAFETY: by the contract above.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}
