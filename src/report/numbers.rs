//! Numbers as a reader takes them in: three significant digits, with unit and separators. With two, parts of a table that add up did not
//! make the whole that stands beside them, and a reported figure was shown as another.

use maud::{Markup, html};

/// Grams and kilograms in one tonne.
const KG_PER_TONNE: f64 = 1000.0;

/// Digits without a point, and the power of ten of the first.
fn digits(x: f64) -> (String, i32) {
    let text = format!("{x:.2e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.chars().filter(char::is_ascii_digit).collect(), exponent.parse().unwrap_or(0))
}

/// `147,000`, `5.84`, `0.343`; powers of ten from a billion on and below a ten-thousandth.
pub(super) fn significant(x: f64) -> String {
    if !x.is_finite() {
        return "unknown".to_owned();
    }
    if x == 0.0 {
        return "0".to_owned();
    }
    let (digits, exponent) = digits(x);
    if !(-4..9).contains(&exponent) {
        return scientific(x);
    }
    let sign = if x < 0.0 { "−" } else { "" };
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = usize::try_from(exponent).unwrap_or(0) + 1;
    if whole >= digits.len() {
        return format!("{sign}{}", grouped(&format!("{digits}{}", "0".repeat(whole - digits.len()))));
    }
    format!("{sign}{}.{}", &digits[..whole], &digits[whole..])
}

/// Digits that a double surely holds: what lies behind them is the noise of a conversion.
const DOUBLE_DIGITS: usize = 15;
/// From this power of ten on, zeros are no longer counted by eye.
const EXACT_EXPONENT: i32 = 15;

/// A figure as evidence has it, not rounded: `512`, `405,853,388,800`, `3.8 × 10²⁵`.
pub(super) fn exact(x: f64) -> String {
    if !x.is_finite() {
        return "unknown".to_owned();
    }
    let text = format!("{:.*e}", DOUBLE_DIGITS - 1, x.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = match digits.trim_end_matches('0') {
        "" => "0",
        digits => digits,
    };
    let sign = if x < 0.0 { "−" } else { "" };
    if !(-4..EXACT_EXPONENT).contains(&exponent) {
        let raised: String = exponent.to_string().chars().map(superscript).collect();
        let point = if digits.len() > 1 { "." } else { "" };
        return format!("{sign}{}{point}{} × 10{raised}", &digits[..1], &digits[1..]);
    }
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = usize::try_from(exponent).unwrap_or(0) + 1;
    if whole >= digits.len() {
        return format!("{sign}{}", grouped(&format!("{digits}{}", "0".repeat(whole - digits.len()))));
    }
    format!("{sign}{}.{}", grouped(&digits[..whole]), &digits[whole..])
}

/// `3.10 × 10²⁶`.
pub(super) fn scientific(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let (digits, exponent) = digits(x);
    let sign = if x < 0.0 { "−" } else { "" };
    let raised: String = exponent.to_string().chars().map(superscript).collect();
    format!("{sign}{}.{} × 10{raised}", &digits[..1], &digits[1..])
}

fn superscript(c: char) -> char {
    match c {
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        '-' => '⁻',
        other => other,
    }
}

/// Thousands separated by commas.
fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, c) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A count, exact.
pub(super) fn count(n: i64) -> String {
    let text = grouped(&n.unsigned_abs().to_string());
    if n < 0 { format!("−{text}") } else { text }
}

/// Emissions with the unit that fits: g, kg, t, million t.
pub(super) fn mass(kg: f64) -> String {
    let tonnes = kg / KG_PER_TONNE;
    match tonnes {
        t if t >= 999_500.0 => format!("{} million t", significant(t / 1e6)),
        t if t >= 1.0 => format!("{} t", significant(t)),
        _ if kg >= 1.0 || kg == 0.0 => format!("{} kg", significant(kg)),
        _ => format!("{} g", significant(kg * 1000.0)),
    }
}

/// Emissions to the tonne, for totals that a reader adds up.
pub(super) fn exact_mass(kg: f64) -> String {
    if kg.abs() < 100.0 * KG_PER_TONNE {
        return mass(kg);
    }
    format!("{} t", grouped(&format!("{:.0}", kg / KG_PER_TONNE)))
}

/// A change of emissions with its sign.
pub(super) fn signed_mass(kg: f64) -> String {
    format!("{}{}", sign(kg), mass(kg.abs()))
}

/// A change in tonnes with its sign, for columns that name the unit.
pub(super) fn signed_tonnes(kg: f64) -> String {
    format!("{}{}", sign(kg), tonnes(kg.abs()))
}

fn sign(x: f64) -> &'static str {
    match x {
        x if x > 0.0 => "+",
        x if x < 0.0 => "−",
        _ => "",
    }
}

/// An interval of emissions, `6,430 to 12,400 t`.
pub(super) fn mass_interval(low_kg: f64, high_kg: f64) -> String {
    interval(&mass(low_kg), &mass(high_kg))
}

/// Two figures with one unit where they share it.
pub(super) fn interval(low: &str, high: &str) -> String {
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, a)), Some((_, b))) if a == b => format!("{number} to {high}"),
        _ => format!("{low} to {high}"),
    }
}

/// A round value at an axis, without zeros that say nothing.
pub(super) fn tick(x: f64) -> String {
    let text = significant(x);
    match text.split_once('.') {
        Some((whole, rest)) if !text.contains('×') => {
            let rest = rest.trim_end_matches('0');
            if rest.is_empty() { whole.to_owned() } else { format!("{whole}.{rest}") }
        }
        _ => text,
    }
}

/// A round value of emissions at an axis.
pub(super) fn mass_tick(kg: f64) -> String {
    match mass(kg).split_once(' ') {
        _ if kg == 0.0 => "0".to_owned(),
        Some((number, unit)) => {
            let exact = number.replace(',', "").parse().map_or_else(|_| number.to_owned(), tick);
            format!("{exact} {unit}")
        }
        None => mass(kg),
    }
}

/// Energy with the unit that fits.
pub(super) fn energy(kwh: f64) -> String {
    match kwh {
        e if e >= 9.995e8 => format!("{} TWh", significant(e / 1e9)),
        e if e >= 9.995e5 => format!("{} GWh", significant(e / 1e6)),
        e if e >= 999.5 => format!("{} MWh", significant(e / 1e3)),
        e => format!("{} kWh", significant(e)),
    }
}

/// Compute.
pub(super) fn flop(x: f64) -> String {
    format!("{} FLOP", scientific(x))
}

/// A count of parameters or tokens in words, with three digits: sizes are names, too.
pub(super) fn large_count(n: f64) -> String {
    let three = |x: f64| {
        let rounded: f64 = format!("{x:.2e}").parse().unwrap_or(x);
        rounded.to_string()
    };
    match n {
        n if n >= 9.995e14 => scientific(n),
        n if n >= 9.995e11 => format!("{} trillion", three(n / 1e12)),
        n if n >= 9.995e8 => format!("{} billion", three(n / 1e9)),
        n if n >= 9.995e5 => format!("{} million", three(n / 1e6)),
        n => significant(n),
    }
}

/// A share as percent; what is small but there says so.
pub(super) fn percent(share: f64) -> String {
    let p = share * 100.0;
    if p == 0.0 {
        "0 %".to_owned()
    } else if p < 0.1 {
        "under 0.1 %".to_owned()
    } else if p < 9.95 || (99.5..100.0).contains(&p) {
        // What is almost all is not all.
        format!("{:.1} %", p.min(99.9))
    } else {
        format!("{p:.0} %")
    }
}

/// Tonnes without unit, for columns that name it.
pub(super) fn tonnes(kg: f64) -> String {
    significant(kg / KG_PER_TONNE)
}

/// Litres in one cubic metre.
const L_PER_M3: f64 = 1000.0;

/// Cubic metres without unit, for columns that name it.
pub(super) fn cubic_metres(l: f64) -> String {
    significant(l / L_PER_M3)
}

/// Water with the unit that fits: litres, cubic metres, million cubic metres.
pub(super) fn volume(l: f64) -> String {
    let cubic_metres = l / L_PER_M3;
    match cubic_metres {
        m if m >= 999_500.0 => format!("{} million m³", significant(m / 1e6)),
        m if m >= 1.0 => format!("{} m³", significant(m)),
        _ => format!("{} L", significant(l)),
    }
}

/// A round value of water at an axis, in cubic metres; M are millions, so that neighbours have room.
pub(super) fn cubic_metres_tick(l: f64) -> String {
    match l / L_PER_M3 {
        m if m >= 1e6 => format!("{} M", tick(m / 1e6)),
        m => tick(m),
    }
}

/// A distance in dex as a factor: 0.30 is `2.00 ×`.
pub(super) fn factor(dex: f64) -> String {
    format!("{} ×", significant(libm::pow(10.0, dex)))
}

/// A figure with its full value for machines.
pub(super) fn figure(value: f64, shown: impl AsRef<str>) -> Markup {
    html! { data value=(format!("{value:e}")) { (shown.as_ref()) } }
}

/// A count of things in memory.
pub(super) fn count_of(n: usize) -> String {
    count(i64::try_from(n).unwrap_or(i64::MAX))
}

/// A count with its value for machines.
pub(super) fn counted(n: i64) -> Markup {
    html! { data value=(n) { (count(n)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn water_in_the_unit_that_fits() {
        let said = [3.6, 1.0e3, 4.7e8, 1.866e9].map(volume);
        assert_eq!(said, ["3.60 L", "1.00 m³", "470,000 m³", "1.87 million m³"]);
        assert_eq!([10.0, 1e8, 1e10].map(cubic_metres_tick), ["0.01", "100,000", "10 M"]);
    }

    /// 512 tokens, 256 rows and 16,384 chips were shown as 510, 260 and 16,400.
    #[test]
    fn evidence_is_quoted_not_rounded() {
        for (x, right) in [
            (512.0, "512"),
            (256.0, "256"),
            (16_384.0, "16,384"),
            (1536.0, "1,536"),
            (405_853_388_800.0, "405,853,388,800"),
            (15.6e12, "15,600,000,000,000"),
            (3.8e25, "3.8 × 10²⁵"),
            (1e24, "1 × 10²⁴"),
            (0.1 + 0.2, "0.3"),
            (1234.5, "1,234.5"),
            (0.000_25, "0.00025"),
            (2.5e-6, "2.5 × 10⁻⁶"),
            (-12.5, "−12.5"),
            (0.0, "0"),
        ] {
            assert_eq!(exact(x), right, "{x:e}");
        }
    }

    /// Regression: documented 176,044 t and imputed 95,864 t stood as 176,000 and 96,000 beside a whole of 270,000, and reported 8,930 t as 8,900.
    #[test]
    fn parts_that_add_up_add_up_as_shown() {
        let shown = [176_044e3, 95_864e3, 271_908e3].map(tonnes);
        let read: Vec<f64> = shown.iter().map(|text| text.replace(',', "").parse().unwrap()).collect();
        assert!((read[0] + read[1] - read[2]).abs() <= 500.0, "{shown:?}");
        assert_eq!(mass(8.93e6), "8,930 t");
    }

    #[test]
    fn figures_as_a_reader_takes_them_in() {
        for (x, right) in [
            (146_954.0, "147,000"),
            (231_820.0, "232,000"),
            (99_960.0, "100,000"),
            (5.84, "5.84"),
            (0.343, "0.343"),
            (0.1, "0.100"),
            (12.34, "12.3"),
            (34.6, "34.6"),
            (0.0, "0"),
            (-0.25, "−0.250"),
            (2.5e26, "2.50 × 10²⁶"),
            (4.2e-7, "4.20 × 10⁻⁷"),
            (f64::NAN, "unknown"),
        ] {
            assert_eq!(significant(x), right, "{x}");
        }
        assert_eq!(mass(420_000.0), "420 t");
        assert_eq!(mass(1.66e9), "1.66 million t");
        assert_eq!(mass(0.42), "420 g");
        assert_eq!((signed_mass(4.2e5), signed_mass(-420.0), signed_mass(0.0)), ("+420 t".into(), "−420 kg".into(), "0 kg".into()));
        assert_eq!(signed_tonnes(-5_840.0), "−5.84");
        assert_eq!((exact_mass(255_779_123.0), exact_mass(5_840.0)), ("255,779 t".into(), "5.84 t".into()));
        assert_eq!(mass_interval(6.432e6, 1.2398e7), "6,430 to 12,400 t");
        assert_eq!(mass_interval(640.0, 6_400.0), "640 kg to 6.40 t");
        assert_eq!(energy(389_843_000.0), "390 GWh");
        assert_eq!((large_count(8.03e9), large_count(405_853_388_800.0)), ("8.03 billion".into(), "406 billion".into()));
        assert_eq!((percent(0.131), percent(0.0004), percent(0.058)), ("13 %".into(), "under 0.1 %".into(), "5.8 %".into()));
        assert_eq!(factor(0.7), "5.01 ×");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!((percent(0.9992), percent(0.99999), percent(1.0)), ("99.9 %".into(), "99.9 %".into(), "100 %".into()));
        assert_eq!((tick(0.1), tick(2.0), tick(2.5), tick(150_000.0)), ("0.1".into(), "2".into(), "2.5".into(), "150,000".into()));
        assert_eq!((mass_tick(0.0), mass_tick(1e4), mass_tick(2.5e9)), ("0".into(), "10 t".into(), "2.5 million t".into()));
    }
}
