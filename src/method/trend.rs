//! The trend of monthly emissions: log10 of a month's emissions on its date, by least squares with HC3 errors, and its test on years
//! held out (docs/method.md, section 8).

use super::fitting::{Fit, Observation, fit};
use super::summary::median;
use libm::sqrt;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Fewest months that a trend is fitted on.
pub const LEAST_MONTHS: usize = 12;
/// Fewest years held out that a forecast rests on.
pub const LEAST_YEARS: usize = 2;
/// Least share of held-out months inside their 90 % interval.
pub const LEAST_COVERAGE: f64 = 0.80;
/// Largest median error of held-out months, and largest bias, in dex: a factor of two.
pub const MOST_ERROR_DEX: f64 = 0.30;

/// A month with what its trainings emitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Month {
    /// Calendar year.
    pub year: i32,
    /// 1 to 12.
    pub month: i32,
    /// Emissions in kg CO2e, above zero.
    pub kgco2e: f64,
}

impl Month {
    /// Years since 2022-01-01 of the middle of the month, twelve months a year.
    #[must_use]
    pub fn years_since_2022(&self) -> f64 {
        f64::from(self.year - 2022) + (f64::from(self.month) - 0.5) / 12.0
    }

    fn log_kg(&self) -> f64 {
        libm::log10(self.kgco2e)
    }
}

/// A fitted trend.
#[derive(Clone, Debug)]
pub struct Trend {
    /// log10 kg CO2e a month at 2022-01-01, and its slope per year.
    pub fit: Fit,
    /// Durbin-Watson statistic of the residuals in order of time: 2 where neighbours say nothing of each other.
    pub durbin_watson: f64,
}

/// Error of a trend on months after those it was fitted on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeldOut {
    /// Months.
    pub n: usize,
    /// Median of log10(predicted / observed).
    pub bias_dex: f64,
    /// Median of its absolute value.
    pub median_abs_error_dex: f64,
    /// Months inside the 90 % interval of their prediction.
    pub inside_90: usize,
}

/// Fits the trend of some months; none with fewer than [`LEAST_MONTHS`] or without a slope. Months are in order of time.
#[must_use]
pub fn fit_trend(months: &[Month]) -> Option<Trend> {
    if months.len() < LEAST_MONTHS {
        return None;
    }
    let observation = |month: &Month| Observation {
        id: format!("{}-{:02}", month.year, month.month),
        owner: String::new(),
        response: month.log_kg(),
        terms: vec![1.0, month.years_since_2022()],
    };
    let observations: Vec<Observation> = months.iter().map(observation).collect();
    let fit = fit(&["intercept".to_owned(), "years_since_2022".to_owned()], &observations).ok()?;
    let residuals: Vec<f64> = observations.iter().map(|o| o.response - fit.predict(&o.terms)).collect();
    let squares: f64 = residuals.iter().map(|e| e * e).sum();
    let steps: f64 = residuals.windows(2).map(|pair| (pair[1] - pair[0]) * (pair[1] - pair[0])).sum();
    Some(Trend { fit, durbin_watson: if squares > 0.0 { steps / squares } else { 2.0 } })
}

impl Trend {
    /// Emissions of a month in log10 kg CO2e, with the 90 % interval of a new month: the residual variance and that of the line.
    #[must_use]
    pub fn predict(&self, month: &Month) -> [f64; 3] {
        let x = [1.0, month.years_since_2022()];
        let central = self.fit.predict(&x);
        let variance = |a: usize, b: usize| x[a] * x[b] * self.fit.covariance[a][b];
        let line = variance(0, 0) + variance(0, 1) + variance(1, 0) + variance(1, 1);
        #[allow(clippy::cast_precision_loss)] // Some hundred months.
        let df = (self.fit.n - 2) as f64;
        let t = StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |d| d.inverse_cdf(0.95));
        let half = t * sqrt(self.fit.residual_se * self.fit.residual_se + line.max(0.0));
        [central - half, central, central + half]
    }

    /// How it does on months that it was not fitted on; none without any.
    #[must_use]
    pub fn held_out(&self, months: &[Month]) -> Option<HeldOut> {
        if months.is_empty() {
            return None;
        }
        let predicted: Vec<[f64; 3]> = months.iter().map(|month| self.predict(month)).collect();
        let errors: Vec<f64> = months.iter().zip(&predicted).map(|(month, [_, central, _])| central - month.log_kg()).collect();
        let sizes: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
        let is_inside = |(month, [low, _, high]): &(&Month, &[f64; 3])| (*low..=*high).contains(&month.log_kg());
        Some(HeldOut {
            n: months.len(),
            bias_dex: median(&errors),
            median_abs_error_dex: median(&sizes),
            inside_90: months.iter().zip(&predicted).filter(is_inside).count(),
        })
    }
}

/// Whether years held out bear a forecast of the next: enough of them, most months inside their interval, and errors within a factor of
/// two, of each year and without a lean.
#[must_use]
pub fn bears_a_forecast(held_out: &[HeldOut]) -> bool {
    let (inside, n) = held_out.iter().fold((0, 0), |(inside, n), year| (inside + year.inside_90, n + year.n));
    #[allow(clippy::cast_precision_loss)] // Some dozen months.
    let coverage = inside as f64 / n.max(1) as f64;
    let is_close = |year: &HeldOut| year.median_abs_error_dex <= MOST_ERROR_DEX && year.bias_dex.abs() <= MOST_ERROR_DEX;
    held_out.len() >= LEAST_YEARS && coverage >= LEAST_COVERAGE && held_out.iter().all(is_close)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn months(n: i32, kg: impl Fn(i32) -> f64) -> Vec<Month> {
        (0..n).map(|i| Month { year: 2022 + i / 12, month: i % 12 + 1, kgco2e: kg(i) }).collect()
    }

    /// Tenfold a year, without noise: slope 1 dex a year, and January 2022 (0.0417 years) at 10^3.0417 kg.
    #[test]
    fn growth_without_noise_is_found_exactly() {
        let exact = months(24, |i| libm::pow(10.0, 3.0 + (f64::from(i) + 0.5) / 12.0));
        let trend = fit_trend(&exact).unwrap();
        assert!(
            (trend.fit.coefficients[1].estimate - 1.0).abs() < 1e-12 && (trend.fit.coefficients[0].estimate - 3.0).abs() < 1e-12
        );
        let next = Month { year: 2024, month: 1, kgco2e: 1.0 };
        assert!((trend.predict(&next)[1] - (5.0 + 0.5 / 12.0)).abs() < 1e-9);
        assert_eq!(fit_trend(&exact[..11]).map(|t| t.durbin_watson), None);
    }

    /// Twelve months of 1, 10, 1, 10 ... kg by hand. x = i + 1/2 in months; y = 0, 1, 0, 1. Mean x 6, mean y 1/2; Sxx = 143,
    /// Sxy = sum (x - 6)(y - 1/2) = 1/2 x (six pairs that are a month apart) = 3; slope 3/143 a month, 36/143 = 0.251748 a year.
    /// Residual sum of squares: 3 - 9/143 = 2.937063; over 10: 0.2937063, of which the root is 0.541946.
    #[test]
    fn a_zigzag_by_hand() {
        let zigzag = months(12, |i| if i % 2 == 0 { 1.0 } else { 10.0 });
        let trend = fit_trend(&zigzag).unwrap();
        assert!((trend.fit.coefficients[1].estimate - 36.0 / 143.0).abs() < 1e-12);
        assert!((trend.fit.residual_se - 0.541_946).abs() < 1e-6, "{}", trend.fit.residual_se);
        // Neighbours swing from side to side: the statistic is near 4.
        assert!(trend.durbin_watson > 3.0);
        // HC3 by its definition: sum of (x - 6)^2 e^2 / (1 - h)^2 over Sxx^2, h = 1/12 + (x - 6)^2 / 143, x in months.
        let slope = 3.0 / 143.0;
        let mut sum = 0.0;
        for i in 0..12 {
            let (x, y) = (f64::from(i) + 0.5, f64::from(i % 2));
            let e = y - 0.5 - slope * (x - 6.0);
            let h = 1.0 / 12.0 + (x - 6.0) * (x - 6.0) / 143.0;
            sum += (x - 6.0) * (x - 6.0) * e * e / ((1.0 - h) * (1.0 - h));
        }
        let by_hand = 12.0 * sqrt(sum) / 143.0;
        assert!((trend.fit.coefficients[1].std_error / by_hand - 1.0).abs() < 1e-10, "{by_hand}");
    }

    #[test]
    fn a_forecast_needs_years_that_were_predicted() {
        let year = |bias_dex, inside_90| HeldOut { n: 12, bias_dex, median_abs_error_dex: 0.2, inside_90 };
        assert!(bears_a_forecast(&[year(0.1, 11), year(-0.1, 10)]));
        assert!(!bears_a_forecast(&[year(0.1, 11)]), "one year");
        assert!(!bears_a_forecast(&[year(0.1, 11), year(0.5, 11)]), "it leans");
        assert!(!bears_a_forecast(&[year(0.1, 8), year(0.1, 9)]), "coverage 17 of 24");
        // A flat past says nothing of a leap: the months after it lie outside.
        let flat = months(24, |i| if i % 2 == 0 { 1.0 } else { 2.0 });
        let leap: Vec<Month> = months(36, |_| 1e4)[24..].to_vec();
        let held_out = fit_trend(&flat).unwrap().held_out(&leap).unwrap();
        assert_eq!((held_out.n, held_out.inside_90), (12, 0));
        assert!(held_out.bias_dex < -3.0);
    }
}
