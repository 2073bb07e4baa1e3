//! A trace that is the same when everything happened the same.

/// FNV-1a over what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace(u64);

impl Trace {
    pub fn new() -> Self {
        Trace(0xCBF2_9CE4_8422_2325)
    }

    pub fn note(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 = (self.0 ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }
}
