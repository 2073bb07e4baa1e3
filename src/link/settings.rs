//! A telco's settings by the keys of its `[[smsc]]`, for operators to read: what is set, and what stands there by default.
//! The password is in none of them.
use super::telco::Telco;
use crate::smpp::{
    esme::{NumberFormat, Validity},
    message_id::Rule,
    text::DefaultAlphabet,
};

impl Telco {
    /// Keys and values, in the order in which an engineer asks for them.
    pub(super) fn settings(&self) -> Vec<(&'static str, String)> {
        let seconds = |of: std::time::Duration| format!("{} s", of.as_secs());
        let or_none = |text: String| if text.is_empty() { "–".to_owned() } else { text };
        let yes = |holds: bool| if holds { "true" } else { "false" }.to_owned();
        let (major, minor) = (self.interface_version >> 4, self.interface_version & 15);
        vec![
            ("address", self.address.clone()),
            ("tls", yes(self.tls.is_some())),
            ("system_id", self.system_id.clone()),
            ("system_type", or_none(self.system_type.clone())),
            ("interface_version", format!("{major}.{minor}")),
            ("bind", if self.pair { "pair" } else { "transceiver" }.to_owned()),
            ("binds", self.binds.to_string()),
            ("window", self.window.to_string()),
            ("max_tps", self.max_tps.to_string()),
            ("enquire_link_s", seconds(self.enquire_link)),
            ("response_timeout_s", seconds(self.response_timeout)),
            ("reconnect_max_s", seconds(self.reconnect_max)),
            ("short_codes", self.short_codes.join(", ")),
            ("number_format", number_format(self.number_format).to_owned()),
            ("source", format!("TON {}, NPI {}", self.source.0, self.source.1)),
            ("dest", format!("TON {}, NPI {}", self.dest.0, self.dest.1)),
            ("default_alphabet", alphabet(self.default_alphabet).to_owned()),
            ("packing", if self.packed { "packed" } else { "unpacked" }.to_owned()),
            ("validity", validity(self.validity).to_owned()),
            ("receipts", yes(self.receipts)),
            ("message_id", rule(self.message_id).to_owned()),
            ("ussd", or_none(self.ussd.codes.join(", "))),
        ]
    }
}

fn number_format(format: NumberFormat) -> &'static str {
    match format {
        NumberFormat::International => "international",
        NumberFormat::National => "national",
        NumberFormat::Plus => "plus",
    }
}

fn validity(validity: Validity) -> &'static str {
    match validity {
        Validity::Relative => "relative",
        Validity::Absolute => "absolute",
        Validity::None => "none",
    }
}

fn rule(rule: Rule) -> &'static str {
    match rule {
        Rule::Auto => "auto",
        Rule::Exact => "exact",
        Rule::Hex => "hex",
        Rule::Decimal => "decimal",
    }
}

fn alphabet(alphabet: DefaultAlphabet) -> &'static str {
    match alphabet {
        DefaultAlphabet::Gsm7 => "gsm7",
        DefaultAlphabet::Latin1 => "latin1",
        DefaultAlphabet::Ascii => "ascii",
    }
}
