//! The leases port. What fails here says nothing of the store: nobody is answered by it.
use crate::{
    ports::{
        PortFuture, StoreFault,
        leases::{BindId, Leases, OwnLease, Shares},
        orders::Order,
    },
    store::{
        conn::{Conn, Sql},
        sql::leases,
        store::DbStore,
    },
    types::names::SmscName,
};

impl DbStore {
    async fn leased<T: Send + 'static>(
        &self,
        asked: impl FnOnce(&Conn, &str) -> Sql<T> + Send + 'static,
    ) -> Result<T, StoreFault> {
        let leasing = self.leasing.as_ref().ok_or(StoreFault::Rejected)?;
        let node = leasing.node.clone();
        leasing.ask(move |conn| asked(conn, &node)).await?.map_err(|error| {
            tracing::debug!(%error, "the leases of binds");
            self.base.of_read(&error)
        })
    }
}

impl Leases for DbStore {
    fn node(&self) -> Option<String> {
        self.leasing.as_ref().map(|leasing| leasing.node.clone())
    }

    fn renew_leases(&self, run: i64, held: Vec<(OwnLease, bool)>) -> PortFuture<'_, Result<Vec<BindId>, StoreFault>> {
        Box::pin(self.leased(move |conn, _| leases::renew(conn, run, &held)))
    }

    fn take_seats(&self, run: i64, telcos: Vec<SmscName>) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(self.leased(move |conn, node| leases::sit(conn, node, run, &telcos)))
    }

    fn shares(&self) -> PortFuture<'_, Result<Shares, StoreFault>> {
        Box::pin(self.leased(|conn, _| leases::shares(conn)))
    }

    fn take_leases(&self, run: i64, binds: Vec<BindId>) -> PortFuture<'_, Result<Vec<OwnLease>, StoreFault>> {
        Box::pin(self.leased(move |conn, node| leases::take(conn, node, run, &binds)))
    }

    fn release_leases(&self, run: i64, leases: Vec<OwnLease>) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(self.leased(move |conn, _| leases::release(conn, run, &leases)))
    }

    fn order(&self, smsc: SmscName, order: Order) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(self.leased(move |conn, _| leases::order(conn, &smsc, order)))
    }
}
