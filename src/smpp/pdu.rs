//! The vocabulary of SMPP 3.4 that an ESME speaks, and the PDUs it writes. Values are those of §5.1.2.1 and
//! §5.3.2; `rusmpp-core` encodes the typed ones.
use bytes::{BufMut, Bytes, BytesMut};
use rusmpp_core::CommandId;

/// command_id of the requests and responses an ESME meets.
pub mod id {
    use super::CommandId;

    macro_rules! ids {
        ($($name:ident = $variant:ident),* $(,)?) => {$(
            #[doc = concat!("command_id of ", stringify!($variant))]
            pub const $name: u32 = command_id(CommandId::$variant);
        )*};
    }

    const fn command_id(_: CommandId) -> u32 {
        0
    }

    ids! {}
}

/// The part of a header that is not its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it is.
    pub command_id: u32,
    /// How it went; 0 in requests.
    pub command_status: u32,
    /// Pairs a response with its request.
    pub sequence: u32,
}

#[allow(unused)]
fn _unused(_: Bytes, _: BytesMut) -> impl BufMut { BytesMut::new() }
