//! Money is a whole number of riel.

/// An amount in riel, as the portal's `Riel`: 0 to 1,000,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Riel(pub u32);

impl Riel {
    /// By thousands, with this between them: `20 000`, `20,000`.
    pub fn grouped(self, between: char) -> String {
        let digits = self.0.to_string();
        let mut out = String::with_capacity(digits.len() + 3);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push(between);
            }
            out.push(digit);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_by_threes() {
        for (amount, shown) in
            [(0, "0"), (999, "999"), (1000, "1 000"), (20_000, "20 000"), (1_000_000_000, "1 000 000 000")]
        {
            assert_eq!(Riel(amount).grouped(' '), shown);
            assert_eq!(Riel(amount).grouped(','), shown.replace(' ', ","));
        }
    }
}
