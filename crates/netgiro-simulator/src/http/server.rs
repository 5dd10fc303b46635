//! The thread that listens, answers, sends callbacks and runs timers.

use crate::http::api::{self, ConnectionEnd};
use crate::http::shared::{Ack, ListenerCommand, ListenerCommands, Shared};
use crate::http::stream::Stream;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

/// Serves until `stop`; the runtime's end cuts the connections that are still open.
pub(crate) async fn serve(
    listener: std::net::TcpListener,
    shared: Arc<Shared>,
    mut commands: ListenerCommands,
    stop: oneshot::Receiver<()>,
) {
    tokio::select! {
        _ = stop => {}
        _ = listen(listener, &shared, &mut commands) => {}
        () = run_timers(&shared) => {}
    }
}

async fn listen(
    listener: std::net::TcpListener,
    shared: &Arc<Shared>,
    commands: &mut ListenerCommands,
) -> io::Result<()> {
    let mut listener = TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    loop {
        tokio::select! {
            Some(command) = commands.recv() => {
                if let ListenerCommand::Refuse(period, done) = command {
                    drop(listener);
                    listener = refuse(address, shared, commands, period, done).await?;
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(serve_connection(stream, Arc::clone(shared)));
                }
                // Probably out of file descriptors: others may be closed meanwhile.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
}

/// Holds the port without listening, so that connections are refused and no other program takes it.
async fn refuse(
    address: SocketAddr,
    shared: &Shared,
    commands: &mut ListenerCommands,
    mut period: Duration,
    mut done: Ack,
) -> io::Result<TcpListener> {
    shared.cut.notify_waiters();
    let socket = loop {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        if socket.bind(address).is_ok() {
            break socket;
        }
        // An outgoing connection may have the port by chance.
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    loop {
        drop(done);
        match tokio::time::timeout(period, commands.recv()).await {
            Ok(Some(ListenerCommand::Refuse(longer, next))) => (period, done) = (longer, next),
            Ok(Some(ListenerCommand::Listen(_done))) => return socket.listen(1024),
            Ok(None) | Err(_) => return socket.listen(1024),
        }
    }
}

/// Serves one connection until it ends.
async fn serve_connection(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let mut cut = pin!(shared.cut.notified());
    cut.as_mut().enable();
    let end = Arc::new(ConnectionEnd::default());
    let service = service_fn(|request| api::answer(request, Arc::clone(&shared), Arc::clone(&end)));
    let stream = tokio::select! {
        stream = accept(stream, shared.acceptor.as_ref()) => stream,
        () = &mut cut => return,
    };
    let Ok(stream) = stream else {
        return;
    };
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = &mut connection => {}
        () = end.now.notified() => {}
        () = cut => {}
    }
    if end.is_reset.load(Ordering::Relaxed) {
        connection.into_parts().io.into_inner().set_reset();
    }
}

async fn accept(stream: TcpStream, acceptor: Option<&TlsAcceptor>) -> io::Result<Stream> {
    Ok(match acceptor {
        None => Stream::Plain(stream),
        Some(acceptor) => Stream::Tls(Box::new(acceptor.accept(stream).await?.into())),
    })
}

/// Runs the timers when they are due, and sends the callbacks in the outbox.
async fn run_timers(shared: &Arc<Shared>) {
    loop {
        let (callbacks, wait) = shared.now(|engine, now| {
            let wait = engine
                .next_due()
                .map(|due| Duration::try_from(due.duration_since(now)).unwrap_or_default());
            (engine.take_outbox(), wait)
        });
        for delivery in callbacks {
            let shared = Arc::clone(shared);
            tokio::spawn(async move {
                let status = shared
                    .callback_sender
                    .deliver(&delivery, shared.callback_timeout)
                    .await;
                shared.now(|engine, now| engine.delivered(delivery, status, now));
            });
        }
        let changed = shared.changed.notified();
        match wait {
            Some(wait) => {
                let _ = tokio::time::timeout(wait, changed).await;
            }
            None => changed.await,
        }
    }
}
