//! The yardstick for requests: poem answering a constant text, on the same runtime as the product.

use std::net::SocketAddr;

use clap::Args;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{Route, Server, get, handler};

use crate::Result;

#[derive(Args)]
pub(crate) struct Options {
    /// The address; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

#[handler]
fn hello() -> &'static str {
    "hello"
}

pub(crate) fn run(options: &Options) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let acceptor = TcpListener::bind(options.listen).into_acceptor().await?;
            let addresses = acceptor.local_addr();
            let address = addresses.first().ok_or("poem does not say where it listens")?;
            println!("ready at {address}");
            Server::new_with_acceptor(acceptor)
                .run(Route::new().at("/", get(hello)))
                .await?;
            Ok(())
        })
}
