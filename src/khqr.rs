//! KHQR, the QR strings of Bakong: an EMV merchant-presented code with Cambodia's templates. Written and read as
//! the National Bank's own library does (bakong-khqr 1.0.20): a length counts UTF-16 units, the checksum goes over
//! UTF-8 octets, and tag 99 stands before tag 63. Knows no payment and no portal.

/// CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, not reflected.
pub fn crc16(octets: &[u8]) -> u16 {
    octets.iter().fold(0xFFFF, |crc, octet| {
        (0..8).fold(
            crc ^ (u16::from(*octet) << 8),
            |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 },
        )
    })
}

/// Currencies of KHQR (ISO 4217).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Currency {
    /// Riel, 116.
    Khr,
    /// US dollar, 840.
    Usd,
}

impl Currency {
    /// By its number.
    pub fn from_number(number: u16) -> Option<Self> {
        match number {
            116 => Some(Self::Khr),
            840 => Some(Self::Usd),
            _ => None,
        }
    }

    fn number(self) -> &'static str {
        match self {
            Self::Khr => "116",
            Self::Usd => "840",
        }
    }
}

/// Who is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payee<'a> {
    /// A person; information of the account and bank, where given.
    Individual {
        /// For instance the telephone number of the account.
        information: Option<&'a str>,
        /// Bank of the account.
        bank: Option<&'a str>,
    },
    /// A merchant.
    Merchant {
        /// Its number at the bank.
        id: &'a str,
        /// The bank.
        bank: &'a str,
    },
}

/// What a code is to say. Texts may be Khmer; lengths count UTF-16 units.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Bakong account, `name@bank`, at most 32.
    pub account: &'a str,
    /// Who is paid.
    pub payee: Payee<'a>,
    /// ISO 4217 number.
    pub currency: u16,
    /// Decimal text; without it (or 0) the code is static.
    pub amount: Option<&'a str>,
    /// Name, at most 25.
    pub name: &'a str,
    /// City, at most 15.
    pub city: &'a str,
    /// Merchant category, 4 digits; 9399 is government services.
    pub category: &'a str,
    /// UnionPay account (tag 15), riel only.
    pub union_pay: Option<&'a str>,
    /// Bill number, at most 25.
    pub bill: Option<&'a str>,
    /// Telephone number of the payee.
    pub mobile: Option<&'a str>,
    /// Store, at most 25.
    pub store: Option<&'a str>,
    /// Terminal, at most 25.
    pub terminal: Option<&'a str>,
    /// Purpose, at most 25.
    pub purpose: Option<&'a str>,
    /// Language, name and city in it.
    pub other_language: Option<(&'a str, Option<&'a str>, Option<&'a str>)>,
    /// When the code ends, in milliseconds; required with an amount.
    pub expires_ms: Option<i64>,
}

/// Why a code cannot be written, with the number that the National Bank's library gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Refused {
    #[error("the Bakong account is not name@bank")]
    Account,
    #[error("the amount is not one of this currency")]
    Amount,
    #[error("the Bakong account is too long")]
    AccountLength,
    #[error("the name is missing or too long")]
    Name,
    #[error("the bill number is empty or too long")]
    Bill,
    #[error("the store label is empty or too long")]
    Store,
    #[error("the terminal label is empty or too long")]
    Terminal,
    #[error("the city is missing or too long")]
    City,
    #[error("the currency is neither riel nor dollar")]
    Currency,
    #[error("a name in the other language is missing")]
    OtherName,
    #[error("UnionPay does not take dollars here")]
    UnionPayDollars,
    #[error("a code with an amount needs the time of its end")]
    NoExpiry,
    #[error("its end is in the past")]
    Expired,
    #[error("the merchant category is not four digits")]
    Category,
    #[error("a text in it is empty or too long")]
    Text,
}

impl Refused {
    /// The official number.
    pub fn code(self) -> u8 {
        match self {
            Self::Account => 3,
            Self::Amount => 4,
            Self::AccountLength => 6,
            Self::Name => 7,
            Self::Text => 8,
            Self::Bill => 10,
            Self::Store => 11,
            Self::Terminal => 12,
            Self::City => 21,
            Self::Currency => 28,
            Self::OtherName => 39,
            Self::UnionPayDollars => 44,
            Self::NoExpiry => 45,
            Self::Expired => 50,
            Self::Category => 51,
        }
    }
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

fn tlv(out: &mut String, tag: u8, value: &str) {
    out.push_str(&format!("{tag:02}{:02}", units(value)));
    out.push_str(value);
}

/// Of at most `most` units and not empty.
fn sized(text: &str, most: usize, refused: Refused) -> Result<&str, Refused> {
    if text.is_empty() || units(text) > most { Err(refused) } else { Ok(text) }
}

/// A template of optional fields; nothing at all when none is given.
fn template(out: &mut String, tag: u8, fields: &[(u8, Option<&str>, usize, Refused)]) -> Result<(), Refused> {
    let mut inner = String::new();
    for (field, value, most, refused) in fields {
        if let Some(value) = value {
            tlv(&mut inner, *field, sized(value, *most, *refused)?);
        }
    }
    if !inner.is_empty() {
        if units(&inner) > 99 {
            return Err(Refused::Text);
        }
        tlv(out, tag, &inner);
    }
    Ok(())
}

/// Writes a code; `now_ms` is the time of its making.
///
/// # Errors
/// [`Refused`].
pub fn write(request: &Request<'_>, now_ms: i64) -> Result<String, Refused> {
    let currency = Currency::from_number(request.currency).ok_or(Refused::Currency)?;
    if request.account.split_once('@').is_none_or(|(name, bank)| name.is_empty() || bank.is_empty()) {
        return Err(Refused::Account);
    }
    sized(request.account, 32, Refused::AccountLength)?;
    if request.union_pay.is_some() && currency == Currency::Usd {
        return Err(Refused::UnionPayDollars);
    }
    let amount = request.amount.map(|amount| amount_text(amount, currency)).transpose()?.flatten();
    let mut out = String::from("000201");
    tlv(&mut out, 1, if amount.is_some() { "12" } else { "11" });
    if let Some(union_pay) = request.union_pay {
        tlv(&mut out, 15, sized(union_pay, 99, Refused::Text)?);
    }
    let (tag, first, second) = match request.payee {
        Payee::Individual { information, bank } => (29, information, bank),
        Payee::Merchant { id, bank } => (30, Some(id), Some(bank)),
    };
    let text = Refused::Text;
    template(&mut out, tag, &[(0, Some(request.account), 32, text), (1, first, 32, text), (2, second, 32, text)])?;
    if request.category.len() != 4 || !request.category.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refused::Category);
    }
    tlv(&mut out, 52, request.category);
    tlv(&mut out, 53, currency.number());
    if let Some(amount) = &amount {
        tlv(&mut out, 54, amount);
    }
    tlv(&mut out, 58, "KH");
    tlv(&mut out, 59, sized(request.name, 25, Refused::Name)?);
    tlv(&mut out, 60, sized(request.city, 15, Refused::City)?);
    let additional = [
        (1, request.bill, 25, Refused::Bill),
        (2, request.mobile, 25, text),
        (3, request.store, 25, Refused::Store),
        (7, request.terminal, 25, Refused::Terminal),
        (8, request.purpose, 25, text),
    ];
    template(&mut out, 62, &additional)?;
    if let Some((language, name, city)) = request.other_language {
        let name = name.ok_or(Refused::OtherName)?;
        let fields = [(0, Some(language), 2, text), (1, Some(name), 25, Refused::OtherName), (2, city, 15, text)];
        template(&mut out, 64, &fields)?;
    }
    if amount.is_some() {
        let end = request.expires_ms.ok_or(Refused::NoExpiry)?;
        if end <= now_ms {
            return Err(Refused::Expired);
        }
        let (made, end) = (now_ms.to_string(), end.to_string());
        template(&mut out, 99, &[(0, Some(&made), 13, text), (1, Some(&end), 13, Refused::NoExpiry)])?;
    }
    out.push_str("6304");
    let crc = crc16(out.as_bytes());
    out.push_str(&format!("{crc:04X}"));
    Ok(out)
}

/// Riel have no decimals, dollars at most two; `None` for nothing to pay.
fn amount_text(amount: &str, currency: Currency) -> Result<Option<String>, Refused> {
    let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
    let decimals = decimals.trim_end_matches('0');
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(decimals) {
        return Err(Refused::Amount);
    }
    let whole = whole.trim_start_matches('0');
    let most = match currency {
        Currency::Khr => 0,
        Currency::Usd => 2,
    };
    if decimals.len() > most {
        return Err(Refused::Amount);
    }
    let text = match (whole, decimals) {
        ("", "") => return Ok(None),
        (whole, "") => whole.to_owned(),
        (whole, decimals) => format!("{}.{decimals:0<2}", if whole.is_empty() { "0" } else { whole }),
    };
    if text.len() > 13 { Err(Refused::Amount) } else { Ok(Some(text)) }
}

/// Why a string is no KHQR that may be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Broken {
    #[error("a field of it cannot be read")]
    Field,
    #[error("a tag stands twice")]
    Twice,
    #[error("a tag that must be there is missing")]
    Missing,
    #[error("the checksum does not fit")]
    Checksum,
    #[error("it is not what is to be paid")]
    Other,
}

/// What a code says, as far as a payment is checked by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Khqr {
    /// Tag 01 is 12: it has an amount and an end.
    pub dynamic: bool,
    /// Bakong account (29.00 or 30.00).
    pub account: String,
    /// Tag 53.
    pub currency: Currency,
    /// Tag 54, as written.
    pub amount: Option<String>,
    /// Tag 59.
    pub name: String,
    /// Tag 60.
    pub city: String,
    /// Tag 62.01.
    pub bill: Option<String>,
    /// Tag 99.01, milliseconds.
    pub expires_ms: Option<i64>,
    /// It names somebody else who could be paid too: both kinds of Bakong account, or an account of another network
    /// (tags 2 to 51). A bank's program takes the one it likes.
    pub others: bool,
}

/// Fields of one level: tag and value.
fn fields(mut rest: &str) -> Result<Vec<(u8, &str)>, Broken> {
    let mut found: Vec<(u8, &str)> = Vec::new();
    while !rest.is_empty() {
        let (head, tail) = rest.split_at_checked(4).ok_or(Broken::Field)?;
        if !head.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Broken::Field);
        }
        let tag: u8 = head[..2].parse().map_err(|_| Broken::Field)?;
        let wanted: usize = head[2..].parse().map_err(|_| Broken::Field)?;
        let (mut end, mut counted) = (0, 0);
        for c in tail.chars() {
            if counted >= wanted {
                break;
            }
            counted += c.len_utf16();
            end += c.len_utf8();
        }
        if counted != wanted {
            return Err(Broken::Field);
        }
        if found.iter().any(|(known, _)| *known == tag) {
            return Err(Broken::Twice);
        }
        found.push((tag, &tail[..end]));
        rest = &tail[end..];
    }
    Ok(found)
}

fn field<'a>(fields: &[(u8, &'a str)], tag: u8) -> Option<&'a str> {
    fields.iter().find(|(known, _)| *known == tag).map(|(_, value)| *value)
}

/// Reads a code and checks its form and its checksum.
///
/// # Errors
/// [`Broken`].
pub fn read(text: &str) -> Result<Khqr, Broken> {
    let crc_at = text.len().checked_sub(4).filter(|at| text.is_char_boundary(*at)).ok_or(Broken::Field)?;
    let (signed, crc) = text.split_at(crc_at);
    if !signed.ends_with("6304") {
        return Err(Broken::Checksum);
    }
    let crc = u16::from_str_radix(crc, 16).map_err(|_| Broken::Checksum)?;
    if crc != crc16(signed.as_bytes()) {
        return Err(Broken::Checksum);
    }
    let all = fields(text)?;
    let must = |tag| field(&all, tag).filter(|value| !value.is_empty()).ok_or(Broken::Missing);
    let dynamic = match (must(0)?, must(1)?) {
        ("01", "12") => true,
        ("01", "11") => false,
        _ => return Err(Broken::Field),
    };
    let payees = all.iter().filter(|(tag, _)| (2..=51).contains(tag)).count();
    let payee = fields(field(&all, 30).or(field(&all, 29)).ok_or(Broken::Missing)?)?;
    must(52)?;
    if must(58)? != "KH" || all.last().map(|(tag, _)| *tag) != Some(63) {
        return Err(Broken::Field);
    }
    let currency = must(53)?.parse().ok().and_then(Currency::from_number).ok_or(Broken::Field)?;
    let additional = field(&all, 62).map(fields).transpose()?.unwrap_or_default();
    let times = field(&all, 99).map(fields).transpose()?.unwrap_or_default();
    let khqr = Khqr {
        dynamic,
        account: field(&payee, 0).ok_or(Broken::Missing)?.to_owned(),
        currency,
        amount: field(&all, 54).map(str::to_owned),
        name: must(59)?.to_owned(),
        city: must(60)?.to_owned(),
        bill: field(&additional, 1).map(str::to_owned),
        expires_ms: field(&times, 1).map(|end| end.parse().map_err(|_| Broken::Field)).transpose()?,
        others: payees > 1,
    };
    if dynamic && (khqr.amount.is_none() || khqr.expires_ms.is_none()) {
        return Err(Broken::Missing);
    }
    Ok(khqr)
}

/// What is to be paid.
#[derive(Clone, Copy, Debug)]
pub struct Due<'a> {
    /// How much.
    pub riel: u32,
    /// For which bill.
    pub bill: &'a str,
    /// Until when, in milliseconds.
    pub expires_ms: i64,
    /// To one of these accounts; none given: to any.
    pub accounts: &'a [String],
}

/// Whether a code asks for exactly this: a dynamic code in riel of this amount and bill that ends then, to nobody but one
/// of our accounts. Nothing else is drawn, whoever sent it.
///
/// # Errors
/// [`Broken`].
pub fn verify(text: &str, due: &Due<'_>) -> Result<Khqr, Broken> {
    let khqr = read(text)?;
    let fits = khqr.dynamic
        && !khqr.others
        && khqr.currency == Currency::Khr
        && khqr.amount.as_deref() == Some(due.riel.to_string().as_str())
        && khqr.bill.as_deref() == Some(due.bill)
        && khqr.expires_ms == Some(due.expires_ms)
        && (due.accounts.is_empty() || due.accounts.contains(&khqr.account));
    if fits { Ok(khqr) } else { Err(Broken::Other) }
}

#[cfg(test)]
mod tests;
