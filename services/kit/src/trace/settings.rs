//! The `tracing` section.

use http::Uri;
use serde::{Deserialize, Serialize};
use std::{env, ffi::OsString};

/// OpenTelemetry's variable for the collector's URL, and the key that it sets.
pub const OTLP_VARIABLE: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "tracing.otlp");

/// The variable for the whole URL of a collector, which stands over that of the settings.
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

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
        whole_url(env::var_os(TRACES_ENDPOINT))?;
        let Some(otlp) = &self.otlp else { return Ok(()) };
        let expected = "expected an http or https URL without query, such as http://localhost:4318";
        // Checked first, so that no other error shows a password.
        if otlp.contains('@') {
            return Err(format!("tracing.otlp: found a user name or password; {expected}"));
        }
        if http_url(otlp).is_some_and(|uri| uri.query().is_none()) {
            Ok(())
        } else {
            Err(format!("tracing.otlp: found `{otlp}`; {expected}"))
        }
    }

    /// The URL that spans are sent to, if there is one; an error says which variable cannot be used.
    pub(super) fn endpoint(&self) -> Result<Option<String>, String> {
        Ok(whole_url(env::var_os(TRACES_ENDPOINT))?.or_else(|| self.base_endpoint()))
    }

    /// The URL that follows from `tracing.otlp`.
    fn base_endpoint(&self) -> Option<String> {
        let base = self.otlp.as_ref()?;
        Some(format!("{}/v1/traces", base.trim_end_matches('/')))
    }
}

/// The value of the variable for the whole URL; an error does not show it, as it may hold a password or a token.
fn whole_url(value: Option<OsString>) -> Result<Option<String>, String> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    let url = value.into_string().ok().filter(|url| !url.contains('@') && http_url(url).is_some());
    let expected = "expected an http or https URL without user name and password, \
                    such as http://localhost:4318/v1/traces";
    url.map(Some).ok_or_else(|| format!("{TRACES_ENDPOINT}: {expected}"))
}

/// The parts of an http or https URL.
fn http_url(text: &str) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    (matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()).then_some(uri)
}

#[cfg(test)]
mod tests {
    use super::{TraceSettings, whole_url};

    fn settings(otlp: &str, ratio: f64) -> TraceSettings {
        TraceSettings { otlp: Some(otlp.to_owned()), ratio }
    }

    #[test]
    fn a_base_url_gets_the_path_of_the_protocol() {
        for base in ["http://c:4318", "http://c:4318/", "http://c:4318//"] {
            assert_eq!(
                settings(base, 1.0).base_endpoint().as_deref(),
                Some("http://c:4318/v1/traces"),
                "{base}"
            );
        }
        assert_eq!(
            settings("https://c/otlp", 1.0).base_endpoint().as_deref(),
            Some("https://c/otlp/v1/traces")
        );
    }

    #[test]
    fn the_variable_for_a_whole_url_is_checked_and_not_shown() {
        assert_eq!(whole_url(None), Ok(None));
        assert_eq!(whole_url(Some("".into())), Ok(None));
        let whole = "https://c:4318/traces?key=a";
        assert_eq!(whole_url(Some(whole.into())), Ok(Some(whole.to_owned())));
        for wrong in ["localhost:4318", "http://u:secret@c/", "grpc://secret", "/secret", "http://"] {
            let error = whole_url(Some(wrong.into())).unwrap_err();
            assert!(
                error.starts_with("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ") && !error.contains("secret"),
                "{wrong}: {error}"
            );
        }
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
