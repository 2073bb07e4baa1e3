//! What is legal to read and has no business here: survived, counted by its kind, told without content.
use super::decode::BadBody;

/// A PDU that is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Anomaly {
    /// It tells that somebody can be reached whom nobody asked about.
    #[error("alert_notification")]
    AlertNotification,
    /// It has its place on connections that the SMSC makes.
    #[error("outbind on a connection of ours")]
    Outbind,
    /// Answered by a generic_nack.
    #[error("a request that an ESME does not take")]
    UnknownRequest,
    /// A message that cannot be read.
    #[error("{0}")]
    BadBody(BadBody),
    /// Refused.
    #[error("a message before the bind_resp")]
    TooEarly,
    /// Late, twice, or to nothing that was asked.
    #[error("a response that nobody waits for")]
    Response,
    /// It was bound already.
    #[error("a second bind_resp")]
    BindResp,
}

impl Anomaly {
    /// Its kind, as a metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Anomaly::AlertNotification => "alert_notification",
            Anomaly::Outbind => "outbind",
            Anomaly::UnknownRequest => "unknown_request",
            Anomaly::BadBody(_) => "bad_body",
            Anomaly::TooEarly => "too_early",
            Anomaly::Response => "response",
            Anomaly::BindResp => "bind_resp",
        }
    }
}
