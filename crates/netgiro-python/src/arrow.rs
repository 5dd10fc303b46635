//! Arrow's C data interface: tables are handed to pyarrow, polars, DuckDB and pandas as the very memory
//! they compute on, without any of them being needed here.
//!
//! What is laid out here is written down in <https://arrow.apache.org/docs/format/CDataInterface.html> and
//! `CStreamInterface.html` beside it. The crates that implement it add some 600 KB to the module, a tenth
//! of all of it, so the little that is needed stands here.
//!
//! Each struct owns what its pointers lead to, by its private data, and frees it when its consumer
//! calls `release`, or, if none did, when it is dropped. A consumer may move a struct elsewhere by
//! copying its bytes and clearing `release` in the original, which is then not freed.

#![allow(
    unsafe_code,
    reason = "the interface is one of C: pointers, and functions that are called with them"
)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use pyo3::prelude::*;
use pyo3::types::PyCapsule;

/// What `get_next` answers when it has failed; the message is the stream's last error.
const EINVAL: c_int = 22;

const NULLABLE: i64 = 2;

/// A type, as the C interface has it.
#[repr(C)]
pub(crate) struct Schema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut Schema,
    dictionary: *mut Schema,
    release: Option<unsafe extern "C" fn(*mut Schema)>,
    private_data: *mut c_void,
}

/// Values of a type, as the C interface has them.
#[repr(C)]
pub(crate) struct Array {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut Array,
    dictionary: *mut Array,
    release: Option<unsafe extern "C" fn(*mut Array)>,
    private_data: *mut c_void,
}

#[repr(C)]
struct Stream {
    get_schema: Option<unsafe extern "C" fn(*mut Stream, *mut Schema) -> c_int>,
    get_next: Option<unsafe extern "C" fn(*mut Stream, *mut Array) -> c_int>,
    get_last_error: Option<unsafe extern "C" fn(*mut Stream) -> *const c_char>,
    release: Option<unsafe extern "C" fn(*mut Stream)>,
    private_data: *mut c_void,
}

/// Memory that holds values: aligned as its elements are.
pub(crate) enum Buffer {
    /// There is none: no value is null.
    Absent,
    Bytes(Vec<u8>),
    Offsets(Vec<i32>),
    Integers(Vec<i64>),
    Decimals(Vec<i128>),
}

impl Buffer {
    fn pointer(&self) -> *const c_void {
        match self {
            Self::Absent => ptr::null(),
            Self::Bytes(values) => values.as_ptr().cast(),
            Self::Offsets(values) => values.as_ptr().cast(),
            Self::Integers(values) => values.as_ptr().cast(),
            Self::Decimals(values) => values.as_ptr().cast(),
        }
    }
}

/// Structs on the heap that others point to.
struct Owned<T>(Vec<*mut T>);

impl<T> Owned<T> {
    fn new(values: impl IntoIterator<Item = T>) -> Self {
        let boxed = |value| Box::into_raw(Box::new(value));
        Self(values.into_iter().map(boxed).collect())
    }

    fn first(&self) -> *mut T {
        self.0.first().copied().unwrap_or_else(ptr::null_mut)
    }

    fn len(&self) -> i64 {
        length(self.0.len())
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        for &value in &self.0 {
            // SAFETY: it came from `Box::into_raw` in `new`, and is freed nowhere else.
            drop(unsafe { Box::from_raw(value) });
        }
    }
}

/// What a schema's pointers lead to.
struct SchemaParts {
    format: CString,
    name: CString,
    children: Owned<Schema>,
    dictionary: Owned<Schema>,
}

impl Schema {
    /// A type by its format string, under a name; as a dictionary where there is one.
    pub(crate) fn new(format: CString, name: CString, is_nullable: bool) -> Self {
        Self::of(format, name, is_nullable, [], None)
    }

    /// A type whose values are indices into those of another.
    pub(crate) fn dictionary(format: CString, name: CString, values: Self) -> Self {
        Self::of(format, name, true, [], Some(values))
    }

    /// A record of these members.
    pub(crate) fn record(members: impl IntoIterator<Item = Self>) -> Self {
        Self::of(c"+s".to_owned(), CString::default(), false, members, None)
    }

    fn of(
        format: CString,
        name: CString,
        is_nullable: bool,
        children: impl IntoIterator<Item = Self>,
        dictionary: Option<Self>,
    ) -> Self {
        let mut parts = Box::new(SchemaParts {
            format,
            name,
            children: Owned::new(children),
            dictionary: Owned::new(dictionary),
        });
        Self {
            format: parts.format.as_ptr(),
            name: parts.name.as_ptr(),
            metadata: ptr::null(),
            flags: if is_nullable { NULLABLE } else { 0 },
            n_children: parts.children.len(),
            children: parts.children.0.as_mut_ptr(),
            dictionary: parts.dictionary.first(),
            release: Some(release_schema),
            private_data: Box::into_raw(parts).cast(),
        }
    }

    /// As Python's `__arrow_c_schema__` has to give it.
    pub(crate) fn into_capsule(self, py: Python<'_>) -> PyResult<Bound<'_, PyCapsule>> {
        PyCapsule::new_with_value_and_destructor(py, self, c"arrow_schema", |schema, _| {
            drop(schema);
        })
    }
}

/// SAFETY: to be called with a schema that was made by [`Schema::of`] and not released.
unsafe extern "C" fn release_schema(schema: *mut Schema) {
    // SAFETY: the caller gives a schema of `of`, whose private data is such a box, and whose `release`
    // is cleared here, so that nobody comes here with it again.
    unsafe {
        drop(Box::from_raw((*schema).private_data.cast::<SchemaParts>()));
        (*schema).release = None;
    }
}

/// What an array's pointers lead to.
struct ArrayParts {
    /// What the pointers after it point into.
    _buffers: Vec<Buffer>,
    pointers: Vec<*const c_void>,
    children: Owned<Array>,
    dictionary: Owned<Array>,
}

impl Array {
    /// So many values in these buffers, the first of which says which are not null.
    pub(crate) fn new(length: usize, nulls: usize, buffers: Vec<Buffer>) -> Self {
        Self::of(length, nulls, buffers, [], None)
    }

    /// Indices into other values.
    pub(crate) fn dictionary(
        length: usize,
        nulls: usize,
        buffers: Vec<Buffer>,
        values: Self,
    ) -> Self {
        Self::of(length, nulls, buffers, [], Some(values))
    }

    /// So many records of these members.
    pub(crate) fn record(length: usize, members: impl IntoIterator<Item = Self>) -> Self {
        Self::of(length, 0, vec![Buffer::Absent], members, None)
    }

    fn of(
        values: usize,
        nulls: usize,
        buffers: Vec<Buffer>,
        children: impl IntoIterator<Item = Self>,
        dictionary: Option<Self>,
    ) -> Self {
        // A buffer's values are on the heap: moving the buffer itself moves none of them.
        let pointers = buffers.iter().map(Buffer::pointer).collect();
        let mut parts = Box::new(ArrayParts {
            _buffers: buffers,
            pointers,
            children: Owned::new(children),
            dictionary: Owned::new(dictionary),
        });
        Self {
            length: length(values),
            null_count: length(nulls),
            offset: 0,
            n_buffers: length(parts.pointers.len()),
            n_children: parts.children.len(),
            buffers: parts.pointers.as_mut_ptr(),
            children: parts.children.0.as_mut_ptr(),
            dictionary: parts.dictionary.first(),
            release: Some(release_array),
            private_data: Box::into_raw(parts).cast(),
        }
    }

    /// What stands for the end of a stream.
    fn released() -> Self {
        Self {
            length: 0,
            null_count: 0,
            offset: 0,
            n_buffers: 0,
            n_children: 0,
            buffers: ptr::null_mut(),
            children: ptr::null_mut(),
            dictionary: ptr::null_mut(),
            release: None,
            private_data: ptr::null_mut(),
        }
    }
}

/// SAFETY: to be called with an array that was made by [`Array::of`] and not released.
unsafe extern "C" fn release_array(array: *mut Array) {
    // SAFETY: as in `release_schema`.
    unsafe {
        drop(Box::from_raw((*array).private_data.cast::<ArrayParts>()));
        (*array).release = None;
    }
}

/// A table that is handed out a batch of rows at a time.
pub(crate) trait Table: Send + 'static {
    fn schema(&self) -> Schema;

    /// The next rows, as a record of the columns; `None` after the last.
    fn next(&mut self) -> Result<Option<Array>, String>;
}

struct StreamParts {
    table: Box<dyn Table>,
    error: CString,
}

/// A table as Python's `__arrow_c_stream__` has to give it.
pub(crate) fn stream(py: Python<'_>, table: impl Table) -> PyResult<Bound<'_, PyCapsule>> {
    let parts = Box::new(StreamParts {
        table: Box::new(table),
        error: CString::default(),
    });
    let stream = Stream {
        get_schema: Some(get_schema),
        get_next: Some(get_next),
        get_last_error: Some(get_last_error),
        release: Some(release_stream),
        private_data: Box::into_raw(parts).cast(),
    };
    PyCapsule::new_with_value_and_destructor(py, stream, c"arrow_array_stream", |stream, _| {
        drop(stream);
    })
}

/// SAFETY: to be called with a stream of [`stream`] that is not released, from one thread at a time, and
/// a place for a schema.
unsafe extern "C" fn get_schema(stream: *mut Stream, out: *mut Schema) -> c_int {
    // SAFETY: the private data of such a stream are `StreamParts`, and nobody else uses them now.
    let parts = unsafe { &mut *(*stream).private_data.cast::<StreamParts>() };
    match catch_unwind(AssertUnwindSafe(|| parts.table.schema())) {
        Ok(schema) => {
            // SAFETY: `out` is a place for a schema; what is in it is not one that could be dropped.
            unsafe { out.write(schema) };
            0
        }
        Err(_) => failed(parts, "netgiro has a bug: its columns could not be named"),
    }
}

/// SAFETY: as for [`get_schema`], with a place for an array.
unsafe extern "C" fn get_next(stream: *mut Stream, out: *mut Array) -> c_int {
    // SAFETY: as in `get_schema`.
    let parts = unsafe { &mut *(*stream).private_data.cast::<StreamParts>() };
    match catch_unwind(AssertUnwindSafe(|| parts.table.next())) {
        Ok(Ok(array)) => {
            // SAFETY: as in `get_schema`.
            unsafe { out.write(array.unwrap_or_else(Array::released)) };
            0
        }
        Ok(Err(why)) => failed(parts, &why),
        Err(_) => failed(parts, "netgiro has a bug: its columns could not be filled"),
    }
}

fn failed(parts: &mut StreamParts, why: &str) -> c_int {
    parts.error = CString::new(why.replace('\0', " ")).unwrap_or_default();
    EINVAL
}

/// SAFETY: as for [`get_schema`]. The text is there until the next call.
unsafe extern "C" fn get_last_error(stream: *mut Stream) -> *const c_char {
    // SAFETY: as in `get_schema`.
    let parts = unsafe { &*(*stream).private_data.cast::<StreamParts>() };
    let error: &CStr = &parts.error;
    if error.is_empty() {
        ptr::null()
    } else {
        error.as_ptr()
    }
}

/// SAFETY: to be called with a stream of [`stream`] that is not released.
unsafe extern "C" fn release_stream(stream: *mut Stream) {
    // SAFETY: as in `release_schema`.
    unsafe {
        drop(Box::from_raw((*stream).private_data.cast::<StreamParts>()));
        (*stream).release = None;
    }
}

/// Frees on dropping what nobody has released, and may go to another thread: its pointers lead to what
/// is its own alone, and is `Send` itself.
macro_rules! releasing {
    ($($name:ident)+) => {$(
        impl Drop for $name {
            fn drop(&mut self) {
                if let Some(release) = self.release {
                    // SAFETY: made here, and not released.
                    unsafe { release(self) };
                }
            }
        }

        // SAFETY: see above.
        unsafe impl Send for $name {}
    )+};
}

releasing! { Schema Array Stream }

/// No vector is longer than an `i64` can say.
fn length(values: usize) -> i64 {
    i64::try_from(values).unwrap_or(i64::MAX)
}
