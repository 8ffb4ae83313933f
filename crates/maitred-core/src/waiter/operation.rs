//! Checks of the polled operation.

use super::compiler::Compiler;
use crate::client::HTTP_SERVICE;
use crate::names::is_read;

impl Compiler<'_> {
    /// Reports an operation that is not read-only, unless both the file and the caller allow it.
    pub(super) fn check_read(&mut self, service: &str) {
        let (operation, mutating) = (&self.config.operation, self.config.mutating);
        let options = self.options;
        if is_read(service, operation) || (options.allow_mutating && (mutating || options.strict)) {
            return;
        }
        let message = format!("polling {operation} may change something: it is not read-only");
        let help = if mutating {
            "if that is meant, give --allow-mutating"
        } else {
            "if that is meant, the waiter says \"mutating\": true, and the caller allows it"
        };
        self.report_with_help("mutating", "/operation", message, help);
    }

    /// Returns whether all pages are merged. botocore's waiters see only the first page.
    pub(super) fn all_pages(&mut self, service: &str) -> bool {
        let file = self.extension(self.config.all_pages).unwrap_or(false);
        if !self.options.all_pages && !file {
            return false;
        }
        let message = if service == HTTP_SERVICE {
            "a reply of service http does not come in pages"
        } else if self.options.strict {
            "strict mode sees the first page only, as botocore does"
        } else {
            return true;
        };
        self.report("all-pages", "/allPages", message);
        false
    }
}
