//! A store that fails, loses its answers or is interfered with at one chosen call.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt as _};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result,
};

/// What goes wrong at a call; calls are numbered from 0.
#[derive(Clone)]
pub enum Fault {
    /// The call does nothing and fails.
    Refused,
    /// It and every later call do nothing and fail.
    Down,
    /// The call does its work, and fails.
    AnswerLost,
    /// The call does its work and fails, and every later call fails.
    AnswerLostThenDown,
    /// Something else happens just before the call.
    Before(Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>),
}

/// `inner` with one fault.
pub struct FaultyStore {
    inner: Arc<dyn ObjectStore>,
    at: usize,
    fault: Fault,
    calls: Arc<AtomicUsize>,
}

impl FaultyStore {
    pub fn new(inner: &Arc<dyn ObjectStore>, at: usize, fault: &Fault) -> Arc<Self> {
        let (inner, fault, calls) =
            (Arc::clone(inner), fault.clone(), Arc::new(AtomicUsize::new(0)));
        Arc::new(Self { inner, at, fault, calls })
    }

    /// Whether the fault has occurred.
    pub fn has_occurred(&self) -> bool {
        self.calls.load(Ordering::SeqCst) > self.at
    }

    /// Counts a call. Returns whether it does its work, and whether it says so.
    async fn call(&self) -> (bool, bool) {
        let (now, later) = self.count();
        match &self.fault {
            Fault::Before(interference) if now => {
                interference().await;
                (true, true)
            }
            fault => fate(fault, now, later),
        }
    }

    fn count(&self) -> (bool, bool) {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        (call == self.at, call > self.at)
    }
}

fn fate(fault: &Fault, now: bool, later: bool) -> (bool, bool) {
    match fault {
        Fault::Refused => (!now, !now),
        Fault::Down => (!now && !later, !now && !later),
        Fault::AnswerLost => (true, !now),
        Fault::AnswerLostThenDown => (!later, !now && !later),
        Fault::Before(_) => (true, true),
    }
}

fn failure() -> Error {
    Error::Generic { store: "FaultyStore", source: "the connection was reset".into() }
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaultyStore at {} over {:?}", self.at, self.inner)
    }
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

// The signatures are those that `async_trait` makes of the trait.
impl ObjectStore for FaultyStore {
    fn put_opts<'s, 'p, 'f>(
        &'s self,
        location: &'p Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> BoxFuture<'f, Result<PutResult>>
    where
        's: 'f,
        'p: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let (works, says) = self.call().await;
            if !works {
                return Err(failure());
            }
            let result = self.inner.put_opts(location, payload, opts).await;
            if says { result } else { Err(failure()) }
        })
    }

    fn get_opts<'s, 'p, 'f>(
        &'s self,
        location: &'p Path,
        options: GetOptions,
    ) -> BoxFuture<'f, Result<GetResult>>
    where
        's: 'f,
        'p: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            match self.call().await {
                (true, true) => self.inner.get_opts(location, options).await,
                _ => Err(failure()),
            }
        })
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (now, later) = self.count();
        let objects = self.inner.list(prefix);
        match &self.fault {
            Fault::Before(interference) if now => {
                // Listing starts only when the interference is over.
                let (inner, prefix) = (Arc::clone(&self.inner), prefix.cloned());
                let interference = interference();
                stream::once(interference).flat_map(move |()| inner.list(prefix.as_ref())).boxed()
            }
            fault if fate(fault, now, later) == (true, true) => objects,
            // A listing that breaks off after its first object.
            _ => objects.take(1).chain(stream::once(async { Err(failure()) })).boxed(),
        }
    }

    fn list_with_delimiter<'s, 'p, 'f>(
        &'s self,
        prefix: Option<&'p Path>,
    ) -> BoxFuture<'f, Result<ListResult>>
    where
        's: 'f,
        'p: 'f,
        Self: 'f,
    {
        self.inner.list_with_delimiter(prefix)
    }

    fn put_multipart_opts<'s, 'p, 'f>(
        &'s self,
        location: &'p Path,
        opts: PutMultipartOptions,
    ) -> BoxFuture<'f, Result<Box<dyn MultipartUpload>>>
    where
        's: 'f,
        'p: 'f,
        Self: 'f,
    {
        self.inner.put_multipart_opts(location, opts)
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let (inner, calls) = (Arc::clone(&self.inner), Arc::clone(&self.calls));
        let (at, fault) = (self.at, self.fault.clone());
        let delete = move |location: Result<Path>| {
            let (inner, fault) = (Arc::clone(&inner), fault.clone());
            let call = calls.fetch_add(1, Ordering::SeqCst);
            async move {
                let location = location?;
                if let Fault::Before(interference) = &fault
                    && call == at
                {
                    interference().await;
                }
                let (works, says) = fate(&fault, call == at, call > at);
                if works {
                    inner.delete(&location).await?;
                }
                if says { Ok(location) } else { Err(failure()) }
            }
        };
        locations.then(delete).boxed()
    }

    fn copy_opts<'s, 'p, 'q, 'f>(
        &'s self,
        from: &'p Path,
        to: &'q Path,
        options: CopyOptions,
    ) -> BoxFuture<'f, Result<()>>
    where
        's: 'f,
        'p: 'f,
        'q: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let (works, says) = self.call().await;
            if !works {
                return Err(failure());
            }
            let result = self.inner.copy_opts(from, to, options).await;
            if says { result } else { Err(failure()) }
        })
    }
}
