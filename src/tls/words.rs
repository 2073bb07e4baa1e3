//! What went wrong in TLS, in one line for the person who can mend it.
use rustls::{AlertDescription, CertificateError as Bad, Error, InvalidMessage};
use std::io;

/// What TLS says of a fault of a connection; `None` where the fault is not one of TLS.
pub fn words(fault: &io::Error) -> Option<String> {
    let fault = fault.get_ref()?.downcast_ref::<Error>()?;
    Some(match fault {
        Error::InvalidCertificate(why) => certificate(why),
        Error::AlertReceived(alert) => refused(*alert),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the other side speaks no TLS at this port".to_owned()
        }
        Error::PeerIncompatible(why) => format!("the other side speaks another TLS than 1.2 or 1.3 ({why:?})"),
        other => format!("TLS: {other}"),
    })
}

fn certificate(why: &Bad) -> String {
    match why {
        Bad::UnknownIssuer => {
            "its certificate is signed by nobody we trust: give the CA that signed it in tls.ca_file".to_owned()
        }
        Bad::Expired | Bad::ExpiredContext { .. } => {
            "its certificate has expired: the telco must renew it (or this machine's clock is wrong)".to_owned()
        }
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
            "its certificate is not valid yet: is this machine's clock wrong?".to_owned()
        }
        Bad::NotValidForName => "its certificate is for another name: set tls.server_name".to_owned(),
        Bad::NotValidForNameContext { expected, presented } => named(&expected.to_str(), presented),
        Bad::BadSignature => {
            "its certificate is not signed by the CA that it names: is tls.ca_file of the same CA?".to_owned()
        }
        Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => "its certificate is not one for a server".to_owned(),
        other => match format!("{other:?}") {
            // the name of an error of webpki that is passed on as it is
            text if text.contains("CaUsedAsEndEntity") => {
                "its certificate is that of a CA, which no server may show: the telco must use one that the CA signed"
                    .to_owned()
            }
            text => format!("its certificate cannot be used: {text}"),
        },
    }
}

fn named(wanted: &str, presented: &[String]) -> String {
    // as rustls writes them: DnsName("smsc.example"), IpAddress(192.0.2.7)
    let bare = |text: &String| match text.split_once('(') {
        Some((_, rest)) => rest.trim_matches([')', '"']).to_owned(),
        None => text.clone(),
    };
    let names: Vec<String> = presented.iter().map(bare).collect();
    if names.is_empty() {
        format!("its certificate holds no name (subjectAltName), so it cannot prove that it is {wanted}")
    } else {
        format!("its certificate is for {}, not for {wanted}: set tls.server_name", names.join(", "))
    }
}

fn refused(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => {
            "it wants a certificate of ours: set tls.cert_file and tls.key_file".to_owned()
        }
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateRevoked
        | AlertDescription::AccessDenied => {
            format!("it does not take our certificate ({alert:?}): is tls.cert_file the one that the telco signed or knows?")
        }
        AlertDescription::ProtocolVersion => "it speaks another TLS than 1.2 or 1.3".to_owned(),
        AlertDescription::UnrecognisedName => "it does not know the name that we ask for: set tls.server_name".to_owned(),
        AlertDescription::HandshakeFailure => {
            "it ended the handshake: either it wants a certificate of ours (tls.cert_file), or it has no cipher in common with us"
                .to_owned()
        }
        other => format!("it ended TLS ({other:?})"),
    }
}
