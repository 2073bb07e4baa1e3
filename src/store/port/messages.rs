//! The messages port.
use crate::{
    ports::{
        PortFuture, StoreFault,
        messages::{CallEnd, MessageStatus, Messages, NewCall},
    },
    store::{
        rows::CallRow,
        {
            ops::Single,
            sql::messages::{Which, told},
            store::DbStore,
        },
    },
    types::UnixMs,
};

impl Messages for DbStore {
    fn accept_call(&self, call: NewCall, now: UnixMs) -> PortFuture<'_, Result<CallEnd, StoreFault>> {
        Box::pin(async move { self.submit(Single::AcceptCall, CallRow::seal(&self.keys, call, now)?).await })
    }

    fn message(
        &self,
        agency: String,
        id: String,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Option<MessageStatus>, StoreFault>> {
        Box::pin(async move { Ok(self.read(move |conn| told(conn, Which::Id, &agency, &id, now)).await?.pop()) })
    }

    fn messages_under(
        &self,
        agency: String,
        reference: String,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Vec<MessageStatus>, StoreFault>> {
        Box::pin(async move { self.read(move |conn| told(conn, Which::Reference, &agency, &reference, now)).await })
    }

    fn messages_of(
        &self,
        agency: String,
        request: String,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Vec<MessageStatus>, StoreFault>> {
        Box::pin(async move { self.read(move |conn| told(conn, Which::Request, &agency, &request, now)).await })
    }
}
