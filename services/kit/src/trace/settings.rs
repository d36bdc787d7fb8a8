//! The `tracing` section.

use http::Uri;
use serde::{Deserialize, Serialize};

/// OpenTelemetry's variable for the collector's URL, and the key that it sets.
pub const OTLP_VARIABLE: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "tracing.otlp");

/// The `tracing` section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TraceSettings {
    /// The collector's URL for OTLP over HTTP, without `/v1/traces`; `None`: no spans are recorded.
    pub otlp: Option<String>,
    /// The share of requests that are recorded, 0 to 1.
    pub ratio: f64,
}

impl Default for TraceSettings {
    fn default() -> Self {
        Self { otlp: None, ratio: 1.0 }
    }
}

impl TraceSettings {
    /// Checks what types cannot express.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.ratio) {
            return Err(format!("tracing.ratio: found {}; expected a number from 0 to 1", self.ratio));
        }
        let Some(otlp) = &self.otlp else { return Ok(()) };
        let expected = "expected an http or https URL without query, such as http://localhost:4318";
        // Checked first, so that no other error shows a password.
        if otlp.contains('@') {
            return Err(format!("tracing.otlp: found a user name or password; {expected}"));
        }
        let uri = otlp.parse::<Uri>().ok();
        let is_url = |uri: &Uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some()
                && uri.query().is_none()
        };
        if uri.as_ref().is_some_and(is_url) {
            Ok(())
        } else {
            Err(format!("tracing.otlp: found `{otlp}`; {expected}"))
        }
    }

    /// The URL that spans are sent to.
    pub(crate) fn endpoint(&self) -> Option<String> {
        let base = self.otlp.as_ref()?;
        Some(format!("{}/v1/traces", base.trim_end_matches('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::TraceSettings;

    fn settings(otlp: &str, ratio: f64) -> TraceSettings {
        TraceSettings { otlp: Some(otlp.to_owned()), ratio }
    }

    #[test]
    fn a_base_url_gets_the_path_of_the_protocol() {
        for base in ["http://c:4318", "http://c:4318/", "http://c:4318//"] {
            assert_eq!(settings(base, 1.0).endpoint().as_deref(), Some("http://c:4318/v1/traces"), "{base}");
        }
        assert_eq!(settings("https://c/otlp", 1.0).endpoint().as_deref(), Some("https://c/otlp/v1/traces"));
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        assert_eq!(settings("http://localhost:4318", 0.25).check(), Ok(()));
        for otlp in
            ["", "localhost", "localhost:4318", "grpc://c:4317", "http://", "http://c/?a", "http://u:p@c/"]
        {
            let error = settings(otlp, 1.0).check().unwrap_err();
            assert!(error.starts_with("tracing.otlp: found ") && !error.contains("u:p"), "{otlp}: {error}");
        }
        for ratio in [-0.1, 1.1, f64::NAN] {
            assert!(
                settings("http://c", ratio).check().unwrap_err().starts_with("tracing.ratio: "),
                "{ratio}"
            );
        }
    }
}
